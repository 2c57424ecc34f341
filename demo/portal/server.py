"""The loopback server: what the portal holds over HTTP, with scripted trouble."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import web

from demo.loop import LoopThread
from demo.portal.api import JSON, Asked, answer, body
from demo.portal.fault import Fault, Faults
from demo.portal.guard import Guard, Refused
from demo.portal.holdings import Clock, Holdings
from demo.portal.manners import Manners
from demo.portal.metadata import capability_statement, smart_configuration
from demo.portal.paging import Pages
from demo.portal.problem import Problem, of_status

HTML = b"<!doctype html><title>Sorry</title><h1>We will be back soon</h1>"
BASE = "/fhir"
TOKEN = "/oauth2/token"
FILES = "/files/"
MOST_BYTES = 60_000_000
"""More than this is not even read."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that came in."""

    method: str
    host: str
    """The Host header; the same server answers to `localhost`, as another host would."""
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class PortalServer:
    """A FHIR R4 server on 127.0.0.1.

    A context manager. Every method may be called from any thread while it runs.

    Args:
        clock: the world's time.
        thread: a running loop to share with other servers; by default the server has its own.
        listener: a socket that listens already, so that the port is known and clients may connect
            before the server is there to answer them; by default it opens one.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        thread: LoopThread | None = None,
        listener: socket.socket | None = None,
    ) -> None:
        self.holdings = Holdings(clock or (lambda: datetime.now(UTC)))
        """What the server holds."""
        self.guard = Guard(lambda: self.holdings.now)
        """Who may come in."""
        self.faults = Faults()
        """What goes wrong next."""
        self.manners = Manners()
        """How it behaves."""
        self.pages = Pages()
        """Searches that were begun."""
        self.files: dict[str, tuple[str, bytes]] = {}
        """What lies at `/files/<name>`, outside the FHIR API: media type and content."""
        self.seen: list[Seen] = []
        """Every request, in order."""
        self.port = 0
        """The TCP port; 0 until started."""
        self.thread = thread or LoopThread("demo-portal")
        self._owns_thread = thread is None
        self._listener = listener
        self._runner: web.AppRunner | None = None
        self._site: web.BaseSite | None = None
        self._since = self.holdings.now

    @property
    def base_url(self) -> str:
        """The base of the FHIR API."""
        return f"http://{self.host}:{self.port}{BASE}"

    @property
    def far_url(self) -> str:
        """The same base under another host's name."""
        return f"http://localhost:{self.port}{BASE}"

    @property
    def token_endpoint(self) -> str:
        """Where tokens are to be had."""
        return f"http://{self.host}:{self.port}{TOKEN}"

    def file_url(self, name: str, *, far: bool = False) -> str:
        """Where a file lies; `far`: on another host, as far as its name goes."""
        host = "localhost" if far else self.host
        return f"http://{host}:{self.port}{FILES}{name}"

    def start(self) -> Self:
        """Listen; returns when clients can connect."""
        if self._owns_thread:
            self.thread.start()
        self.thread.call(self._start())
        return self

    def stop(self) -> None:
        """Stop listening and cut every connection; harmless when not running."""
        if self._runner is not None and self.thread.running:
            self.thread.call(self._stop())
        if self._owns_thread:
            self.thread.stop()

    def fail(self, fault: Fault) -> None:
        """Let something go wrong."""
        self.faults.add(fault)

    def drop(self) -> None:
        """Cut every connection and take no new one."""
        self.thread.call(self._drop())

    def restore(self) -> None:
        """Take connections again, at the same port."""
        self.thread.call(self._listen())

    # ---- on the loop -------------------------------------------------------------------------

    async def _start(self) -> None:
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await self._listen()

    async def _listen(self) -> None:
        if self._runner is None:
            raise RuntimeError("the portal was not started")
        listener, self._listener = self._listener, None
        self._site = (
            web.TCPSite(self._runner, self.host, self.port)
            if listener is None
            else web.SockSite(self._runner, listener)
        )
        await self._site.start()
        self.port = self._runner.addresses[-1][1]

    async def _drop(self) -> None:
        if self._site is not None:
            await self._site.stop()
            self._site = None
        if self._runner is not None and self._runner.server is not None:
            for connection in self._runner.server.connections:
                if connection.transport is not None:
                    connection.transport.abort()

    async def _stop(self) -> None:
        await self._drop()
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(
            request.method,
            request.host,
            request.path,
            tuple(request.query.items()),
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
        )
        self.seen.append(seen)
        fault = self.faults.take(request.method, request.path)
        if fault is not None and not fault.accept:
            return await self._fail(request, fault, b"{}")
        response = self._answer(seen)
        if fault is not None:
            return await self._fail(request, fault, response.body)
        response.headers["Date"] = format_datetime(self.holdings.now, usegmt=True)
        return response

    def _answer(self, seen: Seen) -> web.Response:
        try:
            if seen.path == TOKEN and seen.method == "POST":
                return self._token(seen)
            if seen.path == f"{BASE}/.well-known/smart-configuration":
                return web.json_response(smart_configuration(self.token_endpoint))
            if seen.path == f"{BASE}/metadata":
                return self._metadata()
            if seen.path.startswith(FILES):
                return self._file(seen)
            return self._resource(seen)
        except Problem as problem:
            return _refusal(problem)

    def _resource(self, seen: Seen) -> web.Response:
        if not seen.path.startswith(f"{BASE}/"):
            raise Problem("not-found", "There is nothing here.")
        self.guard.check(seen.headers.get("authorization", ""))
        asked = Asked(
            self.holdings,
            self.pages,
            self.manners,
            self.base_url,
            self.far_url,
            seen.path.removeprefix(BASE),
            seen.query,
            seen.headers,
            seen.body,
        )
        said = answer(seen.method, asked)
        headers = {**said.headers, "Content-Type": said.content_type}
        return web.Response(status=said.status, body=body(said), headers=headers)

    def _metadata(self) -> web.Response:
        endpoint = self.token_endpoint if self.guard.asks == "backend" else ""
        said = capability_statement(self.manners, self._since, self.base_url, endpoint)
        return web.json_response(said, content_type=JSON)

    def _token(self, seen: Seen) -> web.Response:
        form = dict(parse_qsl(seen.body.decode("utf-8", "replace")))
        try:
            given = self.guard.give(form, self.token_endpoint)
        except Refused as refused:
            return web.json_response(refused.body(), status=refused.status)
        return web.json_response(given, headers={"Cache-Control": "no-store"})

    def _file(self, seen: Seen) -> web.Response:
        # Whoever is far away knows nothing of our tokens and asks for none.
        if not seen.host.startswith("localhost"):
            self.guard.check(seen.headers.get("authorization", ""))
        name = seen.path.removeprefix(FILES)
        if name not in self.files:
            raise Problem("not-found", "There is no such file.")
        content_type, content = self.files[name]
        return web.Response(body=content, headers={"Content-Type": content_type})

    async def _fail(
        self, request: web.Request, fault: Fault, content: object
    ) -> web.StreamResponse:
        if fault.kind == "hang":
            await asyncio.sleep(3600)
        if fault.kind == "drop" and request.transport is not None:
            request.transport.abort()
            return web.Response()
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        if fault.kind == "html":
            headers["Content-Type"] = "text/html"
            return web.Response(status=fault.status, body=HTML, headers=headers)
        if fault.kind == "broken":
            whole = content if isinstance(content, bytes) else b"{}"
            headers["Content-Type"] = JSON
            return web.Response(body=whole[: max(1, len(whole) // 2)], headers=headers)
        refusal = _refusal(of_status(fault.status))
        refusal.headers.update(headers)
        return refusal

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _refusal(problem: Problem) -> web.Response:
    return web.json_response(problem.outcome(), status=problem.status, content_type=JSON)

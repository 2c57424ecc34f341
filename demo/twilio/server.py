"""The loopback server: the account over HTTP, with scripted trouble."""

from __future__ import annotations

import asyncio
import base64
import binascii
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Self

from aiohttp import web

from demo.loop import LoopThread
from demo.twilio.account import Account, Clock
from demo.twilio.api import Answer, Asked, answer
from demo.twilio.fault import Fault, Faults
from demo.twilio.paging import Manners
from demo.twilio.problem import Problem

ACCOUNT_SID = "AC" + "15550107788".rjust(32, "0")
AUTH_TOKEN = "lakeside-demo"
HTML = b"<!doctype html><title>Sorry</title><h1>We will be back soon</h1>"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that came in."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    authorization: str
    """The Authorization header, empty when there was none."""


class TwilioServer:
    """A Twilio account on 127.0.0.1, with a second port that plays the host of its media.

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
        self.account = Account(ACCOUNT_SID, AUTH_TOKEN, clock or (lambda: datetime.now(UTC)))
        """What the server serves."""
        self.faults = Faults()
        """What goes wrong next."""
        self.manners = Manners()
        """How lists behave."""
        self.seen: list[Seen] = []
        """Every request to the API, in order."""
        self.seen_far: list[Seen] = []
        """Every request to the host of the media."""
        self.port = 0
        """The TCP port of the API; 0 until started."""
        self.far_port = 0
        """The TCP port of the host of the media."""
        self.thread = thread or LoopThread("demo-twilio")
        self._owns_thread = thread is None
        self._listener = listener
        self._runner: web.AppRunner | None = None
        self._site: web.BaseSite | None = None
        self._far_runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """What stands in for https://api.twilio.com."""
        return f"http://{self.host}:{self.port}"

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
        self._runner = await self._run(self._serve)
        self._far_runner = await self._run(self._serve_far)
        await self._listen()
        far = web.TCPSite(self._far_runner, self.host, 0)
        await far.start()
        self.far_port = _port(self._far_runner)

    async def _run(
        self, handler: Callable[[web.Request], web.StreamResponse | object]
    ) -> web.AppRunner:
        app = web.Application(client_max_size=1_000_000)
        app.router.add_route("*", "/{path:.*}", handler)  # type: ignore[arg-type]  # a coroutine
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await runner.setup()
        return runner

    async def _listen(self) -> None:
        if self._runner is None:
            raise RuntimeError("the Twilio server was not started")
        listener, self._listener = self._listener, None
        self._site = (
            web.TCPSite(self._runner, self.host, self.port)
            if listener is None
            else web.SockSite(self._runner, listener)
        )
        await self._site.start()
        self.port = _port(self._runner)

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
        for runner in (self._runner, self._far_runner):
            if runner is not None:
                await runner.cleanup()
        self._runner = self._far_runner = None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.seen.append(_seen(request, form))
        fault = self.faults.take(request.method, request.path)
        if fault is not None and not fault.accept:
            return await self._fail(request, fault)
        response = self._answer(request, form)
        if fault is not None:
            return await self._fail(request, fault)
        response.headers["Date"] = format_datetime(self.account.now, usegmt=True)
        return response

    def _answer(self, request: web.Request, form: dict[str, str]) -> web.Response:
        try:
            self._authenticate(request)
            asked = Asked(self.account, self.manners, request.path, dict(request.query), form)
            return self._response(answer(request.method, asked))
        except Problem as problem:
            return _error(problem)
        except ValueError:
            return _error(Problem(20001, 400))

    def _authenticate(self, request: web.Request) -> None:
        kind, _, code = request.headers.get("Authorization", "").partition(" ")
        try:
            user, _, secret = base64.b64decode(code, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Problem(20003) from None
        if kind != "Basic" or not secret or self.account.secrets.get(user) != secret:
            raise Problem(20003)
        if self.account.status != "active":
            raise Problem(20005)

    def _response(self, said: Answer) -> web.Response:
        if said.elsewhere:
            where = f"http://localhost:{self.far_port}{said.elsewhere}"
            return web.Response(status=said.status, headers={"Location": where})
        if said.json is not None:
            return web.json_response(said.json, status=said.status)
        return web.Response(body=said.content, headers={"Content-Type": said.content_type})

    async def _fail(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.kind == "hang":
            await asyncio.sleep(3600)
        if fault.kind == "drop" and request.transport is not None:
            request.transport.abort()
            return web.Response()
        if fault.kind == "html":
            return web.Response(status=fault.status, body=HTML, content_type="text/html")
        response = _error(Problem(fault.code, fault.status))
        if fault.retry_after is not None:
            response.headers["Retry-After"] = str(fault.retry_after)
        return response

    async def _serve_far(self, request: web.Request) -> web.StreamResponse:
        self.seen_far.append(_seen(request, {}))
        for text in self.account.texts:
            for file in text.files:
                if request.path == f"/{self.account.sid}/{file.sid}":
                    return web.Response(
                        body=file.content, headers={"Content-Type": file.content_type}
                    )
        return web.Response(status=404)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _error(problem: Problem) -> web.Response:
    return web.json_response(problem.body(), status=problem.status)


def _seen(request: web.Request, form: dict[str, str]) -> Seen:
    return Seen(
        request.method,
        request.path,
        dict(request.query),
        form,
        request.headers.get("Authorization", ""),
    )


def _port(runner: web.AppRunner) -> int:
    port: int = runner.addresses[-1][1]
    return port

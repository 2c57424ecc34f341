"""The connection to one FHIR server: questions, resources to create and to change, files.

aiohttp is imported when the first question is asked. Tokens go to the server's own base alone: a
link that leads elsewhere is never followed.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from adapters.portal.page import NoPage, Page, Record, TooLarge, parse_object, read_page
from adapters.portal.settings import PortalSettings
from adapters.portal.token import Tokens
from adapters.portal.trouble import lost, reading_trouble, strange_answer, too_large
from inbox.clock import Clock
from inbox.errors import ServerRefused

if TYPE_CHECKING:
    from adapters.portal.client import Reply, Transport

FHIR = "application/fhir+json"
MOST_PAGE = 16_000_000
"""Bytes of one page that are read at most: 100 messages have about 200 kB."""
MOST_ANSWER = 1_000_000
"""Bytes of an answer to something that was handed over."""
TRIES = 3
"""How often a question is asked when the server says when to ask again."""
_LONG = 500_000
"""Bytes from which on JSON is parsed on a thread."""

Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer to something that was handed over."""

    status: int
    record: Record
    """Empty when the answer was no JSON object."""
    name: str = ""
    """The reference of what was created, by the Location header: `Communication/12`."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that was asked for."""

    media_type: str
    content: bytes
    too_large: bool = False


class Portal:
    """One server, for reading and sending."""

    def __init__(self, settings: PortalSettings, clock: Clock) -> None:
        """Reach the server of `settings`; nothing is opened yet."""
        self.settings = settings
        """The server."""
        self.requests = 0
        """How many requests were made so far, those for tokens not counted."""
        self.tokens = Tokens(settings, clock)
        """Who we say we are."""
        self._clock = clock
        self._transport: Transport | None = None

    @property
    def base(self) -> str:
        """What the URLs of all its resources begin with."""
        return self.settings.base

    # ---- questions ---------------------------------------------------------------------------

    async def get(self, path: str, params: Params = (), *, limit: int = MOST_PAGE) -> Record:
        """One resource, or a page of a list.

        Args:
            path: Below the base (`Patient/12`), or a URL of the server's own.
            params: Of the search.
            limit: Bytes that are read at most.

        Raises:
            ConnectionLost, AuthenticationFailed, ServerRefused, TooLarge, ConfigurationError.
        """
        reply, record = await self._read(path, params, limit)
        if not record:
            raise strange_answer(reply.media_type, reply.body)
        return record

    async def page(self, path: str, params: Params = (), *, limit: int = MOST_PAGE) -> Page:
        """One page of a list. Raises as `get` does, and `NoPage` for one that is broken off."""
        reply, record = await self._read(path, params, limit)
        if not record:
            strange = strange_answer(reply.media_type, reply.body)
            if not reply.body.strip():
                raise strange
            raise NoPage(strange.sentence, strange.hint, reply.body)
        if record.get("resourceType") != "Bundle":
            if record.get("resourceType") == "OperationOutcome":
                raise reading_trouble(400, record)
            raise strange_answer("", b"")
        return read_page(record)

    async def download(self, url: str, media_type: str, limit: int) -> File:
        """A file below the base, of at most `limit` bytes.

        Raises:
            ConnectionLost, AuthenticationFailed, ServerRefused.
        """
        accept = f"{media_type}, */*;q=0.8" if media_type.isascii() and media_type else "*/*"
        reply = await self._ask(self.url(url), {"Accept": accept}, limit)
        if not 200 <= reply.status < 300:
            raise reading_trouble(reply.status, await _parsed(reply))
        return File(reply.media_type, reply.body, too_large=reply.too_large)

    def url(self, path: str, params: Params = ()) -> str:
        """The URL of something on this server; what leads elsewhere is refused.

        Raises:
            ServerRefused: it leads to another host, or above the base.
        """
        target = self.resolve(path)
        if not target:
            raise ServerRefused("The portal's answer leads to a host that is not its own.", "")
        if params:
            joint = "&" if "?" in target else "?"
            target = f"{target}{joint}{urlencode(params, safe=':,|/')}"
        return target

    def resolve(self, link: str) -> str:
        """A link as a URL below the base; empty when it leads elsewhere.

        Behind a proxy servers often write http where they are reached by https: the way that is
        known to be private is taken.
        """
        try:
            target = urlsplit(urljoin(self.base + "/", link.strip()))
            here = urlsplit(self.base)
            port = target.port
        except ValueError:
            return ""
        same = target.netloc.lower() == here.netloc.lower() and target.scheme == here.scheme
        behind = (target.hostname, target.scheme) == (here.hostname, "http") and port in {None, 80}
        if not (same or (behind and here.scheme == "https")) or _climbs(target.path):
            return ""
        if target.path.rstrip("/") != here.path and not target.path.startswith(here.path + "/"):
            return ""
        query = f"?{target.query}" if target.query else ""
        return f"{here.scheme}://{here.netloc}{target.path}{query}"

    # ---- changes -----------------------------------------------------------------------------

    async def create(self, kind: str, resource: Record, identifier: str = "") -> Said:
        """Hand a new resource over, once; with an `identifier`, unless there is one that bears it.

        Raises:
            NotConnected: nothing has left.
            ConnectionLost: no answer came; it may be there.
            AuthenticationFailed, ConfigurationError: there is no token, so nothing has left.
        """
        headers = {"Content-Type": FHIR}
        if identifier:
            headers["If-None-Exist"] = urlencode({"identifier": identifier}, safe=":|")
        body = await asyncio.to_thread(_dump, resource)
        return await self._hand_over("POST", self.url(kind), headers, body)

    async def create_binary(self, content: bytes, media_type: str) -> Said:
        """Hand the bytes of a file over. Raises as `create` does."""
        return await self._hand_over(
            "POST", self.url("Binary"), {"Content-Type": media_type}, content
        )

    async def update(self, path: str, resource: Record, version: str) -> Said:
        """Change a resource, if it still is of this version. Raises as `create` does."""
        headers = {"Content-Type": FHIR}
        if version:
            headers["If-Match"] = f'W/"{version}"'
        body = await asyncio.to_thread(_dump, resource)
        return await self._hand_over("PUT", self.url(path), headers, body)

    async def open(self) -> Transport:
        """Import the client, if that is not done yet, and give it."""
        # It takes a moment, and keys are read on this thread.
        if self._transport is None and "adapters.portal.client" not in sys.modules:
            await asyncio.to_thread(import_module, "adapters.portal.client")
        from adapters.portal.client import Transport

        if self._transport is None:
            self._transport = Transport(self.settings)
        return self._transport

    async def close(self) -> None:
        """Let go of the connections and forget the token; it may be used again afterwards."""
        transport, self._transport = self._transport, None
        self.tokens.forget()
        if transport is not None:
            await transport.close()

    # ---- parts -------------------------------------------------------------------------------

    async def _read(self, path: str, params: Params, limit: int) -> tuple[Reply, Record]:
        """An answer that is no refusal; an empty record when it is no JSON object."""
        reply = await self._ask(self.url(path, params), {"Accept": FHIR}, limit)
        record = await _parsed(reply)
        if not 200 <= reply.status < 300:
            raise reading_trouble(reply.status, record)
        if reply.too_large:
            raise TooLarge(*too_large().args)
        return reply, record

    async def _ask(self, url: str, headers: Mapping[str, str], limit: int) -> Reply:
        """A question may be asked again: after a moment if the server says so."""
        await self.open()
        from adapters.portal.client import NotConnected

        for left in range(TRIES - 1, -1, -1):
            try:
                reply = await self._carry("GET", url, headers, None, limit)
            except NotConnected as error:
                raise lost(str(error)) from error
            if reply.status not in {429, 503}:
                return reply
            seconds = self._after(reply.headers.get("Retry-After", ""))
            if left == 0 or seconds is None or seconds > self.settings.patience:
                return reply
            await asyncio.sleep(seconds)
        raise lost("The portal")

    async def _hand_over(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Said:
        told = {"Accept": FHIR, "Prefer": "return=representation", **headers}
        reply = await self._carry(method, url, told, body, MOST_ANSWER + 2 * len(body))
        record = await _parsed(reply)
        return Said(reply.status, record, self._located(reply.headers.get("Location", "")))

    async def _carry(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int
    ) -> Reply:
        """Ask; and once more with a new token when the old one was not taken."""
        transport = await self.open()
        who = await self.tokens.header(transport)
        self.requests += 1
        reply = await transport.carry(method, url, {**headers, **who}, body, limit=limit)
        if reply.status == 401 and self.tokens.refuse(who):
            who = await self.tokens.header(transport)
            self.requests += 1
            reply = await transport.carry(method, url, {**headers, **who}, body, limit=limit)
            if reply.status == 401:
                self.tokens.refuse(who)
        return reply

    def _located(self, location: str) -> str:
        path = location.partition("/_history/")[0].rstrip("/").split("/")
        return "/".join(path[-2:]) if len(path) >= 2 else ""

    def _after(self, header: str) -> float | None:
        """The seconds of a Retry-After header (RFC 9110 10.2.3); None when there is none."""
        with suppress(ValueError, TypeError, OverflowError):
            if header.strip().isdecimal():
                return float(header)
            at = parsedate_to_datetime(header)
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
            return max(0.0, (at - self._clock()).total_seconds())
        return None


def _climbs(path: str) -> bool:
    """Whether a path goes up, in any of the ways that servers read as going up."""
    return any(".." in unquote(one).replace("\\", "/").split("/") for one in (path, unquote(path)))


async def _parsed(reply: Reply) -> Record:
    if len(reply.body) < _LONG:
        return parse_object(reply.body)
    return await asyncio.to_thread(parse_object, reply.body)


def _dump(resource: Record) -> bytes:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )

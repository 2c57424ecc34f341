"""The HTTP client under the official Twilio client: with time limits, and for one host only.

Imports the official client, so import this module only where a connection is opened.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import aiohttp
from twilio.http.async_http_client import (  # type: ignore[import-untyped]  # ships no types
    AsyncTwilioHttpClient,
)
from twilio.http.response import Response  # type: ignore[import-untyped]  # same
from twilio.rest import Client  # type: ignore[import-untyped]  # same
from yarl import URL

from adapters.phone.settings import API, TwilioSettings
from adapters.phone.trouble import lost, strange_answer
from adapters.web.body import read_at_most
from adapters.web.loopback import is_loopback
from inbox.errors import ChannelError, ServerRefused, TlsRefused

HOSTS = frozenset({"api.twilio.com", "messaging.twilio.com"})
"""The hosts we ask anything of."""
MOST_JSON = 32_000_000
"""Bytes of an answer that are read at most: a page of 1,000 texts has about 2 MB."""
MOST_REDIRECTS = 3


class NotConnected(Exception):
    """The connection was not made, so nothing of the request has left."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file that was asked for."""

    status: int
    content_type: str
    content: bytes
    too_large: bool = False


class Transport(AsyncTwilioHttpClient):  # type: ignore[misc]  # the base ships no types
    """Carries each request once.

    The client it replaces has no time limit at all, and can be told to repeat a POST. Requests that
    change something go over a connection of their own: one that lay idle may be closed by the other
    side at the very moment we write, and then nobody knows whether they read it.
    """

    def __init__(self, settings: TwilioSettings) -> None:
        super().__init__(pool_connections=False)
        self._base = settings.base_url.rstrip("/")
        self._local = is_loopback(settings.base_url)
        self._limits = aiohttp.ClientTimeout(
            total=settings.connect_timeout + settings.read_timeout,
            sock_connect=settings.connect_timeout,
            sock_read=settings.read_timeout,
        )
        self._kept: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature of the class it extends
        allow_redirects: bool = False,
    ) -> Response:
        """One request, one answer.

        Raises:
            NotConnected: nothing has left.
            ConnectionLost: whatever has left, no answer came.
            ServerRefused: the request is for a host that is none of Twilio's.
        """
        del timeout, allow_redirects  # its own limits hold, and no redirect is followed
        target = self._target(url)
        if params:
            target = target.update_query({name: str(value) for name, value in params.items()})
        told = dict(headers or {})
        if auth is not None:
            told["Authorization"] = _basic(auth)
        form = None if data is None else {name: str(value) for name, value in data.items()}
        session = self._session() if method == "GET" else _session(self._limits, alone=True)
        try:
            async with session.request(
                method, target, data=form, headers=told, allow_redirects=False
            ) as response:
                body = await read_at_most(response, MOST_JSON)
                if body is None:
                    raise strange_answer()
                text = body.decode("utf-8", "replace")
                return Response(response.status, text, response.headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._trouble(error) from error
        finally:
            if session is not self._kept:
                await session.close()

    async def download(self, url: str, auth: tuple[str, str], limit: int) -> Download:
        """A file; the credentials go to the API alone, never along with a redirect.

        Raises:
            NotConnected, ConnectionLost, ServerRefused: as above.
        """
        target = str(self._target(url))
        headers = {"Authorization": _basic(auth)}
        for _ in range(MOST_REDIRECTS + 1):
            try:
                async with self._session().get(
                    URL(target, encoded=True), headers=headers, allow_redirects=False
                ) as response:
                    if response.status in {301, 302, 303, 307, 308}:
                        target = self._elsewhere(target, response.headers.get("Location", ""))
                        headers = {}
                        continue
                    content = await read_at_most(response, limit)
                    return Download(
                        response.status,
                        response.content_type,
                        content or b"",
                        too_large=content is None,
                    )
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise self._trouble(error) from error
        raise ServerRefused("The file is passed on from host to host.", "")

    async def close(self) -> None:
        """Let go of the connections."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._kept is None:
            self._kept = _session(self._limits, alone=False)
        return self._kept

    def _target(self, url: str) -> URL:
        parts = urlsplit(url)
        own = f"{parts.scheme}://{parts.netloc}" == self._base
        if not own and (parts.scheme != "https" or parts.netloc not in HOSTS):
            raise _foreign()
        if self._base == API:
            return URL(url, encoded=True)
        query = f"?{parts.query}" if parts.query else ""
        return URL(f"{self._base}{parts.path}{query}", encoded=True)

    def _elsewhere(self, before: str, location: str) -> str:
        target = urljoin(before, location)
        fine = is_loopback(target) if self._local else urlsplit(target).scheme == "https"
        if not fine or (not self._local and is_loopback(target)):
            raise _foreign()
        return target

    def _trouble(self, error: Exception) -> Exception:
        host = urlsplit(self._base).hostname or "Twilio"
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            return TlsRefused(
                f"{host} could not prove who it is.",
                "Check the internet connection: something may stand between.",
            )
        early = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
        if isinstance(error, early):
            return NotConnected(host)
        return lost(host)


def new_client(settings: TwilioSettings, secret: str, transport: Transport) -> Client:
    """The official client, over `transport`, blind to what the environment says."""
    return Client(
        settings.user or settings.account_sid,
        secret,
        settings.account_sid,
        http_client=transport,
        environment={"TWILIO_REGION": ""},
    )


def _session(limits: aiohttp.ClientTimeout, *, alone: bool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=alone, limit=4),
        timeout=limits,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=True,
    )


def _basic(auth: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(f"{auth[0]}:{auth[1]}".encode()).decode("ascii")


def _foreign() -> ChannelError:
    return ServerRefused("Twilio's answer leads to a host that is none of Twilio's.", "")

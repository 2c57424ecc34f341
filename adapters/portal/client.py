"""The HTTP under the portal: with limits, no redirects, and each POST sent once.

Imports aiohttp, so import this module only where a connection is opened.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from adapters.portal.settings import PortalSettings
from adapters.portal.trouble import lost
from adapters.web.body import read_at_most
from inbox.errors import TlsRefused

_AT_ONCE = 4
_BUFFERED = 4_000_000
SLOWEST = 50_000
"""Bytes a second that a line carries at least: 25 MB go up a slow one in some minutes."""


class NotConnected(Exception):
    """The connection was not made, so nothing of the request has left."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whatever it says."""

    status: int
    headers: Mapping[str, str]
    """Names in any case."""
    media_type: str
    """Without parameters, in lower case."""
    body: bytes
    """Empty when there was more than was to be read."""
    too_large: bool = False


class Transport:
    """Carries each POST once; aiohttp repeats what may be repeated (RFC 9110 section 9.2.2).

    Requests that change something go over a connection of their own: one that lay idle may be
    closed by the other side at the very moment we write, and then nobody knows whether they read
    it.
    """

    def __init__(self, settings: PortalSettings) -> None:
        """Carry with the limits of `settings`; nothing is opened yet."""
        self._settings = settings
        self._kept: aiohttp.ClientSession | None = None

    async def carry(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        limit: int,
    ) -> Reply:
        """One request, one answer.

        Args:
            method: `GET`, `POST`, `PUT`.
            url: In full.
            headers: Of the request.
            body: Of the request.
            limit: Bytes of the answer that are read at most.

        Raises:
            NotConnected: nothing has left.
            ConnectionLost: whatever has left, no answer came.
            TlsRefused: the server could not prove who it is; nothing has left.
        """
        session = self._session() if method == "GET" else self._new(alone=True)
        target = URL(url, encoded=True)
        # A stream is sent piece by piece; bytes of a file at once would hold up the event loop.
        data = None if body is None else io.BytesIO(body)
        try:
            async with session.request(
                method,
                target,
                data=data,
                headers=headers,
                allow_redirects=False,
                timeout=self._patience(len(body or b""), limit),
            ) as response:
                content = await read_at_most(response, limit)
                return Reply(
                    response.status,
                    response.headers,
                    response.content_type.lower(),
                    content or b"",
                    too_large=content is None,
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _trouble(error, target.host or "The portal") from error
        finally:
            if session is not self._kept:
                await session.close()

    async def close(self) -> None:
        """Let go of the connections."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.close()

    def _patience(self, up: int, down: int) -> aiohttp.ClientTimeout:
        """How long to wait when so many bytes have to go up, and so many at most come down."""
        limits = self._settings
        # What lies in the buffers of this machine when all is written has still to go up.
        last = min(up, _BUFFERED) / SLOWEST
        return aiohttp.ClientTimeout(
            total=limits.connect_timeout + limits.read_timeout + (up + down) / SLOWEST,
            sock_connect=limits.connect_timeout,
            sock_read=limits.read_timeout + last,
        )

    def _session(self) -> aiohttp.ClientSession:
        if self._kept is None:
            self._kept = self._new(alone=False)
        return self._kept

    def _new(self, *, alone: bool) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=alone, limit=_AT_ONCE),
            cookie_jar=aiohttp.DummyCookieJar(),
        )


def _trouble(error: Exception, host: str) -> Exception:
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return TlsRefused(
            f"{host} could not prove who it is.",
            "Check the internet connection: something may stand between.",
        )
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return NotConnected(host)
    return lost(host)

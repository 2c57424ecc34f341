"""The HTTP under the portal: how long is waited for what."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from adapters.portal.client import Transport
from adapters.portal.settings import NoAuth, PortalSettings
from inbox.errors import ConnectionLost

PIECE = 200_000


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(talk: Talk, patience: float) -> AsyncIterator[tuple[Transport, str]]:
    """A transport to a server that talks so, with so many seconds, and the server's base."""
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/fhir"
        settings = PortalSettings(base, NoAuth(), connect_timeout=0.3, read_timeout=patience)
        transport = Transport(settings)
        try:
            yield transport, base
        finally:
            await transport.close()
            await ended.wait()


async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server at the end of a slow line: it takes 8 MB a second, and then answers."""
    head = await reader.readuntil(b"\r\n\r\n")
    left = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while left > 0:
        left -= len(await reader.readexactly(min(PIECE, left)))
        await asyncio.sleep(0.025)
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
    await writer.drain()


async def silently(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """A server that takes everything and never says a word."""
    while await reader.read(PIECE):
        pass


async def test_a_large_message_has_time_to_go_up_a_slow_line() -> None:
    async with serving(slowly, 0.7) as (transport, base):
        reply = await transport.carry("POST", base, {}, bytes(16_000_000), limit=1000)
    assert reply.status == 201


async def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    async with serving(silently, 0.3) as (transport, base):
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionLost):
                await transport.carry("POST", base, {}, bytes(10_000), limit=16_000_000)


async def test_the_client_is_imported_beside_the_screen() -> None:
    script = """
import asyncio, sys, threading
from datetime import UTC, datetime
from adapters.portal.connection import Portal
from adapters.portal.settings import NoAuth, PortalSettings

seen = []

class Watch:
    def find_spec(self, name, *_):
        if name == "aiohttp":
            seen.append(threading.current_thread() is threading.main_thread())

async def main():
    sys.meta_path.insert(0, Watch())
    portal = Portal(PortalSettings("http://localhost:1/fhir", NoAuth()), lambda: datetime.now(UTC))
    one, two = await asyncio.gather(portal.open(), portal.open())
    assert one is two
    await portal.close()

asyncio.run(main())
assert seen == [False], seen
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
    assert await process.wait() == 0

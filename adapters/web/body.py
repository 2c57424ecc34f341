"""The body of an answer, up to a limit. Imports aiohttp: import it where a connection is opened."""

from __future__ import annotations

import asyncio

import aiohttp


async def read_at_most(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The body; None when there is more of it than `limit` bytes."""
    if (response.content_length or 0) > limit:
        return None
    kept = bytearray()
    async for piece in response.content.iter_chunked(65_536):
        kept += piece
        if len(kept) > limit:
            return None
        await asyncio.sleep(0)
    return bytes(kept)

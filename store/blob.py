"""The table `blob`: files added to drafts, kept once by content."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Final

from inbox.errors import NotFound
from store.transaction import Transactions

_PUT: Final = """
INSERT INTO blob (sha256, content) VALUES (:sha256, :content) ON CONFLICT DO NOTHING
"""
_GET: Final = "SELECT content FROM blob WHERE sha256 = :sha256"


class BlobTable:
    """Implements `inbox.repository.BlobStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def put(self, content: bytes) -> str:
        """Keep bytes; return their hex SHA-256."""
        sha256 = (await asyncio.to_thread(hashlib.sha256, content)).hexdigest()
        values = {"sha256": sha256, "content": content}
        await self._do.write(lambda writing: writing.db.execute(_PUT, values))
        return sha256

    async def get(self, sha256: str) -> bytes:
        """Bytes by hex SHA-256. Raises NotFound."""
        row = await self._do.read(lambda db: db.execute(_GET, {"sha256": sha256}).fetchone())
        if row is None:
            raise NotFound("This file is not stored here.", "Add it to the message again.")
        return bytes(row["content"])

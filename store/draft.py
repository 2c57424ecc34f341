"""The table `draft`, and how a draft lies in a column."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from inbox.outgoing import Draft
from store import structure
from store.transaction import Transactions, Writing
from store.values import stamp

_SAVE: Final = """
INSERT INTO draft (key, staff_id, draft, changed_at) VALUES (:key, :staff_id, :draft, :now)
ON CONFLICT DO UPDATE SET draft = excluded.draft, changed_at = excluded.changed_at
"""
_LOAD: Final = "SELECT draft FROM draft WHERE key = :key AND staff_id = :staff_id"
_DELETE: Final = "DELETE FROM draft WHERE key = :key AND staff_id = :staff_id"
_KEYS: Final = "SELECT key FROM draft WHERE staff_id = :staff_id AND key GLOB 'c[0-9]*'"


class DraftTable:
    """Implements `inbox.repository.DraftStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def save(self, key: str, staff_id: str, draft: Draft, now: datetime) -> None:
        """Keep a draft under `key` (`c12` for conversation 12, `new`)."""
        values = {"key": key, "staff_id": staff_id, "draft": pack(draft), "now": stamp(now)}
        await self._do.write(lambda writing: writing.db.execute(_SAVE, values))

    async def load(self, key: str, staff_id: str) -> Draft | None:
        """The kept draft, or None."""
        values = {"key": key, "staff_id": staff_id}
        row = await self._do.read(lambda db: db.execute(_LOAD, values).fetchone())
        return None if row is None else unpack(row["draft"])

    async def delete(self, key: str, staff_id: str) -> None:
        """Forget a draft; nothing happens when there is none."""
        await self._do.write(lambda writing: delete(writing, key, staff_id))

    async def conversations(self, staff_id: str) -> list[int]:
        """Ids of conversations with a kept draft of this person."""

        def read(db: sqlite3.Connection) -> list[int]:
            rows = db.execute(_KEYS, {"staff_id": staff_id})
            return sorted(int(row["key"][1:]) for row in rows if row["key"][1:].isdigit())

        return await self._do.read(read)


def delete(writing: Writing, key: str, staff_id: str) -> None:
    """Forget a draft, inside a transaction."""
    writing.db.execute(_DELETE, {"key": key, "staff_id": staff_id})


def pack(draft: Draft) -> str:
    """A draft as JSON."""
    return structure.pack(draft)


def unpack(stored: str) -> Draft:
    """A draft from JSON."""
    return structure.unpack(Draft, stored)

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
# Drafts below the one under `c12` lie under `c12+…`: the slot, then whatever makes it unique.
BELOW: Final = """
SELECT key FROM draft WHERE staff_id = :staff_id AND key > :key || '+' AND key < :key || ','
ORDER BY changed_at DESC, key
"""
_MOVE: Final = "UPDATE draft SET key = :to WHERE key = :key AND staff_id = :staff_id"
_TOUCH: Final = """
UPDATE draft SET key = :to, changed_at =
    (SELECT min(changed_at) - 1 FROM draft WHERE staff_id = :staff_id)
WHERE key = :key AND staff_id = :staff_id
"""
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
        """Forget a draft, and bring up the one below it; nothing happens when there is none."""
        await self._do.write(lambda writing: delete(writing, key, staff_id))

    async def below(self, key: str, staff_id: str) -> int:
        """How many drafts are kept below the one under `key`; each comes up in its turn."""
        return len(await self._do.read(lambda db: _below(db, key, staff_id)))

    async def turn(self, key: str, staff_id: str) -> Draft | None:
        """Bring up the draft below and keep the present one at the bottom; None without one."""

        def write(writing: Writing) -> Draft | None:
            below = _below(writing.db, key, staff_id)
            if not below:
                return None
            values = {"key": key, "staff_id": staff_id}
            writing.db.execute(_TOUCH, {**values, "to": f"{key}+turned"})
            writing.db.execute(_MOVE, {"key": below[0], "to": key, "staff_id": staff_id})
            writing.db.execute(_MOVE, {**values, "key": f"{key}+turned", "to": below[0]})
            row = writing.db.execute(_LOAD, values).fetchone()
            return unpack(row["draft"])

        return await self._do.write(write)

    async def conversations(self, staff_id: str) -> list[int]:
        """Ids of conversations with a kept draft of this person."""

        def read(db: sqlite3.Connection) -> list[int]:
            rows = db.execute(_KEYS, {"staff_id": staff_id})
            return sorted(int(row["key"][1:]) for row in rows if row["key"][1:].isdigit())

        return await self._do.read(read)


def delete(writing: Writing, key: str, staff_id: str) -> None:
    """Forget a draft and bring up the one below it, inside a transaction."""
    values = {"key": key, "staff_id": staff_id}
    if not writing.db.execute(_DELETE, values).rowcount:
        return
    for below in _below(writing.db, key, staff_id)[:1]:
        writing.db.execute(_MOVE, {"key": below, "to": key, "staff_id": staff_id})


def delete_sent(writing: Writing, key: str, staff_id: str, sent: Draft) -> None:
    """Forget the kept copy of what is being sent; another draft under its key stays."""
    there = writing.db.execute(_LOAD, {"key": key, "staff_id": staff_id}).fetchone()
    if there is not None and unpack(there["draft"]).begun_at == sent.begun_at:
        delete(writing, key, staff_id)


def put_on_top(writing: Writing, key: str, staff_id: str, draft: Draft, slot: str) -> None:
    """Keep a draft under `key`, inside a transaction; what lies there is kept below it.

    `slot` makes the key of what goes below unique among those.
    """
    values = {"key": key, "staff_id": staff_id}
    there = writing.db.execute(_LOAD, values).fetchone()
    if there is not None and _words(unpack(there["draft"])) != _words(draft):
        writing.db.execute(_MOVE, {**values, "to": f"{key}+{slot}"})
    writing.db.execute(_SAVE, {**values, "draft": pack(draft), "now": stamp(writing.clock())})


def _words(draft: Draft) -> tuple[object, ...]:
    """What a person would miss of a draft."""
    return draft.text.strip(), draft.subject, draft.attachments, draft.to, draft.cc


def _below(db: sqlite3.Connection, key: str, staff_id: str) -> list[str]:
    rows = db.execute(BELOW, {"key": key, "staff_id": staff_id})
    return [row["key"] for row in rows]


def key_of(draft: Draft) -> str:
    """The key a draft is kept under."""
    return "new" if draft.conversation_id is None else f"c{draft.conversation_id}"


def pack(draft: Draft) -> str:
    """A draft as JSON."""
    return structure.pack(draft)


def unpack(stored: str) -> Draft:
    """A draft from JSON."""
    return structure.unpack(Draft, stored)

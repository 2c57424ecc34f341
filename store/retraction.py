"""The table `retraction`: messages of ours that are to be taken back."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from inbox.errors import Stale
from inbox.events import ChangeKind
from inbox.storage.retraction import Retraction
from store import message, portal
from store.transaction import Transactions, Writing
from store.values import moment, stamp, storable

_COLUMNS: Final = """
    message_id, line_id, provider_id, staff_id, asked_at, next_at, done_at, tries, trouble
"""
OF: Final = f"SELECT {_COLUMNS} FROM retraction WHERE message_id = :id"  # noqa: S608 - constants
DUE: Final = f"""
SELECT {_COLUMNS} FROM retraction WHERE next_at IS NOT NULL AND next_at <= :now
ORDER BY next_at, message_id LIMIT :limit
"""  # noqa: S608 - constants
_ASK: Final = """
INSERT INTO retraction (message_id, line_id, provider_id, staff_id, asked_at, next_at)
VALUES (:id, :line_id, :provider_id, :staff_id, :now, :now)
ON CONFLICT DO UPDATE SET staff_id = excluded.staff_id, next_at = excluded.next_at, tries = 0,
    trouble = ''
WHERE next_at IS NULL AND done_at IS NULL
"""
_DONE: Final = """
UPDATE retraction SET done_at = :now, next_at = NULL, trouble = '' WHERE message_id = :id
"""
_NOT_DONE: Final = """
UPDATE retraction SET next_at = :again_at, tries = tries + 1, trouble = :trouble
WHERE message_id = :id AND done_at IS NULL
"""
_SAY: Final = "UPDATE message SET status_text = :words WHERE id = :id AND nature <> 'retracted'"


class RetractionTable:
    """Implements `inbox.repository.RetractionStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def ask(
        self, message_id: int, provider_id: str, staff_id: str, now: datetime
    ) -> Retraction:
        """Keep that a message is to be taken back; asking again after it failed tries again.

        Raises:
            NotFound: no such message.
            Stale: it is being taken back already, or has been.
        """

        def write(writing: Writing) -> Retraction:
            own = message.read(writing.db, message_id)
            values = {
                "id": message_id,
                "line_id": own.line_id,
                "provider_id": storable(provider_id),
                "staff_id": staff_id,
                "now": stamp(now),
            }
            if own.retracted or not writing.db.execute(_ASK, values).rowcount:
                raise Stale(
                    "This message is being taken back already, or has been.",
                    "Look at it in the conversation.",
                )
            _say(writing, message_id, "being taken back")
            return _from_row(writing.db.execute(OF, {"id": message_id}).fetchone())

        return await self._do.write(write)

    async def of(self, message_id: int) -> Retraction | None:
        """How the retraction of a message stands; None: nobody asked for it."""

        def read(db: sqlite3.Connection) -> Retraction | None:
            row = db.execute(OF, {"id": message_id}).fetchone()
            return None if row is None else _from_row(row)

        return await self._do.read(read)

    async def due(self, now: datetime, limit: int) -> list[Retraction]:
        """Those that are to be tried, the longest due first."""
        values = {"now": stamp(now), "limit": limit}
        rows = await self._do.read(lambda db: db.execute(DUE, values).fetchall())
        return [_from_row(row) for row in rows]

    async def done(self, message_id: int, now: datetime, words: str) -> None:
        """The portal has marked it: it answers nothing any more, and the record says so."""

        def write(writing: Writing) -> None:
            writing.db.execute(_DONE, {"id": message_id, "now": stamp(now)})
            portal.retract(writing, message_id, words)
            _tell(writing, message_id)

        await self._do.write(write)

    async def not_done(self, message_id: int, trouble: str, again_at: datetime | None) -> None:
        """It has not, for this reason; it is tried again then. None: a person has to."""

        def write(writing: Writing) -> None:
            values = {"id": message_id, "again_at": stamp(again_at), "trouble": storable(trouble)}
            writing.db.execute(_NOT_DONE, values)
            _say(writing, message_id, f"not taken back yet: {trouble}")

        await self._do.write(write)


def _say(writing: Writing, message_id: int, words: str) -> None:
    writing.db.execute(_SAY, {"id": message_id, "words": storable(words)})
    _tell(writing, message_id)


def _tell(writing: Writing, message_id: int) -> None:
    own = message.read(writing.db, message_id)
    if own.outbox_id is not None:
        writing.tell(ChangeKind.OUTBOX, own.outbox_id)
    writing.tell_conversation(own.conversation_id)


def _from_row(row: sqlite3.Row) -> Retraction:
    return Retraction(
        message_id=row["message_id"],
        line_id=row["line_id"],
        provider_id=row["provider_id"],
        staff_id=row["staff_id"],
        asked_at=moment(row["asked_at"]),
        next_at=moment(row["next_at"]),
        done_at=moment(row["done_at"]),
        tries=row["tries"],
        trouble=row["trouble"],
    )

"""Pairs of numbers: what texts and calls are threaded by."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from inbox.message import Message
from inbox.pairing import PairUse
from store import message
from store.values import moment, stamp, storable

_USES: Final = """
SELECT m.conversation_id, m.at, c.patient_id, c.done_at, c.last_message_at,
    iif(m.match_reason GLOB 'chosen by *', m.patient_id, NULL) AS chosen
FROM message AS m JOIN conversation AS c ON c.id = m.conversation_id
WHERE m.thread_key = :pair AND m.thread_key <> '' AND m.channel IN ('sms', 'phone')
    AND m.status <> 'cancelled' AND m.at {}
LIMIT 60
"""
BEFORE: Final = _USES.format("<= :at ORDER BY m.at DESC, m.id DESC")
AFTER: Final = _USES.format("> :at ORDER BY m.at, m.id")
WAITING: Final = """
SELECT id FROM conversation INDEXED BY conversation_waiting_on_patient
WHERE patient_id = :patient_id AND patient_id IS NOT NULL AND state = 'waiting'
    AND merged_into IS NULL
ORDER BY id LIMIT 2
"""
_UNSETTLED: Final = """
SELECT m.id FROM outbox AS o CROSS JOIN message AS m ON m.id = o.message_id
WHERE o.status = '{}' AND m.thread_key = :pair AND m.thread_key <> ''
    AND NOT EXISTS (SELECT 1 FROM sent_as AS s WHERE s.outbox_id = o.id
        AND s.attempt = o.attempts)
"""
UNSETTLED: Final = (
    f"{_UNSETTLED.format('sending')} UNION {_UNSETTLED.format('unknown')} ORDER BY 1 LIMIT 50"
)


def around(db: sqlite3.Connection, pair: str, at: datetime) -> list[PairUse]:
    """The messages on a pair around a moment that tell something; see the contract."""
    values = {"pair": storable(pair), "at": stamp(at)}
    uses: list[PairUse] = []
    for asked in (BEFORE, AFTER):
        seen: set[int] = set()
        # The nearest come first; another message of the same conversation tells nothing more.
        for row in db.execute(asked, values):
            conversation_id, chosen = row["conversation_id"], row["chosen"]
            if conversation_id in seen and chosen is None:
                continue
            seen.add(conversation_id)
            uses.append(
                PairUse(
                    conversation_id=conversation_id,
                    at=moment(row["at"]),
                    patient_id=row["patient_id"],
                    closed_at=moment(_closed_at(row)),
                    chosen=chosen,
                )
            )
    return uses


def unsettled(db: sqlite3.Connection, pair: str) -> list[Message]:
    """Messages of ours on a pair whose name at the provider is not known, oldest first."""
    rows = db.execute(UNSETTLED, {"pair": storable(pair)}).fetchall()
    return [message.read(db, row["id"]) for row in rows]


def waiting_on(db: sqlite3.Connection, patient_id: str) -> list[int]:
    """Conversations in which we wait for a patient; at most two."""
    return [row["id"] for row in db.execute(WAITING, {"patient_id": patient_id}).fetchall()]


def _closed_at(row: sqlite3.Row) -> int | None:
    """When a person closed it, unless something newer opened it again."""
    done_at: int | None = row["done_at"]
    return done_at if done_at is not None and row["last_message_at"] <= done_at else None

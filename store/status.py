"""The state of a stored message: the row in the outbox, the conversation and the record follow."""

from __future__ import annotations

import sqlite3
from typing import Final

from inbox.errors import NotFound
from inbox.events import ChangeKind
from inbox.repository import StatusChange
from store import call_state, record_due, state
from store.transaction import Writing
from store.values import Parameters, stamp, storable

_OWN: Final = """
SELECT conversation_id, raw_id, outbox_id, status, patient_id, match_reason FROM message
WHERE id = :id
"""
_STATUS: Final = "UPDATE message SET status = :status, status_text = :text WHERE id = :id"
_OUTBOX_STATUS: Final = """
UPDATE outbox SET status = :status, status_text = :text, automatic_retry = 0,
    hint = CASE WHEN :status IN ('sent', 'delivered') THEN '' WHEN :hint <> '' THEN :hint
        ELSE hint END,
    sent_at = CASE WHEN :status IN ('sent', 'delivered') THEN coalesce(sent_at, :now)
        ELSE sent_at END
WHERE id = :id
"""


def change_status(writing: Writing, change: StatusChange) -> None:
    """Give a stored message a new state, its outbox row too, and put it on the record's list."""
    db = writing.db
    own = read_own(db, change.message_id)
    text = storable(change.text)
    values: Parameters = {"id": change.message_id, "status": change.status.value, "text": text}
    db.execute(_STATUS, values)
    if own["outbox_id"] is not None:
        more = {"hint": storable(change.hint), "now": stamp(writing.clock())}
        db.execute(_OUTBOX_STATUS, {**values, **more, "id": own["outbox_id"]})
        writing.tell(ChangeKind.OUTBOX, own["outbox_id"])
    record_due.add(db, change.message_id)
    state.refresh(db, own["conversation_id"])
    writing.tell_conversation(own["conversation_id"])
    if own["outbox_id"] is not None:
        call_state.follow(writing, own["outbox_id"])


def read_own(db: sqlite3.Connection, message_id: int) -> sqlite3.Row:
    """What is needed of a stored message to change it. Raises NotFound."""
    row: sqlite3.Row | None = db.execute(_OWN, {"id": message_id}).fetchone()
    if row is None:
        raise NotFound("The message this speaks of is not stored here.", "Sync again.")
    return row

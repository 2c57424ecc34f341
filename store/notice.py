"""Rows that go with another one: they leave after it has, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from inbox.events import ChangeKind
from inbox.message import MessageStatus
from inbox.repository import OutboxRow
from store import state
from store.transaction import Writing
from store.values import stamp

LATE: Final = timedelta(hours=1)
"""What it says of who answers until when is no longer true by then."""

WAITING: Final = """
SELECT id, message_id, conversation_id, not_before FROM outbox
WHERE after_id = :id AND after_id IS NOT NULL AND status = 'queued'
"""
_CANCEL: Final = """
UPDATE outbox SET status = 'cancelled', status_text = :text, automatic_retry = 0 WHERE id = :id
"""
_CANCELLED: Final = """
UPDATE message SET status = 'cancelled', status_text = :text WHERE id = :id
"""
_ENDED: Final = frozenset({MessageStatus.FAILED, MessageStatus.CANCELLED})
_LEFT: Final = frozenset({MessageStatus.SENT, MessageStatus.DELIVERED})


def follow(writing: Writing, row: OutboxRow) -> None:
    """Take back what goes with a row that did not leave, or left too late for it."""
    if row.status not in _ENDED | _LEFT:
        return
    db = writing.db
    for waiting in db.execute(WAITING, {"id": row.id}).fetchall():
        late = stamp(writing.clock() - LATE) > waiting["not_before"]
        if row.status in _LEFT and not late:
            continue
        text = "too late for it" if row.status in _LEFT else "what it goes with did not leave"
        db.execute(_CANCEL, {"id": waiting["id"], "text": text})
        db.execute(_CANCELLED, {"id": waiting["message_id"], "text": text})
        state.refresh(db, waiting["conversation_id"])
        writing.tell(ChangeKind.OUTBOX, waiting["id"])
        writing.tell_conversation(waiting["conversation_id"])

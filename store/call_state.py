"""The heads-ups of calls: the call follows when its heads-up leaves, or does not."""

from __future__ import annotations

from typing import Final

from store import record_due, state
from store.transaction import Writing

CALLS_OF: Final = """
SELECT id, message_id, conversation_id FROM outbox
WHERE heads_up_id = :id AND heads_up_id IS NOT NULL
"""


def follow(writing: Writing, heads_up: int) -> None:
    """Let the calls follow whose heads-up this outbox row is: it left, or it did not."""
    for row in writing.db.execute(CALLS_OF, {"id": heads_up}).fetchall():
        record_due.add(writing.db, row["message_id"])
        state.refresh(writing.db, row["conversation_id"])
        writing.tell_conversation(row["conversation_id"])

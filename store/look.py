"""The table `looked`: what could not be read, and what somebody did about it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from store import state
from store.conversation import resolve
from store.transaction import Transactions, Writing
from store.values import stamp, storable

_SET_ASIDE: Final = """
INSERT INTO looked (message_id, at, staff_id, because)
SELECT id, :at, :staff_id, :because FROM message
WHERE conversation_id = :id AND nature = 'unreadable'
ON CONFLICT DO UPDATE SET at = excluded.at, staff_id = excluded.staff_id,
    because = excluded.because
"""
_AGAIN: Final = """
UPDATE raw SET state = 'new'
WHERE state = 'quarantined' AND id IN (
    SELECT raw_id FROM message
    WHERE conversation_id = :id AND nature = 'unreadable' AND raw_id IS NOT NULL)
"""
_FORGET: Final = """
DELETE FROM looked WHERE message_id IN (
    SELECT id FROM message WHERE conversation_id = :id AND nature = 'unreadable')
"""


class LookTable:
    """Implements `inbox.repository.LookStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def set_aside(
        self, conversation_id: int, staff_id: str, because: str, now: datetime
    ) -> int:
        """Nobody needs to look at what is unreadable in a conversation now; return how many."""

        def write(writing: Writing) -> int:
            target = resolve(writing.db, conversation_id)
            values = {
                "id": target,
                "at": stamp(now),
                "staff_id": staff_id,
                "because": storable(because),
            }
            count = writing.db.execute(_SET_ASIDE, values).rowcount
            state.refresh(writing.db, target)
            writing.tell_conversation(target)
            return count

        return await self._do.write(write)

    async def again(self, conversation_id: int) -> int:
        """Let what is unreadable in a conversation be read and filed anew; return how many."""

        def write(writing: Writing) -> int:
            target = resolve(writing.db, conversation_id)
            count = writing.db.execute(_AGAIN, {"id": target}).rowcount
            writing.db.execute(_FORGET, {"id": target})
            state.refresh(writing.db, target)
            writing.tell_conversation(target)
            return count

        return await self._do.write(write)

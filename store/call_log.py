"""What a provider tells of a call that was made from here."""

from __future__ import annotations

from typing import Final

from inbox.ending import Ending
from inbox.message import Arrival, MessageStatus
from inbox.repository import StatusChange
from store.status import change_status
from store.transaction import Writing

_TOLD: Final = "UPDATE message SET ending = :ending, seconds = :seconds WHERE id = :id"
_LOGGED: Final = """
SELECT 1 FROM message AS m JOIN outbox AS o ON o.id = m.outbox_id
WHERE m.id = :id AND json_extract(o.draft, '$.call.outcome') IS NOT NULL
"""
_NOT_THROUGH: Final = {
    Ending.NOT_MADE: "the phone here was not picked up, so theirs never rang",
    Ending.FAILED: "it did not get through",
}


def told(writing: Writing, message_id: int, arrival: Arrival) -> None:
    """Keep how a call ended; one that never rang over there was not delivered."""
    if arrival.ending is None:
        return
    values = {"id": message_id, "ending": arrival.ending.value, "seconds": arrival.seconds}
    writing.db.execute(_TOLD, values)
    why = _NOT_THROUGH.get(arrival.ending, "")
    # What a person said of the call stands: they may have dialled by hand in the end.
    if why and writing.db.execute(_LOGGED, {"id": message_id}).fetchone() is None:
        change_status(writing, StatusChange(message_id, MessageStatus.FAILED, why))

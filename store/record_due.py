"""The table `record_due`: states of messages that are still to be written to a record file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

from store.values import pack_list

RECORDABLE: Final = "('received', 'noted', 'sent', 'delivered', 'failed', 'unknown')"
"""Statuses that belong into the record; the others are on their way."""

_REMOVE: Final = """
DELETE FROM record_due WHERE message_id = :message_id AND patient_id = (
    SELECT patient_id FROM message WHERE id = :message_id)
"""
# The row gets a new id each time: taking an older state off the list leaves a newer one on it.
_ADD: Final = f"""
INSERT INTO record_due (message_id, patient_id, conversation_id, because, findings)
SELECT id, patient_id, conversation_id,
    coalesce(:because, (SELECT because FROM outbox WHERE id = outbox_id), ''),
    coalesce(:findings, (SELECT findings FROM outbox WHERE id = outbox_id), '[]')
FROM message
WHERE id = :message_id AND patient_id IS NOT NULL AND status IN {RECORDABLE}
"""  # noqa: S608 - constants

_ADD_FIRST: Final = f"""
INSERT INTO record_due (message_id, patient_id, conversation_id)
SELECT :message_id, :patient_id, :conversation_id WHERE :status IN {RECORDABLE}
"""
_MISTAKEN: Final = """
INSERT INTO record_due (message_id, patient_id, conversation_id, mistaken)
SELECT id, patient_id, conversation_id, 1 FROM message
WHERE id = :message_id AND patient_id IS NOT NULL AND status NOT IN ('queued', 'cancelled')
"""


def mistaken(db: sqlite3.Connection, message_id: int) -> None:
    """Put on the list that a message does not belong into its patient's file, before it changes."""
    db.execute(_REMOVE, {"message_id": message_id})
    db.execute(_MISTAKEN, {"message_id": message_id})


def add_first(
    db: sqlite3.Connection, message_id: int, patient_id: str, conversation_id: int, status: str
) -> None:
    """Put a message on the list that was stored just now and did not leave by the outbox."""
    db.execute(
        _ADD_FIRST,
        {
            "message_id": message_id,
            "patient_id": patient_id,
            "conversation_id": conversation_id,
            "status": status,
        },
    )


def add(
    db: sqlite3.Connection,
    message_id: int,
    *,
    because: str | None = None,
    findings: Iterable[str] | None = None,
) -> None:
    """Put the present state of a message on the list, when it is about a patient."""
    db.execute(_REMOVE, {"message_id": message_id})
    db.execute(
        _ADD,
        {
            "message_id": message_id,
            "because": because,
            "findings": None if findings is None else pack_list(findings),
        },
    )

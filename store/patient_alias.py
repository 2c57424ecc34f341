"""The table `patient_alias`: ids that were given up because two patients were one person."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from inbox.patient import Patient
from store import clock, promise_state, structure
from store.transaction import Writing
from store.values import stamp

INTO: Final = "SELECT into_id FROM patient_alias WHERE old_id = :id"
OF: Final = "SELECT old_id FROM patient_alias WHERE into_id = :id ORDER BY at, old_id"
BY_BEGINNING: Final = """
SELECT into_id AS id FROM patient_alias WHERE old_id >= :id AND old_id < :end
ORDER BY old_id LIMIT :limit
"""
_ADD: Final = """
INSERT INTO patient_alias (old_id, into_id, at, staff_id, was)
VALUES (:old, :into, :now, :staff_id, :was)
"""
_CONVERSATIONS: Final = "SELECT id FROM conversation WHERE patient_id = :old"
_MESSAGES: Final = """
SELECT id FROM message WHERE patient_id = :old AND patient_id IS NOT NULL ORDER BY id
"""
_ABOUT: Final = """
UPDATE message SET patient_id = :into, indexed_patient = :name WHERE id = :id
"""
_MOVES: Final = (
    "UPDATE patient_alias SET into_id = :into WHERE into_id = :old",
    "UPDATE conversation SET patient_id = :into WHERE patient_id = :old",
    "UPDATE promise SET patient_id = :into WHERE patient_id = :old",
    # What is to be marked as a mistake stands in the old file.
    "UPDATE OR IGNORE record_due SET patient_id = :into WHERE patient_id = :old AND mistaken = 0",
    "UPDATE address_choice SET patient_id = :into WHERE patient_id = :old",
    "UPDATE OR IGNORE reminder SET patient_id = :into WHERE patient_id = :old",
    "DELETE FROM reminder WHERE patient_id = :old",
    """
    UPDATE outbox SET draft = json_set(draft, '$.patient_id', :into)
    WHERE json_extract(draft, '$.patient_id') = :old
    """,
    """
    UPDATE draft SET draft = json_set(draft, '$.patient_id', :into)
    WHERE json_extract(draft, '$.patient_id') = :old
    """,
    "DELETE FROM contact_point WHERE patient_id = :old",
    "DELETE FROM patient_identifier WHERE patient_id = :old",
    "DELETE FROM proxy WHERE patient_id = :old",
    "DELETE FROM patient_name WHERE patient_id = :old",
    "DELETE FROM privacy_form WHERE patient_id = :old",
    "DELETE FROM patient WHERE id = :old",
)


def unite(writing: Writing, old: Patient, both: Patient, staff_id: str, now: datetime) -> None:
    """Let whatever is about `old` be about `both`, who is stored already; keep the old id."""
    db = writing.db
    ids = {"old": old.id, "into": both.id}
    kept = {"now": stamp(now), "staff_id": staff_id, "was": structure.pack(old)}
    db.execute(_ADD, {**ids, **kept})
    touched = [row["id"] for row in db.execute(_CONVERSATIONS, ids)]
    for row in db.execute(_MESSAGES, ids).fetchall():
        writing.unindex(row["id"])
        db.execute(_ABOUT, {"id": row["id"], "into": both.id, "name": both.name})
        writing.index(row["id"])
    for statement in _MOVES:
        db.execute(statement, ids)
    promise_state.refresh_patient(db, both.id)
    for conversation_id in touched:
        clock.refresh(db, conversation_id)
        writing.tell_conversation(conversation_id)


def present_id(db: sqlite3.Connection, patient_id: str) -> str:
    """The id a patient has now; the same one where it was never given up."""
    row = db.execute(INTO, {"id": patient_id}).fetchone()
    return patient_id if row is None else str(row["into_id"])


def former_ids(db: sqlite3.Connection, patient_id: str) -> list[str]:
    """The ids a patient had before."""
    return [row["old_id"] for row in db.execute(OF, {"id": patient_id})]

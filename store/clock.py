"""How long a person waits for us: one clock, however many conversations they wait in.

It counts from the oldest message of theirs that waits for an answer, on whatever line it came. A
real answer in another conversation stops it: what is still open there counts from that answer on,
so that no matter is forgotten. Run in the transaction that changes a message; each look-up reads
one end of an index.
"""

from __future__ import annotations

import sqlite3
from typing import Final

FIRST_ASKED: Final = """
SELECT asked_since FROM conversation INDEXED BY conversation_asking
WHERE merged_into IS NULL AND state = 'needs-reply' AND person_key = :person
ORDER BY asked_since LIMIT 1
"""
SINCE: Final = """
(SELECT w.waiting_since FROM conversation AS w INDEXED BY conversation_asking
    WHERE w.merged_into IS NULL AND w.state = 'needs-reply' AND w.person_key = c.person_key
    ORDER BY w.asked_since LIMIT 1)
"""
"""Since when the person of conversation `c` waits, on every row in which they do."""
_WHO: Final = """
SELECT person_key, patient_id, lower(person_address) AS key FROM conversation WHERE id = :id
"""
# A real answer, as a promise is kept by one (store/promise_state.py). It is as old as its writing:
# what they asked while it waited for its time is not answered by it.
_REAL: Final = """
    m.direction = 'outbound' AND m.status IN ('sent', 'delivered') AND m.answers_until > 0
    AND m.at > :asked AND coalesce(o.created_at, m.at) > :asked
    AND m.kind <> 'voicemail'
    AND (m.kind <> 'call' OR json_extract(o.draft, '$.call.outcome') = 'reached')
    AND coalesce(json_extract(o.draft, '$.automatic'), 0) = 0
"""
_WRITTEN: Final = """
SELECT min(coalesce(o.created_at, m.at), coalesce(b.asked_since, m.at)) AS at
"""
ANSWERED_PATIENT: Final = f"""
{_WRITTEN}
FROM message AS m INDEXED BY message_sent_to_patient
    JOIN conversation AS b ON b.id = m.conversation_id
    LEFT JOIN outbox AS o ON o.id = m.outbox_id
WHERE m.patient_id = :patient_id AND m.patient_id IS NOT NULL AND {_REAL}
    AND EXISTS (
        SELECT 1 FROM message_address AS a
        WHERE a.message_id = m.id AND a.role IN ('to', 'cc') AND (
            EXISTS (SELECT 1 FROM contact_point AS t
                WHERE t.key = a.key AND t.patient_id = :patient_id)
            OR EXISTS (SELECT 1 FROM conversation AS n INDEXED BY conversation_of_patient
                WHERE n.merged_into IS NULL AND n.patient_id = :patient_id
                    AND n.patient_id IS NOT NULL AND n.state = 'needs-reply'
                    AND lower(n.person_address) = a.key)))
ORDER BY m.at DESC, m.id DESC LIMIT 1
"""  # noqa: S608 - constants
ANSWERED_ADDRESS: Final = f"""
{_WRITTEN}
FROM (SELECT message_id FROM message_address WHERE key = :key AND role IN ('to', 'cc')
        ORDER BY message_id DESC LIMIT 20) AS recent
    CROSS JOIN message AS m ON m.id = recent.message_id
    JOIN conversation AS b ON b.id = m.conversation_id
    LEFT JOIN outbox AS o ON o.id = m.outbox_id
WHERE {_REAL}
ORDER BY m.at DESC, m.id DESC LIMIT 1
"""  # noqa: S608 - constants
PUT_OFF: Final = """
UPDATE conversation INDEXED BY conversation_asking SET waiting_since = :answered
WHERE merged_into IS NULL AND state = 'needs-reply' AND person_key = :person
    AND asked_since < :answered AND waiting_since IS NOT :answered
"""
# What was taken for an answer came back, or is about somebody else.
PUT_BACK: Final = """
UPDATE conversation INDEXED BY conversation_put_off SET waiting_since = asked_since
WHERE waiting_since > asked_since AND person_key = :person AND waiting_since IS NOT :answered
"""


def person_of(db: sqlite3.Connection, conversation_id: int) -> sqlite3.Row:
    """Who waits in a conversation, for `refresh_person`."""
    row: sqlite3.Row = db.execute(_WHO, {"id": conversation_id}).fetchone()
    return row


def refresh(db: sqlite3.Connection, conversation_id: int) -> None:
    """Write the clock of a conversation's person anew, in every conversation they wait in."""
    refresh_person(db, person_of(db, conversation_id))


def refresh_person(db: sqlite3.Connection, who: sqlite3.Row) -> None:
    """Write the clock of somebody anew whom `person_of` named."""
    first = db.execute(FIRST_ASKED, {"person": who["person_key"]}).fetchone()
    if first is None:
        return
    statement = ANSWERED_ADDRESS if who["patient_id"] is None else ANSWERED_PATIENT
    values = {"patient_id": who["patient_id"], "key": who["key"], "asked": first["asked_since"]}
    found = db.execute(statement, values).fetchone()
    answered = {"person": who["person_key"], "answered": found["at"] if found else None}
    db.execute(PUT_BACK, answered)
    if found is not None:
        db.execute(PUT_OFF, answered)

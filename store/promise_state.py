"""How promises stand, derived from the messages by bounded, indexed look-ups.

Run in the transaction that changes a message. However much a patient wrote, each look-up reads one
end of an index.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from inbox.promise import PromiseKind

SETTLED, UNTIL_DUE, UNTIL_ANSWERED = 0, 1, 2
"""Values of `stands`: nothing to do, somebody is there until it is due, an answer is owed."""

_ABOUT: Final = """
UPDATE promise SET patient_id = (SELECT patient_id FROM conversation WHERE id = :id)
WHERE conversation_id = :id
    AND patient_id IS NOT (SELECT patient_id FROM conversation WHERE id = :id)
"""
_OPEN: Final = """
SELECT id FROM promise INDEXED BY {index} WHERE stands > 0 AND stands = 2 AND {of}
UNION
SELECT id FROM promise INDEXED BY {index} WHERE stands > 0 AND stands = 1 AND {of}
    AND due > (SELECT last_message_at FROM conversation WHERE id = :id)
UNION
SELECT * FROM (SELECT id FROM promise WHERE {of} ORDER BY made_at DESC, id DESC LIMIT 10)
"""
_PATIENTS: Final = (
    "patient_id = (SELECT patient_id FROM conversation WHERE id = :id) AND patient_id IS NOT NULL"
)
# What stands, and the latest: a bounce can take back what kept a promise a while ago.
AFFECTED: Final = (
    _OPEN.format(index="promise_open", of="conversation_id = :id")
    + "UNION"
    + _OPEN.format(index="promise_open_to_patient", of=_PATIENTS)
)
_FACTS: Final = """
SELECT p.id, p.conversation_id, p.patient_id, p.kind, p.due, p.made_at, p.withdrawn_at, p.outbox_id,
    p.asked_at, p.answered_at, p.unsaid, p.stands,
    coalesce(o.status = 'cancelled' OR (o.status = 'failed' AND o.provider_id = ''), 0)
        AS never_left
FROM promise AS p LEFT JOIN outbox AS o ON o.id = p.outbox_id WHERE p.id = :id
"""
_ASKED: Final = """
SELECT at, conversation_id FROM message
WHERE {} AND direction = 'inbound' AND nature IN ('personal', 'unreadable') AND at > :made_at
ORDER BY at, id LIMIT 1
"""
ASKED_HERE: Final = _ASKED.format("conversation_id = :conversation_id")
ASKED_ANYWHERE: Final = _ASKED.format("patient_id = :patient_id AND patient_id IS NOT NULL")
# A real answer: it left, a person wrote it after the promise (or the question) with the question
# before their eyes, and it went to them. A call counts when it reached them.
_ANSWERED: Final = """
SELECT m.at FROM message AS m INDEXED BY {index} LEFT JOIN outbox AS o ON o.id = m.outbox_id
WHERE {of} AND m.direction = 'outbound' AND m.status IN ('sent', 'delivered') AND m.at > :floor
    AND (m.outbox_id IS NULL OR m.outbox_id IS NOT :outbox_id)
    AND coalesce(o.created_at, m.at) > :floor
    AND m.kind <> 'voicemail'
    AND (m.kind <> 'call' OR json_extract(o.draft, '$.call.outcome') = 'reached')
    AND coalesce(json_extract(o.draft, '$.automatic'), 0) = 0
    AND (m.conversation_id <> :asked_in OR m.answers_until >= :floor)
    {more}
ORDER BY m.at, m.id LIMIT 1
"""
ANSWERED_HERE: Final = _ANSWERED.format(
    index="message_sent", of="m.conversation_id = :conversation_id", more=""
)
ANSWERED_ANYWHERE: Final = _ANSWERED.format(
    index="message_sent_to_patient",
    of="m.patient_id = :patient_id AND m.patient_id IS NOT NULL",
    more="""AND EXISTS (
        SELECT 1 FROM message_address AS a JOIN contact_point AS t ON t.key = a.key
        WHERE a.message_id = m.id AND a.role IN ('to', 'cc') AND t.patient_id = :patient_id)""",
)
_WRITE: Final = """
UPDATE promise SET asked_at = :asked_at, answered_at = :answered_at, unsaid = :unsaid,
    stands = :stands
WHERE id = :id
"""
_LIVE: Final = """
SELECT due, id, conversation_id, owner FROM promise INDEXED BY promise_standing
WHERE stands > 0 AND stands = 2 {after}
UNION ALL
SELECT due, id, conversation_id, owner FROM promise INDEXED BY promise_standing
WHERE stands > 0 AND stands = 1 AND due > :now {after}
"""
LIVE: Final = f"{_LIVE.format(after='')} ORDER BY due, id LIMIT :limit"
"""Promises that somebody still has to see to, the soonest due first."""
_FIRST_ONLY: Final = """
NOT EXISTS (SELECT 1 FROM promise AS e WHERE e.conversation_id = l.conversation_id
    AND (e.stands = 2 OR (e.stands = 1 AND e.due > :now)) AND (e.due, e.id) < (l.due, l.id))
"""
COUNT: Final = f"""
SELECT count(DISTINCT conversation_id) FROM ({_LIVE.format(after="")} LIMIT :limit)
"""  # noqa: S608 - constants


def refresh(db: sqlite3.Connection, conversation_id: int) -> None:
    """Write the facts of all promises anew that a change of a conversation can touch."""
    values = {"id": conversation_id}
    db.execute(_ABOUT, values)
    for row in db.execute(AFFECTED, values).fetchall():
        _refresh_one(db, row["id"])


def _refresh_one(db: sqlite3.Connection, promise_id: int) -> None:
    facts = db.execute(_FACTS, {"id": promise_id}).fetchone()
    here = facts["kind"] == PromiseKind.HERE
    asked_at, asked_in = _asked(db, facts)
    if here and asked_at is not None and asked_at >= facts["due"]:
        # Nobody promised to be there by then.
        asked_at = None
    answered_at = None
    if not here or asked_at is not None:
        floor = int(asked_at if here and asked_at is not None else facts["made_at"])
        answered_at = _answered(db, facts, floor, asked_in if here else 0)
    stands = UNTIL_DUE if here and asked_at is None else UNTIL_ANSWERED
    if facts["never_left"] or facts["withdrawn_at"] is not None or answered_at is not None:
        stands = SETTLED
    new = {
        "asked_at": asked_at,
        "answered_at": answered_at,
        "unsaid": facts["never_left"],
        "stands": stands,
    }
    if any(facts[name] != value for name, value in new.items()):
        db.execute(_WRITE, {"id": promise_id, **new})


def _asked(db: sqlite3.Connection, facts: sqlite3.Row) -> tuple[int | None, int]:
    """When they first wrote after it was made, on any channel, and in which conversation."""
    found = [
        row
        for statement in (ASKED_HERE, ASKED_ANYWHERE)
        if (row := db.execute(statement, dict(facts)).fetchone()) is not None
    ]
    first = min(found, key=lambda row: int(row["at"]), default=None)
    return (None, 0) if first is None else (first["at"], first["conversation_id"])


def _answered(db: sqlite3.Connection, facts: sqlite3.Row, floor: int, asked_in: int) -> int | None:
    values = {**dict(facts), "floor": floor, "asked_in": asked_in}
    found = [
        int(row["at"])
        for statement in (ANSWERED_HERE, ANSWERED_ANYWHERE)
        if (row := db.execute(statement, values).fetchone()) is not None
    ]
    return min(found, default=None)


def live_page(columns: str, joined: str, *, owned: bool, after: bool) -> str:
    """The statement that reads conversations with a live promise, the soonest due first.

    Args:
        columns: What to read of conversation `c`.
        joined: Further joins of `c`.
        owned: Only those of one owner.
        after: Behind a place: its due time and the promise's id.
    """
    live = _LIVE.format(after="AND (due, id) > (:after_at, :after_id)" if after else "")
    mine = "AND l.owner = :assigned_to" if owned else ""
    return (
        f"SELECT {columns}, l.due AS promise_due, l.id AS promise_id "  # noqa: S608 - constants
        f"FROM ({live} ORDER BY due, id) AS l "
        f"CROSS JOIN conversation AS c ON c.id = l.conversation_id {joined} "
        f"WHERE {_FIRST_ONLY} {mine} ORDER BY l.due, l.id LIMIT :limit"
    )

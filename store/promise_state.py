"""How promises stand, derived from the messages by bounded, indexed look-ups.

Run in the transaction that changes a message. However much a patient wrote, each look-up reads one
end of an index.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from inbox.promise import PromiseKind
from store.values import pack_list

SETTLED, UNTIL_DUE, UNTIL_ANSWERED = 0, 1, 2
"""Values of `stands`: nothing to do, somebody is there until it is due, an answer is owed."""
_EVER: Final = 2**62
"""Later than any moment."""

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
_TO_THEM: Final = "patient_id = :patient_id AND patient_id IS NOT NULL"
AFFECTED_OF_PATIENT: Final = f"""
SELECT id FROM promise INDEXED BY promise_open_to_patient
WHERE stands > 0 AND stands = 2 AND {_TO_THEM}
UNION
SELECT * FROM (SELECT id FROM promise INDEXED BY promise_open_to_patient
    WHERE stands > 0 AND stands = 1 AND {_TO_THEM} ORDER BY due DESC LIMIT 50)
UNION
SELECT * FROM (SELECT id FROM promise WHERE {_TO_THEM} ORDER BY made_at DESC, id DESC LIMIT 10)
"""  # noqa: S608 - constants
# Single messages of a conversation may be about somebody else.
OTHERS: Final = """
SELECT DISTINCT recent.patient_id
FROM (SELECT patient_id FROM message WHERE conversation_id = :id
        ORDER BY at DESC, id DESC LIMIT 20) AS recent
    JOIN conversation AS c ON c.id = :id
WHERE recent.patient_id IS NOT NULL AND recent.patient_id IS NOT c.patient_id
"""
# `made_at` follows the message that makes it: nothing was promised before that has left.
_FACTS: Final = """
SELECT p.id, p.conversation_id, p.patient_id, p.kind, p.due, p.withdrawn_at, p.outbox_id,
    p.asked_at, p.answered_at, p.wrote_at, p.unsaid, p.stands, p.made_at AS was_made_at,
    iif(o.status IN ('sent', 'delivered', 'unknown', 'failed'), m.at, p.made_at) AS made_at,
    coalesce(o.status = 'cancelled' OR (o.status = 'failed' AND o.provider_id = ''), 0)
        AS never_left,
    coalesce(o.status IN ('queued', 'sending'), 0) AS waits,
    o.message_id AS made_by
FROM promise AS p LEFT JOIN outbox AS o ON o.id = p.outbox_id
    LEFT JOIN message AS m ON m.id = o.message_id
WHERE p.id = :id
"""
# The newest are enough: a question that was answered asks for nothing more.
_WRITTEN: Final = """
SELECT id, at, conversation_id, EXISTS (SELECT 1 FROM message_signal AS s
    WHERE s.message_id = m.id AND s.rule = 'IN09' AND s.state <> 'dismissed') AS thanks
FROM message AS m
WHERE {} AND direction = 'inbound' AND nature IN ('personal', 'unreadable')
    AND at > :made_at AND at < :until
ORDER BY at DESC, id DESC LIMIT 50
"""
WRITTEN_HERE: Final = _WRITTEN.format("conversation_id = :conversation_id")
WRITTEN_ANYWHERE: Final = _WRITTEN.format("patient_id = :patient_id AND patient_id IS NOT NULL")
# To whom it was made: the readers of the message that makes it, else who wrote last before.
LAST_BEFORE: Final = """
SELECT id FROM message
WHERE conversation_id = :conversation_id AND direction = 'inbound'
    AND nature IN ('personal', 'unreadable') AND at <= :made_at
ORDER BY at DESC, id DESC LIMIT 1
"""
_MADE_TO: Final = """
SELECT key FROM message_address WHERE message_id = :made_by AND role = 'to'
UNION
SELECT key FROM message_address WHERE message_id = :asked_by AND role IN ('from', 'reply-to')
"""
CLOSED: Final = """
SELECT 1 FROM conversation WHERE id = :asked_in AND state = 'done' AND done_inbound_at >= :floor
"""
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
    AND EXISTS (
        SELECT 1 FROM message_address AS a
        WHERE a.message_id = m.id AND a.role IN ('to', 'cc')
            AND (a.key IN (SELECT value FROM json_each(:people)) OR EXISTS (
                SELECT 1 FROM contact_point AS t
                WHERE t.key = a.key AND t.patient_id = :patient_id)))
ORDER BY m.at, m.id LIMIT 1
"""
ANSWERED_HERE: Final = _ANSWERED.format(
    index="message_sent", of="m.conversation_id = :conversation_id"
)
ANSWERED_ANYWHERE: Final = _ANSWERED.format(
    index="message_sent_to_patient",
    of="m.patient_id = :patient_id AND m.patient_id IS NOT NULL",
)
_WRITE: Final = """
UPDATE promise SET made_at = :made_at, asked_at = :asked_at, answered_at = :answered_at,
    wrote_at = :wrote_at, unsaid = :unsaid, stands = :stands
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
    for row in db.execute(OTHERS, values).fetchall():
        refresh_patient(db, row["patient_id"])


def refresh_patient(db: sqlite3.Connection, patient_id: str | None) -> None:
    """Write the facts of all promises to a patient anew that a change of their messages can touch.

    For what a change of a conversation does not tell: a message is about somebody else now.
    """
    for row in db.execute(AFFECTED_OF_PATIENT, {"patient_id": patient_id}).fetchall():
        _refresh_one(db, row["id"])


def _refresh_one(db: sqlite3.Connection, promise_id: int) -> None:
    facts = db.execute(_FACTS, {"id": promise_id}).fetchone()
    values = dict(facts)
    here = facts["kind"] == PromiseKind.HERE
    asked_at = answered_at = wrote_at = None
    owed = not here
    if not (facts["waits"] or facts["never_left"]):
        written = _written(db, values, facts["due"] if here else _EVER)
        wrote_at = max((row["at"] for row in written), default=None)
        questions = [row for row in written if not row["thanks"]]
        asked_at = max((row["at"] for row in questions), default=None)
        people = _made_to(db, values)
        if here:
            asked_at, answered_at = _all_answered(db, values, questions, people)
            owed = asked_at is not None and answered_at is None
        else:
            answered_at = _answered(db, values, facts["made_at"], people)
    stands = UNTIL_ANSWERED if owed else UNTIL_DUE
    settled = answered_at is not None and not here
    if facts["never_left"] or facts["withdrawn_at"] is not None or settled:
        stands = SETTLED
    new = {
        "asked_at": asked_at,
        "answered_at": answered_at,
        "wrote_at": wrote_at,
        "unsaid": facts["never_left"],
        "stands": stands,
    }
    changed = any(facts[name] != value for name, value in new.items())
    if changed or facts["made_at"] != facts["was_made_at"]:
        db.execute(_WRITE, {"id": promise_id, "made_at": facts["made_at"], **new})


def _written(db: sqlite3.Connection, values: dict[str, Any], until: int) -> list[sqlite3.Row]:
    """What they wrote after it was made, on any channel; mere thanks is among it."""
    values = {**values, "until": until}
    found = [
        row
        for statement in (WRITTEN_HERE, WRITTEN_ANYWHERE)
        for row in db.execute(statement, values)
    ]
    return list({row["id"]: row for row in found}.values())


def _made_to(db: sqlite3.Connection, values: dict[str, Any], asked_by: int = 0) -> frozenset[str]:
    """Keys of the addresses of those it was made to, or of those who asked."""
    if not asked_by and values["made_by"] is None:
        last = db.execute(LAST_BEFORE, values).fetchone()
        asked_by = last["id"] if last else 0
    rows = db.execute(_MADE_TO, {"made_by": values["made_by"], "asked_by": asked_by})
    return frozenset(row["key"] for row in rows)


def _all_answered(
    db: sqlite3.Connection,
    values: dict[str, Any],
    questions: list[sqlite3.Row],
    people: frozenset[str],
) -> tuple[int | None, int | None]:
    """When they asked, and when all of it was answered, in every conversation they asked in.

    One that a person closed is answered by what was said to them elsewhere after.
    """
    newest: dict[int, sqlite3.Row] = {}
    for row in questions:
        held = newest.get(row["conversation_id"])
        if held is None or (row["at"], row["id"]) > (held["at"], held["id"]):
            newest[row["conversation_id"]] = row
    answers, open_ = [], []
    for asked_in, row in newest.items():
        here = {**values, "conversation_id": asked_in, "asked_in": asked_in}
        askers = people | _made_to(db, values, row["id"])
        closed = db.execute(CLOSED, {"asked_in": asked_in, "floor": row["at"]}).fetchone()
        elsewhere = closed is not None
        answer = _answered(db, here, row["at"], askers, elsewhere=elsewhere)
        if answer is None:
            open_.append(row["at"])
        else:
            answers.append(answer)
    if open_:
        return max(open_), None
    asked_at = max((row["at"] for row in newest.values()), default=None)
    return asked_at, max(answers, default=None)


def _answered(
    db: sqlite3.Connection,
    values: dict[str, Any],
    floor: int,
    people: frozenset[str],
    *,
    elsewhere: bool = True,
) -> int | None:
    """When a real answer left after `floor`; only in the conversation itself, or elsewhere too."""
    statements = (ANSWERED_HERE, ANSWERED_ANYWHERE) if elsewhere else (ANSWERED_HERE,)
    asked = {"asked_in": 0, **values, "floor": floor, "people": pack_list(sorted(people))}
    found = [
        int(row["at"])
        for statement in statements
        if (row := db.execute(statement, asked).fetchone()) is not None
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

"""The state of a conversation, derived from its messages by bounded, indexed look-ups.

Run in the transaction that changes a message. However long the conversation is, each look-up reads
one end of an index.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any, Final

from inbox.conversation import ConversationState
from store import clock, promise_state
from store.values import one_line, unpack_address, unpack_addresses

FACTS: Final = """
SELECT
    c.done_at, c.done_inbound_at, c.done_message_id, c.person, c.person_address,
    coalesce(
        (SELECT id FROM message WHERE conversation_id = :id AND status <> 'cancelled'
            ORDER BY at DESC, id DESC LIMIT 1),
        (SELECT id FROM message WHERE conversation_id = :id
            ORDER BY at DESC, id DESC LIMIT 1)) AS last_id,
    (SELECT max(id) FROM message WHERE conversation_id = :id AND direction = 'inbound')
        AS newest_inbound_id,
    (SELECT id FROM message WHERE conversation_id = :id
        AND direction = 'outbound' AND status NOT IN ('failed', 'cancelled')
        ORDER BY answers_until DESC, id DESC LIMIT 1) AS ours_id,
    (SELECT max(id) FROM message WHERE conversation_id = :id AND answers_until = 0
        AND direction = 'outbound' AND status NOT IN ('failed', 'cancelled')) AS tried_id,
    (SELECT id FROM message WHERE conversation_id = :id
        AND direction = 'inbound' AND nature IN ('personal', 'unreadable')
        ORDER BY at DESC, id DESC LIMIT 1) AS wanting_id,
    -- Named outright: the planner would read every message of ours.
    EXISTS (SELECT 1 FROM message INDEXED BY message_undelivered WHERE conversation_id = :id
        AND direction = 'outbound' AND status IN ('failed', 'unknown')) AS troubled,
    EXISTS (SELECT 1 FROM message AS u WHERE u.conversation_id = :id
        AND u.nature = 'unreadable' AND u.match_reason NOT LIKE 'chosen by %'
        AND NOT EXISTS (SELECT 1 FROM looked AS k WHERE k.message_id = u.id)) AS needs_look,
    EXISTS (SELECT 1 FROM message_signal WHERE conversation_id = :id
        AND rule = 'IN01' AND state = 'proposed') AS urgent,
    EXISTS (SELECT 1 FROM message_signal WHERE conversation_id = :id
        AND state <> 'noted') AS has_signals,
    coalesce((SELECT subject FROM message WHERE conversation_id = :id AND subject <> ''
            ORDER BY at, id LIMIT 1),
        (SELECT t.subject FROM message AS m JOIN portal_thread AS t
            ON t.line_id = m.line_id AND t.thread_key = m.thread_key
            WHERE m.conversation_id = :id AND m.thread_key <> '' AND m.channel = 'portal'
            ORDER BY m.at, m.id LIMIT 1)) AS subject
FROM conversation AS c WHERE c.id = :id
"""
_GLIMPSE: Final = """
SELECT id, at, answers_until, direction, sender, recipients, substr(text, 1, 800) AS beginning
FROM message WHERE id = :id
"""
WAITING_SINCE: Final = """
SELECT at FROM message WHERE conversation_id = :id
    AND direction = 'inbound' AND nature IN ('personal', 'unreadable')
    AND (at, id) > (:floor_at, :floor_id)
ORDER BY at, id LIMIT 1
"""
USED_LINES: Final = """
WITH RECURSIVE used (direction, line_id) AS (
    SELECT 'inbound', (SELECT min(line_id) FROM message
        WHERE conversation_id = :id AND direction = 'inbound')
    UNION ALL
    SELECT 'outbound', (SELECT min(line_id) FROM message
        WHERE conversation_id = :id AND direction = 'outbound')
    UNION ALL
    SELECT direction, (SELECT min(line_id) FROM message
        WHERE conversation_id = :id AND direction = used.direction AND line_id > used.line_id)
    FROM used WHERE line_id IS NOT NULL
)
SELECT used.direction, used.line_id, m.channel, m.at, m.id
FROM used JOIN message AS m ON m.id = (
    SELECT id FROM message
    WHERE conversation_id = :id AND direction = used.direction AND line_id = used.line_id
    ORDER BY at DESC, id DESC LIMIT 1)
WHERE used.line_id IS NOT NULL
ORDER BY m.at DESC, m.id DESC
"""
# Calls whose log is not finished: nobody said how they ended, or their heads-up has not left.
UNFINISHED: Final = """
SELECT id, NULL AS heads_up_id FROM outbox WHERE conversation_id = :id
    AND json_extract(draft, '$.channel') = 'phone'
    AND json_extract(draft, '$.call.outcome') IS NULL AND status IN ('sent', 'delivered', 'unknown')
UNION
SELECT o.id, o.heads_up_id FROM outbox AS o INDEXED BY outbox_told
JOIN outbox AS h ON h.id = o.heads_up_id
WHERE o.conversation_id = :id AND o.heads_up_id IS NOT NULL
    AND h.status NOT IN ('sent', 'delivered')
ORDER BY id DESC LIMIT 20
"""
_TROUBLED: Final = """
SELECT id, at, status, recipients, cc FROM message INDEXED BY message_undelivered
WHERE conversation_id = :id AND direction = 'outbound' AND status IN ('failed', 'unknown')
ORDER BY id DESC LIMIT 50
"""
_ARRIVED: Final = """
SELECT at, recipients, cc FROM message
WHERE conversation_id = :id AND direction = 'outbound' AND status NOT IN ('failed', 'cancelled')
    AND at > :since AND status IN ('sent', 'delivered')
    AND (kind <> 'call' OR status = 'delivered')
ORDER BY at DESC, id DESC LIMIT 100
"""
_WRITE: Final = """
UPDATE conversation SET
    last_message_id = :last_message_id, last_message_at = :last_message_at,
    last_direction = :last_direction, newest_inbound_id = :newest_inbound_id,
    asked_since = :asked_since, waiting_since = :asked_since, state = :state,
    undelivered = :undelivered,
    needs_look = :needs_look, subject = :subject, snippet = :snippet, channels = :channels,
    line_id = :line_id, person = :person, person_address = :person_address,
    urgent = :urgent, signals = :signals
WHERE id = :id
"""
SIGNALS: Final = """
SELECT rule, state FROM message_signal
WHERE conversation_id = :id AND state <> 'noted' ORDER BY message_id DESC LIMIT 200
"""
THANKS: Final = """
SELECT 1 FROM message_signal AS s JOIN message AS m ON m.id = s.message_id
WHERE s.message_id = :id AND s.rule = 'IN09' AND m.at = :since
"""
_PREFIX: Final = re.compile(
    r"^(?:\s*(?:re|fwd?|aw|wg|sv|rv|tr)\s*(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE
)


def refresh(db: sqlite3.Connection, conversation_id: int) -> None:
    """Write the facts of a conversation anew."""
    facts = db.execute(FACTS, {"id": conversation_id}).fetchone()
    last = _glimpse(db, facts["last_id"])
    if last is None:
        return
    ours = _glimpse(db, facts["ours_id"])
    state, asked_since = _derive(db, conversation_id, facts, ours)
    person, person_address = _other_end(db, facts, ours)
    lines = db.execute(USED_LINES, {"id": conversation_id}).fetchall()
    db.execute(
        _WRITE,
        {
            "id": conversation_id,
            "last_message_id": last["id"],
            "last_message_at": last["at"],
            "last_direction": last["direction"],
            "newest_inbound_id": facts["newest_inbound_id"] or 0,
            "asked_since": asked_since,
            "state": state.value,
            "undelivered": (bool(facts["troubled"]) and _undelivered(db, conversation_id))
            or db.execute(UNFINISHED, {"id": conversation_id}).fetchone() is not None,
            "needs_look": facts["needs_look"],
            "subject": _PREFIX.sub("", facts["subject"] or "") or (facts["subject"] or ""),
            "snippet": one_line(last["beginning"]),
            "channels": " ".join(dict.fromkeys(line["channel"] for line in lines)),
            "line_id": lines[0]["line_id"] if lines else "",
            "person": person,
            "person_address": person_address,
            "urgent": facts["urgent"],
            "signals": " ".join(_signals(db, conversation_id, facts, asked_since)),
        },
    )
    clock.refresh(db, conversation_id)
    promise_state.refresh(db, conversation_id)


def _signals(
    db: sqlite3.Connection, conversation_id: int, facts: sqlite3.Row, asked_since: int | None
) -> list[str]:
    """What the list says of the signals: rules that are open, what was opted out of, thanks."""
    marks: list[str] = []
    if facts["has_signals"]:
        rows = db.execute(SIGNALS, {"id": conversation_id}).fetchall()
        marks = sorted({row["rule"] for row in rows if row["state"] == "proposed"})
        opted = (
            row["rule"]
            for row in rows
            if row["state"] == "applied" and row["rule"] in {"IN02", "IN03", "IN07"}
        )
        marks += ["opted-out"] * (next(opted, "IN07") != "IN07")
    if asked_since is not None:
        # Mere thanks is all they wait with.
        values = {"id": facts["wanting_id"], "since": asked_since}
        marks += ["IN09"] * (db.execute(THANKS, values).fetchone() is not None)
    return marks


def _derive(
    db: sqlite3.Connection, conversation_id: int, facts: sqlite3.Row, ours: sqlite3.Row | None
) -> tuple[ConversationState, int | None]:
    """The state, and since when something in this conversation waits for us."""
    floor = (0, 0)
    if ours is not None:
        floor = (ours["answers_until"], ours["id"])
    done_at = facts["done_at"]
    if done_at is not None:
        floor = max(floor, (facts["done_inbound_at"], facts["done_message_id"]))
    since = None
    if facts["wanting_id"] is not None:
        since = db.execute(
            WAITING_SINCE,
            {"id": conversation_id, "floor_at": floor[0], "floor_id": floor[1]},
        ).fetchone()
    if since is not None:
        return ConversationState.NEEDS_REPLY, since["at"]
    if ours is None:
        # Nobody waits for anything: lists, automatic answers, or only what was taken back. What
        # failed is still ours to do.
        open_ = bool(facts["troubled"]) and done_at is None
        return (ConversationState.WAITING if open_ else ConversationState.DONE), None
    # A call that reached nobody answers nothing, but somebody is at work again.
    newer = (ours, _glimpse(db, facts["tried_id"]))
    if done_at is not None and not any(
        one is not None and one["id"] > facts["done_message_id"] and one["at"] >= done_at
        for one in newer
    ):
        return ConversationState.DONE, None
    return ConversationState.WAITING, None


def _undelivered(db: sqlite3.Connection, conversation_id: int) -> bool:
    """Whether a message failed that no later one to the same person made good, or is unknown."""
    troubled = db.execute(_TROUBLED, {"id": conversation_id}).fetchall()
    if any(row["status"] == "unknown" for row in troubled):
        return True
    oldest = min(row["at"] for row in troubled)
    arrived: dict[str, int] = {}
    for row in db.execute(_ARRIVED, {"id": conversation_id, "since": oldest - 1}):
        for key in _keys(row):
            arrived[key] = max(arrived.get(key, 0), row["at"])
    return any(arrived.get(key, 0) < row["at"] for row in troubled for key in _keys(row))


def _other_end(
    db: sqlite3.Connection, facts: sqlite3.Row, ours: sqlite3.Row | None
) -> tuple[str, str]:
    """Name and address of the person at the other end."""
    wanting = _glimpse(db, facts["wanting_id"])
    if wanting is not None:
        sender = unpack_address(wanting["sender"])
        if sender is not None:
            return sender.name, sender.value
    if facts["person"] or facts["person_address"] or ours is None:
        theirs = _glimpse(db, facts["newest_inbound_id"]) if not facts["person"] else None
        sender = unpack_address(theirs["sender"]) if theirs is not None else None
        if sender is not None and sender.name:
            return sender.name, sender.value
        return facts["person"], facts["person_address"]
    recipients = unpack_addresses(ours["recipients"])
    return (recipients[0].name, recipients[0].value) if recipients else ("", "")


def _glimpse(db: sqlite3.Connection, message_id: int | None) -> sqlite3.Row | None:
    if message_id is None:
        return None
    row: sqlite3.Row | None = db.execute(_GLIMPSE, {"id": message_id}).fetchone()
    return row


def _keys(row: sqlite3.Row) -> list[str]:
    addresses = (*unpack_addresses(row["recipients"]), *unpack_addresses(row["cc"]))
    return [address.key for address in addresses]


def marks_of_done(db: sqlite3.Connection, conversation_id: int) -> dict[str, Any]:
    """What a person has before them when they close a conversation: its newest message."""
    row = db.execute(
        """
        SELECT
            coalesce((SELECT at FROM message WHERE conversation_id = :id
                AND direction = 'inbound' AND nature IN ('personal', 'unreadable')
                ORDER BY at DESC, id DESC LIMIT 1), 0) AS inbound_at,
            coalesce((SELECT max(id) FROM message), 0) AS newest
        """,
        {"id": conversation_id},
    ).fetchone()
    return {"done_inbound_at": row["inbound_at"], "done_message_id": row["newest"]}

"""The table `conversation`: the list, one conversation, and what a person does with it."""

from __future__ import annotations

import sqlite3
import uuid
from datetime import datetime
from typing import Any, Final

from inbox.address import ChannelKind
from inbox.conversation import (
    COUNT_LIMIT,
    ConversationRow,
    ConversationState,
    Counts,
    ListState,
    Page,
    PageKey,
)
from inbox.errors import NotFound
from inbox.message import Direction, Message, MessageKind, MessageStatus, Nature
from store import clock, message, promise_state, record_due, state
from store.transaction import Transactions, Writing
from store.values import moment, stamp

COLUMNS: Final = f"""
    c.id, c.state, c.patient_id, c.person, c.person_address, c.subject, c.snippet, c.channels,
    c.line_id, c.last_message_at, c.last_direction, c.undelivered, c.assigned_to,
    iif(c.state = 'needs-reply', {clock.SINCE.strip()}, NULL) AS waiting_since,
    c.snoozed_until, c.done_at, c.suggested_merge, c.needs_look, c.urgent, c.signals,
    c.newest_inbound_id > c.seen_message_id AS unread,
    trim(coalesce(p.given, '') || ' ' || coalesce(p.family, '')) AS patient_name,
    EXISTS (SELECT 1 FROM record_due AS d WHERE d.conversation_id = c.id) AS unrecorded,
    (SELECT min(o.not_before) FROM outbox AS o WHERE o.conversation_id = c.id
        AND o.status = 'queued' AND o.automatic_retry = 0) AS leaves_at
"""  # noqa: S608 - constants
_PATIENT: Final = "LEFT JOIN patient AS p ON p.id = c.patient_id"
_FROM: Final = f"FROM conversation AS c {_PATIENT}"

_AWAKE: Final = "AND (c.snoozed_until IS NULL OR c.snoozed_until <= :now)"
# The conditions repeat those of the partial indexes word by word.
CONDITIONS: Final = {
    ListState.NEEDS_REPLY: f"c.state = 'needs-reply' {_AWAKE}",
    ListState.WAITING: f"c.state = 'waiting' {_AWAKE}",
    ListState.UNDELIVERED: f"c.undelivered = 1 {_AWAKE}",
    ListState.DONE: f"c.state = 'done' {_AWAKE}",
    ListState.UNKNOWN: f"c.patient_id IS NULL AND c.state <> 'done' {_AWAKE}",
    ListState.SNOOZED: "c.snoozed_until IS NOT NULL AND c.snoozed_until > :now",
    ListState.NEEDS_LOOK: "c.needs_look = 1",
    ListState.ALL: "1",
}
"""What a list holds; PROMISED is read by its promises (store/promise_state.py)."""
# Named outright: without statistics the planner would walk the whole list for a rare state.
INDEXES: Final = {
    ListState.NEEDS_REPLY: "conversation_by_state",
    ListState.WAITING: "conversation_by_state",
    ListState.UNDELIVERED: "conversation_undelivered",
    ListState.DONE: "conversation_by_state",
    ListState.UNKNOWN: "conversation_unknown",
    ListState.SNOOZED: "conversation_snoozed",
    ListState.NEEDS_LOOK: "conversation_look",
    ListState.ALL: "conversation_all",
}
_COUNTED: Final = {
    "needs_reply": ListState.NEEDS_REPLY,
    "waiting": ListState.WAITING,
    "undelivered": ListState.UNDELIVERED,
    "unknown": ListState.UNKNOWN,
    "snoozed": ListState.SNOOZED,
    "needs_look": ListState.NEEDS_LOOK,
}
_COUNT: Final = """
(SELECT count(*) FROM (
    SELECT 1 FROM conversation AS c INDEXED BY {}
    WHERE c.merged_into IS NULL AND {} LIMIT {})) AS {}
"""
# Whoever waits in two conversations waits once. (The words of `person_key`: SQLite reads a column
# that is generated from no index alone.)
_OVERDUE: Final = f"""
(SELECT count(DISTINCT person) FROM (
    SELECT coalesce('p ' || c.patient_id, 'a ' || nullif(lower(c.person_address), ''), c.id)
        AS person
    FROM conversation AS c INDEXED BY conversation_overdue
    WHERE c.merged_into IS NULL AND c.state = 'needs-reply' AND c.waiting_since <= :overdue {_AWAKE}
    LIMIT {COUNT_LIMIT})) AS overdue
"""  # noqa: S608 - constants
COUNTS: Final = "SELECT " + ", ".join(
    (
        *(
            _COUNT.format(INDEXES[listed], CONDITIONS[listed], COUNT_LIMIT, name)
            for name, listed in _COUNTED.items()
        ),
        _OVERDUE,
        f"({promise_state.COUNT.replace(':limit', str(COUNT_LIMIT))}) AS promised",
    )
)
ROW: Final = f"SELECT {COLUMNS} {_FROM} WHERE c.id = :id"
URGENT: Final = f"""
SELECT {COLUMNS} FROM conversation AS c INDEXED BY conversation_urgent {_PATIENT}
WHERE c.merged_into IS NULL AND c.urgent = 1
ORDER BY c.last_message_at DESC, c.id DESC LIMIT :limit
"""  # noqa: S608 - constants
_RESOLVE: Final = "SELECT coalesce(merged_into, id) FROM conversation WHERE id = :id"
# The last message was taken back only where nothing else is: there is nothing to look at, unless
# its words are kept to go on with.
_STANDING: Final = """
((SELECT l.status FROM message AS l WHERE l.id = c.last_message_id) IS NOT 'cancelled'
    OR EXISTS (SELECT 1 FROM draft AS k WHERE k.key = 'c' || c.id))
"""
OF_PATIENT: Final = f"""
SELECT {COLUMNS} {_FROM}
WHERE c.merged_into IS NULL AND c.patient_id = :patient_id AND c.patient_id IS NOT NULL
    AND {_STANDING}
ORDER BY c.last_message_at DESC, c.id DESC LIMIT :limit
"""
_LENGTH: Final = """
SELECT count(*) FROM (SELECT 1 FROM message WHERE conversation_id = :id LIMIT 1000)
"""
MESSAGES: Final = f"""
SELECT {message.COLUMNS} FROM message AS m WHERE m.conversation_id = :id
ORDER BY m.at DESC, m.id DESC LIMIT :limit
"""  # noqa: S608 - constants
MESSAGES_BEFORE: Final = f"""
SELECT {message.COLUMNS} FROM message AS m
WHERE m.conversation_id = :id
    AND (m.at, m.id) < ((SELECT at FROM message WHERE id = :before), :before)
ORDER BY m.at DESC, m.id DESC LIMIT :limit
"""  # noqa: S608 - constants
NEWEST_INBOUND: Final = f"""
SELECT {message.COLUMNS} FROM message AS m
WHERE m.conversation_id = :id AND m.direction = 'inbound'
    AND m.nature IN ('personal', 'unreadable')
ORDER BY m.at DESC, m.id DESC LIMIT 1
"""  # noqa: S608 - constants
_ASSIGN: Final = "UPDATE conversation SET assigned_to = :staff_id WHERE id = :id"
_SNOOZE: Final = "UPDATE conversation SET snoozed_until = :until WHERE id = :id"
_DONE: Final = """
UPDATE conversation SET done_at = :done_at, done_inbound_at = :done_inbound_at,
    done_message_id = :done_message_id, snoozed_until = NULL
WHERE id = :id
"""
_SEEN: Final = """
UPDATE conversation SET seen_message_id = :message_id
WHERE id = :id AND seen_message_id < :message_id
"""
_ABOUT: Final = "SELECT patient_id FROM conversation WHERE id = :id"
_LINK: Final = "UPDATE conversation SET patient_id = :patient_id WHERE id = :id"
# With the same patient as before nothing follows but what was about nobody.
_FOLLOWING: Final = """
SELECT id FROM message WHERE conversation_id = :id
    AND (patient_id IS NULL OR (patient_id = :former AND patient_id <> :patient_id))
ORDER BY at, id
"""
_LINK_MESSAGE: Final = """
UPDATE message SET patient_id = :patient_id, match_reason = :reason, indexed_patient = :name
WHERE id = :id
"""


def page_sql(listed: ListState, *, assigned: bool, after: bool) -> str:
    """The statement that reads a part of a list."""
    # Emergencies stand above every list, whatever it holds.
    where = f"c.merged_into IS NULL AND {CONDITIONS[listed]} AND c.urgent = 0 AND {_STANDING}"
    index = INDEXES[listed]
    if assigned:
        by_state = index == "conversation_by_state"
        index = "conversation_assigned_state" if by_state else "conversation_assigned"
        where += " AND c.assigned_to = :assigned_to AND c.assigned_to <> ''"
    if after:
        where += " AND (c.last_message_at, c.id) < (:after_at, :after_id)"
    return (
        f"SELECT {COLUMNS} FROM conversation AS c INDEXED BY {index} "  # noqa: S608 - constants
        f"{_PATIENT} WHERE {where} "
        "ORDER BY c.last_message_at DESC, c.id DESC LIMIT :limit"
    )


def promised_sql(*, owned: bool, after: bool) -> str:
    """The statement that reads a part of the list of promises, the soonest due first."""
    return promise_state.live_page(COLUMNS, _PATIENT, owned=owned, after=after)


class ConversationTable:
    """Implements `inbox.repository.ConversationStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def page(
        self,
        state: ListState,
        now: datetime,
        *,
        after: PageKey | None = None,
        limit: int = 50,
        assigned_to: str = "",
    ) -> Page:
        """Part of the list, newest first; emergencies above, whatever the list holds."""
        pinned: tuple[ConversationRow, ...] = ()
        if after is None:
            urgent = await self._do.read(lambda db: db.execute(URGENT, {"limit": limit}).fetchall())
            pinned = tuple(from_row(row) for row in urgent)
            limit -= len(pinned)
        if state is ListState.PROMISED:
            promised = await self._promised(now, after, limit, assigned_to)
            calm = (row for row in promised.rows if not row.urgent)
            return Page((*pinned, *calm), promised.next)
        statement = page_sql(state, assigned=bool(assigned_to), after=after is not None)
        values = {
            "now": stamp(now),
            "assigned_to": assigned_to,
            "after_at": stamp(after.at) if after else None,
            "after_id": after.id if after else None,
            "limit": limit + 1,
        }
        rows = await self._do.read(lambda db: db.execute(statement, values).fetchall())
        shown = tuple(from_row(row) for row in rows[:limit])
        if len(rows) <= limit:
            return Page((*pinned, *shown), None)
        if shown:
            return Page((*pinned, *shown), PageKey(shown[-1].last_message_at, shown[-1].id))
        # No room was left beside the emergencies: the next page begins with the first row.
        first = from_row(rows[0])
        return Page(pinned, PageKey(first.last_message_at, first.id + 1))

    async def counts(self, now: datetime, overdue_since: datetime | None = None) -> Counts:
        """How many are in each state, each counted up to COUNT_LIMIT."""
        values = {"now": stamp(now), "overdue": stamp(overdue_since)}
        row = await self._do.read(lambda db: db.execute(COUNTS, values).fetchone())
        return Counts(**{name: row[name] for name in (*_COUNTED, "overdue", "promised")})

    async def _promised(self, now: datetime, after: PageKey | None, limit: int, owner: str) -> Page:
        """Conversations with a promise to see to, the soonest due first."""
        statement = promised_sql(owned=bool(owner), after=after is not None)
        values = {
            "now": stamp(now),
            "assigned_to": owner,
            "after_at": stamp(after.at) if after else None,
            "after_id": after.id if after else None,
            "limit": limit + 1,
        }
        rows = await self._do.read(lambda db: db.execute(statement, values).fetchall())
        shown = rows[:limit]
        more = len(rows) > limit and shown
        last = PageKey(moment(shown[-1]["promise_due"]), shown[-1]["promise_id"]) if more else None
        return Page(tuple(from_row(row) for row in shown), last)

    async def row(self, conversation_id: int) -> ConversationRow:
        """One row. A merged conversation's id leads to the one it was merged into."""
        return await self._do.read(lambda db: read(db, conversation_id))

    async def of_patient(self, patient_id: str, limit: int) -> list[ConversationRow]:
        """A patient's conversations, newest first."""
        values = {"patient_id": patient_id, "limit": limit}
        rows = await self._do.read(lambda db: db.execute(OF_PATIENT, values).fetchall())
        return [from_row(row) for row in rows]

    async def messages(
        self, conversation_id: int, *, before: int | None = None, limit: int = 100
    ) -> list[Message]:
        """The latest messages in time order (oldest first), or those before message `before`."""
        statement = MESSAGES if before is None else MESSAGES_BEFORE

        def read(db: sqlite3.Connection) -> list[Message]:
            values = {"id": resolve(db, conversation_id), "before": before, "limit": limit}
            rows = db.execute(statement, values).fetchall()
            return [message.from_row(db, row) for row in reversed(rows)]

        return await self._do.read(read)

    async def message(self, message_id: int) -> Message:
        """One message. Raises NotFound."""
        return await self._do.read(lambda db: message.read(db, message_id))

    async def newest_inbound(self, conversation_id: int) -> Message | None:
        """The newest inbound message of a nature that wants an answer, or None."""

        def read(db: sqlite3.Connection) -> Message | None:
            row = db.execute(NEWEST_INBOUND, {"id": resolve(db, conversation_id)}).fetchone()
            return None if row is None else message.from_row(db, row)

        return await self._do.read(read)

    async def line_use(self, conversation_id: int) -> tuple[list[str], list[str]]:
        """Line ids this conversation received on, and was answered from; the latest first."""

        def read(db: sqlite3.Connection) -> list[sqlite3.Row]:
            values = {"id": resolve(db, conversation_id)}
            return db.execute(state.USED_LINES, values).fetchall()

        used = await self._do.read(read)
        received, answered = (
            [row["line_id"] for row in used if row["direction"] == way and row["line_id"]]
            for way in ("inbound", "outbound")
        )
        return received, answered

    async def add_note(self, conversation_id: int, staff_id: str, text: str, now: datetime) -> int:
        """Add a note; return the message's id."""

        def write(writing: Writing) -> int:
            target = resolve(writing.db, conversation_id)
            return _add_note(writing, target, staff_id, text, now)

        return await self._do.write(write)

    async def assign(self, conversation_id: int, staff_id: str) -> None:
        """Give it to a staff member; an empty id gives it to nobody."""
        await self._set(conversation_id, _ASSIGN, {"staff_id": staff_id})

    async def snooze(self, conversation_id: int, until: datetime | None) -> None:
        """Hide it until a moment or until something arrives; None wakes it."""
        await self._set(conversation_id, _SNOOZE, {"until": stamp(until)})

    async def set_done(self, conversation_id: int, now: datetime | None) -> None:
        """Close it; None opens it again. It opens by itself when something arrives."""

        def write(writing: Writing) -> None:
            target = resolve(writing.db, conversation_id)
            marks = {"done_inbound_at": 0, "done_message_id": 0}
            if now is not None:
                marks = state.marks_of_done(writing.db, target)
            writing.db.execute(_DONE, {"id": target, "done_at": stamp(now), **marks})
            state.refresh(writing.db, target)
            writing.tell_conversation(target)

        await self._do.write(write)

    async def mark_seen(self, conversation_id: int, message_id: int) -> None:
        """Somebody saw it up to this message."""
        await self._set(conversation_id, _SEEN, {"message_id": message_id})

    async def link(self, conversation_id: int, patient_id: str | None, reason: str) -> None:
        """Say whom it is about; its messages follow, see the contract."""

        def write(writing: Writing) -> None:
            db = writing.db
            target = resolve(db, conversation_id)
            former = db.execute(_ABOUT, {"id": target}).fetchone()["patient_id"]
            waited = clock.person_of(db, target)
            db.execute(_LINK, {"id": target, "patient_id": patient_id})
            if patient_id is not None:
                values = {"id": target, "former": former, "patient_id": patient_id}
                for row in db.execute(_FOLLOWING, values).fetchall():
                    link_message(writing, row["id"], patient_id, reason)
            # What could not be read is dealt with when somebody says whom it is about.
            state.refresh(db, target)
            clock.refresh(db, target)
            clock.refresh_person(db, waited)
            promise_state.refresh(db, target)
            promise_state.refresh_patient(db, former)
            writing.tell_conversation(target)

        await self._do.write(write)

    async def link_message(self, message_id: int, patient_id: str, reason: str) -> None:
        """Say that one message is about another patient; the record files follow."""

        def write(writing: Writing) -> None:
            found = message.read(writing.db, message_id)
            if found.patient_id != patient_id:
                link_message(writing, message_id, patient_id, reason)
                state.refresh(writing.db, found.conversation_id)
                promise_state.refresh(writing.db, found.conversation_id)
                for about in (found.patient_id, patient_id):
                    promise_state.refresh_patient(writing.db, about)
                writing.tell_conversation(found.conversation_id)

        await self._do.write(write)

    async def _set(self, conversation_id: int, statement: str, values: dict[str, Any]) -> None:
        def write(writing: Writing) -> None:
            target = resolve(writing.db, conversation_id)
            if writing.db.execute(statement, {"id": target, **values}).rowcount:
                writing.tell_conversation(target)

        await self._do.write(write)


def resolve(db: sqlite3.Connection, conversation_id: int) -> int:
    """The id of a conversation, or of the one it was merged into. Raises NotFound."""
    row = db.execute(_RESOLVE, {"id": conversation_id}).fetchone()
    if row is None:
        raise NotFound(
            "This conversation is not stored here.", "Look for it in the list or with a search."
        )
    return int(row[0])


def read(db: sqlite3.Connection, conversation_id: int) -> ConversationRow:
    """One row, with the number of its messages."""
    target = resolve(db, conversation_id)
    length = db.execute(_LENGTH, {"id": target}).fetchone()[0]
    return from_row(db.execute(ROW, {"id": target}).fetchone(), length)


def from_row(row: sqlite3.Row, messages: int = 0) -> ConversationRow:
    """A conversation from a row of `COLUMNS`."""
    derived = ConversationState(row["state"])
    return ConversationRow(
        id=row["id"],
        state=derived,
        patient_id=row["patient_id"],
        patient_name=row["patient_name"],
        person=row["person"],
        person_address=row["person_address"],
        subject=row["subject"],
        snippet=row["snippet"],
        channels=tuple(ChannelKind(kind) for kind in row["channels"].split()),
        line_id=row["line_id"],
        last_message_at=moment(row["last_message_at"]),
        last_direction=Direction(row["last_direction"]),
        waiting_since=moment(row["waiting_since"]),
        unread=bool(row["unread"]),
        undelivered=bool(row["undelivered"]),
        assigned_to=row["assigned_to"],
        snoozed_until=moment(row["snoozed_until"]),
        # Something newer opened it again: then the person's mark no longer says anything.
        done_at=moment(row["done_at"]) if derived is ConversationState.DONE else None,
        messages=messages,
        suggested_merge=row["suggested_merge"],
        needs_look=bool(row["needs_look"]),
        unrecorded=bool(row["unrecorded"]),
        leaves_at=moment(row["leaves_at"]),
        urgent=bool(row["urgent"]),
        signals=tuple(row["signals"].split()),
    )


def patient_name(db: sqlite3.Connection, patient_id: str | None) -> str:
    """A patient's name as search knows it, or empty."""
    if patient_id is None:
        return ""
    row = db.execute(
        "SELECT given, family FROM patient WHERE id = :id", {"id": patient_id}
    ).fetchone()
    return "" if row is None else f"{row['given']} {row['family']}".strip()


def link_message(writing: Writing, message_id: int, patient_id: str | None, reason: str) -> None:
    """Say whom one message is about, inside a transaction; the record files follow."""
    db = writing.db
    writing.unindex(message_id)
    record_due.mistaken(db, message_id)
    name = patient_name(db, patient_id)
    values = {"patient_id": patient_id, "reason": reason, "name": name}
    db.execute(_LINK_MESSAGE, {"id": message_id, **values})
    writing.index(message_id)
    record_due.add(db, message_id)


def _add_note(
    writing: Writing, conversation_id: int, staff_id: str, text: str, now: datetime
) -> int:
    db = writing.db
    patient_id = db.execute(
        "SELECT patient_id FROM conversation WHERE id = :id", {"id": conversation_id}
    ).fetchone()[0]
    message_id = message.insert(
        writing,
        {
            "uuid": str(uuid.uuid4()),
            "conversation_id": conversation_id,
            "direction": Direction.INTERNAL.value,
            "kind": MessageKind.NOTE.value,
            "nature": Nature.PERSONAL.value,
            "status": MessageStatus.NOTED.value,
            "line_id": "",
            "at": stamp(now),
            "patient_id": patient_id,
            "staff_id": staff_id,
            "indexed_patient": patient_name(db, patient_id),
            "text": text,
        },
        message.People(None),
    )
    record_due.add(db, message_id)
    state.refresh(db, conversation_id)
    writing.tell_conversation(conversation_id)
    return message_id

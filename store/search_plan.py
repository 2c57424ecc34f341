"""Where a search begins: in the index of words, in an index of messages, or with conversations.

Whatever is asked for, what is looked at is read from one end of an index.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from inbox.address import ChannelKind
from inbox.conversation import ListState, SearchKey
from inbox.search.present import Present
from inbox.search.query import Is, Query
from store import conversation, search_index
from store.search_words import Wording
from store.values import Parameters, stamp

CHUNK: Final = 200
"""So many row numbers are handed out together."""
FEW: Final = 200
"""A state is rare when no more conversations are in it."""
FEW_MESSAGES: Final = 1000
"""So many messages of them are looked at one by one at most."""
_FIRST_WINDOW: Final = 16_000
_WINDOWS: Final = 3
_LONGER: Final = 4
"""Each stretch is so many times as long as the one before."""
_LAST: Final = -(1 << 62), (1 << 62)
_LATEST: Final = 250_000_000_000_000_000
"""Microseconds: in the year 9892."""
_PLACES: Final = 20
"""Binary places of a row number within one millisecond."""
_SHARED: Final = (1 << 42) - 1
"""The millisecond that the year 2109 and everything later share."""

MATCHING: Final = """
SELECT rowid FROM message_text
WHERE message_text MATCH :match AND rowid >= :first AND rowid < :end
ORDER BY rowid DESC
"""
FARTHER: Final = """
SELECT search_id FROM message WHERE search_id >= :first AND search_id < :end
ORDER BY search_id DESC LIMIT 1 OFFSET :window
"""
NEWEST_ONE: Final = """
SELECT max(search_id) FROM message WHERE search_id >= :first AND search_id < :end
"""
_WALK: Final = """
SELECT search_id FROM message {} WHERE {} AND search_id >= :first AND search_id < :end
ORDER BY search_id DESC
"""
NEWEST: Final = _WALK.format("", "1")
WITH_FILES: Final = _WALK.format("INDEXED BY message_with_files", "files > 0")
NOTES: Final = _WALK.format("INDEXED BY message_note", "kind = 'note'")
OF_LINE: Final = _WALK.format("INDEXED BY message_of_line", "line_id = :line")
OF_CHANNEL: Final = _WALK.format(
    "INDEXED BY message_of_channel", "channel = :channel AND channel IN ('sms', 'phone', 'portal')"
)
OF_FEW: Final = """
SELECT search_id FROM message INDEXED BY message_by_time
WHERE conversation_id IN (SELECT value FROM json_each(:few))
    AND search_id >= :first AND search_id < :end LIMIT :most
"""

_PROMISED: Final = """
EXISTS (SELECT 1 FROM promise AS s INDEXED BY promise_open
    WHERE s.conversation_id = c.id AND s.stands > 0
        AND (s.stands = 2 OR (s.stands = 1 AND s.due > :now)))
"""
# Lines may have hours of their own, so each may have another moment.
_OVERDUE: Final = """
c.state = 'needs-reply' AND c.waiting_since <= coalesce(
    (SELECT value FROM json_each(:overdue) WHERE key = c.line_id), :overdue_else)
"""
STATES: Final = {
    Is.NEEDS_REPLY: "c.state = 'needs-reply'",
    Is.WAITING: "c.state = 'waiting'",
    Is.OVERDUE: _OVERDUE,
    Is.UNREAD: "c.newest_inbound_id > c.seen_message_id",
    Is.UNDELIVERED: "c.undelivered = 1",
    Is.PROMISED: _PROMISED,
    Is.UNKNOWN: "c.patient_id IS NULL AND c.state <> 'done'",
    Is.SNOOZED: "c.snoozed_until IS NOT NULL AND c.snoozed_until > :now",
    Is.DONE: "c.state = 'done'",
    Is.NOTE: "m.kind = 'note'",
}
"""What `is:` means, of a conversation `c` or a message `m`."""
INDEXES: Final = {
    Is.UNDELIVERED: conversation.INDEXES[ListState.UNDELIVERED],
    Is.UNREAD: "conversation_unread",
    Is.SNOOZED: conversation.INDEXES[ListState.SNOOZED],
    Is.UNKNOWN: conversation.INDEXES[ListState.UNKNOWN],
    Is.OVERDUE: "conversation_by_state",
    Is.NEEDS_REPLY: "conversation_by_state",
    Is.WAITING: "conversation_by_state",
    Is.DONE: "conversation_by_state",
}
"""Indexes of states in the order of time, the rarer states first."""
_MAY_BE_FEW: Final = (Is.UNDELIVERED, Is.UNREAD, Is.SNOOZED, Is.UNKNOWN, Is.NEEDS_REPLY)
FEW_PROMISED: Final = """
SELECT DISTINCT conversation_id FROM promise INDEXED BY promise_standing
WHERE stands > 0 AND stands IN (1, 2) LIMIT :most
"""
FEW_OVERDUE: Final = """
SELECT c.id FROM conversation AS c INDEXED BY conversation_overdue
WHERE c.merged_into IS NULL AND c.state = 'needs-reply' AND c.waiting_since <= :overdue_last
LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of what is to be looked at."""

    ids: tuple[int, ...]
    """Row numbers of messages, the newest first."""
    reached: int
    """Everything from here on has been handed out; no part behind it reaches so far."""


class Plan:
    """One page of a search: what to look at, and the conditions."""

    def __init__(
        self,
        db: sqlite3.Connection,
        asked: Query,
        present: Present,
        words: Wording,
        after: SearchKey | None,
    ) -> None:
        """Plan to look at what is behind `after`."""
        self._shown = after.shown if after else frozenset[int]()
        self._db = db
        self._asked = asked
        self._words = words
        self.first, last = _range(asked, present)
        self.end = min(after.before, last) if after else last
        self.conditions, self.values = _conditions(asked, present)
        self.whole = False
        """The words are to be looked for in each message, too."""
        self.stopped = False
        """There is more behind the last part."""

    def parts(self) -> Iterator[Part]:
        """What to look at, bit by bit; ends where there is nothing more, or enough for a page."""
        if self._words.hopeless:
            return iter(())
        few = self._few()
        if few is not None:
            self.whole = True
            return self._few_parts(few)
        if self._words.match:
            return self._windows()
        if self._asks_for_conversations():
            return self._conversations()
        return self._walk()

    def _values(self, **more: object) -> Parameters:
        return {"first": self.first, "end": self.end, **self.values, **more}

    def _few(self) -> list[int] | None:
        """Row numbers of all messages of the conversations of a rare state, if one is asked for."""
        for statement in self._rare():
            values = self._values(most=FEW + 1)
            found = [row[0] for row in self._db.execute(statement, values)]
            if len(found) > FEW:
                continue
            values = self._values(few=json.dumps(found), most=FEW_MESSAGES + 1)
            ids = [row[0] for row in self._db.execute(OF_FEW, values)]
            if len(ids) <= FEW_MESSAGES:
                return sorted(ids, reverse=True)
        return None

    def _rare(self) -> Iterator[str]:
        asked = self._asked
        if Is.PROMISED in asked.states:
            yield FEW_PROMISED
        if Is.OVERDUE in asked.states:
            yield FEW_OVERDUE
        if self._asks_for_conversations():
            # Its newest messages are all that is wanted, and an index has them in order.
            return
        for state in _MAY_BE_FEW:
            if state in asked.states:
                yield few_of(state)
        if asked.assigned.wanted and "" not in asked.assigned.wanted:
            yield FEW_ASSIGNED

    def _few_parts(self, ids: list[int]) -> Iterator[Part]:
        for at in range(0, len(ids), CHUNK):
            chunk = tuple(ids[at : at + CHUNK])
            yield Part(chunk, chunk[-1])

    def _windows(self) -> Iterator[Part]:
        """What the index of words finds, in ever longer stretches of time.

        Two frequent words that never stand together make it walk through both lists.
        """
        length = self._window() if self._words.costly else None
        values: Parameters = {"match": self._words.match, "end": self.end}
        for _ in range(_WINDOWS):
            end = values["end"]
            low = self.first if length is None else max(self.first, end - length)
            values["first"] = low
            yield from self._read(self._db.execute(MATCHING, values))
            if low == self.first:
                return
            yield Part((), low)
            values["end"] = low
            length = (length or 0) * _LONGER
        self.stopped = True

    def _window(self) -> int | None:
        """How far back the newest few thousand messages reach, as a distance of row numbers."""
        values = self._values(window=_FIRST_WINDOW)
        ends = [self._db.execute(one, values).fetchone() for one in (FARTHER, NEWEST_ONE)]
        if ends[0] is None or ends[1] is None:
            return None
        self.end = min(self.end, int(ends[1][0]) + 1)
        return self.end - int(ends[0][0])

    def _walk(self) -> Iterator[Part]:
        """Messages in the order of time, by the narrowest index there is."""
        asked = self._asked
        values = self._values()
        statement = NEWEST
        if Is.NOTE in asked.states:
            statement = NOTES
        elif len(asked.lines.wanted) == 1:
            statement = OF_LINE
            (values["line"],) = asked.lines.wanted
        elif len(asked.channels.wanted) == 1 and ChannelKind.EMAIL not in asked.channels.wanted:
            statement = OF_CHANNEL
            (values["channel"],) = asked.channels.wanted
        elif asked.with_files:
            statement = WITH_FILES
        return self._read(self._db.execute(statement, values))

    def _asks_for_conversations(self) -> bool:
        """Whether nothing is asked for but what conversations are."""
        asked = self._asked
        plain = Query(
            states=asked.states - {Is.NOTE},
            not_states=asked.not_states - {Is.NOTE},
            assigned=asked.assigned,
        )
        return asked == plain

    def _conversations(self) -> Iterator[Part]:
        statement = self._listed()
        shown = json.dumps(sorted(self._shown))
        values = self._values(before=moment_before(self.end), shown=shown)
        return self._read(self._db.execute(statement, values))

    def _listed(self) -> str:
        assigned = self._asked.assigned.wanted - {""}
        state = next((state for state in INDEXES if state in self._asked.states), None)
        if state is not None:
            return listed(INDEXES[state], self.conditions)
        if len(assigned) == 1 and "" not in self._asked.assigned.wanted:
            (self.values["one"],) = assigned
            narrow = " AND c.assigned_to <> '' AND c.assigned_to = :one"
            return listed("conversation_assigned", self.conditions + narrow)
        return listed("conversation_all", self.conditions)

    def _read(self, cursor: sqlite3.Cursor) -> Iterator[Part]:
        while chunk := tuple(row[0] for row in cursor.fetchmany(CHUNK)):
            yield Part(chunk, chunk[-1])


def few_of(state: Is) -> str:
    """The statement that counts the conversations of a state as far as it is rare."""
    return (
        f"SELECT c.id FROM conversation AS c INDEXED BY {INDEXES[state]} "  # noqa: S608 - constants
        f"WHERE c.merged_into IS NULL AND {STATES[state]} LIMIT :most"
    )


FEW_ASSIGNED: Final = """
SELECT c.id FROM conversation AS c INDEXED BY conversation_assigned
WHERE c.merged_into IS NULL AND c.assigned_to <> ''
    AND c.assigned_to IN (SELECT value FROM json_each(:assigned)) LIMIT :most
"""


def listed(index: str, conditions: str) -> str:
    """The statement that reads the newest messages of conversations, the newest first."""
    return (
        "SELECT m.search_id FROM (SELECT c.last_message_id FROM conversation AS c "  # noqa: S608 - parts
        f"INDEXED BY {index} WHERE c.merged_into IS NULL {conditions} "
        # Of one moment there may be many.
        "AND c.last_message_at <= :before AND c.id NOT IN (SELECT value FROM json_each(:shown)) "
        "ORDER BY c.last_message_at DESC, c.id DESC) AS newest "
        "CROSS JOIN message AS m ON m.id = newest.last_message_id"
    )


def _conditions(asked: Query, present: Present) -> tuple[str, Parameters]:
    """Conditions on `m` and `c`, each with AND before it, and their values."""
    values: Parameters = {"now": stamp(present.now)}
    parts = [STATES[state] for state in sorted(asked.states)]
    parts += [f"NOT ({STATES[state]})" for state in sorted(asked.not_states)]
    if Is.OVERDUE in asked.states | asked.not_states:
        overdue = {line: stamp(since) for line, since in present.overdue.items()}
        values["overdue"] = json.dumps(overdue)
        values["overdue_else"] = overdue.get("", -1)
        values["overdue_last"] = max(overdue.values(), default=-1)
    for column, sides in (
        ("m.channel", asked.channels),
        ("m.line_id", asked.lines),
        ("c.assigned_to", asked.assigned),
    ):
        name = column.partition(".")[2].removesuffix("_to").removesuffix("_id")
        for key, ids in ((name, sides.wanted), (f"not_{name}", sides.unwanted)):
            if ids:
                among = f"(SELECT value FROM json_each(:{key}))"  # noqa: S608 - constants
                parts.append(f"coalesce({column}, '') {'NOT ' * (key != name)}IN {among}")
                values[key] = json.dumps(sorted(ids))
    parts += ["m.files > 0"] * asked.with_files + ["m.files = 0"] * asked.without_files
    # Years before 1970 and after 2108 share row numbers, so the moment itself is compared as well.
    if asked.first_day is not None:
        parts.append("m.at >= :since")
        values["since"] = stamp(_midnight(asked.first_day, present))
    if asked.last_day is not None:
        parts.append("m.at < :until")
        values["until"] = stamp(_midnight(_after(asked.last_day), present))
    for number, (first, last) in enumerate(asked.not_days):
        parts.append(f"NOT (m.at >= :since{number} AND m.at < :until{number})")
        values[f"since{number}"] = stamp(_midnight(first, present))
        values[f"until{number}"] = stamp(_midnight(_after(last), present))
    return "".join(f" AND ({part})" for part in parts), values


def _range(asked: Query, present: Present) -> tuple[int, int]:
    """The row numbers of the days asked for: from the first to before the second."""
    first, end = _LAST
    if asked.first_day is not None:
        first = search_index.first_id(stamp(_midnight(asked.first_day, present)))
    if asked.last_day is not None:
        last = search_index.first_id(stamp(_midnight(_after(asked.last_day), present)))
        end = max(last, 1 << _PLACES) if last >> _PLACES < _SHARED else end
    return first, end


def _after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)


def _midnight(at: date, present: Present) -> datetime:
    """The beginning of a day in the practice, kept to days that every zone can place."""
    at = min(max(at, date(2, 1, 1)), date(9998, 12, 31))
    return datetime.combine(at, time(), present.zone)


def moment_before(end: int) -> int:
    """The latest moment of a message before a row number (microseconds since 1970)."""
    millisecond = end >> _PLACES
    return millisecond * 1000 + 999 if millisecond < _SHARED else _LATEST

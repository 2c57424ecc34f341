"""Full-text search: the newest matches first, grouped by conversation, with bounded work."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from inbox.address import Address, AddressSystem
from inbox.clock import Clock
from inbox.conversation import SearchHit
from store import conversation, query, search_index
from store.query import Is, Query, Term, Where
from store.snippet import snippet
from store.transaction import Transactions
from store.values import Parameters, stamp, storable, unpack_address, unpack_addresses

CANDIDATES: Final = 5000
"""How many of the newest matches are looked at; older ones are found by narrower words."""
_CHUNK: Final = 200

MATCHING: Final = """
SELECT rowid FROM message_text
WHERE message_text MATCH :match AND rowid >= :first AND rowid < :end
ORDER BY rowid DESC LIMIT :candidates
"""
NEWEST: Final = """
SELECT search_id FROM message WHERE search_id >= :first AND search_id < :end
ORDER BY search_id DESC LIMIT :candidates
"""
_EXCLUDED: Final = """
SELECT rowid FROM message_text
WHERE message_text MATCH :match AND rowid BETWEEN :low AND :high
"""
_LAST: Final = -(1 << 62), (1 << 62)

_STATES: Final = {
    Is.NEEDS_REPLY: "c.state = 'needs-reply'",
    Is.WAITING: "c.state = 'waiting'",
    Is.DONE: "c.state = 'done'",
    Is.UNDELIVERED: "c.undelivered = 1",
    Is.UNREAD: "c.newest_inbound_id > c.seen_message_id",
}


class SearchTable:
    """Implements `inbox.repository.SearchStore`."""

    def __init__(self, transactions: Transactions, clock: Clock) -> None:
        """Work through `transactions`; `clock` says what `today` is, on this machine."""
        self._do = transactions
        self._clock = clock

    async def search(self, query: str, limit: int) -> list[SearchHit]:
        """Conversations that match, newest first; never an error for what a person typed."""
        today = self._clock().astimezone().date()
        return await self._do.read(lambda db: search(db, query, limit, today))


def search(db: sqlite3.Connection, text: str, limit: int, today: date) -> list[SearchHit]:
    """Conversations that match what a person typed, newest first."""
    asked = query.parse(storable(text), today)
    if asked.is_empty or limit < 1:
        return []
    try:
        return _hits(db, asked, limit)
    except sqlite3.OperationalError as error:
        # Words that the index cannot read are words that nothing matches.
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            return []
        raise


def _hits(db: sqlite3.Connection, asked: Query, limit: int) -> list[SearchHit]:
    found: dict[int, sqlite3.Row] = {}
    for row in _matches(db, asked):
        found.setdefault(row["conversation_id"], row)
        if len(found) == limit:
            break
    statement = (
        f"SELECT {conversation.COLUMNS} FROM json_each(:ids) AS wanted "  # noqa: S608 - constants
        "JOIN conversation AS c ON c.id = wanted.value "
        "LEFT JOIN patient AS p ON p.id = c.patient_id"
    )
    rows = db.execute(statement, {"ids": json.dumps(list(found))}).fetchall()
    by_id = {row["id"]: conversation.from_row(row) for row in rows}
    wanted = [term.text for term in asked.wanted]
    return [
        SearchHit(by_id[key], row["id"], snippet(_texts(row), wanted)) for key, row in found.items()
    ]


def _matches(db: sqlite3.Connection, asked: Query) -> Iterator[sqlite3.Row]:
    """Messages that match, newest first, one read of a few hundred after the other."""
    condition, values = _condition(asked)
    statement = f"""
        SELECT m.id, m.conversation_id, m.search_id, m.subject, m.sender, m.recipients, m.cc,
            m.indexed_patient, substr(m.text, 1, 50000) AS text,
            (SELECT group_concat(a.name, ' ') FROM attachment AS a
                WHERE a.message_id = m.id) AS file_names
        FROM message AS m CROSS JOIN conversation AS c ON c.id = m.conversation_id
        WHERE m.search_id IN (SELECT value FROM json_each(:ids)) {condition}
        ORDER BY m.search_id DESC
    """  # noqa: S608 - constants
    candidates = _candidates(db, asked)
    while chunk := [row[0] for row in candidates.fetchmany(_CHUNK)]:
        ids = _without_excluded(db, asked, chunk)
        yield from db.execute(statement, {**values, "ids": json.dumps(ids)}).fetchall()


def _candidates(db: sqlite3.Connection, asked: Query) -> sqlite3.Cursor:
    """Row numbers of messages to look at, the newest first."""
    first, end = _range(asked)
    values: Parameters = {"first": first, "end": end, "candidates": CANDIDATES}
    if asked.wanted:
        statement, values["match"] = MATCHING, _expression(asked)
    elif _asks_for_conversations(asked):
        return _of_conversations(db, asked)
    else:
        statement = NEWEST
    return db.execute(statement, values)


def _asks_for_conversations(asked: Query) -> bool:
    """Whether nothing but the state of conversations is asked for."""
    return asked == Query(states=asked.states) and Is.NOTE not in asked.states


def _of_conversations(db: sqlite3.Connection, asked: Query) -> sqlite3.Cursor:
    conditions = " AND ".join(_STATES[state] for state in sorted(asked.states))
    statement = (
        "SELECT m.search_id FROM (SELECT c.last_message_id FROM conversation AS c "  # noqa: S608 - parts
        f"WHERE c.merged_into IS NULL AND {conditions} "
        "ORDER BY c.last_message_at DESC, c.id DESC LIMIT :candidates) AS newest "
        "CROSS JOIN message AS m ON m.id = newest.last_message_id"
    )
    return db.execute(statement, {"candidates": CANDIDATES})


def _without_excluded(db: sqlite3.Connection, asked: Query, ids: list[int]) -> list[int]:
    """The ids without those that hold an excluded word, when there is no wanted one."""
    excluded = [term for term in asked.terms if term.excluded]
    if asked.wanted or not excluded:
        return ids
    match = " OR ".join(_phrase(term) for term in excluded)
    rows = db.execute(_EXCLUDED, {"match": match, "low": min(ids), "high": max(ids)})
    out = {row[0] for row in rows}
    return [key for key in ids if key not in out]


def _condition(asked: Query) -> tuple[str, Parameters]:
    parts = [_STATES[state] for state in sorted(asked.states) if state is not Is.NOTE]
    values: Parameters = {}
    if Is.NOTE in asked.states:
        parts.append("m.kind = 'note'")
    if asked.channel is not None:
        parts.append("m.channel = :channel")
        values["channel"] = asked.channel.value
    if asked.has_attachment:
        parts.append("m.files > 0")
    return "".join(f" AND {part}" for part in parts), values


def _expression(asked: Query) -> str:
    """The FTS5 expression: https://sqlite.org/fts5.html#full_text_query_syntax."""
    wanted = " AND ".join(_phrase(term) for term in asked.wanted)
    excluded = " OR ".join(_phrase(term) for term in asked.terms if term.excluded)
    return f"({wanted}) NOT ({excluded})" if excluded else wanted


def _phrase(term: Term) -> str:
    quoted = '"' + term.text.replace('"', '""') + '"' + (" *" if term.prefix else "")
    return quoted if term.where is Where.ANYWHERE else f"{term.where.value} : {quoted}"


def _range(asked: Query) -> tuple[int, int]:
    """The row numbers of the days asked for: from the first to before the second."""
    first, end = _LAST
    if asked.first_day is not None:
        first = search_index.first_id(stamp(_midnight(asked.first_day)))
    if asked.last_day is not None and asked.last_day < date.max:
        end = search_index.first_id(stamp(_midnight(asked.last_day + timedelta(days=1))))
    return first, end


def _midnight(at: date) -> datetime:
    """The beginning of a day on this machine, kept to days that every system can place."""
    at = min(max(at, date(1971, 1, 1)), date(9998, 12, 31))
    return datetime.combine(at, time()).astimezone()


def _texts(row: sqlite3.Row) -> list[str]:
    sender = unpack_address(row["sender"])
    people = [*unpack_addresses(row["recipients"]), *unpack_addresses(row["cc"])]
    return [
        row["text"],
        row["subject"],
        _shown(sender) if sender else "",
        " ".join(_shown(address) for address in people[:20]),
        row["file_names"] or "",
        row["indexed_patient"],
    ]


def _shown(person: Address) -> str:
    """Somebody as a found place shows them; what a portal calls them is for nobody to read."""
    return person.words if person.system is AddressSystem.PORTAL else str(person)

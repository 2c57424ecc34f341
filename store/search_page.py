"""One part of what a search finds: the newest matches first, grouped by conversation."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from inbox.address import Address, AddressSystem
from inbox.conversation import SearchHit, SearchKey, SearchPage
from inbox.search.present import Present
from inbox.search.query import Query, Term, Where
from store import conversation, search_index
from store.search_plan import Plan, moment_before
from store.search_words import check, wording
from store.snippet import snippet
from store.values import moment, storable, unpack_address, unpack_addresses

LOOKED_AT: Final = 3000
"""So many messages are looked at for one part at most."""
_NEWEST: Final = 1 << 62
_SHOWN: Final = 50_000
"""Letters of a message that a snippet is taken from."""

_FILES: Final = """
(SELECT group_concat(name, ' ') FROM (
    SELECT name FROM attachment WHERE message_id = m.id ORDER BY ordinal))
"""
LOOK: Final = """
SELECT m.search_id, m.id, m.conversation_id, m.at
FROM message AS m CROSS JOIN conversation AS c ON c.id = m.conversation_id
WHERE m.search_id IN (SELECT value FROM json_each(:ids)) {}
ORDER BY m.search_id DESC
"""
TEXT: Final = f"""
SELECT m.text, m.subject, m.sender, m.recipients, m.cc, m.reply_to, m.indexed_patient,
    {_FILES} AS files
FROM message AS m WHERE m.id = :id
"""  # noqa: S608 - constants
ROWS: Final = (
    f"SELECT {conversation.COLUMNS} FROM json_each(:ids) AS wanted "  # noqa: S608 - constants
    "CROSS JOIN conversation AS c ON c.id = wanted.value "
    "LEFT JOIN patient AS p ON p.id = c.patient_id"
)


def find(
    db: sqlite3.Connection, asked: Query, present: Present, after: SearchKey | None, limit: int
) -> SearchPage:
    """One part of what is found."""
    try:
        return _Search(db, asked, present, after).page(limit)
    except sqlite3.OperationalError as error:
        # Words that the index cannot read are words that nothing matches.
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            return SearchPage((), None)
        raise


class _Search:
    """One part of a search."""

    def __init__(
        self, db: sqlite3.Connection, asked: Query, present: Present, after: SearchKey | None
    ) -> None:
        self._db = db
        self._terms = [_storable(term) for term in asked.terms]
        self._shown = set(after.shown) if after else set[int]()
        self._reached = after.before if after else _NEWEST
        words = wording(db, self._terms)
        self._plan = Plan(db, asked, present, words, after)
        self._checks = words.checks

    def page(self, limit: int) -> SearchPage:
        """Look until so many are found, or enough was looked at."""
        found: list[sqlite3.Row] = []
        looked = 0
        more = False
        for part in self._plan.parts():
            if looked >= LOOKED_AT:
                more = True
                break
            looked += len(part.ids)
            for row in self._matching(part.ids):
                self._shown.add(row["conversation_id"])
                found.append(row)
                if len(found) == limit:
                    break
            if len(found) == limit:
                self._reached, more = found[-1]["search_id"], True
                break
            self._reached = part.reached
        else:
            more = self._plan.stopped
        hits = self._hits(found)
        return SearchPage(hits, self._key() if more else None)

    def _key(self) -> SearchKey:
        at = moment(moment_before(self._reached))
        return SearchKey(self._reached, frozenset(self._shown), at)

    def _matching(self, ids: Sequence[int]) -> Iterator[sqlite3.Row]:
        """Messages of some that match, of each conversation not shown yet the newest."""
        statement = LOOK.format(self._plan.conditions)
        values = {**self._plan.values, "ids": json.dumps(ids)}
        checks = self._terms if self._plan.whole else self._checks
        holds = [_checker(term) for term in checks]
        for row in self._db.execute(statement, values).fetchall():
            if row["conversation_id"] in self._shown:
                continue
            if not holds:
                yield row
                continue
            texts = _Texts(self._db.execute(TEXT, {"id": row["id"]}).fetchone())
            if all(one(texts) for one in holds):
                yield row

    def _hits(self, found: Sequence[sqlite3.Row]) -> tuple[SearchHit, ...]:
        ids = json.dumps([row["conversation_id"] for row in found])
        rows = self._db.execute(ROWS, {"ids": ids}).fetchall()
        by_id = {row["id"]: conversation.from_row(row) for row in rows}
        wanted = [term for term in self._terms if not term.excluded]
        hits = []
        for row in found:
            texts = _Texts(self._db.execute(TEXT, {"id": row["id"]}).fetchone())
            shown = by_id[row["conversation_id"]]
            hits.append(SearchHit(shown, row["id"], snippet(texts.to_show(), wanted)))
        return tuple(hits)


class _Texts:
    """What of a message is searched, part by part."""

    def __init__(self, row: sqlite3.Row) -> None:
        self._row = row

    def of(self, where: Where) -> Iterator[str]:
        """The parts a word may stand in, as the index holds them."""
        row = self._row
        if where in {Where.ANYWHERE, Where.ABOUT}:
            yield row["subject"]
        if where in {Where.ANYWHERE, Where.ABOUT, Where.PATIENT}:
            yield row["indexed_patient"]
        if where in {Where.ANYWHERE, Where.SENDER}:
            yield search_index.names(row["sender"] or "[]", row["reply_to"])
        if where in {Where.ANYWHERE, Where.RECIPIENTS}:
            yield search_index.names(row["recipients"], row["cc"])
        if where in {Where.ANYWHERE, Where.FILES}:
            yield row["files"] or ""
        if where is Where.ANYWHERE:
            yield row["text"]

    def to_show(self) -> list[tuple[Where, str]]:
        """The parts as people read them, the likeliest first."""
        row = self._row
        sender = unpack_address(row["sender"])
        people = [*unpack_addresses(row["recipients"]), *unpack_addresses(row["cc"])]
        return [
            (Where.ANYWHERE, row["text"][:_SHOWN]),
            (Where.ABOUT, row["subject"]),
            (Where.SENDER, _shown(sender) if sender else ""),
            (Where.RECIPIENTS, " ".join(_shown(address) for address in people[:20])),
            (Where.FILES, row["files"] or ""),
            (Where.PATIENT, row["indexed_patient"]),
        ]


def _checker(term: Term) -> Callable[[_Texts], bool]:
    holds = check(term)

    def satisfied(texts: _Texts) -> bool:
        return any(map(holds, texts.of(term.where))) is not term.excluded

    return satisfied


def _storable(term: Term) -> Term:
    return Term(storable(term.text), term.where, term.prefix, term.excluded)


def _shown(person: Address) -> str:
    """Somebody as a found place shows them; what a portal calls them is for nobody to read."""
    return person.words if person.system is AddressSystem.PORTAL else str(person)

"""What a person types into the search, read into conditions; a pure function that never raises.

Words match as beginnings, `"a phrase"` as it stands, and `-` before anything excludes it.
`from:` `to:` `patient:` `about:` `filename:` say where a word stands; `channel:` `line:`
`assigned:` `is:` `has:attachment` `before:` `after:` `on:` narrow it. Anything else is a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from inbox.address import ChannelKind
from inbox.search.days import Days, read_days
from inbox.search.scope import Scope, folded


class Is(StrEnum):
    """What `is:` asks for."""

    NEEDS_REPLY = "needs-reply"
    WAITING = "waiting"
    OVERDUE = "overdue"
    UNREAD = "unread"
    UNDELIVERED = "undelivered"
    PROMISED = "promised"
    UNKNOWN = "unknown"
    SNOOZED = "snoozed"
    DONE = "done"
    NOTE = "note"


class Where(StrEnum):
    """Which parts of a message a word is looked for in: columns of the index."""

    ANYWHERE = ""
    SENDER = "sender"
    RECIPIENTS = "recipients"
    PATIENT = "patient"
    ABOUT = "subject patient"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Term:
    """Words that a message holds, or does not."""

    text: str
    """In this order, side by side; it holds at least one letter or digit."""
    where: Where = Where.ANYWHERE
    prefix: bool = True
    """The last word may go on."""
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Sides:
    """One of these, and none of those."""

    wanted: frozenset[str] = frozenset()
    """Any of them will do; empty asks for nothing."""
    unwanted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Query:
    """Conditions, all of which hold for what is found."""

    terms: tuple[Term, ...] = ()
    channels: Sides = Sides()
    """Values of `ChannelKind`."""
    lines: Sides = Sides()
    """Ids of lines."""
    assigned: Sides = Sides()
    """Ids of staff; the empty one is nobody."""
    states: frozenset[Is] = frozenset()
    """All of them hold."""
    not_states: frozenset[Is] = frozenset()
    """None of them holds."""
    with_files: bool = False
    """It has an attachment."""
    without_files: bool = False
    """It has none; with the other one as well, nothing is found."""
    first_day: date | None = None
    """The first day that counts."""
    last_day: date | None = None
    """The last day that counts."""
    not_days: tuple[Days, ...] = ()
    """Days that do not count."""
    unread: tuple[str, ...] = field(default=(), compare=False)
    """Pieces that look like conditions and are none, as typed; they are looked for as words."""

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing."""
        return self == Query()

    @property
    def wanted(self) -> tuple[Term, ...]:
        """What has to be there."""
        return tuple(term for term in self.terms if not term.excluded)

    @property
    def excluded(self) -> tuple[Term, ...]:
        """What must not be there."""
        return tuple(term for term in self.terms if term.excluded)


PLACES: Final = {
    "from": Where.SENDER,
    "to": Where.RECIPIENTS,
    "patient": Where.PATIENT,
    "about": Where.ABOUT,
    "filename": Where.FILES,
}
"""Operators that say where a word stands."""
CHANNELS: Final = {
    **{kind.value: kind for kind in ChannelKind},
    "mail": ChannelKind.EMAIL,
    "e-mail": ChannelKind.EMAIL,
    "text": ChannelKind.SMS,
    "call": ChannelKind.PHONE,
}
"""How a channel is called."""
DATES: Final = ("before", "after", "on", "since", "until")
OPERATORS: Final = (*PLACES, "channel", "line", "assigned", "is", "has", *DATES)
"""Everything that may stand before a colon."""
_ATTACHMENTS: Final = ("attachment", "attachments", "file", "files")
_QUOTES: Final = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_PIECE: Final = re.compile(r'(-?)(?:(\w+):)?(?:"([^"]*)"?|(\S+))')
_LONGEST: Final = 100_000
_DATE_WORDS: Final = 3
"""A date without quotes goes on for so many words at most: `3 march 2026`."""
_Piece = tuple[str, str, str | None, str]


def parse(text: str, scope: Scope) -> Query:
    """Read what a person typed.

    Args:
        text: Anything at all.
        scope: The day it is typed on, and the names that the practice knows.
    """
    pieces = _pieces(text[:_LONGEST])
    reader = _Reader(scope)
    at = 0
    while at < len(pieces):
        at += reader.take(pieces, at)
    return Query(
        terms=tuple(dict.fromkeys(reader.terms)),
        channels=reader.channels.sides,
        lines=reader.lines.sides,
        assigned=reader.assigned.sides,
        states=frozenset(reader.states),
        not_states=frozenset(reader.not_states),
        with_files=reader.with_files,
        without_files=reader.without_files,
        first_day=reader.first_day,
        last_day=reader.last_day,
        not_days=tuple(reader.not_days),
        unread=tuple(dict.fromkeys(reader.unread)),
    )


def _pieces(text: str) -> list[_Piece]:
    found = _PIECE.finditer(text.translate(_QUOTES))
    return [(m[1], (m[2] or "").casefold(), m[3], m[4] or "") for m in found]


class _Both:
    """Collects both sides."""

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._unwanted: set[str] = set()

    def add(self, values: frozenset[str], *, excluded: bool) -> bool:
        """Take values; say whether there are any."""
        (self._unwanted if excluded else self._wanted).update(values)
        return bool(values)

    @property
    def sides(self) -> Sides:
        return Sides(frozenset(self._wanted), frozenset(self._unwanted))


class _Reader:
    """Collects the pieces of a query."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.terms: list[Term] = []
        self.channels, self.lines, self.assigned = _Both(), _Both(), _Both()
        self.states: set[Is] = set()
        self.not_states: set[Is] = set()
        self.with_files = self.without_files = False
        self.first_day: date | None = None
        self.last_day: date | None = None
        self.not_days: list[Days] = []
        self.unread: list[str] = []
        self._readers: dict[str, Callable[[str, bool], bool]] = {
            "channel": lambda value, minus: self.channels.add(_channel(value), excluded=minus),
            "line": lambda value, minus: self.lines.add(scope.line(value), excluded=minus),
            "assigned": lambda value, minus: self.assigned.add(scope.member(value), excluded=minus),
            "is": self._state,
            "has": self._has,
        }

    def take(self, pieces: list[_Piece], at: int) -> int:
        """Take the piece at a place, and say how many pieces it took."""
        minus, name, phrase, bare = pieces[at]
        if not name and bare.endswith(":") and bare[:-1].casefold() in OPERATORS:
            # `from: rosa`: what follows is its value, unless that is a condition itself.
            name = bare[:-1].casefold()
            if at + 1 == len(pieces) or pieces[at + 1][0] or pieces[at + 1][1]:
                return 1
            _, _, phrase, bare = pieces[at + 1]
            return 1 + self._piece(pieces, at + 1, (minus, name, phrase, bare))
        return self._piece(pieces, at, (minus, name, phrase, bare))

    def _piece(self, pieces: list[_Piece], at: int, piece: _Piece) -> int:
        minus, name, phrase, bare = piece
        value = bare if phrase is None else phrase
        if name in DATES:
            taken = self._date(name, value, bool(minus), pieces, at)
            if taken:
                return taken
        elif name in self._readers and (
            not value.strip() or self._readers[name](folded(value), bool(minus))
        ):
            return 1
        if name in OPERATORS and name not in PLACES and value:
            self.unread.append(f"{minus}{name}:{value}")
        where = PLACES.get(name, Where.ANYWHERE)
        # `re: visit` and `12:30` are words, not conditions.
        said = value if where or not name else f"{name} {value}"
        if any(char.isalnum() for char in said):
            said = said.replace("\0", " ")
            self.terms.append(Term(said, where, phrase is None, bool(minus)))
        return 1

    def _state(self, value: str, minus: bool) -> bool:
        states = _state(value)
        (self.not_states if minus else self.states).update(states)
        return bool(states)

    def _has(self, value: str, minus: bool) -> bool:
        if not any(word.startswith(value) for word in _ATTACHMENTS):
            return False
        self.with_files |= not minus
        self.without_files |= minus
        return True

    def _date(self, name: str, value: str, minus: bool, pieces: list[_Piece], at: int) -> int:
        """Take a date; say how many pieces it took, 0 when it is none."""
        following = []
        if pieces[at][2] is None:
            for sign, operator, phrase, bare in pieces[at + 1 : at + _DATE_WORDS]:
                if sign or operator or phrase is not None:
                    break
                following.append(bare)
        for count in range(len(following), -1, -1):
            said = " ".join([value, *following[:count]])
            days = read_days(said, self.scope.today, month_first=self.scope.month_first)
            if days is not None:
                self._days(name, days, minus)
                return 1 + count
        return 0

    def _days(self, name: str, days: Days, minus: bool) -> None:
        first, last = days
        if name == "on":
            if minus:
                self.not_days.append(days)
            else:
                self._from(first)
                self._to(last)
        elif name in {"after", "since"}:
            edge = first if name == "since" else _next(last)
            self._to(_previous(edge)) if minus else self._from(edge)
        else:
            edge = last if name == "until" else _previous(first)
            self._from(_next(edge)) if minus else self._to(edge)

    def _from(self, day: date) -> None:
        self.first_day = max(self.first_day or day, day)

    def _to(self, day: date) -> None:
        self.last_day = min(self.last_day or day, day)


def _channel(value: str) -> frozenset[str]:
    if value in CHANNELS:
        return frozenset({CHANNELS[value].value})
    begun = {kind.value for name, kind in CHANNELS.items() if name.startswith(value)}
    return frozenset(begun) if len(begun) == 1 else frozenset()


def _state(value: str) -> set[Is]:
    """The state that is meant; a beginning will do where it is the beginning of one only."""
    value = value.replace(" ", "-").replace("_", "-")
    begun = {state for state in Is if state.value.startswith(value)}
    if value in set(Is):
        return {Is(value)}
    return begun if len(begun) == 1 else set()


def _next(at: date) -> date:
    return at if at == date.max else at + timedelta(days=1)


def _previous(at: date) -> date:
    return at if at == date.min else at - timedelta(days=1)

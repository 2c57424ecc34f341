"""What a person types into the search, read into conditions; a pure function that never raises.

Words match as beginnings, `"a phrase"` as it stands, `-word` excludes. `from:` `to:` `patient:`
`channel:` `is:` `has:attachment` `before:` `after:` `on:` narrow it. Anything else is a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from inbox.address import ChannelKind


class Is(StrEnum):
    """What `is:` asks for."""

    NEEDS_REPLY = "needs-reply"
    WAITING = "waiting"
    UNREAD = "unread"
    UNDELIVERED = "undelivered"
    NOTE = "note"
    DONE = "done"


class Where(StrEnum):
    """Which part of a message a word is looked for in."""

    ANYWHERE = ""
    SENDER = "sender"
    RECIPIENTS = "recipients"
    PATIENT = "patient"


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
class Query:
    """Conditions, all of which hold for what is found."""

    terms: tuple[Term, ...] = ()
    channel: ChannelKind | None = None
    states: frozenset[Is] = field(default_factory=frozenset)
    has_attachment: bool = False
    first_day: date | None = None
    """The first day that counts."""
    last_day: date | None = None
    """The last day that counts."""

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing."""
        return self == Query()

    @property
    def wanted(self) -> tuple[Term, ...]:
        """What has to be there."""
        return tuple(term for term in self.terms if not term.excluded)


_PIECE: Final = re.compile(r'(-?)(?:(\w+):)?(?:"([^"]*)"?|(\S+))')
_WHERE: Final = {"from": Where.SENDER, "to": Where.RECIPIENTS, "patient": Where.PATIENT}
_CHANNELS: Final = {
    **{kind.value: kind for kind in ChannelKind},
    "mail": ChannelKind.EMAIL,
    "e-mail": ChannelKind.EMAIL,
    "text": ChannelKind.SMS,
    "call": ChannelKind.PHONE,
}
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST: Final = 1000
_MOST_TERMS: Final = 24


def parse(text: str, today: date) -> Query:
    """Read what a person typed.

    Args:
        text: Anything at all.
        today: What `today`, `yesterday` and names of weekdays count from.
    """
    reader = _Reader(today)
    for found in _PIECE.finditer(text[:_LONGEST]):
        minus, name, phrase, bare = found.groups()
        reader.take(bool(minus), (name or "").casefold(), phrase, bare or "")
    return Query(
        terms=tuple(reader.terms[:_MOST_TERMS]),
        channel=reader.channel,
        states=frozenset(reader.states),
        has_attachment=reader.has_attachment,
        first_day=reader.first_day,
        last_day=reader.last_day,
    )


def day(text: str, today: date) -> date | None:
    """The day of `2026-03-02`, `today`, `yesterday` or `monday` (the latest one), or None."""
    text = text.casefold()
    if text == "today":
        return today
    if text == "yesterday":
        return today - timedelta(days=1)
    for number, name in enumerate(_WEEKDAYS):
        if len(text) >= 3 and name.startswith(text):
            return today - timedelta(days=(today.weekday() - number) % 7)
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


class _Reader:
    """Collects the pieces of a query."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.terms: list[Term] = []
        self.channel: ChannelKind | None = None
        self.states: set[Is] = set()
        self.has_attachment = False
        self.first_day: date | None = None
        self.last_day: date | None = None

    def take(self, excluded: bool, name: str, phrase: str | None, bare: str) -> None:
        """Take one piece: a condition when it is one, else words."""
        value = bare if phrase is None else phrase
        if name and not excluded and self._condition(name, value.casefold()):
            return
        where = _WHERE.get(name, Where.ANYWHERE)
        # `re: visit` and `12:30` are words, not conditions.
        said = value if where or not name else f"{name} {value}"
        if any(char.isalnum() for char in said):
            self.terms.append(Term(said.replace("\0", " "), where, phrase is None, excluded))

    def _condition(self, name: str, value: str) -> bool:
        if name == "channel" and value in _CHANNELS:
            self.channel = _CHANNELS[value]
        elif name == "is" and value in set(Is):
            self.states.add(Is(value))
        elif name == "has" and value in {"attachment", "attachments", "file", "files"}:
            self.has_attachment = True
        else:
            return self._date(name, value)
        return True

    def _date(self, name: str, value: str) -> bool:
        at = day(value, self.today) if name in {"before", "after", "on"} else None
        if at is None:
            return False
        if name in {"after", "on"}:
            first = at if name == "on" else _next(at)
            self.first_day = max(self.first_day or first, first)
        if name in {"before", "on"}:
            last = at if name == "on" else _previous(at)
            self.last_day = min(self.last_day or last, last)
        return True


def _next(at: date) -> date:
    return at if at == date.max else at + timedelta(days=1)


def _previous(at: date) -> date:
    return at if at == date.min else at - timedelta(days=1)

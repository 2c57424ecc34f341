"""What reading a search needs to know: the day, and the names of lines and staff."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from inbox.practice import Practice
from inbox.spoken_date import MONTH_FIRST

ME: Final = "me"
NOBODY: Final = "nobody"
_FEWEST_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Named:
    """Something with an id and the names it goes by."""

    id: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and when a search is typed."""

    today: date
    """In the practice's time zone."""
    month_first: bool = True
    """`3/2` is the second of March."""
    lines: tuple[Named, ...] = ()
    staff: tuple[Named, ...] = ()
    me: str = ""
    """Who types: `assigned:me`."""

    def line(self, value: str) -> frozenset[str]:
        """Ids of the lines that are meant; a line that is no longer configured goes by its id."""
        return _meant(value, self.lines) or frozenset({value})

    def member(self, value: str) -> frozenset[str]:
        """Ids of the staff that are meant; the empty id is nobody's."""
        if value in {NOBODY, "none", "no-one", "noone"}:
            return frozenset({""})
        if value == ME and self.me:
            return frozenset({self.me})
        return _meant(value, self.staff) or frozenset({value})


def scope_of(practice: Practice, today: date, me: str = "") -> Scope:
    """The scope of a practice."""
    return Scope(
        today=today,
        month_first=practice.country in MONTH_FIRST,
        lines=tuple(Named(line.id, (line.name, line.address)) for line in practice.lines),
        staff=tuple(Named(one.id, (one.name,)) for one in practice.staff),
        me=me,
    )


def folded(text: str) -> str:
    """A text without regard to case and accents, blanks at its ends cut off."""
    if text.isascii():
        return text.strip().casefold()
    plain = unicodedata.normalize("NFD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).strip().casefold()


def _meant(value: str, among: Iterable[Named]) -> frozenset[str]:
    """Who has this id, else whose id or a word of whose name begins so."""
    among = tuple(among)
    exact = frozenset(one.id for one in among if folded(one.id) == value)
    if exact or not value:
        return exact
    return frozenset(
        one.id
        for one in among
        if any(_begins(name, value) for name in (one.id, *one.names)) or _dials(one, value)
    )


def _begins(name: str, value: str) -> bool:
    plain = folded(name)
    return plain.startswith(value) or any(word.startswith(value) for word in plain.split())


def _dials(one: Named, value: str) -> bool:
    """Whether a number is written in another way, or without its beginning."""
    digits = "".join(char for char in value if char.isdigit())
    dialled = digits and not any(char.isalpha() or char == "@" for char in value)
    return bool(
        dialled
        and len(digits) >= _FEWEST_DIGITS
        and any(digits in name for name in one.names if name.startswith("+"))
    )

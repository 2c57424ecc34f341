"""What a person may type next in a search: operators, and the values they take."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from inbox.search.query import DATES, OPERATORS, PLACES, Is
from inbox.search.scope import ME, NOBODY, Named, Scope, folded

_PIECE: Final = re.compile(r'(-?)(?:(\w+):)?("[^"]*"?|[^\s"]\S*)?')
_PEOPLE: Final = ("from", "to", "patient", "about")
_CHANNELS: Final = ("email", "text", "call", "portal")
_DAYS: Final = (
    "today", "yesterday", "this week", "last week", "this month", "last month",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip
_FILES: Final = (".pdf", ".jpg", ".png", ".docx")
HINTS: Final = {
    "from": "who wrote it",
    "to": "who it went to",
    "patient": "the patient",
    "about": "the subject or the patient",
    "filename": "the name of an attachment",
    "channel": "email, text, call, portal",
    "line": "one of our lines",
    "assigned": "a staff member, me, nobody",
    "is": "needs-reply, waiting, overdue, unread …",
    "has": "attachment",
    "before": "earlier than a day",
    "after": "later than a day",
    "on": "on a day, in a week, month or year",
    "since": "on a day or later",
    "until": "on a day or earlier",
}
"""What each operator takes, in a few words."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on."""

    value: str
    """What stands in place of the piece: `from:`, `is:unread`, `patient:"Rosa Jimenez"`."""
    closed: bool = True
    """The piece is whole: a blank follows."""

    @classmethod
    def of_name(cls, before: str, name: str) -> Completion:
        """A value behind an operator, in quotes where it has more than one word."""
        plain = name.replace('"', " ")
        return cls(before + (f'"{plain}"' if re.search(r"\s", plain) else plain))


@dataclass(frozen=True, slots=True)
class Completions:
    """What the piece at the cursor can become."""

    start: int = 0
    """Where the piece begins in the text."""
    end: int = 0
    """Where it ends."""
    ways: tuple[Completion, ...] = ()
    """The likeliest first."""
    hint: str = ""
    """What the operator takes, in words."""
    names_of: str = ""
    """Names of patients that begin so would fit as well; empty when none would."""
    before: str = ""
    """What stands before such a name: `-from:`."""

    def with_names(self, names: tuple[Completion, ...]) -> Completions:
        """With names of patients in front."""
        ways = tuple(dict.fromkeys((*names, *self.ways)))
        return replace(self, ways=ways, names_of="")

    def applied(self, text: str, way: Completion) -> tuple[str, int]:
        """The text with a way taken, and where the cursor is then."""
        rest = text[self.end :]
        blank = " " if way.closed and not rest.startswith(" ") else ""
        head = text[: self.start] + way.value + blank
        return head + rest, len(head) + (way.closed and not blank)


def completions(text: str, cursor: int, scope: Scope) -> Completions:
    """What the piece at the cursor can become, patients' names aside; never raises."""
    found = _at(text, cursor)
    minus, name, value = found[1], found[2], found[3] or ""
    start = found.start()
    if name is None:
        return _operators(start, cursor, minus, value)
    operator = name.casefold()
    if operator not in OPERATORS:
        return Completions(start, cursor)
    before = f"{minus}{name}:"
    typed = folded(value.strip('"'))
    values = _values(operator, scope, typed)
    ways = tuple(Completion.of_name(before, one) for one in values)
    whole = tuple(way for way in ways if way.value != before + value)
    names_of = value.strip('"').strip() if operator in _PEOPLE else ""
    return Completions(start, cursor, whole, HINTS[operator], names_of, before)


def _at(text: str, cursor: int) -> re.Match[str]:
    """The piece that ends at the cursor; an empty one behind a blank."""
    before = text[:cursor]
    at = 0
    # The pattern matches everywhere, if only nothing: at the end at the latest.
    while True:
        while at < len(before) and before[at].isspace():
            at += 1
        found = _PIECE.match(before, at)
        if found is not None and found.end() >= len(before):
            return found
        at = max(found.end() if found is not None else at, at + 1)


def _operators(start: int, end: int, minus: str, typed: str) -> Completions:
    if typed.startswith('"'):
        return Completions(start, end)
    plain = folded(typed)
    fitting = (name for name in OPERATORS if name.startswith(plain) and (plain or minus))
    ways = tuple(Completion(f"{minus}{name}:", closed=False) for name in fitting)
    hint = HINTS[ways[0].value.strip("-:")] if len(ways) == 1 else ""
    return Completions(start, end, ways, hint)


def _values(operator: str, scope: Scope, typed: str) -> tuple[str, ...]:
    """Values of an operator that go on from what is typed."""
    if operator in DATES:
        return _fitting(_DAYS, typed)
    if operator == "is":
        return _fitting(tuple(state.value for state in Is), typed)
    if operator == "channel":
        return _fitting(_CHANNELS, typed)
    if operator == "has":
        return _fitting(("attachment",), typed)
    if operator == "line":
        return _named(scope.lines, typed)
    if operator == "assigned":
        return (*_fitting((ME, NOBODY), typed), *_named(scope.staff, typed))
    if operator == "filename":
        return _fitting(_FILES, typed)
    return _named(scope.staff, typed, by_name=True) if operator in PLACES and typed else ()


def _fitting(values: tuple[str, ...], typed: str) -> tuple[str, ...]:
    begun = [value for value in values if value.startswith(typed)]
    # `reply` leads to `needs-reply`, after what begins so.
    inside = [value for value in values if typed and typed in value and value not in begun]
    return (*begun, *inside)


def _named(among: tuple[Named, ...], typed: str, *, by_name: bool = False) -> tuple[str, ...]:
    """Ids, or names, of those who have a name of which a word begins so."""
    return tuple(
        one.names[0] if by_name and one.names else one.id
        for one in among
        if any(
            word.startswith(typed)
            for name in (one.id, *one.names)
            for word in (folded(name), *folded(name).split())
        )
    )

"""Quiet hours as data: the file that ships with Twoway, and the practice's own beside it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Final

from inbox.closure import NO_CLOSURES, Closures
from inbox.errors import ConfigurationError
from inbox.hours import DAYS, parse_spans
from inbox.quiet import NEVER, QuietRules, StateRule, Window
from tui.config.places import line_of, words_of
from tui.config.strict import Problem, read_tables

NAME: Final = "quiet.toml"
"""What the file is called, here and in the configuration folder."""
SHIPPED: Final = Path(__file__).with_name(NAME)
_OLD: Final = timedelta(days=365)
_HINT: Final = 'One span, or "closed": "08:00-20:00".'


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualTable:
    """`[usual]`: where no state says otherwise."""

    hours: str
    source: str
    reviewed: date


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTable:
    """`[state.XX]`: what one state says."""

    hours: str
    source: str
    reviewed: date
    mon: str = ""
    tue: str = ""
    wed: str = ""
    thu: str = ""
    fri: str = ""
    sat: str = ""
    sun: str = ""
    holidays: str = ""
    begins: date | None = None
    ends: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietTables:
    """The whole file."""

    usual: UsualTable | None = None
    state: dict[str, StateTable] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QuietFile:
    """What both files say together."""

    rules: QuietRules
    reviewed: dict[str, date]
    """When each entry was last looked up, by state; `usual` for the general hours."""

    def old(self, today: date) -> tuple[str, ...]:
        """The entries that nobody has looked up for a year."""
        return tuple(name for name, day in self.reviewed.items() if today - day > _OLD)


def read_quiet(folder: Path, holidays: Closures = NO_CLOSURES) -> QuietFile:
    """Read the shipped file, and over it the one in `folder` where there is one.

    Raises:
        ConfigurationError: an entry cannot be; names file, line and key.
    """
    tables = _read(SHIPPED)
    own = folder / NAME
    if own.is_file():
        over = _read(own)
        tables = replace(
            tables, usual=over.usual or tables.usual, state={**tables.state, **over.state}
        )
    reviewed = {name: one.reviewed for name, one in tables.state.items()}
    usual = QuietRules().usual
    if tables.usual is not None:
        usual = _window(tables.usual.hours)
        reviewed = {"usual": tables.usual.reviewed, **reviewed}
    states = {name: _rule(one) for name, one in tables.state.items()}
    return QuietFile(QuietRules(usual, states, holidays), reviewed)


def _read(path: Path) -> QuietTables:
    try:
        text = path.read_text("utf-8-sig")
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{path.name} is not valid TOML: {error}.", f"Correct it in {path}."
        ) from None
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{path} cannot be read.", "Save it again as UTF-8.") from None
    tables, problems = read_tables(QuietTables, data)
    if tables is not None:
        problems = list(_check(tables))
    if tables is None or problems:
        first = problems[0]
        number = line_of(text, first.path)
        place = f"{path.name}, line {number}" if number else path.name
        raise ConfigurationError(f"{place}: {words_of(first.path)} {first.what}.", first.hint)
    return tables


def _check(tables: QuietTables) -> Iterator[Problem]:
    if tables.usual is not None:
        yield from _check_window(("usual", "hours"), tables.usual.hours)
    for name, one in tables.state.items():
        if not (len(name) == 2 and name.isalpha() and name.isupper()):
            hint = "Two capital letters: [state.TX]."
            yield Problem(("state", name), "is not a state", hint)
        for key in ("hours", *DAYS, "holidays"):
            said = getattr(one, key)
            if said:
                yield from _check_window(("state", name, key), said)
        if one.begins and one.ends and one.ends < one.begins:
            yield Problem(("state", name, "ends"), "is before begins", "Check the two days.")


def _check_window(path: tuple[str | int, ...], said: str) -> Iterator[Problem]:
    try:
        spans = parse_spans(said, "")
    except ConfigurationError as error:
        yield Problem(path, error.sentence.removeprefix(": ").rstrip("."), _HINT)
        return
    if len(spans) > 1:
        yield Problem(path, "has more than one span", _HINT)


def _rule(one: StateTable) -> StateRule:
    usual = _window(one.hours)
    days = (getattr(one, day) for day in DAYS)
    return StateRule(
        week=tuple(_window(said) if said else usual for said in days),
        source=one.source,
        reviewed=one.reviewed,
        holidays=_window(one.holidays) if one.holidays else None,
        begins=one.begins,
        ends=one.ends,
    )


def _window(said: str) -> Window:
    spans = parse_spans(said, "")
    if not spans:
        return NEVER
    return Window(spans[0].start, spans[0].end if spans[0].end != time(0) else time.max)

"""Days on which the phones are off: public holidays, and the practice's own closures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from inbox.age import LOOK_BACK
from inbox.closure import Closure
from inbox.errors import ConfigurationError
from inbox.hours import parse_spans
from tui.config.public_holidays import PublicHolidays, Region, UnknownRegion, bare_name
from tui.config.strict import Problem, nearest
from tui.config.tables import ClosureTable, FileTables, HolidaysTable

_AHEAD_YEARS: Final = 3
"""This year and the next two are computed together."""
_LOOK_AHEAD: Final = timedelta(days=16)
"""How far hours look for an opening."""
_LONGEST: Final = timedelta(days=366)

Tell = Callable[[Problem], ConfigurationError]
"""Makes the error that names the file and the line of a problem."""


class Calendar:
    """Implements `inbox.closure.Closures` for one practice."""

    def __init__(
        self,
        public: PublicHolidays,
        wanted: HolidaysTable,
        own: Mapping[date, Closure],
        tell: Tell,
    ) -> None:
        """Take what the configuration says.

        Args:
            public: The public holidays there.
            wanted: Which of them.
            own: The practice's own closures.
            tell: Makes the error of a key that turns out to be wrong.
        """
        self._public = public
        self._wanted = wanted
        self._observe = {name.casefold() for name in wanted.observe}
        self._skip = {name.casefold() for name in wanted.skip}
        self._own = own
        self._tell = tell
        self._checked = not (wanted.observe or wanted.skip)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Calendar):
            return NotImplemented
        return self._said() == other._said()

    def __hash__(self) -> int:
        return hash(self._public.region)

    def _said(self) -> tuple[object, ...]:
        return self._public.region, self._wanted, self._own

    def public(self) -> Calendar:
        """Every public holiday and nothing else, for what does not depend on the practice."""
        return Calendar(self._public, HolidaysTable(), {}, self._tell)

    def keep_in(self, folder: Path) -> None:
        """Keep computed holidays in `folder`, and use what is there."""
        if not self._wanted.public:
            return
        self._public.keep_in(folder)
        if self._public.names():
            # A name that is wrong is told by `prepare`, which is called before anything is sent.
            with contextlib.suppress(ConfigurationError):
                self._check_names()

    def on(self, day: date) -> Closure | None:
        """What there is on a day: an own closure, else an observed public holiday."""
        own = self._own.get(day)
        if own is not None and not own.spans:
            return own
        holiday = self._holiday(day) if self._wanted.public else None
        return holiday or own

    def known(self, day: date) -> bool:
        """Whether this day and the days around it need no computing."""
        if not self._wanted.public:
            return True
        years = {(day - LOOK_BACK).year, day.year, (day + _LOOK_AHEAD).year}
        return self._checked and self._public.known(years)

    def prepare(self, day: date) -> None:
        """Compute the years around this day, and check the names in the configuration.

        Raises:
            ConfigurationError: no such country, part of it, or holiday.
        """
        if not self._wanted.public:
            return
        self._compute(range((day - LOOK_BACK).year, day.year + _AHEAD_YEARS))
        if not self._checked:
            self._check_names()

    def _holiday(self, day: date) -> Closure | None:
        try:
            names = self._public.on(day)
        except UnknownRegion as error:
            raise self._unknown(error) from None
        observed = [name for name in names if self._is_observed(bare_name(name).casefold())]
        return Closure(", ".join(observed)) if observed else None

    def _is_observed(self, name: str) -> bool:
        return name in self._observe if self._observe else name not in self._skip

    def _compute(self, years: range) -> None:
        try:
            self._public.compute(years)
        except UnknownRegion as error:
            raise self._unknown(error) from None

    def _unknown(self, error: UnknownRegion) -> ConfigurationError:
        region = self._public.region
        if error.key == "country":
            near = [one for one in error.known if one[0] == region.country[:1]]
            hint = f"Two letters (ISO 3166). With the same first letter: {', '.join(near)}."
            what = "is no country whose holidays are known"
        else:
            hint = nearest(region.subdivision, error.known, what=f"Parts of {region.country}")
            hint = hint if error.known else "Leave it out: the country has no parts."
            what = "is no part of the country"
        return self._tell(Problem(("practice", error.key), what, hint))

    def _check_names(self) -> None:
        known = sorted(self._public.names())
        for key, names in (("observe", self._wanted.observe), ("skip", self._wanted.skip)):
            for at, name in enumerate(names):
                if name.casefold() not in {one.casefold() for one in known}:
                    hint = nearest(name, known, what="Holidays there")
                    what = "is no public holiday there"
                    raise self._tell(Problem(("holidays", key, at), what, hint))
        self._checked = True


def check_closures(tables: FileTables) -> Iterator[Problem]:
    """What the kinds do not say of holidays and closures."""
    wanted = tables.holidays
    if wanted.observe and wanted.skip:
        hint = "Name those on which you close (observe), or those on which you work (skip)."
        yield Problem(("holidays", "skip"), "cannot stand beside observe", hint)
    if not wanted.public and (wanted.observe or wanted.skip):
        hint = "Leave public out, or leave the names out."
        yield Problem(("holidays", "public"), "is false, and holidays are named", hint)
    for at, closure in enumerate(tables.closure):
        last = closure.to or closure.from_
        if last < closure.from_:
            hint = "Write the first day in from, the last one in to."
            yield Problem(("closure", at, "to"), "is before from", hint)
        elif last - closure.from_ > _LONGEST:
            yield Problem(("closure", at, "to"), "is more than a year after from", "Check it.")
        try:
            parse_spans(closure.hours, "")
        except ConfigurationError as error:
            said = error.sentence.removeprefix(": ").rstrip(".")
            yield Problem(("closure", at, "hours"), said, error.hint)


def calendar(tables: FileTables, tell: Tell) -> Calendar:
    """The calendar of a checked configuration."""
    region = Region(tables.practice.country, tables.practice.subdivision)
    return Calendar(PublicHolidays(region), tables.holidays, dict(_days(tables.closure)), tell)


def _days(closures: tuple[ClosureTable, ...]) -> Iterator[tuple[date, Closure]]:
    # Should two speak of one day, the one that closes more stands.
    for one in sorted(closures, key=lambda one: not one.hours):
        spans = parse_spans(one.hours, "closure.hours")
        day, last = one.from_, one.to or one.from_
        while day <= last:
            yield day, Closure(one.name, spans)
            day += timedelta(days=1)

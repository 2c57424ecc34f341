"""Quiet hours: when a text or a call would wake somebody, in the reader's own time.

The general rule is 47 CFR 64.1200(c)(1): not before 8:00 and not after 21:00 at the called party's
place. States may be stricter; their rules are data (`QuietRules`), with a source and a date each,
so that a practice can correct them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from inbox.closure import NO_CLOSURES, Closures

_STEP = timedelta(minutes=30)
_LOOK_AHEAD = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader may be."""

    zone: str
    """IANA name, e.g. `America/Chicago`."""
    state: str = ""
    """Two letters, or empty when not known."""


@dataclass(frozen=True, slots=True)
class Window:
    """When it is allowed on one day, wall-clock time; equal times mean not at all."""

    start: time
    end: time

    def allows(self, wall: time) -> bool:
        """Whether `wall` lies in it."""
        return self.start <= wall < self.end


USUAL = Window(time(8), time(21))
"""47 CFR 64.1200(c)(1)."""


NEVER = Window(time(0), time(0))
"""Not on this day."""


@dataclass(frozen=True, slots=True)
class StateRule:
    """What one state says."""

    week: tuple[Window, ...]
    """Seven days from Monday."""
    source: str
    reviewed: date
    """When somebody last looked it up."""
    holidays: Window | None = None
    """On public holidays; None: as on any other day."""
    begins: date | None = None
    """In force from this day on; None: already."""
    ends: date | None = None
    """In force up to this day; None: for good."""

    def in_force(self, day: date) -> bool:
        """Whether it holds on a day."""
        begun = self.begins is None or day >= self.begins
        return begun and (self.ends is None or day <= self.ends)


@dataclass(frozen=True, slots=True)
class QuietRules:
    """The general window and what single states say."""

    usual: Window = USUAL
    states: Mapping[str, StateRule] = field(default_factory=dict)
    """By two letters."""
    holidays: Closures = NO_CLOSURES
    """The public holidays of the practice's country."""

    def allows(self, moment: datetime, places: Iterable[Place]) -> bool:
        """Whether `moment` is allowed wherever the reader may be. Nowhere known: it is."""
        return all(self._allows_at(moment, place) for place in places)

    def next_allowed(self, moment: datetime, places: Iterable[Place]) -> datetime | None:
        """The first half hour from `moment` on that is allowed everywhere, or None."""
        there = tuple(places)
        candidate = moment
        while candidate - moment <= _LOOK_AHEAD:
            if self.allows(candidate, there):
                return candidate
            late = timedelta(
                minutes=candidate.minute % 30,
                seconds=candidate.second,
                microseconds=candidate.microsecond,
            )
            candidate += _STEP - late
        return None

    def _allows_at(self, moment: datetime, place: Place) -> bool:
        zone = _zone(place.zone)
        if zone is None:
            # A zone that this machine does not know must not open the night.
            return False
        local = moment.astimezone(zone)
        return self._window(local.date(), place.state).allows(local.time())

    def _window(self, day: date, state: str) -> Window:
        rule = self.states.get(state)
        if rule is None or not rule.in_force(day):
            return self.usual
        if rule.holidays is not None and self.holidays.on(day) is not None:
            return rule.holidays
        return rule.week[day.weekday()]


@cache
def _zone(name: str) -> ZoneInfo | None:
    """A zone, or None; ZoneInfo itself remembers only eight, and a number may have forty."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None

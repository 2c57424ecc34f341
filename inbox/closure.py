"""Days that differ from the week: public holidays and the practice's own closures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to, not including, `end`, on one day, wall-clock time."""

    start: time
    end: time
    """Midnight (`time(0)`) is the end of the day."""

    @property
    def last(self) -> time:
        """The end, to compare by: midnight comes after every other time of the day."""
        return self.end if self.end != time(0) else time.max

    def within(self, other: Span) -> Span | None:
        """What of it lies in `other`, or None."""
        start = max(self.start, other.start)
        end = self.end if self.last <= other.last else other.end
        both = Span(start, end)
        return both if start < both.last else None


@dataclass(frozen=True, slots=True)
class Closure:
    """One day on which the practice is closed, or open for less than usual."""

    name: str
    """What it is called: `Thanksgiving Day`, `Winter break`."""
    spans: tuple[Span, ...] = ()
    """The only times of the day at which somebody is there; none: all day closed."""


class Closures(Protocol):
    """Which days differ; a public holiday may have to be looked up first."""

    def on(self, day: date) -> Closure | None:
        """What there is on a day, or None. Always the truth, should it take a second to find.

        Raises:
            ConfigurationError: the configuration names no country or holiday that is known.
        """
        ...

    def known(self, day: date) -> bool:
        """Whether `on` answers at once."""
        ...

    def prepare(self, day: date) -> None:
        """Look up what `on` needs for the years around this day. Slow: not between two keys.

        Raises:
            ConfigurationError: as for `on`.
        """
        ...


@dataclass(frozen=True, slots=True)
class FixedClosures:
    """Closures that are all known."""

    days: Mapping[date, Closure] = field(default_factory=dict)

    def on(self, day: date) -> Closure | None:
        """What there is on a day, or None."""
        return self.days.get(day)

    def known(self, day: date) -> bool:
        """Everything is."""
        return True

    def prepare(self, day: date) -> None:
        """Nothing needs to be looked up."""


NO_CLOSURES = FixedClosures()

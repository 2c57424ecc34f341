"""Staffed hours: when somebody reads and answers, in the practice's own time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from inbox.errors import ConfigurationError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$")
_LOOK_AHEAD_DAYS = 15


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to, not including, `end`, on one day, wall-clock time."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Hours:
    """When a line or the phones are staffed.

    Times are wall-clock times of the practice; every method takes an aware moment and converts
    it, so the change to and from daylight saving time needs no care by the caller.
    """

    week: tuple[tuple[Span, ...], ...] = ((),) * 7
    """Seven days from Monday, each with its spans in order; an empty day is closed."""
    zone: tzinfo | None = None
    """The practice's time zone; None takes the moment's own."""
    closed: frozenset[date] = field(default_factory=frozenset)
    """Days without any hours: holidays and closures."""

    def spans(self, day: date) -> tuple[Span, ...]:
        """The staffed spans of one calendar day."""
        return () if day in self.closed else self.week[day.weekday()]

    def open_until(self, moment: datetime) -> datetime | None:
        """The end of the staffed span that holds `moment`, or None when closed then."""
        local = moment.astimezone(self.zone)
        for span in self.spans(local.date()):
            start, end = self._at(local.date(), span.start), self._at(local.date(), span.end)
            if start <= local < end:
                return end
        return None

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody is there at `moment`."""
        return self.open_until(moment) is not None

    def next_opening(self, moment: datetime) -> datetime | None:
        """The first staffed moment from `moment` on; None when none is within two weeks."""
        local = moment.astimezone(self.zone)
        for days in range(_LOOK_AHEAD_DAYS):
            day = local.date() + timedelta(days=days)
            for span in self.spans(day):
                start, end = self._at(day, span.start), self._at(day, span.end)
                if local < end:
                    return max(start, local)
        return None

    def closes_at(self, moment: datetime) -> datetime | None:
        """When the last span of the day of `moment` ends, None when nothing is left of that day."""
        local = moment.astimezone(self.zone)
        ends = [self._at(local.date(), span.end) for span in self.spans(local.date())]
        return max((end for end in ends if end > local), default=None)

    def staffed_between(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time from `start` to `end` was staffed; zero when `end` is earlier."""
        total = timedelta()
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        while day <= last:
            for span in self.spans(day):
                opened = max(self._at(day, span.start), start)
                closed = min(self._at(day, span.end), end)
                # Differences across a change of the clocks are only right between UTC moments.
                total += max(
                    timedelta(), timedelta(seconds=closed.timestamp() - opened.timestamp())
                )
            day += timedelta(days=1)
        return total

    def _at(self, day: date, wall: time) -> datetime:
        naive = datetime.combine(day, wall)
        return naive.replace(tzinfo=self.zone) if self.zone else naive.astimezone()


def parse_spans(text: str, where: str) -> tuple[Span, ...]:
    """Read `08:00-12:00, 13:00-17:00` into spans.

    Args:
        text: What the configuration says for one day; `closed` or nothing means no hours.
        where: The key it stands at, for the error, e.g. `hours.mon`.

    Raises:
        ConfigurationError: a span is malformed, empty, or overlaps the one before.
    """
    spans: list[Span] = []
    hint = "Write spans like 08:00-12:00, 13:00-17:00 in order, or leave the day out when closed."
    if text.strip().lower() in {"", "closed"}:
        return ()
    for part in text.split(","):
        found = _SPAN.match(part.strip())
        if found is None:
            raise ConfigurationError(f"{where}: “{part.strip()}” is not a span of hours.", hint)
        numbers = [int(number) for number in found.groups()]
        if numbers[2:] == [24, 0]:
            numbers[2:] = [23, 59]
        try:
            span = Span(time(numbers[0], numbers[1]), time(numbers[2], numbers[3]))
        except ValueError:
            raise ConfigurationError(
                f"{where}: “{part.strip()}” is not a time of day.", hint
            ) from None
        if span.end <= span.start or (spans and span.start < spans[-1].end):
            raise ConfigurationError(
                f"{where}: “{part.strip()}” ends before it starts or overlaps.", hint
            )
        spans.append(span)
    return tuple(spans)

"""Staffed hours: when somebody reads and answers, in the practice's own time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from inbox.closure import NO_CLOSURES, Closure, Closures, Span
from inbox.errors import ConfigurationError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$")
_LOOK_AHEAD_DAYS = 15
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a line or the phones are staffed.

    Times are wall-clock times of the practice; every method takes an aware moment and gives one in
    the practice's zone. All reckoning is done in UTC, so that the change to and from daylight
    saving time needs no care by the caller: an hour that happens twice is staffed twice.
    """

    week: tuple[tuple[Span, ...], ...] = ((),) * 7
    """Seven days from Monday, each with its spans in order; an empty day is closed."""
    zone: tzinfo | None = None
    """The practice's time zone; None takes the moment's own."""
    closures: Closures = NO_CLOSURES
    """Holidays and closures."""
    _totals: dict[date | tuple[int, int], timedelta] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """How long whole days and months were staffed, once it was asked: some wait for years."""

    def spans(self, day: date) -> tuple[Span, ...]:
        """The staffed spans of one calendar day."""
        usual = self.week[day.weekday()]
        closure = self.closures.on(day) if usual else None
        if closure is None:
            return usual
        both = (span.within(other) for span in usual for other in closure.spans)
        return tuple(span for span in both if span is not None)

    def open_until(self, moment: datetime) -> datetime | None:
        """The end of the staffed span that holds `moment`, or None when closed then."""
        for start, end in self._stretches(self._day_of(moment) - _DAY):
            if moment < start:
                return None
            if moment < end:
                return self._local(end, moment)
        return None

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody is there at `moment`."""
        return self.open_until(moment) is not None

    def next_opening(self, moment: datetime, lasting: timedelta = timedelta(0)) -> datetime | None:
        """The first staffed moment from `moment` on; None when none is within two weeks.

        Args:
            moment: From when on (aware).
            lasting: From then on somebody must be there for so long without a break.
        """
        for start, end in self._stretches(self._day_of(moment) - _DAY):
            first = max(start, moment.astimezone(UTC))
            if first < end and end - first >= lasting:
                return self._local(first, moment)
        return None

    def closes_at(self, moment: datetime) -> datetime | None:
        """When the last span of the day of `moment` ends, None when nothing is left of that day."""
        day = self._day_of(moment)
        ends = [end for _, end in self._on(day) if end > moment]
        return self._local(max(ends), moment) if ends else None

    def staffed_between(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time from `start` to `end` was staffed; zero when `end` is earlier."""
        # Two moments of one zone are subtracted by the wall clock; those in UTC are not.
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        day, last = self._day_of(start), self._day_of(end)
        total = self._part(day, start, end)
        if day < last:
            total += self._part(last, start, end)
        day += _DAY
        while day < last:
            following = _next_month(day)
            if day.day == 1 and following <= last:
                total += self._whole_month(day)
                day = following
            else:
                total += self._whole_day(day)
                day += _DAY
        return total

    def closure(self, moment: datetime) -> Closure | None:
        """What makes the day of `moment` differ from other such days of the week, or None."""
        day = self._day_of(moment)
        return self.closures.on(day) if self.week[day.weekday()] else None

    def known(self, moment: datetime) -> bool:
        """Whether the holidays around `moment` are known, so that asking takes no time."""
        return self.closures.known(self._day_of(moment))

    def _part(self, day: date, start: datetime, end: datetime) -> timedelta:
        """What of a day was staffed between two moments, in UTC."""
        both = (min(closed, end) - max(opened, start) for opened, closed in self._on(day))
        return sum((max(timedelta(), span) for span in both), timedelta())

    def _whole_day(self, day: date) -> timedelta:
        if day not in self._totals:
            spans = (closed - opened for opened, closed in self._on(day))
            self._totals[day] = sum(spans, timedelta())
        return self._totals[day]

    def _whole_month(self, first: date) -> timedelta:
        key = (first.year, first.month)
        if key not in self._totals:
            days = range((_next_month(first) - first).days)
            whole = (self._whole_day(first + timedelta(days=at)) for at in days)
            self._totals[key] = sum(whole, timedelta())
        return self._totals[key]

    def _day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _local(self, moment: datetime, like: datetime) -> datetime:
        return moment.astimezone(self.zone or like.tzinfo)

    def _on(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The staffed times of a day, in UTC."""
        for span in self.spans(day):
            ends_on = day if span.end != time(0) else day + _DAY
            yield self._at(day, span.start), self._at(ends_on, span.end)

    def _stretches(self, first: date) -> Iterator[tuple[datetime, datetime]]:
        """Staffed times from a day on, in UTC; those that touch, at midnight too, are one."""
        held: tuple[datetime, datetime] | None = None
        for days in range(_LOOK_AHEAD_DAYS + 1):
            for start, end in self._on(first + timedelta(days=days)):
                if held is not None and start <= held[1]:
                    held = (held[0], end)
                    continue
                if held is not None:
                    yield held
                held = (start, end)
        if held is not None:
            yield held

    def _at(self, day: date, wall: time) -> datetime:
        naive = datetime.combine(day, wall)
        aware = naive.replace(tzinfo=self.zone) if self.zone else naive.astimezone()
        return aware.astimezone(UTC)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


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
            numbers[2:] = [0, 0]
        try:
            span = Span(time(numbers[0], numbers[1]), time(numbers[2], numbers[3]))
        except ValueError:
            raise ConfigurationError(
                f"{where}: “{part.strip()}” is not a time of day.", hint
            ) from None
        if span.last <= span.start or (spans and span.start < spans[-1].last):
            raise ConfigurationError(
                f"{where}: “{part.strip()}” ends before it starts or overlaps.", hint
            )
        spans.append(span)
    return tuple(spans)

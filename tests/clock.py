"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""Monday 2 March 2026, 09:00 in Chicago: the sample practice has just opened."""


class FakeClock:
    """Time as tests want it: aware, in UTC, and moving only by `advance` or `set`.

    An instance is callable and gives the present moment, so it fits wherever a clock is handed in.
    """

    def __init__(self, start: datetime = START) -> None:
        self._now = _aware(start)

    def __call__(self) -> datetime:
        """The present moment."""
        return self._now

    def now(self) -> datetime:
        """The present moment."""
        return self._now

    def advance(
        self,
        step: timedelta | None = None,
        /,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> datetime:
        """Move forward by `step` or by the parts named, and give the new moment.

        Raises:
            ValueError: the step is negative; `set` is the way back.
        """
        parts = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        total = parts if step is None else step + parts
        if total < timedelta(0):
            raise ValueError("a clock advances; use set() to go back")
        self._now += total
        return self._now

    def set(self, at: datetime) -> datetime:
        """Jump to `at`, forwards or backwards, and give the new moment (in UTC)."""
        self._now = _aware(at)
        return self._now


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a clock needs a time with an offset")
    return at.astimezone(UTC)

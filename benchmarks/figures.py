"""Figures and the table they are printed in."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sample:
    """One thing, measured several times, in milliseconds."""

    times: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.times)

    @property
    def best(self) -> float:
        """The one that was disturbed least."""
        return min(self.times)

    @property
    def slow(self) -> float:
        """What nineteen of twenty stay under."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]

    def to(self, other: Sample) -> float:
        """The ratio of the medians."""
        return self.median / other.median

    def beside(self, other: Sample) -> float:
        """The middle one of the ratios of times that were measured right after each other.

        What else the machine does changes from minute to minute, and both of a pair suffer it.
        """
        pairs = zip(self.times, other.times, strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    sample: Sample
    ratio: float | None = None
    """How many times as long as what it is compared to."""
    against: str = ""
    """What it is compared to."""
    aim: str = ""
    """What is aimed at, in words; empty where nothing is."""
    met: bool | None = None
    """Whether this run meets the aim."""
    remark: str = ""
    """What else is to be known of it, such as a rate."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """What one benchmark found out."""

    title: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


_COLUMNS: Final = ("median", "best", "p95", "ratio")
_WIDTH: Final = 10


def table(chapter: Chapter) -> Iterator[str]:
    """The lines of a chapter."""
    name = max([len(chapter.title), *(len(row.what) for row in chapter.rows)])
    head = "".join(f"{column:>{_WIDTH}}" for column in _COLUMNS)
    yield f"{chapter.title:<{name}}{head}"
    yield "-" * (name + len(head))
    for row in chapter.rows:
        shown = [duration(value) for value in (row.sample.median, row.sample.best)]
        shown.append(duration(row.sample.slow) if len(row.sample.times) > 1 else "")
        shown.append("" if row.ratio is None else f"{row.ratio:.2f}x")
        cells = "".join(f"{cell:>{_WIDTH}}" for cell in shown)
        said = [f"of {row.against}"] * bool(row.against) + [row.remark] * bool(row.remark)
        if row.aim:
            said.append(f"aim {row.aim}: {'met' if row.met else 'MISSED'}")
        yield f"{row.what:<{name}}{cells}  {'; '.join(said)}".rstrip()
    for note in chapter.notes:
        yield f"  {note}"


def duration(milliseconds: float) -> str:
    """A time in the unit that suits it."""
    if milliseconds >= 10_000:
        return f"{milliseconds / 1000:.1f} s"
    if milliseconds >= 100:
        return f"{milliseconds:.0f} ms"
    if milliseconds >= 1:
        return f"{milliseconds:.1f} ms"
    return f"{milliseconds * 1000:.0f} µs"


def timed(work: Callable[[], object], runs: int) -> Sample:
    """Time `work` so many times, after a first time that does not count."""
    work()
    times = []
    for _ in range(runs):
        began = time.perf_counter_ns()
        work()
        times.append((time.perf_counter_ns() - began) / 1e6)
    return Sample(tuple(times))


class Stopwatch:
    """Adds up the time that is spent in several places."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Add the time that the block takes to `name`, in milliseconds."""
        began = time.perf_counter_ns()
        try:
            yield
        finally:
            took = (time.perf_counter_ns() - began) / 1e6
            self.spent[name] = self.spent.get(name, 0.0) + took

    def sample(self, name: str) -> Sample:
        """What was added up, as one measurement."""
        return Sample((self.spent[name],))


def spread(samples: Sequence[float]) -> Sample:
    """Measurements as a sample."""
    return Sample(tuple(samples))

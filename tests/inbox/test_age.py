"""How long somebody has waited counts while somebody was there."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from inbox.age import has_waited, is_overdue, overdue_since, waited
from inbox.closure import Closure
from inbox.hours import Hours
from inbox.line import Line
from inbox.practice import Practice
from tests.inbox.conftest import House
from tests.inbox.making import FRONT_DESK, NOW, practice, week

HOUR = timedelta(hours=1)


def test_nights_and_lunch_do_not_count() -> None:
    assert waited(None, NOW, week()) == timedelta()
    assert waited(NOW - 24 * HOUR, NOW, week()) == 8 * HOUR
    assert waited(NOW - 24 * HOUR, NOW, Hours()) == 24 * HOUR


@pytest.mark.parametrize("within", [timedelta(minutes=30), 2 * HOUR, 4 * HOUR, 30 * HOUR])
def test_the_moment_since_which_one_is_overdue(within: timedelta) -> None:
    since = overdue_since(NOW, week(), within)

    assert is_overdue(waited(since, NOW, week()), within)
    assert not is_overdue(waited(since + timedelta(minutes=1), NOW, week()), within)


def test_a_practice_that_is_never_there_looks_back_so_far_only() -> None:
    closed = week("closed")

    assert overdue_since(NOW, closed, 4000 * HOUR) == NOW - timedelta(days=64)


def test_without_a_limit_nobody_is_overdue() -> None:
    long_ago = NOW - timedelta(days=300)

    assert not practice().is_overdue(long_ago, NOW, "front-desk")
    assert practice(answer_within=4 * HOUR).is_overdue(long_ago, NOW, "front-desk")
    assert not practice(answer_within=4 * HOUR).is_overdue(None, NOW, "front-desk")


class Asked:
    """Holidays that are not known until somebody asks; keeps which years were, and where."""

    def __init__(self) -> None:
        self.years: set[int] = set()
        self.threads: list[threading.Thread] = []

    def on(self, day: date) -> Closure | None:
        if day.year not in self.years:
            self.threads.append(threading.current_thread())
            self.years.add(day.year)
        return None

    def known(self, day: date) -> bool:
        return day.year in self.years

    def prepare(self, day: date) -> None:
        self.on(day)


@pytest.mark.parametrize("passed", [1, 5, 20, 100, 200, 24 * 90, 24 * 2000])
def test_waiting_is_judged_as_it_is_counted(passed: int) -> None:
    since = NOW - passed * HOUR

    for within in (2 * HOUR, 30 * HOUR):
        assert has_waited(since, NOW, week(), within) == (waited(since, NOW, week()) >= within)


def test_who_waits_for_years_asks_for_no_holidays_of_years_ago() -> None:
    asked = Asked()
    made = practice(answer_within=4 * HOUR, hours=replace(week(), closures=asked))

    assert made.is_overdue(datetime(2019, 5, 6, 9, tzinfo=NOW.tzinfo), NOW, "front-desk")
    assert asked.years == {NOW.year}


ASKED = Asked()


@pytest.fixture
def the_practice(lines: tuple[Line, ...]) -> Practice:
    hours = replace(week(), closures=ASKED)
    return practice(lines=lines, answer_within=4 * HOUR, hours=hours)


@pytest.mark.parametrize("lines", [(FRONT_DESK,)])
async def test_holidays_are_looked_up_beside_the_screen(house: House) -> None:
    await house.arrive("ann@example.com", "Hello", subject="Hello")
    ASKED.years.clear()
    ASKED.threads.clear()
    house.clock.advance(hours=30)

    assert (await house.desk.counts()).overdue == 1
    assert ASKED.threads
    assert threading.main_thread() not in ASKED.threads

"""Staffed hours, across lunch, weekends, closures and changes of the clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.closure import Closure, FixedClosures
from inbox.errors import ConfigurationError
from inbox.hours import Hours, parse_spans
from inbox.words import phones_words
from tests.inbox.making import ZONE, practice, week


def at(text: str, zone: ZoneInfo = ZONE) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def test_open_and_closed() -> None:
    hours = week()

    assert hours.open_until(at("2026-03-04 08:00")) == at("2026-03-04 12:00")
    assert not hours.is_open(at("2026-03-04 12:00"))
    assert hours.is_open(at("2026-03-04 13:00"))
    assert not hours.is_open(at("2026-03-04 17:00"))
    assert not hours.is_open(at("2026-03-07 10:00"))


def test_the_moment_may_be_in_any_zone() -> None:
    assert week().open_until(datetime(2026, 3, 4, 16, 0, tzinfo=UTC)) == at("2026-03-04 12:00")


def test_next_opening_skips_lunch_night_weekend_and_closures() -> None:
    hours = replace(week(), closures=FixedClosures({date(2026, 3, 9): Closure("Spring break")}))

    assert hours.next_opening(at("2026-03-04 12:30")) == at("2026-03-04 13:00")
    assert hours.next_opening(at("2026-03-04 09:30")) == at("2026-03-04 09:30")
    assert hours.next_opening(at("2026-03-04 18:00")) == at("2026-03-05 08:00")
    assert hours.next_opening(at("2026-03-06 17:00")) == at("2026-03-10 08:00")
    assert replace(hours, week=((),) * 7).next_opening(at("2026-03-04 09:30")) is None


def test_closing_time_is_the_end_of_the_last_span() -> None:
    assert week().closes_at(at("2026-03-04 10:00")) == at("2026-03-04 17:00")
    assert week().closes_at(at("2026-03-04 17:00")) is None


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-03-04 09:00", "2026-03-04 09:45", 45),
        ("2026-03-04 11:30", "2026-03-04 13:30", 60),
        ("2026-03-04 16:00", "2026-03-05 09:00", 120),
        ("2026-03-06 16:00", "2026-03-09 09:00", 120),
        ("2026-03-04 18:00", "2026-03-04 19:00", 0),
        ("2026-03-04 10:00", "2026-03-04 09:00", 0),
    ],
)
def test_waiting_is_counted_in_staffed_minutes(start: str, end: str, minutes: int) -> None:
    assert week().staffed_between(at(start), at(end)) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("zone", "start", "end", "hours"),
    [
        ("America/Chicago", "2026-03-08 01:00", "2026-03-08 04:00", 2),
        ("America/Chicago", "2026-11-01 00:30", "2026-11-01 03:30", 4),
        ("Europe/Berlin", "2026-03-29 01:00", "2026-03-29 04:00", 2),
        ("Australia/Lord_Howe", "2026-04-05 01:00", "2026-04-05 04:00", 3.5),
        ("Asia/Kathmandu", "2026-03-29 01:00", "2026-03-29 04:00", 3),
    ],
)
def test_a_night_watch_is_as_long_as_it_was(zone: str, start: str, end: str, hours: float) -> None:
    place = ZoneInfo(zone)
    always = replace(week(), zone=place, week=(parse_spans("00:00-23:59", "mon"),) * 7)

    assert always.staffed_between(at(start, place), at(end, place)) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text", ["8-12", "08:00-07:00", "08:00-12:00, 11:00-17:00", "25:00-26:00", "08:00 to 12:00"]
)
def test_malformed_hours_are_told_with_their_key(text: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_spans(text, "hours.mon")

    assert "hours.mon" in error.value.sentence
    assert error.value.hint


CHANGING = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/St_Johns",
)
STEADY = ("America/Phoenix", "Pacific/Honolulu")
SPRING, AUTUMN = "2026-03-08", "2026-11-01"


@pytest.mark.parametrize("zone", CHANGING)
def test_the_hour_that_happens_twice_is_staffed_twice(zone: str) -> None:
    place = ZoneInfo(zone)
    hours = replace(week(), zone=place, week=(parse_spans("00:30-03:00", ""),) * 7)
    first = at(f"{AUTUMN} 01:30", place)
    second = first.replace(fold=1)

    assert hours.is_open(first)
    assert hours.is_open(second)
    assert hours.staffed_between(first, second) == timedelta(hours=1)
    assert hours.staffed_between(second, at(f"{AUTUMN} 03:00", place)) == timedelta(minutes=90)


@pytest.mark.parametrize("zone", CHANGING)
def test_the_hour_that_is_left_out_does_not_count(zone: str) -> None:
    place = ZoneInfo(zone)
    hours = replace(week(), zone=place, week=(parse_spans("00:30-04:00", ""),) * 7)

    total = hours.staffed_between(at(f"{SPRING} 00:00", place), at(f"{SPRING} 12:00", place))

    assert total == timedelta(hours=2, minutes=30)


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        *((zone, SPRING, 23) for zone in CHANGING),
        *((zone, AUTUMN, 25) for zone in CHANGING),
        *((zone, day, 24) for zone in STEADY for day in (SPRING, AUTUMN)),
    ],
)
def test_a_day_with_a_change_is_as_long_as_it_was(zone: str, day: str, length: int) -> None:
    place = ZoneInfo(zone)
    hours = replace(week(), zone=place, week=(parse_spans("00:00-24:00", ""),) * 7)
    start = at(f"{day} 00:00", place)

    assert hours.staffed_between(start, start + timedelta(days=1)) == timedelta(hours=length)


@pytest.mark.parametrize("zone", [*CHANGING, *STEADY])
class TestZones:
    """The same edges everywhere, with and without a change of the clocks."""

    def hours(self, zone: str, **changes: Any) -> Hours:
        return replace(week(), zone=ZoneInfo(zone), **changes)

    def test_closing_time_is_the_wall_clock_s_in_winter_and_summer(self, zone: str) -> None:
        place, hours = ZoneInfo(zone), self.hours(zone)
        for day in ("2026-01-14", "2026-07-15", "2026-03-09", "2026-11-02"):
            asked = at(f"{day} 16:40", place).astimezone(UTC)
            until = hours.open_until(asked)
            assert until == at(f"{day} 17:00", place)
            assert until - asked == timedelta(minutes=20)
            assert not hours.is_open(at(f"{day} 17:00", place))

    def test_half_an_hour_to_read_it(self, zone: str) -> None:
        place, hours = ZoneInfo(zone), self.hours(zone)
        half = timedelta(minutes=30)
        for now, opens in (
            ("2026-03-04 16:30", "2026-03-04 16:30"),
            ("2026-03-04 16:31", "2026-03-05 08:00"),
            ("2026-03-04 11:40", "2026-03-04 13:00"),
            ("2026-03-04 12:45", "2026-03-04 13:00"),
            ("2026-03-06 16:31", "2026-03-09 08:00"),
            ("2026-10-30 16:31", "2026-11-02 08:00"),
        ):
            assert hours.next_opening(at(now, place), half) == at(opens, place)

    def test_a_holiday_on_monday_and_the_turn_of_the_year(self, zone: str) -> None:
        place = ZoneInfo(zone)
        closed = FixedClosures(
            {
                date(2026, 9, 7): Closure("Labor Day"),
                date(2026, 12, 31): Closure("New Year's Eve", parse_spans("08:00-12:00", "")),
                date(2027, 1, 1): Closure("New Year's Day"),
            }
        )
        hours = self.hours(zone, closures=closed)
        assert hours.next_opening(at("2026-09-04 17:04", place)) == at("2026-09-08 08:00", place)
        friday, tuesday = at("2026-09-04 16:30", place), at("2026-09-08 08:30", place)
        assert hours.staffed_between(friday, tuesday) == timedelta(hours=1)
        assert hours.open_until(at("2026-12-31 11:40", place)) == at("2026-12-31 12:00", place)
        assert hours.next_opening(at("2026-12-31 12:00", place)) == at("2027-01-04 08:00", place)


def test_staffed_around_the_clock_never_closes_at_midnight() -> None:
    always = replace(week(), week=(parse_spans("00:00-24:00", ""),) * 7)

    until = always.open_until(at("2026-03-04 23:50"))

    assert until is not None
    assert until - at("2026-03-04 23:50") > timedelta(days=7)


def test_spans_that_touch_are_one() -> None:
    hours = replace(week(), week=(parse_spans("08:00-12:00, 12:00-17:00", ""),) * 7)

    assert hours.open_until(at("2026-03-04 11:50")) == at("2026-03-04 17:00")


def test_a_half_day_opens_no_hours_that_the_week_has_not() -> None:
    half = Closure("Christmas Eve", parse_spans("07:00-12:30", ""))
    hours = replace(week(), closures=FixedClosures({date(2026, 12, 24): half}))

    assert hours.spans(date(2026, 12, 24)) == parse_spans("08:00-12:00", "")
    assert hours.closure(at("2026-12-24 09:00")) == half


def test_a_holiday_on_a_day_that_is_closed_anyway_says_nothing() -> None:
    hours = replace(week(), closures=FixedClosures({date(2026, 7, 4): Closure("Independence Day")}))

    assert hours.closure(at("2026-07-04 09:00")) is None


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-11-26 10:00", "closed today: Thanksgiving Day · phones staffed again Mon 08:00"),
        ("2026-11-25 17:04", "phones off until Mon 08:00"),
        ("2026-12-24 12:10", "closed early: Christmas Eve · phones staffed again Mon 08:00"),
        ("2026-12-24 11:40", "phones staffed until 12:00 (20 min)"),
        ("2026-12-24 07:00", "phones off until 08:00"),
    ],
)
def test_the_status_bar_says_why_nobody_answers(now: str, words: str) -> None:
    days = {
        date(2026, 11, 26): Closure("Thanksgiving Day"),
        date(2026, 11, 27): Closure("Friday After Thanksgiving"),
        date(2026, 12, 24): Closure("Christmas Eve", parse_spans("08:00-12:00", "")),
        date(2026, 12, 25): Closure("Christmas Day"),
    }
    there = practice(hours=replace(week(), closures=FixedClosures(days)))

    assert phones_words(there, at(now)) == words


@given(
    st.timedeltas(timedelta(), timedelta(days=450)),
    st.timedeltas(timedelta(), timedelta(days=400)),
)
@settings(max_examples=60, deadline=None)
def test_long_waits_are_counted_as_the_sum_of_their_days(later: timedelta, span: timedelta) -> None:
    closed = FixedClosures(
        {
            date(2026, 9, 7): Closure("Labor Day"),
            date(2026, 12, 24): Closure("Christmas Eve", parse_spans("08:00-12:00", "")),
        }
    )
    hours = replace(week("07:30-12:00, 13:00-24:00"), closures=closed)
    start = datetime(2025, 11, 1, tzinfo=UTC) + later
    end = start + span
    summed, day = timedelta(), start
    while day < end:
        following = min(day + timedelta(hours=12), end)
        summed += hours.staffed_between(day, following)
        day = following

    assert hours.staffed_between(start, end) == summed

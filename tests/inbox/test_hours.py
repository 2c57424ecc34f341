"""Staffed hours, across lunch, weekends, closures and changes of the clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from inbox.closure import Closure, FixedClosures
from inbox.errors import ConfigurationError
from inbox.hours import parse_spans
from tests.inbox.making import ZONE, week


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

"""The data file of quiet hours: what ships, what a practice puts over it, what is refused."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from inbox.closure import Closure, FixedClosures
from inbox.errors import ConfigurationError
from inbox.quiet import NEVER, Place, Window
from tui.config.quiet import NAME, SHIPPED, read_quiet

FLORIDA = Place("America/New_York", "FL")


def at(text: str, zone: str = "America/New_York") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def own(folder: Path, text: str) -> Path:
    (folder / NAME).write_text(text, "utf-8")
    return folder


def test_what_ships_is_whole(tmp_path: Path) -> None:
    quiet = read_quiet(tmp_path)

    assert quiet.rules.usual == Window(time(8), time(21))
    assert set(quiet.rules.states) == set(quiet.reviewed) - {"usual"}
    assert all(rule.source for rule in quiet.rules.states.values())
    assert all(day >= date(2026, 1, 1) for day in quiet.reviewed.values())


@pytest.mark.parametrize(
    ("state", "zone", "moment", "allowed"),
    [
        ("IL", "America/Chicago", "2026-12-03 20:30", True),
        ("FL", "America/New_York", "2026-12-03 19:59", True),
        ("FL", "America/New_York", "2026-12-03 20:00", False),
        ("KY", "America/New_York", "2026-12-03 09:30", False),
        ("TX", "America/Chicago", "2026-12-06 11:30", False),
        ("TX", "America/Chicago", "2026-12-06 12:00", True),
        ("TX", "America/Chicago", "2026-12-05 08:30", True),
        ("PA", "America/New_York", "2026-10-11 12:00", True),
        ("PA", "America/New_York", "2026-10-18 12:00", False),
        ("PA", "America/New_York", "2026-10-19 12:00", True),
        ("HI", "Pacific/Honolulu", "2026-12-03 07:59", False),
    ],
)
def test_hours_of_states(tmp_path: Path, state: str, zone: str, moment: str, allowed: bool) -> None:
    rules = read_quiet(tmp_path).rules

    assert rules.allows(at(moment, zone), [Place(zone, state)]) is allowed


def test_all_places_must_allow_it(tmp_path: Path) -> None:
    rules = read_quiet(tmp_path).rules
    places = [FLORIDA, Place("America/Chicago", "FL")]

    assert not rules.allows(at("2026-12-03 08:30"), places)
    assert not rules.allows(at("2026-12-03 20:30"), places)
    assert rules.allows(at("2026-12-03 09:00"), places)
    assert rules.next_allowed(at("2026-12-03 20:15"), places) == at("2026-12-04 09:00")


def test_the_practice_s_own_file_stands_over_it_state_by_state(tmp_path: Path) -> None:
    text = """
[state.FL]
hours = "09:00-18:00"
sun = "closed"
holidays = "closed"
ends = 2026-12-31
source = "our lawyer"
reviewed = 2026-11-01
"""
    christmas = FixedClosures({date(2026, 12, 25): Closure("Christmas Day")})
    shipped = read_quiet(tmp_path).rules
    rules = read_quiet(own(tmp_path, text), christmas).rules

    assert rules.states["FL"].week[6] == NEVER
    assert not rules.allows(at("2026-12-03 08:30"), [FLORIDA])
    assert not rules.allows(at("2026-12-25 12:00"), [FLORIDA])
    assert rules.allows(at("2027-01-04 08:30"), [FLORIDA])
    assert rules.states["TX"] == shipped.states["TX"]


def test_the_general_hours_can_be_narrowed(tmp_path: Path) -> None:
    text = '[usual]\nhours = "09:00-20:00"\nsource = "us"\nreviewed = 2026-11-01\n'

    assert read_quiet(own(tmp_path, text)).rules.usual == Window(time(9), time(20))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[state.FL]\nhours = '08:00-20:00'\nsource = 'x'\n", "state.FL.reviewed is missing"),
        (
            "[state.FL]\nhours = '8-20'\nsource = 'x'\nreviewed = 2026-11-01\n",
            "quiet.toml, line 2: state.FL.hours",
        ),
        (
            "[state.FL]\nhours = '08:00-12:00, 13:00-20:00'\nsource = 'x'\nreviewed = 2026-11-01\n",
            "state.FL.hours has more than one span",
        ),
        (
            "[state.Florida]\nhours = '08:00-20:00'\nsource = 'x'\nreviewed = 2026-11-01\n",
            "state.Florida is not a state",
        ),
        (
            "[state.FL]\nhour = '08:00-20:00'\nsource = 'x'\nreviewed = 2026-11-01\n",
            "state.FL.hour is not a known key",
        ),
        (
            "[state.FL]\nhours = '08:00-20:00'\nsource = 'x'\nreviewed = '2026-11-01'\n",
            "state.FL.reviewed is of the wrong kind",
        ),
        (
            "[state.FL]\nhours='closed'\nsource='x'\nreviewed=2026-11-01\nbegins=2026-12-01\nends=2026-11-01",
            "state.FL.ends is before begins",
        ),
        ("[state.FL\n", "quiet.toml is not valid TOML"),
    ],
)
def test_what_cannot_be_is_told_with_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_quiet(own(tmp_path, text))

    assert words in error.value.sentence
    assert error.value.hint


def test_entries_that_nobody_looked_up_for_a_year_are_old(tmp_path: Path) -> None:
    quiet = read_quiet(tmp_path)
    reviewed = quiet.reviewed["FL"]

    assert quiet.old(reviewed + timedelta(days=365)) == ()
    assert "FL" in quiet.old(reviewed + timedelta(days=366))


def test_the_shipped_file_says_where_each_entry_comes_from() -> None:
    assert "no legal advice" in SHIPPED.read_text("utf-8")

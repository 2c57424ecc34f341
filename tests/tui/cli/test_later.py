"""Sending later by command, and what the commands say of hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.tui.cli.conftest import Desk, Type

CALL_US = "Please call the office about Thursday."
QUIET = """
[state.IL]
hours = "08:00-20:00"
source = "a guess"
reviewed = 2024-01-01
"""


@pytest.fixture
def late(desk: Desk) -> Iterator[datetime]:
    """Monday 2 March 2026, 17:04 in Chicago."""
    before = desk.clock()
    yield desk.clock.set(datetime(2026, 3, 2, 17, 4, tzinfo=ZoneInfo("America/Chicago")))
    desk.clock.set(before)


def test_a_message_waits_for_the_opening(type_: Type, rosa: int, late: datetime) -> None:
    blocked = type_("reply", rosa, "--text", CALL_US, "--json")
    queued = type_("reply", rosa, "--text", CALL_US, "--at-opening", "--wait", "--json")

    assert blocked.status == 4
    [finding] = [one for one in blocked.json["findings"] if one["rule"] == "TW04"]
    assert "Let it leave tomorrow 08:00" in finding["fixes"]
    assert finding["fix"] == finding["fixes"][0]
    assert queued.status == 0
    assert queued.json["state"] == "queued"
    assert queued.json["leaves_at"] == "2026-03-03T08:00:00-06:00"


def test_what_waits_is_told_everywhere_and_taken_back(
    type_: Type, rosa: int, late: datetime
) -> None:
    sent = type_("reply", rosa, "--text", CALL_US, "--at-opening", "--wait")
    [row] = type_("outbox", "--json").json
    listed = next(
        one for one in type_("list", "--state", "waiting", "--json").json if one["id"] == rosa
    )
    shown = type_("show", rosa).out

    taken = type_("undo", row["id"], "--json")

    assert "It leaves tomorrow 08:00" in sent.out
    assert row["leaves_at"] == listed["leaves_at"] == "2026-03-03T08:00:00-06:00"
    assert f"leaves tomorrow 08:00; twoway undo {row['id']} takes it back" in shown
    assert taken.json["state"] == "cancelled"
    assert "Everything that was sent has left." in type_("outbox").out


def test_a_time_of_one_s_own(type_: Type, rosa: int) -> None:
    queued = type_("reply", rosa, "--text", "See you.", "--send-at", "2026-03-05T09:30", "--json")

    assert queued.json["leaves_at"] == "2026-03-05T09:30:00-06:00"
    assert "leaves Thu 09:30" in type_("outbox").out


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--send-at", "2026-03-02T08:00"), 1, "This time is over."),
        (("--send-at", "soonish"), 1, "is not a time"),
        (("--send-at", "tomorrow", "--at-opening"), 2, "not allowed with"),
    ],
)
def test_a_time_that_cannot_be(
    type_: Type, rosa: int, options: tuple[str, ...], status: int, said: str
) -> None:
    printed = type_("reply", rosa, "--text", "See you.", *options)

    assert printed.status == status
    assert said in printed.err
    assert type_("outbox", "--json").json == []


def test_while_the_phones_are_staffed_opening_means_now(type_: Type, rosa: int) -> None:
    queued = type_("reply", rosa, "--text", "See you.", "--at-opening", "--json").json

    assert queued["leaves_at"] == "2026-03-02T09:00:00-06:00"


def test_waiting_is_counted_while_somebody_is_there(
    type_: Type, rosa: int, desk: Desk, late: datetime
) -> None:
    def minutes() -> int:
        rows = type_("list", "--json").json
        return int(next(row["waiting_minutes"] for row in rows if row["id"] == rosa))

    evening = minutes()
    desk.clock.advance(hours=14)
    night = minutes()
    desk.clock.advance(hours=2)

    assert night == evening
    assert minutes() == evening + 64


def test_the_doctor_tells_days_off_and_old_quiet_hours(
    type_: Type, tmp_path: Path, desk: Desk
) -> None:
    before = type_("doctor", "--offline")
    (tmp_path / "desk" / "quiet.toml").write_text(QUIET, "utf-8")
    after = type_("doctor", "--offline")

    assert "ok   hours  phones staffed until 12:00" in before.out
    assert "next days off: none within 60 days" in before.out
    assert "quiet hours" not in before.err
    assert "Nobody has looked up the quiet hours of IL for more than a year." in after.err
    assert after.status == before.status


def test_a_country_without_holidays_sends_nothing(type_: Type, rosa: int, tmp_path: Path) -> None:
    path = tmp_path / "desk" / "practice.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace('country = "US"\nsubdivision = "IL"', 'country = "QQ"'), "utf-8")

    printed = type_("reply", rosa, "--text", "See you.")

    assert printed.status == 1
    assert "practice.country is no country whose holidays are known" in printed.err

"""The sample's list of appointments lies ahead, whenever it is looked at."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest

from demo.sample import appointments_csv, patients


def _rows(now: datetime) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(appointments_csv(now))))


def _day(text: str) -> date:
    month, day, year = (int(part) for part in text.split("/"))
    return date(year, month, day)


@pytest.mark.parametrize("days", [0, 1, 6, 7, 8, 41, 400])
def test_every_day_is_ahead_and_keeps_its_place_in_the_week(days: int) -> None:
    written = datetime(2026, 11, 20, 22, tzinfo=UTC)
    now = written + timedelta(days=days)
    for before, row in zip(_rows(written), _rows(now), strict=True):
        if row["Date"]:
            ahead = _day(row["Date"]) - now.date()
            assert timedelta(0) < ahead < timedelta(days=20)
            assert _day(row["Date"]).weekday() == _day(before["Date"]).weekday()
        assert row["Birth date"] == before["Birth date"]


def test_its_patients_are_those_of_the_sample_but_one() -> None:
    known = {one["id"] for one in patients()}
    named = {f"{one['given']} {one['family']}" for one in patients()}
    rows = _rows(datetime(2026, 11, 20, 22, tzinfo=UTC))
    assert {row["Patient ID"] for row in rows} - {""} <= known
    strangers = [row["Name"] for row in rows if row["Name"] not in named]
    assert strangers == ["Nora Whitlock"]

"""Lists of appointments as practice software writes them, and as it should not."""

from __future__ import annotations

import time
import tracemalloc
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.errors import TwowayError
from tui.importing.appointments import AppointmentList, read_appointments

ZONE = ZoneInfo("America/Chicago")
NOW = datetime(2026, 3, 4, 16, tzinfo=UTC)


def read(text: str | bytes, country: str = "US") -> AppointmentList:
    content = text if isinstance(text, bytes) else text.encode()
    return read_appointments(content, country, ZONE, NOW)


def troubles(text: str) -> list[str]:
    return [one.words for one in read(text).troubles]


def when(cell: str, country: str = "US") -> datetime | date | None:
    found = read(f"mrn;when\np1;{cell}\n", country)
    assert not found.troubles, found.troubles[0].words
    appointment = found.rows[0].appointment
    return appointment.at or appointment.day


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_and_encodings(separator: str, encoding: str) -> None:
    header = ["MRN", "Patient Name", "DOB", "Appt Date", "Start Time", "Location", "Provider"]
    cells = ["p1", "Núñez-Łoś Ann", "1/2/1980", "3/5/2026", "2:30 PM", "Haus “2”", "Dr. W", "Visit"]
    text = "\n".join(separator.join(row) for row in ([*header, "Visit Type"], cells))
    (row,) = read(text.encode(encoding)).rows

    assert (row.patient_id, row.name, row.birth_date) == ("p1", "Núñez-Łoś Ann", date(1980, 1, 2))
    assert row.appointment.at == datetime(2026, 3, 5, 20, 30, tzinfo=UTC)
    assert (row.appointment.place, row.appointment.with_whom) == ("Haus “2”", "Dr. W")
    assert (row.appointment.kind, row.row) == ("Visit", 2)


def test_windows_1252_with_semicolons() -> None:
    text = "Nr;Name;Datum;Zeit\r\n1;Müller, Jörg;5.3.2026;14:30\r\n".encode("cp1252")
    found = read(text, "DE")
    assert found.rows[0].name == "Jörg Müller"
    assert found.rows[0].appointment.day == date(2026, 3, 5)
    assert found.unknown == ("Nr",)


def test_names_in_two_columns() -> None:
    (row,) = read("First Name,Last Name,Type\nAnn,Lee,flu shot\n").rows
    assert (row.name, row.appointment.day, row.appointment.kind) == ("Ann Lee", None, "flu shot")


@pytest.mark.parametrize(
    ("cell", "country", "expected"),
    [
        ("2026-03-05", "US", date(2026, 3, 5)),
        ("20260305", "US", date(2026, 3, 5)),
        ("3/5/2026", "US", date(2026, 3, 5)),
        ("3/5/26", "US", date(2026, 3, 5)),
        ("5.3.2026", "US", date(2026, 5, 3)),
        ("5.3.2026", "DE", date(2026, 3, 5)),
        ("5/3/2026", "GB", date(2026, 3, 5)),
        ("Mar 5, 2026", "US", date(2026, 3, 5)),
        ("Thursday, March 5th, 2026", "US", date(2026, 3, 5)),
        ("5 March 2026", "GB", date(2026, 3, 5)),
        ("2026-03-05T14:30:00", "US", datetime(2026, 3, 5, 20, 30, tzinfo=UTC)),
        ("3/5/2026 2:30 p.m.", "US", datetime(2026, 3, 5, 20, 30, tzinfo=UTC)),
        ("3/5/2026 at 12 PM", "US", datetime(2026, 3, 5, 18, 0, tzinfo=UTC)),
        ("3/9/2026 9am", "US", datetime(2026, 3, 9, 14, 0, tzinfo=UTC)),
    ],
)
def test_dates_and_times(cell: str, country: str, expected: datetime | date) -> None:
    assert when(cell, country) == expected


@pytest.mark.parametrize(
    ("date_cell", "time_cell", "words"),
    [
        ("13/5/2026", "9:00", "Row 2, “Date” is not a date; write 2026-03-05."),
        ("2026-02-30", "9:00", "Row 2, “Date” is not a date; write 2026-03-05."),
        ("soon", "9:00", "Row 2, “Date” is not a date; write 2026-03-05."),
        ("3/5/2026", "3:00", "Row 2, “Time” would be at night; write 14:30 or 2:30 PM."),
        ("3/5/2026", "14:30 PM", "Row 2, “Time” is not a time; write 14:30 or 2:30 PM."),
        ("3/5/2026", "25:00", "Row 2, “Time” is not a time; write 14:30 or 2:30 PM."),
        ("3/5/2026", "9", "Row 2, “Time” is not a time; write 14:30 or 2:30 PM."),
        ("3/5/2026", "noonish", "Row 2, “Time” is not a time; write 14:30 or 2:30 PM."),
        ("3/8/2026", "2:30 AM", "Row 2, “Time” does not exist that day: the clocks go forward."),
        ("11/1/2026", "1:30 AM", "Row 2, “Time” happens twice that day: the clocks go back."),
        ("3/3/2026", "9:00", "Row 2, “Date” is over already."),
        ("3/4/2026", "9:59 AM", "Row 2, “Date” is over already."),
        ("3/5/2029", "9:00", "Row 2, “Date” is more than two years ahead."),
        ("", "9:00", "Row 2, “Date” is empty although there is a time."),
    ],
)
def test_what_is_wrong_names_row_and_column(date_cell: str, time_cell: str, words: str) -> None:
    assert troubles(f"MRN,Date,Time\np1,{date_cell},{time_cell}\n") == [words]


def test_a_row_is_used_whole_or_not_at_all() -> None:
    found = read("mrn,date,time\n,3/5/2026,9:00\n\np2,3/6/2026,9:00\np3,3/6/2026,9:00,x\np4\n")
    assert [row.patient_id for row in found.rows] == ["p2", "p4"]
    assert [one.words for one in found.troubles] == [
        "Row 2, “mrn” is empty, so nobody knows who it is.",
        "Row 5, “time” is followed by more cells than the header has.",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"\n\n  \n", "The file is empty."),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "The file is not CSV."),
        (b"PK\x03\x04\x14\0\x06\0", "The file is not CSV."),
        (b"date,time\n3/5/2026,9:00\n", "The first row of the file names no column"),
        (b'mrn,date\n"p1,3/5/2026\n', "is not CSV: unexpected end of data"),
        (b"mrn\n" + b"x" * 200_000, "is not CSV: field larger"),
    ],
)
def test_what_is_no_list_is_told(content: bytes, words: str) -> None:
    with pytest.raises(TwowayError) as caught:
        read(content)
    assert words in caught.value.sentence
    assert caught.value.hint


def test_values_never_stand_in_what_is_told() -> None:
    (told,) = troubles("mrn,name,date\np1,Ann Secret,whenever\n")
    assert "Secret" not in told
    assert "whenever" not in told


def test_ten_thousand_rows_take_little_time_and_memory() -> None:
    rows = "".join(f"p{n},Ann Lee,3/{5 + n % 20}/2026,9:{n % 60:02}\n" for n in range(10_000))
    content = f"mrn,name,date,time\n{rows}".encode()
    tracemalloc.start()
    began = time.perf_counter()
    found = read(content)
    taken, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.rows) == 10_000
    assert taken < 30
    assert peak < 60_000_000


@given(st.binary() | st.text().map(lambda text: f"mrn,name,date,time,when\n{text}".encode()))
def test_anything_is_read_or_refused_in_words(content: bytes) -> None:
    try:
        found = read(content)
    except TwowayError as error:
        found = AppointmentList((), (), ())
        assert_said(error)
    assert all(row.patient_id or row.name for row in found.rows)
    assert all(one.words.endswith(".") for one in found.troubles)


def assert_said(error: TwowayError) -> None:
    """It is a sentence and a hint."""
    assert error.sentence.endswith(".")
    assert error.hint.endswith(".")


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(TwowayError, match="more than"):
        read("mrn\n" + "p1\n" * 50_001)


def test_a_line_break_in_a_cell_is_no_row_of_its_own() -> None:
    text = 'mrn,place,date\np1,"Room 2,\nHaus A",3/5/2026\n\np2,Room 3,3/55/2026\n'
    found = read(text)
    assert [one.row for one in found.rows] == [2]
    assert [one.row for one in found.troubles] == [4]
    with pytest.raises(TwowayError, match="Row 3 of the file is not CSV"):
        read('mrn,place\np1,"Room\n2"\np2,"Room" 3\n')


def test_two_numbers_for_one_patient_are_refused() -> None:
    found = read("id,MRN,date\np1,p1,3/5/2026\np1,p2,3/5/2026\n,p3,3/5/2026\n")
    assert [one.patient_id for one in found.rows] == ["p1", "p3"]
    assert [(one.row, one.column) for one in found.troubles] == [(3, "id and MRN")]
    assert found.unknown == ()

"""Appointments from CSV, as practice software and spreadsheets write it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from inbox.appointment import Appointment, AppointmentRow, RowTrouble
from inbox.errors import TwowayError
from inbox.plain import plain_line
from inbox.spoken_date import MONTH_FIRST
from tui.importing.spreadsheet import decoded, rows_of

_NAMES: Final = {
    "patient_id": "id patient_id patientid mrn medical_record_number chart chart_number chart_no"
    " record_number patient_number patient_no account_number",
    "name": "name patient patient_name full_name",
    "given": "given first first_name firstname given_name forename patient_first_name vorname",
    "family": "family last last_name lastname family_name surname patient_last_name nachname",
    "birth_date": "birth_date birthdate date_of_birth dob born birthday geburtsdatum",
    "date": "date appointment_date appt_date visit_date day appointment_day datum",
    "time": "time appointment_time appt_time visit_time start_time start begins zeit",
    "when": "when datetime date_time date_and_time appointment appt start_at starts_at",
    "place": "place location site clinic where room facility ort",
    "with": "with provider doctor physician clinician with_whom provider_name arzt",
    "kind": "type kind appointment_type appt_type visit_type service art",
}
_KNOWN: Final = {alias: name for name, aliases in _NAMES.items() for alias in aliases.split()}
_MONTHS: Final = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\d{4})(\d{2})(\d{2})")
_NUMBERS: Final = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})")
_WEEKDAY: Final = r"(?:[a-z]{3,9}\.?,?\s+)?"
_MONTH_DAY: Final = re.compile(
    rf"{_WEEKDAY}([a-z]{{3,9}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})"
)
_DAY_MONTH: Final = re.compile(rf"{_WEEKDAY}(\d{{1,2}})\.?\s+([a-z]{{3,9}})\.?,?\s+(\d{{4}})")
_TIME: Final = re.compile(r"(\d{1,2})(?:[:.h](\d{2})(?::\d{2})?)?\s*(?:([ap])\.?\s?m\.?)?")
_SPLIT: Final = re.compile(
    r"(?:[Tt]|\s+(?:at\s+)?)(?=\d{1,2}(?:[:.h]\d{2}(?::\d{2})?)?\s*(?:[AaPp]\.?\s?[Mm]\.?)?$)"
)
"""Between a day and a time in one cell."""
_WHO: Final = frozenset({"patient_id", "birth_date"})
"""Of these, two columns may not contradict each other."""
_MOST_ROWS: Final = 50_000
_LARGEST: Final = 50_000_000
_AHEAD: Final = timedelta(days=731)
_NIGHT_ENDS: Final = 6
"""Nobody means three in the morning by `3:00`."""


@dataclass(frozen=True, slots=True)
class AppointmentList:
    """What a file holds."""

    rows: tuple[AppointmentRow, ...]
    troubles: tuple[RowTrouble, ...]
    """Rows that cannot be used; nothing of them is."""
    unknown: tuple[str, ...]
    """Columns that were not looked at."""


def read_appointments(content: bytes, country: str, zone: tzinfo, now: datetime) -> AppointmentList:
    """Read a CSV file of appointments.

    Args:
        content: The bytes: UTF-8 (with or without mark), UTF-16 with mark, or Windows-1252;
            separated by comma, semicolon, tab or bar.
        country: Says whether 3/5/2026 and 5.3.2026 begin with the month.
        zone: The practice's: times are its wall-clock times.
        now: Aware; what lies before it cannot be reminded of.

    Raises:
        TwowayError: it is no such list.
    """
    if len(content) > _LARGEST:
        raise TwowayError("The file is too large for a list of appointments.", "Split it.")
    text = decoded(content)
    if "\0" in text:
        raise TwowayError("The file is not CSV.", "Export the appointments again as CSV.")
    rows, troubles = list[AppointmentRow](), list[RowTrouble]()
    columns: _Columns | None = None
    for number, cells in rows_of(text):
        if columns is None:
            columns = _Columns([plain_line(cell, 60) for cell in cells])
            continue
        if len(rows) + len(troubles) >= _MOST_ROWS:
            raise TwowayError(f"The file has more than {_MOST_ROWS:,} rows.", "Split it.")
        found = _Reader(number, cells, columns, country, zone, now).row()
        if isinstance(found, RowTrouble):
            troubles.append(found)
        else:
            rows.append(found)
    if columns is None:
        raise TwowayError("The file is empty.", "Export the appointments as CSV with a header.")
    return AppointmentList(tuple(rows), tuple(troubles), columns.unknown)


class _Columns:
    """Where each of our columns stands, and what the file calls it."""

    def __init__(self, header: list[str]) -> None:
        """Find the columns.

        Raises:
            TwowayError: the header names no patient.
        """
        self.header = header
        self.at: dict[str, int] = {}
        self.also: dict[str, list[int]] = {}
        for at, cell in enumerate(header):
            name = _KNOWN.get(re.sub(r"[^a-z0-9]+", "_", cell.casefold()).strip("_"))
            if name is not None:
                first = self.at.setdefault(name, at)
                if first != at and name in _WHO:
                    self.also.setdefault(name, [first]).append(at)
        if not ({"patient_id", "name"} & self.at.keys() or {"given", "family"} <= self.at.keys()):
            raise TwowayError(
                "The first row of the file names no column for the patient.",
                "Name the columns, for example: patient id, name, date, time, place, with, type.",
            )
        used = {*self.at.values(), *(at for all_at in self.also.values() for at in all_at)}
        self.unknown = tuple(name for at, name in enumerate(header) if name and at not in used)
        self.words = tuple((name, header[at]) for name, at in self.at.items()) + (
            ()
            if "name" in self.at or "family" not in self.at
            else (("name", header[self.at["family"]]),)
        )

    def title(self, name: str) -> str:
        """What the file calls a column."""
        return self.header[self.at[name]] if name in self.at else name


class _Wrong(Exception):
    """A value that cannot be used."""

    def __init__(self, column: str, what: str) -> None:
        super().__init__(what)
        self.column = column
        self.what = what


class _Reader:
    """Reads one row."""

    def __init__(
        self,
        number: int,
        cells: list[str],
        columns: _Columns,
        country: str,
        zone: tzinfo,
        now: datetime,
    ) -> None:
        self._number = number
        self._cells = cells
        self._columns = columns
        self._month_first = country in MONTH_FIRST
        self._zone = zone
        self._now = now

    def row(self) -> AppointmentRow | RowTrouble:
        """The row, or the first thing that is wrong with it."""
        try:
            return self._row()
        except _Wrong as wrong:
            return RowTrouble(self._number, self._columns.title(wrong.column), wrong.what)

    def _row(self) -> AppointmentRow:
        if any(cell.strip() for cell in self._cells[len(self._columns.header) :]):
            raise _Wrong(self._columns.header[-1], "is followed by more cells than the header has")
        patient_id, name = self._cell("patient_id"), self._name()
        if not patient_id and not name:
            column = "patient_id" if "patient_id" in self._columns.at else "name"
            raise _Wrong(column, "is empty, so nobody knows who it is")
        born = self._cell("birth_date")
        return AppointmentRow(
            row=self._number,
            appointment=self._appointment(),
            patient_id=patient_id,
            name=name,
            birth_date=self._day("birth_date", born) if born else None,
            columns=self._columns.words,
        )

    def _cell(self, name: str) -> str:
        at = self._columns.at.get(name, -1)
        filled = {
            plain_line(self._cells[one], 200).casefold(): one
            for one in reversed(self._columns.also.get(name, ()))
            if one < len(self._cells) and self._cells[one].strip()
        }
        if len(filled) > 1:
            titles = (self._columns.header[one] for one in sorted(filled.values()))
            raise _Wrong(" and ".join(titles), "say different things of the same")
        at = next(iter(filled.values()), at)
        return plain_line(self._cells[at], 200) if 0 <= at < len(self._cells) else ""

    def _name(self) -> str:
        whole = self._cell("name") or f"{self._cell('given')} {self._cell('family')}".strip()
        return " ".join(reversed(whole.split(",", 1))).strip() if "," in whole else whole

    def _appointment(self) -> Appointment:
        said_day, said_time, column = self._cell("date"), self._cell("time"), "date"
        if not said_day and self._cell("when"):
            said_day, column = self._cell("when"), "when"
        if said_day and not said_time:
            parts = _SPLIT.split(said_day, maxsplit=1)
            said_day, said_time = parts[0], parts[1] if len(parts) > 1 else ""
        day = self._day(column, said_day) if said_day else None
        where = "time" if self._cell("time") else column
        wall = self._time(where, said_time) if said_time else None
        if day is None and wall is not None:
            raise _Wrong("date", "is empty although there is a time")
        at = None if day is None or wall is None else self._moment(where, day, wall)
        today = self._now.astimezone(self._zone).date()
        if day is not None and (day < today or (at is not None and at <= self._now)):
            raise _Wrong(column, "is over already")
        if day is not None and day - today > _AHEAD:
            raise _Wrong(column, "is more than two years ahead")
        place, whom = self._cell("place"), self._cell("with")
        return Appointment(day, at, place, whom, self._cell("kind"))

    def _day(self, column: str, text: str) -> date:
        text = text.strip().casefold()
        if column == "birth_date":
            text = text.split(" ")[0] if text[:1].isdigit() else text
        try:
            year, month, day = self._numbers(text)
            return date(year, month, day)
        except ValueError:
            raise _Wrong(column, "is not a date; write 2026-03-05") from None

    def _numbers(self, text: str) -> tuple[int, int, int]:
        """Year, month, day. Raises ValueError: it is no date."""
        if found := _YEAR_FIRST.fullmatch(text):
            year, month, day = (int(one) for one in found.groups() if one is not None)
            return year, month, day
        if found := _NUMBERS.fullmatch(text):
            first, second, year = int(found[1]), int(found[3]), int(found[4])
            year += 2000 if year < 100 else 0
            return (year, first, second) if self._month_first else (year, second, first)
        if found := _MONTH_DAY.fullmatch(text):
            return int(found[3]), _MONTHS.index(found[1][:3]) + 1, int(found[2])
        if found := _DAY_MONTH.fullmatch(text):
            return int(found[3]), _MONTHS.index(found[2][:3]) + 1, int(found[1])
        raise ValueError(text)

    def _time(self, column: str, text: str) -> time:
        found = _TIME.fullmatch(text.strip().casefold())
        if found is None or (found[2] is None and found[3] is None):
            raise _Wrong(column, "is not a time; write 14:30 or 2:30 PM")
        hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
        if half is not None and not 1 <= hour <= 12:
            raise _Wrong(column, "is not a time; write 14:30 or 2:30 PM")
        if half is None and hour < _NIGHT_ENDS:
            raise _Wrong(column, "would be at night; write 14:30 or 2:30 PM")
        if half is not None:
            hour = hour % 12 + (12 if half == "p" else 0)
        try:
            return time(hour, minute)
        except ValueError:
            raise _Wrong(column, "is not a time; write 14:30 or 2:30 PM") from None

    def _moment(self, column: str, day: date, wall: time) -> datetime:
        """The moment of a wall-clock time, which must exist and happen once."""
        local = datetime.combine(day, wall, self._zone)
        at = local.astimezone(UTC)
        if at.astimezone(self._zone).replace(tzinfo=None) != local.replace(tzinfo=None):
            raise _Wrong(column, "does not exist that day: the clocks go forward")
        if local.replace(fold=1).astimezone(UTC) != at:
            raise _Wrong(column, "happens twice that day: the clocks go back")
        return at

"""Appointments as a list of another program gives them: one row each, before anybody is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime


@dataclass(frozen=True, slots=True)
class Appointment:
    """A visit, or something that is due without a time (a flu shot)."""

    day: date | None = None
    """In the practice's time zone; None when it has no day yet."""
    at: datetime | None = None
    """When it begins (aware); None when only the day is known."""
    place: str = ""
    with_whom: str = ""
    kind: str = ""
    """What the list calls it: `visit`, `flu shot`; chooses the template and is not said."""

    @property
    def moment(self) -> str:
        """What tells it from another of the same patient: RFC 3339 in UTC, a day, or nothing."""
        if self.at is not None:
            return self.at.astimezone(UTC).isoformat(timespec="minutes")
        return self.day.isoformat() if self.day is not None else ""


@dataclass(frozen=True, slots=True)
class AppointmentRow:
    """One row of a list, read but not yet matched to a patient."""

    row: int
    """Its number in the file, the header being row 1."""
    appointment: Appointment
    patient_id: str = ""
    name: str = ""
    birth_date: date | None = None
    columns: tuple[tuple[str, str], ...] = ()
    """What the file calls its columns: (ours, theirs)."""

    def column(self, name: str) -> str:
        """What the file calls a column of ours: `patient`, `name`, `date`, ..."""
        return dict(self.columns).get(name, name)


@dataclass(frozen=True, slots=True)
class RowTrouble:
    """A row that cannot be used; it names row and column, never the value: it is a patient's."""

    row: int
    column: str
    what: str
    """What is wrong, and what was expected."""

    @property
    def words(self) -> str:
        """As one sentence."""
        return f"Row {self.row}, “{self.column}” {self.what}."

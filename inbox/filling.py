"""Filling in a template: every field has a value in a reader's words, or stays a visible gap."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from inbox.address import ChannelKind
from inbox.appointment import Appointment
from inbox.number import number_words
from inbox.patient import Patient
from inbox.plain import plain_line
from inbox.practice import Practice, StaffMember
from inbox.spoken_date import MONTH_FIRST
from inbox.template import FIELDS, Field, Pieces, Template

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_LOOK_BACK_DAYS: Final = 14
_GAP: Final = re.compile(r"\{([a-z_.]+)\}")


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a template is filled in from."""

    practice: Practice
    now: datetime
    """Aware."""
    member: StaffMember | None = None
    """Who writes."""
    patient: Patient | None = None
    appointment: Appointment | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """A template for one person."""

    subject: str
    text: str
    gaps: tuple[str, ...]
    """Names of the fields that have no value; they stand in the text as `{my.direct_line}`."""


def fill(template: Template, occasion: Occasion) -> Filled:
    """Fill a template in. Never raises: what has no value stays visible."""
    gaps: dict[str, None] = {}

    def filled(pieces: Pieces) -> str:
        words = []
        for piece in pieces:
            if isinstance(piece, Field):
                value = _value(piece.name, occasion)
                if not value:
                    gaps[piece.name] = None
                words.append(value or piece.gap)
            else:
                words.append(piece)
        return "".join(words)

    return Filled(filled(template.subject), filled(template.text), tuple(gaps))


def fill_gaps(text: str, occasion: Occasion) -> str:
    """Fill in the gaps of a filled template that have a value by now; all else stays."""

    def value(gap: re.Match[str]) -> str:
        known = _value(gap[1], occasion) if gap[1] in _VALUES else ""
        return known or gap[0]

    return _GAP.sub(value, text)


def day_words(day: date, today: date, country: str) -> str:
    """A day as people write it: `Thu, Mar 5`; with the year when that is not clear."""
    if country in MONTH_FIRST:
        words = f"{_DAYS[day.weekday()]}, {_MONTHS[day.month - 1]} {day.day}"
    else:
        words = f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]}"
    clear = abs((day - today).days) < 180
    year = f"{', ' if country in MONTH_FIRST else ' '}{day.year}"
    return words if clear else words + year


def time_words(local: datetime, country: str) -> str:
    """A time of day as people write it: `2:30 PM`, or `14:30` where the clock has 24 hours."""
    if country not in MONTH_FIRST:
        return f"{local:%H:%M}"
    return f"{local.hour % 12 or 12}:{local.minute:02} {'AM' if local.hour < 12 else 'PM'}"


def _value(name: str, occasion: Occasion) -> str:
    """The value of a field, safe to show, or nothing."""
    try:
        return plain_line(_VALUES[name](occasion), 300)
    except (OverflowError, ValueError):
        # A day at the edge of the calendar has no day before it.
        return ""


def _local(moment: datetime, occasion: Occasion) -> datetime:
    return moment.astimezone(occasion.practice.timezone)


def _today(occasion: Occasion) -> date:
    return _local(occasion.now, occasion).date()


def _appointment_day(occasion: Occasion) -> date | None:
    if occasion.appointment is None:
        return None
    at = occasion.appointment.at
    return _local(at, occasion).date() if at is not None else occasion.appointment.day


def _date(occasion: Occasion) -> str:
    day = _appointment_day(occasion)
    return "" if day is None else day_words(day, _today(occasion), occasion.practice.country)


def _time(occasion: Occasion) -> str:
    at = occasion.appointment.at if occasion.appointment else None
    return "" if at is None else time_words(_local(at, occasion), occasion.practice.country)


def _place(occasion: Occasion) -> str:
    if occasion.appointment is None:
        return ""
    return occasion.appointment.place or occasion.practice.name


def _close(occasion: Occasion) -> str:
    until = occasion.practice.phone_hours.open_until(occasion.now)
    return "" if until is None else time_words(_local(until, occasion), occasion.practice.country)


def _open(occasion: Occasion) -> str:
    hours, country = occasion.practice.phone_hours, occasion.practice.country
    opens = hours.next_opening(hours.open_until(occasion.now) or occasion.now)
    if opens is None:
        return ""
    local = _local(opens, occasion)
    ahead = (local.date() - _today(occasion)).days
    day = {0: "today", 1: "tomorrow"}.get(ahead, f"{local:%A}" if ahead < 7 else "")
    return (
        f"{day or day_words(local.date(), _today(occasion), country)}"
        f" at {time_words(local, country)}"
    )


def _reply_by(occasion: Occasion) -> str:
    """The last day with somebody there before the visit, unless that has gone by."""
    day = _appointment_day(occasion)
    today, hours = _today(occasion), occasion.practice.hours
    if day is None:
        return ""
    for _ in range(_LOOK_BACK_DAYS):
        day -= timedelta(days=1)
        if day < today:
            return ""
        if hours.spans(day) and (day > today or hours.closes_at(occasion.now) is not None):
            return day_words(day, today, occasion.practice.country)
    return ""


def _phone_line(occasion: Occasion) -> str:
    lines = occasion.practice.lines
    number = next((line.address for line in lines if line.channel is ChannelKind.PHONE), "")
    return number_words(number)


def _mine(read: Callable[[StaffMember], str]) -> Callable[[Occasion], str]:
    return lambda occasion: read(occasion.member) if occasion.member else ""


def _theirs(read: Callable[[Patient], str]) -> Callable[[Occasion], str]:
    return lambda occasion: read(occasion.patient) if occasion.patient else ""


_VALUES: Final[dict[str, Callable[[Occasion], str]]] = {
    "patient.first_name": _theirs(lambda patient: patient.given),
    "patient.name": _theirs(lambda patient: patient.name),
    "appointment.date": _date,
    "appointment.time": _time,
    "appointment.place": _place,
    "appointment.with": lambda occasion: (
        occasion.appointment.with_whom if occasion.appointment else ""
    ),
    "scheduling_url": lambda occasion: occasion.practice.scheduling_url,
    "reply_by": _reply_by,
    "my.name": _mine(lambda member: member.name),
    "my.first_name": _mine(lambda member: member.first_name),
    "my.direct_line": _mine(lambda member: number_words(member.direct_line)),
    "my.email": _mine(lambda member: member.email),
    "phones.close": _close,
    "phones.open": _open,
    "phones.number": _phone_line,
    "practice.name": lambda occasion: occasion.practice.name,
}
if _VALUES.keys() != FIELDS.keys():
    raise RuntimeError("A field has no value, or a value no field.")


def sample_appointment(now: datetime, practice: Practice) -> Appointment:
    """A plausible visit: in about a week, on a day with somebody there, at half past two."""
    local = now.astimezone(practice.timezone)
    days = (local.date() + timedelta(days=ahead) for ahead in range(6, 20))
    day = next((one for one in days if practice.hours.spans(one)), local.date() + timedelta(7))
    at = datetime(day.year, day.month, day.day, 14, 30, tzinfo=practice.timezone).astimezone(UTC)
    return Appointment(day, at, "12 Shore Road", "Dr. Weiss", "visit")

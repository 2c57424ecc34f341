"""Dates and times of FHIR: how they are written, and what they cover.

http://hl7.org/fhir/R4/search.html#date
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from demo.portal.problem import Problem

_WRITTEN = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?"
    r"(Z|[+-]\d\d:\d\d)?)?)?)?"
)
_PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")


@dataclass(frozen=True, slots=True)
class Span:
    """The time something written stands for: a year, a day, a second."""

    low: datetime
    high: datetime
    """The first moment after it."""


@lru_cache(4096)
def span(written: str) -> Span:
    """What a date, dateTime or instant covers; one without an offset is read as UTC.

    Raises:
        Problem: it is none.
    """
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise Problem("value", f"{written!r} is not a date.")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    zone = "+00:00" if zone in {None, "Z"} else zone
    digits = (fraction or "")[:6].ljust(6, "0")
    whole = (
        f"{year}-{month or '01'}-{day or '01'}"
        f"T{hour or '00'}:{minute or '00'}:{second or '00'}.{digits}{zone}"
    )
    try:
        low = datetime.fromisoformat(whole).astimezone(UTC)
        if fraction:
            high = low + timedelta(seconds=10.0 ** -len(fraction[:6]))
        elif second:
            high = low + timedelta(seconds=1)
        elif minute:
            high = low + timedelta(minutes=1)
        elif day:
            high = low + timedelta(days=1)
        elif month:
            high = (low.replace(day=28) + timedelta(days=4)).replace(day=1)
        else:
            high = low.replace(year=low.year + 1)
    except (ValueError, OverflowError):
        raise Problem("value", f"{written!r} is not a date.") from None
    return Span(low, high)


def meets(found: Span, wanted: str) -> bool:
    """Whether a time passes a search value such as `ge2026-03-02`.

    Raises:
        Problem: the value is none.
    """
    prefix = wanted[:2] if wanted[:2] in _PREFIXES else "eq"
    value = span(wanted.removeprefix(prefix))
    within = value.low <= found.low and found.high <= value.high
    answers = {
        "eq": within,
        "ne": not within,
        "gt": found.high > value.high,
        "lt": found.low < value.low,
        "ge": within or found.high > value.high,
        "le": within or found.low < value.low,
        "sa": found.low >= value.high,
        "eb": found.high <= value.low,
    }
    return answers[prefix]


def instant(at: datetime) -> str:
    """A time as an instant in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

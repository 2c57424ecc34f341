"""Days as a person types them into a search: `monday`, `last week`, `march`, `2026-03`, `3/2`."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from typing import Final

Days = tuple[date, date]
"""The first and the last of some days in a row."""

_DAY: Final = timedelta(days=1)
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july",
    "august", "september", "october", "november", "december",
)  # fmt: skip
_NUMBERS: Final = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_FEWEST_LETTERS: Final = 3
_ISO: Final = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})(?:\2(\d{1,2}))?)?|(\d{4})(\d\d)(\d\d)")
_WRITTEN: Final = re.compile(r"(\d{1,2})([-/.])(\d{1,2})(?:\2(\d{4}|\d\d)|\.)?")
_MONTH_OF: Final = re.compile(r"(\d{1,2})[-/.](\d{4})")
_NAMED: Final = re.compile(
    r"(?:(?P<before>\d{1,2})(?:st|nd|rd|th|\.)? (?:of )?)?(?P<month>[a-z]{3,9})\.?"
    r"(?: (?P<after>\d{1,2})(?:st|nd|rd|th|,)?)?(?:,? (?P<year>\d{4}))?"
)
_YEAR_FIRST: Final = re.compile(r"(?P<year>\d{4}) (?P<month>[a-z]{3,9})")
_AGO: Final = re.compile(r"(\d{1,4}|[a-z]{1,5}) ?(d|w|m|y|days?|weeks?|months?|years?)( ago)?")
_SPAN: Final = re.compile(r"(this|last|past|previous|next) (?:(\d{1,3}|[a-z]{1,5}) )?([a-z]+)")


def read_days(text: str, today: date, *, month_first: bool = True) -> Days | None:
    """The days that a person means, or None when it is no date.

    A weekday is the latest one, today included; a day or a month without a year is the latest one
    that has begun. Weeks begin on Monday.

    Args:
        text: One date; case, accents, blanks, hyphens and underscores between words do not count.
        today: The day it is typed on.
        month_first: `3/2` is the second of March.
    """
    plain = unicodedata.normalize("NFKD", text[:40]).casefold()
    plain = " ".join(re.sub(r"(?<=[a-z])[-_]|[-_](?=[a-z])|\s", " ", plain).split())
    try:
        return (
            _relative(plain, today)
            or _numbers(plain, today, month_first=month_first)
            or _named(plain, today)
        )
    except (ValueError, OverflowError):
        return None


def _relative(text: str, today: date) -> Days | None:
    for word, days in (("today", 0), ("yesterday", 1), ("tomorrow", -1)):
        if text == word:
            return _one(today - days * _DAY)
    weekday = _place(text, _WEEKDAYS)
    if weekday is not None:
        return _one(today - (today.weekday() - weekday) % 7 * _DAY)
    found = _SPAN.fullmatch(text)
    if found:
        which, count, unit = found.groups()
        return _stretch(which, count, unit, today)
    found = _AGO.fullmatch(text)
    if found and (found[3] or found[1].isdigit()):
        number = _number(found[1])
        return None if number is None else _one(_back(today, number, found[2][0]))
    return None


def _stretch(which: str, count: str | None, unit: str, today: date) -> Days | None:
    """`last week`, `this month`, `past 3 days`, `last monday`."""
    step = {"this": 0, "next": 1}.get(which, -1)
    weekday = _place(unit, _WEEKDAYS)
    if weekday is not None and count is None:
        monday = today - today.weekday() * _DAY
        if step < 0:
            return _one(today - ((today.weekday() - weekday - 1) % 7 + 1) * _DAY)
        return _one(monday + (weekday + 7 * step) * _DAY)
    if unit.rstrip("s") not in {"day", "week", "month", "year"}:
        return None
    if count is not None or which == "past":
        number = _number(count or "1")
        if number is None or step >= 0:
            return None
        return _back(today, number, unit[0]) + _DAY, today
    if unit == "day":
        return _one(today + step * _DAY)
    if unit == "week":
        first = today + (7 * step - today.weekday()) * _DAY
        return first, first + 6 * _DAY
    if unit == "month":
        months = today.year * 12 + today.month - 1 + step
        return _month(months // 12, months % 12 + 1)
    return _year(today.year + step) if unit == "year" else None


def _numbers(text: str, today: date, *, month_first: bool) -> Days | None:
    found = _ISO.fullmatch(text)
    if found:
        year, _, month, day, *whole = found.groups()
        if whole[0]:
            return _one(date(*(int(part) for part in whole)))
        if month is None:
            return _year(int(year))
        return _one(date(int(year), int(month), int(day))) if day else _month(int(year), int(month))
    found = _MONTH_OF.fullmatch(text)
    if found:
        return _month(int(found[2]), int(found[1]))
    found = _WRITTEN.fullmatch(text)
    if not found:
        return None
    first, second = int(found[1]), int(found[3])
    # Where only one of the two can be the month, it is.
    if (first > 12) if month_first else (second <= 12 or first > 12):
        first, second = second, first
    if found[4] is None:
        return _one(_latest(first, second, today))
    return _one(date(_four_digits(int(found[4]), today), first, second))


def _named(text: str, today: date) -> Days | None:
    """`march`, `march 2026`, `march 3`, `3 march 2026`."""
    found = _YEAR_FIRST.fullmatch(text) or _NAMED.fullmatch(text)
    month = _place(found["month"], MONTHS) if found else None
    if found is None or month is None:
        return None
    parts = {"before": None, "after": None, **found.groupdict()}
    if parts["before"] and parts["after"]:
        return None
    day, year = parts["before"] or parts["after"], parts["year"]
    if day is None:
        latest = today.year - (month + 1 > today.month)
        return _month(int(year) if year else latest, month + 1)
    if year is None:
        return _one(_latest(month + 1, int(day), today))
    return _one(date(int(year), month + 1, int(day)))


def _place(word: str, among: tuple[str, ...]) -> int | None:
    """Which of some names a word begins."""
    if len(word) < _FEWEST_LETTERS:
        return None
    word = "sep" if word == "sept" else word
    return next((at for at, name in enumerate(among) if name.startswith(word)), None)


def _number(word: str) -> int | None:
    return int(word) if word.isdigit() else _NUMBERS.get(word)


def _back(today: date, count: int, unit: str) -> date:
    if unit in {"d", "w"}:
        return today - count * (7 if unit == "w" else 1) * _DAY
    months = today.year * 12 + today.month - 1 - count * (12 if unit == "y" else 1)
    first, last = _month(months // 12, months % 12 + 1)
    return min(first + (today.day - 1) * _DAY, last)


def _latest(month: int, day: int, today: date) -> date:
    """The latest such day that has begun; of the 29th of February, too."""
    for year in range(today.year, max(0, today.year - 9), -1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found <= today:
            return found
    raise ValueError("no such day")


def _four_digits(year: int, today: date) -> int:
    if year >= 100:
        return year
    century = today.year - today.year % 100
    return century + year if century + year <= today.year + 20 else century + year - 100


def _one(day: date) -> Days:
    return day, day


def _month(year: int, month: int) -> Days:
    first = date(year, month, 1)
    if (year, month) == (date.max.year, 12):
        return first, date.max
    return first, date(year + month // 12, month % 12 + 1, 1) - _DAY


def _year(year: int) -> Days:
    return date(year, 1, 1), date(year, 12, 31)

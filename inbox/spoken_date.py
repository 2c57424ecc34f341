"""Dates as people write them: `3/5`, `March 6`, `the 6th of March`, `within 2 business days`."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from inbox.hours import Hours

MONTH_FIRST: Final = frozenset({"AS", "CA", "FM", "GU", "MH", "MP", "PH", "PR", "PW", "US", "VI"})
"""Countries where `3/5` is the fifth of March."""
_MONTHS: Final = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_MONTH: Final = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_DATE: Final = re.compile(
    rf"""(?<![\w/.])(?:(?:on\ |this\ |next\ )*
        (?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?,?\ )?(?:on\ |the\ )*
    (?:(?P<iso_year>20\d\d)-(?P<iso_month>\d\d)-(?P<iso_day>\d\d)(?!\d)
    | (?P<first>\d{{1,2}})/(?P<second>\d{{1,2}})(?:/(?P<short>(?:20)?\d\d))?(?![\d/])
    | (?P<month>{_MONTH})\b\.?\ (?:the\ )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\w:/-])
        (?:,?\ (?P<year>20\d\d)\b)?
    | (?P<before>\d{{1,2}})\.?(?:st|nd|rd|th)?\ (?:of\ )?(?P<named>{_MONTH})\b\.?
        (?:,?\ (?P<after>20\d\d)\b)?
    | (?<=the\ )(?P<only>\d{{1,2}})(?:st|nd|rd|th)
        (?=\ *(?:$|[,.!?;:()–—-]|(?:at|by|and|or|between|in)\b)))""",
    re.VERBOSE,
)
_COUNTS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_DAYS: Final = re.compile(
    rf"""(?:the\ next\ |about\ |at\ most\ )*(?P<count>\d{{1,2}}|an?|{"|".join(_COUNTS)})\ ?
    (?P<business>business\ |working\ |work\ |week)?(?P<unit>days?|weeks?)(?:'\ time)?\b
    (?!\ (?:of|after|before|prior|from\ (?!now|today)|ago|if)\b)""",
    re.VERBOSE,
)
_HALF_A_YEAR: Final = timedelta(days=183)
_FARTHEST: Final = 120


def read_date(
    text: str, at: int, today: date, *, month_first: bool, end: int | None = None
) -> tuple[date, int] | None:
    """Read a date at a place of a text in small letters, and where it ends; None when none is.

    A date without a year is that of this year, unless that is nearer next year or the year before.
    """
    match = _DATE.match(text, at, len(text) if end is None else end)
    found = _date(match, today, month_first=month_first) if match else None
    return None if match is None or found is None else (found, match.end())


def date_before(text: str, at: int, end: int, today: date, *, month_first: bool) -> date | None:
    """The date right before `end`, not before `at`; None when none is."""
    for match in _DATE.finditer(text, at, end):
        if not text[match.end() : end].strip(" ,"):
            return _date(match, today, month_first=month_first)
    return None


def read_days(text: str, at: int, today: date, hours: Hours) -> tuple[date, int] | None:
    """Read `two days`, `2 business days`, `a week` at a place: the day, and where it ends.

    Business days are those on which somebody is there.
    """
    match = _DAYS.match(text, at)
    if match is None:
        return None
    count = 1 if match["count"] in {"a", "an"} else 0
    count = count or (_COUNTS.index(match["count"]) + 1 if match["count"] in _COUNTS else 0)
    count = count or int(match["count"])
    if match["unit"].startswith("week"):
        return today + timedelta(weeks=count), match.end()
    if not match["business"]:
        return today + timedelta(days=count), match.end()
    day = today
    for _ in range(_FARTHEST):
        if not count:
            break
        day += timedelta(days=1)
        works = hours.spans(day) if any(hours.week) else day.weekday() < 5
        count -= bool(works)
    return day, match.end()


def _date(match: re.Match[str], today: date, *, month_first: bool) -> date | None:
    if match["iso_year"]:
        named = (match["iso_year"], match["iso_month"], match["iso_day"])
        return _made(*(int(part) for part in named))
    if match["first"]:
        first, second = int(match["first"]), int(match["second"])
        month, day = (first, second) if month_first else (second, first)
        if month > 12:
            month, day = day, month
        year = int(match["short"] or 0)
        year += 2000 if 0 < year < 100 else 0
    elif match["only"]:
        return _next_of(int(match["only"]), today)
    else:
        month = _MONTHS.index((match["month"] or match["named"])[:3]) + 1
        day = int(match["day"] or match["before"])
        year = int(match["year"] or match["after"] or 0)
    if year:
        return _made(year, month, day)
    found = _made(today.year, month, day)
    if found is None:
        return _made(today.year + 1, month, day)
    if today - found > _HALF_A_YEAR:
        return _made(today.year + 1, month, day)
    if found - today > _HALF_A_YEAR:
        # In January, a day of December is over.
        return _made(today.year - 1, month, day) if today.month <= 2 < 10 < month else found
    return found


def _next_of(day: int, today: date) -> date | None:
    """The next day of a month with this number, today included."""
    first = today.replace(day=1)
    for _ in range(3):
        found = _made(first.year, first.month, day)
        if found is not None and found >= today:
            return found
        first = (first + timedelta(days=32)).replace(day=1)
    return None


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

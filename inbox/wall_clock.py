"""Times as people say them: `5:30 pm`, `noon tomorrow`, `half past five`, `by end of day`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from inbox.hours import DAYS, Hours
from inbox.spoken_date import date_before, read_date, read_days

_EARLY: Final = 7
"""An hour without am or pm up to this one is in the afternoon: nobody is there at five in the
morning."""
_EVENING: Final = time(17)
"""The end of a day on which the practice is closed."""
_NUMBERS: Final = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
)  # fmt: skip
_NUMBER: Final = "|".join(_NUMBERS)
_MINUTES: Final = {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45}
# A number before one of these counts something, or is a date.
_TELLS_TIME: Final = r"""(?!\s*(?:st|nd|rd|th)\b|\s?[/%$€£]|-\d|\d|[.,:]\d|\s+(?:more\s+)?(?:
    minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|times|people|patients|of\b|or\b|(?:jan|feb|mar|apr
    |may|jun|jul|aug|sep|oct|nov|dec)\w*))"""
_TIME: Final = re.compile(
    rf"""(?:about\ |around\ |at\ |exactly\ )?(?:
      (?P<noon>noon|midday|lunch(?:time)?)
    | (?P<close>we\ close|closing(?:\ time)?|close\ of\ business|cob|eod|tonight
        |this\ (?:evening|afternoon)|all\ (?:day|afternoon)
        |(?:the\ )?(?:very\ )?end\ of\ (?:the\ |my\ |our\ )?(?:business\ |working\ |work\ )?
        (?:day|today|shift|business))
    | (?P<morning>(?:this|all)\ morning)
    | (?P<half_past>half\ past\ )(?P<half_hour>{_NUMBER}|\d{{1,2}})
    | (?:a\ )?quarter\ (?P<quarter>past|to)\ (?P<quarter_hour>{_NUMBER}|\d{{1,2}})
    | (?P<spoken>{_NUMBER})(?:[\ -](?P<spoken_minute>{"|".join(sorted(_MINUTES, reverse=True))}))?
        \b{_TELLS_TIME}
    | (?P<hour>\d{{1,2}})(?:[:.h](?P<minute>\d{{2}}))?(?=\D|$){_TELLS_TIME}
    )(?:\ ?o'?\ ?clock)?(?:\s*(?P<half>[ap])m)?(?!\w)""",
    re.VERBOSE,
)
_DAY: Final = re.compile(
    r"""(?:the\ )?(?:(?:on|this|next|coming)\ )*(?P<next>(?<=next\ ))?
    (?P<day>today|tomorrow|mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?
        |sat(?:urday)?|sun(?:day)?)\b(?:'s)?
    (?:\ (?P<part>morning|afternoon|evening|night)\b)?""",
    re.VERBOSE,
)
_WEEK: Final = re.compile(r"(?:the )?end of (?P<week>the|this|next) week\b")
_DAY_BEFORE: Final = re.compile(
    r"(?<!the )(?<!your )(?<!our )(?<!of )(?<!for )(?<!from )"
    r"\b(?=today|tomorrow|mon|tue|wed|thu|fri|sat|sun)[a-z]+"
    r"(?: (?:morning|afternoon|evening))?,? *$"
)
_LINK: Final = re.compile(
    r"\s*,?\s*(?:(?:at|by|before|around|until|till|til|on|no later than)\s+)?(?:about |around )?"
)
_SPAN: Final = re.compile(
    r"""(?:(?:the\ next|another|about|at\ least|up\ to|the)\ )*(?:
      (?P<count>\d{1,3})\ *(?:more\ )?(?P<unit>min(?:ute)?s?|hours?|hrs?|h)\b
    | (?P<spoken>ten|fifteen|twenty|thirty|five|two|three|four)\ (?:more\ )?
        (?P<spoken_unit>min(?:ute)?s?|hours?)\b
    | (?P<half>half\ an\ hour|half\ hour)\b
    | (?P<hour_half>(?:an|one)\ hour\ and\ a\ half)\b
    | (?P<hour>(?:an\ |one\ )?hour)\b)""",
    re.VERBOSE,
)
_COUNTS: Final = {
    "two": 2, "three": 3, "four": 4, "five": 5, "ten": 10, "fifteen": 15, "twenty": 20,
    "thirty": 30,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wall:
    """Where a time is said: what the clock on the wall there shows, and how dates are written."""

    hours: Hours
    """The practice's: its time zone and its days."""
    month_first: bool = True
    """Whether `3/5` is the fifth of March."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A day that was read, the first character behind it, and the part of the day."""

    day: date
    end: int
    part: str = ""
    by_week: bool = False
    """By its name in the week: when it is over, the next one is meant."""


@dataclass(frozen=True, slots=True)
class TillWhen:
    """A time that was read in a text."""

    due: datetime
    """Aware, in the practice's time zone."""
    end: int
    """The first character behind it."""
    day: date
    timed: bool
    """Whether a time of day was said, not only a day."""


def read_span(text: str, at: int, now: datetime, zone: tzinfo | None) -> TillWhen | None:
    """Read `20 minutes`, `another hour` at a place; None when there is none."""
    match = _SPAN.match(text, at)
    if match is None:
        return None
    if match["half"] or match["hour"] or match["hour_half"]:
        minutes = 30 if match["half"] else 60 if match["hour"] else 90
    else:
        count = int(match["count"]) if match["count"] else _COUNTS[match["spoken"]]
        unit = match["unit"] or match["spoken_unit"]
        minutes = count * (60 if unit.startswith("h") else 1)
    # Lengths of time are right between UTC moments only.
    due = (now.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(zone)
    return TillWhen(due, match.end(), due.date(), timed=True)


def read_when(
    text: str, at: int, now: datetime, wall: Wall, day: date | None = None
) -> TillWhen | None:
    """Read a time, a day, or both, at a place of a text in small letters.

    Args:
        text: In small letters.
        at: Where the time begins.
        now: When it is said (aware).
        wall: Where it is said.
        day: The day it speaks of, when that was said before.

    Returns:
        None when there is none; a time that is over when it says so.
    """
    hours = wall.hours
    local = now.astimezone(hours.zone)
    week = _WEEK.match(text, at)
    if week is not None:
        ahead = (4 - local.weekday()) % 7 + 7 * (week["week"] == "next")
        friday = local.date() + timedelta(days=ahead)
        return TillWhen(_close(friday, hours), week.end(), friday, timed=False)
    named = None if day else _named(text, at, local, wall)
    begin = at
    if named is not None:
        linked = _LINK.match(text, named.end)
        begin = linked.end() if linked else named.end
    clock = _TIME.match(text, begin)
    if clock is None and named is None:
        return None
    end = clock.end() if clock else named.end if named else at
    if clock is not None and named is None and day is None:
        linked = _LINK.match(text, end)
        named = _named(text, linked.end(), local, wall) if linked else None
        end = named.end if named else end
    the_day = day or (named.day if named else local.date())
    due = _due(clock, named, the_day, local, hours)
    if due is None:
        return None
    timed = clock is not None or bool(named and named.part)
    # A practice that is open until midnight closes on the day after.
    at_a_time = clock is not None and not clock["close"]
    said_day = due.astimezone(hours.zone).date() if at_a_time else the_day
    return TillWhen(due, end, said_day, timed=timed)


def read_day_count(text: str, at: int, now: datetime, wall: Wall) -> TillWhen | None:
    """Read `two days`, `2 business days`, `a week` at a place; None when there is none."""
    read = read_days(text, at, now.astimezone(wall.hours.zone).date(), wall.hours)
    return read and TillWhen(_close(read[0], wall.hours), read[1], read[0], timed=False)


def day_before(text: str, at: int, end: int, now: datetime, wall: Wall) -> date | None:
    """The day that is named right before `end`, not before `at`; None when none is."""
    today = now.astimezone(wall.hours.zone).date()
    written = date_before(text, at, end, today, month_first=wall.month_first)
    if written is not None:
        return written
    match = _DAY_BEFORE.search(text, at, end)
    named = read_when(text, match.start(), now, wall) if match else None
    return named.day if named else None


def _named(text: str, at: int, local: datetime, wall: Wall) -> _Named | None:
    written = read_date(text, at, local.date(), month_first=wall.month_first)
    if written is not None:
        return _Named(written[0], written[1])
    match = _DAY.match(text, at)
    if match is None:
        return None
    by_week = match["day"][:3] in DAYS
    return _Named(_date(match, local), match.end(), match["part"] or "", by_week=by_week)


def _date(named: re.Match[str], local: datetime) -> date:
    word, today = named["day"], local.date()
    if word == "today":
        return today
    if word == "tomorrow":
        return today + timedelta(days=1)
    days = (DAYS.index(word[:3]) - today.weekday()) % 7
    if not days and "next" in named.group():
        days = 7
    return today + timedelta(days=days)


def _due(
    clock: re.Match[str] | None,
    named: _Named | None,
    day: date,
    local: datetime,
    hours: Hours,
) -> datetime | None:
    part = named.part if named else ""
    if clock is None:
        return _at(day, time(12), hours) if part == "morning" else _close(day, hours)
    if clock["noon"] or clock["morning"]:
        return _at(day, time(12), hours)
    if clock["close"]:
        return _close(day, hours)
    read = _hour_and_minute(clock)
    if read is None:
        return None
    hour, minute = read
    half = clock["half"] or {"morning": "a", "afternoon": "p", "evening": "p", "night": "p"}.get(
        part, ""
    )
    if half == "p" and hour < 12:
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    elif not half and 0 < hour <= _EARLY:
        hour += 12
    due = _at(day, time(hour, minute), hours)
    later = not half and hour < 12 and due <= local and day == local.date()
    if later:
        # “By 8” in the evening, while the practice is still open at eight.
        evening, closes = _at(day, time(hour + 12, minute), hours), hours.closes_at(local)
        return evening if closes is not None and local < evening <= closes else due
    if due <= local and named is not None and named.by_week:
        return _at(day + timedelta(days=7), due.timetz().replace(tzinfo=None), hours)
    return due


def _hour_and_minute(clock: re.Match[str]) -> tuple[int, int] | None:
    """The hour and minute as said; None when there is no such time."""
    if clock["half_past"]:
        hour, minute = _number(clock["half_hour"]), 30
    elif clock["quarter"]:
        hour, minute = _number(clock["quarter_hour"]), 15
        if clock["quarter"] == "to":
            hour, minute = (hour - 1 or 12), 45
    elif clock["spoken"]:
        hour, minute = _number(clock["spoken"]), _MINUTES.get(clock["spoken_minute"] or "", 0)
    else:
        hour, minute = int(clock["hour"]), int(clock["minute"] or 0)
    return (hour, minute) if 0 <= hour < 24 and minute < 60 else None


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS.index(word) + 1


def _close(day: date, hours: Hours) -> datetime:
    """When the practice closes on a day; in the evening when it is closed all day."""
    spans = hours.spans(day)
    if not spans:
        return _at(day, _EVENING, hours)
    ends = spans[-1].end
    return _at(day if ends != time(0) else day + timedelta(days=1), ends, hours)


def _at(day: date, wall: time, hours: Hours) -> datetime:
    """A wall-clock time of the practice; one that the change of the clocks leaves out is later."""
    naive = datetime.combine(day, wall)
    aware = naive.replace(tzinfo=hours.zone) if hours.zone else naive.astimezone()
    return aware.astimezone(UTC).astimezone(aware.tzinfo)

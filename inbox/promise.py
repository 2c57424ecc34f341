"""Promises: what we told a patient we would do, who does it, and until when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from inbox.hours import Hours


class PromiseKind(StrEnum):
    """What was promised."""

    HERE = "here"
    """Somebody is there until then and looks at what the patient writes."""
    ANSWER = "answer"
    """We call or write by then."""


class PromiseState(StrEnum):
    """How a promise stands; derived from the conversation and the clock."""

    OPEN = "open"
    CALLED_ON = "called on"
    """Somebody is there, and the patient wrote: an answer is due now."""
    BROKEN = "broken"
    """The time is over and the answer was not given."""
    KEPT = "kept"
    """A real answer was given."""
    OVER = "over"
    """Somebody was there and nobody wrote."""
    WITHDRAWN = "withdrawn"
    """A person closed it, with a reason."""


@dataclass(frozen=True, slots=True)
class Said:
    """A promise found in a text."""

    kind: PromiseKind
    said: str
    """The words."""
    due: datetime
    """Aware."""


@dataclass(frozen=True, slots=True)
class NewPromise:
    """A promise to be kept in mind."""

    conversation_id: int
    patient_id: str | None
    owner: str
    """Id of the staff member who keeps it."""
    kind: PromiseKind
    said: str
    due: datetime
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise as it stands."""

    id: int
    conversation_id: int
    patient_id: str | None
    owner: str
    kind: PromiseKind
    said: str
    due: datetime
    made_at: datetime
    asked_at: datetime | None = None
    """When something of the patient's first arrived, on any channel, after it was made."""
    answered_at: datetime | None = None
    """When we really answered: a message that left, or a call that reached them, after it was made
    (for HERE: after they wrote)."""
    withdrawn_at: datetime | None = None
    withdrawn_because: str = ""

    def state(self, now: datetime) -> PromiseState:
        """How it stands at `now`.

        A message left on a voicemail, a bounced message and one of unknown outcome are no answers.
        """
        if self.withdrawn_at is not None:
            return PromiseState.WITHDRAWN
        if self.answered_at is not None:
            return PromiseState.KEPT
        if self.kind is PromiseKind.HERE and self.asked_at is None:
            return PromiseState.OPEN if now < self.due else PromiseState.OVER
        if now >= self.due:
            return PromiseState.BROKEN
        return PromiseState.CALLED_ON if self.kind is PromiseKind.HERE else PromiseState.OPEN


_TIME: Final = r"""(?:(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?P<half>[ap]\.?m\b\.?)?
    |(?P<noon>noon|midday)|(?P<close>(?:we\s+close|closing(?:\s+time)?|(?:the\s+)?end\s+of\s+(?:the\s+)?day)))"""
_DAY: Final = r"(?P<day>today|tomorrow|(?:on\s+)?(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
_WHEN: Final = (
    rf"(?:{_DAY}\s+(?:at|by|until|till|til)?\s*)?{_TIME}(?:\s+{_DAY.replace('day>', 'later>')})?"
)
_HERE: Final = re.compile(
    rf"""\b(?:i['’]m|im|i\s+am|we['’]re|we\s+are|i['’]ll\s+be|i\s+will\s+be|we['’]ll\s+be)\s+
    (?:still\s+)?(?:here|in(?:\s+the\s+office)?|available|at\s+my\s+desk|reachable|around)
    [\w\s,()+-]{{0,40}}?\b(?:until|till|til)\s+(?:about\s+)?{_WHEN}""",
    re.IGNORECASE | re.VERBOSE,
)
_HERE_FOR: Final = re.compile(
    r"""\b(?:i['’]m|im|i\s+am|we['’]re|we\s+are|i['’]ll\s+be|i\s+will\s+be)\s+(?:still\s+)?
    (?:here|in(?:\s+the\s+office)?|available|at\s+my\s+desk|reachable)\s+(?:for\s+)?
    (?:(?:the\s+next|another|about|at\s+least)\s+)?(?P<count>\d{1,3})\s*(?:more\s+)?
    (?P<unit>min(?:ute)?s?|hours?|hrs?)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ANSWER: Final = re.compile(
    rf"""\b(?:i|we|dr\.?\s+\w{{2,20}}|the\s+nurse|somebody|someone)\s*(?:['’]ll|will|shall)\s+
    (?:call|phone|ring|text|e-?mail|write|message|get\s+back\s+to|let|reply|answer|be\s+in\s+touch)
    [\w\s,'’-]{{0,60}}?\b(?:by|before|no\s+later\s+than|at)\s+(?:about\s+)?{_WHEN}""",
    re.IGNORECASE | re.VERBOSE,
)
_NAMED_DAY: Final = re.compile(
    r"\b(?:tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b", re.IGNORECASE
)
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EARLY: Final = 7
"""An hour without am or pm up to this one is in the afternoon: nobody is there at five in the
morning."""
_MOST: Final = 5


def find_promises(text: str, now: datetime, hours: Hours) -> tuple[Said, ...]:
    """The promises an outgoing text makes.

    Args:
        text: What is said.
        now: When it is said (aware).
        hours: The practice's hours: its time zone, and what “end of the day” means.
    """
    local = now.astimezone(hours.zone)
    found: list[tuple[int, Said]] = []
    for match in _HERE_FOR.finditer(text):
        unit = 60 if match["unit"].lower().startswith("h") else 1
        due = local + timedelta(minutes=int(match["count"]) * unit)
        found.append((match.start(), Said(PromiseKind.HERE, _words(match), due)))
    for kind, pattern in ((PromiseKind.HERE, _HERE), (PromiseKind.ANSWER, _ANSWER)):
        for match in pattern.finditer(text):
            due_at = _due(match, local, hours)
            if due_at is not None and due_at > local:
                found.append((match.start(), Said(kind, _words(match), due_at)))
    return tuple(said for _, said in sorted(found, key=lambda pair: pair[0])[:_MOST])


def _words(match: re.Match[str]) -> str:
    return " ".join(match.group().split())


def _due(match: re.Match[str], local: datetime, hours: Hours) -> datetime | None:
    """The moment a text names, or None when it makes no sense."""
    day = local.date()
    inside = _NAMED_DAY.search(match.group())
    named = inside.group().lower() if inside else ""
    if named == "tomorrow":
        day += timedelta(days=1)
    elif named[:3] in _DAYS:
        day += timedelta(days=(_DAYS.index(named[:3]) - day.weekday()) % 7)
    if match["hour"] and not (int(match["hour"]) < 24 and int(match["minute"] or 0) < 60):
        return None
    wall = _wall(match)
    if wall is None:
        start = datetime.combine(day, time(0), tzinfo=local.tzinfo)
        return hours.closes_at(max(start, local) if day == local.date() else start)
    return datetime.combine(day, wall, tzinfo=local.tzinfo)


def _wall(match: re.Match[str]) -> time | None:
    """The time of day a text names; None for the end of the day."""
    if match["noon"]:
        return time(12)
    if match["close"]:
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = (match["half"] or "").lower()[:1]
    if half == "p" and hour < 12:
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    elif not half and 0 < hour <= _EARLY:
        hour += 12
    return time(hour, minute)

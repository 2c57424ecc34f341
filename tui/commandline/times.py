"""Moments as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from inbox.errors import TwowayError
from tui.typed_time import typed_time

_SPAN = re.compile(r"^(\d{1,4})\s*(m|min|h|d|w)$")
_UNIT = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MORNING = time(8)


def moment_of(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Read `2h`, `17:30`, `5:30 pm`, `tomorrow`, `2026-03-02`, `2026-03-02T17:30`, RFC 3339.

    Args:
        text: What was typed; times without an offset are the practice's.
        now: The present moment.
        zone: The practice's time zone.

    Returns:
        An aware moment in UTC. A day alone means eight in the morning; a wall-clock time alone
        means its next occurrence.

    Raises:
        TwowayError: it is none of these.
    """
    word, local = text.strip(), now.astimezone(zone)
    span = _SPAN.match(word.lower())
    if span:
        return now + timedelta(**{_UNIT[span.group(2)]: int(span.group(1))})
    try:
        wall = typed_time(word)
        if wall is not None:
            at = datetime.combine(local.date(), wall, zone)
            later = datetime.combine(local.date() + timedelta(days=1), at.timetz())
            return (at if at > local else later).astimezone(UTC)
        if word.lower() == "tomorrow":
            return datetime.combine(local.date() + timedelta(days=1), _MORNING, zone).astimezone(
                UTC
            )
        at = datetime.fromisoformat(word)
    except ValueError:
        raise TwowayError(
            f"“{word}” is not a time.",
            "Write 2h, 3d, 17:30, 5:30 pm, tomorrow, 2026-03-02 or 2026-03-02T17:30.",
        ) from None
    if len(word) == len("2026-03-02"):
        at = datetime.combine(at.date(), _MORNING)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)

"""Times ahead, as a person types them into a question."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from inbox.desk import Desk

_SPAN = re.compile(r"^(\d{1,3})\s*(min|m|h|hours?|d|days?)$", re.IGNORECASE)
_AT = re.compile(r"^(?:(\d{4}-\d{2}-\d{2})\s+)?(\d{1,2}):(\d{2})$")


def read_moment(typed: str, now: datetime, desk: Desk) -> datetime | None:
    """A time ahead as a person types it, or None when it is none."""
    typed = typed.strip()
    span = _SPAN.match(typed)
    if span is not None:
        number, unit = int(span.group(1)), span.group(2)[0].lower()
        step = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[unit]
        return now + number * step if number else None
    at = _AT.match(typed)
    if at is None:
        return None
    local = now.astimezone(desk.practice.timezone)
    try:
        if at.group(1):
            day = datetime.fromisoformat(at.group(1))
            local = local.replace(year=day.year, month=day.month, day=day.day)
        moment = local.replace(
            hour=int(at.group(2)), minute=int(at.group(3)), second=0, microsecond=0
        )
    except ValueError:
        return None
    if moment <= now and not at.group(1):
        moment += timedelta(days=1)
    return moment if moment > now else None

"""Times ahead, as a person types them into a question."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from inbox.desk import Desk
from tui.typed_time import typed_time

_SPAN = re.compile(r"^(\d{1,3})\s*(min|m|h|hours?|d|days?)$", re.IGNORECASE)
_AT = re.compile(r"^(?:(\d{4}-\d{2}-\d{2})\s+)?(.+)$")


def read_moment(typed: str, now: datetime, desk: Desk) -> datetime | None:
    """A time ahead as a person types it, or None when it is none."""
    typed = typed.strip()
    span = _SPAN.match(typed)
    if span is not None:
        number, unit = int(span.group(1)), span.group(2)[0].lower()
        step = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[unit]
        return now + number * step if number else None
    at = _AT.match(typed)
    wall = typed_time(at.group(2)) if at is not None else None
    if at is None or wall is None:
        return None
    local = now.astimezone(desk.practice.timezone)
    try:
        if at.group(1):
            day = datetime.fromisoformat(at.group(1))
            local = local.replace(year=day.year, month=day.month, day=day.day)
    except ValueError:
        return None
    moment = local.replace(hour=wall.hour, minute=wall.minute, second=0, microsecond=0)
    if moment <= now and not at.group(1):
        moment += timedelta(days=1)
    return moment if moment > now else None

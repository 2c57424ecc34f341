"""The age of a request: how long somebody has waited, in the time in which somebody was there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from inbox.hours import Hours

_FARTHEST: Final = 64
"""Days that are looked back at most: who waits longer is overdue by any measure."""
LOOK_BACK: Final = timedelta(days=_FARTHEST)
"""How far back the holidays have to be known."""
_EXACT: Final = timedelta(seconds=30)


def waited(since: datetime | None, now: datetime, hours: Hours) -> timedelta:
    """How long somebody has waited in staffed time; by the calendar where no hours are set."""
    if since is None:
        return timedelta()
    return hours.staffed_between(since, now) if any(hours.week) else now - since


def is_overdue(passed: timedelta, answer_within: timedelta | None) -> bool:
    """Whether somebody waited longer than the practice wants to let anybody wait."""
    return answer_within is not None and passed >= answer_within


def has_waited(since: datetime, now: datetime, hours: Hours, answer_within: timedelta) -> bool:
    """Whether who has waited since then has waited so long.

    No further back than it takes to know: who waits for years asks for no holidays of years ago.
    """
    days = 1
    while now - since > timedelta(days=days):
        if days >= _FARTHEST:
            return True
        if waited(now - timedelta(days=days), now, hours) >= answer_within:
            return True
        days *= 2
    return waited(since, now, hours) >= answer_within


def overdue_since(now: datetime, hours: Hours, answer_within: timedelta) -> datetime:
    """Who has waited since this moment or longer is overdue at `now`."""
    days = 1
    while waited(now - timedelta(days=days), now, hours) < answer_within:
        days *= 2
        if days >= _FARTHEST:
            return now - timedelta(days=_FARTHEST)
    early, late = now - timedelta(days=days), now
    while late - early > _EXACT:
        middle = early + (late - early) / 2
        if is_overdue(waited(middle, now, hours), answer_within):
            early = middle
        else:
            late = middle
    return early

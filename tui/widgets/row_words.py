"""The words of one row of the list: time, waiting time, badges. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from inbox.conversation import ConversationRow, ConversationState
from inbox.promise import PromiseState
from inbox.words import clock_words, leaves_words, promise_words, span_words
from tui.widgets.cells import one_line

if TYPE_CHECKING:
    from inbox.practice import Practice
    from inbox.promise import Promise

_SHORT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class RowWords:
    """What a row of the list says, already safe and short."""

    name: str
    channel: str
    time: str
    waiting: str
    subject: str
    snippet: str
    badges: tuple[tuple[str, str], ...]
    """(style role, words), the most important first."""
    unread: bool


def time_words(moment: datetime, now: datetime, practice: Practice) -> str:
    """A past moment in at most 6 cells: `09:41`, `Mon`, `3 Aug`, `2024`."""
    local, today = moment.astimezone(practice.timezone), now.astimezone(practice.timezone)
    days = (today.date() - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if 0 < days < 7:
        return f"{local:%a}"
    if local.year == today.year or 0 < days < 300:
        return f"{local.day} {local:%b}"
    return f"{local.year}"


def moment_words(moment: datetime, now: datetime, practice: Practice) -> str:
    """A past moment for the head of a message: `14:02`, `Mon 2 Mar 14:02`, `3 Aug 2024 14:02`."""
    local, today = moment.astimezone(practice.timezone), now.astimezone(practice.timezone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if local.year == today.year:
        return f"{local:%a} {local.day} {local:%b} {local:%H:%M}"
    return f"{local.day} {local:%b} {local.year} {local:%H:%M}"


def waiting_words(
    since: datetime | None, now: datetime, practice: Practice, line_id: str = ""
) -> str:
    """How long they have waited: in staffed time of the line they wrote on, else by the calendar.

    By the calendar when it is long, when nobody is ever there, or while holidays are not known yet.
    """
    if since is None:
        return ""
    passed = now - since
    hours = practice.hours_of(line_id)
    if passed < _SHORT and any(hours.week) and hours.known(now):
        passed = hours.staffed_between(since, now)
        if passed < timedelta(minutes=1):
            return "new"
    words = span_words(passed)
    return "new" if words == "moments" else words


def row_words(
    row: ConversationRow,
    now: datetime,
    practice: Practice,
    drafts: frozenset[int],
    promise: Promise | None = None,
) -> RowWords:
    """Everything one row of the list says; `promise` is the one that stands and is due first."""
    return RowWords(
        name=one_line(row.title, 120),
        channel=row.channels[0].words if row.channels else "note",
        time=time_words(row.last_message_at, now, practice),
        waiting=waiting_words(row.waiting_since, now, practice, row.line_id),
        subject=one_line(row.subject, 200),
        snippet=one_line(row.snippet, 200),
        badges=(*_promised(promise, now, practice), *_badges(row, now, practice, drafts)),
        unread=row.unread,
    )


def _promised(promise: Promise | None, now: datetime, practice: Practice) -> list[tuple[str, str]]:
    """Who promised what, with the countdown."""
    if promise is None or not promise.state(now).is_live:
        return []
    member = practice.member(promise.owner)
    words = promise_words(promise, now, practice)
    words = f"{one_line(member.first_name, 12) if member else promise.owner}: {words}"
    if promise.state(now) is PromiseState.BROKEN:
        return [("trouble", f"! {words}")]
    return [("doubt" if promise.asked_at is not None else "mark", words)]


_SIGNALS = (
    ("IN04", "trouble", "? wrong person"),
    ("IN02", "doubt", "? asks to stop"),
    ("IN03", "doubt", "? asks to stop"),
    ("IN07", "doubt", "? wants texts again"),
    ("opted-out", "quiet", "opted out"),
    ("IN09", "quiet", "thanks"),
)
"""Inbound rule, style role, words."""


def _badges(
    row: ConversationRow, now: datetime, practice: Practice, drafts: frozenset[int]
) -> list[tuple[str, str]]:
    badges: list[tuple[str, str]] = []
    if row.urgent:
        badges.append(("trouble", "URGENT: call them / 911"))
    # While the holidays are not known yet, finding them would hold up the screen.
    if practice.hours.known(now) and practice.is_overdue(row.waiting_since, now, row.line_id):
        badges.append(("trouble", "overdue"))
    badges += [(role, words) for rule, role, words in _SIGNALS if rule in row.signals]
    if row.undelivered:
        badges.append(("trouble", "! not delivered"))
    if row.needs_look:
        badges.append(("trouble", "! needs a look"))
    if row.patient_id is None:
        badges.append(("doubt", "? unknown"))
    leaves = leaves_words(row.leaves_at, now, practice)
    if leaves:
        badges.append(("mark", leaves))
    if row.id in drafts:
        badges.append(("mark", "✎ draft"))
    if row.snoozed_until is not None and row.snoozed_until > now:
        until = clock_words(row.snoozed_until, now, practice)
        badges.append(("mark", f"asleep until {until}"))
    begun = row.id in drafts and row.done_at is None
    if row.state is ConversationState.DONE and not begun:
        badges.append(("mark", "done"))
    if row.assigned_to:
        member = practice.member(row.assigned_to)
        name = member.first_name if member else row.assigned_to
        badges.append(("assigned", f"→ {one_line(name, 20)}"))
    return badges

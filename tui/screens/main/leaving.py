"""Choosing when a message leaves: at once, at opening, or at a time of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from textual.screen import Screen

from inbox.desk import Desk
from inbox.rules.leaving import READ_WITHIN
from inbox.words import clock_words
from tui.screens.moment import read_moment
from tui.screens.telling import tell

_OWN = "own"
_EXAMPLES = "Like: 30 min, 2 h, 3 days, 2:30 pm, 2026-08-03 09:00"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen."""

    send_at: datetime | None
    """None: as soon as it can."""


async def choose_time(screen: Screen[Any], desk: Desk, wanted: datetime | None) -> Chosen | None:
    """Ask when a message is to leave; None when nothing was chosen.

    Args:
        screen: Ask over it.
        desk: For the hours.
        wanted: What was chosen before.
    """
    from tui.screens.choose import Choice, Choose

    now = desk.clock()
    choices: list[Choice[datetime | str | None]] = [Choice(None, "As soon as it can")]
    for words, moment in leaving_presets(now, desk):
        choices.append(Choice(moment, words, clock_words(moment, now, desk.practice)))
    choices.append(Choice(_OWN, "Another time", _EXAMPLES.removeprefix("Like: ")))
    at = next((i for i, one in enumerate(choices) if one.value == wanted), len(choices) - 1)
    chosen = await screen.app.push_screen_wait(Choose("When does it leave?", choices, marked=at))
    if chosen is None:
        return None
    if not isinstance(chosen.value, str):
        return Chosen(chosen.value)
    return await _ask_time(screen, desk, now)


def leaving_presets(now: datetime, desk: Desk) -> list[tuple[str, datetime]]:
    """Moments that are offered, each once and in order: at opening, tomorrow morning."""
    local = now.astimezone(desk.practice.timezone)
    tomorrow = local.replace(hour=8, minute=0, second=0, microsecond=0, fold=0) + timedelta(days=1)
    presets = []
    opens = desk.practice.phone_hours.next_opening(now, READ_WITHIN)
    if opens is not None and opens > now:
        presets.append(("At opening", opens))
    if opens != tomorrow:
        presets.append(("Tomorrow morning", tomorrow))
    return presets


async def _ask_time(screen: Screen[Any], desk: Desk, now: datetime) -> Chosen | None:
    from tui.screens.ask import AskLine

    typed = await screen.app.push_screen_wait(AskLine("Let it leave at", [_EXAMPLES]))
    if typed is None:
        return None
    moment = read_moment(typed, now, desk)
    if moment is None:
        tell(screen.app, "That is no time ahead.", _EXAMPLES, trouble=True)
        return None
    return Chosen(moment)

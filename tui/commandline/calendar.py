"""What the doctor says of hours: the next days off, and quiet hours nobody has looked up lately."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from inbox.practice import Practice
from inbox.words import phones_words
from tui.commandline.output import Output
from tui.config.quiet import NAME
from tui.wiring import PracticeOffice

_AHEAD = 60
"""How many days ahead the next days off are told."""
_MOST = 3


async def tell_hours(office: PracticeOffice, output: Output) -> None:
    """Say whether the phones are staffed, which days off come next, and what should be reviewed.

    Raises:
        ConfigurationError: the configuration names no country or holiday that is known.
    """
    configuration, practice = office.configuration, office.desk.practice
    now = office.desk.clock()
    today = now.astimezone(practice.timezone).date()
    await asyncio.to_thread(configuration.calendar.prepare, today)
    output.line(f"ok   hours  {phones_words(practice, now)}")
    days = ", ".join(days_off(practice, today))
    output.line(f"     next days off: {days or f'none within {_AHEAD} days'}")
    old = configuration.quiet.old(today)
    if old:
        output.error(
            f"Nobody has looked up the quiet hours of {', '.join(old)} for more than a year.",
            f"Look them up, and put them with today's date into {NAME} beside the configuration.",
        )


def days_off(practice: Practice, today: date) -> list[str]:
    """The next closures: `Thu 26 Nov Thanksgiving Day`, `Wed 2 Dec Staff training (in part)`."""
    told = []
    for days in range(_AHEAD):
        day = today + timedelta(days=days)
        closure = practice.hours.closures.on(day)
        if closure is None or not practice.hours.week[day.weekday()]:
            continue
        part = " (in part)" if practice.hours.spans(day) else ""
        told.append(f"{day:%a} {day.day} {day:%b} {closure.name}{part}")
        if len(told) == _MOST:
            break
    return told

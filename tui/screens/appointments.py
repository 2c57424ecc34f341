"""Opening a list of appointments: which file, which template, then the reminders."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from textual.screen import Screen

from inbox.outgoing import Category
from inbox.template import Shelf
from tui.files import read_bytes
from tui.importing.appointments import AppointmentList, read_appointments
from tui.office import Office
from tui.screens.ask import AskLine
from tui.screens.choose import Choice, Choose
from tui.screens.reminders import RemindersScreen
from tui.widgets.path_suggester import PathSuggester


async def open_reminders(screen: Screen[Any], office: Office) -> None:
    """Ask for the list and the template, then show the reminders."""
    desk = office.desk
    answer = await screen.app.push_screen_wait(
        AskLine(
            "Which list of appointments?",
            ["A CSV file: patient id or name, date, time, place, type."],
            value=await asyncio.to_thread(_suggested, await desk.templating.shelf()),
            suggester=PathSuggester(),
        )
    )
    if not answer:
        return
    path = Path(answer.strip())
    read = await asyncio.to_thread(_read, path, office)
    shelf = await desk.templating.shelf()
    choices = [Choice("", "By each row's type")] + [
        Choice(one.name, one.title, one.name)
        for one in shelf.templates
        if one.category is Category.REMINDER
    ]
    chosen = await screen.app.push_screen_wait(Choose("Which template?", choices))
    if chosen is not None:
        await screen.app.push_screen_wait(
            RemindersScreen(office, path.name, read, shelf, chosen.value)
        )


def _read(path: Path, office: Office) -> AppointmentList:
    practice = office.desk.practice
    return read_appointments(
        read_bytes(str(path)), practice.country, practice.timezone, office.desk.clock()
    )


def _suggested(shelf: Shelf) -> str:
    """A list beside the templates' folder, when there is one: the sample practice has it."""
    path = Path(shelf.place).parent / "appointments.csv"
    return str(path) if shelf.place and path.is_file() else ""

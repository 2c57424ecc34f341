"""What every command needs: the configuration, who is acting, and the office."""

from __future__ import annotations

import asyncio
import os
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar

from inbox.clock import Clock, utc_now
from inbox.errors import ConfigurationError, TwowayError
from inbox.practice import Practice
from tui.config.reading import Configuration, read_configuration
from tui.folders import configuration_file, data_folder
from tui.wiring import PracticeOffice, open_office

Result = TypeVar("Result")

_MOST_TEXT = 1_000_000


class NotConfigured(ConfigurationError):
    """There is no configuration yet."""


def configuration_of(options: Namespace) -> Configuration:
    """The configuration the options name.

    Raises:
        NotConfigured: there is none.
        ConfigurationError: it cannot be used.
    """
    path = configuration_file(options.config)
    if not path.exists():
        raise NotConfigured(
            f"There is no configuration yet ({path}).",
            "`twoway setup` makes one; `twoway demo` shows a sample practice.",
        )
    return read_configuration(path)


def clock_of(options: Namespace) -> Clock:
    """The present moment of this command."""
    clock: Clock | None = options.clock
    return clock or utc_now


def staff_of(options: Namespace, practice: Practice) -> str:
    """Who is acting: --as, else the only staff member, else $TWOWAY_STAFF.

    Raises:
        ConfigurationError: nobody is named, or somebody who does not work here.
    """
    known = [member.id for member in practice.staff]
    named = options.staff or (known[0] if len(known) == 1 else os.environ.get("TWOWAY_STAFF", ""))
    if not named:
        raise ConfigurationError(
            "Several people work here, and nobody said who you are.",
            f"Use --as with one of: {', '.join(known)}. Or set TWOWAY_STAFF.",
        )
    if named not in known:
        raise ConfigurationError(
            f"There is no staff member “{named}”.", f"Use --as with one of: {', '.join(known)}."
        )
    return str(named)


@asynccontextmanager
async def office_of(
    options: Namespace, clock: Clock | None = None
) -> AsyncIterator[PracticeOffice]:
    """The opened office, for as long as the command runs. What it sends leaves at once."""
    clock = clock or clock_of(options)
    configuration = configuration_of(options)
    staff_id = staff_of(options, configuration.practice)
    office = await open_office(
        configuration, data_folder(options.data), staff_id, clock, undo_window=timedelta(0)
    )
    try:
        yield office
    finally:
        await office.close()


def with_office(
    options: Namespace,
    work: Callable[[PracticeOffice], Awaitable[Result]],
    clock: Clock | None = None,
) -> Result:
    """Run `work` in an opened office, at another time when `clock` says so."""

    async def run() -> Result:
        async with office_of(options, clock) as office:
            return await work(office)

    return asyncio.run(run())


def words(text: str) -> str:
    """What `--text` means: itself, or standard input for `-`.

    Raises:
        TwowayError: there is nothing in it.
    """
    if text == "-":
        text = sys.stdin.buffer.read(_MOST_TEXT).decode("utf-8", "replace").rstrip("\n")
    if not text.strip():
        raise TwowayError("The message is empty.", "Write it with --text, or --text - to read it.")
    return text

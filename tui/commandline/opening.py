"""Opening things: the inbox, the sample practice, the first set-up, the list of keys."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import TypeVar

from inbox.errors import NotFound, TwowayError
from tui.commandline.output import Output, table
from tui.commandline.session import NotConfigured, clock_of, configuration_of, staff_of
from tui.config.reading import Configuration
from tui.folders import configuration_file, data_folder
from tui.wiring import PracticeOffice, open_office

Result = TypeVar("Result")


def inbox(options: Namespace, output: Output) -> int:
    """`twoway` without a command."""
    configuration = configuration_of(options)
    staff_id = staff_of(options, configuration.practice)
    data, clock = data_folder(options.data), clock_of(options)
    _needs_terminal()
    # What was computed before is there for the first paint.
    configuration.calendar.keep_in(data)
    return _open(configuration, staff_id, lambda: open_office(configuration, data, staff_id, clock))


def demo(options: Namespace, output: Output) -> int:
    """`twoway demo`."""
    from tui.demonstration import BANNER, STAFF, WHAT_TO_TRY, sample_practice

    if not options.smoke:
        _needs_terminal()
    with (
        _ended_by_signals(),
        sample_practice(
            options.keep, quiet=options.smoke, screen=not options.smoke, tell=output.progress
        ) as sample,
    ):
        if options.smoke:
            from tui.smoke import smoke

            words = asyncio.run(_until_told(smoke(sample, output.progress)))
            output.document({"ok": True, "words": words})
            output.line(words)
            return 0
        return _open(sample.configuration, STAFF, sample.open, banner=BANNER, try_first=WHAT_TO_TRY)


def setup(options: Namespace, output: Output) -> int:
    """`twoway setup`."""
    from tui.setup.conversation import run_setup

    return run_setup(
        configuration_file(options.config),
        data_folder(options.data),
        options.answers,
        output.progress,
    )


def keys(options: Namespace, output: Output) -> int:
    """`twoway keys`, with the practice's own keys where there is a configuration."""
    from tui.commands import COMMANDS

    own: dict[str, str] = {}
    with contextlib.suppress(NotConfigured):
        own = dict(configuration_of(options).keys)
    output.document(
        [
            {
                "id": one.id,
                "keys": own.get(one.id, one.keys).split(","),
                "title": one.title,
                "help": one.help,
                "where": [place.value for place in one.places],
            }
            for one in COMMANDS
        ]
    )
    rows: list[tuple[str, ...]] = [
        (one.id, own.get(one.id, one.keys), one.help) for one in COMMANDS
    ]
    for line in table(rows):
        output.line(line)
    return 0


def _needs_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise TwowayError(
            "The inbox needs a terminal, and there is none here.",
            "The plain commands need none: `twoway list`, `twoway show`, `twoway reply`.",
        )


def _open(
    configuration: Configuration,
    staff_id: str,
    office: Callable[[], Awaitable[PracticeOffice]],
    *,
    banner: str = "",
    try_first: tuple[str, ...] = (),
) -> int:
    # Nothing that is made while starting is garbage; to look for it costs a part of the start.
    gc.disable()
    from tui import themes
    from tui.app import TwowayApp
    from tui.screens.telling import tell

    practice = configuration.practice
    staff = practice.member(staff_id)
    if staff is None:
        raise NotFound(f"There is no staff member “{staff_id}”.", "Use --as.")
    opened: list[PracticeOffice] = []

    async def open_and_listen() -> PracticeOffice:
        try:
            found = await office()
        finally:
            # What is there by now stays: later searches for garbage need not look at it again.
            gc.freeze()
            gc.enable()
        found.on_trouble = lambda error: tell(app, error.sentence, error.hint, trouble=True)
        opened.append(found)
        return found

    app = TwowayApp(
        open_and_listen,
        practice,
        staff,
        banner,
        try_first=try_first,
        keymap=configuration.keys,
        theme=configuration.theme or themes.DARK.name,
    )

    async def run() -> None:
        # Leave as by the key, so that the terminal and the folder are put right.
        _on_signals(lambda _: app.exit())
        await app.run_async()

    asyncio.run(run())
    for found in opened:
        if found.failure is not None:
            raise found.failure
    return app.return_code or 0


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let a signal end the block as an exception does, so that what it made is taken away."""
    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            before[number] = signal.signal(number, _end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _until_told(work: Coroutine[object, object, Result]) -> Result:
    """Do the work; a signal ends it in order, and the process with it."""
    task = asyncio.ensure_future(work)
    told: list[int] = []

    def end(number: int) -> None:
        told.append(number)
        task.cancel()

    _on_signals(end)
    try:
        return await task
    except asyncio.CancelledError:
        if not told:
            raise
    raise SystemExit(128 + told[0])


def _on_signals(act: Callable[..., object]) -> None:
    """Call `act` in the running loop when the process is told to end."""
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGHUP"):
        with contextlib.suppress(AttributeError, NotImplementedError):
            number = getattr(signal, name)
            loop.add_signal_handler(number, act, number)


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)

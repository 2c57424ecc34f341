"""`twoway retract`: take back a portal message that has left."""

from __future__ import annotations

import asyncio
from argparse import Namespace

from inbox.storage.retraction import Retraction
from tui.commandline.output import Output, stamp
from tui.commandline.session import with_office
from tui.wiring import PracticeOffice

_LOOK_EVERY = 0.2


def retract(options: Namespace, output: Output) -> int:
    """Ask for it, and with `--wait` see it done; exit status 1 while it is not."""

    async def work(office: PracticeOffice) -> int:
        retracting, zone = office.desk.retracting, office.desk.practice.timezone
        asked = await retracting.ask(options.message)
        if options.wait:
            asked = await _until_done(office, asked, options.timeout)
        output.document(
            {
                "message": asked.message_id,
                "line": asked.line_id,
                "provider_id": asked.provider_id,
                "state": _state(asked),
                "asked_at": stamp(asked.asked_at, zone),
                "done_at": stamp(asked.done_at, zone),
                "next_try_at": stamp(asked.next_at, zone),
                "problem": asked.trouble or None,
            }
        )
        if asked.done_at is not None:
            output.line("Taken back: the portal shows it as entered in error.")
            return 0
        if not options.wait:
            output.line("An open Twoway takes it back now; else run `twoway sync --once`.")
            return 0
        hint = "It is tried again by itself." if asked.next_at else "Ask again when it is mended."
        output.error(asked.trouble or "It has not been taken back yet.", hint)
        return 1

    return with_office(options, work)


def _state(asked: Retraction) -> str:
    if asked.done_at is not None:
        return "retracted"
    return "asked" if asked.next_at is not None else "failed"


async def _until_done(office: PracticeOffice, asked: Retraction, seconds: float) -> Retraction:
    """Do what is due, here or in the process that has the folder open, and wait for it."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    await (await office.back_office()).deliver_due()
    while True:
        now = await office.desk.retracting.state(asked.message_id) or asked
        if now.done_at is not None or now.trouble or loop.time() >= until:
            return now
        await asyncio.sleep(_LOOK_EVERY)

"""Trying a line both ways while it is being set up: read, send, and home again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from inbox.errors import TwowayError
from inbox.pairing import PAIRED
from inbox.reply_path import ProofState
from tui.config.reading import Configuration
from tui.doctor import progress
from tui.wiring import open_office


def try_line(
    configuration: Configuration, line_id: str, data: Path, tell: Callable[[str], None]
) -> TwowayError | None:
    """Read the line, send its test message and see it come home; ask of a number at its provider.

    What is read and proven stays in the data folder, so that the inbox begins with it.

    Returns:
        What went wrong, or None.
    """
    return asyncio.run(_try_line(configuration, line_id, data, tell))


async def _try_line(
    configuration: Configuration, line_id: str, data: Path, tell: Callable[[str], None]
) -> TwowayError | None:
    staff_id = configuration.practice.staff[0].id
    line = next(one for one in configuration.practice.lines if one.id == line_id)
    try:
        office = await open_office(configuration, data, staff_id, undo_window=timedelta(0))
    except TwowayError as error:
        return error
    try:
        back = await office.back_office()
        number = line.channel in PAIRED
        what = "what the number holds" if number else "the mailbox"
        tell(f"Reading {what} (nothing in it is changed; the first time takes a while).")
        async with progress(office, tell):
            proof = await back.prove(line_id, tell)
    except TwowayError as error:
        return error
    finally:
        await office.close()
    if proof.state is ProofState.PROVEN:
        return None
    if proof.state is ProofState.FAILED:
        return TwowayError(
            f"Answers to this address do not arrive: {proof.how}.",
            "Correct it at the provider, or use another address.",
        )
    if number and proof.state is not ProofState.PROVING:
        return TwowayError(
            f"Nobody can say yet whether answers to this number arrive: {proof.how}."
            if proof.how
            else "Nobody can say yet whether answers to this number arrive.",
            "Give an API key or token that may look at numbers, or text it once from your phone.",
        )
    return TwowayError(
        "The test message left, but it has not come home.",
        "It may be filtered or forwarded, or nobody may be able to write to this address.",
    )

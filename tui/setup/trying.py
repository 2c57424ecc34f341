"""Trying a line both ways while it is being set up: read, send, and home again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
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


def try_portal(
    configuration: Configuration, line_id: str, data: Path, tell: Callable[[str], None]
) -> TwowayError | None:
    """Read a portal, and prove it where there is a test patient or a patient has written.

    Returns:
        What went wrong, or None: it is read and proven. That nobody has written yet is told as
        `NotProvenYet`.
    """
    return asyncio.run(_try_portal(configuration, line_id, data, tell))


class NotProvenYet(TwowayError):
    """The portal can be read, and nothing shows yet that patients' answers arrive."""


async def _try_portal(
    configuration: Configuration, line_id: str, data: Path, tell: Callable[[str], None]
) -> TwowayError | None:
    alone = _only(configuration, line_id)
    staff_id = alone.practice.staff[0].id
    try:
        office = await open_office(alone, data, staff_id, undo_window=timedelta(0))
    except TwowayError as error:
        return error
    try:
        back = await office.back_office()
        tell("Reading the portal (nothing in it is changed; the first time takes a while).")
        async with progress(office, tell):
            troubles = await back.sync_once()
        if line_id in troubles:
            return troubles[line_id]
        if office.desk.capabilities(line_id).proves_itself:
            await back.prove(line_id, tell)
        [view] = await office.desk.lines()
    except TwowayError as error:
        return error
    finally:
        await office.close()
    if view.proof.state is ProofState.PROVEN:
        return None
    return NotProvenYet(
        "It can be read, but nobody has answered there yet.",
        "It is proven when a patient writes, or a test patient of your own answers.",
    )


def _only(configuration: Configuration, line_id: str) -> Configuration:
    """The configuration with one line alone: the others have been tried."""
    practice = configuration.practice
    lines = tuple(line for line in practice.lines if line.id == line_id)
    return replace(
        configuration,
        practice=replace(practice, lines=lines),
        lines={line_id: configuration.lines[line_id]},
    )


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

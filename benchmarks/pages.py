"""What the screen asks of the disk, as the mailbox grows."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.figures import Chapter, Row, Sample
from benchmarks.practice import configuration_file, data_folder
from inbox.conversation import ListState
from inbox.desk import Desk
from tui.config.reading import read_configuration
from tui.wiring import open_office

_PAGE: Final = 60
_AIM: Final = 1.5
"""How many times as long anything may take in the largest mailbox."""
Ask = Callable[[], Awaitable[object]]


def measure(sizes: Sequence[int], runs: int, among: Path) -> Chapter:
    """Ask the same of folders of each size; the ratio is to the smallest.

    Args:
        sizes: Numbers of stored messages, the smallest first.
        runs: How often each thing is asked.
        among: Where seeded folders are kept.
    """
    folders = {size: data_folder(size, among) for size in sizes}
    found = asyncio.run(_ask_all(folders, runs, among))
    least = found[sizes[0]]
    rows = []
    for what in least:
        for size in sizes:
            sample, ratio, against = found[size][what], None, ""
            if size != sizes[0]:
                ratio, against = sample.beside(least[what]), f"{sizes[0]:,}"
            aim = "1.5 or less" if ratio is not None else ""
            met = ratio is not None and ratio <= _AIM
            rows.append(Row(f"{what}, {size:,} messages", sample, ratio, against, aim, met))
    notes = [f"{size:,} messages: {_stored(folder, size)}" for size, folder in folders.items()]
    return Chapter("What the screen asks of the disk", tuple(rows), tuple(notes))


async def _ask_all(
    folders: Mapping[int, Path], runs: int, among: Path
) -> dict[int, dict[str, Sample]]:
    """Ask each folder in turn, so that what else the machine does falls upon all of them."""
    configuration = read_configuration(configuration_file(among))
    async with AsyncExitStack() as stack:
        asks: dict[int, dict[str, Ask]] = {}
        for size, folder in folders.items():
            office = await open_office(configuration, folder, "dana", _now)
            stack.push_async_callback(office.close)
            asks[size] = await _asks(office.desk)
        times: dict[int, dict[str, list[float]]] = {size: {} for size in folders}
        for what in asks[next(iter(folders))]:
            for run in range(runs + 1):
                for size in folders:
                    took = await _time(asks[size][what])
                    # The first time does not count.
                    if run:
                        times[size].setdefault(what, []).append(took)
    return {
        size: {what: Sample(tuple(taken)) for what, taken in of_size.items()}
        for size, of_size in times.items()
    }


def _stored(folder: Path, messages: int) -> str:
    """How much room a message takes, in words."""
    database = folder / "twoway.db"
    with closing(sqlite3.connect(database)) as db:
        came = db.execute("SELECT total(size) FROM raw").fetchone()[0]
    taken = database.stat().st_size
    return (
        f"{taken / messages:,.0f} bytes a message on the disk, index and all, "
        f"for {came / messages:,.0f} bytes as it came"
    )


async def _asks(desk: Desk) -> dict[str, Ask]:
    first = await desk.page(ListState.ALL, limit=_PAGE)
    deep = first
    for _ in range(3):
        if deep.next is not None:
            deep = await desk.page(ListState.ALL, after=deep.next, limit=_PAGE)
    opened = first.rows[0].id
    return {
        "first page": lambda: desk.page(ListState.NEEDS_REPLY, limit=_PAGE),
        "a later page": lambda: desk.page(ListState.ALL, after=deep.next, limit=_PAGE),
        "counts": desk.counts,
        "open a conversation": lambda: desk.open(opened),
        "search a frequent word": lambda: desk.searching.find("thursday"),
        "search two words and a name": lambda: desk.searching.find("insurance card rosa"),
        "search what is not there": lambda: desk.searching.find("xylophone"),
        "search letters being typed": lambda: desk.searching.find("th"),
        "search a rare word": lambda: desk.searching.find("jimenez12"),
        "search a sender": lambda: desk.searching.find("from:jimenez"),
        "search a stretch of days": lambda: desk.searching.find("on:2026-02"),
        "search a word in older mail": lambda: desk.searching.find("thursday before:2026-02-20"),
        "search what is unread": lambda: desk.searching.find("is:unread visit"),
    }


async def _time(ask: Ask) -> float:
    began = time.perf_counter_ns()
    await ask()
    return (time.perf_counter_ns() - began) / 1e6


def _now() -> datetime:
    return datetime.now(UTC)

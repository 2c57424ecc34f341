"""What the screen asks of the disk, as the mailbox grows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
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
Ask = Callable[[], Awaitable[object]]


def measure(sizes: Sequence[int], runs: int, among: Path) -> Chapter:
    """Ask the same of folders of each size; the ratio is to the smallest.

    Args:
        sizes: Numbers of stored messages, the smallest first.
        runs: How often each thing is asked.
        among: Where seeded folders are kept.
    """
    found = {size: asyncio.run(_ask(data_folder(size, among), runs, among)) for size in sizes}
    least = found[sizes[0]]
    rows = []
    for what in least:
        for size in sizes:
            sample = found[size][what]
            ratio = None if size == sizes[0] else sample.to(least[what])
            against = "" if ratio is None else f"{sizes[0]:,}"
            rows.append(Row(f"{what}, {size:,} messages", sample, ratio, against))
    return Chapter("What the screen asks of the disk", tuple(rows))


async def _ask(folder: Path, runs: int, among: Path) -> dict[str, Sample]:
    configuration = read_configuration(configuration_file(among))
    office = await open_office(configuration, folder, "dana", _now)
    try:
        asks = await _asks(office.desk)
        return {what: await _times(ask, runs) for what, ask in asks.items()}
    finally:
        await office.close()


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


async def _times(ask: Ask, runs: int) -> Sample:
    await ask()
    times = []
    for _ in range(runs):
        began = time.perf_counter_ns()
        await ask()
        times.append((time.perf_counter_ns() - began) / 1e6)
    return Sample(tuple(times))


def _now() -> datetime:
    return datetime.now(UTC)

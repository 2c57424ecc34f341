"""The first sync of a portal, and one with nothing new: time per message, and requests."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from adapters.portal.channel import PortalChannel
from adapters.portal.settings import NoAuth, PortalSettings
from benchmarks import communications
from benchmarks.figures import Chapter, Row, Sample, Stopwatch
from benchmarks.practice import ROOT, configuration_file
from benchmarks.terminal import CannotMeasure
from inbox.address import ChannelKind
from inbox.channel import RawItem
from inbox.filing import Filer
from inbox.line import Line
from inbox.message import Arrival
from inbox.practice import Practice
from inbox.recorder import Recorder
from inbox.sync import LineSync
from store.database import SqliteRepository, open_repository
from tui.config.reading import read_configuration

_STEPS: Final = ("fetch", "store raw", "parse", "file", "record")
_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Portal:
    """A server that runs, and its count of requests."""

    process: subprocess.Popen[str]
    base_url: str

    def requests(self) -> int:
        """How many requests have come so far."""
        if self.process.stdin is None or self.process.stdout is None:
            raise CannotMeasure("the loopback portal cannot be asked")
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


def measure(count: int, among: Path, scratch: Path) -> Chapter:
    """Sync so many Communications.

    Args:
        count: How many, headers of threads included.
        among: Where the configuration is kept.
        scratch: An empty folder for data folders.
    """
    practice = read_configuration(configuration_file(among)).practice
    with _loopback(count) as portal:
        bare, bare_requests = _bare(portal)
        rows = [Row("bare", bare, remark=_told(count, bare, bare_requests))]
        rows += asyncio.run(_rows(portal, practice, count, bare, scratch))
    notes = (
        f"bare: urllib reads the same pages of {_PAGE} and `json` parses them",
        "whole: fetching and filing side by side, as it happens",
        "again: the same line a moment later, with nothing new",
    )
    return Chapter(f"First sync of {count:,} Communications", tuple(rows), notes)


@contextmanager
def _loopback(count: int) -> Iterator[Portal]:
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-m", "benchmarks.portal_server", str(count)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            port = server.stdout.readline() if server.stdout is not None else ""
            if not port:
                raise CannotMeasure("the loopback portal did not start")
            yield Portal(server, f"http://127.0.0.1:{int(port)}/fhir")
        finally:
            server.terminate()


def _told(count: int, sample: Sample, requests: int) -> str:
    return f"{sample.median * 1000 / count:,.0f} µs a message, {requests:,} requests"


def _bare(portal: Portal) -> tuple[Sample, int]:
    before, began = portal.requests(), time.perf_counter_ns()
    url = f"{portal.base_url}/Communication?_count={_PAGE}&_sort=-_lastUpdated"
    while url:
        with urlopen(url) as answer:  # noqa: S310 - our own server on loopback
            page: dict[str, Any] = json.loads(answer.read())
        links = {one["relation"]: one["url"] for one in page.get("link", [])}
        url = links.get("next", "")
    spent = Sample(((time.perf_counter_ns() - began) / 1e6,))
    return spent, portal.requests() - before


async def _rows(
    portal: Portal, practice: Practice, count: int, bare: Sample, scratch: Path
) -> list[Row]:
    rows = []
    repository = await _open(scratch / "whole")
    channel = PortalChannel(_line(portal), _settings(portal), _now)
    sync = LineSync(channel, repository, Filer(repository, practice, _now), _now)
    for what in ("whole", "again"):
        before, began = portal.requests(), time.perf_counter_ns()
        await sync.once()
        await Recorder(repository, practice, _now).drain()
        spent = Sample(((time.perf_counter_ns() - began) / 1e6,))
        asked = portal.requests() - before
        remark = _told(count, spent, asked) if what == "whole" else f"{asked:,} requests"
        rows.append(Row(what, spent, spent.to(bare), "bare", remark=remark))
    await _check(repository, channel, count)
    await channel.close()
    await repository.close()

    watch = Stopwatch()
    repository = await _open(scratch / "steps")
    channel = PortalChannel(_line(portal), _settings(portal), _now)
    await _steps(channel, repository, practice, watch)
    await _check(repository, channel, count)
    await channel.close()
    await repository.close()
    for step in _STEPS:
        spent = watch.sample(step)
        each = f"{watch.spent[step] * 1000 / count:,.0f} µs a message"
        rows.append(Row(f"{step} alone", spent, spent.to(bare), "bare", remark=each))
    return rows


async def _steps(
    channel: PortalChannel, repository: SqliteRepository, practice: Practice, watch: Stopwatch
) -> None:
    """One step after the other, so that each can be timed."""
    with watch.measure("fetch"):
        batches = [batch async for batch in channel.fetch({})]
    with watch.measure("store raw"):
        for batch in batches:
            await repository.raw.save_batch(channel.line.id, batch, _now())
    read = _Read(channel)
    with watch.measure("parse"):
        for batch in batches:
            for item in batch.items:
                read.keep(item)
    with watch.measure("file"):
        await Filer(repository, practice, _now).drain(read)
    with watch.measure("record"):
        await Recorder(repository, practice, _now).drain()


class _Read(PortalChannel):
    """The line's channel with everything parsed beforehand."""

    def __init__(self, channel: PortalChannel) -> None:
        super().__init__(channel.line, channel._settings, _now)
        self._kept: dict[str, Arrival] = {}

    def keep(self, item: RawItem) -> None:
        """Parse an item."""
        self._kept[item.remote.item] = super().convert(item)

    def convert(self, raw: RawItem) -> Arrival:
        """What was parsed."""
        return self._kept[raw.remote.item]


async def _check(repository: SqliteRepository, channel: PortalChannel, count: int) -> None:
    """A sync that loses messages would be quick."""
    line_id = channel.line.id
    held = await repository.raw.count(line_id, await channel.census())
    stored = sum(folder.stored for folder in held)
    if stored != count or await repository.raw.unfiled(line_id, 1):
        raise CannotMeasure(f"of {count} Communications {stored} were stored and filed")


async def _open(folder: Path) -> SqliteRepository:
    repository = await open_repository(folder, _now)
    await repository.patients.save(communications.patients())
    return repository


def _line(portal: Portal) -> Line:
    return Line("portal", ChannelKind.PORTAL, portal.base_url, "Lakeside portal")


def _settings(portal: Portal) -> PortalSettings:
    return PortalSettings(portal.base_url, NoAuth(), communications.PRACTICE, page_size=_PAGE)


def _now() -> datetime:
    return datetime.now(UTC)

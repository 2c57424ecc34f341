"""The first sync of a number: how long a text takes, and how many requests it all costs."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from adapters.phone.settings import TwilioSettings
from adapters.phone.sms import SmsChannel
from benchmarks.figures import Chapter, Row, Sample, spread
from benchmarks.practice import ROOT, configuration_file
from benchmarks.terminal import CannotMeasure
from benchmarks.text_server import ACCOUNT, NUMBER, TOKEN
from inbox.address import ChannelKind
from inbox.filing import Filer
from inbox.line import Line
from inbox.practice import Practice
from inbox.recorder import Recorder
from inbox.sync import LineSync
from store.database import SqliteRepository, open_repository
from tui.config.reading import read_configuration

LINE: Final = Line("texts", ChannelKind.SMS, NUMBER, "Lakeside texts")
_PAGE: Final = 1000
_NOTE: Final = (
    "bare: urllib asks for the same pages and `json` parses them; "
    "whole: fetching and filing side by side, then the record"
)


def measure(count: int, runs: int, among: Path, scratch: Path) -> Chapter:
    """Sync so many texts from the loopback server, then poll while nothing is new.

    Args:
        count: How many texts.
        runs: How often it is polled afterwards.
        among: Where the configuration is kept.
        scratch: An empty folder for the data folder.
    """
    practice = replace(read_configuration(configuration_file(among)).practice, lines=(LINE,))
    with _server(count) as base:
        bare, asked = _bare(base)
        whole, requests, polls, polled = asyncio.run(_sync(base, practice, count, runs, scratch))
    each = whole.median * 1000 / count
    return Chapter(
        f"First sync of {count:,} texts",
        (
            Row("bare", bare, remark=f"{asked:,} requests"),
            Row(
                "whole",
                whole,
                whole.to(bare),
                "bare",
                remark=f"{each:,.0f} µs a text; {requests:,} requests",
            ),
            Row(
                "a poll with nothing new",
                polls,
                aim="1 request",
                met=polled == runs,
                remark=f"{polled / runs:.1f} requests",
            ),
        ),
        (_NOTE,),
    )


@contextmanager
def _server(count: int) -> Iterator[str]:
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-m", "benchmarks.text_server", str(count)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            port = server.stdout.readline().strip() if server.stdout is not None else ""
            if not port:
                raise CannotMeasure("the loopback Twilio server did not start")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _bare(base: str) -> tuple[Sample, int]:
    secret = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode("ascii")
    below = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?To=%2B{NUMBER[1:]}&PageSize={_PAGE}"
    asked, began = 0, time.perf_counter_ns()
    while below:
        question = urllib.request.Request(  # noqa: S310 - the loopback server
            base + below, headers={"Authorization": f"Basic {secret}"}
        )
        with urllib.request.urlopen(question) as answer:  # noqa: S310 - the loopback server
            below = json.loads(answer.read())["next_page_uri"] or ""
        asked += 1
    return Sample(((time.perf_counter_ns() - began) / 1e6,)), asked


async def _sync(
    base: str, practice: Practice, count: int, runs: int, scratch: Path
) -> tuple[Sample, int, Sample, int]:
    """How long the first sync took with its requests, and the polls after it with theirs."""
    repository = await open_repository(scratch / "texts", _now)
    settings = TwilioSettings(ACCOUNT, lambda: TOKEN, base_url=base)
    channel = SmsChannel(LINE, settings, _now, claimed=repository.filing.bears)
    line = LineSync(channel, repository, Filer(repository, practice, _now), _now)
    # The library of the provider is imported once, whatever there is to read.
    await channel.twilio.open()
    began = time.perf_counter_ns()
    await line.once()
    await Recorder(repository, practice, _now).drain()
    whole = Sample(((time.perf_counter_ns() - began) / 1e6,))
    await _check(repository, channel, line, count)
    requests = channel.twilio.requests
    times = []
    for _ in range(runs):
        began = time.perf_counter_ns()
        await line.once()
        times.append((time.perf_counter_ns() - began) / 1e6)
    polled = channel.twilio.requests - requests
    await channel.close()
    await repository.close()
    return whole, requests, spread(times), polled


async def _check(
    repository: SqliteRepository, channel: SmsChannel, line: LineSync, count: int
) -> None:
    """A sync that loses texts would be quick."""
    stored = sum(folder.stored for folder in line.health.folders)
    if stored != count or await repository.raw.unfiled(channel.line.id, 1):
        raise CannotMeasure(f"of {count} texts {stored} were stored and filed")


def _now() -> datetime:
    return datetime.now(UTC)

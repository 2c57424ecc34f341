"""The first sync of a mailbox on Dovecot, in the same run as mbsync's copy of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

from benchmarks import mails, peers
from benchmarks.figures import Chapter, Row, Sample, spread
from benchmarks.practice import ROOT
from benchmarks.sync import Mailbox, fill
from benchmarks.terminal import CannotMeasure
from tests.interop import dovecot
from tests.interop.dovecot import DovecotServer
from tests.interop.servers import why_not

LATER: Final = 100
"""Mails that come in after the first sync."""
MEMORY: Final = 250
"""Megabytes that a sync may use, however large the mailbox is."""


def measure(count: int, runs: int, scratch: Path) -> Chapter:
    """Copy and sync so many mails, turn about; then so many more.

    Args:
        count: How many mails the mailbox holds.
        runs: How often each is done.
        scratch: An empty folder for what is copied and stored.
    """
    title = f"First sync of {count:,} mails from Dovecot"
    reason = why_not(dovecot.PROGRAMS, dovecot.USERS) or peers.missing("mbsync")
    if reason:
        return Chapter(title, (), (f"Left out: {reason}",))
    found: dict[str, list[float]] = {}
    notes: list[str] = []
    for run in range(runs):
        # A server of its own each time: later mail would belong to the next first sync.
        with _server(count) as (mailbox, more, size):
            _one_run(mailbox, more, count, scratch / str(run), found, notes)
            notes[-1] += f"; {size / count:,.0f} bytes a mail on the wire"
        shutil.rmtree(scratch / str(run))
    return Chapter(
        title, tuple(_rows({name: spread(times) for name, times in found.items()})), tuple(notes)
    )


@contextmanager
def _server(count: int) -> Iterator[tuple[Mailbox, Callable[[], object], int]]:
    """A mailbox of so many mails, what adds the later ones, and how many bytes it holds."""
    server = DovecotServer()
    try:
        server.start()
        account = server.add_user(mails.DESK)
        arriving = mails.mailbox(count, LATER)
        size = fill(server, account, islice(arriving, count))
        mailbox = Mailbox("Dovecot", server.imap_port, account.address, account.password)
        yield mailbox, lambda: fill(server, account, arriving), size
    finally:
        server.remove()


def _one_run(
    mailbox: Mailbox,
    more: Callable[[], object],
    count: int,
    scratch: Path,
    found: dict[str, list[float]],
    notes: list[str],
) -> None:
    def note(name: str, seconds: float) -> None:
        found.setdefault(name, []).append(seconds * 1000)

    copy = peers.Maildir(scratch / "copy", mailbox)
    note("mbsync", _timed(copy.copy))
    if copy.count() != count:
        raise CannotMeasure(f"mbsync copied {copy.count()} of {count} mails")
    reason = peers.missing("mu")
    if not reason:
        note("mu", _timed(copy.index))
    with _twoway(mailbox, scratch / "twoway", count) as ask:
        first = ask("")
        note("sync", first["sync"])
        note("record", first["record"])
        stored = sum(
            file.stat().st_size for file in (scratch / "twoway" / "data").glob("twoway.db*")
        )
        more()
        note("mbsync later", _timed(copy.copy))
        second = ask(f"{LATER}\n")
        note("sync later", second["sync"])
    notes.append(
        f"memory {second['megabytes']} MB (aim under {MEMORY}: "
        f"{'met' if second['megabytes'] < MEMORY else 'MISSED'}), "
        f"longest wait of the screen {first['longest wait'] * 1000:.0f} ms, "
        f"{stored / count:,.0f} bytes a message on the disk" + (f"; {reason}" if reason else "")
    )


def _rows(samples: dict[str, Sample]) -> Iterator[Row]:
    copied, synced = samples["mbsync"], samples["sync"]
    yield Row("mbsync, copy to a Maildir", copied)
    ratio = synced.beside(copied)
    yield Row(
        "Twoway: stored, threaded, indexed", synced, ratio, "mbsync", "1.0 or less", ratio <= 1
    )
    if "mu" in samples:
        both = _sum(copied, samples["mu"])
        yield Row("mbsync and mu index", both, both.beside(copied), "mbsync")
        ratio = synced.beside(both)
        yield Row("Twoway", synced, ratio, "mbsync and mu index", "1.0 or less", ratio <= 1)
    recorded = _sum(synced, samples["record"])
    yield Row("Twoway, record files too", recorded, recorded.beside(copied), "mbsync")
    later = samples["mbsync later"]
    yield Row(f"mbsync, {LATER} more", later)
    again = samples["sync later"]
    yield Row(f"Twoway, {LATER} more", again, again.beside(later), "mbsync")


def _sum(one: Sample, other: Sample) -> Sample:
    return Sample(tuple(a + b for a, b in zip(one.times, other.times, strict=True)))


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _twoway(
    mailbox: Mailbox, folder: Path, count: int
) -> Iterator[Callable[[str], dict[str, Any]]]:
    """A process that syncs; what is given asks it to, and says how it went."""
    folder.mkdir()
    given = {
        "port": mailbox.port,
        "user": mailbox.user,
        "password": mailbox.password,
        "folder": str(folder),
        "count": count,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.one_sync"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise CannotMeasure("the sync did not start")
        asks, answers = process.stdin, process.stdout

        def ask(line: str) -> dict[str, Any]:
            asks.write(line or f"{json.dumps(given)}\n")
            asks.flush()
            said = answers.readline()
            if not said:
                raise CannotMeasure("the sync did not end")
            told: dict[str, Any] = json.loads(said)
            return told

        try:
            yield ask
        finally:
            asks.close()
            process.wait(60)

"""The first sync of a mailbox: how many mails a second, and where the time goes."""

from __future__ import annotations

import asyncio
import email
import imaplib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from adapters.mail.channel import MailChannel
from adapters.mail.settings import ImapSettings, MailSettings, SmtpSettings
from benchmarks import mails
from benchmarks.figures import Chapter, Row, Sample, Stopwatch
from benchmarks.mail_server import PASSWORD, USER
from benchmarks.practice import ROOT, configuration_file
from benchmarks.terminal import CannotMeasure
from inbox.channel import RawItem
from inbox.filing import Filer
from inbox.message import Arrival
from inbox.practice import Practice
from inbox.recorder import Recorder
from inbox.sync import LineSync
from store.database import SqliteRepository, open_repository
from tests.interop import dovecot
from tests.interop.dovecot import DovecotServer
from tests.interop.servers import Account, why_not
from tui.config.reading import read_configuration

_STEPS: Final = ("fetch", "store raw", "parse", "file", "record")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where the mail lies."""

    server: str
    port: int
    user: str
    password: str


def measure(count: int, among: Path, scratch: Path) -> Chapter:
    """Sync so many mails from each server that can run here.

    Args:
        count: How many mails.
        among: Where the configuration is kept.
        scratch: An empty folder for data folders.
    """
    practice = read_configuration(configuration_file(among)).practice
    rows: list[Row] = []
    notes: list[str] = []
    with _loopback(count) as mailbox:
        rows += _rows(mailbox, practice, count, scratch / "loopback")
    reason = why_not(dovecot.PROGRAMS, dovecot.USERS)
    if reason:
        notes.append(f"Dovecot was left out: {reason}")
    else:
        with _dovecot(count) as mailbox:
            rows += _rows(mailbox, practice, count, scratch / "dovecot")
    notes.append(
        "bare: imaplib fetches the same mails and `email` parses them; "
        "whole: fetching and filing side by side, as it happens"
    )
    return Chapter(f"First sync of {count:,} mails", tuple(rows), tuple(notes))


@contextmanager
def _loopback(count: int) -> Iterator[Mailbox]:
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-m", "benchmarks.mail_server", str(count)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            port = server.stdout.readline() if server.stdout is not None else ""
            if not port:
                raise CannotMeasure("the loopback IMAP server did not start")
            yield Mailbox("loopback", int(port), USER, PASSWORD)
        finally:
            server.terminate()


@contextmanager
def _dovecot(count: int) -> Iterator[Mailbox]:
    server = DovecotServer()
    try:
        server.start()
        account = server.add_user(mails.DESK)
        fill(server, account, mails.mailbox(count))
        yield Mailbox("Dovecot", server.imap_port, account.address, account.password)
    finally:
        server.remove()


def fill(server: DovecotServer, account: Account, arrived: Iterator[tuple[bytes, datetime]]) -> int:
    """Put mail into the inbox as if it had arrived at its time; return how many bytes it is."""
    total = 0
    client = server.connect(account)
    try:
        while some := list(islice(arrived, 1000)):
            total += sum(len(raw) for raw, _ in some)
            client.multiappend("INBOX", [{"msg": raw, "date": at} for raw, at in some])
    finally:
        client.logout()
    return total


def _rows(mailbox: Mailbox, practice: Practice, count: int, scratch: Path) -> list[Row]:
    bare = Sample((_bare(mailbox),))
    whole, steps = asyncio.run(_sync(mailbox, practice, count, scratch))
    where = mailbox.server
    return [
        Row(f"{where}, bare", bare, remark=_rate(count, bare)),
        Row(f"{where}, whole", whole, whole.to(bare), "bare", remark=_rate(count, whole)),
        *(
            Row(
                f"{where}, {step} alone",
                steps.sample(step),
                steps.sample(step).to(bare),
                "bare",
                remark=f"{steps.spent[step] * 1000 / count:,.0f} µs a mail",
            )
            for step in _STEPS
        ),
    ]


def _rate(count: int, sample: Sample) -> str:
    return f"{count / sample.median * 1000:,.0f} mails/s"


def _bare(mailbox: Mailbox) -> float:
    began = time.perf_counter_ns()
    client = imaplib.IMAP4("127.0.0.1", mailbox.port)
    try:
        client.login(mailbox.user, mailbox.password)
        client.select("INBOX", readonly=True)
        _, answers = client.uid("FETCH", "1:*", "(UID INTERNALDATE BODY.PEEK[])")
        for answer in answers:
            if isinstance(answer, tuple):
                email.message_from_bytes(answer[1])
    finally:
        client.logout()
    return (time.perf_counter_ns() - began) / 1e6


async def _sync(
    mailbox: Mailbox, practice: Practice, count: int, scratch: Path
) -> tuple[Sample, Stopwatch]:
    repository = await open_folder(scratch / "whole", count)
    channel = mail_channel(mailbox, practice)
    began = time.perf_counter_ns()
    await LineSync(channel, repository, Filer(repository, practice, now), now).once()
    await Recorder(repository, practice, now).drain()
    whole = Sample(((time.perf_counter_ns() - began) / 1e6,))
    await check(repository, channel, count)
    await channel.close()
    await repository.close()

    watch = Stopwatch()
    repository = await open_folder(scratch / "steps", count)
    channel = mail_channel(mailbox, practice)
    await _steps(channel, repository, practice, watch)
    await check(repository, channel, count)
    await channel.close()
    await repository.close()
    return whole, watch


async def _steps(
    channel: MailChannel, repository: SqliteRepository, practice: Practice, watch: Stopwatch
) -> None:
    """One step after the other, so that each can be timed."""
    with watch.measure("fetch"):
        batches = [batch async for batch in channel.fetch({})]
    with watch.measure("store raw"):
        for batch in batches:
            await repository.raw.save_batch(channel.line.id, batch, now())
    read = _Read(channel)
    with watch.measure("parse"):
        for batch in batches:
            for item in batch.items:
                read.keep(item)
    with watch.measure("file"):
        await Filer(repository, practice, now).drain(read)
    with watch.measure("record"):
        await Recorder(repository, practice, now).drain()


class _Read(MailChannel):
    """The line's channel with everything parsed beforehand."""

    def __init__(self, channel: MailChannel) -> None:
        super().__init__(channel.line, channel._settings, now)
        self._kept: dict[tuple[str, str], Arrival] = {}

    def keep(self, item: RawItem) -> None:
        """Parse an item."""
        self._kept[item.remote.folder, item.remote.item] = super().convert(item)

    async def convert_all(self, raws: Sequence[RawItem]) -> list[Arrival]:
        """What was parsed."""
        return [self._kept[raw.remote.folder, raw.remote.item] for raw in raws]


async def check(repository: SqliteRepository, channel: MailChannel, count: int) -> None:
    """A sync that loses mail would be quick."""
    line_id = channel.line.id
    held = await repository.raw.count(line_id, await channel.census())
    stored = sum(folder.stored for folder in held)
    if stored != count or await repository.raw.unfiled(line_id, 1):
        raise CannotMeasure(f"of {count} mails {stored} were stored and filed")


async def open_folder(folder: Path, count: int) -> SqliteRepository:
    """A data folder that knows the patients who write so many mails."""
    repository = await open_repository(folder, now)
    await repository.patients.save(mails.patients(count))
    return repository


def mail_channel(mailbox: Mailbox, practice: Practice) -> MailChannel:
    """The practice's mail line, read from a mailbox."""
    imap = ImapSettings("127.0.0.1", mailbox.port, "none", mailbox.user, sent="Sent")
    smtp = SmtpSettings("127.0.0.1", 9, "none", mailbox.user)
    line = replace(practice.lines[0], address=mails.DESK)
    return MailChannel(line, MailSettings(imap, smtp, lambda: mailbox.password), now)


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)

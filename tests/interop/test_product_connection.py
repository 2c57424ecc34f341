"""Real connections with the whole product: IDLE, kicks, CONDSTORE, renumbered folders."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from adapters.mail import reading
from inbox.line import LineState
from tests.interop.product import (
    Mailboxes,
    Product,
    a_line,
    mailboxes,
    open_product,
    real_settings,
    until,
)
from tests.interop.servers import ServerError

__all__ = ["mailboxes"]


async def ready(product: Product, seconds: float = 15.0) -> None:
    """Wait until the line is read and waits for news."""

    async def is_ready() -> bool:
        known = await product.repository.lines.health()
        return bool(known) and known["front-desk"].state is LineState.READY

    await until("the line to be up to date", is_ready, seconds=seconds)
    # The health is written right before IDLE begins.
    await asyncio.sleep(0.2)


async def shown(product: Product, subjects: set[str], seconds: float = 15.0) -> None:
    """Wait until the list holds these subjects."""

    async def there() -> bool:
        return subjects <= {row.subject for row in await product.rows()}

    await until(f"{len(subjects)} subjects in the list", there, seconds=seconds)


class Tap:
    """A wire in between that remembers what the client asks; IMAP without TLS, on loopback."""

    def __init__(self, port: int) -> None:
        self.said = b""
        """Everything the client said, on every connection."""
        self.port = 0
        self._target = port
        self._carrying: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Tap]:
        """Listen until the end of the block."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def ended(self) -> None:
        """Wait until the client has let go of every connection."""
        await asyncio.wait_for(asyncio.gather(*self._carrying), 5)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._carrying.add(task)
        back, there = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            await asyncio.gather(self._copy(reader, there, keep=True), self._copy(back, writer))
        finally:
            there.transport.abort()
            writer.transport.abort()

    async def _copy(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, keep: bool = False
    ) -> None:
        with suppress(ConnectionError):
            while chunk := await source.read(65536):
                if keep:
                    self.said += chunk
                sink.write(chunk)
                await sink.drain()
            sink.write_eof()


async def test_quiet_folders_are_asked_by_condstore_only(mailboxes: Mailboxes) -> None:
    mailboxes.put(["One", "Two"])
    [uid] = mailboxes.put(["Sent before"], folder="Sent")
    async with Tap(mailboxes.dovecot.imap_port).open() as tap:
        settings = real_settings(
            mailboxes.own, tap.port, mailboxes.postfix.submission_port,
            mailboxes.dovecot.certificate.authority, imap_security="none",
        )  # fmt: skip
        product = await open_product(
            mailboxes.folder / "tapped",
            mailboxes.clock,
            [(a_line(mailboxes.own.address), settings)],
        )
        # Dovecot counts changes of a folder from when somebody first asks for the count.
        for _ in range(3):
            await product.sync()
        tap.said = b""
        await product.sync()
        asked = re.findall(rb"STATUS \"?Sent\"? \(([^)]*)\)", tap.said)
        assert asked
        assert b"HIGHESTMODSEQ" in asked[0]
        assert not re.search(rb"SEARCH|FETCH|EXAMINE \"?Sent", tap.said)
        # What another program changes raises HIGHESTMODSEQ: the folder is looked at again.
        mailboxes.dovecot.doveadm(
            "flags", "add", "-u", mailboxes.own.address, "\\Flagged", "mailbox", "Sent",
            "uid", str(uid),
        )  # fmt: skip
        tap.said = b""
        await product.sync()
        assert re.search(rb"EXAMINE \"?Sent", tap.said)
        assert b"BODY" not in tap.said
        await product.check()
        await product.close()
        await tap.ended()


async def test_what_arrives_during_idle_is_on_the_screen_at_once(
    mailboxes: Mailboxes, capsys: pytest.CaptureFixture[str]
) -> None:
    product = await mailboxes.open()
    took = []
    async with product.running():
        await ready(product)
        for number in range(3):
            subject = f"Urgent {number}"
            begun = time.monotonic()
            await mailboxes.arrive(subject)
            await shown(product, {subject})
            took.append(time.monotonic() - begun)
            await ready(product)
    with capsys.disabled():
        print(f"\nPostfix to the list during IDLE: {', '.join(f'{one:.2f} s' for one in took)}")
    assert min(took) < 2.0


async def test_a_kick_during_idle_is_survived(mailboxes: Mailboxes) -> None:
    product = await mailboxes.open()
    await mailboxes.arrive("Before")
    async with product.running():
        await ready(product)
        for number in range(3):
            mailboxes.dovecot.kick(mailboxes.own.address)
            subject = f"After kick {number}"
            await mailboxes.arrive(subject)
            await shown(product, {subject})
            await ready(product)
    assert product.trouble == []
    assert await product.subjects() == ["After kick 0", "After kick 1", "After kick 2", "Before"]


async def test_kicks_during_the_first_sync_lose_nothing(
    mailboxes: Mailboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH_ITEMS", 15)
    subjects = [f"Visit {number:03}" for number in range(400)]
    mailboxes.put(subjects)
    product = await mailboxes.open()
    kicked, done = 0, 0
    async with product.running():
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            known = (await product.repository.lines.health()).get("front-desk")
            if known is not None and known.state is LineState.SYNCING and known.done > 0:
                stored = len(await product.repository.raw.cursors("front-desk"))
                if kicked < 4 and stored and known.done != done:
                    done = known.done
                    with suppress(ServerError):  # between two connections nobody is there to kick
                        await asyncio.to_thread(mailboxes.dovecot.kick, mailboxes.own.address)
                        kicked += 1
            if known is not None and known.state is LineState.READY and kicked:
                break
            await asyncio.sleep(0.02)
    assert kicked >= 2
    assert await product.subjects() == subjects
    [inbox, _] = await product.counts()
    assert (inbox.server, inbox.stored) == (400, 400)


async def test_mail_that_comes_during_the_first_sync_is_there(
    mailboxes: Mailboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH_ITEMS", 10)
    old = [f"Old {number:03}" for number in range(300)]
    mailboxes.put(old)
    product = await mailboxes.open()
    new: list[str] = []
    async with product.running():
        while len(new) < 5:
            known = (await product.repository.lines.health()).get("front-desk")
            if known is not None and known.state is LineState.SYNCING and known.done > 0:
                new.append(f"New {len(new)}")
                await asyncio.to_thread(mailboxes.put, [new[-1]])
            elif known is not None and known.state is LineState.READY:
                break
            await asyncio.sleep(0.01)
        assert len(new) >= 3
        await shown(product, set(new))
        await ready(product)
    assert await product.subjects() == sorted(old + new)


async def test_a_new_uidvalidity_neither_loses_nor_doubles(mailboxes: Mailboxes) -> None:
    subjects = [f"Visit {number:02}" for number in range(30)]
    uids = mailboxes.put(subjects)
    product = await mailboxes.open()
    await product.sync()
    before = {one.subject: one.id for one in await product.messages()}
    own = mailboxes.own.address
    validity = mailboxes.dovecot.uid_validity(own)
    mailboxes.dovecot.uid_validity(own, value=validity + 5)
    mailboxes.dovecot.expunge(own, uids[0])
    mailboxes.put(["Visit 30"])
    await product.sync()
    after = {one.subject: one.id for one in await product.messages()}
    assert await product.subjects() == [*subjects, "Visit 30"]
    assert {subject: after[subject] for subject in before} == before
    [inbox, _] = await product.counts()
    assert (inbox.server, inbox.stored, inbox.quarantined) == (30, 30, 0)


async def test_a_new_uidvalidity_while_the_office_runs(mailboxes: Mailboxes) -> None:
    subjects = [f"Visit {number:02}" for number in range(30)]
    mailboxes.put(subjects)
    product = await mailboxes.open()
    async with product.running():
        await ready(product)
        validity = mailboxes.dovecot.uid_validity(mailboxes.own.address)
        mailboxes.dovecot.uid_validity(mailboxes.own.address, value=validity + 9)
        await mailboxes.arrive("Afterwards")
        await shown(product, {"Afterwards"})
        await ready(product)
    assert await product.subjects() == ["Afterwards", *subjects]


async def test_a_folder_made_anew_keeps_what_was_read_of_the_old_one(mailboxes: Mailboxes) -> None:
    old = [f"Sent {number}" for number in range(8)]
    mailboxes.put(old, folder="Sent")
    product = await mailboxes.open()
    await product.sync()
    kept = mailboxes.dovecot.messages(mailboxes.own.address, "Sent")[3]
    mailboxes.dovecot.recreate(mailboxes.own.address, "Sent")
    # UIDs begin at 1 again, so the same numbers now mean other mails.
    mailboxes.put(["New A"], folder="Sent")
    mailboxes.dovecot.append_many(mailboxes.own, [kept], folder="Sent")
    mailboxes.put(["New B"], folder="Sent")
    await product.sync()
    assert await product.subjects() == ["New A", "New B", *old]
    [_, sent] = await product.counts()
    assert (sent.server, sent.stored, sent.quarantined) == (3, 3, 0)


async def test_the_same_mail_moved_and_copied_is_one_message(mailboxes: Mailboxes) -> None:
    mailboxes.put(["Once"])
    product = await mailboxes.open()
    await product.sync()
    mailboxes.dovecot.doveadm(
        "copy", "-u", mailboxes.own.address, "INBOX", "mailbox", "INBOX", "all"
    )
    await product.sync()
    assert await product.subjects() == ["Once"]
    [inbox, _] = await product.counts()
    assert (inbox.server, inbox.stored) == (2, 2)


async def test_a_server_that_stops_and_comes_back(mailboxes: Mailboxes) -> None:
    product = await mailboxes.open()
    await mailboxes.arrive("Before the stop")
    async with product.running():
        await ready(product)
        await asyncio.to_thread(mailboxes.dovecot.stop)
        try:

            async def retrying() -> bool:
                return (await product.health()).state is LineState.RETRYING

            await until("the line to say that it is down", retrying)
            said = await product.health()
            assert said.sentence
            assert said.hint
        finally:
            await asyncio.to_thread(mailboxes.dovecot.start)
        await mailboxes.arrive("After the stop")
        await shown(product, {"After the stop"}, seconds=20)
        await ready(product)
    assert (await product.health()).sentence == ""

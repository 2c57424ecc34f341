"""Many mails are read on another processor, with the very same result."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from adapters.mail import bulk
from adapters.mail.aside import Aside
from adapters.mail.bulk import Bulk
from adapters.mail.mime import read_mail
from benchmarks.mails import mails
from inbox.channel import RawItem, RemoteId
from inbox.message import Arrival


def item(content: bytes, *, complete: bool = True) -> RawItem:
    place = RemoteId("INBOX", "1", "1")
    return RawItem(place, content, datetime(2026, 3, 2, tzinfo=UTC), len(content), complete)


MANY = bulk.WORTH_A_PROCESS


def here(raw: RawItem) -> Arrival:
    return read_mail(raw.content, complete=raw.complete)


HARD = [
    item(b""),
    item(b"Message-ID: <\xed\xb3\xbf@x>\r\nSubject: \xff\r\n\r\n\xed\xa0\x80"),
    item(b"From: a@example.com\r\nSubject: large\r\n\r\n", complete=False),
    item(b"From: a@example.com\r\nDate: Fri, 31 Dec 9999 23:59:59 -2359\r\n\r\nlate"),
    item(b"From: a@example.com\r\nDate: Mon, 1 Jan 0001 00:00:00 +1400\r\n\r\nearly"),
]


@pytest.fixture
async def many(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bulk]:
    monkeypatch.setattr(bulk, "_several_processors", lambda: True)
    made = Bulk(here)
    yield made
    await made.close()


def process_of(made: Bulk) -> int:
    assert made._aside is not None
    assert made._aside._process is not None
    return made._aside._process.pid


def start_of(made: Bulk) -> asyncio.Task[None] | None:
    return made._starting


async def test_it_reads_what_is_read_here(many: Bulk) -> None:
    raws = [*map(item, mails(MANY)), *HARD]
    assert await many.read(raws) == [here(raw) for raw in raws]
    assert process_of(many) != os.getpid()


async def test_two_may_ask_at_once(many: Bulk) -> None:
    first, second = [*map(item, mails(MANY))], [*map(item, mails(MANY + 10))]
    found, also = await asyncio.gather(many.read(first), many.read(second))
    assert found == [here(raw) for raw in first]
    assert also == [here(raw) for raw in second]


async def test_a_few_are_read_in_a_thread(many: Bulk) -> None:
    raws = [*map(item, mails(bulk.WORTH_A_PROCESS - 1))]
    assert await many.read(raws) == [here(raw) for raw in raws]
    assert many._aside is None


async def test_it_starts_before_many_mails_are_here(many: Bulk) -> None:
    many.expect(bulk.WORTH_STARTING - 1)
    assert start_of(many) is None
    many.expect(bulk.WORTH_STARTING)
    starting = start_of(many)
    assert starting is not None
    raws = [*map(item, mails(bulk.WORTH_ASKING))]
    assert await many.read(raws) == [here(raw) for raw in raws], "not by what only starts"
    await starting
    pid = process_of(many)
    assert await many.read(raws) == [here(raw) for raw in raws]
    assert process_of(many) == pid


async def test_nothing_starts_behind_the_end(many: Bulk) -> None:
    many.expect(bulk.WORTH_STARTING)
    await many.close()
    many.expect(bulk.WORTH_STARTING)
    assert (many._aside, many._starting) == (None, None)


async def test_when_the_process_dies_the_mail_is_read_here_and_then_by_another(many: Bulk) -> None:
    raws = [*map(item, mails(MANY))]
    await many.read(raws)
    first = process_of(many)
    os.kill(first, signal.SIGSTOP)
    reading = asyncio.create_task(many.read(raws))
    await asyncio.sleep(0.05)
    os.kill(first, signal.SIGKILL)
    assert await reading == [here(raw) for raw in raws]
    assert await many.read(raws) == [here(raw) for raw in raws]
    assert process_of(many) != first


async def test_it_is_let_go_when_nothing_comes(many: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "LASTS", 0.05)
    await many.read([*map(item, mails(MANY))])
    pid = process_of(many)
    for _ in range(200):
        await asyncio.sleep(0.02)
        if not _lives(pid):
            break
    assert not _lives(pid)
    assert many._aside is None


async def test_closing_ends_it(many: Bulk) -> None:
    await many.read([*map(item, mails(MANY))])
    pid = process_of(many)
    await many.close()
    assert not _lives(pid)


def test_it_ends_with_the_one_who_started_it() -> None:
    aside = Aside()
    aside.read([item(b"From: a@example.com\r\n\r\nHello")])
    process = aside._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0
    aside.close()
    gc.collect()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

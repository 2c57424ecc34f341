"""A line is read from the day the configuration names, and further back when somebody asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import pytest

from adapters.mail.channel import MailChannel
from inbox.backoffice import BackOffice
from inbox.channel import Batch, ReadsFrom, Tallies
from inbox.conversation import ListState
from inbox.errors import NotFound
from inbox.gate import Gate
from inbox.line import FolderCount
from store.database import SqliteRepository, open_repository
from tests.adapters.mail.world import LINE, USER, MailHandle, plain
from tests.clock import FakeClock
from tests.inbox.conftest import House
from tests.inbox.making import FRONT_DESK, practice

SINCE = date(2026, 2, 1)


@dataclass
class Mailbox:
    """A mailbox with mail of three years, and who reads it."""

    handle: MailHandle
    repository: SqliteRepository
    channel: MailChannel
    back_office: BackOffice
    clock: FakeClock
    newest: int = 0

    def put(self, text: str, on: str = "") -> int:
        """Mail that the server got at noon of a day; its UID."""
        moment = datetime.fromisoformat(f"{on}T12:00:00+00:00") if on else self.clock()
        return self.handle.world.imap.deliver(USER, plain(text), internal_date=moment)

    async def texts(self) -> list[str]:
        """What is stored, the newest first."""
        store = self.repository.conversations
        rows = (await store.page(ListState.ALL, self.clock(), limit=1000)).rows
        return [row.snippet for row in rows]

    async def count(self) -> FolderCount:
        """Completeness of INBOX."""
        health = (await self.repository.lines.health())[LINE.id]
        return next(folder for folder in health.folders if folder.folder == "INBOX")


@pytest.fixture
async def mailbox(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Mailbox]:
    with MailHandle(clock) as handle:
        repository = await open_repository(tmp_path / "data", clock)
        settings = handle.settings()
        settings = replace(settings, imap=replace(settings.imap, since=SINCE))
        channel = handle.channel(settings)
        office = BackOffice(
            repository, practice(lines=(LINE,)), Gate([]), {LINE.id: channel}, clock, "test"
        )
        built = Mailbox(handle, repository, channel, office, clock)
        built.put("of 2024", "2024-05-01")
        built.put("of 2025", "2025-05-01")
        built.put("of January", "2026-01-10")
        built.newest = built.put("of February", "2026-02-10")
        yield built
        await office.close()
        await repository.close()


async def test_what_is_older_stays_there_and_nobody_misses_it(mailbox: Mailbox) -> None:
    asked: object = mailbox.channel
    assert isinstance(asked, ReadsFrom)
    assert isinstance(asked, Tallies)
    for _ in range(2):
        await mailbox.back_office.sync_once()
        assert await mailbox.texts() == ["of February"]
        count = await mailbox.count()
        assert (count.server, count.stored, count.older, count.missing) == (4, 1, 3, 0)
        mailbox.clock.advance(minutes=11)
    mailbox.put("of today")
    await mailbox.back_office.sync_once()
    assert await mailbox.texts() == ["of today", "of February"]
    assert (await mailbox.count()).older == 3


async def test_somebody_asks_for_more_and_then_for_all(mailbox: Mailbox) -> None:
    await mailbox.back_office.sync_once()
    await mailbox.back_office.read_back(LINE.id, date(2025, 1, 1))
    assert await mailbox.texts() == ["of February", "of January", "of 2025"]
    count = await mailbox.count()
    assert (count.server, count.stored, count.older, count.missing) == (4, 3, 1, 0)
    # It is kept for the next runs, those of other processes too.
    mailbox.clock.advance(days=8)
    mailbox.put("of today")
    await mailbox.back_office.sync_once()
    assert len(await mailbox.texts()) == 4
    await mailbox.back_office.read_back(LINE.id, date.min)
    assert (await mailbox.texts())[-1] == "of 2024"
    assert (await mailbox.count()).older == 0
    assert mailbox.channel.since is None


async def test_nothing_since_that_day(mailbox: Mailbox) -> None:
    mailbox.handle.world.imap.expunge(USER, [mailbox.newest])
    await mailbox.back_office.sync_once()
    assert await mailbox.texts() == []
    count = await mailbox.count()
    assert (count.server, count.older, count.missing) == (3, 3, 0)
    mailbox.put("of today")
    await mailbox.back_office.sync_once()
    assert await mailbox.texts() == ["of today"]


async def test_it_stops_where_it_is_and_goes_on_from_there(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.mail.reading.BATCH_ITEMS", 5)
    mailbox.handle.world.imap.expunge(USER, [mailbox.newest])
    for number in range(30):
        mailbox.put(f"mail {number}", f"2026-01-{12 + number // 2:02}")
    mailbox.put("the newest", "2026-02-12")
    handed: list[int] = []
    save = mailbox.repository.raw.save_batch

    async def then_stop(line_id: str, batch: Batch, now: datetime) -> int:
        handed.append(len(batch.items))
        if sum(handed) >= 10:
            await mailbox.back_office.read_back(LINE.id, None)
        return await save(line_id, batch, now)

    await mailbox.back_office.sync_once()
    before = len(await mailbox.texts())
    monkeypatch.setattr(mailbox.repository.raw, "save_batch", then_stop)
    await mailbox.back_office.read_back(LINE.id, date.min)
    monkeypatch.setattr(mailbox.repository.raw, "save_batch", save)
    stopped_at = len(await mailbox.texts())
    assert before < stopped_at < 34
    assert await mailbox.repository.lines.reading_from(LINE.id) is None
    mailbox.clock.advance(minutes=11)
    await mailbox.back_office.sync_once()
    assert len(await mailbox.texts()) == stopped_at
    assert (await mailbox.count()).missing == 0
    await mailbox.back_office.read_back(LINE.id, date.min)
    assert len(await mailbox.texts()) == 34
    assert (await mailbox.count()).missing == 0


async def test_a_line_that_is_read_whole_says_so(house: House) -> None:
    with pytest.raises(NotFound):
        await house.back_office.read_back(FRONT_DESK.id, date.min)

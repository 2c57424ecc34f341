"""Lines of Twilio kept up to date in a real data folder: completeness, and nothing twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from inbox.channel import Channel
from inbox.filing import Filer
from inbox.line import LineState
from inbox.message import MessageKind
from inbox.repository import Repository
from inbox.sync import LineSync
from store.database import open_repository
from tests.adapters.phone.world import LINE, ROSA, VOICE, VoiceHandle
from tests.inbox.making import practice


@pytest.fixture
async def repository(tmp_path: Path, office: VoiceHandle) -> AsyncIterator[Repository]:
    opened = await open_repository(tmp_path / "data", office.clock)
    yield opened
    await opened.close()


def sync(channel: Channel, repository: Repository, office: VoiceHandle) -> LineSync:
    """As the back office runs it."""
    filer = Filer(repository, practice(lines=(LINE, VOICE)), office.clock)
    return LineSync(channel, repository, filer, office.clock)


async def test_the_count_of_texts_is_the_servers(
    office: VoiceHandle, repository: Repository
) -> None:
    channel = office.channel(line=LINE)
    line = sync(channel, repository, office)
    for place in range(30):
        office.clock.advance(hours=5)
        office.account.receive(ROSA, LINE.address, f"message {place}")
        if place % 3 == 0:
            office.account.send(ROSA, LINE.address, f"answer {place}")
    await line.once()
    office.clock.advance(minutes=15)
    await line.once()
    counted = {one.folder: (one.server, one.stored, one.missing) for one in line.health.folders}
    assert counted == {"messages": (30, 30, 0), "sent": (10, 10, 0)}
    assert line.health.state is LineState.READY
    await channel.close()


async def test_what_lists_show_days_late_is_found_by_counting(
    office: VoiceHandle, repository: Repository
) -> None:
    office.account.receive(ROSA, LINE.address, "very late", lag=timedelta(days=6))
    channel = office.channel(line=LINE)
    line = sync(channel, repository, office)
    for _ in range(8):
        office.clock.advance(days=1)
        office.account.receive(ROSA, LINE.address, "on time")
        await line.once()
    counted = {one.folder: (one.server, one.stored, one.missing) for one in line.health.folders}
    assert counted["messages"] == (9, 9, 0)
    await channel.close()


async def test_a_call_in_progress_is_not_missing(
    office: VoiceHandle, repository: Repository
) -> None:
    channel = office.voice()
    line = sync(channel, repository, office)
    office.account.call_in(ROSA, VOICE.address, voicemail=20, said="x", ago=timedelta(hours=1))
    office.account.call_in(ROSA, VOICE.address, dialled="+15550107701", talks=900)
    await line.once()
    (folder,) = line.health.folders
    assert (folder.server, folder.stored, folder.missing) == (1, 1, 0)
    office.clock.advance(minutes=30)
    await line.once()
    (folder,) = line.health.folders
    assert (folder.server, folder.stored, folder.missing) == (2, 2, 0)
    kinds = [message.kind for message in await repository.conversations.messages(1)]
    assert sorted(kinds) == [MessageKind.CALL, MessageKind.VOICEMAIL]
    await channel.close()


async def test_counting_calls_again_lists_only_what_is_new(
    office: VoiceHandle, repository: Repository
) -> None:
    channel = office.voice()
    line = sync(channel, repository, office)
    office.account.call_in(ROSA, VOICE.address, ago=timedelta(days=30))
    for _ in range(3):
        office.clock.advance(hours=2)
        office.account.call_in(ROSA, VOICE.address, ago=timedelta(hours=1))
        await line.once()
    office.server.seen.clear()
    office.clock.advance(minutes=11)
    await line.once()
    (folder,) = line.health.folders
    assert (folder.server, folder.stored, folder.missing) == (4, 4, 0)
    counts = [one for one in office.server.seen if {"To", "From"} & set(one.query)]
    assert len(counts) == 2
    assert all("StartTime>" in one.query for one in counts)
    office.clock.advance(hours=25)
    office.server.seen.clear()
    await line.once()
    counts = [one for one in office.server.seen if {"To", "From"} & set(one.query)]
    assert [("StartTime>" in one.query) for one in counts] == [False, False]
    await channel.close()

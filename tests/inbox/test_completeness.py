"""Nothing missing: gaps are found, told and filled; what is deleted on the server stays here."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from adapters.memory.channel import MemoryChannel
from adapters.memory.server import ARRIVED, Folder
from inbox import sync
from inbox.channel import Batch, Census
from inbox.line import LineHealth
from inbox.words import missing_words
from tests.inbox.conftest import House
from tests.inbox.making import FRONT_DESK

LINE = FRONT_DESK.id


async def health(house: House) -> LineHealth:
    return (await house.repository.lines.health())[LINE]


async def pass_over(house: House, *numbers: str) -> None:
    """Let the cursor claim that these were fetched."""
    cursor = json.loads((await house.repository.raw.cursors(LINE))[ARRIVED])
    cursor["done"] = sorted({*cursor["done"], *map(int, numbers)})
    batch = Batch(ARRIVED, "1", (), json.dumps(cursor))
    await house.repository.raw.save_batch(LINE, batch, house.clock())


async def texts(house: House) -> list[str]:
    return sorted([row.snippet for row in await house.rows()])


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines whose server was asked for a list of all it holds."""
    asked: list[str] = []
    census = MemoryChannel.census

    async def heard(self: MemoryChannel) -> tuple[Census, ...]:
        asked.append(self.line.id)
        return await census(self)

    monkeypatch.setattr(MemoryChannel, "census", heard)
    return asked


async def test_numbers_that_agree_are_enough_for_a_week(house: House, listed: list[str]) -> None:
    await house.arrive("ann@example.com", "One")
    assert LINE in listed
    checked = (await health(house)).checked_at
    assert checked == house.clock()
    listed.clear()
    for days in range(6):
        house.clock.advance(days=1)
        await house.arrive("ann@example.com", f"Day {days}")
    assert LINE not in listed
    assert (await health(house)).checked_at == checked
    house.clock.advance(days=1)
    await house.sync()
    assert LINE in listed
    assert (await health(house)).checked_at == house.clock()


async def test_a_gap_that_the_numbers_hide_is_found_by_the_weekly_check(house: House) -> None:
    await house.arrive("ann@example.com", "One")
    await house.arrive("ben@example.com", "Two")
    server = house.servers[LINE]
    server.expunge(["1"])
    missed = server.deliver("carl@example.com", "Three", to=[FRONT_DESK.address])
    await pass_over(house, missed)
    await house.sync()
    assert (await health(house)).missing == 0
    assert await texts(house) == ["One", "Two"]
    house.clock.advance(days=7)
    await house.sync()
    assert (await health(house)).missing == 0
    assert await texts(house) == ["One", "Three", "Two"]


async def test_a_large_gap_is_told_and_filled_when_asked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "_MOST_REPAIRS", 2)
    monkeypatch.setattr(sync, "_REPAIRED_TOGETHER", 3)
    await house.arrive("ann@example.com", "One")
    server = house.servers[LINE]
    numbers = [
        server.deliver(f"p{index}@example.com", f"Missed {index}", to=[FRONT_DESK.address])
        for index in range(12)
    ]
    await pass_over(house, *numbers)
    house.clock.advance(minutes=10)
    await house.sync()
    assert (await health(house)).missing == 10
    assert missing_words(await health(house)) == "10 messages on the server are not here."
    # The newest came first.
    assert {"Missed 11", "Missed 10"} < set(await texts(house))
    await house.back_office.fetch_missing(LINE)
    assert (await health(house)).missing == 0
    assert len(await texts(house)) == 13
    await house.sync()
    assert len(await texts(house)) == 13


async def test_what_goes_away_while_a_gap_is_filled_holds_nothing_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.arrive("ann@example.com", "One")
    server = house.servers[LINE]
    numbers = [
        server.deliver(f"p{index}@example.com", f"Missed {index}", to=[FRONT_DESK.address])
        for index in range(3)
    ]
    await pass_over(house, *numbers)
    census = MemoryChannel.census

    async def then_one_goes(self: MemoryChannel) -> tuple[Census, ...]:
        found = await census(self)
        house.servers[LINE].folders[ARRIVED].items.pop(int(numbers[1]), None)
        return found

    monkeypatch.setattr(MemoryChannel, "census", then_one_goes)
    await house.back_office.fetch_missing(LINE)
    assert await texts(house) == ["Missed 0", "Missed 2", "One"]
    await house.back_office.fetch_missing(LINE)
    assert (await health(house)).missing == 0


async def test_what_is_deleted_on_the_server_stays_and_is_marked(house: House) -> None:
    await house.arrive("ann@example.com", "One")
    (row,) = await house.rows()
    (message,) = await house.messages(row.id)
    assert not message.gone
    house.servers[LINE].expunge(["1"])
    house.clock.advance(minutes=10)
    await house.sync()
    (message,) = await house.messages(row.id)
    assert message.gone
    assert message.text == "One"
    assert (await house.desk.raw(message)).content


async def test_what_was_renumbered_is_not_gone(house: House) -> None:
    await house.arrive("ann@example.com", "One")
    house.servers[LINE].renumber()
    await house.sync()
    (row,) = await house.rows()
    (message,) = await house.messages(row.id)
    assert not message.gone
    assert (await health(house)).missing == 0


async def test_a_moved_message_is_neither_gone_nor_there_twice(house: House) -> None:
    server = house.servers[LINE]
    server.folders["archive"] = Folder()
    await house.arrive("ann@example.com", "One")
    content, at = server.folders[ARRIVED].items.pop(1)
    server.put(content, at, "archive")
    house.clock.advance(timedelta(minutes=10))
    await house.sync()
    (row,) = await house.rows()
    (message,) = await house.messages(row.id)
    assert not message.gone
    counts = {count.folder: count for count in (await health(house)).folders}
    assert [(counts[name].server, counts[name].stored) for name in (ARRIVED, "archive")] == [
        (0, 0),
        (1, 1),
    ]

"""What goes wrong while texts are read: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from adapters.phone.sms import SWEEP_EVERY, SmsChannel
from demo.twilio.fault import Fault
from inbox.errors import (
    ConnectionLost,
    ServerRefused,
)
from tests.adapters.handle import (
    arrived,
    collect,
    numbers,
    stored,
)
from tests.adapters.phone.world import LINE, ROSA, PhoneHandle


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("status", "GET", status=500), ConnectionLost),
        (Fault("status", "GET", status=429, code=20429, retry_after=2), ConnectionLost),
        (Fault("html", "GET", status=503), ConnectionLost),
        (Fault("html", "GET", status=200), ConnectionLost),
        (Fault("drop", "GET", times=2), ConnectionLost),
        (Fault("hang", "GET"), ConnectionLost),
        (Fault("status", "GET", status=404, code=20404), ServerRefused),
        (Fault("status", "GET", status=400, code=20001), ServerRefused),
    ],
)
async def test_a_question_that_fails_is_asked_again_later(
    world: PhoneHandle, fault: Fault, error: type[Exception]
) -> None:
    channel = world.channel(world.settings(read_timeout=0.3))
    there = world.deliver("hello")
    world.server.fail(fault)
    with pytest.raises(error) as caught:
        await collect(channel)
    assert "AC0" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert numbers(arrived(await collect(channel))) == [there]
    await channel.close()


async def test_pages_that_shift_while_being_read_lose_nothing_and_double_nothing(
    world: PhoneHandle, texts: SmsChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.phone.folder.PAGE", 5)
    there = [world.deliver(f"message {place}") for place in range(23)]
    world.server.manners.shift = True
    world.server.manners.between = lambda: there.append(world.deliver("meanwhile"))
    batches = await collect(texts)
    world.server.manners.between = None
    cursors = stored(batches)
    batches += await collect(texts, cursors)
    found = numbers(arrived(batches))
    assert len(found) == len(set(found))
    assert set(found) == set(there)


async def test_sids_that_come_twice_are_stored_once(
    world: PhoneHandle, texts: SmsChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.phone.folder.PAGE", 3)
    world.server.manners.repeat = True
    there = [world.deliver(f"message {place}") for place in range(10)]
    assert numbers(arrived(await collect(texts))) == there[::-1]


async def test_fields_nobody_knows_are_kept_and_do_no_harm(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.server.manners.extra = True
    world.deliver("hello")
    (item,) = arrived(await collect(texts))
    assert b'"mood"' in item.content
    assert texts.convert(item).text == "hello"


async def test_a_text_that_lists_show_an_hour_late_is_found(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    late = world.account.receive(ROSA, LINE.address, "late", lag=timedelta(hours=1))
    assert late is not None
    world.clock.advance(minutes=1)
    there = [world.deliver(f"message {place}") for place in range(60)]
    cursors = stored(await collect(texts))
    assert late.sid not in cursors["messages"]
    world.clock.advance(hours=1)
    again = await collect(texts, cursors)
    assert numbers(arrived(again)) == [late.sid]
    assert there[0] in stored(again, cursors)["messages"]


async def test_after_a_restart_too(world: PhoneHandle, texts: SmsChannel) -> None:
    late = world.account.receive(ROSA, LINE.address, "late", lag=timedelta(hours=30))
    world.clock.advance(hours=29)
    world.deliver("on time")
    cursors = stored(await collect(texts))
    world.clock.advance(hours=2)
    another = world.channel()
    assert late is not None
    assert numbers(arrived(await collect(another, cursors))) == [late.sid]
    await another.close()


async def test_more_than_a_glance_shows_is_fetched_at_once(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.deliver("old")
    cursors = stored(await collect(texts))
    there = [world.deliver(f"message {place}") for place in range(130)]
    assert numbers(arrived(await collect(texts, cursors))) == there[::-1]


async def test_a_poll_with_nothing_new_is_one_request(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    for place in range(300):
        world.deliver(f"message {place}")
    cursors = stored(await collect(texts))
    before = world.asked()
    for _ in range(5):
        world.clock.advance(seconds=15)
        assert await collect(texts, cursors) == []
    assert world.asked() - before == 5


async def test_a_clock_that_is_ahead_of_ours_is_told_by_ours(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.account.skew = timedelta(hours=3)
    world.deliver("hello")
    (item,) = arrived(await collect(texts))
    assert item.received_at == world.clock()


@pytest.mark.parametrize("days", [0, 40])
async def test_a_long_absence_loses_nothing(
    world: PhoneHandle, texts: SmsChannel, days: int
) -> None:
    world.deliver("before")
    cursors = stored(await collect(texts))
    there = []
    for place in range(90):
        world.clock.advance(hours=days * 24 / 90)
        there.append(world.deliver(f"message {place}"))
    another = world.channel()
    assert numbers(arrived(await collect(another, cursors))) == there[::-1]
    await another.close()


async def test_a_first_reading_over_many_days_goes_on_where_it_stopped(
    world: PhoneHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.phone.folder.BATCH_ITEMS", 7)
    monkeypatch.setattr("adapters.phone.folder.PAGE", 20)
    there = []
    for place in range(120):
        world.clock.advance(hours=9)
        there.append(world.deliver(f"message {place}"))
    cursors: dict[str, str] = {}
    found: list[str] = []
    came_after = 0
    for _ in range(40):
        channel = world.channel()
        asked = channel.fetch(cursors)
        async for batch in asked:
            cursors[batch.folder] = batch.cursor
            found += numbers(item for item in batch.items)
            if batch.items:
                break
        else:
            await channel.close()
            break
        await asked.aclose()  # type: ignore[attr-defined]  # fetch is an async generator
        await channel.close()
        if len(found) > 35 and not came_after:
            came_after = len(found)
            world.clock.advance(hours=1)
            there.append(world.deliver("meanwhile"))
    assert found[came_after] == there[-1]
    assert len(found) == len(set(found)) == 121
    assert set(found) == set(there)
    assert len(cursors["messages"]) < 3000


async def test_waiting_ends_when_something_comes(world: PhoneHandle, texts: SmsChannel) -> None:
    await collect(texts)
    waiting = asyncio.create_task(texts.wait(20))
    await asyncio.sleep(0.05)
    world.deliver("here")
    await asyncio.wait_for(waiting, 3)


async def test_the_sweep_is_not_every_time(world: PhoneHandle, texts: SmsChannel) -> None:
    world.deliver("old")
    cursors = stored(await collect(texts))
    asked = len(world.server.seen)
    world.clock.advance(SWEEP_EVERY)
    await collect(texts, cursors)
    assert any("DateSent>" in one.query for one in world.server.seen[asked:])


async def test_a_long_absence_that_is_broken_off_loses_nothing(
    world: PhoneHandle, texts: SmsChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.phone.folder.BATCH_ITEMS", 10)
    world.deliver("before")
    cursors = stored(await collect(texts))
    there = []
    for place in range(60):
        world.clock.advance(hours=12)
        there.append(world.deliver(f"message {place}"))
    run = texts.fetch(cursors)
    first = await run.__anext__()
    await run.aclose()  # type: ignore[attr-defined]  # same
    cursors[first.folder] = first.cursor
    another = world.channel()
    rest = numbers(arrived(await collect(another, cursors)))
    assert numbers(first.items) + rest == there[::-1]
    await another.close()


async def test_old_texts_that_are_still_on_top_are_not_fetched_again(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    for place in range(20):
        world.clock.advance(days=3)
        world.deliver(f"message {place}")
    cursors = stored(await collect(texts))
    assert len(cursors["messages"]) < 500
    for _ in range(2):
        assert await collect(texts, cursors) == []
        assert not await texts._news()
        world.clock.advance(minutes=11)

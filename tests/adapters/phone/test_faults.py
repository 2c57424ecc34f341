"""What goes wrong between us and Twilio, and what it must not cost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from adapters.phone.sms import SWEEP_EVERY, SmsChannel
from adapters.phone.trouble import TextRefused
from demo.twilio.fault import Fault
from inbox.errors import (
    AuthenticationFailed,
    ConnectionLost,
    NotSent,
    OutcomeUnknown,
    ServerRefused,
)
from inbox.outgoing import Outgoing
from tests.adapters.handle import (
    Handover,
    arrived,
    collect,
    make_outgoing,
    make_permit,
    numbers,
    stored,
)
from tests.adapters.phone.world import LINE, ROSA, PhoneHandle


def text_to_rosa(world: PhoneHandle, text: str = "See you.", **more: object) -> Outgoing:
    return make_outgoing(world.line, world.patient, text, created_at=world.clock(), **more)


async def send(channel: SmsChannel, outgoing: Outgoing, world: PhoneHandle) -> str:
    receipt = await channel.send(outgoing, make_permit(outgoing), Handover(world))
    return receipt.provider_id


# ---- sending --------------------------------------------------------------------------------


async def test_a_timeout_after_it_was_taken_is_unknown_and_found_by_listing(
    world: PhoneHandle,
) -> None:
    channel = world.channel(world.settings(read_timeout=0.3))
    outgoing = text_to_rosa(world)
    world.server.fail(Fault("hang", "POST", accept=True))
    with pytest.raises(OutcomeUnknown):
        await send(channel, outgoing, world)
    found = await channel.locate(outgoing)
    assert found.found
    assert found.receipt is not None
    assert found.receipt.provider_id == world.account.texts[0].sid
    assert len(world.taken()) == 1
    assert world.asked("Messages.json") == 2
    await channel.close()


async def test_after_a_restart_it_is_found_too(world: PhoneHandle) -> None:
    first, second = world.channel(), world.channel()
    outgoing = text_to_rosa(world)
    world.server.fail(Fault("drop", "POST", accept=True))
    with pytest.raises(OutcomeUnknown):
        await send(first, outgoing, world)
    await first.close()
    world.clock.advance(minutes=61)
    assert (await second.locate(outgoing)).found
    await second.close()


async def test_a_late_index_hides_it_until_it_comes_up(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    outgoing = text_to_rosa(world)
    world.account.index_lag = timedelta(minutes=15)
    world.server.fail(Fault("drop", "POST", accept=True))
    with pytest.raises(OutcomeUnknown):
        await send(texts, outgoing, world)
    assert not (await texts.locate(outgoing)).found
    world.clock.advance(minutes=15)
    assert (await texts.locate(outgoing)).found


async def test_another_text_with_the_same_words_is_not_taken_for_it(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    before = text_to_rosa(world, message_id="before@lakeside.example")
    await send(texts, before, world)
    outgoing = text_to_rosa(world)
    world.server.fail(Fault("drop", "POST"))
    with pytest.raises(OutcomeUnknown):
        await send(texts, outgoing, world)
    assert not (await texts.locate(outgoing)).found


async def test_what_others_of_ours_have_claimed_is_left_to_them(world: PhoneHandle) -> None:
    first = world.channel()
    sid = await send(first, text_to_rosa(world, message_id="before@lakeside.example"), world)
    await first.close()

    async def claimed(name: str) -> bool:
        return name == sid

    later = SmsChannel(LINE, world.settings(), world.clock, claimed=claimed)
    assert not (await later.locate(text_to_rosa(world))).found
    await later.close()


async def test_an_older_text_with_the_same_words_is_not_it(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    another = world.channel()
    await send(another, text_to_rosa(world), world)
    await another.close()
    world.clock.advance(minutes=6)
    assert not (await texts.locate(text_to_rosa(world))).found


@pytest.mark.parametrize("ahead", [timedelta(hours=-2), timedelta(hours=2)])
async def test_clocks_that_differ_do_not_hide_it(
    world: PhoneHandle, texts: SmsChannel, ahead: timedelta
) -> None:
    world.account.skew = ahead
    world.server.fail(Fault("drop", "POST", accept=True))
    outgoing = text_to_rosa(world)
    with pytest.raises(OutcomeUnknown):
        await send(texts, outgoing, world)
    assert (await texts.locate(outgoing)).found


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", "POST", status=500),
        Fault("status", "POST", status=503, accept=True),
        Fault("html", "POST", status=502, accept=True),
        Fault("html", "POST", status=200, accept=True),
    ],
)
async def test_an_error_of_the_servers_own_is_unknown_and_never_sent_twice(
    world: PhoneHandle, texts: SmsChannel, fault: Fault
) -> None:
    world.server.fail(fault)
    outgoing = text_to_rosa(world)
    with pytest.raises(OutcomeUnknown):
        await send(texts, outgoing, world)
    assert sum(one.method == "POST" for one in world.server.seen) == 1
    assert (await texts.locate(outgoing)).found is fault.accept


async def test_too_many_requests_is_certain_and_passes(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.server.fail(Fault("status", "POST", status=429, code=20429, retry_after=3))
    with pytest.raises(NotSent) as caught:
        await send(texts, text_to_rosa(world), world)
    assert caught.value.temporary
    assert world.taken() == []


async def test_a_server_that_cannot_be_reached_has_nothing(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.drop()
    handover = Handover(world)
    outgoing = text_to_rosa(world)
    with pytest.raises(NotSent) as caught:
        await texts.send(outgoing, make_permit(outgoing), handover)
    assert caught.value.temporary
    world.restore()
    assert await send(texts, outgoing, world)


@pytest.mark.parametrize(
    ("code", "ours", "theirs", "passes"),
    [
        (21211, False, True, False),
        (21614, False, True, False),
        (21610, False, False, False),
        (21606, True, False, False),
        (30034, True, False, False),
        (21611, False, False, True),
        (21999, False, False, False),
    ],
)
async def test_refusals_say_whose_matter_they_are(
    world: PhoneHandle, texts: SmsChannel, code: int, ours: bool, theirs: bool, passes: bool
) -> None:
    world.server.fail(Fault("status", "POST", status=400, code=code))
    with pytest.raises(TextRefused) as caught:
        await send(texts, text_to_rosa(world), world)
    error = caught.value
    assert (error.sender_refused, error.recipients, error.temporary) == (
        ours,
        (ROSA,) if theirs else (),
        passes,
    )
    assert error.code.code == code
    assert error.hint
    assert "555" not in str(error)


async def test_a_suspended_account_says_so(world: PhoneHandle, texts: SmsChannel) -> None:
    world.account.status = "suspended"
    with pytest.raises(AuthenticationFailed, match="suspended"):
        await collect(texts)
    with pytest.raises(NotSent, match="suspended") as caught:
        await send(texts, text_to_rosa(world), world)
    assert not caught.value.temporary


async def test_a_wrong_secret_stops_and_the_right_one_goes_on(world: PhoneHandle) -> None:
    secret = "wrong"
    settings = world.settings()
    object.__setattr__(settings, "secret", lambda: secret)
    channel = world.channel(settings)
    with pytest.raises(AuthenticationFailed) as caught:
        await collect(channel)
    assert "wrong" not in str(caught.value)
    with pytest.raises(NotSent) as refused:
        await send(channel, text_to_rosa(world), world)
    assert not refused.value.sender_refused
    secret = "lakeside-demo"
    there = world.deliver("hello")
    assert numbers(arrived(await collect(channel))) == [there]
    await channel.close()


async def test_the_number_of_another_account_sends_nothing(world: PhoneHandle) -> None:
    del world.account.numbers[LINE.address]
    channel = world.channel()
    with pytest.raises(NotSent) as caught:
        await send(channel, text_to_rosa(world), world)
    assert caught.value.sender_refused
    await collect(channel)
    assert "does not belong" in channel.capabilities.deaf_because
    await channel.close()


# ---- reading --------------------------------------------------------------------------------


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

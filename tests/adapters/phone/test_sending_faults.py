"""What goes wrong while a text is handed over: nothing is sent twice, nothing is guessed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.phone.sms import SmsChannel
from adapters.phone.trouble import TextRefused
from demo.twilio.fault import Fault
from inbox.errors import (
    AuthenticationFailed,
    NotSent,
    OutcomeUnknown,
)
from inbox.outgoing import Outgoing
from tests.adapters.handle import (
    Handover,
    arrived,
    collect,
    make_outgoing,
    make_permit,
    numbers,
)
from tests.adapters.phone.world import LINE, ROSA, PhoneHandle


def text_to_rosa(world: PhoneHandle, text: str = "See you.", **more: object) -> Outgoing:
    return make_outgoing(world.line, world.patient, text, created_at=world.clock(), **more)


async def send(channel: SmsChannel, outgoing: Outgoing, world: PhoneHandle) -> str:
    receipt = await channel.send(outgoing, make_permit(outgoing), Handover(world))
    return receipt.provider_id


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

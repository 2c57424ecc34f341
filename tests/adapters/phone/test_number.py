"""The reply path of a number: what the account says of it."""

from __future__ import annotations

import pytest

from adapters.phone.number import inspect_number
from adapters.phone.sms import SmsChannel
from demo.twilio.fault import Fault
from demo.twilio.record import Number, Service
from tests.adapters.handle import arrived, collect, numbers
from tests.adapters.phone.world import LINE, ROSA, PhoneHandle


async def test_a_number_by_itself_receives(world: PhoneHandle, texts: SmsChannel) -> None:
    found = await texts.inspect()
    assert (found.problems, found.deaf_because, found.service) == ((), "", "")
    assert found.at == world.clock()
    assert texts.capabilities.deaf_because == ""


async def test_a_service_without_inbound_set_up_makes_it_deaf(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.add_service()
    assert world.account.receive(ROSA, LINE.address, "can anybody hear me?") is None
    found = await texts.inspect()
    assert "throws away" in found.deaf_because
    assert (found.service, found.registered) == ("reminders", True)
    assert "throws away" in texts.capabilities.deaf_because


@pytest.mark.parametrize(
    "more",
    [
        {"use_inbound_webhook_on_number": True},
        {"inbound_request_url": "https://practice.example/in"},
    ],
)
async def test_a_service_with_one_is_fine(
    world: PhoneHandle, texts: SmsChannel, more: dict[str, object]
) -> None:
    world.add_service(**more)
    assert (await texts.inspect()).problems == ()
    assert texts.capabilities.deaf_because == ""


@pytest.mark.parametrize("campaign", [None, "PENDING", "FAILED"])
async def test_a_number_that_is_not_registered_is_said(
    world: PhoneHandle, texts: SmsChannel, campaign: str | None
) -> None:
    world.add_service(use_inbound_webhook_on_number=True, campaign=campaign)
    found = await texts.inspect()
    assert found.registered is False
    assert ["not registered" in one.sentence for one in found.problems] == [True]
    assert found.deaf_because == ""


async def test_a_number_for_voice_only_takes_no_texts(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.account.numbers[LINE.address].sms = False
    assert "takes no texts" in (await texts.inspect()).deaf_because


@pytest.mark.parametrize(
    ("url", "words"), [(None, "Nobody picks up"), ("https://twilio.example/vm", "")]
)
async def test_calls_need_somebody_to_take_them(
    world: PhoneHandle, texts: SmsChannel, url: str | None, words: str
) -> None:
    world.account.numbers[LINE.address].voice_url = url
    found = await inspect_number(texts.twilio, LINE.address, world.clock, voice=True)
    assert words in found.deaf_because
    assert bool(words) is bool(found.deaf_because)


async def test_a_key_that_may_not_see_services_is_no_failure(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.server.fail(Fault("status", "GET", "/v1/", status=403, code=20003, times=None))
    found = await texts.inspect()
    assert (found.problems, found.registered) == ((), None)
    assert "Messaging" not in " ".join(found.checked)
    there = world.deliver("hello")
    assert numbers(arrived(await collect(texts))) == [there]


async def test_an_api_key_logs_in_instead_of_the_token(world: PhoneHandle) -> None:
    world.account.secrets["SK" + "1" * 32] = "of the key"
    channel = world.channel(world.settings(user="SK" + "1" * 32, secret="of the key"))
    there = world.deliver("hello")
    assert numbers(arrived(await collect(channel))) == [there]
    await channel.close()


async def test_the_number_is_looked_at_now_and_then_and_not_each_time(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    await collect(texts)
    await collect(texts)
    assert world.asked("IncomingPhoneNumbers") == 1
    world.clock.advance(hours=7)
    world.add_service()
    await collect(texts)
    assert world.asked("IncomingPhoneNumbers") == 2
    assert texts.capabilities.deaf_because


@pytest.mark.parametrize("number", ["+18335550100", "+18885550100", "+442079460100"])
async def test_a_number_that_belongs_to_no_campaign_need_not_be_in_one(
    world: PhoneHandle, texts: SmsChannel, number: str
) -> None:
    world.account.add_number(Number(number))
    world.account.add_service(
        Service("reminders", [number], use_inbound_webhook_on_number=True, campaign=None)
    )
    found = await inspect_number(texts.twilio, number, world.clock)
    assert (found.problems, found.registered) == ((), None)
    assert not any("10DLC" in one for one in found.checked)


async def test_services_that_were_not_all_looked_at_prove_nothing(
    world: PhoneHandle, texts: SmsChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.phone.number._MOST_SERVICES", 3)
    for place in range(4):
        world.account.add_service(Service(f"service {place}", []))
    assert (await texts.inspect()).checked == ()

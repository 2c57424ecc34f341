"""Taking back what was sent into a portal, what a portal can do, and the round trip."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.portal.channel import PortalChannel
from demo.portal.fault import Fault
from inbox.channel import Retracts
from inbox.errors import ConnectionLost, ServerRefused
from inbox.gate import Gate
from inbox.message import MessageStatus, Nature
from tests.adapters.handle import NOW, Handover, collect, make_outgoing
from tests.adapters.portal.conftest import Opening
from tests.adapters.portal.test_sending import outgoing, send
from tests.adapters.portal.world import ROSA, PortalHandle

# ---- taking back -----------------------------------------------------------------------------


async def test_a_message_is_taken_back(world: PortalHandle, portal: PortalChannel) -> None:
    assert isinstance(portal, Retracts)
    assert portal.capabilities.retracts
    receipt = await send(portal, outgoing(world), Handover(world))
    world.server.manners.must_match = True
    await portal.retract(receipt.provider_id)
    await portal.retract(receipt.provider_id)
    held = world.server.holdings.held(receipt.provider_id)
    assert (held.resource["status"], held.now.name) == ("entered-in-error", "2")
    assert held.resource["payload"] == [{"contentString": "See you Thursday."}]


async def test_a_message_that_changes_meanwhile_is_taken_back_as_it_is_then(
    world: PortalHandle, portal: PortalChannel
) -> None:
    receipt = await send(portal, outgoing(world), Handover(world))
    world.server.fail(Fault("status", "PUT", status=412))
    await portal.retract(receipt.provider_id)
    assert world.server.holdings.resource(receipt.provider_id)["status"] == "entered-in-error"


@pytest.mark.parametrize("name", ["Communication/none", "Patient/rosa", "", "Communication/../x"])
async def test_what_is_not_there_cannot_be_taken_back(portal: PortalChannel, name: str) -> None:
    with pytest.raises(ServerRefused):
        await portal.retract(name)


async def test_what_they_wrote_is_theirs(world: PortalHandle, portal: PortalChannel) -> None:
    there = world.write("Hello")
    with pytest.raises(ServerRefused, match="not one of ours"):
        await portal.retract(f"Communication/{there}")


async def test_a_server_that_lets_nothing_be_changed(
    world: PortalHandle, portal: PortalChannel
) -> None:
    receipt = await send(portal, outgoing(world), Handover(world))
    world.server.manners.updates = False
    with pytest.raises(ServerRefused, match="mistake"):
        await portal.retract(receipt.provider_id)


async def test_taking_back_while_the_portal_is_away(
    world: PortalHandle, portal: PortalChannel
) -> None:
    receipt = await send(portal, outgoing(world), Handover(world))
    world.server.fail(Fault("drop", "PUT", accept=True, times=None))
    with pytest.raises(ConnectionLost):
        await portal.retract(receipt.provider_id)
    world.server.faults.clear()
    await portal.retract(receipt.provider_id)


# ---- what it can do, and the round trip ------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "server", "said"),
    [(None, None, None), (None, False, False), (True, False, True), (False, None, False)],
)
async def test_whether_patients_can_answer(
    opened: Opening,
    world: PortalHandle,
    settings: bool | None,
    server: bool | None,
    said: bool | None,
) -> None:
    if server is not None:
        can_reply = {"url": "https://twoway.example/fhir/can-reply", "valueBoolean": server}
        world.server.manners.says = {"extension": [can_reply]}
    channel = opened(world, world.settings(answerable=settings))
    await collect(channel)
    assert channel.capabilities.answerable is said


async def test_a_round_trip_goes_to_the_test_patient(world: PortalHandle, clock: Any) -> None:
    line = replace(world.line, test_patient=ROSA)
    channel = world.channel(line=line)
    assert channel.capabilities.proves_itself
    probe = make_outgoing(line, world.patient, "Please answer.", probe_token="t0k3n")
    receipt = await channel.send(probe, Gate([]).permit_probe(probe, NOW), Handover(world))
    items = [item for batch in await collect(channel) for item in batch.items]
    (home,) = (one for item in items if (one := channel.convert(item)).text)
    assert (home.nature, home.received.probe_token) == (Nature.PROBE, "t0k3n")
    assert home.thread_key == receipt.thread_key
    world.write("Here I am.", partOf=[{"reference": receipt.thread_key}])
    world.clock.advance(minutes=1)
    answers = [channel.convert(item) for batch in await collect(channel) for item in batch.items]
    (answer,) = (one for one in answers if one.text == "Here I am.")
    assert (answer.nature, answer.thread_key) == (Nature.PERSONAL, receipt.thread_key)
    await channel.close()


async def test_what_becomes_of_it_is_told(world: PortalHandle, portal: PortalChannel) -> None:
    receipt = await send(portal, outgoing(world), Handover(world))
    assert receipt.status is MessageStatus.SENT
    world.revise(receipt.provider_id.partition("/")[2], status="completed")
    there = await portal.locate(outgoing(world))
    assert there.receipt is not None
    assert there.receipt.status is MessageStatus.DELIVERED
    assert receipt.copy_raw is not None
    assert json.loads(receipt.copy_raw)["communication"]["status"] == "in-progress"

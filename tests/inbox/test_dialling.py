"""Calls that are dialled from here: one message from ringing to its log."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.memory.server import Trouble
from inbox.address import AddressSystem, ChannelKind
from inbox.channel import Batch, RawItem, RemoteId, Whereabouts
from inbox.conversation import ConversationState
from inbox.ending import Ending
from inbox.errors import Blocked, Held, Stale, TwowayError
from inbox.message import Arrival, Direction, MessageKind, MessageStatus
from inbox.outgoing import Call, CallOutcome, Outgoing
from inbox.patient import (
    ContactPoint,
    PrivacyForm,
)
from inbox.repository import Filing
from tests.inbox.conftest import House
from tests.inbox.making import DANA, PHONE
from tests.inbox.test_calling import (
    HOME,
    MOBILE,
    ann,
    late,
    message_of,
    planned,
    state,
    the_practice,
)
from tests.store.searching import hits

__all__ = ["the_practice"]


@pytest.mark.parametrize("dials", [True])
async def test_a_dialled_call_is_one_message_from_ringing_to_its_log(house: House) -> None:
    plan = await planned(house)
    assert plan.dials
    conversation_id = plan.draft.conversation_id or 0
    row = await house.desk.calling.dial(plan)
    await house.outbox.deliver_due()
    (rung,) = house.servers[PHONE.id].sent
    assert rung.ring_first == DANA.direct_line
    assert rung.line == PHONE
    # It rang, and nobody has said how it ended: that is not finished, and no answer.
    (open_,) = await house.desk.calling.unfinished(conversation_id)
    assert (open_.row.id, open_.heads_up) == (row.id, None)
    assert (await house.repository.conversations.row(conversation_id)).undelivered
    assert await state(house, plan) is ConversationState.NEEDS_REPLY
    with pytest.raises(TwowayError, match="how a call ended"):
        await house.desk.done(conversation_id, "enough")
    log = replace(plan.draft, outbox_id=row.id, call=Call(CallOutcome.REACHED), text="All well.")
    logged = await house.desk.calling.log(plan, log)
    assert (logged.id, logged.status) == (row.id, MessageStatus.DELIVERED)
    calls = [one for one in await house.messages(conversation_id) if one.call is not None]
    assert [(one.text, one.call and one.call.outcome) for one in calls] == [
        ("All well.", CallOutcome.REACHED)
    ]
    assert await state(house, plan) is ConversationState.WAITING
    assert not (await house.repository.conversations.row(conversation_id)).undelivered
    with pytest.raises(Stale):
        await house.desk.calling.log(plan, log)
    (hit,) = await hits(house.repository, "well")
    assert hit.message_id == calls[0].id


@pytest.mark.parametrize("dials", [True])
async def test_the_gate_stands_before_every_call(house: House) -> None:
    wanted = ContactPoint(AddressSystem.PHONE, HOME).address
    await late(house, confidential=wanted)
    plan = await house.desk.calling.prepare("p1", MOBILE)
    with pytest.raises(Blocked) as caught:
        await house.desk.calling.dial(plan)
    assert caught.value.findings[0].rule == "TW21"
    # At midnight it needs a reason, which is asked for again when it leaves.
    await house.repository.patients.save([replace(ann(), form=PrivacyForm())])
    house.clock.advance(hours=6)
    await house.sync()
    plan = await house.desk.calling.prepare("p1")
    assert plan.quiet
    with pytest.raises(Held) as held:
        await house.desk.calling.dial(plan)
    assert {one.rule for one in held.value.findings} >= {"TW18"}
    await house.desk.calling.dial(plan, "she asked to be called at night")
    await house.outbox.deliver_due()
    assert len(house.servers[PHONE.id].sent) == 1


@pytest.mark.parametrize("dials", [True])
async def test_a_call_that_did_not_ring_is_not_delivered_until_it_was_made(house: House) -> None:
    plan = await planned(house)
    house.servers[PHONE.id].refuses.add(MOBILE)
    row = await house.desk.calling.dial(plan)
    await house.outbox.deliver_due()
    assert (await house.repository.outbox.get(row.id)).status is MessageStatus.FAILED
    assert (await house.repository.conversations.row(row.conversation_id)).undelivered
    log = replace(plan.draft, outbox_id=row.id, call=Call(CallOutcome.NO_ANSWER), text="")
    await house.desk.calling.log(plan, log)
    assert not (await house.repository.conversations.row(row.conversation_id)).undelivered


@pytest.mark.parametrize("dials", [True])
async def test_a_call_that_may_have_rung_is_settled_by_its_log(house: House) -> None:
    plan = await planned(house)
    house.servers[PHONE.id].fail(Trouble.LOST_TAKEN)
    row = await house.desk.calling.dial(plan)
    await house.outbox.deliver_due()
    assert (await house.repository.outbox.get(row.id)).status is MessageStatus.UNKNOWN
    (open_,) = await house.desk.calling.unfinished(row.conversation_id)
    log = replace(plan.draft, outbox_id=open_.row.id, call=Call(CallOutcome.BUSY), text="")
    await house.desk.calling.log(plan, log)
    assert not (await house.repository.conversations.row(row.conversation_id)).undelivered
    # What the provider tells of it later takes nothing back of what a person saw.
    house.clock.advance(minutes=5)
    await house.handed_over.reconcile()
    message = await message_of(house, plan)
    assert message.call is not None
    assert message.call.outcome is CallOutcome.BUSY


@pytest.mark.parametrize("dials", [True])
@pytest.mark.parametrize("logged", [False, True])
async def test_what_a_person_said_of_a_call_stands(house: House, logged: bool) -> None:
    plan = await planned(house)
    row = await house.desk.calling.dial(plan)
    await house.outbox.deliver_due()
    if logged:
        log = replace(plan.draft, outbox_id=row.id, call=Call(CallOutcome.REACHED), text="Well.")
        await house.desk.calling.log(plan, log)
    item = RawItem(RemoteId("told", "1", "CA1"), b"{}", house.clock(), 2)
    batch = Batch("told", "1", (item,), "cursor")
    await house.repository.raw.save_batch(PHONE.id, batch, house.clock())
    raw = (await house.repository.raw.unfiled(PHONE.id, 1))[0]
    arrival = Arrival(ChannelKind.PHONE, MessageKind.CALL, None, ending=Ending.NOT_MADE)
    await house.repository.filing.file(
        Filing(
            raw.raw_id, PHONE.id, arrival, Direction.OUTBOUND, MessageStatus.SENT, house.clock(),
            echo_of=row.message_id,
        )
    )  # fmt: skip
    after = await house.repository.outbox.get(row.id)
    assert after.status is (MessageStatus.DELIVERED if logged else MessageStatus.FAILED)


@pytest.mark.parametrize("dials", [True])
async def test_a_call_is_never_tried_again_by_itself(house: House) -> None:
    plan = await planned(house)
    house.servers[PHONE.id].fail(Trouble.BUSY)
    row = await house.desk.calling.dial(plan)
    await house.outbox.deliver_due()
    assert (await house.repository.outbox.get(row.id)).status is MessageStatus.FAILED
    house.clock.advance(hours=5)
    await house.outbox.deliver_due()
    assert house.servers[PHONE.id].sent == []


@pytest.mark.parametrize("dials", [True])
async def test_a_log_is_of_the_number_that_was_dialled(house: House) -> None:
    conversation_id = await late(house)
    calling = house.desk.calling
    row = await calling.dial(await calling.prepare(conversation_id, HOME))
    await house.outbox.deliver_due()

    other = await calling.prepare(conversation_id, MOBILE)
    said = Call(CallOutcome.WRONG_NUMBER)
    with pytest.raises(TwowayError, match="010-7812 was dialled"):
        await calling.log(other, replace(other.draft, outbox_id=row.id, call=said, text=""))
    assert [one.row.id for one in await calling.unfinished(conversation_id)] == [row.id]

    plan = await calling.prepare(conversation_id)
    assert plan.number.address.value == HOME, "the likeliest number is not the one dialled"
    await calling.log(plan, replace(plan.draft, outbox_id=row.id, call=said, text=""))
    assert (await calling.prepare(conversation_id)).number.address.value == MOBILE


@pytest.mark.parametrize("dials", [True])
async def test_an_unknown_call_is_looked_up_by_the_phone_that_was_to_ring(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await planned(house)
    house.servers[PHONE.id].fail(Trouble.LOST_TAKEN)
    await house.desk.calling.dial(plan)
    await house.outbox.deliver_due()
    asked: list[str] = []

    async def locate(outgoing: Outgoing) -> Whereabouts:
        asked.append(outgoing.ring_first)
        return Whereabouts(found=False)

    monkeypatch.setattr(house.channels[PHONE.id], "locate", locate)
    house.clock.advance(minutes=1)
    await house.handed_over.reconcile()
    assert asked == [DANA.direct_line]


@pytest.mark.parametrize("dials", [True])
async def test_a_phone_that_rings_is_not_dialled_again(house: House) -> None:
    plan = await planned(house)
    calling = house.desk.calling
    row = await calling.dial(plan)
    for delivered in (False, True):
        if delivered:
            await house.outbox.deliver_due()
        for about in (row.conversation_id, plan.draft.patient_id or ""):
            with pytest.raises(TwowayError, match="dialled already"):
                await calling.dial(await calling.prepare(about, MOBILE))
    assert len(house.servers[PHONE.id].sent) == 1
    said = Call(CallOutcome.NO_ANSWER)
    await calling.log(plan, replace(plan.draft, outbox_id=row.id, call=said, text=""))
    await calling.dial(await calling.prepare(row.conversation_id))
    await house.outbox.deliver_due()
    assert len(house.servers[PHONE.id].sent) == 2

"""Taking back what was sent in the portal by mistake."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory.channel import MemoryChannel
from inbox.address import ChannelKind
from inbox.errors import Held, NotFound, ServerRefused, Stale, TwowayError
from inbox.line import Line
from inbox.message import Message, MessageStatus
from inbox.retracting import Retractor
from tests.inbox.conftest import House
from tests.inbox.making import FRONT_DESK, PORTAL
from tests.inbox.test_portal import ANN_THERE, HEADER, answer, item, put


@pytest.fixture
def lines() -> tuple[Line, ...]:
    return (FRONT_DESK, PORTAL)


async def sent(house: House) -> Message:
    """An answer in the portal that has left."""
    await house.repository.patients.save([ANN_THERE])
    put(house, HEADER, -11)
    put(house, item(2, "Ear?"), -10)
    await house.sync()
    [row] = await house.rows()
    outbox_id = await answer(house, row.id, "Come at ten, Bob. Dana")
    kept = await house.repository.outbox.get(outbox_id)
    return await house.repository.conversations.message(kept.message_id)


async def test_it_is_marked_where_it_lies_and_in_the_record(house: House) -> None:
    message = await sent(house)
    await house.recorder.drain()
    await house.desk.retracting.ask(message.id)
    waiting = await house.repository.conversations.message(message.id)
    assert (waiting.retracted, waiting.status_text) == (False, "being taken back")
    await house.back_office.deliver_due()

    taken = await house.repository.conversations.message(message.id)
    assert taken.retracted
    assert taken.status_text == "taken back by Dana Reyes"
    [*_, copy] = house.servers[PORTAL.id].folders["sent"].items.values()
    assert json.loads(copy[0])["retracted"] is True
    state = await house.desk.retracting.state(message.id)
    assert state is not None
    assert state.done_at == house.clock()
    *_, before, entry = await house.repository.records.entries("p1")
    assert (before["status"], entry["status"]) == ("in-progress", "entered-in-error")
    assert before["id"] == entry["id"]
    [row] = await house.rows()
    assert row.state.value == "needs-reply", "their question is unanswered again"
    with pytest.raises(TwowayError, match="taken back already"):
        await house.desk.retracting.ask(message.id)
    await house.sync()
    assert len(await house.messages(row.id)) == 2
    with pytest.raises(Held, match="has not been answered"):
        await house.desk.done(row.id)


async def test_it_is_tried_again_until_the_portal_answers(house: House) -> None:
    message = await sent(house)
    await house.desk.retracting.ask(message.id)
    with pytest.raises(Stale):
        await house.repository.retractions.ask(message.id, "x", "dana", house.clock())
    house.servers[PORTAL.id].drop()
    await house.back_office.deliver_due()
    state = await house.desk.retracting.state(message.id)
    assert state is not None
    assert (state.tries, state.trouble) == (1, "The server does not answer.")
    assert state.next_at == house.clock() + timedelta(seconds=30)
    house.servers[PORTAL.id].down = False
    await house.back_office.deliver_due()
    assert not (await house.repository.conversations.message(message.id)).retracted
    house.clock.advance(minutes=1)
    await house.back_office.deliver_due()
    assert (await house.repository.conversations.message(message.id)).retracted


async def test_what_the_portal_refuses_is_for_a_person(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await sent(house)

    async def refuse(_: MemoryChannel, __: str) -> None:
        raise ServerRefused("The portal does not let messages be changed.")

    monkeypatch.setattr(MemoryChannel, "retract", refuse)
    await house.desk.retracting.ask(message.id)
    retractor = Retractor(house.repository, house.practice, house.channels, house.clock)
    assert await retractor.due() == 0
    kept = await house.repository.conversations.message(message.id)
    assert kept.status_text == "not taken back yet: The portal does not let messages be changed."
    state = await house.desk.retracting.state(message.id)
    assert state is not None
    assert state.next_at is None
    monkeypatch.undo()
    await house.desk.retracting.ask(message.id)
    assert await retractor.due() == 1


async def test_only_ours_and_only_what_left_and_only_there(house: House) -> None:
    message = await sent(house)
    [theirs, _] = await house.messages(message.conversation_id)
    with pytest.raises(TwowayError, match="Only what was sent from here"):
        await house.desk.retracting.ask(theirs.id)
    with pytest.raises(NotFound):
        await house.desk.retracting.ask(999)
    await house.arrive("ann@example.com", "Hello")
    [row] = [one for one in await house.rows() if one.channels == (ChannelKind.EMAIL,)]
    mailed = await house.answer(row.id, "Hello Ann, ten is fine. Dana")
    with pytest.raises(TwowayError, match="sent by e-mail cannot be taken back"):
        await house.desk.retracting.ask(mailed.message_id)
    draft = await house.desk.reply_draft(row.id, fresh=True)
    queued = await house.desk.send(replace(draft, text="Ann, at ten. Dana"), "again")
    assert queued.status is MessageStatus.QUEUED
    with pytest.raises(TwowayError, match="not known to have left"):
        await house.desk.retracting.ask(queued.message_id)
    await house.desk.undo(queued.id)
    with pytest.raises(TwowayError, match="taken back before it left"):
        await house.desk.retracting.ask(queued.message_id)

"""What could not be read is listed until somebody has dealt with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.memory.channel import MemoryChannel
from inbox.channel import RawItem
from inbox.conversation import ConversationRow, ConversationState, ListState
from inbox.errors import Held, NotFound
from inbox.message import Arrival, Nature
from tests.inbox.conftest import House
from tests.inbox.making import ANN, FRONT_DESK

BROKEN = b"\xff\xfenot a message at all"


async def broken(house: House) -> ConversationRow:
    """An unreadable message has come; its conversation."""
    house.servers[FRONT_DESK.id].put(BROKEN)
    await house.sync()
    (row,) = await house.rows(ListState.NEEDS_LOOK)
    return row


async def test_it_is_listed_with_its_raw_text(house: House) -> None:
    await house.arrive("ann@example.com", "A good one")
    row = await broken(house)
    assert row.needs_look
    assert (await house.desk.counts()).needs_look == 1
    (message,) = await house.messages(row.id)
    assert message.nature is Nature.UNREADABLE
    assert (await house.desk.raw(message)).content == BROKEN


async def test_set_aside_with_a_reason_it_stays_and_is_closed(house: House) -> None:
    row = await broken(house)
    with pytest.raises(Held):
        await house.desk.looking.set_aside(row.id, "  ")
    await house.desk.looking.set_aside(row.id, "a fax header, nothing else")
    assert await house.rows(ListState.NEEDS_LOOK) == []
    (closed,) = await house.rows()
    assert closed.state is ConversationState.DONE
    (message,) = await house.messages(row.id)
    assert message.set_aside == "a fax header, nothing else"
    assert (await house.desk.raw(message)).content == BROKEN
    (_, staff, action, detail), *_ = [
        entry for entry in await house.repository.audit.latest(9) if entry[2] == "set aside"
    ]
    assert (staff, action) == ("dana", "set aside")
    assert "a fax header" in detail


async def test_nothing_to_set_aside_is_said(house: House) -> None:
    await house.arrive("ann@example.com", "A good one")
    (row,) = await house.rows()
    with pytest.raises(NotFound):
        await house.desk.looking.set_aside(row.id, "why not")
    assert (await house.rows())[0].state is ConversationState.NEEDS_REPLY


async def test_linked_by_hand_it_is_filed(house: House) -> None:
    row = await broken(house)
    await house.desk.link(row.id, ANN.id)
    assert await house.rows(ListState.NEEDS_LOOK) == []
    (message,) = await house.messages(row.id)
    assert message.patient_id == ANN.id


async def test_read_again_it_becomes_a_message(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await broken(house)
    assert await house.back_office.read_again(row.id) == 1
    # Nothing has changed, so it still needs a look.
    (row,) = await house.rows(ListState.NEEDS_LOOK)
    (before,) = await house.messages(row.id)
    convert = MemoryChannel.convert

    def knows_better(self: MemoryChannel, raw: RawItem) -> Arrival:
        if raw.content == BROKEN:
            raw = replace(raw, content=b'{"from": "ann@example.com", "text": "Hi"}')
        return convert(self, raw)

    monkeypatch.setattr(MemoryChannel, "convert", knows_better)
    assert await house.back_office.read_again(row.id) == 1
    assert await house.rows(ListState.NEEDS_LOOK) == []
    (message,) = await house.messages(row.id)
    assert (message.id, message.text, message.nature) == (before.id, "Hi", Nature.PERSONAL)
    await house.back_office.fetch_missing(FRONT_DESK.id)
    health = (await house.repository.lines.health())[FRONT_DESK.id]
    assert sum(count.quarantined for count in health.folders) == 0

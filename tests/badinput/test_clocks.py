"""Clocks that disagree: the mail server's may be behind ours, and it counts whole seconds."""

from __future__ import annotations

from datetime import timedelta

from inbox.conversation import ConversationState
from inbox.message import Direction
from tests.inbox.conftest import House, house, lines, the_practice

__all__ = ["house", "lines", "the_practice"]


async def test_an_answer_by_a_clock_that_is_behind_is_still_an_answer(house: House) -> None:
    await house.arrive("ann@example.com", "Can I come on Thursday?", id="1@mail.example.com")
    [row] = await house.rows()
    house.clock.advance(minutes=5)
    sent = await house.answer(row.id, "Thursday at ten is fine. Dana")
    assert [one.state for one in await house.rows()] == [ConversationState.WAITING]
    # The server stamps her answer with a time before ours.
    house.clock.set(house.clock() - timedelta(seconds=40))
    await house.arrive(
        "ann@example.com", "Ten is too early!", id="2@mail.example.com", in_reply_to=[sent.rfc_id]
    )
    assert [one.state for one in await house.rows()] == [ConversationState.NEEDS_REPLY]
    assert [one.direction for one in await house.messages(row.id)] == [
        Direction.INBOUND,
        Direction.OUTBOUND,
        Direction.INBOUND,
    ]
    house.clock.advance(minutes=3)
    await house.answer(row.id, "Eleven, then. Dana")
    assert [one.state for one in await house.rows()] == [ConversationState.WAITING]


async def test_an_answer_keeps_its_own_time_when_the_clocks_agree(house: House) -> None:
    await house.arrive("ann@example.com", "Can I come on Thursday?", id="1@mail.example.com")
    [row] = await house.rows()
    house.clock.advance(minutes=5)
    sent = await house.answer(row.id, "Thursday at ten is fine. Dana")
    house.clock.advance(minutes=5)
    await house.arrive("ann@example.com", "Thanks!", in_reply_to=[sent.rfc_id])
    assert (await house.messages(row.id))[-1].at == house.clock()

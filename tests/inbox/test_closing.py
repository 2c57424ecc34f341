"""Nothing that waits on us vanishes silently when a conversation is closed."""

from __future__ import annotations

import pytest

from inbox.conversation import ListState
from inbox.errors import Held
from tests.inbox.conftest import House
from tests.inbox.making import FRONT_DESK


async def _one(house: House, text: str, **more: str) -> int:
    await house.arrive("ann@example.com", text, line=FRONT_DESK, **more)
    await house.recorder.drain()
    [row] = await house.rows()
    return row.id


@pytest.mark.parametrize(
    "text",
    [
        "Can I move Thursday's visit?",
        "Please send me the form",
        "Yes",
        "yes!",
        "I need a refill of my inhaler.",
        "ok thanks, but which day is it",
        "THANKS! ONE MORE THING: WHERE DO I PARK",
    ],
)
async def test_what_nobody_answered_needs_a_reason(house: House, text: str) -> None:
    conversation = await _one(house, text)

    with pytest.raises(Held) as held:
        await house.desk.done(conversation)
    assert [finding.rule for finding in held.value.findings] == ["TW39"]
    assert text not in str(held.value)
    assert await house.rows(ListState.DONE) == []

    await house.desk.done(conversation, "  She called\nand it is settled. ")
    assert [row.id for row in await house.rows(ListState.DONE)] == [conversation]
    (_, staff, action, detail), *_ = await house.repository.audit.latest(1)
    assert (staff, action) == ("dana", "done in spite of a hold")
    assert detail == f"conversation {conversation}: She called and it is settled."


@pytest.mark.parametrize(
    "text", ["ok thanks", "Thank you!", "Got it", "Great, see you then", "👍", "Thanks Dana"]
)
async def test_thanks_need_no_reason(house: House, text: str) -> None:
    conversation = await _one(house, text)

    await house.desk.done(conversation)

    assert [row.id for row in await house.rows(ListState.DONE)] == [conversation]


async def test_thanks_after_a_question_leave_the_question_open(house: House) -> None:
    conversation = await _one(house, "Can I come at ten?", id="1@example.com")
    await house.answer(conversation, "I will ask the doctor and write back here.")
    await house.arrive("ann@example.com", "Which day, please?", in_reply_to=["1@example.com"])
    await house.arrive("ann@example.com", "Thank you!", in_reply_to=["1@example.com"])
    await house.recorder.drain()
    [row] = await house.rows()

    with pytest.raises(Held):
        await house.desk.done(row.id)


async def test_an_answer_that_arrived_closes_the_question(house: House) -> None:
    conversation = await _one(house, "Can I come at ten?")
    await house.answer(conversation, "Yes, ten is fine.")
    await house.recorder.drain()

    await house.desk.done(conversation)

    assert [row.id for row in await house.rows(ListState.DONE)] == [conversation]


async def test_a_note_is_no_answer(house: House) -> None:
    conversation = await _one(house, "Can I come at ten?")
    await house.desk.note(conversation, "Asked Dr. Lee.")
    await house.recorder.drain()

    with pytest.raises(Held):
        await house.desk.done(conversation)

"""An address that changed its owner: who writes from there now is not the patient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inbox.address import AddressSystem
from inbox.line import Line
from inbox.matching import FORMER
from inbox.patient import ContactPoint
from inbox.reaching import mark_old
from tests.inbox.conftest import House
from tests.inbox.making import ANN, FRONT_DESK, NURSE, TEXTS

NUMBER = "+15550100001"


@pytest.fixture
def lines() -> tuple[Line, ...]:
    """With a line for texts."""
    return (FRONT_DESK, NURSE, TEXTS)


async def write(house: House, said: str, **more: Any) -> int:
    house.clock.advance(minutes=1)
    await house.arrive(more.pop("sender", "ann@example.com"), said, **more)
    for row in await house.rows():
        if any(one.text == said for one in await house.messages(row.id)):
            return row.id
    raise AssertionError("it was not filed")


async def no_longer(house: House, value: str) -> None:
    """A person marks an address as old."""
    stored = await house.repository.patients.get("p1")
    house.clock.advance(minutes=1)
    await house.desk.forms.take([(mark_old(stored, value), stored)], "screen")


async def test_the_new_owner_of_an_address_is_not_the_patient(house: House) -> None:
    ann = await write(house, "About Friday", id="1@x")
    sent = await house.answer(ann, "Friday it is.")
    assert await write(house, "Thank you", in_reply_to=[sent.rfc_id], id="2@x") == ann

    await no_longer(house, "ann@example.com")

    stranger = await write(house, "Who are you?", in_reply_to=[sent.rfc_id], id="3@x")
    again = await write(house, "Hello?", references=[sent.rfc_id, "3@x"], id="4@x")
    assert stranger == again != ann
    row = await house.repository.conversations.row(stranger)
    assert (row.patient_id, row.suggested_merge) == (None, ann)
    [first, _] = await house.messages(stranger)
    assert first.match_reason == FORMER


async def test_the_new_owner_of_a_number_is_not_the_patient(house: House) -> None:
    point = ContactPoint(AddressSystem.PHONE, NUMBER)
    await house.repository.patients.save([replace(ANN, points=(point,))])
    ann = await write(house, "About Friday", sender=NUMBER, line=TEXTS)
    assert await write(house, "Are you there?", sender=NUMBER, line=TEXTS) == ann

    await no_longer(house, NUMBER)

    stranger = await write(house, "Wrong number!", sender=NUMBER, line=TEXTS)
    assert stranger != ann
    assert await write(house, "Stop it", sender=NUMBER, line=TEXTS) == stranger
    row = await house.repository.conversations.row(stranger)
    assert row.patient_id is None
    assert {one.patient_id for one in await house.messages(ann)} == {"p1"}


async def test_what_came_before_the_day_was_still_theirs(house: House) -> None:
    ann = await write(house, "About Friday", id="1@x")
    before = house.clock()
    await no_longer(house, "ann@example.com")

    # Read only now, but it arrived at the server before.
    number = house.servers["front-desk"].deliver(
        "ann@example.com", "Late", id="2@x", references=["1@x"], to=[FRONT_DESK.address]
    )
    folder = house.servers["front-desk"].folders["messages"]
    content, _ = folder.items[int(number)]
    folder.items[int(number)] = (content, before)
    await house.sync()

    assert [one.text for one in await house.messages(ann)] == ["About Friday", "Late"]


async def test_addresses_are_compared_without_case_and_kept_as_written(house: House) -> None:
    point = ContactPoint(AddressSystem.EMAIL, "Ann.Lee@Example.com")
    await house.repository.patients.save([replace(ANN, points=(point,))])
    written = await write(house, "Hello", sender="ANN.lee@EXAMPLE.com")
    row = await house.repository.conversations.row(written)
    assert (row.patient_id, row.person_address) == ("p1", "ANN.lee@EXAMPLE.com")
    assert (await house.repository.patients.get("p1")).points == (point,)
    # Dots and tags count: another mailbox may be another person's.
    for other in ("annlee@example.com", "ann.lee+shop@example.com"):
        row = await house.repository.conversations.row(
            await write(house, f"From {other}", sender=other)
        )
        assert row.patient_id is None


async def test_texts_follow_the_conversation_a_person_put_the_last_one_in(house: House) -> None:
    point = ContactPoint(AddressSystem.PHONE, NUMBER)
    await house.repository.patients.save([replace(ANN, points=(point,))])
    ann = await write(house, "About Friday", sender=NUMBER, line=TEXTS)
    await write(house, "And the bill", sender=NUMBER, line=TEXTS)
    bill = (await house.messages(ann))[1]

    moved = await house.desk.moving.split(ann, bill.id)

    assert await write(house, "It was 20", sender=NUMBER, line=TEXTS) == moved.to_id
    await house.desk.moving.undo(ann)
    said = [one.text for one in await house.messages(ann)]
    assert said == ["About Friday", "And the bill", "It was 20"]

"""About whom: asked once, remembered, changed message by message, and the records follow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inbox.address import AddressSystem, email
from inbox.conversation import ConversationRow, ListState
from inbox.message import Message
from inbox.patient import ContactPoint, Proxy
from inbox.record import Resource
from tests.inbox.conftest import House
from tests.inbox.making import ANN, BEN

HOME = "home@example.com"
_POINT = ContactPoint(AddressSystem.EMAIL, HOME)
MIA = Proxy("Mia Lee", "mother", (_POINT,))
_ANN = replace(ANN, points=(), proxies=(MIA,))
_BEN = replace(BEN, points=(), proxies=(MIA,))


@pytest.fixture(autouse=True)
async def family(house: House) -> None:
    """Two children, one mother, one address."""
    await house.repository.patients.save([_ANN, _BEN])


async def write(house: House, said: str, **more: Any) -> ConversationRow:
    """Let the mother write."""
    await house.arrive(HOME, said, name="Mia Lee", **more)
    return max(await house.rows(), key=lambda row: row.id)


async def records(house: House, patient_id: str) -> list[Resource]:
    """What the record file says, the last line of each message only."""
    await house.recorder.drain()
    last = {entry["id"]: entry for entry in await house.repository.records.entries(patient_id)}
    assert not (await house.repository.records.verify(patient_id)).problems
    return list(last.values())


async def likeliest(house: House, row: ConversationRow, said: str = "") -> str:
    found = await house.desk.linking.candidates(row, said)
    assert {one.id for one in found.patients} == {"p1", "p2"}
    return found.patients[0].id if found.likeliest else ""


async def test_it_asks_once_and_suggests_the_same_the_next_time(house: House) -> None:
    row = await write(house, "About the little one", id="1@x")
    assert row.patient_id is None
    assert await likeliest(house, row) == ""

    await house.desk.linking.link(row.id, "p2")

    again = await write(house, "Another matter", id="2@x")
    assert again.patient_id is None
    assert await likeliest(house, again) == "p2"
    assert await likeliest(house, again, "Ann has a fever") == "p1"


async def test_only_always_links_by_itself(house: House) -> None:
    row = await write(house, "About the little one", id="1@x")
    await house.desk.linking.link(row.id, "p2", always=True)

    again = await write(house, "Another matter", id="2@x")

    assert again.patient_id == "p2"
    [message] = await house.messages(again.id)
    assert message.match_reason == "always for this address, says dana"

    await house.desk.linking.link(again.id, "p1")
    assert (await write(house, "A third", id="3@x")).patient_id is None


async def test_an_address_of_one_patient_is_not_remembered(house: House) -> None:
    await house.repository.patients.save([ANN])
    await house.arrive("ann@example.com", "Hello", name="Ann")
    [row] = await house.rows()

    await house.desk.linking.link(row.id, "p2", always=True)

    assert await house.repository.choices.of(email("ann@example.com")) is None


async def test_one_message_about_the_other_child_goes_to_their_file(house: House) -> None:
    row = await write(house, "Ann needs a form", id="1@x")
    await house.desk.linking.link(row.id, "p1")
    await write(house, "And Ben has a rash", id="2@x", references=["1@x"])
    assert [one["status"] for one in await records(house, "p1")] == ["completed"] * 2
    second: Message = (await house.messages(row.id))[1]

    await house.desk.linking.link_message(second.id, "p2")

    ann, ben = await records(house, "p1"), await records(house, "p2")
    assert [one["status"] for one in ann] == ["completed", "entered-in-error"]
    assert "payload" not in ann[1]
    assert "rash" not in str(ann[1])
    assert "p2" not in str(ann[1])
    assert [one["payload"][0]["contentString"] for one in ben] == ["And Ben has a rash"]
    assert (await house.repository.conversations.row(row.id)).patient_id == "p1"
    moved = (await house.messages(row.id))[1]
    assert (moved.patient_id, moved.recorded) == ("p2", True)
    assert moved.match_reason == "chosen by Dana Reyes for this message"


async def test_a_message_moved_there_and_back_counts_where_it_is(house: House) -> None:
    row = await write(house, "Ben has a rash", id="1@x")
    await house.desk.linking.link(row.id, "p1")
    await records(house, "p1")
    [message] = await house.messages(row.id)

    await house.desk.linking.link_message(message.id, "p2")
    await house.desk.linking.link_message(message.id, "p1")

    assert [one["status"] for one in await records(house, "p1")] == ["completed"]
    assert await records(house, "p2") == []


async def test_what_never_reached_a_file_needs_no_correction_there(house: House) -> None:
    row = await write(house, "Ben has a rash", id="1@x")
    await house.desk.linking.link(row.id, "p1")
    await house.desk.linking.link(row.id, "p2")

    assert await records(house, "p1") == []
    assert [one["status"] for one in await records(house, "p2")] == ["completed"]


async def test_a_wrong_link_of_a_conversation_takes_its_messages_along(house: House) -> None:
    row = await write(house, "Ben has a rash", id="1@x")
    await house.desk.linking.link(row.id, "p1")
    await records(house, "p1")

    await house.desk.linking.link(row.id, "p2")

    assert [one["status"] for one in await records(house, "p1")] == ["entered-in-error"]
    assert [one["status"] for one in await records(house, "p2")] == ["completed"]
    assert [one.patient_id for one in await house.messages(row.id)] == ["p2"]


async def test_an_answer_to_ours_about_one_child_needs_no_question(house: House) -> None:
    row = await write(house, "About the little one", id="1@x")
    await house.desk.linking.link(row.id, "p2")
    sent = await house.answer(row.id, "Friday at ten?")

    await write(house, "Fine", id="2@x", in_reply_to=[sent.rfc_id])

    assert [one.patient_id for one in await house.messages(row.id)] == ["p2"] * 3
    assert await house.rows(ListState.UNKNOWN) == []

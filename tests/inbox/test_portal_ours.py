"""Portal messages of ours: where they go, how they are known again, and what the record says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.conversation import ListState
from inbox.line import Line
from inbox.message import Direction, MessageStatus
from inbox.version import version_key
from tests.inbox.conftest import House
from tests.inbox.making import ANN, BEN, FRONT_DESK, PORTAL
from tests.inbox.test_portal import ANN_THERE, HEADER, MOTHER, PATIENT, answer, item, put, stored


@pytest.fixture
def lines() -> tuple[Line, ...]:
    return (FRONT_DESK, PORTAL)


async def test_an_answer_goes_into_the_thread(house: House) -> None:
    await house.repository.patients.save([ANN_THERE])
    put(house, HEADER, -11)
    put(house, item(2, "Ear?", about=PATIENT), -10)
    await house.sync()
    [row] = await house.rows()
    draft = await house.desk.reply_draft(row.id)
    assert draft.subject == "Re: Ear pain"
    outbox_id = await answer(house, row.id, "Come at ten, Ann. Dana")
    [sent] = house.servers[PORTAL.id].sent
    assert (sent.thread_key, sent.in_reply_to, sent.about) == (
        "Communication/h1", "Communication/2", PATIENT,
    )  # fmt: skip
    kept = await house.repository.outbox.get(outbox_id)
    assert kept.provider_id == f"Communication/{sent.uuid}"
    await house.sync()
    [messages] = await stored(house)
    assert [one.message_id for one in messages] == ["Communication/2", kept.provider_id]
    assert (await house.rows())[0].state.value == "waiting"


async def test_an_answer_that_is_read_before_our_own_is_known(house: House) -> None:
    """A new thread: its name comes with the receipt, and their answer may come before that."""
    await house.repository.patients.save([ANN_THERE])
    put(house, item(50, "hello", thread="Communication/other"), -60)
    await house.sync()
    to = Address(AddressSystem.PORTAL, PATIENT, "Ann Lee")
    draft = await house.desk.new_draft(to, ChannelKind.PORTAL, "p1")
    row = await house.desk.send(
        replace(draft, text="Please bring your card, Ann. Dana"), "fine", undo=False
    )
    thread = f"Communication/thread-{row.uuid}"
    reply = item(60, "I will", thread=thread, in_reply_to=[f"Communication/{row.uuid}"])
    put(house, reply, 3)
    await house.sync()
    assert len(await stored(house)) == 3
    await house.outbox.deliver_due()
    await house.sync()
    messages = next(one for one in await stored(house) if len(one) == 2)
    assert [one.text for one in messages] == ["Please bring your card, Ann. Dana", "I will"]
    assert messages[0].thread_key == thread


async def test_an_account_of_somebody_else_is_pointed_out(house: House) -> None:
    """The portal calls Ann by this name; a message about Ben goes there by mistake."""
    known = replace(ANN, sources=(f"{PORTAL.address}/{PATIENT}",))
    await house.repository.patients.save([known, BEN])
    put(house, HEADER, -11)
    put(house, item(2, "Ear?"), -10)
    await house.sync()
    [row] = await house.rows()
    await house.desk.link(row.id, "p2")
    draft = replace(await house.desk.reply_draft(row.id), text="Your ear is well, Ben. Dana")
    verdict = house.desk.judge(await house.desk.situation(draft), draft).verdict
    assert "TW22" in {one.rule for one in verdict.findings}


async def test_what_the_portal_tells_of_ours_counts_as_far_as_it_was_told(house: House) -> None:
    await house.repository.patients.save([ANN_THERE])
    put(house, HEADER, -11)
    put(house, item(2, "Ear?"), -10)
    await house.sync()
    [row] = await house.rows()
    await answer(house, row.id, "Come at ten, Ann. Dana")
    [sent] = house.servers[PORTAL.id].sent
    echo = {"id": f"Communication/{sent.uuid}", "own_uuid": sent.uuid, "text": sent.text,
            "thread": "Communication/h1", "from": "Organization/1", "to": [PATIENT]}  # fmt: skip
    for version, word in (("3", "delivered"), ("2", "relayed")):
        put(house, {**echo, "version": version, "told": [word, ""]}, ours=True)
        await house.sync()
        [*_, ours] = await house.messages(row.id)
        assert ours.status is MessageStatus.DELIVERED
    assert [len(one) for one in await stored(house)] == [2]


async def test_ours_from_another_program_is_shown_once(house: House) -> None:
    await house.repository.patients.save([ANN_THERE])
    one = item(7, "Your form is ready", **{"from": "Practitioner/1", "to": [PATIENT]})
    put(house, {**one, "version": "1", "told": ["relayed", ""]}, -3, ours=True)
    put(house, {**one, "version": "2", "told": ["failed", "no account"]}, -2, ours=True)
    await house.sync()
    [[ours]] = await stored(house)
    assert (ours.direction, ours.patient_id) == (Direction.OUTBOUND, "p1")
    assert (ours.status, ours.status_text) == (MessageStatus.FAILED, "no account")


async def test_nobody_makes_their_message_ours_by_our_identifier(house: House) -> None:
    await house.repository.patients.save([ANN_THERE])
    put(house, HEADER, -11)
    put(house, item(2, "Ear?"), -10)
    await house.sync()
    [row] = await house.rows()
    await answer(house, row.id, "Come at ten, Ann. Dana")
    [sent] = house.servers[PORTAL.id].sent
    put(house, item(8, "Really?", own_uuid=sent.uuid), 1)
    await house.sync()
    assert [one.text for one in await house.messages(row.id)][-1] == "Really?"


async def test_the_record_names_things_as_the_portal_does(house: House) -> None:
    await house.repository.patients.save([replace(ANN_THERE, proxies=(MOTHER,))])
    put(house, HEADER, -11)
    sender = {"from": "RelatedPerson/9", "name": "Mia Lee"}
    put(house, item(2, "Ear?", about=PATIENT, version="1", **sender), -10)
    await house.sync()
    [row] = await house.rows()
    await answer(house, row.id, "Come at ten, Mia. Dana")
    put(house, item(2, "Ears?", about=PATIENT, version="2", **sender), -9)
    await house.sync()
    await house.recorder.drain()
    asked, said, corrected = await house.repository.records.entries("p1")
    server = PORTAL.address
    assert asked["medium"][0]["coding"][0]["code"] == "ONLINEWRIT"
    assert asked["subject"] == {"reference": "Patient/p1"}
    assert asked["partOf"] == said["partOf"] == [{"reference": f"{server}/Communication/h1"}]
    assert asked["sender"] == {
        "reference": f"{server}/RelatedPerson/9", "type": "RelatedPerson", "display": "Mia Lee",
    }  # fmt: skip
    assert {"system": "urn:ietf:rfc:3986", "value": f"{server}/Communication/2"} in asked[
        "identifier"
    ]
    assert said["inResponseTo"] == [{"reference": f"{server}/Communication/2"}]
    assert said["recipient"][0]["reference"] == f"{server}/RelatedPerson/9"
    assert corrected["payload"] == [{"contentString": "Ears?"}]
    assert corrected["id"] == asked["id"]


async def test_a_portal_whose_clock_is_behind_hides_no_answer(house: House) -> None:
    """They answer a minute after our message; the portal's clock is five minutes behind."""
    await house.repository.patients.save([ANN_THERE])
    put(house, item(50, "hello", thread="Communication/other"), -60)
    await house.sync()
    to = Address(AddressSystem.PORTAL, PATIENT, "Ann Lee")
    draft = await house.desk.new_draft(to, ChannelKind.PORTAL, "p1")
    row = await house.desk.send(replace(draft, text="Are you well, Ann? Dana"), "fine", undo=False)
    await house.outbox.deliver_due()
    thread = f"Communication/thread-{row.uuid}"
    put(house, item(60, "No!", thread=thread), -4)
    await house.sync()
    behind = version_key(house.clock() - timedelta(minutes=5), "1")
    echo = {"id": f"Communication/{row.uuid}", "own_uuid": row.uuid, "text": row.draft.text,
            "thread": thread, "version": behind, "to": [PATIENT]}  # fmt: skip
    put(house, echo, -5, ours=True)
    await house.sync()
    waiting = await house.rows(ListState.NEEDS_REPLY)
    assert {one.id for one in waiting} >= {row.conversation_id}

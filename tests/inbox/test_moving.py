"""Put together, parted, moved, undone exactly; and what people did is stronger than references."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from inbox.address import AddressSystem
from inbox.conversation import ConversationRow, ConversationState
from inbox.errors import NotFound, Stale, TwowayError
from inbox.message import Message
from inbox.patient import ContactPoint
from inbox.promise import PromiseKind
from inbox.record import Resource
from inbox.storage.moving import MovingKind
from tests.inbox.conftest import House
from tests.inbox.making import ANN
from tests.inbox.making import BEN as SIBLING

_ANN, _BEN, _EVE = "ann@example.com", "ben@example.com", "eve@example.com"
BEN = replace(SIBLING, points=(ContactPoint(AddressSystem.EMAIL, _BEN),))
_TABLES = {
    "conversation": "SELECT * FROM conversation WHERE merged_into IS NULL ORDER BY id",
    "message": "SELECT id, conversation_id, patient_id, match_reason FROM message ORDER BY id",
    "outbox": "SELECT id, conversation_id, draft FROM outbox ORDER BY id",
    "draft": "SELECT * FROM draft ORDER BY key, staff_id",
    "promise": "SELECT * FROM promise ORDER BY id",
    "signal": "SELECT * FROM message_signal ORDER BY message_id, rule",
    "parted": "SELECT * FROM parted ORDER BY one, other",
    "moving": "SELECT id FROM moving WHERE undone_at IS NULL ORDER BY id",
}


def everything(house: House) -> dict[str, list[tuple[Any, ...]]]:
    """All that a merge, a split or a move touches, as it lies on the disk."""
    path = next(house.folder.glob("*.db"), house.folder / "twoway.db")
    with closing(sqlite3.connect(path)) as db:
        return {name: db.execute(statement).fetchall() for name, statement in _TABLES.items()}


async def write(house: House, sender: str, said: str, id_: str, **more: Any) -> ConversationRow:
    """Let somebody write; the conversation it is in."""
    house.clock.advance(minutes=1)
    await house.arrive(sender, said, id=id_, **more)
    for row in await house.rows():
        if any(one.message_id == id_ for one in await house.messages(row.id)):
            return await house.repository.conversations.row(row.id)
    raise AssertionError("it was not filed")


async def texts(house: House, conversation_id: int) -> list[str]:
    return [one.text for one in await house.messages(conversation_id)]


async def first(house: House, row: ConversationRow, place: int = 0) -> Message:
    return (await house.messages(row.id))[place]


async def records(house: House, patient_id: str) -> list[Resource]:
    await house.recorder.drain()
    last = {entry["id"]: entry for entry in await house.repository.records.entries(patient_id)}
    assert not (await house.repository.records.verify(patient_id)).problems
    return list(last.values())


async def test_a_merge_is_undone_exactly(house: House) -> None:
    ann = await write(house, _ANN, "About Friday", "1@x")
    eve = await write(house, _EVE, "I am her sister", "2@x")
    desk = house.desk
    await house.answer(ann.id, "Friday it is.")
    await desk.assign(ann.id, "dana")
    await desk.note(eve.id, "Who is she?")
    await desk.promises.add(ann.id, PromiseKind.HERE, house.clock() + timedelta(hours=2))
    await desk.promises.add(eve.id, PromiseKind.ANSWER, house.clock() + timedelta(hours=3))
    for row in (ann, eve):
        draft = await desk.reply_draft(row.id)
        await desk.keep_draft(replace(draft, text=f"Draft for {row.id}"))
    await desk.snooze(eve.id, house.clock() + timedelta(days=1))
    before = everything(house)

    moved = await desk.moving.merge(ann.id, eve.id)

    assert (moved.kind, moved.from_id, moved.to_id) == (MovingKind.MERGE, eve.id, ann.id)
    assert (await desk.open(eve.id)).row.id == ann.id
    assert await texts(house, ann.id) == [
        "About Friday", "I am her sister", "Friday it is.", "Who is she?",
    ]  # fmt: skip
    about = {one.patient_id for one in await house.messages(ann.id)}
    assert about == {"p1"}
    assert everything(house) != before

    await desk.moving.undo(ann.id)

    assert everything(house) == before
    actions = [one[2] for one in await house.repository.audit.latest(2)]
    assert actions[0] == "undo move"


async def test_merging_what_is_one_already_says_so(house: House) -> None:
    ann = await write(house, _ANN, "About Friday", "1@x")
    with pytest.raises(TwowayError, match="one conversation already"):
        await house.desk.moving.merge(ann.id, ann.id)
    with pytest.raises(NotFound):
        await house.desk.moving.merge(ann.id, 404)
    with pytest.raises(TwowayError, match="Nothing was put together"):
        await house.desk.moving.undo(ann.id)


async def test_a_split_is_respected_and_undone_exactly(house: House) -> None:
    ann = await write(house, _ANN, "About Friday", "1@x")
    await house.answer(ann.id, "Friday it is.")
    await write(house, _ANN, "And now the bill", "2@x", references=["1@x"])
    await house.desk.assign(ann.id, "dana")
    before = everything(house)
    bill = await first(house, ann, 2)

    moved = await house.desk.moving.split(ann.id, bill.id)

    new = moved.to_id
    assert await texts(house, ann.id) == ["About Friday", "Friday it is."]
    assert await texts(house, new) == ["And now the bill"]
    row = await house.repository.conversations.row(new)
    assert (row.patient_id, row.assigned_to) == ("p1", "dana")
    assert row.state is ConversationState.NEEDS_REPLY
    assert (await house.repository.conversations.row(ann.id)).state is ConversationState.WAITING

    await house.desk.moving.undo(new)
    assert everything(house) == before


@pytest.mark.parametrize("order", [("bill", "visit"), ("visit", "bill")])
async def test_later_arrivals_go_where_a_person_put_what_they_answer(
    house: House, order: tuple[str, str]
) -> None:
    ann = await write(house, _ANN, "About Friday", "1@x")
    await write(house, _ANN, "And now the bill", "2@x", references=["1@x"])
    bill = await first(house, ann, 1)
    moved = await house.desk.moving.split(ann.id, bill.id)
    answers = {"bill": ["1@x", "2@x"], "visit": ["1@x"]}

    rows = {
        name: await write(house, _ANN, name, f"{name}@x", references=answers[name])
        for name in order
    }

    assert (rows["bill"].id, rows["visit"].id) == (moved.to_id, ann.id)
    # One that answers both joins the nearer one, and nothing is put together by it.
    both = await write(house, _ANN, "both", "5@x", references=["visit@x", "bill@x"])
    assert both.id == moved.to_id
    assert len(await house.rows()) == 2


async def test_an_undone_split_lets_arrivals_join_again(house: House) -> None:
    ann = await write(house, _ANN, "About Friday", "1@x")
    await write(house, _ANN, "And now the bill", "2@x", references=["1@x"])
    moved = await house.desk.moving.split(ann.id, (await first(house, ann, 1)).id)
    late = await write(house, _ANN, "It was 20", "3@x", references=["1@x", "2@x"])
    assert late.id == moved.to_id

    await house.desk.moving.undo(moved.to_id)

    assert await texts(house, ann.id) == ["About Friday", "And now the bill", "It was 20"]
    assert (await house.repository.conversations.row(moved.to_id)).id == ann.id


async def test_what_arrivals_put_together_wrongly_stays_apart_once_undone(house: House) -> None:
    one = await write(house, _ANN, "About Friday", "1@x")
    other = await write(house, _ANN, "The bill", "2@x")
    both = await write(house, _ANN, "About both", "3@x", references=["1@x", "2@x"])
    assert both.id == one.id
    assert len(await house.rows()) == 1

    await house.desk.moving.undo(one.id)

    # It answers the bill last.
    assert await texts(house, one.id) == ["About Friday"]
    assert await texts(house, other.id) == ["The bill", "About both"]
    again = await write(house, _ANN, "Both again", "4@x", references=["1@x", "2@x", "3@x"])
    assert again.id == other.id
    assert len(await house.rows()) == 2
    # A person may still put them together.
    await house.desk.moving.merge(one.id, other.id)
    assert len(await house.rows()) == 1


async def test_what_came_after_a_merge_goes_with_what_it_answers(house: House) -> None:
    ann = await write(house, _ANN, "About Friday", "1@x")
    eve = await write(house, _EVE, "I am her sister", "2@x")
    await house.desk.moving.merge(ann.id, eve.id)
    later = await write(house, _EVE, "Are you there?", "3@x", references=["2@x"])
    await write(house, _ANN, "Thank you", "4@x", references=["1@x"])
    assert later.id == ann.id

    await house.desk.moving.undo(ann.id)

    assert await texts(house, ann.id) == ["About Friday", "Thank you"]
    assert await texts(house, eve.id) == ["I am her sister", "Are you there?"]


async def test_a_message_moved_to_another_patient_leaves_the_first_file(house: House) -> None:
    await house.repository.patients.save([ANN, BEN])
    ann = await write(house, _ANN, "About Friday", "1@x")
    await write(house, _ANN, "My husband Ben has a rash", "2@x", references=["1@x"])
    ben = await write(house, _BEN, "It itches", "3@x")
    assert len(await records(house, "p1")) == 2
    before = everything(house)
    rash = await first(house, ann, 1)

    await house.desk.moving.move(rash.id, ben.id)

    assert await texts(house, ben.id) == ["My husband Ben has a rash", "It itches"]
    assert [one["status"] for one in await records(house, "p1")] == [
        "completed", "entered-in-error",
    ]  # fmt: skip
    assert len(await records(house, "p2")) == 2
    reply = await write(house, _ANN, "Any news?", "4@x", references=["1@x", "2@x"])
    assert reply.id == ben.id

    await house.desk.moving.undo(ann.id)

    assert await texts(house, ann.id) == ["About Friday", "My husband Ben has a rash", "Any news?"]
    assert [one["status"] for one in await records(house, "p1")] == ["completed"] * 3
    assert [one["status"] for one in await records(house, "p2")] == [
        "completed", "entered-in-error",
    ]  # fmt: skip
    after = everything(house)
    assert after["conversation"][1:] == before["conversation"][1:]


async def test_a_message_moves_to_a_new_conversation_and_back(house: House) -> None:
    ann = await write(house, _ANN, "About Friday", "1@x")
    await write(house, _ANN, "The bill", "2@x", references=["1@x"])
    before = everything(house)

    moved = await house.desk.moving.move((await first(house, ann)).id, None)

    assert await texts(house, moved.to_id) == ["About Friday"]
    assert await texts(house, ann.id) == ["The bill"]
    await house.desk.moving.undo(ann.id)
    assert everything(house) == before


async def test_moving_the_only_message_is_a_merge(house: House) -> None:
    ann = await write(house, _ANN, "About Friday", "1@x")
    eve = await write(house, _EVE, "I am her sister", "2@x")
    before = everything(house)
    message = await first(house, eve)
    with pytest.raises(TwowayError, match="Nothing would stay behind"):
        await house.desk.moving.move(message.id, None)

    moved = await house.desk.moving.move(message.id, ann.id)

    assert moved.kind is MovingKind.MERGE
    assert (await house.repository.conversations.row(eve.id)).id == ann.id
    await house.desk.moving.undo(ann.id)
    assert everything(house) == before


async def test_what_has_not_left_yet_is_not_moved(house: House) -> None:
    ann = await write(house, _ANN, "About Friday", "1@x")
    draft = await house.desk.reply_draft(ann.id)
    await house.desk.send(replace(draft, text="Friday it is."))
    ours = await first(house, ann, 1)
    with pytest.raises(TwowayError, match="not left yet"):
        await house.desk.moving.split(ann.id, ours.id)
    eve = await write(house, _EVE, "I am her sister", "2@x")
    with pytest.raises(NotFound):
        await house.desk.moving.split(eve.id, ours.id)


async def test_what_was_done_last_is_undone_first(house: House) -> None:
    rows = [await write(house, f"p{n}@example.com", f"text {n}", f"{n}@x") for n in range(3)]
    one, two, three = (row.id for row in rows)
    before = everything(house)
    first_merge = await house.desk.moving.merge(one, two)
    await house.desk.moving.merge(three, one)
    assert (await house.repository.conversations.row(two)).id == three

    with pytest.raises(Stale, match="since"):
        await house.repository.movings.undo(first_merge.id, "")

    await house.desk.moving.undo(three)
    assert (await house.repository.conversations.row(two)).id == one
    await house.desk.moving.undo(two)
    assert everything(house) == before
    with pytest.raises(Stale, match="already"):
        await house.repository.movings.undo(first_merge.id, "")


async def test_nothing_that_waits_or_is_unread_is_hidden_by_a_move(house: House) -> None:
    ann = await write(house, _ANN, "About Friday", "1@x")
    await write(house, _ANN, "Please answer", "2@x", references=["1@x"])
    eve = await write(house, _EVE, "Old matter", "3@x")
    newest = (await first(house, eve)).id
    await house.desk.seen(eve.id, newest)
    await house.desk.done(eve.id, "answered on the phone")

    await house.desk.moving.move((await first(house, ann, 1)).id, eve.id)

    row = await house.repository.conversations.row(eve.id)
    assert (row.state, row.unread) == (ConversationState.NEEDS_REPLY, True)


async def test_a_suggestion_is_taken_or_dismissed(house: House) -> None:
    ann = await write(house, _ANN, "About Friday", "1@x")
    stranger = await write(house, _EVE, "Re: Friday", "2@x", references=["1@x"])
    assert stranger.suggested_merge == ann.id

    await house.desk.moving.dismiss_suggestion(stranger.id)

    assert (await house.repository.conversations.row(stranger.id)).suggested_merge is None
    with pytest.raises(TwowayError, match="No other conversation"):
        await house.desk.moving.dismiss_suggestion(stranger.id)
    # Once said, it is not suggested again by the next message.
    again = await write(house, _EVE, "Hello?", "3@x", references=["1@x", "2@x"])
    assert (again.id, again.suggested_merge) == (stranger.id, None)

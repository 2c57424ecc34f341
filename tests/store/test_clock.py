"""One waiting clock for each person, across conversations, channels and lines."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.conversation import ConversationState
from inbox.ending import Ending
from inbox.message import MessageKind, MessageStatus, Nature
from inbox.outgoing import Call, CallOutcome
from inbox.patient import ContactPoint, Patient
from inbox.repository import StatusChange
from store import clock, migration
from store.clock import SINCE
from tests.store.practice import OMAR, ROSA, Practice

ROSAS_PHONE = Address(AddressSystem.PHONE, "+15550107811")
ROSA_JIMENEZ = Patient(
    "p1",
    "Rosa",
    "Jimenez",
    points=(
        ContactPoint(ROSA.system, ROSA.value),
        ContactPoint(ROSAS_PHONE.system, "+15550107811"),
    ),
)
LINES = {"texts": "+15550107788", "nurse-texts": "+15550107789", "main-phone": "+15550107700"}


@pytest.fixture
async def rosa(practice: Practice) -> Patient:
    await practice.repository.patients.save([ROSA_JIMENEZ])
    return ROSA_JIMENEZ


async def asked_by_email(practice: Practice) -> int:
    return await practice.conversation(filing={"patient_id": "p1"})


async def text_in(
    practice: Practice, line_id: str = "texts", patient_id: str | None = "p1", **more: Any
) -> int:
    values: dict[str, Any] = {
        "channel": ChannelKind.SMS,
        "kind": MessageKind.TEXT,
        "sender": ROSAS_PHONE,
        "to": (Address(AddressSystem.PHONE, LINES[line_id]),),
        "subject": "",
        **more,
    }
    return await practice.conversation(
        "And my bill?", line_id=line_id, filing={"patient_id": patient_id}, **values
    )


async def text_out(practice: Practice, conversation: int, **more: Any) -> None:
    values: dict[str, Any] = {
        "channel": ChannelKind.SMS,
        "line_id": "texts",
        "to": (ROSAS_PHONE,),
        "subject": "",
        "patient_id": "p1",
        **more,
    }
    await practice.send(conversation, **values)


async def waits(practice: Practice, *conversations: int) -> list[datetime | None]:
    return [(await practice.row(one)).waiting_since for one in conversations]


async def overdue(practice: Practice) -> int:
    now = practice.clock()
    return (await practice.repository.conversations.counts(now, now)).overdue


async def test_it_counts_once_from_the_oldest_on_every_line(
    practice: Practice, rosa: Patient
) -> None:
    first = practice.clock()
    written = await asked_by_email(practice)
    practice.clock.advance(minutes=10)
    texted = await text_in(practice)
    practice.clock.advance(minutes=10)
    elsewhere = await text_in(practice, "nurse-texts")
    assert await waits(practice, written, texted, elsewhere) == [first] * 3
    assert await overdue(practice) == 1, "one person waits, with three matters"
    await practice.conversation("Hello", sender=OMAR)
    assert await overdue(practice) == 2


async def test_an_unknown_number_that_texts_two_of_our_lines_waits_once(
    practice: Practice,
) -> None:
    first = practice.clock()
    texted = await text_in(practice, patient_id=None)
    practice.clock.advance(minutes=10)
    elsewhere = await text_in(practice, "nurse-texts", patient_id=None)
    assert await waits(practice, texted, elsewhere) == [first] * 2
    assert await overdue(practice) == 1
    practice.clock.advance(minutes=10)
    answered = practice.clock()
    await text_out(practice, elsewhere, patient_id=None)
    assert await waits(practice, texted, elsewhere) == [answered, None]


async def test_a_real_answer_anywhere_stops_it_and_nothing_is_forgotten(
    practice: Practice, rosa: Patient
) -> None:
    written = await asked_by_email(practice)
    practice.clock.advance(minutes=10)
    texted = await text_in(practice)
    practice.clock.advance(minutes=10)
    answered = practice.clock()
    await text_out(practice, texted)
    assert await waits(practice, written, texted) == [answered, None]
    assert (await practice.row(written)).state is ConversationState.NEEDS_REPLY
    practice.clock.advance(minutes=10)
    await practice.send(written, patient_id="p1")
    assert await waits(practice, written, texted) == [None, None]
    assert await overdue(practice) == 0


async def test_what_they_ask_after_the_answer_counts_by_itself(
    practice: Practice, rosa: Patient
) -> None:
    written = await asked_by_email(practice)
    practice.clock.advance(minutes=10)
    texted = await text_in(practice)
    practice.clock.advance(minutes=10)
    answered = practice.clock()
    await text_out(practice, texted)
    await practice.send(written, patient_id="p1")
    practice.clock.advance(minutes=10)
    again = practice.clock()
    await practice.receive("One more thing", into=texted, filing={"patient_id": "p1"})
    assert again > answered
    assert await waits(practice, written, texted) == [None, again]


async def failed(practice: Practice, texted: int) -> None:
    await text_out(practice, texted, status=MessageStatus.FAILED)


async def unknown(practice: Practice, texted: int) -> None:
    await text_out(practice, texted, status=MessageStatus.UNKNOWN)


async def automatic(practice: Practice, texted: int) -> None:
    await text_out(practice, texted, automatic=True)


async def to_the_pharmacy(practice: Practice, texted: int) -> None:
    await practice.send(texted, to=(email("desk@pharmacy.example"),), patient_id="p1")


async def a_voicemail(practice: Practice, texted: int) -> None:
    await text_out(
        practice, texted, channel=ChannelKind.PHONE, line_id="main-phone",
        call=Call(outcome=CallOutcome.LEFT_MESSAGE),
    )  # fmt: skip


async def a_call_of_theirs(practice: Practice, texted: int) -> None:
    await practice.receive(
        "Call, answered, 2 min.", into=texted, line_id="main-phone", channel=ChannelKind.PHONE,
        kind=MessageKind.CALL, sender=ROSAS_PHONE, nature=Nature.RECEIPT,
        ending=Ending.ANSWERED, filing={"patient_id": "p1"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "happens", [failed, unknown, automatic, to_the_pharmacy, a_voicemail, a_call_of_theirs]
)
async def test_what_reached_nobody_stops_nothing(
    practice: Practice, rosa: Patient, happens: Callable[[Practice, int], Awaitable[None]]
) -> None:
    first = practice.clock()
    written = await asked_by_email(practice)
    practice.clock.advance(minutes=10)
    texted = await text_in(practice)
    practice.clock.advance(minutes=10)
    await happens(practice, texted)
    assert (await waits(practice, written))[0] == first


async def test_an_answer_that_came_back_lets_it_run_on(practice: Practice, rosa: Patient) -> None:
    first = practice.clock()
    written = await asked_by_email(practice)
    practice.clock.advance(minutes=10)
    texted = await text_in(practice)
    practice.clock.advance(minutes=10)
    row = await practice.queue(
        texted, channel=ChannelKind.SMS, line_id="texts", to=(ROSAS_PHONE,), patient_id="p1"
    )
    claimed = await practice.repository.outbox.claim(practice.clock(), "me")
    assert claimed is not None
    await practice.repository.outbox.handing_over(row.id, "me")
    await practice.repository.outbox.settle(row.id, MessageStatus.SENT, practice.clock())
    assert (await waits(practice, written)) != [first]
    async with practice.repository.batch():
        failed_later = StatusChange(row.message_id, MessageStatus.FAILED)
        await practice.receive(
            "Undelivered", nature=Nature.BOUNCE,
            filing={"visible": False, "changes": (failed_later,)},
        )  # fmt: skip
    assert await waits(practice, written, texted) == [first, first]


async def test_closing_and_linking_move_the_clock(practice: Practice, rosa: Patient) -> None:
    first = practice.clock()
    written = await practice.conversation()
    practice.clock.advance(minutes=10)
    second = practice.clock()
    texted = await text_in(practice)
    assert await waits(practice, written, texted) == [first, second], (
        "nobody knows it is one person"
    )
    conversations = practice.repository.conversations
    await conversations.link(written, "p1", "chosen by Dana")
    assert await waits(practice, written, texted) == [first, first]
    practice.clock.advance(minutes=10)
    await conversations.set_done(written, practice.clock())
    assert await waits(practice, written, texted) == [None, second]


async def test_an_answer_counts_for_whom_the_conversation_turns_out_to_be_about(
    practice: Practice, rosa: Patient
) -> None:
    unlinked = await practice.conversation(sender=email("rosa@work.example"))
    practice.clock.advance(minutes=10)
    texted = await text_in(practice)
    practice.clock.advance(minutes=10)
    answered = practice.clock()
    await text_out(practice, texted)
    first = (await waits(practice, unlinked))[0]
    assert first is not None
    assert first < answered
    conversations = practice.repository.conversations
    await conversations.link(unlinked, "p1", "chosen by Dana")
    assert await waits(practice, unlinked) == [answered]
    await conversations.link(unlinked, None, "not hers")
    assert await waits(practice, unlinked) == [first]


def test_who_waited_before_there_was_one_clock_waits_on() -> None:
    """A folder of before: what each conversation waited for is what was asked in it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        *earlier, step = migration.shipped()[:8]
        for one in earlier:
            db.executescript(one.sql)
        db.execute(
            "INSERT INTO conversation (id, patient_id, state, waiting_since) VALUES"
            " (1, 'p1', 'needs-reply', 50), (2, 'p1', 'needs-reply', 70), (3, 'p1', 'done', NULL)"
        )
        db.executescript(step.sql)
        found = [tuple(row) for row in db.execute(f"SELECT id, {SINCE} FROM conversation AS c")]  # noqa: S608 - a constant
        assert found[:2] == [(1, 50), (2, 50)]
        clock.refresh(db, 1)
        assert db.execute("SELECT asked_since FROM conversation WHERE id = 2").fetchone()[0] == 70

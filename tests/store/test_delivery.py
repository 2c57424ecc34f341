"""What providers tell of texts: late, twice, in any order, and before the text itself."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.message import (
    DeliveryReport,
    Direction,
    Effect,
    FailedRecipient,
    MessageKind,
    MessageStatus,
    Nature,
)
from inbox.outgoing import Draft
from inbox.repository import NewOutbox, OutboxRow
from tests.store.practice import Practice

TEXTS = Address(AddressSystem.PHONE, "+15550107788")
ROSA = Address(AddressSystem.PHONE, "+15550100101")
SID = "SM1"
FINAL = {
    ("relayed",): MessageStatus.SENT,
    ("relayed", "relayed", "delivered"): MessageStatus.DELIVERED,
    ("relayed", "failed"): MessageStatus.FAILED,
    ("failed", "delivered", "relayed"): MessageStatus.DELIVERED,
    ("delayed", "relayed"): MessageStatus.SENT,
}


async def text(practice: Practice, name: str = "one") -> OutboxRow:
    """A text that is being sent."""
    draft = Draft(ChannelKind.SMS, "texts", (ROSA,), "Hello Rosa")
    now = practice.clock()
    await practice.repository.outbox.enqueue(
        NewOutbox(
            uuid=name,
            draft=draft,
            line_address=TEXTS.value,
            rfc_id=f"{name}@twoway.invalid",
            in_reply_to="",
            references=(),
            staff_id="dana",
            because="",
            overridden=frozenset(),
            findings=(),
            proof="number checked",
            created_at=now,
            not_before=now,
        )
    )
    row = await practice.repository.outbox.claim(now, "here")
    assert row is not None
    return row


async def settle(practice: Practice, row: OutboxRow, sid: str = SID) -> None:
    """The provider took it."""
    await practice.repository.outbox.settle(
        row.id, MessageStatus.SENT, practice.clock(), provider_id=sid, claimed=row
    )


async def tell(
    practice: Practice, action: str, sid: str = SID, effect: Effect = Effect.NONE
) -> None:
    """The provider says something of a text."""
    word = FailedRecipient(ROSA.value, action, "", "Why.", "What to do.", effect)
    await practice.receive(
        "",
        line_id="texts",
        filing={"direction": Direction.OUTBOUND, "status": MessageStatus.SENT, "visible": False},
        channel=ChannelKind.SMS,
        kind=MessageKind.TEXT,
        sender=TEXTS,
        to=(ROSA,),
        subject="",
        message_id="",
        nature=Nature.BOUNCE,
        report=DeliveryReport((word,), sid),
    )


async def listed(practice: Practice, row: OutboxRow, sid: str) -> None:
    """The provider lists a text of ours under this name."""
    await practice.receive(
        "Hello Rosa",
        line_id="texts",
        filing={
            "direction": Direction.OUTBOUND,
            "status": MessageStatus.SENT,
            "visible": False,
            "echo_of": row.message_id,
            "provider_id": sid,
        },
        channel=ChannelKind.SMS,
        kind=MessageKind.TEXT,
        sender=TEXTS,
        to=(ROSA,),
        message_id=sid,
    )


async def state(practice: Practice, row: OutboxRow) -> MessageStatus:
    """The state of a text; its message in the conversation agrees."""
    row = await practice.repository.outbox.get(row.id)
    message = await practice.repository.conversations.message(row.message_id)
    assert message.status is row.status
    return row.status


@pytest.mark.parametrize("words", FINAL)
async def test_every_order_ends_in_the_same_state(
    practice: Practice, words: tuple[str, ...]
) -> None:
    for place, order in enumerate(set(itertools.permutations(("taken", *words)))):
        row = await text(practice, f"text {place}")
        for word in (*order, *(one for one in order if one != "taken")):
            if word == "taken":
                await settle(practice, row, f"SM{place}")
            else:
                await tell(practice, word, f"SM{place}")
        assert await state(practice, row) is FINAL[words], order


async def test_why_it_failed_and_what_to_do_is_kept(practice: Practice) -> None:
    row = await text(practice)
    await settle(practice, row)
    await tell(practice, "failed")
    row = await practice.repository.outbox.get(row.id)
    assert (row.status_text, row.hint) == ("Why", "What to do.")


async def test_it_is_tried_later_once_and_never_while_it_is_uncertain(practice: Practice) -> None:
    row = await text(practice)
    await settle(practice, row)
    await tell(practice, "failed", effect=Effect.LATER)
    again = await practice.repository.outbox.get(row.id)
    assert (again.status, again.automatic_retry) == (MessageStatus.QUEUED, True)
    assert again.not_before == practice.clock() + timedelta(minutes=30)
    assert not (await practice.row(row.conversation_id)).undelivered

    practice.clock.advance(minutes=30)
    claimed = await practice.repository.outbox.claim(practice.clock(), "here")
    assert claimed is not None
    await settle(practice, claimed, "SM2")
    # What is told of the first attempt is about the first attempt.
    await tell(practice, "failed", effect=Effect.LATER)
    assert await state(practice, row) is MessageStatus.SENT
    await tell(practice, "failed", "SM2", Effect.LATER)
    assert await state(practice, row) is MessageStatus.FAILED

    assert await practice.repository.filing.with_provider_id(SID)
    assert await practice.repository.filing.with_provider_id("SM2")
    assert await practice.repository.filing.with_provider_id("SM3") is None


async def test_what_the_provider_listed_has_left_whatever_the_connection_said(
    practice: Practice,
) -> None:
    row = await text(practice)
    await practice.repository.outbox.handing_over(row.id, "here")
    await listed(practice, row, SID)
    await tell(practice, "delivered")
    assert (await practice.repository.outbox.get(row.id)).status is MessageStatus.SENDING
    settled = await practice.repository.outbox.settle(
        row.id, MessageStatus.UNKNOWN, practice.clock(), text="It broke.", claimed=row
    )
    assert (settled.status, settled.provider_id) == (MessageStatus.DELIVERED, SID)
    assert settled.hint == ""


async def test_a_second_attempt_has_a_name_of_its_own(practice: Practice) -> None:
    row = await text(practice)
    await settle(practice, row)
    await tell(practice, "failed", effect=Effect.LATER)
    pair = "+15550100101 +15550107788"
    practice.clock.advance(minutes=30)
    claimed = await practice.repository.outbox.claim(practice.clock(), "here")
    assert claimed is not None
    assert [one.outbox_id for one in await practice.repository.filing.unsettled_on(pair)] == [
        row.id
    ]
    await listed(practice, row, "SM2")
    assert await practice.repository.filing.unsettled_on(pair) == []
    assert (await practice.repository.outbox.get(row.id)).provider_id == "SM2"


async def test_a_word_that_comes_a_day_later_tries_nothing_again(practice: Practice) -> None:
    row = await text(practice)
    await settle(practice, row)
    practice.clock.advance(hours=13)
    await tell(practice, "failed", effect=Effect.LATER)
    assert await state(practice, row) is MessageStatus.FAILED


async def test_it_can_be_taken_back_before_it_is_tried_again(practice: Practice) -> None:
    row = await text(practice)
    await settle(practice, row)
    await tell(practice, "failed", effect=Effect.LATER)
    assert await practice.repository.outbox.cancel(row.id)
    await tell(practice, "delivered")
    assert await state(practice, row) is MessageStatus.CANCELLED

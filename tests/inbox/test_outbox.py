"""What leaves: at most once, through the gate, from the line that was shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.memory.server import Trouble
from inbox.address import email
from inbox.channel import HandingOver, Receipt
from inbox.conversation import ConversationState, ListState
from inbox.errors import Blocked, Held, NotSent, TwowayError
from inbox.message import Direction, MessageStatus
from inbox.patient import Consent, PointHealth
from inbox.reply_path import ProofState
from tests.inbox.conftest import House
from tests.inbox.making import ANN, FRONT_DESK


async def asked(house: House) -> int:
    """Ann asks something; the id of the conversation."""
    await house.arrive(
        "ann@example.com", "Can I come on Thursday?", id="1@example.com", subject="Visit"
    )
    [row] = await house.rows()
    return row.id


async def test_the_whole_loop(house: House) -> None:
    conversation = await asked(house)

    row = await house.answer(conversation, "Yes, at ten.")
    [sent] = house.servers["front-desk"].sent
    house.clock.advance(minutes=3)
    await house.arrive(
        "ann@example.com",
        "Thank you, see you!",
        id="2@example.com",
        references=["1@example.com", row.rfc_id],
    )

    assert row.status is MessageStatus.SENT
    assert sent.line == FRONT_DESK
    assert sent.to[0].value == "ann@example.com"
    assert sent.in_reply_to == "1@example.com"
    assert sent.references == ("1@example.com",)
    [listed] = await house.rows()
    assert listed.state is ConversationState.NEEDS_REPLY
    directions = [message.direction for message in await house.messages(conversation)]
    assert directions == [Direction.INBOUND, Direction.OUTBOUND, Direction.INBOUND]
    entries = await house.repository.records.entries("p1")
    assert [entry["payload"][0]["contentString"] for entry in entries] == [
        "Can I come on Thursday?",
        "Yes, at ten.",
        "Thank you, see you!",
    ]
    assert (await house.repository.records.verify("p1")).problems == ()


async def test_our_copy_in_the_sent_folder_is_not_shown_twice(house: House) -> None:
    conversation = await asked(house)
    await house.answer(conversation, "Yes, at ten.")
    await house.sync()
    await house.sync()

    assert len(await house.messages(conversation)) == 2


async def test_a_message_can_be_taken_back(house: House) -> None:
    conversation = await asked(house)
    draft = replace(await house.desk.reply_draft(conversation), text="Oops")
    row = await house.desk.send(draft)
    house.clock.advance(seconds=7)
    await house.outbox.deliver_due()

    restored = await house.desk.undo(row.id)
    house.clock.advance(seconds=60)
    await house.outbox.deliver_due()

    assert restored is not None
    assert restored.text == "Oops"
    assert (await house.desk.reply_draft(conversation)).text == "Oops"
    assert house.servers["front-desk"].sent == []
    [listed] = await house.rows()
    assert listed.state is ConversationState.NEEDS_REPLY


async def test_it_is_too_late_once_it_left(house: House) -> None:
    conversation = await asked(house)
    row = await house.answer(conversation, "Yes")

    assert await house.desk.undo(row.id) is None


@pytest.mark.parametrize("trouble", [Trouble.LOST_UNTAKEN, Trouble.LOST_TAKEN])
async def test_an_unknown_outcome_is_reconciled_and_never_sent_again(
    house: House, trouble: Trouble
) -> None:
    conversation = await asked(house)
    house.servers["front-desk"].fail(trouble)
    row = await house.answer(conversation, "Yes")
    assert row.status is MessageStatus.UNKNOWN

    for _ in range(8):
        house.clock.advance(minutes=20)
        await house.handed_over.reconcile()
        await house.outbox.deliver_due()

    after = await house.repository.outbox.get(row.id)
    taken = trouble is Trouble.LOST_TAKEN
    assert after.status is (MessageStatus.SENT if taken else MessageStatus.UNKNOWN)
    assert len(house.servers["front-desk"].sent) == (1 if taken else 0)


async def test_a_person_sends_again_with_the_same_message_id(house: House) -> None:
    conversation = await asked(house)
    house.servers["front-desk"].fail(Trouble.LOST_UNTAKEN)
    row = await house.answer(conversation, "Yes")

    await house.desk.retry(row.id)
    await house.outbox.deliver_due()

    [sent] = house.servers["front-desk"].sent
    assert sent.message_id == row.rfc_id
    assert (await house.repository.outbox.get(row.id)).status is MessageStatus.SENT


@pytest.mark.parametrize("trouble", [Trouble.BUSY, Trouble.LOST_BEFORE])
async def test_a_passing_reason_is_tried_again_by_itself(house: House, trouble: Trouble) -> None:
    conversation = await asked(house)
    house.servers["front-desk"].fail(trouble)
    row = await house.answer(conversation, "Yes")
    assert row.status is MessageStatus.QUEUED
    await house.outbox.deliver_due()
    assert house.servers["front-desk"].sent == []

    house.clock.advance(seconds=90)
    await house.outbox.deliver_due()

    assert len(house.servers["front-desk"].sent) == 1


async def test_what_was_tried_often_enough_promises_no_further_try(house: House) -> None:
    conversation = await asked(house)
    house.servers["front-desk"].fail(Trouble.BUSY)
    row = await house.answer(conversation, "Yes")
    for _ in range(5):
        house.clock.advance(hours=4)
        await house.sync()
        house.servers["front-desk"].fail(Trouble.BUSY)
        await house.outbox.deliver_due()
    given_up = await house.repository.outbox.get(row.id)
    assert given_up.status is MessageStatus.FAILED
    assert "Send it again" in given_up.hint


async def test_a_refused_message_fails_with_a_sentence(house: House) -> None:
    conversation = await asked(house)
    house.servers["front-desk"].fail(Trouble.REFUSED)

    row = await house.answer(conversation, "Yes")

    assert row.status is MessageStatus.FAILED
    assert row.status_text
    [listed] = await house.rows(ListState.UNDELIVERED)
    assert listed.undelivered
    assert listed.state is ConversationState.NEEDS_REPLY
    with pytest.raises(TwowayError):
        await house.desk.done(conversation)


async def test_a_refused_sender_fails_the_line_at_once(house: House) -> None:
    conversation = await asked(house)
    house.servers["front-desk"].fail(Trouble.SENDER_REFUSED)

    await house.answer(conversation, "Yes")

    view = next(one for one in await house.desk.lines() if one.line == FRONT_DESK)
    assert view.proof.state is ProofState.FAILED
    draft = await house.desk.reply_draft(conversation)
    with pytest.raises(Blocked) as error:
        await house.desk.send(replace(draft, text="Yes, really"))
    assert error.value.findings[0].rule == "TW01"


async def test_a_refused_recipient_is_marked(house: House) -> None:
    conversation = await asked(house)
    house.servers["front-desk"].refuses.add("ann@example.com")

    await house.answer(conversation, "Yes")

    ann = await house.repository.patients.get("p1")
    assert ann.points[0].health is PointHealth.BAD


async def test_what_arrives_while_it_waits_holds_it_back(house: House) -> None:
    conversation = await asked(house)
    draft = replace(await house.desk.reply_draft(conversation), text="See you on Thursday")
    row = await house.desk.send(draft)
    await house.arrive(
        "ann@example.com", "Sorry, Friday!", id="2@example.com", references=["1@example.com"]
    )

    house.clock.advance(seconds=10)
    await house.outbox.deliver_due()

    after = await house.repository.outbox.get(row.id)
    assert after.status is MessageStatus.FAILED
    assert "wrote again" in after.status_text
    assert house.servers["front-desk"].sent == []


async def test_a_consent_taken_back_while_it_waits_blocks_it(house: House) -> None:
    conversation = await asked(house)
    draft = replace(await house.desk.reply_draft(conversation), text="See you on Thursday")
    row = await house.desk.send(draft)
    declined = replace(ANN, form=replace(ANN.form, email=Consent.DECLINED))
    await house.repository.patients.save([declined])

    house.clock.advance(seconds=10)
    await house.outbox.deliver_due()

    assert (await house.repository.outbox.get(row.id)).status is MessageStatus.FAILED
    assert house.servers["front-desk"].sent == []


async def test_a_hold_needs_a_reason_and_the_reason_is_kept(house: House) -> None:
    conversation = await asked(house)
    await house.answer(conversation, "Yes")
    draft = replace(await house.desk.reply_draft(conversation), text="Yes")
    with pytest.raises(Held) as error:
        await house.desk.send(draft)
    assert [finding.rule for finding in error.value.findings] == ["TW30"]

    row = await house.desk.send(draft, "She asked for it twice.", undo=False)
    await house.outbox.deliver_due()
    await house.recorder.drain()

    assert (await house.repository.outbox.get(row.id)).status is MessageStatus.SENT
    last = (await house.repository.records.entries("p1"))[-1]
    said = {part["url"].rpartition("/")[2]: part.get("valueString") for part in last["extension"]}
    assert said["override-reason"] == "She asked for it twice."
    actions = [action for _, _, action, _ in await house.repository.audit.latest(20)]
    assert "send in spite of a hold" in actions


async def test_the_line_is_frozen_when_queued(house: House) -> None:
    conversation = await asked(house)
    draft = replace(await house.desk.reply_draft(conversation), text="Yes")
    row = await house.desk.send(draft)
    moved = replace(FRONT_DESK, address="new@lakeside.example")
    lines = tuple(moved if line.id == moved.id else line for line in house.practice.lines)
    house.outbox._practice = replace(house.practice, lines=lines)

    house.clock.advance(seconds=10)
    await house.outbox.deliver_due()

    after = await house.repository.outbox.get(row.id)
    assert after.status is MessageStatus.FAILED
    assert "frontdesk@lakeside.example" in after.status_text
    assert house.servers["front-desk"].sent == []


async def test_nothing_leaves_to_somebody_without_a_proven_line(house: House) -> None:
    with pytest.raises(Blocked):
        await house.write(email("new@example.com"), "Hello")
    assert house.servers["front-desk"].sent == []


async def test_a_note_is_kept_and_never_leaves(house: House) -> None:
    conversation = await asked(house)

    await house.desk.note(conversation, "She prefers mornings.")
    await house.outbox.deliver_due()
    await house.recorder.drain()

    assert house.servers["front-desk"].sent == []
    [row] = await house.rows()
    assert row.state is ConversationState.NEEDS_REPLY
    last = (await house.repository.records.entries("p1"))[-1]
    assert last["note"][0]["text"] == "She prefers mornings."


async def test_what_a_dead_process_left_is_taken_up(house: House) -> None:
    conversation = await asked(house)
    draft = replace(await house.desk.reply_draft(conversation), text="Yes")
    first = await house.desk.send(draft, undo=False)
    claimed = await house.repository.outbox.claim(house.clock(), "dead")
    assert claimed is not None
    await house.outbox.recover()
    again = await house.repository.outbox.claim(house.clock(), "dead too")
    assert again is not None
    assert again.id == first.id
    await house.repository.outbox.handing_over(again.id, "dead too")

    await house.outbox.recover()
    await house.outbox.deliver_due()

    assert (await house.repository.outbox.get(first.id)).status is MessageStatus.UNKNOWN
    assert house.servers["front-desk"].sent == []


async def test_a_round_trip_proves_a_line(house: House) -> None:
    steps: list[str] = []

    proof = await house.back_office.prove("nurse", steps.append, patience=5)

    assert proof.state is ProofState.PROVEN
    assert proof.how == "round trip"
    assert len(steps) == 3
    assert await house.rows() == []


async def test_done_waits_for_the_record(house: House) -> None:
    await house.repository.patients.save([ANN])
    conversation = await asked(house)
    await house.desk.note(conversation, "Called her.")
    with pytest.raises(TwowayError) as error:
        await house.desk.done(conversation)
    assert "record" in error.value.sentence

    await house.recorder.drain()
    await house.desk.done(conversation, "Called her.")

    [row] = await house.rows(ListState.DONE)
    assert row.state is ConversationState.DONE


async def test_what_was_there_unread_when_we_answered_still_waits(house: House) -> None:
    conversation = await asked(house)
    server = house.servers["front-desk"]
    house.clock.advance(minutes=1)
    there_already = house.clock()
    house.clock.advance(minutes=1)
    await house.answer(conversation, "Yes, at ten.")
    server.put(
        b'{"from": "ann@example.com", "to": ["frontdesk@lakeside.example"], "text": "Or Friday?",'
        b' "id": "2@example.com", "references": ["1@example.com"]}',
        there_already,
    )

    await house.sync()

    [row] = await house.rows()
    assert row.state is ConversationState.NEEDS_REPLY
    assert row.waiting_since == there_already


async def test_a_reason_given_for_sending_again_covers_what_holds_now(house: House) -> None:
    conversation = await asked(house)
    house.servers["front-desk"].refuses.add("ann@example.com")
    row = await house.answer(conversation, "Yes")
    assert row.status is MessageStatus.FAILED
    house.servers["front-desk"].refuses.clear()
    with pytest.raises(Held):
        await house.desk.retry(row.id)

    await house.desk.retry(row.id, "She says it works again.")
    await house.outbox.deliver_due()

    assert (await house.repository.outbox.get(row.id)).status is MessageStatus.SENT


async def test_the_reason_for_sending_stays_with_the_message(house: House) -> None:
    conversation = await asked(house)
    draft = await house.desk.reply_draft(conversation)
    copied = replace(draft, text="Yes, ten is fine.", cc=(email("ben@example.com"),))
    held = replace(copied, seen_message_id=0)
    with pytest.raises(Held):
        await house.desk.send(held, undo=False)

    await house.desk.send(held, "I have read it.", undo=False)
    await house.outbox.deliver_due()

    sent = (await house.messages(conversation))[-1]
    assert sent.because == "I have read it."
    (_, staff, action, detail), *_ = await house.repository.audit.latest(1)
    assert (staff, action) == ("dana", "send in spite of a hold")
    assert "I have read it." in detail


async def test_all_of_a_very_long_draft_is_examined_as_it_is_typed(house: House) -> None:
    conversation = await asked(house)
    filler = "All is well. " * 20_000
    forbidden = "Please do not reply to this email. "
    draft = await house.desk.reply_draft(conversation)
    situation = await house.desk.situation(draft)

    middle = replace(draft, text=filler + forbidden + filler)
    seen = house.desk.judge(situation, middle)

    [finding] = seen.verdict.findings
    assert finding.rule == "TW06"
    assert finding.fix is not None
    assert finding.fix.text == (filler + filler).strip()
    with pytest.raises(Blocked):
        await house.desk.send(middle)


async def test_what_left_for_some_is_not_sent_to_them_again(house: House) -> None:
    conversation = await asked(house)
    house.servers["front-desk"].refuses.add("ben@example.com")
    draft = await house.desk.reply_draft(conversation)
    both = replace(draft, text="Yes", cc=(email("ben@example.com"),))
    row = await house.desk.send(both, "Ben asked for a copy.", undo=False)
    await house.outbox.deliver_due()

    after = await house.repository.outbox.get(row.id)
    assert after.status is MessageStatus.FAILED
    assert "ben@example.com" in after.status_text
    assert len(house.servers["front-desk"].sent) == 1
    with pytest.raises(Blocked):
        await house.desk.retry(row.id, "Again.")


async def test_a_line_that_is_down_for_long_does_not_fail_what_waits(house: House) -> None:
    conversation = await asked(house)
    house.servers["front-desk"].fail(Trouble.LOST_BEFORE)
    row = await house.answer(conversation, "Yes")
    house.clock.advance(minutes=21)

    await house.outbox.deliver_due()
    waiting = await house.repository.outbox.get(row.id)
    await house.sync()
    house.clock.advance(minutes=6)
    await house.sync()
    await house.outbox.deliver_due()

    assert waiting.status is MessageStatus.QUEUED
    assert (await house.repository.outbox.get(row.id)).status is MessageStatus.SENT


@pytest.mark.parametrize("handed", [False, True])
async def test_an_unforeseen_error_ends_one_message_and_not_the_work(
    house: House, handed: bool
) -> None:
    conversation = await asked(house)
    channel = house.channels["front-desk"]

    async def send(outgoing: object, permit: object, handing_over: HandingOver) -> Receipt:
        if handed:
            await handing_over()
        raise IndexError("a patient's words")

    channel.send = send  # type: ignore[method-assign]  # the bug in question

    row = await house.answer(conversation, "Yes")

    assert row.status is (MessageStatus.UNKNOWN if handed else MessageStatus.FAILED)
    assert "patient's words" not in row.status_text


async def test_a_round_trip_that_could_not_be_sent_is_not_waited_for(house: House) -> None:
    await asked(house)
    house.servers["front-desk"].fail(Trouble.BUSY)

    with pytest.raises(NotSent):
        await house.back_office.prove("front-desk", lambda _: None, patience=1)
    house.clock.advance(minutes=30)
    await house.sync()
    view = next(one for one in await house.desk.lines() if one.line == FRONT_DESK)

    assert view.proof.state is ProofState.PROVEN
    assert view.proof.how == "message received"

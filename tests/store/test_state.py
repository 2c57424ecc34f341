"""What a conversation waits for follows from its messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from inbox.address import email
from inbox.conversation import ConversationState, ListState
from inbox.message import Direction, MessageStatus, Nature
from tests.store.practice import Practice

NEEDS_REPLY, WAITING, DONE = (
    ConversationState.NEEDS_REPLY,
    ConversationState.WAITING,
    ConversationState.DONE,
)


async def test_what_arrives_needs_a_reply_until_it_is_answered(practice: Practice) -> None:
    conversation = await practice.conversation()
    row = await practice.row(conversation)
    assert row.state is NEEDS_REPLY
    assert row.waiting_since == practice.clock()
    assert row.unread
    practice.clock.advance(minutes=5)
    await practice.send(conversation)
    row = await practice.row(conversation)
    assert (row.state, row.waiting_since) == (WAITING, None)
    assert row.last_direction is Direction.OUTBOUND
    practice.clock.advance(minutes=5)
    await practice.receive("And Friday?", into=conversation)
    row = await practice.row(conversation)
    assert row.state is NEEDS_REPLY
    assert row.waiting_since == practice.clock()
    assert row.messages == 3


async def test_the_oldest_unanswered_one_says_how_long_they_wait(practice: Practice) -> None:
    conversation = await practice.conversation()
    first = practice.clock()
    practice.clock.advance(hours=1)
    await practice.receive("Hello?", into=conversation)
    assert (await practice.row(conversation)).waiting_since == first


async def test_an_answer_in_the_same_moment_answers(practice: Practice) -> None:
    conversation = await practice.conversation()
    await practice.send(conversation)
    assert (await practice.row(conversation)).state is WAITING
    await practice.receive(into=conversation)
    assert (await practice.row(conversation)).state is NEEDS_REPLY


async def test_an_answer_from_another_program_counts(practice: Practice) -> None:
    conversation = await practice.conversation()
    practice.clock.advance(minutes=1)
    await practice.send_elsewhere(conversation)
    assert (await practice.row(conversation)).state is WAITING


async def test_order_of_arrival_does_not_change_the_state(practice: Practice) -> None:
    began = practice.clock()
    sent = await practice.receive(
        sender=email("frontdesk@lakeside.example"),
        to=(email("rosa@example.com"),),
        filing={
            "direction": Direction.OUTBOUND,
            "status": MessageStatus.SENT,
            "at": began + timedelta(hours=1),
        },
    )
    assert sent.conversation_id is not None
    await practice.receive("Older", into=sent.conversation_id, at=began)
    row = await practice.row(sent.conversation_id)
    assert row.state is WAITING
    assert row.last_direction is Direction.OUTBOUND
    assert row.person == "Rosa Jimenez"


@pytest.mark.parametrize("status", [MessageStatus.FAILED, MessageStatus.UNKNOWN])
async def test_what_did_not_arrive_shows(practice: Practice, status: MessageStatus) -> None:
    conversation = await practice.conversation()
    practice.clock.advance(minutes=1)
    await practice.send(conversation, status)
    row = await practice.row(conversation)
    assert row.undelivered
    assert row.state is (NEEDS_REPLY if status is MessageStatus.FAILED else WAITING)
    page = await practice.repository.conversations.page(ListState.UNDELIVERED, practice.clock())
    assert [found.id for found in page.rows] == [conversation]


async def test_a_later_one_that_arrived_makes_a_failed_one_good(practice: Practice) -> None:
    conversation = await practice.conversation()
    practice.clock.advance(minutes=1)
    await practice.send(conversation, MessageStatus.FAILED)
    practice.clock.advance(minutes=1)
    await practice.send(conversation, to=(email("other@example.com"),))
    assert (await practice.row(conversation)).undelivered, "somebody else got that one"
    practice.clock.advance(minutes=1)
    await practice.send(conversation)
    assert not (await practice.row(conversation)).undelivered


async def test_an_unknown_one_stays_until_a_person_resolves_it(practice: Practice) -> None:
    conversation = await practice.conversation()
    practice.clock.advance(minutes=1)
    unknown = await practice.send(conversation, MessageStatus.UNKNOWN)
    practice.clock.advance(minutes=1)
    await practice.send(conversation)
    assert (await practice.row(conversation)).undelivered
    await practice.repository.outbox.settle(unknown.id, MessageStatus.SENT, practice.clock())
    assert not (await practice.row(conversation)).undelivered


async def test_a_first_message_that_failed_is_not_done(practice: Practice) -> None:
    row = await practice.send(None, MessageStatus.FAILED)
    assert (await practice.row(row.conversation_id)).state is WAITING


@pytest.mark.parametrize("nature", [Nature.BULK, Nature.AUTO_REPLY, Nature.BOUNCE, Nature.RECEIPT])
async def test_machines_wait_for_nothing(practice: Practice, nature: Nature) -> None:
    conversation = await practice.conversation(nature=nature)
    row = await practice.row(conversation)
    assert (row.state, row.waiting_since) == (DONE, None)
    shown = await practice.repository.conversations.page(ListState.ALL, practice.clock())
    assert [found.id for found in shown.rows] == [conversation]


async def test_a_machine_does_not_reopen_what_is_answered(practice: Practice) -> None:
    conversation = await practice.conversation()
    practice.clock.advance(minutes=1)
    await practice.send(conversation)
    practice.clock.advance(minutes=1)
    await practice.receive("Out of office", into=conversation, nature=Nature.AUTO_REPLY)
    assert (await practice.row(conversation)).state is WAITING


async def test_done_lasts_until_somebody_writes(practice: Practice) -> None:
    conversations = practice.repository.conversations
    conversation = await practice.conversation()
    practice.clock.advance(minutes=1)
    await conversations.set_done(conversation, practice.clock())
    row = await practice.row(conversation)
    assert (row.state, row.done_at, row.waiting_since) == (DONE, practice.clock(), None)
    practice.clock.advance(minutes=1)
    await practice.receive("Newsletter", into=conversation, nature=Nature.BULK)
    assert (await practice.row(conversation)).state is DONE
    # The server had it before the person closed the conversation, and we only after.
    late = practice.clock() - timedelta(seconds=90)
    await practice.receive("One more thing", into=conversation, at=late)
    row = await practice.row(conversation)
    assert (row.state, row.done_at, row.waiting_since) == (NEEDS_REPLY, None, late)


async def test_old_mail_that_comes_late_does_not_reopen(practice: Practice) -> None:
    conversation = await practice.conversation()
    await practice.repository.conversations.set_done(conversation, practice.clock())
    await practice.receive(into=conversation, at=practice.clock() - timedelta(days=30))
    row = await practice.row(conversation)
    assert row.state is DONE
    assert row.unread


async def test_done_can_be_taken_back(practice: Practice) -> None:
    conversation = await practice.conversation()
    await practice.repository.conversations.set_done(conversation, practice.clock())
    await practice.repository.conversations.set_done(conversation, None)
    assert (await practice.row(conversation)).state is NEEDS_REPLY


async def test_a_message_of_ours_opens_what_was_done(practice: Practice) -> None:
    conversation = await practice.conversation()
    await practice.send(conversation)
    practice.clock.advance(minutes=1)
    await practice.repository.conversations.set_done(conversation, practice.clock())
    practice.clock.advance(minutes=1)
    await practice.send(conversation)
    assert (await practice.row(conversation)).state is WAITING


async def test_closing_after_a_queued_answer_stays_closed_when_it_leaves(
    practice: Practice,
) -> None:
    conversation = await practice.conversation()
    practice.clock.advance(minutes=1)
    queued = await practice.queue(conversation)
    await practice.repository.conversations.set_done(conversation, practice.clock())
    practice.clock.advance(seconds=10)
    await practice.repository.outbox.claim(practice.clock(), "me")
    await practice.repository.outbox.settle(queued.id, MessageStatus.SENT, practice.clock())
    assert (await practice.row(conversation)).state is DONE


async def test_taking_back_an_answer_asks_for_one_again(practice: Practice) -> None:
    conversation = await practice.conversation()
    practice.clock.advance(minutes=1)
    queued = await practice.queue(conversation)
    assert (await practice.row(conversation)).state is WAITING
    assert await practice.repository.outbox.cancel(queued.id)
    assert (await practice.row(conversation)).state is NEEDS_REPLY


async def test_what_the_writer_had_not_seen_is_not_answered(practice: Practice) -> None:
    first = await practice.receive()
    assert first.conversation_id is not None
    practice.clock.advance(minutes=1)
    await practice.receive("Wait, another question", into=first.conversation_id)
    asked = practice.clock()
    practice.clock.advance(minutes=1)
    await practice.send(first.conversation_id, seen_message_id=first.message_id)
    row = await practice.row(first.conversation_id)
    assert (row.state, row.waiting_since) == (NEEDS_REPLY, asked)


async def test_what_came_between_queueing_and_leaving_is_not_answered(practice: Practice) -> None:
    conversation = await practice.conversation()
    practice.clock.advance(minutes=1)
    queued = await practice.queue(conversation)
    practice.clock.advance(seconds=3)
    await practice.receive("Never mind", into=conversation)
    practice.clock.advance(seconds=3)
    await practice.repository.outbox.claim(practice.clock(), "me")
    await practice.repository.outbox.settle(queued.id, MessageStatus.SENT, practice.clock())
    assert (await practice.row(conversation)).state is NEEDS_REPLY


async def test_snoozed_hides_until_its_time(practice: Practice) -> None:
    conversations = practice.repository.conversations
    conversation = await practice.conversation()
    until = practice.clock() + timedelta(hours=1)
    await conversations.snooze(conversation, until)

    async def listed(state: ListState) -> list[int]:
        return [row.id for row in (await conversations.page(state, practice.clock())).rows]

    assert await listed(ListState.NEEDS_REPLY) == []
    assert await listed(ListState.SNOOZED) == [conversation]
    assert await listed(ListState.ALL) == [conversation]
    assert (await conversations.counts(practice.clock())).snoozed == 1
    practice.clock.set(until)
    assert await listed(ListState.NEEDS_REPLY) == [conversation]
    assert await listed(ListState.SNOOZED) == []


async def test_what_arrives_wakes_a_snoozed_one(practice: Practice) -> None:
    conversation = await practice.conversation()
    later = practice.clock() + timedelta(days=1)
    await practice.repository.conversations.snooze(conversation, later)
    await practice.receive(into=conversation, at=practice.clock() - timedelta(days=9))
    assert (await practice.row(conversation)).snoozed_until == later
    practice.clock.advance(minutes=1)
    await practice.receive(into=conversation)
    assert (await practice.row(conversation)).snoozed_until is None


async def test_seen_never_goes_back(practice: Practice) -> None:
    conversations = practice.repository.conversations
    first = await practice.receive()
    assert first.conversation_id is not None
    assert first.message_id is not None
    second = await practice.receive(into=first.conversation_id)
    assert second.message_id is not None
    await conversations.mark_seen(first.conversation_id, first.message_id)
    assert (await practice.row(first.conversation_id)).unread
    await conversations.mark_seen(first.conversation_id, second.message_id)
    await conversations.mark_seen(first.conversation_id, first.message_id)
    assert not (await practice.row(first.conversation_id)).unread


async def test_a_note_changes_nothing_but_the_order(practice: Practice) -> None:
    conversation = await practice.conversation()
    practice.clock.advance(minutes=1)
    note = await practice.repository.conversations.add_note(
        conversation, "dana", "Called the lab", practice.clock()
    )
    row = await practice.row(conversation)
    assert (row.state, row.last_direction) == (NEEDS_REPLY, Direction.INTERNAL)
    assert row.snippet == "Called the lab"
    assert row.line_id == "front-desk"
    stored = await practice.repository.conversations.message(note)
    assert (stored.staff_id, stored.channel, stored.status) == ("dana", None, MessageStatus.NOTED)


async def test_the_subject_is_that_of_the_beginning(practice: Practice) -> None:
    conversation = await practice.conversation(subject="Re: AW: Lab result")
    await practice.receive(
        into=conversation, subject="Lab result?", at=practice.clock() - timedelta(days=1)
    )
    assert (await practice.row(conversation)).subject == "Lab result?"
    only = await practice.conversation(subject="Re: AW: Lab result")
    assert (await practice.row(only)).subject == "Lab result"


async def test_what_was_taken_back_is_not_the_last_word(practice: Practice) -> None:
    conversation = await practice.conversation()
    before = await practice.row(conversation)
    practice.clock.advance(minutes=5)
    row = await practice.queue(conversation)
    assert await practice.repository.outbox.cancel(row.id)
    after = await practice.row(conversation)
    assert (after.snippet, after.last_message_at) == (before.snippet, before.last_message_at)
    assert after.last_direction is Direction.INBOUND


async def test_a_new_message_taken_back_leaves_no_conversation(practice: Practice) -> None:
    row = await practice.queue(None)
    store = practice.repository.conversations
    for listed in (ListState.WAITING, ListState.ALL):
        assert [one.id for one in (await store.page(listed, practice.clock())).rows] == [
            row.conversation_id
        ]
    await practice.repository.outbox.take_back(row.id, "dana", practice.clock())
    for listed in ListState:
        assert not (await store.page(listed, practice.clock())).rows
    draft = replace(row.draft, conversation_id=row.conversation_id)
    key = f"c{row.conversation_id}"
    await practice.repository.drafts.save(key, "dana", draft, practice.clock())
    [kept] = (await store.page(ListState.ALL, practice.clock())).rows
    assert kept.id == row.conversation_id

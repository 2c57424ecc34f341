"""What is to leave: durable intent, one holder at a time, and the message that follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from inbox.address import email
from inbox.errors import NotFound, Stale
from inbox.events import ChangeKind
from inbox.message import MessageKind, MessageStatus
from inbox.outgoing import DraftAttachment
from inbox.repository import NewOutbox, OutboxRow, StatusChange
from store.database import open_repository
from tests.clock import FakeClock
from tests.store.practice import DESK, OMAR, ROSA, Practice, batch, item

LATER = timedelta(minutes=5)


def new_row(practice: Practice, **more: object) -> NewOutbox:
    file = DraftAttachment("form.pdf", "application/pdf", 3, "cd" * 32)
    made = NewOutbox(
        uuid="0b5c7a52-0000-4000-8000-000000000001",
        draft=practice.draft(None, cc=(OMAR,), attachments=(file,), patient_id="p1"),
        line_address=DESK.value,
        rfc_id="one@lakeside.example",
        in_reply_to="their@example.com",
        references=("older@example.com", "their@example.com"),
        staff_id="dana",
        because="they asked for it",
        overridden=frozenset({"TW31"}),
        findings=("TW31 hold: late",),
        proof="round trip, 3 min ago",
        created_at=practice.clock(),
        not_before=practice.clock() + timedelta(seconds=10),
        person="Rosa J.",
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields named by the tests


async def test_intent_is_durable_with_the_message_that_stands_for_it(
    folder: Path, clock: FakeClock, practice: Practice
) -> None:
    new = new_row(practice)
    await practice.repository.drafts.save("new", "dana", new.draft, clock())
    row = await practice.repository.outbox.enqueue(new)
    other = await open_repository(folder, clock)
    assert await other.outbox.get(row.id) == row
    for name in ("uuid", "draft", "line_address", "rfc_id", "in_reply_to", "references"):
        assert getattr(row, name) == getattr(new, name)
    assert (row.overridden, row.findings) == (new.overridden, new.findings)
    assert (row.status, row.attempts, row.automatic_retry) == (MessageStatus.QUEUED, 0, False)
    assert (row.created_at, row.not_before) == (new.created_at, new.not_before)
    message = await other.conversations.message(row.message_id)
    assert (message.uuid, message.outbox_id) == (new.uuid, row.id)
    assert (message.kind, message.status) == (MessageKind.EMAIL, MessageStatus.QUEUED)
    assert (message.to, message.cc) == ((ROSA,), (OMAR,))
    assert message.sender == email(DESK.value)
    assert message.attachments[0].name == "form.pdf"
    assert (message.in_reply_to, message.references) == ((new.in_reply_to,), new.references)
    assert (message.staff_id, message.proof, message.patient_id) == ("dana", new.proof, "p1")
    conversation = await other.conversations.row(row.conversation_id)
    assert (conversation.person, conversation.person_address) == ("Rosa J.", ROSA.value)
    assert conversation.patient_id == "p1"
    assert await other.drafts.load("new", "dana") is None
    await other.close()
    with pytest.raises(Stale):
        await practice.repository.outbox.enqueue(new)


async def test_a_row_is_taken_once_and_when_it_is_due(
    folder: Path, clock: FakeClock, practice: Practice
) -> None:
    outbox = practice.repository.outbox
    row = await outbox.enqueue(new_row(practice))
    assert await outbox.next_due() == row.not_before
    assert await outbox.claim(clock(), "me") is None
    clock.advance(seconds=10)
    other = await open_repository(folder, clock)
    taken = [await outbox.claim(clock(), "me"), await other.outbox.claim(clock(), "you")]
    assert taken[1] is None
    assert taken[0] is not None
    assert (taken[0].status, taken[0].attempts) == (MessageStatus.SENDING, 1)
    assert await outbox.next_due() is None
    message = await other.conversations.message(row.message_id)
    assert message.status is MessageStatus.SENDING
    with pytest.raises(Stale):
        await other.outbox.handing_over(row.id, "you")
    await outbox.handing_over(row.id, "me")
    assert not await outbox.cancel(row.id)
    await other.close()


async def test_the_oldest_due_row_goes_first(practice: Practice) -> None:
    first = await practice.queue(None)
    practice.clock.advance(seconds=1)
    second = await practice.queue(None)
    order = [await practice.repository.outbox.claim(practice.clock(), "me") for _ in range(3)]
    assert [row and row.id for row in order] == [first.id, second.id, None]


async def test_sent_is_written_everywhere(practice: Practice) -> None:
    outbox = practice.repository.outbox
    queued = await practice.queue(None, patient_id="p1")
    practice.clock.advance(seconds=10)
    await outbox.claim(practice.clock(), "me")
    feed = practice.repository.changes()
    left = b"From: frontdesk\r\n\r\nYes"
    row = await outbox.settle(
        queued.id,
        MessageStatus.SENT,
        practice.clock(),
        provider_id="queue-7",
        copy_raw=left,
    )
    assert (row.status, row.provider_id) == (MessageStatus.SENT, "queue-7")
    assert row.sent_at == practice.clock()
    message = await practice.repository.conversations.message(row.message_id)
    assert (message.status, message.at) == (MessageStatus.SENT, practice.clock())
    assert message.raw_id is not None
    assert (await practice.repository.raw.content(message.raw_id)).content == left
    (due,) = await practice.repository.records.due(9)
    assert due.message == message
    kinds = {change.kind for change in await anext(feed)}
    assert kinds == {ChangeKind.OUTBOX, ChangeKind.CONVERSATION}
    # The copy in the folder of sent messages is the same item, and nothing new to file.
    copy = replace(item(7, left), ours=True)
    raw = practice.repository.raw
    assert await raw.save_batch("front-desk", batch(copy), practice.clock()) == 0
    assert await raw.unfiled("front-desk", 9) == []


async def test_a_copy_that_was_fetched_before_the_answer_is_ours(practice: Practice) -> None:
    left = b"From: frontdesk\r\n\r\nYes"
    queued = await practice.queue(None)
    await practice.repository.outbox.claim(practice.clock(), "me")
    copy = replace(item(7, left), ours=True)
    assert await practice.repository.raw.save_batch("front-desk", batch(copy), practice.clock())
    await practice.repository.outbox.settle(
        queued.id, MessageStatus.SENT, practice.clock(), copy_raw=left
    )
    assert await practice.repository.raw.unfiled("front-desk", 9) == []


async def test_a_passing_failure_is_tried_again(practice: Practice) -> None:
    outbox, clock = practice.repository.outbox, practice.clock
    queued = await practice.queue(None)
    await outbox.claim(clock(), "me")
    again = clock() + LATER
    row = await outbox.settle(
        queued.id,
        MessageStatus.QUEUED,
        clock(),
        text="No connection.",
        hint="Wait.",
        retry_at=again,
    )
    assert (row.automatic_retry, row.not_before) == (True, again)
    assert (row.status_text, row.hint) == ("No connection.", "Wait.")
    assert await outbox.claim(clock(), "me") is None
    clock.advance(LATER)
    claimed = await outbox.claim(clock(), "me")
    assert claimed is not None
    assert (claimed.attempts, claimed.automatic_retry, claimed.status_text) == (2, False, "")


async def test_only_a_person_sends_again_and_with_the_same_name(practice: Practice) -> None:
    outbox, clock = practice.repository.outbox, practice.clock
    failed = await practice.send(None, MessageStatus.FAILED)
    assert await outbox.claim(clock() + timedelta(days=1), "me") is None
    row = await outbox.requeue(failed.id, clock(), "they called", "lee")
    assert (row.status, row.because, row.staff_id) == (MessageStatus.QUEUED, "they called", "lee")
    assert row.rfc_id == failed.rfc_id
    with pytest.raises(Stale):
        await outbox.requeue(failed.id, clock(), "", "lee")
    claimed = await outbox.claim(clock(), "me")
    assert claimed is not None
    assert (claimed.id, claimed.attempts) == (failed.id, 2)


async def test_taking_back_is_possible_until_it_is_taken(practice: Practice) -> None:
    outbox = practice.repository.outbox
    row = await practice.queue(None)
    assert await outbox.cancel(row.id)
    assert (await outbox.get(row.id)).status is MessageStatus.CANCELLED
    message = await practice.repository.conversations.message(row.message_id)
    assert message.status is MessageStatus.CANCELLED
    assert await outbox.claim(practice.clock(), "me") is None
    with pytest.raises(Stale):
        await outbox.settle(row.id, MessageStatus.SENT, practice.clock())
    assert await outbox.open_rows(9) == []


async def test_receipts_that_overtake_each_other_keep_the_better_word(
    practice: Practice,
) -> None:
    outbox = practice.repository.outbox
    row = await practice.send(None, MessageStatus.DELIVERED)
    late = await outbox.settle(row.id, MessageStatus.SENT, practice.clock())
    assert late.status is MessageStatus.DELIVERED


async def test_orphans_are_what_dead_holders_left(practice: Practice) -> None:
    outbox, clock = practice.repository.outbox, practice.clock
    rows = [await practice.queue(None) for _ in range(3)]
    for holder in ("dead", "dead", "alive"):
        await outbox.claim(clock(), holder)
    await outbox.handing_over(rows[1].id, "dead")
    left = await outbox.orphans({"alive"})
    assert [(row.id, began) for row, began in left] == [(rows[0].id, False), (rows[1].id, True)]
    assert await outbox.orphans({"alive", "dead"}) == []


async def test_open_rows_are_what_needs_an_eye(practice: Practice) -> None:
    outbox = practice.repository.outbox
    await practice.send(None, MessageStatus.SENT)
    failed = await practice.send(None, MessageStatus.FAILED)
    unknown = await practice.send(None, MessageStatus.UNKNOWN)
    queued = await practice.queue(None)
    ids = [row.id for row in await outbox.open_rows(9)]
    assert ids == [queued.id, unknown.id, failed.id]
    assert len(await outbox.open_rows(2)) == 2


async def test_earlier_rows_to_the_same_people(practice: Practice) -> None:
    outbox, clock = practice.repository.outbox, practice.clock
    unknown = await practice.send(None, MessageStatus.UNKNOWN)
    old = await practice.send(None)
    clock.advance(days=2)
    recent: list[OutboxRow] = [await practice.send(None) for _ in range(2)]
    copied = await practice.send(None, to=(OMAR,), cc=(ROSA,))
    await practice.send(None, to=(OMAR,))
    since = clock() - timedelta(days=1)
    found = await outbox.recent_to([email("ROSA@example.com")], since)
    assert [row.id for row in found] == [copied.id, recent[1].id, recent[0].id, unknown.id]
    assert old.id not in {row.id for row in found}
    assert await outbox.recent_to([], since) == []


async def test_an_unknown_row_is_not_found(practice: Practice) -> None:
    with pytest.raises(NotFound):
        await practice.repository.outbox.get(5)
    with pytest.raises(NotFound):
        await practice.repository.outbox.settle(5, MessageStatus.SENT, practice.clock())


async def taken_over(practice: Practice, *, began: bool) -> tuple[OutboxRow, OutboxRow]:
    """A row as its first, lost attempt claimed it, and as it is after it was taken up again."""
    outbox, clock = practice.repository.outbox, practice.clock
    queued = await practice.queue(None)
    first = await outbox.claim(clock(), "asleep")
    assert first is not None
    if began:
        await outbox.handing_over(queued.id, "asleep")
    status = MessageStatus.UNKNOWN if began else MessageStatus.QUEUED
    retry_at = None if began else clock()
    return first, await outbox.settle(queued.id, status, clock(), retry_at=retry_at, claimed=first)


@pytest.mark.parametrize(
    ("late", "provider_id"),
    [
        (MessageStatus.QUEUED, ""),
        (MessageStatus.FAILED, ""),
        (MessageStatus.UNKNOWN, ""),
    ],
)
async def test_an_attempt_that_lost_its_row_settles_nothing_it_is_not_sure_of(
    practice: Practice, late: MessageStatus, provider_id: str
) -> None:
    outbox, clock = practice.repository.outbox, practice.clock
    first, _ = await taken_over(practice, began=False)
    second = await outbox.claim(clock(), "awake")
    assert second is not None
    with pytest.raises(Stale):
        await outbox.settle(first.id, late, clock(), provider_id=provider_id, claimed=first)
    assert await outbox.get(first.id) == second
    row = await outbox.settle(second.id, MessageStatus.SENT, clock(), claimed=second)
    assert row.status is MessageStatus.SENT


@pytest.mark.parametrize("meanwhile", ["unknown", "queued again", "being sent", "taken back"])
async def test_that_it_left_is_never_thrown_away(practice: Practice, meanwhile: str) -> None:
    outbox, clock = practice.repository.outbox, practice.clock
    first, row = await taken_over(practice, began=True)
    if meanwhile != "unknown":
        row = await outbox.requeue(row.id, clock(), "", "lee")
    if meanwhile == "being sent":
        assert await outbox.claim(clock(), "awake") is not None
    if meanwhile == "taken back":
        assert await outbox.cancel(row.id)
    row = await outbox.settle(
        first.id, MessageStatus.SENT, clock(), provider_id="queue-7", claimed=first
    )
    assert (row.status, row.provider_id) == (MessageStatus.SENT, "queue-7")
    assert await outbox.claim(clock() + timedelta(days=1), "anybody") is None
    with pytest.raises(Stale):
        await outbox.handing_over(row.id, "awake")


async def test_that_it_may_have_left_keeps_it_from_being_sent_again_by_itself(
    practice: Practice,
) -> None:
    outbox, clock = practice.repository.outbox, practice.clock
    first, row = await taken_over(practice, began=False)
    assert row.status is MessageStatus.QUEUED
    row = await outbox.settle(first.id, MessageStatus.UNKNOWN, clock(), claimed=first)
    assert row.status is MessageStatus.UNKNOWN
    assert await outbox.claim(clock() + timedelta(days=1), "anybody") is None


async def test_a_bounce_outweighs_the_late_word_that_it_left(practice: Practice) -> None:
    outbox, clock = practice.repository.outbox, practice.clock
    first, row = await taken_over(practice, began=True)
    change = StatusChange(row.message_id, MessageStatus.FAILED, "no such mailbox")
    await practice.receive("It came back", filing={"changes": (change,)})
    with pytest.raises(Stale):
        await outbox.settle(first.id, MessageStatus.SENT, clock(), provider_id="7", claimed=first)
    assert (await outbox.get(row.id)).status is MessageStatus.FAILED


@pytest.mark.parametrize("late", [MessageStatus.QUEUED, MessageStatus.UNKNOWN])
async def test_nothing_makes_what_left_wait_again(practice: Practice, late: MessageStatus) -> None:
    sent = await practice.send(None)
    with pytest.raises(Stale):
        await practice.repository.outbox.settle(sent.id, late, practice.clock())
    assert (await practice.repository.outbox.get(sent.id)).status is MessageStatus.SENT


async def test_a_draft_that_is_taken_back_lies_over_the_one_begun_since(
    practice: Practice,
) -> None:
    outbox, drafts, clock = practice.repository.outbox, practice.repository.drafts, practice.clock
    conversation = await practice.conversation()
    key = f"c{conversation}"
    rows = [await practice.queue(conversation, text) for text in ("First", "Second")]
    newer = practice.draft(conversation, "Begun since")
    await drafts.save(key, "dana", newer, clock())
    for row in rows:
        clock.advance(seconds=1)
        assert await outbox.take_back(row.id, "dana", clock()) == row.draft
        assert (await outbox.get(row.id)).status is MessageStatus.CANCELLED
    assert await outbox.take_back(rows[0].id, "dana", clock()) is None
    assert await drafts.below(key, "dana") == 2
    assert await drafts.conversations("dana") == [conversation]
    seen = []
    for _ in range(3):
        draft = await drafts.load(key, "dana")
        seen.append(draft.text if draft else "")
        await drafts.delete(key, "dana")
    assert seen[0] == "Second"
    assert sorted(seen) == ["Begun since", "First", "Second"]
    assert await drafts.load(key, "dana") is None


async def test_drafts_in_one_place_can_be_turned(practice: Practice) -> None:
    outbox, drafts, clock = practice.repository.outbox, practice.repository.drafts, practice.clock
    row = await practice.queue(None, "Taken back")
    await drafts.save("new", "dana", practice.draft(None, "Begun since"), clock())
    await outbox.take_back(row.id, "dana", clock())
    for text in ("Begun since", "Taken back", "Begun since"):
        turned = await drafts.turn("new", "dana")
        assert turned is not None
        assert turned.text == text
        assert await drafts.load("new", "dana") == turned
    assert await drafts.below("new", "dana") == 1
    assert await drafts.turn("new", "lee") is None


async def test_sending_drops_the_kept_copy_of_this_draft_and_of_no_other(
    practice: Practice,
) -> None:
    drafts, clock = practice.repository.drafts, practice.clock
    mine = practice.draft(None, "Half written", begun_at=clock())
    await drafts.save("new", "dana", mine, clock())
    clock.advance(minutes=1)
    await practice.queue(None, "From the command line", begun_at=clock())
    assert await drafts.load("new", "dana") == mine
    await practice.queue(None, "Half written, and more", begun_at=mine.begun_at)
    assert await drafts.load("new", "dana") is None

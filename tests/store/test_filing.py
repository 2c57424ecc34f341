"""An arrival becomes a message: where it joins, what it says of others, what it merges."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox.address import ChannelKind, email
from inbox.conversation import ConversationState, ListState
from inbox.errors import NotFound
from inbox.message import Attachment, Direction, MessageStatus, Nature
from inbox.patient import PointHealth
from inbox.repository import Filed, Filing, StatusChange
from tests.store.practice import DESK, OMAR, ROSA, ROSA_PATIENT, Practice, arrival
from tests.store.searching import hits


async def test_everything_of_an_arrival_is_kept(practice: Practice) -> None:
    sent = practice.clock() - timedelta(minutes=3)
    file = Attachment("1.2", "Überweisung.pdf", "application/pdf", 123, "ab" * 32)
    filed = await practice.receive(
        "Grüße 👩‍⚕️ \ud83d",
        whole="Grüße\n> quoted",
        cc=(OMAR,),
        reply_to=(email("rosa.home@example.com"),),
        sent_at=sent,
        attachments=(file,),
        message_id="a@b",
        in_reply_to=("p2@x",),
        references=("p1@x", "p2@x"),
        thread_key="t1",
        list_id="",
        filing={"patient_id": "p1", "match_reason": "matched by e-mail address"},
    )
    assert filed.message_id is not None
    stored = await practice.repository.conversations.message(filed.message_id)
    assert stored.text == "Grüße 👩‍⚕️ ?"
    assert stored.whole == "Grüße\n> quoted"
    assert (stored.sender, stored.to, stored.cc) == (ROSA, (DESK,), (OMAR,))
    assert stored.reply_to == (email("rosa.home@example.com"),)
    assert (stored.at, stored.sent_at) == (practice.clock(), sent)
    assert stored.attachments == (file,)
    assert (stored.message_id, stored.in_reply_to) == ("a@b", ("p2@x",))
    assert stored.references == ("p1@x", "p2@x")
    assert (stored.patient_id, stored.match_reason) == ("p1", "matched by e-mail address")
    assert (stored.direction, stored.channel) == (Direction.INBOUND, ChannelKind.EMAIL)
    assert stored.raw_id is not None
    assert not stored.recorded
    assert filed.conversation_id is not None
    row = await practice.row(filed.conversation_id)
    assert (row.patient_id, row.patient_name, row.title) == ("p1", "", "Rosa Jimenez")
    assert row.unrecorded
    await practice.repository.patients.save([ROSA_PATIENT])
    assert (await practice.row(filed.conversation_id)).patient_name == "Rosa Jimenez"


async def test_ten_thousand_recipients_are_kept(practice: Practice) -> None:
    many = tuple(email(f"p{n}@example.com") for n in range(10_000))
    filed = await practice.receive(to=many)
    assert filed.message_id is not None
    stored = await practice.repository.conversations.message(filed.message_id)
    assert stored.to == many


async def test_a_conversation_that_begins_with_us_is_with_the_recipient(
    practice: Practice,
) -> None:
    filed = await practice.receive(
        sender=DESK,
        to=(OMAR,),
        filing={"direction": Direction.OUTBOUND, "status": MessageStatus.SENT},
    )
    assert filed.conversation_id is not None
    row = await practice.row(filed.conversation_id)
    assert (row.person, row.person_address) == (OMAR.name, OMAR.value)


async def test_relatives_are_parents_and_children(practice: Practice) -> None:
    first = await practice.receive(message_id="one@x", cc=(OMAR,))
    second = await practice.receive(
        message_id="two@x", in_reply_to=("one@x",), references=("zero@x", "one@x"), list_id="l"
    )
    await practice.receive(message_id="")
    relatives = await practice.repository.filing.relatives("", ["one@x", "", "none@x"])
    assert [(r.message_id, r.rfc_id) for r in relatives] == [(first.message_id, "one@x")]
    assert relatives[0].participants == {"rosa@example.com", DESK.value, OMAR.value}
    assert relatives[0].sender == "rosa@example.com"
    (child,) = await practice.repository.filing.relatives("zero@x", [])
    assert (child.message_id, child.parents) == (second.message_id, ("one@x", "zero@x"))
    assert child.list_id == "l"
    both = await practice.repository.filing.relatives("one@x", ["one@x"])
    assert [r.message_id for r in both] == [first.message_id, second.message_id]
    assert await practice.repository.filing.relatives("", []) == []


async def test_messages_are_found_by_their_id(practice: Practice) -> None:
    first = await practice.receive(message_id="same@x")
    second = await practice.receive(message_id="same@x", line_id="other")
    found = await practice.repository.filing.with_message_id("same@x")
    assert [message.id for message in found] == [first.message_id, second.message_id]
    (found_there,) = await practice.repository.filing.with_message_id("same@x", "other")
    assert found_there.id == second.message_id
    assert await practice.repository.filing.with_message_id("") == []


async def test_several_conversations_become_one(practice: Practice) -> None:
    conversations = practice.repository.conversations
    kept = await practice.conversation("First")
    practice.clock.advance(minutes=1)
    other = await practice.receive("Second", filing={"patient_id": "p1"})
    assert other.conversation_id is not None
    third = await practice.conversation("Third")
    assert other.message_id is not None
    for done in (kept, third):
        await conversations.set_done(done, practice.clock())
        await conversations.mark_seen(done, 99)
    note = await conversations.add_note(other.conversation_id, "dana", "Noted", practice.clock())
    await conversations.assign(other.conversation_id, "dana")
    queued = await practice.queue(other.conversation_id)
    await practice.repository.drafts.save(
        f"c{other.conversation_id}", "lee", practice.draft(None), practice.clock()
    )
    practice.clock.advance(minutes=1)
    await practice.receive("All of you", into=(kept, other.conversation_id, third, kept))

    row = await practice.row(kept)
    assert (row.id, row.messages, row.assigned_to) == (kept, 6, "dana")
    assert (row.patient_id, row.state) == ("p1", ConversationState.NEEDS_REPLY)
    assert row.unread
    assert await practice.row(other.conversation_id) == await practice.row(third) == row
    texts = [message.text for message in await conversations.messages(third)]
    assert texts[0] == "First"
    assert texts[-1] == "All of you"
    assert (await conversations.message(note)).conversation_id == kept
    assert (await practice.repository.outbox.get(queued.id)).conversation_id == kept
    assert await practice.repository.drafts.conversations("lee") == [kept]
    page = await conversations.page(ListState.ALL, practice.clock())
    assert [found.id for found in page.rows] == [kept]
    # A later merge takes the earlier tombstones along, and a tombstone can be named.
    another = await practice.conversation("Another")
    await practice.receive("Again", into=(another, third))
    assert (await practice.row(other.conversation_id)).id == another


async def test_merging_hides_nothing_that_was_unread_or_waits(practice: Practice) -> None:
    conversations = practice.repository.conversations
    waits = await practice.receive("I wait")
    assert waits.conversation_id is not None
    practice.clock.advance(minutes=1)
    closed = await practice.receive("Closed")
    assert closed.conversation_id is not None
    assert closed.message_id is not None
    await conversations.mark_seen(closed.conversation_id, closed.message_id)
    await conversations.set_done(closed.conversation_id, practice.clock())
    await practice.receive(
        "List", into=(closed.conversation_id, waits.conversation_id), nature=Nature.BULK
    )
    row = await practice.row(closed.conversation_id)
    assert row.state is ConversationState.NEEDS_REPLY
    assert row.unread


async def test_what_cannot_be_read_is_seen(practice: Practice) -> None:
    filed = await practice.receive("raw bytes", filing={"quarantined": True})
    assert filed.conversation_id is not None
    row = await practice.row(filed.conversation_id)
    assert row.needs_look
    assert row.state is ConversationState.NEEDS_REPLY
    (message,) = await practice.repository.conversations.messages(filed.conversation_id)
    assert message.nature is Nature.UNREADABLE
    assert await practice.repository.raw.unfiled("front-desk", 9) == []


async def test_what_is_not_visible_is_filed_without_a_message(practice: Practice) -> None:
    filed = await practice.receive(nature=Nature.PROBE, filing={"visible": False})
    assert filed == Filed(None, None)
    assert await practice.repository.raw.unfiled("front-desk", 9) == []
    page = await practice.repository.conversations.page(ListState.ALL, practice.clock())
    assert page.rows == ()


async def test_filing_twice_changes_nothing(practice: Practice) -> None:
    raw_id = await practice.store()
    filing = Filing(
        raw_id,
        "front-desk",
        arrival(),
        Direction.INBOUND,
        MessageStatus.RECEIVED,
        practice.clock(),
    )
    first = await practice.repository.filing.file(filing)
    assert await practice.repository.filing.file(filing) == first
    assert first.conversation_id is not None
    assert (await practice.row(first.conversation_id)).messages == 1


async def test_our_own_copy_settles_what_was_unknown(practice: Practice) -> None:
    sent = await practice.send(None, MessageStatus.UNKNOWN)
    raw_id = await practice.store()
    filed = await practice.repository.filing.file(
        Filing(
            raw_id,
            "front-desk",
            arrival(sender=DESK, to=(ROSA,)),
            Direction.OUTBOUND,
            MessageStatus.SENT,
            practice.clock(),
            visible=False,
            echo_of=sent.message_id,
        )
    )
    assert filed == Filed(None, sent.message_id)
    message = await practice.repository.conversations.message(sent.message_id)
    assert (message.status, message.raw_id) == (MessageStatus.SENT, raw_id)
    row = await practice.repository.outbox.get(sent.id)
    assert row.status is MessageStatus.SENT
    assert row.sent_at is not None
    assert (await practice.row(sent.conversation_id)).messages == 1


async def test_a_bounce_changes_ours_and_marks_the_address(practice: Practice) -> None:
    repository = practice.repository
    await repository.patients.save([ROSA_PATIENT])
    sent = await practice.send(None, patient_id="p1")
    practice.clock.advance(minutes=1)
    await practice.receive(
        "unknown user",
        into=sent.conversation_id,
        nature=Nature.BOUNCE,
        filing={
            "changes": (StatusChange(sent.message_id, MessageStatus.FAILED, "unknown user"),),
            "bad_points": ((email("ROSA@example.com"), "unknown user"),),
        },
    )
    row = await practice.row(sent.conversation_id)
    assert row.undelivered
    assert row.state is ConversationState.WAITING
    message = await repository.conversations.message(sent.message_id)
    assert (message.status, message.status_text) == (MessageStatus.FAILED, "unknown user")
    assert (await repository.outbox.get(sent.id)).status is MessageStatus.FAILED
    (point,) = (await repository.patients.get("p1")).points
    assert (point.health, point.health_reason) == (PointHealth.BAD, "unknown user")
    await repository.patients.mark_point(ROSA, PointHealth.GOOD, "")
    assert (await repository.patients.get("p1")) == ROSA_PATIENT


async def test_a_suggested_merge_is_kept_for_a_person(practice: Practice) -> None:
    first = await practice.conversation()
    second = await practice.receive(filing={"suggested_merge": first})
    assert second.conversation_id is not None
    assert (await practice.row(second.conversation_id)).suggested_merge == first
    await practice.receive(into=(first, second.conversation_id))
    assert (await practice.row(first)).suggested_merge is None


@pytest.mark.parametrize("missing", ["raw", "conversation", "echo", "change"])
async def test_what_is_missing_is_told_and_nothing_is_filed(
    practice: Practice, missing: str
) -> None:
    raw_id = await practice.store()
    filing = Filing(
        999 if missing == "raw" else raw_id,
        "front-desk",
        arrival(),
        Direction.INBOUND,
        MessageStatus.RECEIVED,
        practice.clock(),
        conversations=(999,) if missing == "conversation" else (),
        echo_of=999 if missing == "echo" else None,
        changes=(StatusChange(999, MessageStatus.FAILED),) if missing == "change" else (),
    )
    with pytest.raises(NotFound):
        await practice.repository.filing.file(filing)
    assert len(await practice.repository.raw.unfiled("front-desk", 9)) == 1


async def test_linking_tells_whom_the_messages_are_about(practice: Practice) -> None:
    repository = practice.repository
    await repository.patients.save([ROSA_PATIENT])
    conversation = await practice.conversation("About the rash")
    about = await practice.receive("About a son", into=conversation, filing={"patient_id": "p9"})
    page = await repository.conversations.page(ListState.UNKNOWN, practice.clock())
    assert [row.id for row in page.rows] == []
    await repository.conversations.link(conversation, None, "")
    page = await repository.conversations.page(ListState.UNKNOWN, practice.clock())
    assert [row.id for row in page.rows] == [conversation]
    await repository.conversations.link(conversation, "p1", "chosen by dana")
    first, second = await repository.conversations.messages(conversation)
    assert (first.patient_id, first.match_reason) == ("p1", "chosen by dana")
    assert (second.id, second.patient_id) == (about.message_id, "p9")
    assert (await practice.row(conversation)).title == "Rosa Jimenez"
    rows = await repository.conversations.of_patient("p1", 9)
    assert [row.id for row in rows] == [conversation]
    assert [hit.message_id for hit in await hits(repository, "patient:jim")] == [first.id]


async def test_pages_go_on_where_they_ended(practice: Practice) -> None:
    conversations = practice.repository.conversations
    ids = []
    for turn in range(7):
        # Several in the same moment: the id decides.
        practice.clock.advance(minutes=turn % 2)
        ids.append(await practice.conversation())
        await conversations.assign(ids[-1], "dana" if turn % 2 else "")
    seen: list[int] = []
    key = None
    while True:
        page = await conversations.page(ListState.ALL, practice.clock(), after=key, limit=3)
        seen += [row.id for row in page.rows]
        key = page.next
        if key is None:
            break
    assert seen == ids[::-1]
    mine = await conversations.page(
        ListState.NEEDS_REPLY, practice.clock(), assigned_to="dana", limit=3
    )
    assert [row.id for row in mine.rows] == [ids[5], ids[3], ids[1]]
    assert mine.next is None
    assert (await conversations.counts(practice.clock())).needs_reply == 7


async def test_messages_come_in_portions(practice: Practice) -> None:
    conversations = practice.repository.conversations
    conversation = await practice.conversation("0")
    for turn in range(1, 6):
        await practice.receive(str(turn), into=conversation)
    latest = await conversations.messages(conversation, limit=2)
    assert [message.text for message in latest] == ["4", "5"]
    before = await conversations.messages(conversation, before=latest[0].id, limit=3)
    assert [message.text for message in before] == ["1", "2", "3"]
    assert await conversations.messages(conversation, before=1) == []
    newest = await conversations.newest_inbound(conversation)
    assert newest is not None
    assert newest.text == "5"


async def test_lines_are_told_by_their_latest_use(practice: Practice) -> None:
    conversation = await practice.conversation(line_id="b")
    for line_id in ("a", "c", "a"):
        practice.clock.advance(minutes=1)
        await practice.receive(into=conversation, line_id=line_id)
    await practice.send(conversation)
    used = await practice.repository.conversations.line_use(conversation)
    assert used == (["a", "c", "b"], ["front-desk"])


@pytest.mark.parametrize("method", ["row", "messages", "newest_inbound", "line_use"])
async def test_an_unknown_conversation_is_not_found(practice: Practice, method: str) -> None:
    with pytest.raises(NotFound):
        await getattr(practice.repository.conversations, method)(404)
    with pytest.raises(NotFound):
        await practice.repository.conversations.message(404)


@pytest.mark.parametrize("year", [1, 1969, 2300, 9999])
async def test_any_year_a_server_names_is_kept(practice: Practice, year: int) -> None:
    odd = practice.clock().replace(year=year)
    ids = [await practice.conversation("odd", at=odd) for _ in range(2)]
    assert [(await practice.row(found)).last_message_at for found in ids] == [odd, odd]
    found = await hits(practice.repository, "odd")
    assert {hit.row.id for hit in found} == set(ids)

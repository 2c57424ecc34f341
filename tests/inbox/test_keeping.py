"""The promise that is kept and the one that is not: from the words of a message to its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.memory.server import Trouble
from inbox.address import AddressSystem, email
from inbox.conversation import ListState
from inbox.errors import NotFound, Stale, TwowayError
from inbox.keeping import Keeper
from inbox.patient import ContactPoint, Proxy
from inbox.promise import DraftPromise, Promise, PromiseKind, PromiseState
from inbox.words import promise_words
from tests.inbox.conftest import House
from tests.inbox.making import ANN, BEN, NURSE, ZONE

ANN_MAIL = "ann@example.com"
HALF_PAST_ELEVEN = datetime(2026, 3, 4, 11, 30, tzinfo=ZONE)
HERE_UNTIL = "Thursday is fine. I'm here until 11:30 if anything is unclear."
CALL_BY = "The doctor looks at it. I'll write to you by noon."


async def promised(house: House, text: str = HERE_UNTIL) -> tuple[int, Promise]:
    """Ann asks, Dana answers with a promise; the conversation and the promise."""
    await house.arrive(ANN_MAIL, "Is Thursday all right?", subject="Thursday", id="a1@x")
    [row] = await house.rows()
    house.clock.advance(minutes=1)
    sent = await house.answer(row.id, text)
    [promise] = await house.repository.promises.of_outbox(sent.id)
    house.clock.advance(minutes=1)
    return row.id, promise


async def state(house: House, promise: Promise) -> PromiseState:
    return (await house.repository.promises.get(promise.id)).state(house.clock())


async def asks(house: House, text: str = "One more thing: which door?") -> None:
    await house.arrive(ANN_MAIL, text, subject="Thursday", in_reply_to=["a1@x"])
    house.clock.advance(minutes=1)


async def test_a_promise_is_kept_by_a_real_answer(house: House) -> None:
    conversation, promise = await promised(house)
    assert (promise.owner, promise.due, promise.said) == (
        "dana",
        HALF_PAST_ELEVEN,
        "I'm here until 11:30",
    )
    assert await state(house, promise) is PromiseState.OPEN
    assert promise.person == "Ann Lee"
    await asks(house)
    assert await state(house, promise) is PromiseState.CALLED_ON
    assert (await house.desk.counts()).promised == 1
    assert [row.id for row in await house.rows(ListState.PROMISED)] == [conversation]
    await house.answer(conversation, "The blue one.")
    # While the time runs, they may ask more.
    assert await state(house, promise) is PromiseState.OPEN
    house.clock.set(HALF_PAST_ELEVEN)
    assert await state(house, promise) is PromiseState.KEPT
    assert await house.rows(ListState.PROMISED) == []
    assert (await house.desk.counts()).promised == 0


async def test_a_promise_nobody_called_on_is_over(house: House) -> None:
    _, promise = await promised(house)
    house.clock.advance(hours=2)
    assert await state(house, promise) is PromiseState.OVER
    assert await house.desk.promises.live() == []
    assert await house.rows(ListState.PROMISED) == []
    # Nobody promised to be there in the afternoon.
    await asks(house)
    assert await state(house, promise) is PromiseState.OVER


async def test_a_promise_that_is_not_kept_becomes_everybodys(house: House) -> None:
    conversation, promise = await promised(house)
    await house.desk.assign(conversation, "dana")
    await asks(house)
    keeper = Keeper(house.repository, house.practice, house.clock)
    house.clock.set(HALF_PAST_ELEVEN + timedelta(minutes=14))
    assert await state(house, promise) is PromiseState.BROKEN
    assert await keeper.escalate() == 0
    # Lunch is from twelve to one: nobody is blamed for it.
    house.clock.set(HALF_PAST_ELEVEN + timedelta(minutes=15))
    assert await keeper.escalate() == 1
    assert await keeper.escalate() == 0
    assert (await house.repository.conversations.row(conversation)).assigned_to == ""
    [live] = await house.desk.promises.live()
    assert live.everybodys_at == house.clock()
    told = [entry[2] for entry in await house.repository.audit.latest(20)]
    assert told.count("promise broken") == told.count("promise is everybody's") == 1
    await house.sync()
    await house.answer(conversation, "The blue one; I am sorry.")
    assert await state(house, promise) is PromiseState.KEPT
    await keeper.escalate()
    await keeper.escalate()
    told = [entry[2] for entry in await house.repository.audit.latest(20)]
    assert (told[0], told.count("promise kept")) == ("promise kept", 1)


async def test_the_night_blames_nobody(house: House) -> None:
    await promised(house, "I'll write to you by 16:55.")
    keeper = Keeper(house.repository, house.practice, house.clock)
    house.clock.set(datetime(2026, 3, 5, 8, 9, tzinfo=ZONE))
    assert await keeper.escalate() == 0
    house.clock.set(datetime(2026, 3, 5, 8, 11, tzinfo=ZONE))
    assert await keeper.escalate() == 1


async def test_an_answer_by_noon_needs_no_question(house: House) -> None:
    conversation, promise = await promised(house, CALL_BY)
    assert promise.kind is PromiseKind.ANSWER
    assert await state(house, promise) is PromiseState.OPEN
    house.clock.set(datetime(2026, 3, 4, 11, 51, tzinfo=ZONE))
    assert promise.is_due_soon(house.clock())
    assert promise_words(promise, house.clock(), house.practice) == "answer by 12:00, 9 min left"
    house.clock.set(datetime(2026, 3, 4, 12, 25, tzinfo=ZONE))
    assert await state(house, promise) is PromiseState.BROKEN
    assert promise_words(promise, house.clock(), house.practice) == "answer by 12:00, 25 min over"
    await house.sync()
    await house.answer(conversation, "The doctor says yes.")
    assert await state(house, promise) is PromiseState.KEPT


async def test_what_arrives_on_another_line_calls_on_it(house: House) -> None:
    _, promise = await promised(house)
    await house.arrive(ANN_MAIL, "Is the door open?", line=NURSE, subject="Door", id="n1@x")
    assert len(await house.rows()) == 2
    assert await state(house, promise) is PromiseState.CALLED_ON
    house.clock.advance(minutes=1)
    other = next(row for row in await house.rows() if row.subject == "Door")
    await house.answer(other.id, "Yes, it is.")
    house.clock.set(HALF_PAST_ELEVEN)
    assert await state(house, promise) is PromiseState.KEPT


async def test_an_automatic_answer_of_theirs_is_no_question(house: House) -> None:
    _, promise = await promised(house)
    await house.arrive(ANN_MAIL, "I am away.", subject="Out of office", nature="auto-reply")
    assert await state(house, promise) is PromiseState.OPEN


async def test_an_answer_written_before_the_question_was_seen_does_not_keep_it(
    house: House,
) -> None:
    conversation, promise = await promised(house)
    draft = await house.desk.reply_draft(conversation)
    await asks(house)
    sent = await house.desk.send(replace(draft, text="Bring the card."), "in a hurry", undo=False)
    await house.outbox.deliver_due()
    assert sent.draft.covered_message_id > sent.draft.seen_message_id
    assert await state(house, promise) is PromiseState.CALLED_ON


async def test_a_message_to_somebody_else_about_them_keeps_nothing(house: House) -> None:
    _, promise = await promised(house, CALL_BY)
    draft = await house.desk.new_draft(
        email("pharmacy@example.com"), NURSE.channel, patient_id="p1"
    )
    await house.desk.send(
        replace(draft, text="Please renew it.", subject="Refill"), "agreed", undo=False
    )
    await house.outbox.deliver_due()
    assert await state(house, promise) is PromiseState.OPEN


async def test_a_message_taken_back_never_promised(house: House) -> None:
    await house.arrive(ANN_MAIL, "Is Thursday all right?", subject="Thursday", id="a1@x")
    [row] = await house.rows()
    draft = await house.desk.reply_draft(row.id)
    sent = await house.desk.send(replace(draft, text=HERE_UNTIL))
    [promise] = await house.repository.promises.of_outbox(sent.id)
    assert await state(house, promise) is PromiseState.OPEN
    again = await house.desk.undo(sent.id)
    assert await state(house, promise) is PromiseState.UNSAID
    assert await house.desk.promises.live() == []
    # What was confirmed is confirmed still, and made anew when it is sent.
    assert again is not None
    assert house.desk.promises.unconfirmed(again) == ()
    resent = await house.desk.send(again, undo=False)
    assert len(await house.repository.promises.of_outbox(resent.id)) == 1


@pytest.mark.parametrize(
    ("fault", "stands"),
    [
        (Trouble.REFUSED, PromiseState.UNSAID),
        (Trouble.SENDER_REFUSED, PromiseState.UNSAID),
        (Trouble.LOST_UNTAKEN, PromiseState.OPEN),
        (Trouble.LOST_TAKEN, PromiseState.OPEN),
    ],
)
async def test_a_message_that_failed_never_promised_an_uncertain_one_did(
    house: House, fault: Trouble, stands: PromiseState
) -> None:
    await house.arrive(ANN_MAIL, "Is Thursday all right?", subject="Thursday", id="a1@x")
    [row] = await house.rows()
    house.servers["front-desk"].fail(fault)
    sent = await house.answer(row.id, HERE_UNTIL)
    [promise] = await house.repository.promises.of_outbox(sent.id)
    assert await state(house, promise) is stands


async def test_closing_waits_for_the_promise(house: House) -> None:
    conversation, promise = await promised(house)
    await house.recorder.drain()
    with pytest.raises(TwowayError, match=r"you promised: here until 11:30, 1 h left"):
        await house.desk.done(conversation)
    with pytest.raises(TwowayError, match="reason"):
        await house.desk.promises.withdraw(promise.id, " ")
    withdrawn = await house.desk.promises.withdraw(promise.id, "she called instead")
    assert withdrawn.withdrawn_because == "she called instead"
    with pytest.raises(Stale):
        await house.desk.promises.withdraw(promise.id, "again")
    await house.desk.done(conversation)


async def test_a_promise_is_set_by_hand(house: House) -> None:
    await house.arrive(ANN_MAIL, "Please call.", subject="Call", id="a1@x")
    [row] = await house.rows()
    promise = await house.desk.promises.add(row.id, PromiseKind.ANSWER, HALF_PAST_ELEVEN)
    assert [one.id for one in await house.desk.promises.live()] == [promise.id]
    with pytest.raises(TwowayError, match="over already"):
        await house.desk.promises.add(row.id, PromiseKind.HERE, house.clock())
    with pytest.raises(NotFound):
        await house.desk.promises.add(row.id, PromiseKind.HERE, HALF_PAST_ELEVEN, owner="nobody")
    with pytest.raises(NotFound):
        await house.desk.promises.add(99, PromiseKind.HERE, HALF_PAST_ELEVEN)


async def test_a_draft_carries_what_was_confirmed_and_declined(house: House) -> None:
    await house.arrive(ANN_MAIL, "Is Thursday all right?", subject="Thursday", id="a1@x")
    [row] = await house.rows()
    draft = replace(await house.desk.reply_draft(row.id), text=f"{HERE_UNTIL} {CALL_BY}")
    here, answer = house.desk.promises.unconfirmed(draft)
    later = HALF_PAST_ELEVEN + timedelta(minutes=10)
    draft = replace(
        draft,
        promises=(
            DraftPromise(here.kind, here.said, later),
            DraftPromise(here.kind, "words that were taken out again", later),
        ),
        not_promised=(answer.said,),
    )
    assert house.desk.promises.unconfirmed(draft) == ()
    sent = await house.desk.send(draft, undo=False)
    [promise] = await house.repository.promises.of_outbox(sent.id)
    assert promise.due == later
    actions = [entry[2] for entry in await house.repository.audit.latest(5)]
    assert actions[:3] == ["no promise", "promise", "send"]


async def test_promises_follow_the_patient_and_a_merge(house: House) -> None:
    stranger = "anna@example.com"
    await house.arrive(stranger, "Which door?", subject="Door", id="s1@x")
    [row] = await house.rows()
    house.clock.advance(minutes=1)
    await house.answer(row.id, HERE_UNTIL)
    house.clock.advance(minutes=1)
    await house.arrive(ANN_MAIL, "It is me, Ann.", subject="Me", id="a1@x")
    [promise] = await house.desk.promises.live()
    assert promise.state(house.clock()) is PromiseState.OPEN
    point = ContactPoint(AddressSystem.EMAIL, stranger)
    await house.repository.patients.save([replace(ANN, points=(*ANN.points, point))])
    await house.desk.link(row.id, "p1")
    [promise] = await house.desk.promises.live()
    assert promise.state(house.clock()) is PromiseState.CALLED_ON
    # One message that answers both makes them one conversation.
    await house.arrive(
        ANN_MAIL, "Both.", subject="Both", id="b1@x", in_reply_to=["s1@x"], references=["a1@x"]
    )
    [promise] = await house.desk.promises.live()
    assert promise.conversation_id in [one.id for one in await house.rows()]


async def test_promises_come_page_by_page_the_soonest_first(house: House) -> None:
    dues = [30, 10, 20, 40, 10]
    for number, minutes in enumerate(dues):
        await house.arrive(f"p{number}@example.com", "Hello", subject=f"m{number}")
        row = next(one for one in await house.rows() if one.subject == f"m{number}")
        due = house.clock() + timedelta(minutes=minutes)
        await house.desk.promises.add(row.id, PromiseKind.ANSWER, due)
        # A second promise in a conversation makes no second row.
        await house.desk.promises.add(row.id, PromiseKind.HERE, due + timedelta(hours=1))
    shown, after = [], None
    while True:
        page = await house.desk.page(ListState.PROMISED, after=after, limit=2)
        shown += [row.subject for row in page.rows]
        after = page.next
        if after is None:
            break
    assert shown == ["m1", "m4", "m2", "m0", "m3"]
    assert (await house.desk.counts()).promised == 5
    assert len(await house.rows(ListState.PROMISED)) == 5
    house.clock.advance(minutes=15)
    assert len((await house.desk.page(ListState.PROMISED, mine=True)).rows) == 5


@pytest.mark.parametrize("fault", [Trouble.REFUSED, Trouble.LOST_UNTAKEN])
async def test_an_answer_that_did_not_surely_leave_keeps_nothing(
    house: House, fault: Trouble
) -> None:
    conversation, promise = await promised(house)
    await asks(house)
    house.servers["front-desk"].fail(fault)
    await house.answer(conversation, "The blue one.")
    assert await state(house, promise) is PromiseState.CALLED_ON


async def test_an_answer_taken_back_and_a_note_keep_nothing(house: House) -> None:
    conversation, promise = await promised(house)
    await asks(house)
    draft = await house.desk.reply_draft(conversation)
    sent = await house.desk.send(replace(draft, text="The blue one."))
    await house.desk.undo(sent.id)
    await house.desk.note(conversation, "It is the blue one.")
    house.clock.advance(minutes=1)
    await house.outbox.deliver_due()
    assert await state(house, promise) is PromiseState.CALLED_ON


TOMORROW = datetime(2026, 3, 5, 8, 0, tzinfo=ZONE)


async def scheduled(house: House, text: str) -> tuple[int, Promise]:
    """Dana answers Ann with a promise that leaves tomorrow at eight."""
    await house.arrive(ANN_MAIL, "Is Thursday all right?", subject="Thursday", id="a1@x")
    [row] = await house.rows()
    draft = replace(await house.desk.reply_draft(row.id), text=text, send_at=TOMORROW)
    sent = await house.desk.send(draft, undo=False)
    [promise] = await house.repository.promises.of_outbox(sent.id)
    house.clock.advance(minutes=5)
    return row.id, promise


async def test_what_leaves_tomorrow_is_not_kept_by_an_answer_of_today(house: House) -> None:
    conversation, promise = await scheduled(house, CALL_BY)
    await house.answer(conversation, "Please bring your insurance card.")
    assert await state(house, promise) is PromiseState.OPEN
    house.clock.set(TOMORROW + timedelta(minutes=1))
    await house.sync()
    await house.outbox.deliver_due()
    made = await house.repository.promises.get(promise.id)
    assert (made.made_at, made.state(house.clock())) == (house.clock(), PromiseState.OPEN)
    house.clock.advance(minutes=5)
    await house.answer(conversation, "The doctor says yes.")
    assert await state(house, promise) is PromiseState.KEPT


async def test_nobody_calls_on_what_has_not_left(house: House) -> None:
    _, promise = await scheduled(house, "Thursday is fine. I'm here until 17:30.")
    assert promise.due.astimezone(ZONE).date() == TOMORROW.date()
    await asks(house)
    waiting = await house.repository.promises.get(promise.id)
    assert waiting.state(house.clock()) is PromiseState.OPEN
    assert (waiting.asked_at, waiting.wrote_at) == (None, None)


async def test_a_mail_to_the_pharmacy_in_their_conversation_keeps_nothing(house: House) -> None:
    for text in (CALL_BY, HERE_UNTIL):
        conversation, promise = await promised(house, text)
        await asks(house)
        draft = await house.desk.reply_draft(conversation)
        draft = replace(draft, to=(email("pharmacy@example.com"),), text="Do you have it?")
        await house.desk.send(draft, "the pharmacy was asked", undo=False)
        await house.outbox.deliver_due()
        assert (await house.repository.promises.get(promise.id)).answered_at is None
        await house.desk.promises.withdraw(promise.id, "the next one")
        house.clock.advance(minutes=1)


async def test_an_answer_to_a_proxy_keeps_it(house: House) -> None:
    mother = Proxy("Mia Lee", "mother", (ContactPoint(AddressSystem.EMAIL, "mia@example.com"),))
    await house.repository.patients.save([replace(ANN, proxies=(mother,))])
    conversation, promise = await promised(house, CALL_BY)
    draft = await house.desk.reply_draft(conversation)
    draft = replace(draft, to=(email("mia@example.com"),), text="The doctor says yes.")
    await house.desk.send(draft, "her mother asked", undo=False)
    await house.outbox.deliver_due()
    assert await state(house, promise) is PromiseState.KEPT


async def test_an_answer_elsewhere_leaves_their_question_open(house: House) -> None:
    conversation, promise = await promised(house)
    await house.arrive(ANN_MAIL, "Which door?", subject="Door", id="b1@x")
    house.clock.advance(minutes=1)
    other = next(row for row in await house.rows() if row.id != conversation)
    await house.answer(conversation, "By the way, bring your card.")
    assert await state(house, promise) is PromiseState.CALLED_ON
    # An answer that is queued there has not left.
    draft = replace(await house.desk.reply_draft(other.id), text="The blue one.")
    queued = await house.desk.send(replace(draft, send_at=TOMORROW), undo=False)
    await house.answer(conversation, "And your glasses.")
    assert await state(house, promise) is PromiseState.CALLED_ON
    again = await house.desk.undo(queued.id)
    assert again is not None
    await house.desk.send(replace(again, send_at=None), undo=False)
    await house.outbox.deliver_due()
    assert await state(house, promise) is PromiseState.OPEN


async def test_a_question_that_was_closed_is_answered_elsewhere(house: House) -> None:
    conversation, promise = await promised(house)
    await house.arrive(ANN_MAIL, "Which door?", subject="Door", id="b1@x")
    house.clock.advance(minutes=1)
    other = next(row for row in await house.rows() if row.id != conversation)
    await house.recorder.drain()
    await house.desk.done(other.id, "told with the other mail")
    assert await state(house, promise) is PromiseState.CALLED_ON
    await house.answer(conversation, "The blue one, as to your other mail.")
    assert await state(house, promise) is PromiseState.OPEN


async def test_each_question_calls_on_it_again_while_the_time_runs(house: House) -> None:
    conversation, promise = await promised(house)
    await asks(house)
    await house.answer(conversation, "The blue one.")
    house.clock.advance(minutes=1)
    asked_at = house.clock()
    await asks(house, "And where do I park?")
    again = await house.repository.promises.get(promise.id)
    assert (again.asked_at, again.answered_at) == (asked_at, None)
    assert again.state(house.clock()) is PromiseState.CALLED_ON
    house.clock.set(HALF_PAST_ELEVEN)
    assert await state(house, promise) is PromiseState.BROKEN
    await house.sync()
    await house.answer(conversation, "In the yard; I am sorry.")
    assert await state(house, promise) is PromiseState.KEPT


async def test_mere_thanks_asks_for_nothing(house: House) -> None:
    conversation, promise = await promised(house)
    await asks(house)
    await house.answer(conversation, "The blue one.")
    house.clock.advance(minutes=1)
    thanked_at = house.clock()
    await asks(house, "ok thanks!")
    thanked = await house.repository.promises.get(promise.id)
    assert thanked.state(house.clock()) is PromiseState.OPEN
    assert thanked.wrote_at == thanked_at
    house.clock.set(HALF_PAST_ELEVEN)
    assert await state(house, promise) is PromiseState.KEPT


async def test_a_message_that_turns_out_to_be_theirs_calls_on_it(house: House) -> None:
    point = ContactPoint(AddressSystem.EMAIL, "ben@example.com")
    await house.repository.patients.save([replace(BEN, points=(point,))])
    await house.arrive("ben@example.com", "Hello", subject="Ben", id="b1@x")
    [row] = await house.rows()
    house.clock.advance(minutes=1)
    sent = await house.answer(row.id, HERE_UNTIL)
    [promise] = await house.repository.promises.of_outbox(sent.id)
    house.clock.advance(minutes=1)
    await house.arrive(ANN_MAIL, "Ben asks which door", subject="Door", id="a1@x")
    house.clock.advance(minutes=1)
    other = next(one for one in await house.rows() if one.id != row.id)
    message = (await house.messages(other.id))[-1]
    await house.desk.linking.link_message(message.id, BEN.id)
    assert await state(house, promise) is PromiseState.CALLED_ON
    await house.answer(other.id, "The blue one.")
    assert await state(house, promise) is PromiseState.OPEN
    await house.desk.linking.link_message(message.id, ANN.id)
    assert (await house.repository.promises.get(promise.id)).asked_at is None


async def test_the_wanted_are_sought_beyond_the_first_page(house: House) -> None:
    await house.arrive(ANN_MAIL, "Please call.", subject="Call", id="a1@x")
    [row] = await house.rows()
    soon = house.clock() + timedelta(minutes=5)
    broken = await house.desk.promises.add(row.id, PromiseKind.ANSWER, soon)
    for _ in range(5):
        await house.desk.promises.add(row.id, PromiseKind.ANSWER, HALF_PAST_ELEVEN)
    house.clock.advance(minutes=6)
    found = await house.desk.promises.latest(2, PromiseState.BROKEN)
    assert [one.id for one in found] == [broken.id]
    assert len(await house.desk.promises.latest(2, PromiseState.OPEN)) == 2

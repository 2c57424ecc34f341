"""Calls: what is known before one, the four ways to answer, and when a log is finished."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from inbox.address import AddressSystem, ChannelKind
from inbox.call_plan import CallPlan
from inbox.conversation import ConversationState, ListState
from inbox.errors import Blocked, NotFound, Stale, TwowayError
from inbox.message import Message, MessageStatus
from inbox.outgoing import Call, CallOutcome, Draft, WayBack
from inbox.patient import (
    Confidant,
    ContactPoint,
    Patient,
    PointHealth,
    PointUse,
    PrivacyForm,
    VoicemailConsent,
)
from inbox.practice import AnsweringService, Practice
from inbox.promise import DraftPromise, PromiseKind, PromiseState
from tests.inbox.conftest import House
from tests.inbox.making import ANN, BEN, DANA, FRONT_DESK, NOW, PHONE, TEXTS, practice

MOBILE, HOME = "+15550107811", "+15550107812"
DESK_OF_SERVICE = "+15550107791"
SERVICE = AnsweringService("+15550107790", True, ChannelKind.SMS, DESK_OF_SERVICE)
LATE = NOW.replace(hour=23, minute=4)
"""17:04 in Chicago: the phones went off at 17:00."""


@pytest.fixture
def the_practice() -> Practice:
    """Lakeside with texts, a phone that is dialled by hand, and an answering service."""
    return practice(lines=(FRONT_DESK, TEXTS, PHONE), answering_service=SERVICE)


def ann(**form: Any) -> Patient:
    """Ann with two telephones."""
    points = tuple(
        ContactPoint(AddressSystem.PHONE, value, use, rank)
        for value, use, rank in ((MOBILE, PointUse.MOBILE, 1), (HOME, PointUse.HOME, 2))
    )
    return replace(ANN, points=(*ANN.points, *points), form=replace(ANN.form, **form))


async def late(house: House, **form: Any) -> int:
    """At 17:04 Ann's call from 17:02 waits; the lines are proven. Her conversation."""
    await house.repository.patients.save([ann(**form)])
    house.clock.advance(seconds=(LATE - NOW).total_seconds() - 120)
    await house.arrive("ann@example.com", "hello", id="mail@x")
    await house.arrive("+15550109999", "hello", line=TEXTS)
    await house.arrive(MOBILE, "Please call me back.", line=PHONE)
    house.clock.advance(minutes=2)
    rows = await house.rows(ListState.NEEDS_REPLY)
    return next(row.id for row in rows if ChannelKind.PHONE in row.channels)


async def planned(house: House, **form: Any) -> CallPlan:
    """The call back at 17:04."""
    return await house.desk.calling.prepare(await late(house, **form))


def left(
    plan: CallPlan, *ways: WayBack, text: str = "Hello Ann, it is Dana.", **more: Any
) -> Draft:
    """A message that was left."""
    call = Call(CallOutcome.LEFT_MESSAGE, frozenset(ways), **more)
    return replace(plan.draft, text=text, call=call)


async def message_of(house: House, plan: CallPlan) -> Message:
    """The call in its conversation."""
    assert plan.draft.conversation_id is not None
    found = await house.messages(plan.draft.conversation_id)
    return next(one for one in reversed(found) if one.call is not None)


async def state(house: House, plan: CallPlan) -> ConversationState:
    """Of the conversation."""
    row = await house.repository.conversations.row(plan.draft.conversation_id or 0)
    return row.state


# ---- before the call ----------------------------------------------------------------------------


async def test_the_plan_at_1704_knows_what_matters(house: House) -> None:
    plan = await planned(
        house,
        voicemail=VoicemailConsent.CALLBACK_ONLY,
        may_tell=(Confidant("Luis", "spouse"), Confidant("Mia", "", detail=False)),
    )
    assert plan.person == "Ann Lee"
    assert plan.number.address.value == MOBILE
    assert [one.address.value for one in plan.others] == [HOME]
    assert plan.voicemail_words == "call-back only"
    assert plan.may_tell == ("Luis (spouse), details", "Mia, only that we called")
    assert (plan.phones_until, plan.minutes_left) == (None, 0)
    assert plan.direct_line == "(555) 010-7701"
    assert not plan.dials
    assert "direct line, (555) 010-7701" in plan.script
    assert "I'm here until 5:30 pm. After that please e-mail me at frontdesk@" in plan.script
    assert not {one.rule for one in plan.findings} & {"TW01", "TW17"}


async def test_minutes_are_counted_while_the_phones_answer(house: House) -> None:
    await house.repository.patients.save([ann()])
    house.clock.advance(hours=6, minutes=17)
    plan = await house.desk.calling.prepare("p1")
    assert plan.minutes_left == 43
    assert plan.draft.conversation_id is None
    assert "I'm here" not in plan.script


@pytest.mark.parametrize(
    ("consent", "on", "expected"),
    [
        (VoicemailConsent.DETAILED, (), VoicemailConsent.DETAILED),
        (VoicemailConsent.DETAILED, (HOME,), VoicemailConsent.CALLBACK_ONLY),
        (VoicemailConsent.CALLBACK_ONLY, (), VoicemailConsent.CALLBACK_ONLY),
        (VoicemailConsent.UNKNOWN, (), VoicemailConsent.UNKNOWN),
    ],
)
async def test_the_script_says_no_more_than_the_form_allows(
    house: House, consent: VoicemailConsent, on: tuple[str, ...], expected: VoicemailConsent
) -> None:
    plan = await planned(house, voicemail=consent, voicemail_on=on)
    assert plan.voicemail is expected
    assert ("I call about" in plan.script) == (expected is VoicemailConsent.DETAILED)
    assert "Lakeside" in plan.script


async def test_where_the_form_says_none_there_is_no_script(house: House) -> None:
    plan = await planned(house, voicemail=VoicemailConsent.NONE)
    assert plan.script == ""
    assert plan.voicemail_words == "leave no message"
    with pytest.raises(Blocked, match="leave no voicemail"):
        await house.desk.calling.log(plan, left(plan, WayBack.DIRECT_LINE))


@pytest.mark.parametrize(
    "the_practice", [practice(name="Lakeside Oncology Center", lines=(PHONE,))]
)
async def test_a_name_that_says_what_it_is_about_is_not_said(house: House) -> None:
    await house.repository.patients.save([ann()])
    plan = await house.desk.calling.prepare("p1")
    assert "Oncology" not in plan.script
    assert "Dana Reyes" in plan.script


async def test_numbers_that_do_not_work_come_last_and_say_so(house: House) -> None:
    patient = ann()
    points = (
        replace(patient.points[1], use=PointUse.OLD),
        replace(patient.points[2], health=PointHealth.BAD, health_reason="no longer in service"),
        ContactPoint(AddressSystem.PHONE, "+15550107813", PointUse.WORK, 9),
    )
    await house.repository.patients.save([replace(patient, points=points)])
    plan = await house.desk.calling.prepare("p1")
    assert plan.number.address.value == "+15550107813"
    words = [one.words for one in plan.others]
    assert "OLD" in words[0]
    assert "BAD: no longer in service" in words[1]
    chosen = await house.desk.calling.prepare("p1", MOBILE)
    assert chosen.number.old
    assert "TW23" in {one.rule for one in chosen.findings}


async def test_a_confidential_number_is_the_only_one(house: House) -> None:
    wanted = ContactPoint(AddressSystem.PHONE, HOME).address
    patient = replace(ann(), form=PrivacyForm(confidential=wanted))
    await house.repository.patients.save([patient])
    plan = await house.desk.calling.prepare("p1")
    assert (plan.number.address.value, plan.others) == (HOME, ())
    assert plan.number.confidential
    other = await house.desk.calling.prepare("p1", MOBILE)
    assert "TW21" in {one.rule for one in other.findings}


@pytest.mark.parametrize("the_practice", [practice(lines=(FRONT_DESK,))])
async def test_a_practice_without_a_phone_line_is_told_to_add_one(house: House) -> None:
    await house.repository.patients.save([ann()])
    with pytest.raises(NotFound, match="no phone line") as caught:
        await house.desk.calling.prepare("p1")
    assert "manual" in caught.value.hint


async def test_nobody_without_a_number_can_be_called(house: House) -> None:
    with pytest.raises(NotFound, match="No number"):
        await house.desk.calling.prepare("p1")


# ---- the four ways ------------------------------------------------------------------------------


async def test_a_message_without_a_way_to_answer_cannot_be_kept(house: House) -> None:
    plan = await planned(house)
    with pytest.raises(Blocked) as caught:
        await house.desk.calling.log(plan, left(plan))
    assert caught.value.findings[0].rule == "TW11"
    assert [one for one in await house.messages(plan.draft.conversation_id or 0) if one.call] == []


async def test_the_direct_line_is_put_into_what_was_said(house: House) -> None:
    plan = await planned(house)
    await house.desk.calling.log(plan, left(plan, WayBack.DIRECT_LINE))
    message = await message_of(house, plan)
    assert "(555) 010-7701" in message.text
    assert message.status is MessageStatus.SENT
    assert message.call == Call(CallOutcome.LEFT_MESSAGE, frozenset({WayBack.DIRECT_LINE}))
    # They still wait for us: a message left is no answer.
    assert await state(house, plan) is ConversationState.NEEDS_REPLY


@pytest.mark.parametrize(
    "the_practice", [practice(lines=(PHONE,), staff=(replace(DANA, direct_line=""),))]
)
async def test_who_has_no_direct_line_cannot_name_one(house: House) -> None:
    await house.repository.patients.save([ann()])
    plan = await house.desk.calling.prepare("p1")
    with pytest.raises(TwowayError, match="no direct line"):
        await house.desk.calling.log(plan, left(plan, WayBack.DIRECT_LINE))


async def test_here_until_makes_a_promise_that_is_watched(house: House) -> None:
    plan = await planned(house)
    log = left(plan, WayBack.HERE_UNTIL, watched=FRONT_DESK.id)
    with pytest.raises(TwowayError, match="Until when"):
        await house.desk.calling.log(plan, log)
    due = LATE + timedelta(minutes=26)
    log = replace(log, promises=(DraftPromise(PromiseKind.HERE, "", due),))
    unwatched = replace(log, call=replace(log.call or Call(), watched=""))
    with pytest.raises(TwowayError, match="Which e-mail"):
        await house.desk.calling.log(plan, unwatched)
    row = await house.desk.calling.log(plan, log)
    (promise,) = await house.repository.promises.of_outbox(row.id)
    assert (promise.owner, promise.due, promise.kind) == ("dana", due, PromiseKind.HERE)
    assert promise.conversation_id == plan.draft.conversation_id
    message = await message_of(house, plan)
    assert "I'm here until 5:30 pm" in message.text
    assert FRONT_DESK.address in message.text
    # What they write by then, on whatever way, calls on it.
    house.clock.advance(minutes=3)
    await house.arrive("ann@example.com", "I am here now.", id="again@x")
    (promise,) = await house.repository.promises.of_outbox(row.id)
    assert promise.state(house.clock()) is PromiseState.CALLED_ON


async def test_the_service_gets_a_heads_up_and_the_log_stays_open_until_it_left(
    house: House,
) -> None:
    plan = await planned(house)
    conversation_id = plan.draft.conversation_id or 0
    log = left(plan, WayBack.SERVICE, heads_up=plan.heads_up)
    await house.desk.calling.log(plan, log)
    message = await message_of(house, plan)
    assert message.heads_up is MessageStatus.QUEUED
    (row,) = [one for one in await house.rows(ListState.UNDELIVERED) if one.id == conversation_id]
    assert row.undelivered
    with pytest.raises(TwowayError, match="has not been told"):
        await house.desk.done(conversation_id, "enough")
    await house.outbox.deliver_due()
    (sent,) = house.servers[TEXTS.id].sent
    assert [one.value for one in sent.to] == [DESK_OF_SERVICE]
    assert "Ann" not in sent.text
    assert "(555) 010-7701" in sent.text
    message = await message_of(house, plan)
    assert message.heads_up is MessageStatus.SENT
    assert not await house.rows(ListState.UNDELIVERED)
    await house.recorder.drain()
    await house.desk.done(conversation_id, "they will call the service")
    # The service's own conversation waits for nobody.
    assert [row.state for row in await house.rows() if row.person == "Answering service"] == [
        ConversationState.DONE
    ]


async def test_a_second_call_in_the_same_minute_is_told_in_the_same_words(house: House) -> None:
    plan = await planned(house)
    await house.desk.calling.log(plan, left(plan, WayBack.SERVICE, heads_up=plan.heads_up))
    await house.outbox.deliver_due()
    number = "+15550107899"
    ben = replace(BEN, points=(ContactPoint(AddressSystem.PHONE, number),))
    await house.repository.patients.save([ben])
    await house.arrive(number, "Please call me back too.", line=PHONE)
    (row,) = [one for one in await house.rows(ListState.NEEDS_REPLY) if one.patient_id == ben.id]
    other = await house.desk.calling.prepare(row.id)
    assert other.heads_up == plan.heads_up
    await house.desk.calling.log(other, left(other, WayBack.SERVICE, heads_up=other.heads_up))
    await house.outbox.deliver_due()
    assert len(house.servers[TEXTS.id].sent) == 2, "nor is it held when it leaves"


async def test_a_heads_up_that_fails_leaves_the_log_open_and_is_sent_again(house: House) -> None:
    plan = await planned(house)
    conversation_id = plan.draft.conversation_id or 0
    house.servers[TEXTS.id].refuses.add(DESK_OF_SERVICE)
    await house.desk.calling.log(plan, left(plan, WayBack.SERVICE, heads_up=plan.heads_up))
    await house.outbox.deliver_due()
    message = await message_of(house, plan)
    assert message.heads_up is MessageStatus.FAILED
    (open_,) = await house.desk.calling.unfinished(conversation_id)
    house.servers[TEXTS.id].refuses.clear()
    house.clock.advance(minutes=1)
    again = await house.desk.calling.tell_service(open_, plan.heads_up)
    with pytest.raises(Stale):
        await house.desk.calling.tell_service(open_, f"{plan.heads_up} Please.")
    await house.outbox.deliver_due()
    assert await house.desk.calling.unfinished(conversation_id) == []
    row = await house.repository.outbox.get(again.id)
    assert row.status is MessageStatus.SENT
    assert row.conversation_id != conversation_id


@pytest.mark.parametrize(
    "the_practice",
    [
        practice(
            lines=(FRONT_DESK, TEXTS, PHONE),
            answering_service=replace(SERVICE, takes_messages=False),
        )
    ],
)
async def test_a_service_that_takes_no_messages_is_refused(house: House) -> None:
    plan = await planned(house)
    assert "takes no messages" in plan.offer(WayBack.SERVICE).refused
    with pytest.raises(Blocked, match="takes no messages"):
        await house.desk.calling.log(plan, left(plan, WayBack.SERVICE, heads_up="Hello"))
    assert house.servers[TEXTS.id].sent == []


async def test_a_heads_up_says_nothing_of_health(house: House) -> None:
    plan = await planned(house)
    log = left(plan, WayBack.SERVICE, heads_up="Ann Lee may call about her biopsy results.")
    with pytest.raises(Blocked):
        await house.desk.calling.log(plan, log)
    assert await house.desk.calling.unfinished(plan.draft.conversation_id or 0) == []


@pytest.mark.parametrize(
    "the_practice",
    [
        practice(
            lines=(FRONT_DESK, TEXTS, PHONE),
            answering_service=replace(SERVICE, names_patients=True),
        )
    ],
)
async def test_the_service_is_told_the_name_where_the_practice_wants_it(house: House) -> None:
    plan = await planned(house)
    assert "Ann Lee" in plan.heads_up


async def test_the_information_itself_only_where_the_form_allows_it(house: House) -> None:
    plan = await planned(house, voicemail=VoicemailConsent.DETAILED)
    with pytest.raises(TwowayError, match="what was said"):
        await house.desk.calling.log(plan, left(plan, WayBack.INFORMATION, text=plan.script))
    said = "Your test results are fine, nothing is to be done."
    await house.desk.calling.log(plan, left(plan, WayBack.INFORMATION, text=said))
    assert (await message_of(house, plan)).text == said


async def test_room_for_details_that_were_not_left_is_not_kept(house: House) -> None:
    plan = await planned(house, voicemail=VoicemailConsent.DETAILED)
    assert "…" in plan.script
    await house.desk.calling.log(plan, left(plan, WayBack.DIRECT_LINE, text=plan.script))
    assert "…" not in (await message_of(house, plan)).text


@pytest.mark.parametrize("form", [VoicemailConsent.CALLBACK_ONLY, VoicemailConsent.UNKNOWN])
async def test_no_information_where_the_form_does_not(house: House, form: VoicemailConsent) -> None:
    plan = await planned(house, voicemail=form)
    log = left(plan, WayBack.INFORMATION, text="Your test results are fine.")
    with pytest.raises(Blocked, match="call-back only"):
        await house.desk.calling.log(plan, log)


# ---- what became of it --------------------------------------------------------------------------


async def test_who_was_reached_was_answered(house: House) -> None:
    plan = await planned(house)
    log = replace(plan.draft, text="", call=Call(CallOutcome.REACHED))
    with pytest.raises(TwowayError, match="what was agreed"):
        await house.desk.calling.log(plan, log)
    await house.desk.calling.log(plan, replace(log, text="She comes on Friday at nine."))
    assert await state(house, plan) is ConversationState.WAITING
    await house.recorder.drain()
    await house.desk.done(plan.draft.conversation_id or 0)


@pytest.mark.parametrize(
    "outcome", [CallOutcome.NO_ANSWER, CallOutcome.BUSY, CallOutcome.WRONG_NUMBER]
)
async def test_who_was_not_reached_goes_on_waiting(house: House, outcome: CallOutcome) -> None:
    plan = await planned(house)
    row = await house.repository.conversations.row(plan.draft.conversation_id or 0)
    await house.desk.calling.log(plan, replace(plan.draft, text="", call=Call(outcome)))
    after = await house.repository.conversations.row(row.id)
    assert (after.state, after.waiting_since) == (ConversationState.NEEDS_REPLY, row.waiting_since)
    assert not after.undelivered


async def test_a_call_that_reached_nobody_opens_a_closed_conversation(house: House) -> None:
    plan = await planned(house)
    await house.recorder.drain()
    await house.desk.done(plan.draft.conversation_id or 0, "she called the wrong practice")
    house.clock.advance(minutes=5)
    again = await house.desk.calling.prepare(plan.draft.conversation_id or 0)
    await house.desk.calling.log(again, left(again, WayBack.DIRECT_LINE))
    assert await state(house, plan) is ConversationState.WAITING


async def test_a_failed_text_is_not_made_good_by_a_call_that_reached_nobody(house: House) -> None:
    await late(house)
    conversation = next(
        row.id for row in await house.rows() if row.person_address == "+15550109999"
    )
    house.servers[TEXTS.id].refuses.add("+15550109999")
    draft = await house.desk.reply_draft(conversation, ChannelKind.SMS)
    await house.desk.send(replace(draft, text="Lakeside: yes."), "it is fine", undo=False)
    await house.outbox.deliver_due()
    assert (await house.repository.conversations.row(conversation)).undelivered
    house.clock.advance(minutes=1)
    for outcome, undelivered in ((CallOutcome.NO_ANSWER, True), (CallOutcome.REACHED, False)):
        plan = await house.desk.calling.prepare(conversation, "+15550109999")
        log = replace(plan.draft, text="We talked.", call=Call(outcome))
        await house.desk.calling.log(plan, log)
        row = await house.repository.conversations.row(conversation)
        assert row.undelivered is undelivered


async def test_the_record_says_how_it_ended_and_how_they_can_answer(house: House) -> None:
    plan = await planned(house)
    await house.desk.calling.log(plan, left(plan, WayBack.SERVICE, heads_up=plan.heads_up))
    await house.recorder.drain()
    await house.outbox.deliver_due()
    await house.recorder.drain()
    entries = [
        one
        for one in await house.repository.records.entries("p1")
        if one.get("medium", [{}])[0].get("text") == "phone call" and "sent" in one
    ]
    assert [one["status"] for one in entries] == ["in-progress", "completed"]
    said = {
        one["url"].rpartition("/")[2]: one.get("valueString") for one in entries[-1]["extension"]
    }
    assert said["call-outcome"] == "left message"
    assert said["way-to-answer"] == "answering service"
    assert said["heads-up"] == "sent"
    assert said["staff"] == "dana"
    assert entries[-1]["recipient"][0]["display"].endswith(f"<{MOBILE}>")
    assert not (await house.repository.records.verify("p1")).problems


async def test_a_number_that_is_wrong_is_no_longer_theirs(house: House) -> None:
    plan = await planned(house)
    await house.desk.calling.log(
        plan, replace(plan.draft, text="", call=Call(CallOutcome.WRONG_NUMBER))
    )
    await house.desk.calling.not_theirs(plan)
    stored = await house.repository.patients.get("p1")
    assert [one.use for one in stored.points if one.value == MOBILE] == [PointUse.OLD]
    notes = [one.text for one in await house.messages(plan.draft.conversation_id or 0)]
    assert any("Wrong number" in text for text in notes)
    again = await house.desk.calling.prepare(plan.draft.conversation_id or 0)
    assert again.number.address.value == HOME


async def test_a_log_that_was_begun_is_there_after_a_crash(house: House) -> None:
    plan = await planned(house)
    half = left(plan, WayBack.DIRECT_LINE, text="Hello Ann")
    await house.desk.calling.keep(half)
    again = await house.desk.calling.prepare(plan.draft.conversation_id or 0)
    assert again.kept == half
    # It is no draft of a written answer.
    assert await house.repository.drafts.conversations("dana") == []
    await house.desk.calling.log(again, half)
    once_more = await house.desk.calling.prepare(plan.draft.conversation_id or 0)
    assert once_more.kept is None


async def test_a_patient_without_a_conversation_gets_one(house: House) -> None:
    await late(house)
    plan = await house.desk.calling.prepare("p1", HOME)
    row = await house.desk.calling.log(plan, left(plan, WayBack.DIRECT_LINE))
    (message,) = await house.messages(row.conversation_id)
    assert message.to[0].value == HOME
    assert message.patient_id == "p1"


async def test_a_line_that_is_dialled_by_hand_dials_nothing(house: House) -> None:
    plan = await planned(house)
    with pytest.raises(TwowayError, match="by hand") as caught:
        await house.desk.calling.dial(plan)
    assert "(555) 010-7811" in caught.value.hint

"""Texts and calls from the desk to the network and back, with all that lies between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from demo.twilio.fault import Fault
from inbox.address import Address, AddressSystem, ChannelKind
from inbox.conversation import ConversationState, ListState
from inbox.ending import Ending
from inbox.errors import Blocked
from inbox.message import Direction, MessageKind, MessageStatus
from inbox.patient import Consent, PointHealth
from inbox.reply_path import ProofState
from tests.adapters.phone.lakeside import SECOND, Lakeside, open_lakeside
from tests.adapters.phone.world import LINE, ROSA, VOICE, VoiceHandle

HELLO = "Lakeside Family Practice: Thursday at ten is fine. Text back if not. Dana"


@pytest.fixture
async def lakeside(office: VoiceHandle, tmp_path: Path) -> AsyncIterator[Lakeside]:
    async with AsyncExitStack() as stack:
        opened = await open_lakeside(office, tmp_path / "data", stack)
        await opened.sync()
        yield opened


async def test_a_text_is_answered_in_the_conversation_that_began_by_e_mail(
    lakeside: Lakeside,
) -> None:
    lakeside.mail_from_rosa("Can I come on Thursday?")
    await lakeside.sync()
    [row] = await lakeside.rows()
    lakeside.clock.advance(minutes=1)
    answer = await lakeside.desk.reply_draft(row.id, ChannelKind.SMS)
    queued = await lakeside.queue(answer, HELLO)
    await lakeside.outbox.deliver_due()

    assert (await lakeside.repository.outbox.get(queued.id)).status is MessageStatus.SENT
    lakeside.clock.advance(minutes=5)
    lakeside.world.account.receive(ROSA, LINE.address, "Perfect, thank you")
    await lakeside.sync()

    [row] = await lakeside.rows()
    said = [(one.channel, one.direction) for one in await lakeside.messages(row.id)]
    assert said == [
        (ChannelKind.EMAIL, Direction.INBOUND),
        (ChannelKind.SMS, Direction.OUTBOUND),
        (ChannelKind.SMS, Direction.INBOUND),
    ]
    assert row.state is ConversationState.NEEDS_REPLY
    assert [one.status for one in await lakeside.messages(row.id)][1] is MessageStatus.DELIVERED


async def test_a_text_joins_the_only_conversation_that_waits_for_them(lakeside: Lakeside) -> None:
    lakeside.mail_from_rosa("Can I come on Thursday?")
    await lakeside.sync()
    [row] = await lakeside.rows()
    lakeside.clock.advance(minutes=1)
    await lakeside.queue(await lakeside.desk.reply_draft(row.id), "Yes, at ten. Dana")
    await lakeside.outbox.deliver_due()

    lakeside.clock.advance(minutes=5)
    lakeside.world.account.receive(ROSA, LINE.address, "Perfect, thank you")
    await lakeside.sync()

    [row] = await lakeside.rows()
    assert len(await lakeside.messages(row.id)) == 3


async def test_stop_blocks_the_next_text_and_start_allows_it(lakeside: Lakeside) -> None:
    assert (await lakeside.write(ROSA, HELLO)).status is MessageStatus.SENT
    lakeside.clock.advance(minutes=2)
    lakeside.world.account.receive(ROSA, LINE.address, "STOP")
    await lakeside.later(minutes=6)

    [row] = await lakeside.rows()
    kinds = [(one.direction, one.text[:4]) for one in await lakeside.messages(row.id)]
    assert (Direction.INBOUND, "STOP") in kinds
    assert len(kinds) == 3, "the carrier's own answer belongs to it"
    with pytest.raises(Blocked):
        await lakeside.write(ROSA, HELLO + " again")

    lakeside.world.account.receive(ROSA, LINE.address, "START")
    await lakeside.later(minutes=6)
    assert (await lakeside.write(ROSA, HELLO + " again")).status is MessageStatus.SENT


async def test_the_carriers_own_answer_answers_nothing(lakeside: Lakeside) -> None:
    lakeside.world.account.receive(ROSA, LINE.address, "My child has a rash, what now?")
    await lakeside.later(minutes=1)
    lakeside.world.account.receive(ROSA, LINE.address, "HELP")
    await lakeside.later(minutes=6)

    [row] = await lakeside.rows(ListState.NEEDS_REPLY)
    assert len(await lakeside.messages(row.id)) == 3


async def test_who_stopped_elsewhere_is_kept_as_opted_out(lakeside: Lakeside) -> None:
    lakeside.world.account.opted_out.add((ROSA, LINE.address))
    row = await lakeside.write(ROSA, HELLO)

    assert row.status is MessageStatus.FAILED
    assert "stop" in row.status_text
    address = Address(AddressSystem.PHONE, ROSA)
    said = await lakeside.repository.consents.current([address])
    entry = said[address.key, ChannelKind.SMS]
    assert (entry.consent, entry.by) == (Consent.DECLINED, "carrier")
    with pytest.raises(Blocked):
        await lakeside.write(ROSA, HELLO)


async def test_a_start_in_history_outdoes_an_older_refusal_of_the_carrier(
    office: VoiceHandle, tmp_path: Path
) -> None:
    refused = office.account.send(ROSA, LINE.address, "Reminder")
    refused.more |= {"status": "undelivered", "error_code": 21610}
    office.clock.advance(days=3)
    office.account.receive(ROSA, LINE.address, "START")
    office.clock.advance(days=3)
    async with AsyncExitStack() as stack:
        opened = await open_lakeside(office, tmp_path / "data", stack)
        await opened.sync()
        assert not await opened.repository.consents.history(Address(AddressSystem.PHONE, ROSA))


async def test_a_landline_refuses_and_is_marked(lakeside: Lakeside) -> None:
    lakeside.world.account.phone(ROSA).landline = True
    row = await lakeside.write(ROSA, HELLO)

    assert row.status is MessageStatus.FAILED
    assert "landline" in row.status_text
    assert "Call" in row.hint
    patient = await lakeside.repository.patients.get("p1")
    [point] = [one for one in patient.points if one.system is AddressSystem.PHONE]
    assert point.health is PointHealth.BAD
    assert "landline" in point.health_reason


async def test_a_late_report_marks_the_number_and_the_message(lakeside: Lakeside) -> None:
    lakeside.world.account.phone(ROSA).fails_with = 30005
    row = await lakeside.write(ROSA, HELLO)
    assert row.status is MessageStatus.SENT
    await lakeside.later(minutes=1)
    await lakeside.later(minutes=1)

    row = await lakeside.repository.outbox.get(row.id)
    assert row.status is MessageStatus.FAILED
    assert "does not exist" in row.status_text
    assert row.hint
    patient = await lakeside.repository.patients.get("p1")
    [point] = [one for one in patient.points if one.system is AddressSystem.PHONE]
    assert point.health is PointHealth.BAD
    assert len(await lakeside.rows()) == 1
    assert (await lakeside.rows())[0].undelivered


async def test_a_phone_that_was_off_is_tried_once_more(lakeside: Lakeside) -> None:
    lakeside.world.account.phone(ROSA).fails_with = 30003
    first = await lakeside.write(ROSA, HELLO)
    await lakeside.later(minutes=1)
    await lakeside.later(minutes=1)

    row = await lakeside.repository.outbox.get(first.id)
    assert (row.status, row.automatic_retry) == (MessageStatus.QUEUED, True)
    assert timedelta(minutes=28) <= row.not_before - lakeside.clock() <= timedelta(minutes=30)
    assert "off" in row.status_text
    assert "tried once more" in row.hint

    await lakeside.later(minutes=31)
    await lakeside.outbox.deliver_due()
    assert (await lakeside.repository.outbox.get(first.id)).status is MessageStatus.SENT
    await lakeside.later(minutes=1)
    await lakeside.later(minutes=1)

    row = await lakeside.repository.outbox.get(first.id)
    assert (row.status, row.automatic_retry) == (MessageStatus.FAILED, False)
    assert "tried" not in row.hint, "nobody tries it again"
    assert "Call them" in row.hint
    assert lakeside.sent == 2
    await lakeside.later(hours=2)
    await lakeside.outbox.deliver_due()
    assert lakeside.sent == 2
    [conversation] = await lakeside.rows()
    assert len(await lakeside.messages(conversation.id)) == 1


async def test_a_text_that_never_left_the_queue_is_tried_once_more(lakeside: Lakeside) -> None:
    lakeside.world.account.phone(ROSA).fails_with = 30001
    row = await lakeside.write(ROSA, HELLO)
    await lakeside.later(minutes=1)
    await lakeside.later(minutes=1)
    assert (await lakeside.repository.outbox.get(row.id)).automatic_retry
    lakeside.world.account.phone(ROSA).fails_with = None
    await lakeside.later(minutes=31)
    await lakeside.outbox.deliver_due()
    assert lakeside.sent == 2


async def test_a_number_that_carriers_refuse_sends_no_more(lakeside: Lakeside) -> None:
    lakeside.world.account.phone(ROSA).fails_with = 30034
    row = await lakeside.write(ROSA, HELLO)
    await lakeside.later(minutes=1)
    await lakeside.later(minutes=1)
    assert (await lakeside.repository.outbox.get(row.id)).status is MessageStatus.FAILED
    proof = await lakeside.proof(LINE)
    assert proof.state is ProofState.FAILED
    assert "10DLC" in proof.how
    with pytest.raises(Blocked):
        await lakeside.write(ROSA, "Lakeside Family Practice: are you there? Text back. Dana")
    assert lakeside.sent == 1


async def test_an_unknown_outcome_is_found_and_never_sent_twice(lakeside: Lakeside) -> None:
    lakeside.world.server.fail(Fault("drop", "POST", accept=True))
    row = await lakeside.write(ROSA, HELLO)
    assert row.status is MessageStatus.UNKNOWN

    lakeside.clock.advance(seconds=30)
    await lakeside.handed_over.reconcile()
    row = await lakeside.repository.outbox.get(row.id)
    assert row.status is MessageStatus.SENT
    assert row.provider_id == lakeside.world.account.texts[-1].sid
    await lakeside.later(minutes=6)
    [conversation] = await lakeside.rows()
    [message] = await lakeside.messages(conversation.id)
    assert message.status is MessageStatus.DELIVERED
    assert lakeside.sent == 1


async def test_a_text_that_shows_up_an_hour_late_is_still_found(lakeside: Lakeside) -> None:
    lakeside.world.account.index_lag = timedelta(minutes=58)
    lakeside.world.server.fail(Fault("drop", "POST", accept=True))
    row = await lakeside.write(ROSA, HELLO)
    for minutes in (1, 4, 10, 20, 20, 70):
        lakeside.clock.advance(minutes=minutes)
        await lakeside.handed_over.reconcile()
        await lakeside.outbox.deliver_due()
    assert (await lakeside.repository.outbox.get(row.id)).status is MessageStatus.SENT
    assert lakeside.sent == 1


async def test_reading_finds_an_unknown_text_before_anybody_looks_for_it(
    lakeside: Lakeside,
) -> None:
    lakeside.world.server.fail(Fault("drop", "POST", accept=True))
    row = await lakeside.write(ROSA, HELLO)
    await lakeside.later(minutes=6)

    row = await lakeside.repository.outbox.get(row.id)
    assert row.status in {MessageStatus.SENT, MessageStatus.DELIVERED}
    assert row.provider_id == lakeside.world.account.texts[-1].sid
    [conversation] = await lakeside.rows()
    assert len(await lakeside.messages(conversation.id)) == 1


async def test_what_never_left_stays_unknown_for_a_person(lakeside: Lakeside) -> None:
    lakeside.world.server.fail(Fault("drop", "POST"))
    row = await lakeside.write(ROSA, HELLO)
    for _ in range(40):
        lakeside.clock.advance(hours=1)
        await lakeside.handed_over.reconcile()
        await lakeside.outbox.deliver_due()
    assert (await lakeside.repository.outbox.get(row.id)).status is MessageStatus.UNKNOWN
    assert lakeside.sent == 0


async def test_texts_made_elsewhere_are_ours(lakeside: Lakeside) -> None:
    lakeside.world.account.receive(ROSA, LINE.address, "Are you open?")
    await lakeside.later(minutes=6)
    lakeside.world.account.send(ROSA, LINE.address, "Yes, until five")
    await lakeside.later(minutes=6)

    [row] = await lakeside.rows()
    said = await lakeside.messages(row.id)
    assert [one.direction for one in said] == [Direction.INBOUND, Direction.OUTBOUND]
    assert said[1].status is MessageStatus.DELIVERED
    assert row.state is ConversationState.WAITING


# ---------------------------------------------------------------- the reply path


async def test_a_number_is_proven_by_its_set_up_and_by_being_read(lakeside: Lakeside) -> None:
    proof = await lakeside.proof(LINE)
    assert (proof.state, proof.how) == (ProofState.PROVEN, "number checked")
    assert (await lakeside.proof(VOICE)).state is ProofState.PROVEN

    lakeside.clock.advance(minutes=5)
    lakeside.world.account.receive(ROSA, LINE.address, "Hello")
    await lakeside.sync()
    assert (await lakeside.proof(LINE)).how == "message received"


async def test_a_dead_messaging_service_fails_the_line(lakeside: Lakeside) -> None:
    service = lakeside.world.add_service()
    await lakeside.later(hours=7)

    proof = await lakeside.proof(LINE)
    assert proof.state is ProofState.FAILED
    assert "throws away" in proof.how
    with pytest.raises(Blocked):
        await lakeside.write(ROSA, HELLO)

    service.use_inbound_webhook_on_number = True
    await lakeside.later(hours=7)
    assert (await lakeside.proof(LINE)).state is ProofState.PROVEN


async def test_a_number_whose_set_up_may_not_be_seen_is_proven_by_a_text(
    lakeside: Lakeside,
) -> None:
    lakeside.clock.advance(days=8)
    lakeside.world.server.fail(
        Fault("status", "GET", "IncomingPhoneNumbers", status=403, code=20003, times=None)
    )
    await lakeside.sync()
    assert (await lakeside.proof(LINE)).state is ProofState.STALE
    lakeside.world.account.receive(ROSA, LINE.address, "Hello")
    await lakeside.later(minutes=1)
    assert (await lakeside.proof(LINE)).state is ProofState.PROVEN


async def test_a_number_whose_services_may_not_be_seen_is_not_taken_for_proven(
    lakeside: Lakeside,
) -> None:
    lakeside.clock.advance(days=8)
    lakeside.world.server.fail(Fault("status", "GET", "/v1/", status=403, code=20003, times=None))
    await lakeside.sync()
    assert (await lakeside.proof(LINE)).state is ProofState.STALE


async def test_a_second_number_makes_the_round_trip(office: VoiceHandle, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        lakeside = await open_lakeside(office, tmp_path / "data", stack, second=True)
        await lakeside.sync()
        steps: list[str] = []

        async def look() -> None:
            lakeside.clock.advance(seconds=20)

        await look()
        proof = await lakeside.back_office.prove(LINE.id, steps.append, patience=5)

        assert (proof.state, proof.how) == (ProofState.PROVEN, "round trip")
        assert any(SECOND.address in step for step in steps)
        await lakeside.later(minutes=6)
        assert await lakeside.rows() == []


# ---------------------------------------------------------------- calls


async def test_a_missed_call_waits_and_turns_into_its_voicemail(lakeside: Lakeside) -> None:
    account = lakeside.world.account
    account.call_in(
        ROSA, VOICE.address, rings=20, voicemail=15, said="Please call me back",
        recorded_after=timedelta(minutes=6),
    )  # fmt: skip
    await lakeside.later(minutes=4)
    [row] = await lakeside.rows(ListState.NEEDS_REPLY)
    [missed] = await lakeside.messages(row.id)
    assert (missed.kind, missed.ending) == (MessageKind.CALL, Ending.MISSED)

    await lakeside.later(minutes=6)
    [row] = await lakeside.rows(ListState.NEEDS_REPLY)
    [left] = await lakeside.messages(row.id)
    assert (left.id, left.kind, left.ending) == (missed.id, MessageKind.VOICEMAIL, Ending.VOICEMAIL)
    assert left.seconds == 15
    assert "Auto-transcribed" in left.text
    [sound] = left.attachments
    raw = await lakeside.desk.raw(left)
    assert lakeside.texts.twilio.requests
    assert b"recording" in raw.content
    assert sound.media_type == "audio/mpeg"


async def test_an_answered_call_waits_for_nothing(lakeside: Lakeside) -> None:
    lakeside.world.account.call_in(ROSA, VOICE.address, dialled="+15550107701", talks=60)
    await lakeside.later(minutes=10)
    assert await lakeside.rows(ListState.NEEDS_REPLY) == []
    [row] = await lakeside.rows()
    [call] = await lakeside.messages(row.id)
    assert (call.ending, call.seconds) == (Ending.ANSWERED, 60)


async def test_a_missed_call_is_answered_by_a_text(lakeside: Lakeside) -> None:
    lakeside.world.account.call_in(ROSA, VOICE.address, rings=20)
    await lakeside.later(minutes=20)
    [row] = await lakeside.rows(ListState.NEEDS_REPLY)
    draft = replace(await lakeside.desk.reply_draft(row.id, ChannelKind.SMS))
    await lakeside.queue(draft, HELLO)
    await lakeside.outbox.deliver_due()
    assert await lakeside.rows(ListState.NEEDS_REPLY) == []

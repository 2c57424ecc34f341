"""Calls: what became of each, what was recorded, and calling a patient from here."""

from __future__ import annotations

import wave
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from adapters.phone.voice import VoiceChannel
from demo.twilio.fault import Fault
from demo.twilio.record import Leg, Number
from demo.twilio.sound import silence, tone
from inbox.channel import RawItem
from inbox.errors import ConnectionLost, NotSent, OutcomeUnknown, ServerRefused
from inbox.message import Arrival, MessageKind, Nature
from tests.adapters.handle import (
    Handover,
    collect,
    make_outgoing,
    make_permit,
    numbers,
    stored,
)
from tests.adapters.phone.world import DESK, ROSA, VOICE, VoiceHandle

HOUR = timedelta(hours=1)


async def told(calls: VoiceChannel, cursors: dict[str, str]) -> list[Arrival]:
    """What a run tells; moves the cursors on."""
    batches = await collect(calls, cursors)
    cursors.update(stored(batches))
    return [calls.convert(item) for item in items(batches)]


def items(batches: list) -> list[RawItem]:  # type: ignore[type-arg]  # batches, as collected
    return [item for batch in batches for item in batch.items]


@pytest.mark.parametrize(
    ("more", "kind", "text", "waits"),
    [
        ({"dialled": DESK, "talks": 95}, MessageKind.CALL, "Call, answered, 1 min 35 s.", False),
        ({"dialled": DESK}, MessageKind.CALL, "Missed call, 15 s.", True),
        ({"rings": 30}, MessageKind.CALL, "Missed call, 30 s.", True),
        ({"rings": 4}, MessageKind.CALL, "Missed call: they hung up at once.", True),
        (
            {"dialled": DESK, "voicemail": 23, "said": "This is Rosa."},
            MessageKind.VOICEMAIL,
            "Voicemail, 23 s.\n\nAuto-transcribed, may be wrong:\nThis is Rosa.",
            True,
        ),
        ({"voicemail": 130, "said": "x"}, MessageKind.VOICEMAIL, "Voicemail, 2 min 10 s.", True),
    ],
)
async def test_what_became_of_a_call(
    office: VoiceHandle,
    calls: VoiceChannel,
    more: dict[str, Any],
    kind: MessageKind,
    text: str,
    waits: bool,
) -> None:
    call = office.account.call_in(ROSA, VOICE.address, ago=HOUR, **more)
    (arrival,) = await told(calls, {})
    assert (arrival.kind, arrival.text) == (kind, text)
    assert arrival.nature.wants_answer is waits
    assert arrival.sender is not None
    assert (arrival.sender.value, arrival.to[0].value) == (ROSA, VOICE.address)
    assert (arrival.message_id, arrival.thread_key) == (call.sid, f"{ROSA} {VOICE.address}")


async def test_a_voicemail_can_be_listened_to(office: VoiceHandle, calls: VoiceChannel) -> None:
    office.account.call_in(ROSA, VOICE.address, ago=HOUR, voicemail=23)
    (item,) = items(await collect(calls))
    (sound,) = calls.convert(item).attachments
    assert (sound.name, sound.media_type) == ("voicemail-1.mp3", "audio/mpeg")
    assert calls.attachment(item.content, sound.part) == silence(23)
    assert all(one.authorization for one in office.server.seen)


async def test_a_recording_that_comes_late_turns_a_missed_call_into_a_voicemail(
    office: VoiceHandle, calls: VoiceChannel
) -> None:
    call = office.account.call_in(
        ROSA, VOICE.address, voicemail=20, recorded_after=timedelta(minutes=9), said="Call me."
    )
    cursors: dict[str, str] = {}
    assert await told(calls, cursors) == []
    office.clock.advance(minutes=1)
    assert await told(calls, cursors) == []
    office.clock.advance(minutes=2)
    assert [one.kind for one in await told(calls, cursors)] == [MessageKind.CALL]
    assert await told(calls, cursors) == []
    office.clock.advance(minutes=7)
    batches = await collect(calls, cursors)
    assert numbers(items(batches)) == [f"{call.sid}:voicemail"]
    arrival = calls.convert(items(batches)[0])
    assert "Call me." in arrival.text
    assert arrival.message_id == call.sid
    cursors.update(stored(batches))
    office.clock.advance(hours=1)
    another = office.voice()
    assert await told(another, cursors) == []
    await another.close()


async def test_a_voicemail_waits_a_little_for_its_words(
    office: VoiceHandle, calls: VoiceChannel
) -> None:
    office.account.call_in(ROSA, VOICE.address, voicemail=20, said="Call me.")
    office.account.transcriptions[0].ready += timedelta(minutes=1)
    cursors: dict[str, str] = {}
    office.clock.advance(seconds=40)
    assert await told(calls, cursors) == []
    office.clock.advance(minutes=2)
    (arrival,) = await told(calls, cursors)
    assert "Call me." in arrival.text


async def test_a_call_that_goes_on_is_told_once_it_is_over(
    office: VoiceHandle, calls: VoiceChannel
) -> None:
    office.account.call_in(ROSA, VOICE.address, dialled=DESK, talks=600)
    cursors: dict[str, str] = {}
    for _ in range(5):
        assert await told(calls, cursors) == []
        office.clock.advance(minutes=2)
    office.clock.advance(minutes=1)
    assert [one.text for one in await told(calls, cursors)] == ["Call, answered, 10 min 0 s."]


async def test_a_call_that_never_ends_is_told_after_a_day(
    office: VoiceHandle, calls: VoiceChannel
) -> None:
    office.account.call_in(ROSA, VOICE.address, dialled=DESK, talks=10_000_000)
    cursors: dict[str, str] = {}
    assert await told(calls, cursors) == []
    office.clock.advance(hours=26)
    assert [one.text for one in await told(calls, cursors)] == ["A call whose end was never told."]


async def test_calls_of_other_numbers_stay_out(office: VoiceHandle, calls: VoiceChannel) -> None:
    office.account.add_number(Number("+15550107799"))
    office.account.call_in(ROSA, "+15550107799", ago=HOUR)
    assert await told(calls, {}) == []


async def test_a_poll_with_nothing_new_is_one_request(
    office: VoiceHandle, calls: VoiceChannel
) -> None:
    for _ in range(120):
        office.account.call_in(ROSA, VOICE.address, dialled=DESK, talks=5, ago=HOUR)
    cursors: dict[str, str] = {}
    assert len(await told(calls, cursors)) == 120
    before = office.asked()
    for _ in range(4):
        office.clock.advance(seconds=15)
        assert await told(calls, cursors) == []
    assert office.asked() - before == 4


async def test_a_call_that_lists_show_late_is_found(
    office: VoiceHandle, calls: VoiceChannel
) -> None:
    late = office.account.call_in(ROSA, VOICE.address, ago=HOUR, rings=20)
    late.indexed = office.account.now + HOUR
    office.account.call_in(ROSA, VOICE.address, ago=timedelta(minutes=30), rings=20)
    cursors: dict[str, str] = {}
    assert len(await told(calls, cursors)) == 1
    office.clock.advance(hours=1)
    assert [one.message_id for one in await told(calls, cursors)] == [late.sid]


async def test_the_count_leaves_out_what_goes_on(office: VoiceHandle, calls: VoiceChannel) -> None:
    over = office.account.call_in(ROSA, VOICE.address, ago=HOUR)
    office.account.call_in(ROSA, VOICE.address, dialled=DESK, talks=600)
    await collect(calls)
    (census,) = await calls.census()
    assert census.items == {over.sid}


async def test_an_old_recording_is_fetched_when_somebody_asks(
    office: VoiceHandle, calls: VoiceChannel
) -> None:
    office.account.call_in(ROSA, VOICE.address, voicemail=20, said="Hello.", ago=timedelta(days=40))
    (item,) = items(await collect(calls))
    assert not item.complete
    assert calls.convert(item).kind is MessageKind.VOICEMAIL
    whole = await calls.fetch_whole(item.remote)
    assert whole.complete
    assert calls.attachment(whole.content, "0") == silence(20)


@pytest.mark.parametrize("fault", [Fault("status", "GET", "mp3"), Fault("drop", "GET", "mp3")])
async def test_a_recording_that_fails_is_fetched_later(
    office: VoiceHandle, calls: VoiceChannel, fault: Fault
) -> None:
    office.account.call_in(ROSA, VOICE.address, voicemail=20, ago=HOUR)
    fault.times = 2
    office.server.fail(fault)
    with pytest.raises(ConnectionLost):
        await collect(calls)
    office.server.faults.clear()
    (item,) = items(await collect(calls))
    assert calls.convert(item).attachments


async def test_a_recording_that_was_deleted_is_said(
    office: VoiceHandle, calls: VoiceChannel
) -> None:
    office.account.call_in(ROSA, VOICE.address, voicemail=20, ago=HOUR)
    office.server.fail(Fault("status", "GET", "mp3", status=404, code=20404))
    (item,) = items(await collect(calls))
    assert calls.convert(item).defects == ("The recording is no longer at Twilio.",)
    with pytest.raises(ServerRefused, match="no longer"):
        calls.attachment(item.content, "0")


# ---- calling --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("desk", "patient", "text"),
    [
        ("answers", "answers", "Call, picked up, 40 s."),
        ("answers", "busy", "Call: the line was busy."),
        ("answers", "no-answer", "Call: nobody answered."),
        ("no-answer", "answers", "Call not made: the phone here was not picked up."),
    ],
)
async def test_our_phone_rings_first_and_the_patient_sees_the_lines_number(
    office: VoiceHandle, calls: VoiceChannel, desk: Leg, patient: Leg, text: str
) -> None:
    office.account.phone(DESK).leg = desk
    office.account.phone(ROSA).leg = patient
    outgoing = make_outgoing(VOICE, office.patient, "Tell her about the results.")
    receipt = await calls.send(outgoing, make_permit(outgoing), Handover(office))
    (asked,) = [one for one in office.server.seen if one.method == "POST"]
    assert (asked.form["To"], asked.form["From"]) == (DESK, VOICE.address)
    assert "results" not in asked.form["Twiml"]
    assert f'callerId="{VOICE.address}"' in asked.form["Twiml"]
    office.clock.advance(minutes=5)
    (arrival,) = await told(calls, {})
    assert (arrival.message_id, arrival.text) == (receipt.provider_id, text)
    assert arrival.sender is not None
    assert arrival.sender.value == VOICE.address


@pytest.mark.parametrize(
    ("leg", "text"),
    [
        ("answers", "Call, picked up, 40 s."),
        ("no-answer", "Call: nobody answered."),
        ("busy", "Call: the line was busy."),
    ],
)
async def test_a_call_another_program_made_straight_to_them_is_one_to_them(
    office: VoiceHandle, calls: VoiceChannel, leg: Leg, text: str
) -> None:
    office.account.phone(ROSA).leg = leg
    office.account.call_out(ROSA, VOICE.address, None)
    office.clock.advance(minutes=5)
    (arrival,) = await told(calls, {})
    assert arrival.text == text
    assert [one.value for one in arrival.to] == [ROSA]
    assert arrival.thread_key == f"{ROSA} {VOICE.address}"


async def test_a_direct_line_that_is_not_picked_up_is_no_call_to_anybody(
    office: VoiceHandle,
) -> None:
    direct = "+15550107705"
    calls = VoiceChannel(VOICE, office.settings(), office.clock, desk=DESK, direct=[direct])
    office.account.phone(direct).leg = "no-answer"
    outgoing = make_outgoing(VOICE, office.patient, "x", ring_first=direct)
    await calls.send(outgoing, make_permit(outgoing), Handover(office))
    office.clock.advance(minutes=5)
    (arrival,) = await told(calls, {})
    assert arrival.text == "Call not made: the phone here was not picked up."
    assert arrival.to == ()
    await calls.close()


async def test_no_call_is_made_twice(office: VoiceHandle) -> None:
    calls = office.voice(office.settings(read_timeout=0.3))
    outgoing = make_outgoing(VOICE, office.patient, "x", created_at=office.clock())
    office.server.fail(Fault("hang", "POST", accept=True))
    with pytest.raises(OutcomeUnknown):
        await calls.send(outgoing, make_permit(outgoing), Handover(office))
    assert (await calls.locate(outgoing)).found
    office.drop()
    with pytest.raises(NotSent) as caught:
        await calls.send(outgoing, make_permit(outgoing), Handover(office))
    assert not caught.value.temporary
    await calls.close()


async def test_an_earlier_call_to_the_same_patient_is_not_taken_for_this_one(
    office: VoiceHandle,
) -> None:
    ours: list[str] = []

    async def claimed(sid: str) -> bool:
        return sid in ours

    calls = VoiceChannel(VOICE, office.settings(), office.clock, desk=DESK, claimed=claimed)
    first = make_outgoing(VOICE, office.patient, "x", created_at=office.clock())
    ours.append((await calls.send(first, make_permit(first), Handover(office))).provider_id)
    office.clock.advance(minutes=2)
    second = make_outgoing(VOICE, office.patient, "x", created_at=office.clock())
    office.server.fail(Fault("drop", "POST"))
    with pytest.raises(OutcomeUnknown):
        await calls.send(second, make_permit(second), Handover(office))
    assert not (await calls.locate(second)).found
    await calls.close()


async def test_a_call_that_rings_somebody_else_is_not_taken_for_this_one(
    office: VoiceHandle, calls: VoiceChannel
) -> None:
    theirs = make_outgoing(
        VOICE, office.patient, "x", created_at=office.clock(), ring_first="+15550107705"
    )
    await calls.send(theirs, make_permit(theirs), Handover(office))
    ours = make_outgoing(VOICE, office.patient, "x", created_at=office.clock())
    assert not (await calls.locate(ours)).found
    assert (await calls.locate(theirs)).found


async def test_without_a_phone_here_calls_are_made_by_hand(office: VoiceHandle) -> None:
    calls = VoiceChannel(VOICE, office.settings(), office.clock)
    outgoing = make_outgoing(VOICE, office.patient, "x")
    with pytest.raises(NotSent, match="no phone here"):
        await calls.send(outgoing, make_permit(outgoing), Handover(office))
    assert office.server.seen == []


async def test_the_callers_own_phone_rings_before_the_desks(office: VoiceHandle) -> None:
    calls = VoiceChannel(VOICE, office.settings(), office.clock, desk=DESK)
    outgoing = make_outgoing(VOICE, office.patient, "x", ring_first="+15550107702")
    await calls.send(outgoing, make_permit(outgoing), Handover(office))
    (asked,) = [one for one in office.server.seen if one.method == "POST"]
    assert asked.form["To"] == "+15550107702"
    await calls.close()


async def test_a_number_that_may_not_be_shown_is_refused(
    office: VoiceHandle, calls: VoiceChannel
) -> None:
    office.account.numbers[VOICE.address].voice = False
    outgoing = make_outgoing(VOICE, office.patient, "x")
    with pytest.raises(NotSent) as caught:
        await calls.send(outgoing, make_permit(outgoing), Handover(office))
    assert caught.value.sender_refused


async def test_an_answered_call_waits_for_nobody(office: VoiceHandle, calls: VoiceChannel) -> None:
    office.account.call_in(ROSA, VOICE.address, dialled=DESK, talks=30, ago=HOUR)
    assert [one.nature for one in await told(calls, {})] == [Nature.RECEIPT]


async def test_a_number_where_nothing_picks_up_is_deaf(
    office: VoiceHandle, calls: VoiceChannel
) -> None:
    office.account.numbers[VOICE.address].voice_url = None
    await collect(calls)
    assert "Nobody picks up" in calls.capabilities.deaf_because


def test_the_tone_is_a_sound() -> None:
    with wave.open(BytesIO(tone(2))) as sound:
        assert sound.getnframes() == 2 * sound.getframerate()

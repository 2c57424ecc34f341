"""The call screen: a voicemail at 17:04, and each of the four ways to answer what is left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.memory.channel import MemoryChannel
from inbox.address import AddressSystem, ChannelKind
from inbox.capability import Capabilities
from inbox.conversation import ConversationState
from inbox.line import Line
from inbox.message import Message, MessageStatus
from inbox.outgoing import CallOutcome, WayBack
from inbox.patient import Confidant, ContactPoint, Patient, PointUse, VoicemailConsent
from inbox.practice import AnsweringService, Practice
from tests.clock import FakeClock
from tests.tui.screen.conftest import gone, see, shown, stage, type_text, until
from tests.tui.screen.lakeside import DANA, FRONT_DESK, PRACTICE, ROSA, SAM, Lakeside

LATE = datetime(2026, 3, 4, 23, 4, tzinfo=UTC)
"""A Wednesday, 17:04 in Chicago: the phones went off four minutes ago."""
TEXTS = Line("texts", ChannelKind.SMS, "+15550107788", "Lakeside texts")
PHONE = Line("main-phone", ChannelKind.PHONE, "+15550107700", "Lakeside")
MOBILE, HOME = "+15550102231", "+15550102232"
SERVICE = AnsweringService("+15550107790", True, ChannelKind.SMS, "+15550107791")
LATE_PRACTICE = replace(
    PRACTICE,
    staff=(replace(DANA, direct_line="+15550107701"), SAM),
    lines=(FRONT_DESK, TEXTS, PHONE),
    answering_service=SERVICE,
)
SIZES = [(80, 24), (120, 36)]


def rosa(voicemail: VoicemailConsent) -> Patient:
    """Rosa with a mobile and a telephone at home."""
    return replace(
        ROSA,
        points=(
            *ROSA.points,
            ContactPoint(AddressSystem.PHONE, MOBILE, PointUse.MOBILE),
            ContactPoint(AddressSystem.PHONE, HOME, PointUse.HOME, 2),
        ),
        form=replace(ROSA.form, voicemail=voicemail, may_tell=(Confidant("Luis", "spouse"),)),
    )


async def at_1704(
    folder: Path,
    voicemail: VoicemailConsent = VoicemailConsent.CALLBACK_ONLY,
    practice: Practice = LATE_PRACTICE,
) -> Lakeside:
    """Rosa's voicemail of 17:02 waits; every line is proven."""
    built = await Lakeside(folder, FakeClock(LATE), practice).open()
    await built.repository.patients.save([rosa(voicemail)])
    built.put("front@client.example", "hello", timedelta(minutes=9), name="Marta Novak")
    built.put("+15550109999", "hello", timedelta(minutes=9), line=TEXTS)
    said = "Auto-transcribed, may be wrong:\nHello, please call me back about Thursday."
    built.put(MOBILE, said, timedelta(minutes=2), line=PHONE)
    await built.back_office.sync_once()
    return built


@pytest.fixture
async def late(tmp_path: Path) -> AsyncIterator[Lakeside]:
    """Lakeside at 17:04."""
    built = await at_1704(tmp_path / "late")
    yield built
    await built.close()


async def call_of(late: Lakeside) -> Message:
    """The call that was kept."""
    await late.open()
    row = await late.row_of("Rosa")
    found = await late.repository.conversations.messages(row.id)
    return next(one for one in reversed(found) if one.call is not None)


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_to_be_known_stands_there_before_dialling(
    late: Lakeside, size: tuple[int, int]
) -> None:
    async with stage(late, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "Call Rosa Jimenez", "(555) 010-2231 · mobile")
        await see(pilot, "call-back only · may tell: Luis (spouse), details")
        await see(pilot, "off now", "takes messages", "direct line (555) 010-7701")
        await see(pilot, "They see   (555) 010-7700", "dial by hand")
        await see(pilot, "here until 5:30 pm", "frontdesk@lakeside.example")
        await see(pilot, "1 reached  2 left message  3 no answer", "d Dial", "? Help")
        await pilot.press("d")
        await see(pilot, "Dial (555) 010-2231 on your phone")
        await pilot.press("escape")
        await gone(pilot, "Call Rosa")


@pytest.mark.parametrize("size", SIZES)
async def test_a_message_cannot_be_kept_without_a_way_to_answer(
    late: Lakeside, size: tuple[int, int]
) -> None:
    async with stage(late, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "2 left message")
        await pilot.press("2")
        await see(pilot, "What did you say?", "How can they answer?", "✗ cannot be saved", "TW11")
        await pilot.press("f9")
        await see(pilot, "It cannot be saved")
        await pilot.press("f2")
        await see(pilot, "● my direct line (555) 010-7701")
        await gone(pilot, "✗ cannot be saved")
        await pilot.press("f9")
        await see(pilot, "✓ left message · they can answer")
    message = await call_of(late)
    assert message.call is not None
    assert message.call.ways == {WayBack.DIRECT_LINE}
    assert "(555) 010-7701" in message.text
    # They still wait for us.
    assert (await late.row_of("Rosa")).state is ConversationState.NEEDS_REPLY


@pytest.mark.parametrize("size", SIZES)
async def test_here_until_asks_for_the_time_and_is_watched(
    late: Lakeside, size: tuple[int, int]
) -> None:
    async with stage(late, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "2 left message")
        await pilot.press("2")
        await see(pilot, "What did you say?")
        await pilot.press("f3")
        await see(pilot, "Here until when?", "17:30")
        await pilot.press("enter")
        await see(pilot, "● here until 5:30 pm, then frontdesk@lakeside.example, which you watch")
        await pilot.press("f9")
        await see(pilot, "✓ left message · they can answer")
        # It counts down at once, and rings when Rosa writes.
        await see(pilot, "here until 17:30")
        late.clock.advance(minutes=3)
        await late.arrive("rosa.jimenez@example.com", "I am here now.", id="again@x")
        await see(pilot, "Rosa Jimenez wrote: you promised")
    await late.open()
    (promise,) = await late.repository.promises.latest(5)
    assert (promise.owner, promise.due) == ("dana", LATE + timedelta(minutes=26))


@pytest.mark.parametrize("size", SIZES)
async def test_the_service_is_told_and_the_log_is_open_until_it_was(
    late: Lakeside, size: tuple[int, int]
) -> None:
    async with stage(late, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "2 left message")
        await pilot.press("2")
        await see(pilot, "What did you say?")
        await pilot.press("f4")
        await see(pilot, "The answering service is told:", "was called at 5:04 pm")
        await pilot.press("f9")
        await see(pilot, "not finished: heads-up not")
        await pilot.press("e")
        await see(pilot, "cannot be closed", "has not been told")
        await late.deliver()
        await see(pilot, "✓ left message · they can answer")
        await gone(pilot, "not finished")
    (sent,) = late.servers["texts"].sent
    assert [one.value for one in sent.to] == [SERVICE.heads_up_to]
    assert "Rosa" not in sent.text


async def test_a_heads_up_that_fails_is_sent_again_from_here(late: Lakeside) -> None:
    late.servers["texts"].refuses.add(SERVICE.heads_up_to)
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "2 left message")
        await pilot.press("2", "f4")
        await see(pilot, "The answering service is told:")
        await pilot.press("f9")
        await see(pilot, "not finished")
        await late.deliver()
        await see(pilot, "c sends it again")
        late.servers["texts"].refuses.clear()
        late.clock.advance(minutes=11)
        await late.back_office.sync_once()
        await pilot.press("c")
        await see(pilot, "The answering service has not been told")
        await pilot.press("f9")
        await gone(pilot, "The answering service has not been told")
        await late.deliver()
        await see(pilot, "✓ left message")
    assert len(late.servers["texts"].sent) == 1


async def test_a_service_that_takes_no_messages_is_refused(tmp_path: Path) -> None:
    deaf = replace(LATE_PRACTICE, answering_service=replace(SERVICE, takes_messages=False))
    late = await at_1704(tmp_path / "deaf", practice=deaf)
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "takes NO messages")
        await pilot.press("2")
        await see(pilot, "✗ the answering service", "takes no messages")
        await pilot.press("f4")
        await see(pilot, "Not this way")
        await pilot.press("f9")
        await see(pilot, "It cannot be saved")
    assert late.servers["texts"].sent == []
    await late.open()
    row = await late.row_of("Rosa")
    found = await late.repository.conversations.messages(row.id)
    assert [one for one in found if one.call is not None] == []
    await late.close()


async def test_the_information_where_the_form_allows_it(tmp_path: Path) -> None:
    late = await at_1704(tmp_path / "open", VoicemailConsent.DETAILED)
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "details allowed", "I call about …")
        await pilot.press("2", "f5")
        await see(pilot, "● the information itself")
        await pilot.press("f9")
        await see(pilot, "Write down what was said")
        await pilot.press("f7")
        await type_text(pilot, "Your test results are fine.")
        await pilot.press("f9")
        await see(pilot, "they can answer: information")
    await late.close()


async def test_no_information_where_the_form_does_not_allow_it(late: Lakeside) -> None:
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "2 left message")
        await pilot.press("2", "f5")
        await see(pilot, "Not this way", "call-back only")
        await pilot.press("f2")
        await type_text(pilot, " Your biopsy results are in.")
        await see(pilot, "✗ cannot be saved", "TW17")


async def test_who_was_reached_is_answered(late: Lakeside) -> None:
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "1 reached")
        await pilot.press("1")
        await see(pilot, "What was agreed?")
        await pilot.press("f9")
        await see(pilot, "Write down what was agreed")
        await type_text(pilot, "She comes on Friday at nine.")
        await pilot.press("f9")
        await see(pilot, "✓ reached", "Friday at nine")
    await late.open()
    assert (await late.row_of("Rosa")).state is ConversationState.WAITING


async def test_a_wrong_number_is_marked_when_the_person_says_so(late: Lakeside) -> None:
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "5 wrong number")
        await pilot.press("5")
        await see(pilot, "Anything to note?")
        await pilot.press("f9")
        await see(pilot, "no longer theirs?")
        await pilot.press("y")
        await see(pilot, "· wrong number", "NOTE")
    await late.open()
    stored = await late.repository.patients.get("p1")
    assert [one.use for one in stored.points if one.value == MOBILE] == [PointUse.OLD]


async def test_another_number_can_be_called(late: Lakeside) -> None:
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "(555) 010-2231 · mobile")
        await pilot.press("n")
        await see(pilot, "Which number?", "(555) 010-2232", "Luis Jimenez, spouse")
        await pilot.press("enter")
        await see(pilot, "Call Rosa Jimenez · (555) 010-2232")


async def test_what_was_filled_in_is_there_after_a_crash(tmp_path: Path) -> None:
    late = await at_1704(tmp_path / "crash")
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "2 left message")
        await pilot.press("2", "f2")
        await see(pilot, "● my direct line")
        await type_text(pilot, " Half a word")
        row = await late.row_of("Rosa")

        async def kept() -> bool:
            draft = await late.repository.drafts.load(f"call-c{row.id}", "dana")
            return draft is not None and "Half a word" in draft.text

        for _ in range(100):
            if await kept():
                break
            await pilot.pause(0.05)
        assert await kept()
    # Nobody left the screen by its keys: it is as if the power had failed here.
    again = Lakeside(tmp_path / "crash", late.clock, late.practice)
    again.servers = late.servers
    async with stage(again, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "What did you say?", "● my direct line", "Half a word")
        await pilot.press("f9")
        await see(pilot, "✓ left message")
    await again.close()
    await late.close()


async def test_a_call_from_here_rings_the_callers_phone_first(late: Lakeside) -> None:
    dialling = MemoryChannel(PHONE, late.servers["main-phone"], late.clock, dials=True)
    late.channels["main-phone"] = dialling
    late.desk._capabilities = {
        **late.desk._capabilities,
        "main-phone": dialling.capabilities,
    }
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "your phone rings first")
        await pilot.press("d")
        await see(pilot, "How did it end?")
        await late.deliver()
        await see(pilot, "it rings; say how it ended")
        (rung,) = late.servers["main-phone"].sent
        assert rung.ring_first == "+15550107701"
        assert [one.value for one in rung.to] == [MOBILE]
        await pilot.press("escape")
        # The call is a message at once, and open until somebody says how it ended.
        await pilot.press("enter")
        await see(pilot, "not finished: how did it end?")
        await pilot.press("c")
        await see(pilot, "How did it end?")
        await pilot.press("3")
        await see(pilot, "Anything to note?")
        await pilot.press("f9")
        await see(pilot, "· no answer")
    message = await call_of(late)
    assert message.call is not None
    assert (message.call.outcome, message.status) == (CallOutcome.NO_ANSWER, MessageStatus.SENT)
    assert len(late.servers["main-phone"].sent) == 1
    await until_recorded(late)


async def until_recorded(late: Lakeside) -> None:
    """The record says how it ended."""
    await late.back_office.record()
    entries = await late.repository.records.entries("p1")
    assert entries[-1]["status"] == "not-done"
    assert entries[-1]["statusReason"]["text"] == "no answer"


async def test_the_list_stays_as_it_is_when_nothing_was_called(late: Lakeside) -> None:
    async with stage(late, size=(120, 36)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "Call Rosa")
        await pilot.press("escape")
        await until(pilot, lambda: "Call Rosa" not in shown(pilot))
    await late.open()
    row = await late.row_of("Rosa")
    assert len(await late.repository.conversations.messages(row.id)) == 1


async def test_a_voicemail_is_called_back_at_its_own_number(late: Lakeside) -> None:
    late.put(HOME, "Auto-transcribed, may be wrong:\nIt is me again.", line=PHONE)
    await late.back_office.sync_once()
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        row = next(one for one in await late.rows() if HOME in one.person_address or one.patient_id)
        await pilot.press("enter")
        await see(pilot, "may be wrong")
        found = await late.repository.conversations.messages(row.id)
        wanted = found[-1].sender
        assert wanted is not None
        await pilot.press("c")
        last = f"{wanted.value[2:5]}) {wanted.value[5:8]}-{wanted.value[8:]}"
        await see(pilot, f"Call Rosa Jimenez · ({last}")


async def test_keys_that_were_changed_are_shown(late: Lakeside) -> None:
    keymap = {"call-reached": "t", "call": "Z"}
    async with stage(late, size=(80, 24), keymap=keymap) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("Z")
        await see(pilot, "t reached  2 left message")


@pytest.mark.parametrize("size", SIZES)
async def test_a_line_by_hand_is_said_to_be_one_and_is_no_trouble(
    late: Lakeside, size: tuple[int, int]
) -> None:
    late.desk._capabilities = {
        **late.desk._capabilities,
        "main-phone": Capabilities(sends=False, by_hand=True),
    }
    async with stage(late, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        assert "main-phone: not proven" not in shown(pilot)
        if size == (120, 36):
            await see(pilot, "phone · by hand")
        await pilot.press("L")
        await see(pilot, "main-phone  call  (555) 010-7700  · by hand")
        await see(pilot, "Answers: by hand: whoever calls it rings on the desk")
        await pilot.press("j", "j", "p")
        await see(pilot, "Calls on it are made by hand")

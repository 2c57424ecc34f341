"""Answers by text: within a mail's conversation, to an opted-out number, to a family's phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from inbox.address import AddressSystem, ChannelKind
from inbox.message import Direction
from inbox.patient import Consent, ContactPoint, Patient, PointUse, Proxy, VoicemailConsent
from tests.clock import FakeClock
from tests.tui.screen.conftest import gone, see, shown, stage, type_text
from tests.tui.screen.lakeside import NOW, OMAR, Lakeside
from tests.tui.screen.test_calls import LATE_PRACTICE, MOBILE, PHONE, SIZES, TEXTS, rosa

MAIL = "rosa.jimenez@example.com"
SON = "+15550102288"


def texting_rosa() -> Patient:
    """Rosa, who agreed to texts; her son may write for her."""
    plain = rosa(VoicemailConsent.CALLBACK_ONLY)
    points = (
        ContactPoint(AddressSystem.EMAIL, "leo@example.com"),
        ContactPoint(AddressSystem.PHONE, SON, PointUse.MOBILE),
    )
    proxies = (*plain.proxies, Proxy("Leo Jimenez", "son", points))
    return replace(plain, proxies=proxies, form=replace(plain.form, sms=Consent.ACCEPTED))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Lakeside]:
    """Every line is proven by somebody's message of the morning."""
    built = await Lakeside(tmp_path / "desk", FakeClock(NOW), LATE_PRACTICE).open()
    await built.repository.patients.save([texting_rosa()])
    built.put("marta@client.example", "hello", timedelta(hours=1), name="Marta Novak")
    built.put("+15550109999", "hello", timedelta(hours=1), line=TEXTS)
    built.put("+15550109998", "hello", timedelta(hours=1), line=PHONE)
    await built.back_office.sync_once()
    yield built
    await built.close()


@pytest.mark.parametrize("size", SIZES)
async def test_a_mail_is_answered_by_text_and_they_text_back(
    desk: Lakeside, size: tuple[int, int]
) -> None:
    await desk.arrive(MAIL, "Can I move Thursday's visit?", name="Rosa Jimenez", id="r@x")
    async with stage(desk, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to", "● e-mail", "○ text")
        await type_text(pilot, "Yes: Friday at nine.")
        await pilot.press("f6")
        await see(pilot, "Answer by")
        await pilot.press("down", "enter")
        # The words came along; whom it goes to is said as people write numbers.
        await see(pilot, "● text", "Yes: Friday at nine.", "Rosa Jimenez · (555) 010-2231")
        await see(pilot, "From (555) 010-7788 · replies proven", "Rosa can text back")
        await pilot.press("f9")
        await see(pilot, "Sending in")
        desk.clock.advance(seconds=30)
        await desk.deliver()
        await see(pilot, "✓ sent")
        await desk.arrive(MOBILE, "Perfect, thank you.", line=TEXTS)
        await see(pilot, "Perfect, thank you.", "Needs reply")
    await desk.open()
    row = await desk.row_of("Rosa")
    found = await desk.repository.conversations.messages(row.id)
    assert [(one.channel, one.direction) for one in found] == [
        (ChannelKind.EMAIL, Direction.INBOUND),
        (ChannelKind.SMS, Direction.OUTBOUND),
        (ChannelKind.SMS, Direction.INBOUND),
    ]
    (sent,) = desk.servers["texts"].sent
    assert [one.value for one in sent.to] == [MOBILE]


@pytest.mark.parametrize("size", SIZES)
async def test_an_opted_out_number_is_offered_a_mail(desk: Lakeside, size: tuple[int, int]) -> None:
    await desk.arrive(MOBILE, "Where do I park?", line=TEXTS)
    await desk.arrive(MOBILE, "STOP", line=TEXTS)
    async with stage(desk, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("7", "g", "r")
        await see(pilot, "✗ cannot leave They asked not to be written to", "F2 Send it", "TW19")
        await type_text(pilot, "Behind the house.")
        await pilot.press("f9")
        await see(pilot, "It cannot leave")
        await pilot.press("f2")
        await see(pilot, "● e-mail", "Behind the house.", "From frontdesk@lakeside.example")
        await pilot.press("f9")
        await see(pilot, "Sending in")
        desk.clock.advance(seconds=30)
        await desk.deliver()
        await see(pilot, "✓ sent")
    assert desk.servers["texts"].sent == []
    (sent,) = desk.servers["front-desk"].sent
    assert [one.value for one in sent.to] == [MAIL]


@pytest.mark.parametrize("size", SIZES)
async def test_a_text_to_a_family_phone_says_first_whom_it_is_about(
    desk: Lakeside, size: tuple[int, int]
) -> None:
    shared = ContactPoint(AddressSystem.PHONE, MOBILE, PointUse.HOME)
    allowed = replace(OMAR.form, sms=Consent.ACCEPTED)
    omar = replace(OMAR, points=(*OMAR.points, shared), form=allowed)
    await desk.repository.patients.save([omar])
    await desk.arrive(MOBILE, "Is Omar's sheet ready?", line=TEXTS)
    async with stage(desk, size=size) as pilot:
        await see(pilot, "(555) 010-2231")
        await pilot.press("r")
        await see(pilot, "Reply to (555) 010-2231", "belongs to several", "TW22")
        await type_text(pilot, "It is at the desk.")
        await pilot.press("f9")
        await see(pilot, "It cannot leave")
        await pilot.press("f2")
        await see(pilot, "Which patient is it about?", "Omar Haddad", "Rosa Jimenez")
        await pilot.press("enter")
        await see(pilot, "this time, or always?")
        await pilot.press("enter")
        await see(pilot, "Omar Haddad Ctrl+L", "It is at the desk.")
        await gone(pilot, "cannot leave")
        await pilot.press("f9")
        await see(pilot, "Sending in")
    await desk.open()
    assert (await desk.row_of("Omar")).patient_id == OMAR.id


async def test_a_voicemail_is_answered_in_writing_or_by_the_call_screen(desk: Lakeside) -> None:
    await desk.arrive(MOBILE, "Voicemail, 9 s.", line=PHONE)
    async with stage(desk, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to", "● e-mail", "○ text  ○ call")
        await type_text(pilot, "We saw that you called.")
        await pilot.press("f6")
        await see(pilot, "opens the call screen")
        await pilot.press("down", "down", "enter")
        await see(pilot, "Call Rosa Jimenez · (555) 010-2231", "2 left message")
        await pilot.press("escape")
        await gone(pilot, "2 left message")
        # The words that were begun wait where they were.
        await pilot.press("r")
        await see(pilot, "We saw that you called.")


async def test_there_is_a_way_back_to_the_channel_they_wrote_on(desk: Lakeside) -> None:
    patient = texting_rosa()
    phones = tuple(one for one in patient.points if one.system is AddressSystem.PHONE)
    await desk.repository.patients.save([replace(patient, points=phones)])
    await desk.arrive("leo@example.com", "Mother fell. Do you want her in?", name="Leo Jimenez")
    async with stage(desk, size=(80, 24)) as pilot:
        await see(pilot, "Do you want her in?")
        await pilot.press("r")
        await see(pilot, "Reply to Leo Jimenez <leo@example.com>")
        await pilot.press("f6")
        await see(pilot, "Answer by")
        await pilot.press("down", "enter")
        # Who wrote is who is answered.
        await see(pilot, "Reply to Leo Jimenez · (555) 010-2288", "○ e-mail  ● text")
        await pilot.press("f6")
        await see(pilot, "Answer by")
        await pilot.press("enter")
        await see(pilot, "Reply to Leo Jimenez <leo@example.com>", "● e-mail")


async def test_a_way_out_on_an_empty_text_leaves_nothing_behind(desk: Lakeside) -> None:
    await desk.arrive(MOBILE, "Where do I park?", line=TEXTS)
    async with stage(desk, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "F2", "Begin with the practice's name")
        await pilot.press("f2")
        await see(pilot, "Lakeside Family Practice: ", "26 characters")
        assert "Lakeside Family Practice: …" not in shown(pilot)
        await type_text(pilot, "behind the house")
        await see(pilot, "Lakeside Family Practice: behind the house")


async def test_a_text_of_one_emoji_and_one_that_is_too_long(desk: Lakeside) -> None:
    await desk.arrive(MOBILE, "Where do I park?", line=TEXTS)
    async with stage(desk, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "0 characters")
        await type_text(pilot, "\U0001f642")
        await see(pilot, "1 character · 1 text (up to 70, because of “\U0001f642”)")
        await pilot.press("backspace")
        draft = pilot.app.screen.query_one("#composer-text")
        draft.load_text("a" * 1601)  # type: ignore[attr-defined]  # what is pasted comes at once
        await see(pilot, "1,601 characters · 11 texts (153 characters each)", "✗ cannot leave")
        await pilot.press("delete")
        await see(pilot, "1,600 characters")
        await gone(pilot, "✗ cannot leave")

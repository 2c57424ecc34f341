"""What Twoway exists for, as its user meets it on the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inbox.address import AddressSystem, ChannelKind
from inbox.line import Line
from inbox.patient import Consent, ContactPoint
from tests.clock import FakeClock
from tests.tui.screen.conftest import see, shown, stage, type_text
from tests.tui.screen.lakeside import DANA, FRONT_DESK, PRACTICE, ROSA, SAM, Lakeside

LATE = datetime(2026, 3, 4, 23, 4, tzinfo=UTC)
"""A Wednesday, 17:04 in Chicago: the phones went off four minutes ago."""
TEXTS = Line("texts", ChannelKind.SMS, "+15550107788", "Lakeside texts")
OLD_REMINDERS = Line("reminders", ChannelKind.EMAIL, "no-reply@lakeside.example", "Lakeside")
MOBILE = "+15550102231"
LATE_PRACTICE = replace(
    PRACTICE,
    scheduling_url="https://lakeside.example/book",
    staff=(replace(DANA, direct_line="+15550107701"), SAM),
    lines=(FRONT_DESK, TEXTS, OLD_REMINDERS),
)


@pytest.fixture
async def late(tmp_path: Path) -> AsyncIterator[Lakeside]:
    """Lakeside at 17:04, with a mail and a text of Rosa's that wait."""
    built = await Lakeside(tmp_path / "late", FakeClock(LATE), LATE_PRACTICE).open()
    rosa = replace(
        ROSA,
        points=(*ROSA.points, ContactPoint(AddressSystem.PHONE, MOBILE)),
        form=replace(ROSA.form, sms=Consent.ACCEPTED),
    )
    await built.repository.patients.save([rosa])
    built.put(
        "rosa.jimenez@example.com",
        "Can I move Thursday's visit?",
        timedelta(minutes=12),
        name="Rosa Jimenez",
        subject="Thursday's visit",
    )
    await built.back_office.sync_once()
    yield built
    await built.close()


async def test_a_message_at_1704_that_asks_to_call_does_not_leave(late: Lakeside) -> None:
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "We need to move it. Please call the office.")
        await see(pilot, "✗ cannot leave", "nobody answers the phones", "TW04")
        await pilot.press("f9")
        await late.deliver()
        assert late.servers["front-desk"].sent == []
        await pilot.press("f2")
        await see(pilot, "reply here with a time")
        assert "call the office" not in shown(pilot)
        await pilot.press("f9")
        await see(pilot, "Sending in")
        late.clock.advance(seconds=9)
        await late.deliver()
        await see(pilot, "✓ sent")
    (sent,) = late.servers["front-desk"].sent
    assert sent.text.startswith("We need to move it.")
    assert "https://lakeside.example/book" in sent.text
    assert "call the office" not in sent.text


async def test_a_text_after_hours_that_says_call_the_office_does_not_leave(late: Lakeside) -> None:
    late.put(MOBILE, "Is the doctor in tomorrow?", timedelta(minutes=3), line=TEXTS)
    await late.back_office.sync_once()
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Is the doctor in tomorrow?")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Lakeside: call us back at the office.")
        await see(pilot, "✗ cannot leave", "TW04")
        await pilot.press("f9")
        await pilot.press("escape")
        await late.deliver()
    assert late.servers["texts"].sent == []


async def test_nothing_leaves_from_an_address_that_nobody_reads(late: Lakeside) -> None:
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "✓ From frontdesk@lakeside.example")
        await pilot.press("f3")
        await see(pilot, "Which line does it leave from?", "no-reply@lakeside.example")
        await pilot.press("down", "enter")
        await type_text(pilot, "Thursday is fine.")
        await see(pilot, "no-reply@lakeside.example", "✗ cannot leave", "TW01")
        await pilot.press("f9")
        await pilot.press("escape")
        await late.deliver()
    assert late.servers["reminders"].sent == []


async def test_a_reminder_does_not_send_them_to_the_portal(late: Lakeside) -> None:
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(
            pilot,
            "Reminder: your flu shot is due. Log in to the portal to read it. "
            "Book at https://lakeside.example/book or reply here.",
        )
        await see(pilot, "! needs a reason", "portal for a mere reminder", "TW07")
        await pilot.press("f2")
        await pilot.press("f9")
        await see(pilot, "Sending in")
        late.clock.advance(seconds=9)
        await late.deliver()
        await see(pilot, "✓ sent")
    (sent,) = late.servers["front-desk"].sent
    assert "portal" not in sent.text
    assert "flu shot" in sent.text

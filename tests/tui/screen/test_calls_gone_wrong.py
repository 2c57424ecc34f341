"""Calls that do not ring, that belong to a family, and keys that would do nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.memory.channel import MemoryChannel
from inbox.address import AddressSystem
from inbox.patient import ContactPoint, PointUse, VoicemailConsent
from tests.tui.screen.conftest import gone, see, shown, stage, type_text
from tests.tui.screen.lakeside import OMAR, Lakeside
from tests.tui.screen.test_calls import MOBILE, PHONE, SIZES, at_1704, rosa


@pytest.fixture
async def late(tmp_path: Path) -> AsyncIterator[Lakeside]:
    """Lakeside at 17:04."""
    built = await at_1704(tmp_path / "late")
    yield built
    await built.close()


@pytest.fixture
async def dialling(late: Lakeside) -> Lakeside:
    """Lakeside at 17:04, where calls are dialled from the screen."""
    channel = MemoryChannel(PHONE, late.servers["main-phone"], late.clock, dials=True)
    late.channels["main-phone"] = channel
    late.desk._capabilities = {**late.desk._capabilities, "main-phone": channel.capabilities}
    return late


@pytest.mark.parametrize("size", SIZES)
async def test_a_call_that_did_not_ring_says_why_and_is_dialled_again(
    dialling: Lakeside, size: tuple[int, int]
) -> None:
    server = dialling.servers["main-phone"]
    server.refuses.add(MOBILE)
    async with stage(dialling, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "your phone rings first")
        await pilot.press("d")
        await see(pilot, "How did it end?")
        await dialling.deliver()
        await see(pilot, "✗ it did not ring")
        row = (await dialling.repository.outbox.open_rows(5))[0]
        # The whole reason has room, and what to do about it.
        await see(pilot, f"✗ {row.status_text.split('.')[0]}")
        server.refuses.clear()
        await pilot.press("d")
        # What is worth knowing, but speaks against nothing, is no part of the question.
        await see(pilot, "Call all the same?", "did not arrive")
        assert "Promises" not in shown(pilot)
        await type_text(pilot, "the line was down")
        await pilot.press("enter")
        await gone(pilot, "did not ring")
        await dialling.deliver()
        await see(pilot, "it rings; say how it ended")
    assert len(server.sent) == 1


@pytest.mark.parametrize("key", ["1", "3", "4", "5"])
async def test_only_a_message_that_was_left_is_asked_how_it_can_be_answered(
    late: Lakeside, key: str
) -> None:
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "1 reached")
        await pilot.press(key)
        await see(pilot, "F9 Save")
        for words in ("F2", "F3", "F4", "F5"):
            assert words not in shown(pilot)
        await pilot.press("escape", "2")
        await see(pilot, "F2 Direct", "F5 Info")


async def test_what_the_words_promise_is_said_before_it_is_saved(late: Lakeside) -> None:
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "2 left message")
        await pilot.press("2", "f2")
        await see(pilot, "● my direct line", "Promises: here until 17:30 (you)")


async def test_half_past_five_is_in_the_afternoon(late: Lakeside) -> None:
    async with stage(late, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("c")
        await see(pilot, "2 left message")
        await pilot.press("2", "f3")
        await see(pilot, "Here until when?", "5:30 pm, 17:30", "It is a promise")
        await pilot.press("ctrl+u")
        await type_text(pilot, "6:15 pm")
        await pilot.press("enter")
        await see(pilot, "● here until 6:15 pm")


@pytest.mark.parametrize("size", SIZES)
async def test_whom_a_family_phone_is_called_for_is_chosen_here(
    late: Lakeside, size: tuple[int, int]
) -> None:
    family = ContactPoint(AddressSystem.PHONE, MOBILE, PointUse.HOME)
    await late.repository.patients.save([replace(OMAR, points=(*OMAR.points, family))])
    late.put(MOBILE, "Auto-transcribed, may be wrong:\nPlease call.", timedelta(), line=PHONE)
    await late.repository.patients.save([rosa(VoicemailConsent.CALLBACK_ONLY)])
    row = await late.row_of("Rosa")
    await late.desk.linking.link(row.id, None)
    async with stage(late, size=size) as pilot:
        await see(pilot, "(555) 010-2231")
        await pilot.press("c")
        await see(pilot, "belongs to several patients", "TW22", "l About")
        await pilot.press("l")
        await see(pilot, "Which patient is it about?", "Omar Haddad")
        await type_text(pilot, "Rosa")
        await see(pilot, "Rosa Jimenez")
        await pilot.press("down", "enter")
        await see(pilot, "this time, or always?")
        await pilot.press("enter")
        await see(pilot, "Call Rosa Jimenez", "Omar Haddad can be reached at this number too")
        await gone(pilot, "TW22")

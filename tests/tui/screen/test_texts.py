"""Writing a text: its parts are counted as it is typed, and files go another way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from inbox.number import number_words
from inbox.patient import NO_TEXTS, PointHealth, VoicemailConsent
from inbox.reply_path import Evidence, EvidenceKind
from tests.clock import FakeClock
from tests.tui.screen.conftest import gone, see, shown, stage, type_text
from tests.tui.screen.lakeside import NOW, Lakeside
from tests.tui.screen.test_calls import LATE_PRACTICE, MOBILE, TEXTS, rosa


@pytest.fixture
async def texting(tmp_path: Path) -> AsyncIterator[Lakeside]:
    """A text of Rosa's waits, and a mail has proven the front desk."""
    built = await Lakeside(tmp_path / "texting", FakeClock(NOW), LATE_PRACTICE).open()
    await built.repository.patients.save([rosa(VoicemailConsent.UNKNOWN)])
    built.put("marta@client.example", "hello", timedelta(minutes=5), name="Marta Novak")
    built.put(MOBILE, "Where do I park?", line=TEXTS)
    await built.back_office.sync_once()
    yield built
    await built.close()


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_parts_are_counted_and_the_character_is_shown(
    texting: Lakeside, size: tuple[int, int]
) -> None:
    async with stage(texting, size=size) as pilot:
        await see(pilot, "Where do I park?")
        await pilot.press("r")
        await see(pilot, "Reply to", "0 characters · 1 text (up to 160)")
        await type_text(pilot, "Park behind the house, it is free there all day.")
        await see(pilot, "48 characters · 1 text (up to 160)")
        await type_text(pilot, " We\u2019re there from eight; ring twice.")
        await see(pilot, "2 texts (67 characters", "because", "of “’”")
        await pilot.press("ctrl+f")
        await see(pilot, "We're there", "1 text (up to 160)")
        assert "because of" not in shown(pilot)


async def test_a_mail_is_not_counted(texting: Lakeside) -> None:
    async with stage(texting, size=(80, 24)) as pilot:
        await see(pilot, "Marta Novak")
        await pilot.press("j")
        await pilot.press("r")
        await see(pilot, "Reply to", "Marta")
        assert "characters ·" not in shown(pilot)


async def test_files_go_by_mail_with_the_words_that_were_written(
    texting: Lakeside, tmp_path: Path
) -> None:
    (tmp_path / "map.txt").write_text("left, then right")
    async with stage(texting, size=(80, 24)) as pilot:
        await see(pilot, "Where do I park?")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Here is a map.")
        await pilot.press("f7")
        await see(pilot, "A text cannot carry files: send it by e-mail or portal.", "By e-mail")
        await pilot.press("enter")
        await see(pilot, "Which file?")
        await type_text(pilot, str(tmp_path / "map.txt"))
        await pilot.press("enter")
        await see(pilot, "map.txt", "Here is a map.", "● e-mail")
        await gone(pilot, "characters ·")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_landline_is_called_in_place_of_the_text_by_one_key(
    texting: Lakeside, size: tuple[int, int]
) -> None:
    patient = rosa(VoicemailConsent.UNKNOWN)
    points = [
        replace(one, health=PointHealth.BAD, health_reason=f"Their number {NO_TEXTS}.")
        if one.value == MOBILE
        else one
        for one in patient.points
    ]
    await texting.repository.patients.save([replace(patient, points=tuple(points))])
    async with stage(texting, size=size) as pilot:
        await see(pilot, "Where do I park?")
        await pilot.press("r")
        await see(pilot, "Reply to", "TW23", "F2 Call (555) 010-2231")
        await type_text(pilot, "Behind the house.")
        await pilot.press("f2")
        await see(pilot, "Call Rosa Jimenez", f"{number_words(MOBILE)} · mobile")
        await pilot.press("escape")
        await see(pilot, "Where do I park?")
        await pilot.press("r")
        await see(pilot, "Reply to", "Behind the house.")


async def test_a_number_that_loses_answers_is_called_a_text_line_and_its_set_up_named(
    texting: Lakeside,
) -> None:
    deaf = Evidence(TEXTS.id, EvidenceKind.DEAF, NOW, "the number's Messaging Service is deaf")
    await texting.repository.lines.add_evidence(deaf)
    async with stage(texting, size=(120, 36)) as pilot:
        await see(pilot, "Where do I park?", "text \u2717 replies do not arrive")
        await pilot.press("L")
        await see(pilot, "`twoway doctor` says what to set right; then p.")
        assert "the address and the provider" not in shown(pilot)

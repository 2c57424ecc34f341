"""While a draft is open: where the keys go, and ways out that lead somewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input, Static

from tests.tui.screen.conftest import gone, see, stage, type_keys, type_text, until
from tests.tui.screen.lakeside import ROSA, Lakeside
from tui.widgets.composer import Composer, DraftText
from tui.widgets.conversation_list import ConversationList

SIZES = [(80, 24), (120, 36)]


@pytest.mark.parametrize("size", SIZES)
async def test_tab_stays_among_the_fields(office: Lakeside, size: tuple[int, int]) -> None:
    async with stage(office, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        text = pilot.app.screen.query_one(DraftText)
        subject = pilot.app.screen.query_one("#composer-subject", Input)
        for key in ("tab", "shift+tab", "shift+tab", "tab", "tab"):
            await pilot.press(key)
            await pilot.pause()
            assert pilot.app.focused in {text, subject}
        assert pilot.app.focused is subject
        await type_keys(pilot, "ee")
        assert subject.value.endswith("ee")
        assert (await office.row_of("Rosa")).done_at is None


async def test_a_click_beside_the_fields_does_not_make_letters_commands(office: Lakeside) -> None:
    async with stage(office, size=(120, 36)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await pilot.click("#messages", offset=(4, 1))
        await pilot.press("tab", "tab")
        await type_keys(pilot, "ee")
        assert pilot.app.screen.query_one(DraftText).text == "ee"
        assert (await office.row_of("Rosa")).done_at is None
        await pilot.press("escape")
        await see(pilot, "The draft is kept")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.focused, ConversationList))


@pytest.mark.parametrize("size", SIZES)
async def test_a_new_message_begins_in_its_subject(office: Lakeside, size: tuple[int, int]) -> None:
    async with stage(office, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("w")
        await see(pilot, "Write to")
        await type_text(pilot, "mei")
        await see(pilot, "mei.chen@example.com")
        await pilot.press("enter")
        await see(pilot, "New message to Mei Chen")
        await type_keys(pilot, "Card")
        await pilot.press("tab")
        await type_keys(pilot, "Ready")
        draft = pilot.app.screen.query_one(Composer).draft
        assert draft is not None
        assert (draft.subject, draft.text) == ("Card", "Ready")


@pytest.mark.parametrize("size", SIZES)
async def test_only_y_throws_a_draft_away_and_its_mark_goes(
    office: Lakeside, size: tuple[int, int]
) -> None:
    async with stage(office, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Half a thought")
        await pilot.press("escape")
        await see(pilot, "The draft is kept")
        await pilot.press("escape")
        await see(pilot, "✎ draft")
        await pilot.press("r")
        await see(pilot, "Half a thought")
        await pilot.press("f8")
        await see(pilot, "Throw this draft away?", "y yes · n, Enter or Esc no")
        await pilot.press("enter")
        await gone(pilot, "Throw this draft away?")
        assert pilot.app.screen.query_one(DraftText).text == "Half a thought"
        await pilot.press("f8")
        await see(pilot, "Throw this draft away?")
        await pilot.press("y")
        await gone(pilot, "Throw this draft away?")
        await pilot.press("escape")
        await gone(pilot, "✎ draft")


@pytest.mark.parametrize("size", SIZES)
async def test_the_question_about_a_promise_stands_over_the_composer(
    office: Lakeside, size: tuple[int, int]
) -> None:
    async with stage(office, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Tuesday at nine. I'm here until 11:30.")
        await pilot.press("f9")
        await see(pilot, "You promise", "✓ From")
        box = pilot.app.screen.query_one(".box").region
        assert abs(box.x - (size[0] - box.right)) <= 1
        assert abs(box.y - (size[1] - box.bottom)) <= 1


async def test_an_empty_reason_is_asked_for_in_words(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Tuesday at nine.")
        await office.arrive(
            "rosa.jimenez@example.com", "Hello?", name="Rosa Jimenez", subject="Hello",
            id="r2@x", in_reply_to=["r1@x"],
        )  # fmt: skip
        await see(pilot, "They wrote again")
        await pilot.press("f9")
        await see(pilot, "Send it all the same?")
        await pilot.press("enter")
        await see(pilot, "Send it all the same?", "Give a reason")


@pytest.mark.parametrize("size", SIZES)
async def test_f2_chooses_the_patient_and_fills_the_gaps(
    office: Lakeside, size: tuple[int, int]
) -> None:
    await office.repository.patients.save([replace(ROSA, id="p9", given="Luisa")])
    await office.arrive(
        "rosa.jimenez@example.com", "About the little one.", name="Rosa Jimenez",
        subject="Fever", id="f1@x",
    )  # fmt: skip
    async with stage(office, size=size) as pilot:
        await see(pilot, "Fever")
        await pilot.press("g", "r")
        await see(pilot, "✗ cannot leave", "F2 Choose the patient")
        await type_text(pilot, "Hello {patient.first_name}, {unknown.word} {appointment.date}")
        await pilot.press("f2")
        await see(pilot, "Which patient is it about?", "Luisa Jimenez")
        await type_text(pilot, "luisa")
        await gone(pilot, "Rosa Jimenez  born")
        await pilot.press("enter")
        await see(pilot, "About Luisa Jimenez: this time, or always?", "Always for this address")
        await pilot.press("enter")
        await see(pilot, "Hello Luisa, {unknown.word}", "{appointment.date}")
        await pilot.press("ctrl+k")
        await see(pilot, "for Luisa Jimenez alone", "about Luisa")
        findings = pilot.app.screen.query_one("#composer-findings", Static)
        await until(pilot, lambda: "Ctrl+K takes that back" in str(findings.render()))

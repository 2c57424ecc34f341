"""What is marked in the list, shown, and meant by a command: always the same conversation."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.tui.screen.conftest import gone, lines, see, shown, stage, type_text, until
from tests.tui.screen.lakeside import Lakeside
from tui.screens.main.screen import MainScreen
from tui.widgets.composer import Composer
from tui.widgets.conversation_list import ConversationList

WIDE, NARROW = (130, 36), (80, 24)


def rows_of(pilot: Pilot[None]) -> ConversationList:
    """The list."""
    return pilot.app.screen.query_one(ConversationList)


def open_id(pilot: Pilot[None]) -> int | None:
    """The conversation that is shown."""
    screen = pilot.app.screen
    assert isinstance(screen, MainScreen)
    assert screen.work is not None
    return screen.work.reading.conversation_id


async def answer_first(pilot: Pilot[None]) -> None:
    """Answer the first row, so that it leaves the list."""
    await see(pilot, "Rosa Jimenez")
    await pilot.press("r")
    await see(pilot, "Reply to")
    await type_text(pilot, "Thursday is fine.")
    await pilot.press("f9")
    await see(pilot, "Sending in")
    await until(pilot, lambda: all(row.title != "Rosa Jimenez" for row in rows_of(pilot).rows))


async def test_a_command_means_the_shown_conversation_that_left_the_list(office: Lakeside) -> None:
    async with stage(office, size=WIDE) as pilot:
        await answer_first(pilot)
        rosa = open_id(pilot)
        await pilot.press("escape")
        assert rows_of(pilot).has_focus
        assert rows_of(pilot).selected is None
        await pilot.press("a", *"sam", "enter")
        await until(pilot, lambda: not pilot.app.screen.query("Choose"))
        await see(pilot, "Given to Sam")
        row = await office.desk.repository.conversations.row(rosa or 0)
        assert row.assigned_to == "sam"
        await pilot.press("r")
        await see(pilot, "Reply to Rosa")


async def test_the_mark_comes_back_when_somebody_moves(office: Lakeside) -> None:
    async with stage(office, size=WIDE) as pilot:
        await answer_first(pilot)
        first = rows_of(pilot).rows[0]
        await pilot.press("escape", "j")
        assert rows_of(pilot).selected == first
        await pilot.press("enter")
        await until(pilot, lambda: open_id(pilot) == first.id)


async def test_taken_back_is_marked_again(office: Lakeside) -> None:
    async with stage(office, size=WIDE) as pilot:
        await answer_first(pilot)
        await pilot.press("u")
        await see(pilot, "Taken back")
        await until(pilot, lambda: rows_of(pilot).selected is not None)
        selected = rows_of(pilot).selected
        assert selected is not None
        assert selected.id == open_id(pilot)


async def test_a_narrow_list_alone_always_marks_a_row(office: Lakeside) -> None:
    async with stage(office, size=NARROW) as pilot:
        await answer_first(pilot)
        assert rows_of(pilot).selected is None
        await pilot.press("escape")
        assert rows_of(pilot).selected == rows_of(pilot).rows[0]


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_tab_key_goes_to_that_list_and_shows_nobody(
    office: Lakeside, size: tuple[int, int]
) -> None:
    async with stage(office, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("enter")
        await until(pilot, lambda: open_id(pilot) is not None)
        await pilot.press("2")
        await see(pilot, "[Waiting 1]", "Erik Lindqvist")
        assert open_id(pilot) is None
        assert rows_of(pilot).has_focus
        assert rows_of(pilot).region.height
        assert "Moving Thursday" not in shown(pilot)


async def test_a_tab_keeps_the_draft(office: Lakeside) -> None:
    async with stage(office, size=WIDE) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Half a sentence")
        column = next(line for line in lines(pilot) if "Waiting 1" in line).index("Waiting")
        await pilot.click("#tabs", offset=(column + 1, 0))
        await see(pilot, "[Waiting 1]", "Erik Lindqvist", "The draft is kept")
        await pilot.press("1", "r")
        await see(pilot, "Half a sentence")


async def test_a_new_message_stands_beside_nobody_else(office: Lakeside) -> None:
    async with stage(office, size=WIDE) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("enter")
        await until(pilot, lambda: open_id(pilot) is not None)
        await pilot.press("w")
        await see(pilot, "Write to")
        await pilot.press(*"erik")
        await see(pilot, "erik.lindqvist@example.com")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.query(Composer))
        await until(pilot, lambda: pilot.app.screen.query_one(Composer).draft is not None)
        await until(pilot, lambda: open_id(pilot) is None)
        assert rows_of(pilot).selected is None
        await type_text(pilot, "Hello Erik")
        await pilot.press("escape")
        await gone(pilot, "Hello Erik")
        assert rows_of(pilot).selected is not None

"""Templates in the composer: picked with `/`, seen filled, put in where the cursor is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from inbox.gate import Gate
from inbox.outgoing import Category
from inbox.rules import RULES
from inbox.template import BadFile, Shelf
from inbox.templating import Templating
from tests.tui.screen.conftest import gone, see, shown, stage, type_keys, type_text, until
from tests.tui.screen.lakeside import DANA, Lakeside
from tui.screens.templates import tell_troubles
from tui.templates.reading import copy_shipped, read_shelf
from tui.widgets.composer import Composer, DraftText


@pytest.fixture
async def desk(office: Lakeside, tmp_path: Path) -> Lakeside:
    """A morning's mail, and the shipped templates."""
    dana = replace(DANA, direct_line="+15550107701")
    url = "https://lakeside.example/book"
    practice = replace(office.practice, staff=(dana,), scheduling_url=url)
    folder = tmp_path / "templates"
    office.desk.templating = Templating(
        practice, Gate(RULES), office.clock, dana, lambda: read_shelf(folder)
    )
    return office


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_slash_on_an_empty_line_picks_a_template(
    desk: Lakeside, size: tuple[int, int]
) -> None:
    async with stage(desk, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to Rosa")
        await pilot.press("slash")
        await see(pilot, "Which template, by e-mail?", "A document in the portal", "Enter chooses")
        assert "as a text" not in shown(pilot)
        await type_keys(pilot, "tried")
        await see(pilot, "Hello Rosa, I tried to call you", "(555) 010-7701")
        await pilot.press("enter")
        await gone(pilot, "Which template")
        composer = pilot.app.screen.query_one(Composer)
        assert composer.draft is not None
        assert composer.draft.text.startswith("Hello Rosa, I tried to call you")
        assert "/" not in composer.draft.text
        assert composer.draft.category is Category.GENERAL
        assert composer.draft.subject == "Re: Moving Thursday's visit"
        await see(pilot, "✓ From frontdesk@lakeside.example")


async def test_escape_leaves_the_slash(desk: Lakeside) -> None:
    async with stage(desk, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to Rosa")
        await pilot.press("slash")
        await see(pilot, "Which template")
        await pilot.press("escape")
        await gone(pilot, "Which template")
        assert pilot.app.screen.query_one(DraftText).text == "/"
        await type_keys(pilot, "or")
        assert pilot.app.screen.query_one(DraftText).text == "/or"


async def test_a_slash_within_a_line_is_a_slash(desk: Lakeside) -> None:
    async with stage(desk, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to Rosa")
        await type_text(pilot, "and")
        await pilot.press("slash", "o", "r")
        await pilot.pause()
        assert "Which template" not in shown(pilot)
        assert pilot.app.screen.query_one(DraftText).text == "and/or"


async def test_a_template_is_put_where_the_cursor_is_and_its_gap_is_selected(
    desk: Lakeside,
) -> None:
    async with stage(desk, size=(120, 36)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to Rosa")
        await type_text(pilot, "One word first.\n")
        await pilot.press("ctrl+d")
        await see(pilot, "Which template")
        await type_keys(pilot, "appointment")
        await see(pilot, "To fill in by hand: {appointment.date}")
        await pilot.press("enter")
        await see(pilot, "✗ cannot leave", "TW34")
        field = pilot.app.screen.query_one(DraftText)
        assert field.text.startswith("One word first.\nHello Rosa,")
        assert field.selected_text == "{appointment.date}"
        draft = pilot.app.screen.query_one(Composer).draft
        assert draft is not None
        assert draft.category is Category.REMINDER
        await type_text(pilot, "Friday")
        assert "Friday at {appointment.time}" in field.text
        field.clear()
        await pilot.pause()
        draft = pilot.app.screen.query_one(Composer).draft
        assert draft is not None
        assert draft.category is Category.GENERAL


async def test_a_new_message_takes_the_subject(desk: Lakeside) -> None:
    async with stage(desk, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("w")
        await see(pilot, "Write to")
        await type_text(pilot, "mei")
        await see(pilot, "mei.chen@example.com")
        await pilot.press("enter")
        await see(pilot, "New message to Mei Chen")
        await pilot.press("tab", "slash")
        await see(pilot, "Which template")
        await type_keys(pilot, "moving")
        await pilot.press("enter")
        await until(pilot, lambda: "A new time for your visit" in shown(pilot))


async def test_what_cannot_be_used_is_told_once_and_the_others_work(
    desk: Lakeside, tmp_path: Path
) -> None:
    copy_shipped(tmp_path / "templates")
    (tmp_path / "templates" / "broken.txt").write_text("nothing")
    async with stage(desk, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await tell_troubles(pilot.app, desk.desk)
        await see(pilot, "One template cannot be used.", "twoway templates list")


def _same(shelf: Shelf) -> Shelf:
    return shelf


async def test_no_template_says_how_to_get_some(desk: Lakeside) -> None:
    bad = BadFile("x.txt", "x.txt, line 1, column 1: no.", "Mend it.")
    for shelf, words in ((Shelf(), "templates copy"), (Shelf((), (bad,)), "1 cannot be used")):
        read = partial(_same, shelf)
        desk.desk.templating = Templating(desk.practice, Gate(RULES), desk.clock, DANA, read)
        async with stage(desk, size=(80, 24)) as pilot:
            await see(pilot, "Rosa Jimenez")
            await pilot.press("r")
            await see(pilot, "Reply to Rosa")
            await pilot.press("slash")
            await see(pilot, "There is no template for e-mail", words)
        await desk.open()

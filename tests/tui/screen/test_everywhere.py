"""What is the same on every screen: keys, help, palette, colours, other screens, errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from textual.color import Color

from adapters.memory.server import Trouble
from inbox.errors import DatabaseTooNew
from tests.clock import FakeClock
from tests.tui.screen.conftest import gone, see, shown, stage, type_text, until
from tests.tui.screen.lakeside import DANA, NOW, PRACTICE, Lakeside, app_of
from tui.app import TwowayApp
from tui.commands import COMMANDS, FOOTER, Place, command_table, commands_at, footer_at, keys_of
from tui.office import Office
from tui.screens.help import HelpScreen

BLACK = Color(0, 0, 0)


def test_no_key_means_two_things_at_one_place() -> None:
    for place in Place:
        seen: dict[str, str] = {}
        for one in (*commands_at(place), *commands_at(Place.EVERYWHERE)):
            for key in keys_of(one, {}):
                assert seen.setdefault(key, one.id) == one.id, f"{key} at {place}"
    for near in (Place.LIST, Place.CONVERSATION):
        keys = {key for one in commands_at(near) for key in keys_of(one, {})}
        for one in commands_at(Place.MAIN):
            assert one.id == "back" or not keys.intersection(keys_of(one, {}))


def test_keys_come_through_every_terminal() -> None:
    for one in COMMANDS:
        for key in keys_of(one, {}):
            assert "alt+" not in key
            assert "shift+" not in key
            assert key not in {"ctrl+i", "ctrl+m", "ctrl+h", "ctrl+j", "ctrl+z", "ctrl+c"}


def test_footer_has_at_most_seven_keys_of_its_place() -> None:
    for place in FOOTER:
        shown_here = footer_at(place)
        assert len(shown_here) <= 7
        legal = {place, Place.EVERYWHERE, Place.MAIN}
        assert all(legal.intersection(one.places) for one in shown_here)


def test_command_table_is_complete() -> None:
    table = command_table({"reply": "R"})
    assert [row[0] for row in table] == [one.id for one in COMMANDS]
    assert len({row[0] for row in table}) == len(table)
    assert next(row[1] for row in table if row[0] == "reply") == "R"
    assert all(title and where and help_ for _, _, title, where, help_ in table)


async def test_help_lists_every_command(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        seen = ""
        for _ in range(14):
            await pilot.pause(0.01)
            seen += shown(pilot)
            await pilot.press("space")
        for one in COMMANDS:
            assert f" {one.title} " in seen, one.id
        await pilot.press("escape")
        await see(pilot, "Rosa Jimenez")


async def test_palette_runs_a_command(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("ctrl+p")
        await see(pilot, "Search for commands")
        await type_text(pilot, "show waiting")
        await see(pilot, "List what waits for the patient. (2)")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await see(pilot, "[Waiting 1]")


async def test_every_command_of_the_table_is_carried_out_somewhere(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        app = pilot.app
        assert isinstance(app, TwowayApp)
        work = app._main.work
        assert work is not None
        from tui.screens.main.screen import _MOVES

        own = _MOVES | {"back", "patient-panel", "whole-pane"}
        mine = {Place.MAIN, Place.LIST, Place.CONVERSATION, Place.COMPOSER}
        for one in COMMANDS:
            if mine.intersection(one.places) and one.id not in own:
                assert callable(work.handler(one.id))


async def test_keys_can_be_changed(office: Lakeside) -> None:
    async with stage(office, size=(80, 24), keymap={"reply": "R", "no-such": "x"}) as pilot:
        await see(pilot, "R Reply", "No command is called no-such")
        await pilot.press("r")
        await pilot.pause(0.2)
        assert "Reply to" not in shown(pilot)
        await pilot.press("R")
        await see(pilot, "Reply to Rosa")


async def test_no_color_leaves_signs_and_words(
    office: Lakeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez", "[Needs reply 4]", "▌● Rosa", "? unknown")
        painted = {
            segment.style.color.name
            for strip in pilot.app.screen._compositor.render_strips(pilot.app.size)
            for segment in strip.apply_filter(pilot.app._filters[-1], BLACK)
            if segment.style is not None and segment.style.color is not None
        }
        assert painted == {"default"}


async def test_theme_key_changes_light_and_dark(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("f10")
        await until(pilot, lambda: pilot.app.theme == "twoway-light")
        await pilot.press("f10")
        await until(pilot, lambda: pilot.app.theme == "twoway-dark")


async def test_hide_hides_everything_until_a_key(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("f12")
        await see(pilot, "Hidden. Press any key.")
        assert "Rosa" not in shown(pilot)
        await pilot.press("e")
        await see(pilot, "Rosa Jimenez", "[Needs reply 4]")


async def test_search_while_typing(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("slash")
        await see(pilot, "Type what you remember")
        await type_text(pilot, "school")
        await see(pilot, "1 conversation", "Omar Haddad", "The form from school")
        assert "\ue000" not in shown(pilot)
        await pilot.press("enter")
        await see(pilot, "◂ e-mail 09:12  Omar Haddad")


async def test_lines_screen_proves_a_line(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("L")
        await see(
            pilot,
            "frontdesk@lakeside.example",
            "replies proven",
            "server 4 = stored 4",
            "p Prove now",
        )
        await pilot.press("j", "p")
        await until(pilot, lambda: office.proved == ["nurse"])
        await pilot.press("escape")
        await see(pilot, "Rosa Jimenez")


async def test_outbox_says_why_and_sends_again(office: Lakeside) -> None:
    office.servers["front-desk"].fail(Trouble.REFUSED)
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Tuesday at nine.")
        await pilot.press("f9")
        await see(pilot, "Sending in")
        office.clock.advance(seconds=9)
        await office.deliver()
        await see(pilot, "✗ not delivered")
        await pilot.press("escape", "4")
        await see(pilot, "[Not delivered 1]", "! not delivered")
        await pilot.press("e")
        await see(pilot, "It cannot be closed")
        await pilot.press("o")
        await see(pilot, "to Rosa Jimenez", "r Send again")
        await pilot.press("r")
        await see(pilot, "It is tried again.")
        await office.deliver()
        await see(pilot, "Nothing waits to leave.")
        await pilot.press("escape")
        await see(pilot, "Everything was delivered.")


async def test_folder_that_cannot_be_opened_is_told() -> None:
    async def refuse() -> Office:
        raise DatabaseTooNew("A later version made this folder.", "Install that version.")

    app = TwowayApp(refuse, PRACTICE, DANA, clock=FakeClock(NOW))
    async with app.run_test(size=(80, 24)) as pilot:
        await see(pilot, "A later version made this folder.", "Install that version.")
        await pilot.press("x")
    assert app.return_code == 1


async def test_failure_in_a_command_leaves_the_app_standing(
    office: Lakeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")

        async def fail(*_: object) -> None:
            raise RuntimeError("Rosa Jimenez")

        monkeypatch.setattr(office.desk, "done", fail)
        await pilot.press("e")
        await see(pilot, "Something unexpected went wrong", "(RuntimeError).")
        await pilot.press("2")
        await see(pilot, "[Waiting 1]")


async def test_demo_banner_and_card(office: Lakeside) -> None:
    words = "Sample practice: everything here is invented; press ? for help"
    more = {"banner": words, "try_first": ("What to try", "1  r answers Rosa")}
    async with stage(office, size=(80, 24), **more) as pilot:
        await see(pilot, words, "What to try", "1  r answers Rosa")
        await pilot.resize_terminal(120, 36)
        await see(pilot, "What to try")
        await pilot.press("enter")
        await gone(pilot, "What to try")


async def test_empty_folder_says_what_to_press(tmp_path: Path) -> None:
    office = Lakeside(tmp_path / "data", FakeClock(NOW))
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Nobody waits for an answer.", "w writes to somebody", "? not proven")
        await pilot.press("j", "enter", "r", "e", "G", "N")
        await see(pilot, "No conversation is chosen.")


async def test_quit_keeps_the_draft(office: Lakeside) -> None:
    row = await office.row_of("Rosa")
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Later")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not pilot.app.is_running)
    again = await Lakeside(office.folder, office.clock).open()
    kept = await again.repository.drafts.load(f"c{row.id}", "dana")
    await again.close()
    assert kept is not None
    assert kept.text == "Later"


def test_importing_the_app_loads_no_channel_and_no_disk() -> None:
    code = (
        "import sys, tui.app; names = ('imapclient', 'aiosmtplib', 'email', 'pymap', 'aiosqlite',"
        " 'sqlite3', 'adapters', 'store', 'textual.widgets._text_area');"
        "print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_app_can_be_made_before_anything_is_open(tmp_path: Path) -> None:
    app = app_of(Lakeside(tmp_path / "data", FakeClock(NOW)))
    assert not (tmp_path / "data").exists()
    assert app.title == "Twoway"

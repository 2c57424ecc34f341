"""The list: its states, its keys, its window."""

from __future__ import annotations

from datetime import timedelta

from tests.tui.screen.conftest import gone, lines, see, shown, stage, until
from tests.tui.screen.lakeside import Lakeside
from tui.screens.main.listing import PAGE, WINDOW
from tui.widgets.conversation_list import ConversationList


async def test_first_list_shows_who_waits_and_since_when(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez", "12 min", "→ Sam", "? unknown", "[Needs reply 4]")
        assert "Waiting 1" in shown(pilot)
        rosa = next(line for line in lines(pilot) if "Rosa Jimenez" in line)
        assert "e-mail 09:48" in rosa
        assert "●" in rosa
        await until(pilot, lambda: office.started == 1)


async def test_connections_start_after_the_first_list(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await until(pilot, lambda: office.started)
        assert "Rosa Jimenez" in shown(pilot)


async def test_tabs_by_number_bracket_and_mouse(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("2")
        await see(pilot, "[Waiting 1]", "Erik Lindqvist")
        await pilot.press("4")
        await see(pilot, "Everything was delivered.")
        await pilot.press("left_square_bracket")
        await see(pilot, "Nothing is promised.")
        await pilot.press("left_square_bracket")
        await see(pilot, "Erik Lindqvist")
        column = next(line for line in lines(pilot) if "Unknown" in line).index("Unknown")
        await pilot.click("#tabs", offset=(column + 1, 0))
        await see(pilot, "[Unknown 1]", "Marta Novak")


async def test_cursor_stays_on_its_conversation_when_others_arrive(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        rows = pilot.app.screen.query_one(ConversationList)
        await pilot.press("j")
        assert rows.selected is not None
        assert rows.selected.title == "Omar Haddad"
        await office.arrive("new@client.example", "Hello?", name="Nina Fox", subject="Hello")
        await see(pilot, "Nina Fox")
        assert rows.selected.title == "Omar Haddad"
        assert next(i for i, row in enumerate(rows.rows) if row == rows.selected) == 2


async def test_cursor_stays_on_top_until_somebody_touches_a_key(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        rows = pilot.app.screen.query_one(ConversationList)
        await office.arrive("new@client.example", "Hello?", name="Nina Fox", subject="Hello")
        await see(pilot, "Nina Fox")
        assert rows.selected == rows.rows[0]
        assert rows.scroll_offset.y == 0
        await pilot.press("enter")
        await see(pilot, "Hello?")
        await office.arrive("ann@client.example", "Me too", name="Ann Poe", subject="Hi")
        await until(pilot, lambda: any(row.title == "Ann Poe" for row in rows.rows))
        assert rows.selected is not None
        assert rows.selected.title == "Nina Fox"


async def test_what_arrives_is_told_by_channel_and_count_without_a_name(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        office.clock.advance(minutes=1)
        await office.arrive("new@client.example", "Hello?", name="Nina Fox", subject="Hello")
        await see(pilot, "New: 1 e-mail")
        told = [toast.message for toast in pilot.app._notifications]
        assert told
        assert not any("Nina" in words for words in told)
        assert pilot.app.title == "Twoway"
        assert not pilot.app.sub_title


async def test_window_is_bounded_and_follows_the_cursor(office: Lakeside) -> None:
    many = PAGE * (WINDOW + 2)
    for number in range(many):
        office.put(
            f"person{number}@client.example", "Hello", timedelta(days=3, minutes=number),
            name=f"Person {number:04}", subject=f"Matter {number}",
        )  # fmt: skip
    await office.back_office.sync_once()
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        rows = pilot.app.screen.query_one(ConversationList)
        assert len(rows.rows) == PAGE
        last = f"Person {many - 1:04}"
        for _ in range(60):
            await pilot.press("G")
            await pilot.pause(0.03)
            assert len(rows.rows) <= PAGE * WINDOW
            if rows.selected is not None and rows.selected.title == last:
                break
        await see(pilot, last)
        for _ in range(60):
            await pilot.press("g")
            await pilot.pause(0.03)
            assert len(rows.rows) <= PAGE * WINDOW
            if rows.selected is not None and rows.selected.title == "Rosa Jimenez":
                break
        await see(pilot, "Rosa Jimenez")


async def test_done_reopen_snooze_assign(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Omar Haddad")
        await pilot.press("j", "a", *"nobody", "enter")
        await gone(pilot, "→ Sam")
        await pilot.press("s", "enter")
        await gone(pilot, "School form")
        await pilot.press("6")
        await see(pilot, "asleep until 13:00", "Omar Haddad")
        await pilot.press("E")
        await see(pilot, "Nothing is asleep.")
        await pilot.press("1")
        await see(pilot, "School form")
        await pilot.press("g", "e")
        await see(pilot, "Close it all the same?", "has not been answered")
        await pilot.press("escape", "e", *"Called", "enter")
        await gone(pilot, "Moving Thursday")
        await pilot.press("8")
        await see(pilot, "Rosa Jimenez", "done")


async def test_mine_only(office: Lakeside) -> None:
    await office.desk.assign((await office.row_of("Rosa")).id, "dana")
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Omar Haddad")
        await pilot.press("m")
        await gone(pilot, "Omar Haddad")
        await see(pilot, "Only yours are shown: 3 others; m shows all", "Rosa Jimenez")
        await pilot.press("2")
        await see(pilot, "Nothing of yours is in this list.", "Only yours are shown: 1 other;")
        await pilot.press("m")
        await see(pilot, "Erik Lindqvist")
        assert "Only yours" not in shown(pilot)


async def test_failing_line_is_named_on_every_screen(office: Lakeside) -> None:
    office.servers["front-desk"].down = True
    await office.back_office.sync_once()
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "front-desk ! reconnecting", "! front-desk:")
        for key in ("enter", "L", "o", "slash"):
            await pilot.press(key)
            await see(pilot, "! front-desk:")
            if key != "enter":
                await pilot.press("escape")

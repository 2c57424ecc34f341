"""The search screen, by keyboard alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from tests.clock import FakeClock
from tests.tui.screen.conftest import gone, lines, see, shown, stage, type_text, until
from tests.tui.screen.lakeside import FRONT_DESK, NOW, NURSE, PRACTICE, Lakeside

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])


def field(pilot: Pilot[None]) -> Input:
    return pilot.app.screen.query_one("#query", Input)


async def open_search(pilot: Pilot[None]) -> None:
    await see(pilot, "Rosa Jimenez")
    await pilot.press("slash")
    await see(pilot, "Type what you remember", "from:  to:  patient:", "Tab Complete")


@SIZES
async def test_tab_goes_on_with_what_fits(office: Lakeside, size: tuple[int, int]) -> None:
    async with stage(office, size=size) as pilot:
        await open_search(pilot)
        await type_text(pilot, "form is:un")
        await see(pilot, "Tab is:unread  is:undelivered  is:unknown")
        await pilot.press("tab")
        await until(pilot, lambda: field(pilot).value == "form is:unread ")
        await see(pilot, "1 conversation", "Omar Haddad")
        await pilot.press("tab")
        await until(pilot, lambda: field(pilot).value == "form is:undelivered ")
        await see(pilot, "Nothing found")
        await pilot.press("shift+tab", "shift+tab")
        await until(pilot, lambda: field(pilot).value == "form is:unknown ")
        await pilot.press("tab")
        await until(pilot, lambda: field(pilot).value == "form is:unread ")
        await see(pilot, "1 conversation")
        await pilot.press("enter")
        await see(pilot, "◂ e-mail 09:12  Omar Haddad")


@SIZES
async def test_names_of_patients_are_offered(office: Lakeside, size: tuple[int, int]) -> None:
    async with stage(office, size=size) as pilot:
        await open_search(pilot)
        await type_text(pilot, "pat")
        await see(pilot, "Tab patient:")
        await pilot.press("tab")
        await until(pilot, lambda: field(pilot).value == "patient:")
        await see(pilot, "the patient")
        await type_text(pilot, "jim")
        await see(pilot, 'Tab patient:"Rosa Jimenez"')
        await pilot.press("tab")
        await until(pilot, lambda: field(pilot).value == 'patient:"Rosa Jimenez" ')
        await see(pilot, "1 conversation", "Moving Thursday's visit")


async def test_lines_days_and_staff_are_offered(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await open_search(pilot)
        for typed, offered in (
            ("line:nu", "Tab line:nurse"),
            ("assigned:s", "Tab assigned:sam"),
            ("on:to", "Tab on:today"),
            ("after:last", 'Tab after:"last week"  after:"last month"'),
        ):
            field(pilot).value = ""
            await type_text(pilot, typed)
            await see(pilot, offered)


async def test_what_matched_is_marked(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await open_search(pilot)
        await type_text(pilot, "doct sig")
        await see(pilot, "1 conversation", "doctor sign it")
        strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
        marked = [
            segment.text
            for strip in strips
            for segment in strip
            if segment.style and segment.style.underline
        ]
        assert marked == ["doctor", "sign"]


async def test_a_condition_that_is_none_is_told(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await open_search(pilot)
        await type_text(pilot, 'is:odd "')
        await see(pilot, "Nothing found", "looked for as words: is:odd")
        field(pilot).value = "(-*:^"
        await gone(pilot, "looked for as words")
        field(pilot).value = "x" * 10_000
        await see(pilot, "Nothing found")
        assert len(lines(pilot)) == 24


@SIZES
async def test_going_down_fetches_more(office: Lakeside, size: tuple[int, int]) -> None:
    for number in range(70):
        office.put(
            f"sender{number}@example.com",
            "A common matter.",
            timedelta(hours=number + 1),
            subject=f"Matter {number}",
            id=f"m{number}@x",
        )
    await office.back_office.sync_once()
    async with stage(office, size=size) as pilot:
        await open_search(pilot)
        await type_text(pilot, "common")
        await see(pilot, "50+ conversations")
        cards = pilot.app.screen.query_one("#cards", OptionList)
        await pilot.press(*["pagedown"] * 6)
        await see(pilot, "70 conversations")
        await pilot.press(*["pagedown"] * 4)
        await until(pilot, lambda: cards.highlighted == 69)
        assert "Matter 69" in shown(pilot)
        await pilot.press("up", "enter")
        await see(pilot, "sender68@example.com")


async def test_what_is_overdue_follows_the_hours_of_its_line(tmp_path: Path) -> None:
    closed = replace(PRACTICE.hours, week=((),) * 5 + (PRACTICE.hours.week[0],) * 2)
    practice = replace(PRACTICE, answer_within=timedelta(minutes=30), line_hours={"nurse": closed})
    office = await Lakeside(tmp_path / "data", FakeClock(NOW), practice).open()
    await office.furnish()
    for line, name in ((NURSE, "nina"), (FRONT_DESK, "fred")):
        office.put(f"{name}@example.com", "The matter is old.", timedelta(hours=1), line=line)
    await office.back_office.sync_once()

    async def found(text: str) -> list[str]:
        page = await office.desk.searching.find(text)
        return [hit.row.person_address for hit in page.hits]

    overdue = await found("is:overdue")
    assert "omar.haddad@example.com" in overdue
    assert "rosa.jimenez@example.com" not in overdue
    assert "nina@example.com" not in overdue
    assert await found("is:overdue matter") == ["fred@example.com"]
    assert await found("-is:overdue matter") == ["nina@example.com"]
    await office.close()

"""Letting a message leave later, seeing when, and taking it back; the words about hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from inbox.closure import Closure, FixedClosures
from inbox.message import MessageStatus
from tests.clock import FakeClock
from tests.tui.screen.conftest import gone, see, shown, stage, type_text
from tests.tui.screen.lakeside import NOW, PRACTICE, ZONE, Lakeside
from tui.widgets.composer import Composer
from tui.widgets.status_bar import StatusBar

SIZES = [(80, 24), (120, 36)]
CALL_US = "Please call the office, or answer this e-mail."


@pytest.mark.parametrize("size", SIZES)
async def test_a_call_after_closing_leaves_at_opening(
    office: Lakeside, size: tuple[int, int]
) -> None:
    office.clock.set(datetime(2026, 3, 4, 17, 4, tzinfo=ZONE))
    await office.back_office.sync_once()

    def left() -> int:
        return sum(len(server.sent) for server in office.servers.values())

    before = left()
    async with stage(office, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, CALL_US)
        await see(pilot, "✗ cannot leave", "TW04")
        await pilot.press("ctrl+g")
        await see(pilot, "→ Leaves tomorrow 08:00")
        await gone(pilot, "✗ cannot leave")
        await pilot.press("f9")
        await see(pilot, "· leaves tomorrow 08:00; u takes it back")
        assert "Sending in" not in shown(pilot)
        office.clock.advance(hours=1)
        await office.deliver()
        assert left() == before
        office.clock.set(datetime(2026, 3, 5, 8, 0, tzinfo=ZONE))
        await office.back_office.sync_once()
        await office.deliver()
        await see(pilot, "✓ sent")
        assert left() == before + 1


async def test_the_composer_chooses_the_time_and_forgets_it_again(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Yes.")
        await pilot.press("ctrl+o")
        await see(pilot, "When does it leave?", "Tomorrow morning")
        await pilot.press("down", "enter")
        await see(pilot, "→ Leaves tomorrow 08:00")
        await pilot.press("ctrl+o")
        await see(pilot, "Another time")
        await type_text(pilot, "another")
        await pilot.press("enter")
        await see(pilot, "Let it leave at")
        await type_text(pilot, "2026-03-06 09:30")
        await pilot.press("enter")
        await see(pilot, "→ Leaves Fri 09:30")
        await pilot.press("ctrl+o")
        await see(pilot, "When does it leave?")
        await type_text(pilot, "as soon")
        await pilot.press("enter")
        await gone(pilot, "→ Leaves")
        draft = pilot.app.screen.query_one(Composer).draft
        assert draft is not None
        assert draft.send_at is None
        assert draft.text == "Yes."


async def _send_later(office: Lakeside) -> int:
    [rosa] = [row for row in await office.rows() if row.patient_id == "p1"]
    draft = await office.desk.reply_draft(rosa.id)
    moment = office.clock() + timedelta(days=1)
    return (await office.desk.send(replace(draft, text="Tuesday.", send_at=moment))).id


async def test_the_key_on_the_message_takes_it_back_long_after(office: Lakeside) -> None:
    outbox_id = await _send_later(office)
    office.clock.advance(hours=5)
    async with stage(office, size=(120, 36)) as pilot:
        await see(pilot, "Omar Haddad")
        await pilot.press("2")
        await see(pilot, "Rosa Jimenez", "leaves tomorrow 10:00")
        await pilot.press("j", "enter")
        await see(pilot, "· leaves tomorrow 10:00; u takes it back")
        await pilot.press("u")
        await see(pilot, "Taken back; nothing was sent.", "Reply to")
        row = await office.repository.outbox.get(outbox_id)
        assert row.status is MessageStatus.CANCELLED


async def test_closing_asks_while_a_message_leaves_later(office: Lakeside) -> None:
    outbox_id = await _send_later(office)
    conversation = (await office.repository.outbox.get(outbox_id)).conversation_id
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Omar Haddad")
        await pilot.press("2")
        await see(pilot, "Rosa Jimenez", "leaves tomorrow 10:00")
        await office.back_office.record()
        await pilot.press("j", "e")
        await see(pilot, "leaves tomorrow 10:00: close all the same?")
        await pilot.press("n")
        await gone(pilot, "close all the same?")
        assert (await office.repository.conversations.row(conversation)).done_at is None
        await pilot.press("e")
        await see(pilot, "close all the same?")
        await pilot.press("y")
        await see(pilot, "Closed. Your message still leaves;")
        assert (await office.repository.conversations.row(conversation)).done_at is not None


async def test_closing_says_that_a_message_is_about_to_leave(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Thursday is fine.")
        await pilot.press("f9")
        await see(pilot, "Sending in")
        await office.back_office.record()
        await pilot.press("e")
        await see(pilot, "Closed. Your message still leaves;")


@pytest.mark.parametrize("size", SIZES)
async def test_the_outbox_shows_it_and_takes_it_back(
    office: Lakeside, size: tuple[int, int]
) -> None:
    outbox_id = await _send_later(office)
    async with stage(office, size=size) as pilot:
        await see(pilot, "Omar Haddad")
        await pilot.press("o")
        await see(pilot, "· leaves tomorrow 10:00", "Undo send")
        await pilot.press("u")
        await see(pilot, "Nothing waits to leave.")
        assert pilot.app.screen.query_one("KeyBar").region.bottom == size[1]
        row = await office.repository.outbox.get(outbox_id)
        assert row.status is MessageStatus.CANCELLED
        assert (await office.desk.reply_draft(row.conversation_id)).text == "Tuesday."


@pytest.mark.parametrize("size", SIZES)
async def test_the_status_bar_names_the_day_off(tmp_path: Path, size: tuple[int, int]) -> None:
    days = FixedClosures({date(2026, 3, 4): Closure("Founders' Day")})
    practice = replace(PRACTICE, hours=replace(PRACTICE.hours, closures=days))
    office = await Lakeside(tmp_path / "data", FakeClock(NOW), practice).open()
    await office.furnish()
    async with stage(office, size=size) as pilot:
        await see(pilot, "closed today: Founders' Day")
    await office.close()


async def test_the_phones_are_named_where_many_lines_leave_no_room(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "phones staffed until 12:00")
        bar = pilot.app.screen.query_one(StatusBar)
        first = bar.lines[0]
        names = ("front-desk-mail", "nurse-texts", "recalls-mail", "billing-mail")
        bar.lines = tuple(replace(first, line=replace(first.line, id=name)) for name in names)
        await see(pilot, "phones to 12:00", "front-desk-mail ✓", "nurse-texts ✓")


async def test_the_status_bar_is_painted_when_its_words_change(
    office: Lakeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(office, size=(120, 36)) as pilot:
        await see(pilot, "phones staffed until 12:00")
        bar = pilot.app.screen.query_one(StatusBar)
        painted: list[None] = []
        monkeypatch.setattr(bar, "refresh", lambda: painted.append(None))
        bar.tick()
        assert painted == []
        office.clock.advance(minutes=5)
        bar.tick()
        assert painted == [None]

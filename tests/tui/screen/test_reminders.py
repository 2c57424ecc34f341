"""Reminders on the screen: each one seen, sent one by one or all that may leave."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from inbox.gate import Gate
from inbox.patient import Consent, PrivacyForm
from inbox.reminding import Reminder, Reminding
from inbox.repository import OutboxRow
from inbox.rules import RULES
from inbox.templating import Templating
from tests.tui.screen.conftest import gone, see, shown, stage, type_text, until
from tests.tui.screen.lakeside import DANA, ERIK, PATIENTS, Lakeside
from tui.screens.reminders import RemindersScreen
from tui.templates.reading import read_shelf


@pytest.fixture
async def desk(office: Lakeside) -> Lakeside:
    """A morning's mail, the shipped templates; Erik asked not to be written to by e-mail."""
    practice = replace(office.practice, scheduling_url="https://lakeside.example/book")
    office.desk.templating = Templating(
        practice, Gate(RULES), office.clock, DANA, lambda: read_shelf(Path("/nowhere"))
    )
    declined = replace(ERIK, form=PrivacyForm(email=Consent.DECLINED))
    await office.repository.patients.save([*PATIENTS, declined])
    return office


@pytest.fixture
def appointments(tmp_path: Path) -> Path:
    path = tmp_path / "appointments.csv"
    path.write_text(
        "id,name,date,time,type\n"
        "p1,Rosa Jimenez,3/6/2026,2:30 PM,visit\n"
        "p2,Omar Haddad,3/6/2026,3:00 PM,visit\n"
        "p3,Erik Lindqvist,3/9/2026,9:00 AM,visit\n"
        "p4,Mei Chen,,,flu shot\n"
        "p8,Nobody,3/9/2026,9:00 AM,visit\n"
    )
    return path


async def open_list(pilot: Pilot[None], path: Path) -> None:
    await see(pilot, "Rosa Jimenez")
    await pilot.press("R")
    await see(pilot, "Which list of appointments?")
    await type_text(pilot, str(path))
    await pilot.press("enter")
    await see(pilot, "Which template?", "By each row's type")
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, RemindersScreen))


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_reminders_are_seen_and_sent_one_by_one(
    desk: Lakeside, appointments: Path, size: tuple[int, int], tmp_path: Path
) -> None:
    async with stage(desk, size=size) as pilot:
        await open_list(pilot, appointments)
        await see(
            pilot, "1 of 5", "Ready 3, blocked 1, not understood 1.", "✓ ready", "Rosa Jimenez",
            "rosa.jimenez@example.com", "✓ From frontdesk@lakeside.example", "S Send all",
            "Fri, Mar 6 at 2:30 PM",
        )  # fmt: skip
        await pilot.press("n", "n")
        await see(pilot, "3 of 5", "✗ cannot leave", "They asked not to be written to by e-mail")
        await pilot.press("s")
        await see(pilot, "It cannot leave:")
        await pilot.press("n", "n")
        await see(pilot, "? not understood", "Row 6, “id” is no patient's id.")
        await pilot.press("p", "p", "p", "p", "s")
        await see(pilot, "Sent by e-mail 1, ready 2, blocked 1", "2 of 5", "Omar Haddad")
        await pilot.press("x")
        await see(pilot, "skipped 1", "3 of 5")
        await pilot.press("w")
        await see(pilot, "Save the report as")
        await pilot.press("ctrl+u")
        await type_text(pilot, str(tmp_path / "report.csv"))
        await pilot.press("enter")
        await see(pilot, "Saved as")
        assert "2,p1,sent,email" in (tmp_path / "report.csv").read_text()
        await pilot.press("escape")
        await see(pilot, "Needs reply")
    rows = await desk_rows(desk)
    assert [row.draft.patient_id for row in rows] == ["p1"]
    assert rows[0].draft.automatic


async def desk_rows(office: Lakeside) -> list[OutboxRow]:
    await office.open()
    try:
        return await office.repository.outbox.open_rows(20)
    finally:
        await office.close()


async def test_all_that_may_leave_is_sent_and_told_once(desk: Lakeside, appointments: Path) -> None:
    async with stage(desk, size=(80, 24)) as pilot:
        await open_list(pilot, appointments)
        await see(pilot, "Ready 3")
        await pilot.press("S")
        await see(pilot, "Send 3 reminders? by e-mail 3", "can be taken back")
        await pilot.press("enter")
        await gone(pilot, "Send 3 reminders?")
        assert not await desk.repository.outbox.open_rows(20)
        await pilot.press("S")
        await see(pilot, "Send 3 reminders?")
        await pilot.press("y")
        await see(pilot, "Sent by e-mail 3, blocked 1, not understood 1.", "All that may leave is")
        desk.clock.advance(seconds=10)
        await desk.deliver()
        sent = desk.servers["front-desk"].sent[-3:]
        assert {to.value for one in sent for to in one.to} == {
            "rosa.jimenez@example.com", "omar.haddad@example.com", "mei.chen@example.com",
        }  # fmt: skip
        await pilot.press("escape")
        await gone(pilot, "S Send all")
        await open_list(pilot, appointments)
        await see(pilot, "told already 3")
        await pilot.press("p", "p", "p")
        await see(pilot, "Told already on 2026-03-04 at 10:00")


async def test_escape_stops_after_the_current_one(
    desk: Lakeside, appointments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, began = asyncio.Event(), asyncio.Event()
    send = Reminding.send

    async def slowly(self: Reminding, reminder: Reminder, because: str = "") -> OutboxRow:
        began.set()
        await go_on.wait()
        return await send(self, reminder, because)

    monkeypatch.setattr(Reminding, "send", slowly)
    async with stage(desk, size=(80, 24)) as pilot:
        await open_list(pilot, appointments)
        await see(pilot, "Ready 3")
        await pilot.press("S")
        await see(pilot, "Send 3 reminders?")
        await pilot.press("y")
        await began.wait()
        await pilot.press("escape")
        await see(pilot, "Stopping after this one.")
        go_on.set()
        await see(pilot, "Stopped: 1 of 3.", "Sent by e-mail 1, ready 2")
        await pilot.press("escape")
        await see(pilot, "2 that may leave were not sent.")


@pytest.fixture
def two_visits(tmp_path: Path) -> Path:
    path = tmp_path / "two.csv"
    path.write_text("id,date,time\np1,3/6/2026,2:30 PM\np1,3/9/2026,2:30 PM\n")
    return path


async def test_what_is_held_asks_for_a_reason_and_words_can_be_changed(
    desk: Lakeside, two_visits: Path
) -> None:
    async with stage(desk, size=(80, 24)) as pilot:
        await open_list(pilot, two_visits)
        await see(pilot, "Ready 2")
        await pilot.press("S")
        await see(pilot, "Send 2 reminders?")
        await pilot.press("y")
        await see(pilot, "Sent by e-mail 1, held 1.", "2 of 2", "! needs a reason")
        await pilot.press("e")
        await see(pilot, "This reminder only")
        await pilot.press("ctrl+home")
        await type_text(pilot, "Once more: ")
        await pilot.press("escape")
        await see(pilot, "Leave your changes out?")
        await pilot.press("n")
        await gone(pilot, "Leave your changes out?")
        await see(pilot, "This reminder only", "Once more: Hello Rosa,")
        await pilot.press("f9")
        await see(pilot, "Once more: Hello Rosa,")
        await pilot.press("s")
        await see(pilot, "Send it all the same?")
        await type_text(pilot, "both agreed by phone")
        await pilot.press("enter")
        await see(pilot, "Sent by e-mail 2.")
    rows = await desk_rows(desk)
    assert rows[0].because == "both agreed by phone"
    assert rows[0].draft.text.startswith("Once more: Hello Rosa")


async def test_a_file_that_is_no_list_is_told_and_nothing_opens(
    desk: Lakeside, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_bytes(b"\x00\x01")
    async with stage(desk, size=(80, 24)) as pilot:
        for path, words in ((bad, "is not CSV"), (tmp_path / "none.csv", "Check its name.")):
            await see(pilot, "Rosa Jimenez")
            await pilot.press("R")
            await see(pilot, "Which list of appointments?")
            await type_text(pilot, str(path))
            await pilot.press("enter")
            await see(pilot, words)
            assert "Which template" not in shown(pilot)


async def test_changed_words_are_left_out_only_after_a_yes(
    desk: Lakeside, two_visits: Path
) -> None:
    async with stage(desk, size=(80, 24)) as pilot:
        await open_list(pilot, two_visits)
        await see(pilot, "Ready 2")
        await pilot.press("e")
        await see(pilot, "This reminder only")
        await pilot.press("escape")
        await gone(pilot, "This reminder only")
        await pilot.press("e")
        await see(pilot, "This reminder only")
        await pilot.press("ctrl+home")
        await type_text(pilot, "Once more: ")
        await pilot.press("escape")
        await see(pilot, "Leave your changes out?")
        await pilot.press("y")
        await gone(pilot, "This reminder only")
        assert "Once more" not in shown(pilot)

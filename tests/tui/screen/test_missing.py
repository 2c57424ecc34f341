"""A gap is told in words on the screen, and one key fills it; what needs a look has its list."""

from __future__ import annotations

import json
from datetime import date

import pytest

from inbox import sync
from inbox.channel import Batch
from tests.tui.screen.conftest import gone, see, shown, stage, until
from tests.tui.screen.lakeside import FRONT_DESK, Lakeside


async def make_gap(office: Lakeside, count: int) -> None:
    """Let mail arrive that the cursor claims to have been fetched, and count."""
    raw, line_id = office.repository.raw, FRONT_DESK.id
    for index in range(count):
        office.put(f"gap{index}@example.com", f"Nobody saw me {index}", name=f"Gap {index}")
    cursor = json.loads((await raw.cursors(line_id))["messages"])
    cursor["done"] = sorted(office.servers[line_id].folders["messages"].items)
    await raw.save_batch(line_id, Batch("messages", "1", (), json.dumps(cursor)), office.clock())
    office.clock.advance(minutes=11)
    await office.back_office.sync_once()


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_gap_is_told_and_one_key_fills_it(
    office: Lakeside, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(sync, "_MOST_REPAIRS", 1)
    await make_gap(office, 4)
    async with stage(office, size=size) as pilot:
        await see(pilot, "! 3 missing")
        await pilot.press("L")
        await see(pilot, "3 messages on the server are not here. f fetches them.", ", missing 3")
        await see(pilot, "every item compared", "Fetch missing")
        await pilot.press("f")
        await gone(pilot, "missing 3")
        await gone(pilot, "! 3 missing")
        await pilot.press("escape")
        await until(pilot, lambda: "Gap 0" in shown(pilot) or "Gap 1" in shown(pilot))
        assert {f"Gap {index}" for index in range(4)} <= {row.person for row in await office.rows()}


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_what_needs_a_look_has_a_list_until_it_is_dealt_with(
    office: Lakeside, size: tuple[int, int]
) -> None:
    async with stage(office, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        assert "Look" not in shown(pilot)
        assert "Needs a look" not in shown(pilot)
        office.servers[FRONT_DESK.id].put(b"\xff\xfenot a message")
        await office.back_office.sync_once()
        await pilot.press("9")
        await until(pilot, lambda: "[Look 1]" in shown(pilot) or "[Needs a look 1]" in shown(pilot))
        await see(pilot, "! needs a look")
        await pilot.press("enter")
        await see(pilot, "! NEEDS A LOOK", "l files it")
        await pilot.press("Z")
        await see(pilot, "It still cannot be read.")
        await pilot.press("z")
        await see(pilot, "Why does nobody need it?")
        await pilot.press(*"junk", "enter")
        await see(pilot, "Set aside: junk")
        await pilot.press("escape", "9")
        await see(pilot, "Everything could be read.")


async def test_what_was_deleted_on_the_server_says_so(office: Lakeside) -> None:
    row = await office.row_of("Rosa")
    (message, *_) = await office.repository.conversations.messages(row.id)
    raw = await office.desk.raw(message)
    office.servers[FRONT_DESK.id].expunge([raw.remote.item])
    office.clock.advance(minutes=11)
    await office.back_office.sync_once()
    async with stage(office, size=(80, 30)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await office.rows()
        await pilot.press("enter")
        await see(pilot, "Deleted on the server; it is kept here")


async def test_a_line_that_is_read_whole_has_nothing_further_back(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("L")
        await see(pilot, "front-desk")
        await pilot.press("b")
        await see(pilot, "Read front-desk back to when?")
        await pilot.press(*"soon", "enter")
        await see(pilot, "is not a day")
        await pilot.press("b")
        await see(pilot, "Read front-desk back to when?")
        await pilot.press(*"beginning", "enter")
        await see(pilot, "The line “front-desk”")


async def test_a_line_is_read_back_as_far_as_somebody_says(
    office: Lakeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, date | None]] = []

    async def read_back(line_id: str, day: date | None) -> None:
        asked.append((line_id, day))

    monkeypatch.setattr(office, "read_back", read_back)
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("L")
        await see(pilot, "Read back")
        await pilot.press("b", *"2025-01-31", "enter")
        await see(pilot, "front-desk is read back to 2025-01-31.")
        await pilot.press("x")
        await see(pilot, "front-desk is read no further back")
    assert asked == [("front-desk", date(2025, 1, 31)), ("front-desk", None)]

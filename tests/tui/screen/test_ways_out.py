"""Findings in the composer: the worst first, never over the text, and every way out by keys."""

from __future__ import annotations

import pytest

from tests.tui.screen.conftest import see, stage, type_text
from tests.tui.screen.lakeside import Lakeside

MANY = (
    "Hi Bob, your form is at bit.ly/3abc. Do not reply to this email. Please find attached it."
    " My fax is 555-010-9999. Dear {{name}}"
)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_many_findings_leave_the_text_in_sight(
    office: Lakeside, size: tuple[int, int]
) -> None:
    async with stage(office, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, MANY)
        await see(pilot, "✗ cannot leave", "F2 Take the sentence out", "Dear {{name}}")
        if size == (80, 24):
            await see(pilot, "more  Ctrl+G shows them")


async def test_any_way_out_is_chosen_from_one_list(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, MANY)
        await see(pilot, "more  Ctrl+G shows them")
        await pilot.press("ctrl+g")
        await see(pilot, "Ways out", "Greet Rosa", "no key mends it")
        await type_text(pilot, "greet")
        await pilot.press("enter")
        await see(pilot, "Hi Rosa, your form", "3 more")

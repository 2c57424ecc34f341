"""What others wrote is data: it moves no cursor, colours nothing and shifts no column."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from inbox.address import ChannelKind, email
from inbox.message import Arrival, Attachment, MessageKind
from tests.tui.screen.conftest import lines, see, shown, stage, until
from tests.tui.screen.lakeside import NOW, PRACTICE, Lakeside
from tui.widgets.cells import cut, fit, many_lines, one_line, wrap
from tui.widgets.conversation_list import ConversationList
from tui.widgets.message_lines import Around, Look, message_lines
from tui.widgets.messages_view import MessagesView

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_HARSH = (
    "\x1b]0;title\x07\x1b[31mred\x1b[2J\x1b[1;1H",
    "a\u202egnp.exe",
    "zero\u200bwidth\u2060\ufeff",
    "Z̸̡̢̛̛͚͙̗̫̱͌̈́̂͗͗͊̎̈́͝a̴l̵g̶o̷" * 3,
    "👩‍👩‍👧‍👦 family 👍🏽 ❤️ 1️⃣",
    "日本語の件名 한국어 العربية עברית",
    "[bold red]markup[/] [@click=app.quit]x[/]",
    "tab\there\rcarriage\x0bvertical\x0cfeed",
    "\x9b31mC1 \x90dcs\x9c",
    "ﷺ﷽" * 20,
)


@pytest.fixture
def naughty(corpora: Path) -> list[str]:
    """The public list of naughty strings."""
    path = corpora / "terminal" / "blns.jsonl"
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]


def check_cells(text: str) -> None:
    for width in (1, 7, 40):
        assert cell_len(fit(one_line(text), width)) == width
        assert cell_len(cut(one_line(text), width)) <= width
        for line in wrap(many_lines(text), width):
            assert cell_len(line) <= max(width, 2)
            assert not _CONTROLS.search(line)
    assert not _CONTROLS.search(one_line(text))


@pytest.mark.parametrize("text", _HARSH)
def test_harsh_text_keeps_its_cells(text: str) -> None:
    check_cells(text)


def test_naughty_strings_keep_their_cells(naughty: list[str]) -> None:
    assert len(naughty) > 400
    for text in naughty:
        check_cells(text)


def test_wrap_loses_no_letter() -> None:
    text = "one  two three-four " + "x" * 95 + " five 日本語日本語日本語"
    joined = "".join("".join(wrap(text, 20)).split())
    assert joined == "".join(text.split())


async def file_all(office: Lakeside, texts: list[str]) -> None:
    async with office.repository.batch():
        for number, text in enumerate(texts):
            arrival = Arrival(
                channel=ChannelKind.EMAIL,
                kind=MessageKind.EMAIL,
                sender=email(f"n{number}@client.example", text),
                to=(email("frontdesk@lakeside.example"),),
                subject=text,
                text=text,
                whole=text,
                attachments=(Attachment("1", text, "text/plain", 5),),
            )
            await office.file(arrival)


async def check_screen(office: Lakeside, texts: list[str], size: tuple[int, int]) -> None:
    await file_all(office, texts)
    width, height = size
    async with stage(office, size=size) as pilot:
        await see(pilot, "Needs reply")
        rows = pilot.app.screen.query_one(ConversationList)
        await until(pilot, lambda: rows.rows)
        steps = len(texts) // (height // 2 - 4) + 2
        for step in range(steps):
            for line in lines(pilot):
                assert not _CONTROLS.search(line), repr(line)
                assert cell_len(line) == width, repr(line)
            columns = {
                cell_len(line[: line.index(" e-mail 10:00 ")])
                for line in lines(pilot)
                if " e-mail 10:00 " in line and "◂" not in line
            }
            assert len(columns) <= 1
            await pilot.press("pagedown")
            if step % 12 == 0:
                await pilot.press("enter")
                view = pilot.app.screen.query_one(MessagesView)
                await until(pilot, partial(getattr, view, "messages"))
                assert not any(_CONTROLS.search(line) for line in lines(pilot))
                assert all(cell_len(line) == width for line in lines(pilot))
                await pilot.press("escape")
        assert pilot.app.title == "Twoway"


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_harsh_text_on_the_screen(office: Lakeside, size: tuple[int, int]) -> None:
    await check_screen(office, list(_HARSH), size)


async def test_naughty_strings_on_the_screen(office: Lakeside, naughty: list[str]) -> None:
    await check_screen(office, naughty, (80, 60))


async def test_markup_is_shown_as_it_is(office: Lakeside) -> None:
    await file_all(office, ["[bold red]markup[/] [@click=app.quit]x[/]"])
    async with stage(office, size=(120, 36)) as pilot:
        await see(pilot, "[bold red]mark")
        await pilot.press("enter")
        await see(pilot, "  [bold red]markup[/] [@click=app.quit]x[/]")
        await pilot.press("l")
        await see(pilot, "Which patient")
        assert "[bold red]" in shown(pilot)


async def test_message_lines_are_never_wider_than_asked(
    office: Lakeside, naughty: list[str]
) -> None:
    row = await office.row_of("Rosa")
    (message,) = await office.repository.conversations.messages(row.id)
    around = Around(PRACTICE, NOW)
    for text in (*_HARSH, *naughty):
        harsh: dict[str, Any] = {"subject": text, "text": text, "whole": text + "\n> q"}
        harsh["sender"] = email("x@client.example", text)
        harsh["attachments"] = (Attachment("1", text, "text/plain", 5),)
        for look in (Look(), Look(whole=True, details=True)):
            for line in message_lines(replace(message, **harsh), 50, look, around):
                assert cell_len("".join(part for part, _ in line)) <= 50

"""Promises on the screen: confirmed, counted down, called on, kept, broken."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from inbox.promise import PromiseKind
from tests.tui.screen.conftest import gone, lines, see, shown, stage, type_text, until
from tests.tui.screen.lakeside import PRACTICE, SAM, ZONE, Lakeside
from tui.app import TwowayApp

HALF_PAST_ELEVEN = datetime(2026, 3, 4, 11, 30, tzinfo=ZONE)
SIZES = [(80, 24), (120, 36)]


async def write(pilot: Pilot[None], text: str) -> None:
    """Answer Rosa."""
    await see(pilot, "Rosa Jimenez")
    await pilot.press("g", "r")
    await see(pilot, "Reply to Rosa")
    await type_text(pilot, text)


async def rosa_writes(office: Lakeside, text: str = "Which entrance?", id_: str = "r2@x") -> None:
    office.clock.advance(minutes=2)
    await office.arrive(
        "rosa.jimenez@example.com", text, name="Rosa Jimenez",
        subject="Re: Moving Thursday's visit", id=id_, in_reply_to=["r1@x"],
    )  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
async def test_a_promise_is_confirmed_called_on_and_kept(
    office: Lakeside, size: tuple[int, int]
) -> None:
    async with stage(office, size=size) as pilot:
        bells: list[int] = []
        pilot.app.bell = lambda: bells.append(1)  # type: ignore[method-assign]  # to hear it
        await write(pilot, "Tuesday at nine. I'm here until 11:30.")
        await see(pilot, "Promises: here until 11:30 (you).")
        await pilot.press("f9")
        await see(pilot, "You promise “I'm here until 11:30”.", "Watch every channel until 11:30?")
        await pilot.press("enter")
        await see(pilot, "Sending in", "Waiting for them · you: here until 11:30")
        await see(pilot, "Promises 1, next 11:30")
        office.clock.advance(seconds=9)
        await office.deliver()
        await pilot.press("escape", "3")
        await see(pilot, "Dana: here until 11:30, 1 h left")
        assert not bells
        await rosa_writes(office)
        await see(pilot, "! Rosa Jimenez wrote: you promised here until 11:30", "Ctrl+N opens")
        assert len(bells) == 1
        # It stands on every screen, and over a dialog too.
        await pilot.press("L")
        await see(pilot, "Rosa Jimenez wrote:")
        await pilot.press("ctrl+n")
        office.clock.advance(minutes=1)
        await see(pilot, "Which entrance?")
        await gone(pilot, "Rosa Jimenez wrote:")
        await pilot.press("r")
        await see(pilot, "Reply to Rosa")
        await type_text(pilot, "The blue door.")
        await pilot.press("f9")
        await see(pilot, "Sending in")
        office.clock.advance(seconds=9)
        await office.deliver()
        await pilot.press("escape", "3")
        # While the time runs, whatever they write is told, mere thanks too.
        await see(pilot, "Dana: here until 11:30", "Promises 1, next 11:30")
        assert len(bells) == 1
        await rosa_writes(office, "ok thanks!", "r3@x")
        await see(pilot, "! Rosa Jimenez wrote: you promised here until 11:30")
        assert len(bells) == 2
        await pilot.press("ctrl+n")
        await gone(pilot, "Rosa Jimenez wrote:")
        office.clock.set(HALF_PAST_ELEVEN)
        await gone(pilot, "Promises 1")
        await pilot.press("escape", "3")
        await see(pilot, "Nothing is promised.")
        assert len(bells) == 2


@pytest.mark.parametrize("size", SIZES)
async def test_a_broken_promise_stands_on_top_until_it_is_withdrawn_with_a_reason(
    office: Lakeside, size: tuple[int, int]
) -> None:
    erik = await office.row_of("Erik")
    await office.desk.promises.add(erik.id, PromiseKind.ANSWER, HALF_PAST_ELEVEN)
    async with stage(office, size=size) as pilot:
        await see(pilot, "Rosa Jimenez", "Promises 1, next 11:30")
        assert "Erik" not in shown(pilot)
        office.clock.set(HALF_PAST_ELEVEN - timedelta(minutes=9))
        await see(pilot, "! Erik Lindqvist: answer by 11:30, 9 min left")
        office.clock.set(HALF_PAST_ELEVEN + timedelta(minutes=3))
        await see(pilot, "BROKEN: Erik Lindqvist waits: answer by 11:30, 3 min over")
        await see(pilot, "! 1 promise broken", "! Dana: answer by 11:30, 3 min over")
        listed = [line for line in lines(pilot) if "e-mail" in line]
        assert "Erik Lindqvist" in listed[0]
        await pilot.press("ctrl+n")
        await gone(pilot, "BROKEN")
        await see(pilot, "answer by 11:30, 3 min over", "! 1 promise broken")
        await pilot.press("e")
        await see(pilot, "It cannot be closed: you promised")
        await pilot.press("P")
        await see(pilot, "Withdraw: answer by 11:30, 3 min over")
        await pilot.press("enter")
        await see(pilot, "Why is it withdrawn?")
        await type_text(pilot, "he called himself")
        await pilot.press("enter")
        await gone(pilot, "! 1 promise broken")
        [promise] = await office.desk.promises.latest()
        assert promise.withdrawn_because == "he called himself"


async def test_what_was_called_on_while_closed_is_told_at_the_start(office: Lakeside) -> None:
    rosa = await office.row_of("Rosa")
    await office.desk.promises.add(rosa.id, PromiseKind.HERE, HALF_PAST_ELEVEN)
    await rosa_writes(office)
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "! Rosa Jimenez wrote: you promised here until 11:30")
        # What hides everything hides the name too.
        await pilot.press("f12")
        await see(pilot, "Hidden. Press any key.", "A promise of yours was called on.")
        assert "Rosa" not in shown(pilot)
        await pilot.press("x")
        await see(pilot, "! Rosa Jimenez wrote")
        assert "Rosa" not in pilot.app.title


async def test_others_see_who_promised_and_are_not_alerted(office: Lakeside) -> None:
    rosa = await office.row_of("Rosa")
    await office.desk.promises.add(rosa.id, PromiseKind.HERE, HALF_PAST_ELEVEN, owner="sam")
    await rosa_writes(office)
    async with stage(office, size=(120, 36)) as pilot:
        await see(pilot, "Rosa Jimenez", "Sam: here until 11:30")
        await pilot.press("g", "enter")
        await see(pilot, "Which entrance?", "Sam promised: here until", "11:30, 1 h left")
        assert "wrote: you promised" not in shown(pilot)
        assert SAM in PRACTICE.staff


async def test_words_that_are_no_promise_are_declined_and_kept_so(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await write(pilot, "I'm here until 11:30.")
        await pilot.press("f9")
        await see(pilot, "You promise")
        await pilot.press("escape")
        await gone(pilot, "You promise")
        assert not await office.repository.outbox.open_rows(5)
        await pilot.press("f9")
        await see(pilot, "You promise")
        await pilot.press("x")
        await see(pilot, "Sending in")
        assert await office.desk.promises.latest() == []
        assert "no promise" in [one[2] for one in await office.repository.audit.latest(3)]
        # Taken back and sent again: it is not asked a second time.
        await pilot.press("u")
        await see(pilot, "Reply to Rosa")
        await pilot.press("f9")
        await see(pilot, "Sending in")


async def test_a_promise_is_changed_before_it_is_sent_and_set_by_hand(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await write(pilot, "I'm here until 11:30.")
        await pilot.press("f9")
        await see(pilot, "You promise")
        await pilot.press("e")
        await see(pilot, "Here until when?")
        await pilot.press("ctrl+u")
        await type_text(pilot, "11:45")
        await pilot.press("enter")
        await see(pilot, "Who keeps it?")
        await pilot.press("down", "enter")
        await see(pilot, "Sending in")
        [promise] = await office.desk.promises.live()
        assert (promise.owner, promise.due.astimezone(ZONE).strftime("%H:%M")) == ("sam", "11:45")
        await pilot.press("u")
        await see(pilot, "Reply to Rosa")
        field = pilot.app.screen.query_one(TextArea)
        field.load_text("Tuesday it is.")
        await pilot.press("ctrl+r")
        await see(pilot, "What does it promise?", "Take off: here until 11:45")
        await type_text(pilot, "answer")
        await pilot.press("enter")
        await see(pilot, "Answer by when?")
        await type_text(pilot, "30 min")
        await pilot.press("enter")
        await see(pilot, "Who keeps it?")
        await pilot.press("enter")
        await see(pilot, "answer by 10:30 (you)")
        await pilot.press("f9")
        await see(pilot, "Sending in")
        live = await office.desk.promises.live()
        assert [(one.kind, one.owner) for one in live] == [(PromiseKind.ANSWER, "dana")]


async def test_counting_down_paints_nothing_when_no_word_changes(office: Lakeside) -> None:
    rosa = await office.row_of("Rosa")
    await office.desk.promises.add(rosa.id, PromiseKind.HERE, HALF_PAST_ELEVEN)
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Dana: here until 11:30, 1 h left")
        assert isinstance(pilot.app, TwowayApp)
        work = pilot.app._main.work
        assert work is not None
        painted: list[int] = []
        work.keeping._list.forget_times = lambda: painted.append(1)  # type: ignore[method-assign]  # to count
        for _ in range(5):
            work.keeping._tick()
        assert not painted
        office.clock.set(HALF_PAST_ELEVEN - timedelta(minutes=59))
        await until(pilot, lambda: painted)

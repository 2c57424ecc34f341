"""The portal on screen, end to end: real FHIR and Twilio servers here, and people who answer."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from demo.portal.holdings import Resource
from inbox.address import ChannelKind
from inbox.message import Message, MessageStatus
from tests.clock import FakeClock
from tests.tui.screen.conftest import gone, see, shown, type_text, until
from tests.tui.screen.portal import World, portal_world
from tui.config.reading import read_configuration
from tui.wiring import open_office

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
PDF = b"%PDF-1.4\n% a made-up result\n%%EOF\n"
LONG = 20.0
"""Seconds for what travels over three servers on a busy machine."""


@pytest.fixture
async def world(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setenv("TWOWAY_DEMO_PASSWORD", "lakeside-demo")
    async with portal_world(tmp_path, clock) as made:
        yield made


async def find(pilot: Pilot[None], words: str, *seen: str) -> None:
    """Open a conversation the way a person finds it."""
    await until(pilot, lambda: pilot.app.focused is not None)
    await see(pilot, "Needs reply")
    await pilot.press("slash")
    await see(pilot, "Type what you remember")
    await type_text(pilot, words)
    await see(pilot, "1 conversation", *seen)
    await pilot.press("enter")


async def comes(pilot: Pilot[None], *words: str) -> None:
    """Wait for what other people do."""
    await until(pilot, lambda: all(word in shown(pilot) for word in words), LONG)


async def arrived(world: World, title: str, words: str, status: MessageStatus) -> Message:
    """Wait until a message of ours that says this stands as it should."""
    ours: list[Message] = []
    for _ in range(int(LONG / 0.1)):
        ours = [one for one in await world.ours(await world.row(title)) if words in one.text]
        if [one.status for one in ours] == [status]:
            return ours[0]
        await asyncio.sleep(0.1)
    raise AssertionError(f"{[one.status for one in ours]} is not {status}")


def communications(world: World) -> list[Resource]:
    """What the portal holds."""
    return [one.resource for one in world.lakeside.portal.server.holdings.all("Communication")]


def said(world: World, words: str) -> Resource:
    """The message in the portal that says this."""
    return next(
        one
        for one in communications(world)
        for part in one.get("payload", ())
        if words in part.get("contentString", "")
    )


@SIZES
async def test_a_question_is_answered_in_the_portal(world: World, size: tuple[int, int]) -> None:
    async with world.app().run_test(size=size, notifications=True) as pilot:
        await find(pilot, "cholesterol", "Olivia Brandt")
        await see(pilot, "or can I try with", "Dr. Osei", "Cholesterol result.pdf")
        await pilot.press("r")
        await see(pilot, "● portal", "From Lakeside portal", "replies proven")
        await see(pilot, "can answer", "portal")
        await type_text(pilot, "Try the oats first; no tablet yet. Write back here any time.")
        await pilot.press("f9")
        await comes(pilot, "I will try the oats")
        ours = await arrived(world, "Olivia", "no tablet yet", MessageStatus.DELIVERED)
        assert ours.channel is ChannelKind.PORTAL
        there = said(world, "no tablet yet")
        assert there["partOf"] == [{"reference": "Communication/olivia-cholesterol"}]
        assert there["inResponseTo"][0]["reference"] == "Communication/olivia-cholesterol.2"


async def test_a_proxy_is_named_with_what_she_is_and_answered(world: World) -> None:
    async with world.app().run_test(size=(120, 36), notifications=True) as pilot:
        await find(pilot, "inhaler teacher", "Noah Parker")
        await see(pilot, "Ellen Parker (mother)", "about Noah Parker")
        await pilot.press("r")
        await see(pilot, "Reply to Ellen Parker", "From Lakeside portal")
        await see(pilot, "Ellen Parker (mother) can", "the practice will see it")
        assert "RelatedPerson" not in shown(pilot)
        await pilot.press("f3")
        await see(pilot, "Which line does it leave from?", "Lakeside portal  portal ·")
        assert "http" not in shown(pilot)
        await pilot.press("escape")
        await type_text(pilot, "The note is ready. Ellen, write here if he needs more.")
        await pilot.press("f9")
        await comes(pilot, "I will print it for his teacher")
        there = said(world, "The note is ready")
        assert there["recipient"][0]["reference"] == "RelatedPerson/r16"
        assert there["subject"]["reference"] == "Patient/p1018"


@SIZES
async def test_a_thread_nobody_can_answer_is_blocked_with_the_way_out(
    world: World, size: tuple[int, int]
) -> None:
    async with world.app().run_test(size=size, notifications=True) as pilot:
        before = len(communications(world))
        await find(pilot, "lisinopril water pill", "Grace Okonkwo")
        await pilot.press("r")
        await type_text(pilot, "Yes, please keep the water pill. Any question: just answer.")
        await see(pilot, "✗ cannot leave They cannot answer in this", "Send it by e-mail")
        await pilot.press("f9")
        await see(pilot, "It cannot leave")
        await pilot.press("f2")
        await see(pilot, "● e-mail", "From frontdesk@lakeside.example", "water pill")
        await gone(pilot, "cannot answer in this")
        await pilot.press("f9")
        await comes(pilot, "▸ e-mail", "✓ sent")
        assert len(communications(world)) == before
        row = await world.row("Grace Okonkwo", "email")
        [ours] = await world.ours(row)
        assert ours.channel is ChannelKind.EMAIL


@SIZES
async def test_a_result_goes_with_a_pdf_and_is_answered_by_text(
    world: World, tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "result.pdf"
    path.write_bytes(PDF)
    async with world.app().run_test(size=size, notifications=True) as pilot:
        await see(pilot, "Needs reply")
        await pilot.press("w")
        await see(pilot, "Write to")
        await type_text(pilot, "Rosa Jimenez")
        await see(pilot, "Rosa Jimenez  portal account")
        assert "Patient/" not in shown(pilot)
        for _ in range(6):
            await pilot.press("down")
        await pilot.press("enter")
        await see(pilot, "New message to Rosa Jimenez", "● portal", "From Lakeside portal")
        await type_text(pilot, "Your blood count")
        await pilot.press("tab")
        await type_text(pilot, "The page is attached; all is well. Answer here or by text.")
        await pilot.press("f7")
        await see(pilot, "Which file?")
        await type_text(pilot, str(path))
        await pilot.press("enter")
        await see(pilot, "result.pdf", "No notice goes with it", "(555) 010-7811")
        await pilot.press("ctrl+e")
        await see(pilot, "Also by text to (555) 010-7811", "a document waits")
        # What was chosen is kept with the draft.
        await pilot.press("escape")
        await gone(pilot, "Also by text")
        await pilot.press("w")
        await see(pilot, "Also by text to (555) 010-7811", "The page is attached")
        await pilot.press("f9")
        await comes(pilot, "Just read it there", "◂ text")
        there = said(world, "The page is attached")
        [file] = [
            one["contentAttachment"] for one in there["payload"] if "contentAttachment" in one
        ]
        assert base64.b64decode(file["data"]) == PDF
        texts = [
            one.body
            for one in world.lakeside.telephone.server.account.texts
            if one.to == "+15550107811" and "portal" in one.body
        ]
        assert len(texts) == 1
        assert "blood" not in texts[0].lower()
        assert (
            "Lakeside Family Practice: a document waits for you in our patient portal." in texts[0]
        )
        rows = {one.channel for one in await world.messages(await world.row("Rosa", "sms"))}
        assert {ChannelKind.PORTAL, ChannelKind.SMS} <= rows


async def test_a_better_way_is_suggested_and_taken(world: World) -> None:
    async with world.app().run_test(size=(120, 36), notifications=True) as pilot:
        await see(pilot, "Needs reply")
        await pilot.press("w")
        await type_text(pilot, "Olivia Brandt")
        await see(pilot, "e-mail olivia.brandt@mail.example")
        await pilot.press("enter")
        await see(pilot, "● e-mail")
        await pilot.press("tab")
        await type_text(pilot, "Your lab result is in: the LDL is 142. Answer here.")
        await see(pilot, "safer in the portal", "Ctrl+Y portal")
        await pilot.press("ctrl+y")
        await see(pilot, "● portal", "From Lakeside portal", "the LDL is 142")
        await gone(pilot, "safer in the portal")


async def test_a_message_is_taken_back_where_it_lies(world: World) -> None:
    async with world.app().run_test(size=(120, 36), notifications=True) as pilot:
        await find(pilot, "drops bottle", "Ruth Abrams")
        await pilot.press("U")
        await see(pilot, "Only what was sent from here")
        await pilot.press("r")
        await type_text(pilot, "Three times a day it is. Write back here.")
        await pilot.press("f9")
        await arrived(world, "Ruth", "Three times", MessageStatus.DELIVERED)
        await until(pilot, lambda: marked(pilot, "Three times"), LONG)
        await pilot.press("U")
        await see(pilot, "Take this message back in the portal?")
        await pilot.press("y")
        await comes(pilot, "✗ retracted", "entered in error; q shows what it said")
        assert "Three times" not in shown(pilot)
        await until(pilot, lambda: marked(pilot, "Three times"))
        await pilot.press("q")
        await see(pilot, "Three times a day")
        assert said(world, "Three times")["status"] == "entered-in-error"


@SIZES
async def test_the_lines_say_whether_patients_can_answer(
    world: World, size: tuple[int, int]
) -> None:
    async with world.app().run_test(size=size, notifications=True) as pilot:
        await see(pilot, "Needs reply")
        await pilot.press("L", "G")
        await see(
            pilot, "portal  portal  Lakeside portal", "Patients can answer:", "messages: server"
        )
        assert "http" not in shown(pilot)
        assert "Communication" not in shown(pilot)


async def test_what_nobody_says_is_told_with_whom_to_ask(
    world: World, tmp_path: Path, clock: FakeClock
) -> None:
    text = world.configuration.path.read_text(encoding="utf-8")
    await world.office.close()
    path = tmp_path / "bare" / "practice.toml"
    path.parent.mkdir()
    text = text.replace('test_patient = "Patient/p1000"\n', "")
    path.write_text(text.replace('replies = "yes"', 'replies = "unknown"'), encoding="utf-8")
    world.office = await open_office(read_configuration(path), path.parent / "data", "dana", clock)
    async with world.app().run_test(size=(80, 24), notifications=True) as pilot:
        await see(pilot, "Needs reply")
        await pilot.press("L", "G")
        await see(pilot, "Unknown: The portal does not say", "Ask the portal's vendor")
        await pilot.press("p")
        await see(pilot, "A portal without a test patient cannot", "when a patient writes there")


def marked(pilot: Pilot[None], words: str) -> bool:
    """Whether the marked message says this; marks it by keys otherwise."""
    from tui.widgets.messages_view import MessagesView

    view = pilot.app.screen.query_one(MessagesView)
    at = next((i for i, one in enumerate(view.messages) if words in one.text), None)
    if at is None:
        return False
    view.mark(at)
    return view.marked is not None and words in view.marked.text

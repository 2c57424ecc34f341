"""On the screen: emergencies, opt-outs, families, and what is for the patient alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot

from inbox.address import AddressSystem
from inbox.patient import Consent, ContactPoint, Proxy
from tests.clock import FakeClock
from tests.tui.screen.conftest import gone, lines, see, shown, stage, type_text, until
from tests.tui.screen.lakeside import MEI, NOW, OMAR, PRACTICE, ROSA, Lakeside

SMALL = (80, 24)
HOME = "home@example.com"
_MARIA = Proxy("Maria Jimenez", "mother", (ContactPoint(AddressSystem.EMAIL, HOME),))
LUIS = replace(ROSA, id="p8", given="Luis", points=(), proxies=(_MARIA,))
ANA = replace(ROSA, id="p9", given="Ana", points=(), proxies=(_MARIA,))


async def _rung(pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    rung: list[int] = []
    monkeypatch.setattr(pilot.app, "bell", lambda: rung.append(1))
    return rung


async def test_an_emergency_cannot_be_missed(
    office: Lakeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(office, size=SMALL) as pilot:
        rung = await _rung(pilot, monkeypatch)
        await see(pilot, "Rosa Jimenez")
        await office.arrive("erik.lindqvist@example.com", "I have chest pain since this morning")
        await see(pilot, "URGENT 1 message sounds like an emergency", "URGENT: call them / 911")
        assert len(rung) == 1
        names = [line for line in lines(pilot) if "Lindqvist" in line or "Jimenez" in line]
        assert "Lindqvist" in names[0]
        await pilot.press("question_mark")
        await see(pilot, "URGENT 1 message sounds like an emergency")
        await pilot.press("ctrl+n")
        await see(pilot, "URGENT Sounds like an emergency: call them / 911", "x: looked after")
        await see(pilot, "chest pain", "Ctrl+N opens it")
        await pilot.press("x")
        await gone(pilot, "sounds like an emergency")
        await see(pilot, "Emergency, looked after, says Dana Reyes")
        assert len(rung) == 1
        row = await office.row_of("Erik")
        assert not row.urgent
        [entry] = await office.repository.audit.latest(1, "p3")
        assert entry[1:3] == ("dana", "look after an emergency")


async def test_that_it_is_no_emergency_is_asked_twice(office: Lakeside) -> None:
    async with stage(office, size=SMALL) as pilot:
        await see(pilot, "Rosa Jimenez")
        await office.arrive("erik.lindqvist@example.com", "heart attack in 2019, form attached")
        await see(pilot, "URGENT: call them / 911")
        await pilot.press("ctrl+n")
        await see(pilot, "looked after")
        await pilot.press("X")
        await see(pilot, "Is it no emergency?")
        await pilot.press("n")
        assert (await office.row_of("Erik")).urgent
        await pilot.press("X")
        await see(pilot, "Is it no emergency?")
        await pilot.press("y")
        await gone(pilot, "URGENT")


async def test_asking_to_stop_is_decided_by_one_key(office: Lakeside) -> None:
    await office.arrive("omar.haddad@example.com", "Please don't email me anymore", name="Omar")
    async with stage(office, size=SMALL) as pilot:
        await see(pilot, "? asks to stop")
        await pilot.press("g", "enter")
        await see(pilot, "! May be asking us to stop e-mail", "x: stop e-mail to them · X: it is")
        await pilot.press("x")
        await see(pilot, "! Opted out of e-mail", "· Opted out of e-mail, says Dana Reyes")
        said = await office.repository.consents.current([OMAR.points[0].address])
        assert [one.consent for one in said.values()] == [Consent.DECLINED]
        await pilot.press("r")
        await see(pilot, "✗ cannot leave", "They asked not to be written to by e-mail")


@pytest.fixture
async def family(office: Lakeside) -> None:
    """Two children and their mother at one address."""
    await office.repository.patients.save([LUIS, ANA])


async def _from_home(office: Lakeside, text: str, **more: Any) -> None:
    await office.arrive(HOME, text, name="Maria Jimenez", **more)


@pytest.mark.usefixtures("family")
async def test_a_family_is_asked_once_and_remembered(office: Lakeside) -> None:
    await _from_home(
        office, "Ana's cough is better, but what about Luis and Ana's shots?", id="1@x"
    )
    async with stage(office, size=SMALL) as pilot:
        await see(pilot, "Maria Jimenez")
        await pilot.press("g", "enter")
        await see(pilot, "? About whom: Ana, Luis: l says")
        await pilot.press("l")
        await see(pilot, "Which patient is it about?", "Luis Jimenez", "Ana Jimenez")
        await pilot.press("down", "enter")
        await see(pilot, "belongs to Ana, Luis", "This conversation", "Always for this address")
        await pilot.press("enter")
        await see(pilot, "Maria Jimenez (mother) about Luis Jimenez", "Maria Jimenez (mother)")

        await _from_home(office, "One more thing, please", id="2@x")
        await pilot.press("escape", "g")
        await until(pilot, lambda: "One more thing" in shown(pilot))
        await pilot.press("g", "enter")
        await see(pilot, "? About whom: Luis, Ana: l says")
        await pilot.press("l")
        await see(pilot, "Which patient is it about?")
        await pilot.press("enter")
        await see(pilot, "Always for this address")
        await pilot.press("down", "enter")
        await see(pilot, "(mother) about Luis Jimenez")

        await _from_home(office, "And a third matter", id="3@x")
        await pilot.press("escape", "g")
        await until(pilot, lambda: "third matter" in shown(pilot))
        rows = await office.rows()
        assert next(row for row in rows if "third" in row.snippet).patient_id == "p8"


@pytest.mark.usefixtures("family")
async def test_one_message_can_be_about_the_other_child(office: Lakeside) -> None:
    await _from_home(office, "Luis needs a form", id="1@x")
    row = await office.row_of("Maria")
    await office.desk.linking.link(row.id, "p8")
    await _from_home(office, "And my daughter has a rash", id="2@x", references=["1@x"])
    await office.back_office.record()
    async with stage(office, size=SMALL) as pilot:
        await see(pilot, "Luis Jimenez")
        await pilot.press("g", "enter")
        await see(pilot, "has a rash")
        await pilot.press("G", "M")
        await see(pilot, "Whom is this one message about?", "Ana Jimenez")
        await pilot.press("enter")
        await see(pilot, "about Ana Jimenez, not as the conversation")
        await office.back_office.record()
        entries = await office.repository.records.entries("p9")
        assert [one["status"] for one in entries] == ["completed"]
        entries = await office.repository.records.entries("p8")
        assert [one["status"] for one in entries][-1] == "entered-in-error"


@pytest.mark.usefixtures("family")
async def test_what_is_for_the_patient_alone_does_not_go_to_a_shared_address(
    office: Lakeside,
) -> None:
    await _from_home(office, "Luis needs a form", id="1@x")
    await office.desk.linking.link((await office.row_of("Maria")).id, "p8")
    async with stage(office, size=SMALL) as pilot:
        await see(pilot, "Luis Jimenez")
        await pilot.press("g", "r")
        await see(pilot, "Reply to")
        await pilot.press("ctrl+k")
        await see(pilot, "for Luis Jimenez alone", "✗ cannot leave", "others read what is sent")
        await pilot.press("ctrl+k")
        await gone(pilot, "for Luis Jimenez alone")


async def test_a_confidential_answer_stays_confidential(office: Lakeside) -> None:
    row = await office.row_of("Rosa")
    draft = await office.desk.reply_draft(row.id)
    async with stage(office, size=SMALL) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await pilot.press("ctrl+k")
        await type_text(pilot, "Thursday at ten is fine, Rosa. Just write back here.")
        await see(pilot, "for Rosa Jimenez alone")
        await pilot.press("f9")
        await see(pilot, "for Rosa alone")
        office.clock.advance(timedelta(minutes=1))
        await office.deliver()
        assert not draft.confidential
        assert (await office.desk.reply_draft(row.id)).confidential


async def test_who_waits_too_long_is_said_in_words(tmp_path: Any) -> None:
    practice = replace(PRACTICE, answer_within=timedelta(minutes=40))
    office = await Lakeside(tmp_path / "data", FakeClock(NOW), practice).open()
    await office.furnish()
    async with stage(office, size=SMALL) as pilot:
        await see(pilot, "Omar Haddad", "overdue")
        over = [line for line in lines(pilot) if "overdue" in line]
        assert any("School form" in line for line in over)
        assert not any("Moving Thursday" in line for line in over)
        assert (await office.desk.counts()).overdue == 3
        rows = await office.rows()
        late = [row for row in rows if practice.is_overdue(row.waiting_since, NOW, row.line_id)]
        assert {row.patient_id for row in late} == {OMAR.id, MEI.id, None}

"""The privacy form on the screen: everything by keyboard, nothing lost, nothing overwritten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from inbox.address import AddressSystem, ChannelKind
from inbox.answer import answer
from inbox.patient import Consent, ContactPoint, Patient, PointUse, Proxy, VoicemailConsent
from tests.tui.screen.conftest import gone, see, shown, stage, type_text, until
from tests.tui.screen.lakeside import ERIK, ROSA, Lakeside
from tui.screens.form import FormScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36)])
CELL = ContactPoint(AddressSystem.PHONE, "+15550107811", PointUse.MOBILE, 2)


@asynccontextmanager
async def opened(
    office: Lakeside, patient: Patient = ROSA, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Pilot[None]]:
    """Rosa's form, over the inbox."""
    await office.repository.patients.save([patient])
    async with stage(office, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("F")
        await see(pilot, "Privacy form · Rosa Jimenez", "Form signed on")
        yield pilot


async def choose(pilot: Pilot[None], row: str, *answers: str) -> None:
    """Mark the row that is about `row`, and give the answers, one question after the other."""
    screen = pilot.app.screen
    assert isinstance(screen, FormScreen)
    subjects = [one.subject for one in screen._rows]
    screen.query_one("#cards", OptionList).highlighted = subjects.index(row)
    await pilot.pause()
    await pilot.press("enter")
    for words in answers:
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        field = pilot.app.focused
        assert isinstance(field, Input)
        field.clear()
        await type_text(pilot, words)
        await pilot.pause(0.05)
        await pilot.press("enter")
        await answered(pilot, field)


async def answered(pilot: Pilot[None], field: Input) -> None:
    """Wait until the question with this field is gone."""
    await until(pilot, lambda: pilot.app.focused is not field)


@SIZES
async def test_all_of_a_form_is_reached_by_keyboard(
    office: Lakeside, size: tuple[int, int]
) -> None:
    mother = Proxy("Mia Lee", "mother", (), date(2026, 1, 2))
    rosa = replace(ROSA, points=(*ROSA.points, CELL), proxies=(*ROSA.proxies, mother))
    async with opened(office, rosa, size) as pilot:
        seen = shown(pilot)
        for key in ("pagedown", "G"):
            await pilot.press(key)
            await pilot.pause(0.1)
            seen += shown(pilot)
        for words in (
            "Voicemail",
            "details allowed",
            "May be told",
            "Write ONLY to",
            "Time zone",
            "+15550107811  mobile, 2",
            "Luis Jimenez  spouse",
            "Mia Lee  mother, ended 2026-01-02",
            "+ add a proxy",
        ):
            assert words in seen, words
        assert all(len(line.rstrip()) <= size[0] for line in shown(pilot).split("\n"))
        await pilot.press("escape")
        await gone(pilot, "Privacy form ·")


async def test_answers_are_changed_and_kept(office: Lakeside) -> None:
    async with opened(office, replace(ROSA, points=(*ROSA.points, CELL))) as pilot:
        await choose(pilot, "voicemail", "call-back only")
        await see(pilot, "* Voicemail", "1 changed, not kept yet: F9 keeps them.")
        await choose(pilot, "best_time", "after six")
        await choose(pilot, "sms", "accepted", "2026-03-01 7")
        await choose(pilot, "add a contact point", "rosa@work.example", "work")
        await see(pilot, "5 changed")
        assert (await office.repository.patients.get("p1")).best_time == ""
        await pilot.press("f9")
        await see(pilot, "Kept: 5 changed.")
        rosa = await office.repository.patients.get("p1")
        assert rosa.form.voicemail is VoicemailConsent.CALLBACK_ONLY
        assert rosa.form.sms is Consent.ACCEPTED
        assert answer("sms_warned").read(rosa) == "2026-03-01 7"
        assert [point.use for point in rosa.points][-1] is PointUse.WORK
        await pilot.press("h")
        await see(pilot, "History of the privacy form", "Dana, screen", "best_time: nothing →")
        await pilot.press("escape")
        await gone(pilot, "History of the privacy form")
        await see(pilot, "Privacy form · Rosa Jimenez", "after six")


async def test_what_contradicts_is_said_at_once_and_not_kept(office: Lakeside) -> None:
    rosa = replace(ROSA, points=(*ROSA.points, CELL))
    async with opened(office, rosa) as pilot:
        await choose(pilot, "voicemail_on", "0107811", "done")
        await see(pilot, "on which numbers", "+15550107811")
        await choose(pilot, "voicemail", "no voicemail")
        await see(pilot, "✗ The form says no voicemail, and names numbers for it.")
        await pilot.press("ctrl+s")
        await pilot.pause(0.2)
        assert await office.repository.patients.get("p1") == rosa


async def test_contact_points_and_proxies(office: Lakeside) -> None:
    rosa = replace(ROSA, points=(*ROSA.points, CELL))
    async with opened(office, rosa) as pilot:
        await choose(pilot, "contact +15550107811", "try it first")
        await choose(pilot, "contact rosa.jimenez@example.com", "no longer")
        await choose(pilot, "proxy Luis Jimenez", "ends on", "2026-03-04")
        await choose(pilot, "add a proxy", "Ana Jimenez", "sister", "(555) 010-7812", "2027-01-01")
        await choose(pilot, "email", "not asked")
        await pilot.press("f9")
        await see(pilot, "Kept:")
        kept = await office.repository.patients.get("p1")
        assert [(one.value, one.use.value, one.rank) for one in kept.points] == [
            ("rosa.jimenez@example.com", "old", 2),
            ("+15550107811", "mobile", 1),
        ]
        luis, ana = kept.proxies
        assert luis.until == date(2026, 3, 4)
        assert (ana.relation, ana.points[0].value) == ("sister", "+15550107812")
        assert ana.until == date(2027, 1, 1)


async def test_what_was_said_of_an_address_is_kept_at_once(office: Lakeside) -> None:
    rosa = replace(ROSA, points=(*ROSA.points, CELL))
    await office.repository.patients.save([replace(ERIK, points=(*ERIK.points, CELL))])
    async with opened(office, rosa, (120, 36)) as pilot:
        await choose(pilot, "best_time", "noon")
        await choose(pilot, "contact +15550107811", "texts here", "no texts", "at the desk")
        await see(pilot, "Kept with the address.")
        await pilot.press("G")
        await see(pilot, "OPTED OUT of texts 2026-03-04 (at the desk)")
        assert "shares phone with Erik Lindqvist" in shown(pilot)
        said = await office.repository.consents.current([CELL.address])
        assert said[CELL.address.key, ChannelKind.SMS].by == "dana"
        # The other change is still there, and still not kept.
        await see(pilot, "1 changed")
        await choose(pilot, "confidential", "0107811")
        await see(pilot, "opted out of texts")


async def test_leaving_asks_about_what_is_not_kept(office: Lakeside) -> None:
    async with opened(office) as pilot:
        await choose(pilot, "best_time", "noon")
        await pilot.press("escape")
        await see(pilot, "is not kept yet.")
        await pilot.press("escape")
        await see(pilot, "1 changed")
        # The key that quits asks as well.
        await pilot.press("ctrl+q")
        await see(pilot, "is not kept yet.")
        await type_text(pilot, "go on")
        await pilot.press("enter")
        await see(pilot, "1 changed")
        assert pilot.app.is_running
        await pilot.press("escape")
        await see(pilot, "is not kept yet.")
        await type_text(pilot, "keep")
        await pilot.press("enter")
        await gone(pilot, "Privacy form ·")
        assert (await office.repository.patients.get("p1")).best_time == "noon"


async def test_somebody_who_was_quicker_is_not_overwritten(office: Lakeside) -> None:
    async with opened(office) as pilot:
        await choose(pilot, "best_time", "noon")
        await office.desk.forms.save(answer("language").write(ROSA, "en"), ROSA)
        await pilot.press("f9")
        await see(pilot, "changed meanwhile by Dana at 10:00")
        await type_text(pilot, "put my")
        await pilot.press("enter")
        await see(pilot, "1 changed")
        assert (await office.repository.patients.get("p1")).best_time == ""
        await pilot.press("f9")
        await see(pilot, "Kept: 1 changed.")
        kept = await office.repository.patients.get("p1")
        assert (kept.best_time, kept.language) == ("noon", "en")


async def test_the_panel_says_what_was_said_and_who_shares(office: Lakeside) -> None:
    mother = Proxy("Mia Lee", "mother", (), date(2026, 1, 2))
    rosa = replace(ROSA, points=(*ROSA.points, CELL), proxies=(*ROSA.proxies, mother))
    await office.repository.patients.save([rosa, replace(ERIK, points=(*ERIK.points, CELL))])
    async with stage(office, size=(120, 50)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("enter")
        await see(pilot, "shares phone with Erik", "mother, ended 2026-01-02", "F")
        await office.desk.forms.consent(
            CELL.address, ChannelKind.SMS, Consent.DECLINED, "text STOP"
        )
        # The panel follows without being opened again.
        await see(pilot, "OPTED OUT of texts")
        await office.desk.forms.save(answer("best_time").write(rosa, "noon"), rosa)
        await see(pilot, "best time noon")


async def test_a_person_nobody_knows_has_no_form(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("5")
        await see(pilot, "Marta Novak")
        await pilot.press("F")
        await see(pilot, "No patient is chosen.")

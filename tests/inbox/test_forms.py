"""Privacy forms: nothing contradictory is kept, nothing overwritten, everything remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.answer import ANSWERS, answer
from inbox.contradiction import contradictions
from inbox.desk import Desk
from inbox.difference import differences, with_field
from inbox.errors import FormRefused, NotFound, Stale, TwowayError
from inbox.patient import (
    Confidant,
    Consent,
    ContactPoint,
    Patient,
    PointHealth,
    PointUse,
    PortalState,
    PrivacyForm,
    Proxy,
    RiskWarning,
    VoicemailConsent,
)
from inbox.practice import StaffMember
from inbox.repository import ConsentEntry
from tests.inbox.conftest import House
from tests.inbox.making import ANN, BEN, NOW

TODAY = date(2026, 3, 4)
MAIL = ContactPoint(AddressSystem.EMAIL, "ann@example.com")
CELL = ContactPoint(AddressSystem.PHONE, "+15550107811", PointUse.MOBILE, 2)
MOTHER = Proxy("Mia Lee", "mother", (ContactPoint(AddressSystem.EMAIL, "mia@example.com"),))
WHOLE = Patient(
    id="p1",
    given="Ann",
    family="Lee",
    birth_date=date(1980, 1, 2),
    points=(MAIL, CELL),
    proxies=(MOTHER,),
    form=PrivacyForm(
        form_date=date(2026, 1, 12),
        voicemail=VoicemailConsent.DETAILED,
        sms=Consent.ACCEPTED,
        email=Consent.ACCEPTED,
        portal=Consent.ACCEPTED,
        may_tell=(Confidant("Luis", "spouse"), Confidant("Ana", detail=False)),
        voicemail_on=(CELL.value,),
        version="7",
        email_warned=RiskWarning(date(2026, 1, 12), "2026-01"),
        sms_warned=RiskWarning(date(2026, 1, 12)),
        portal_state=PortalState.ACTIVE,
    ),
    preferred_channel=ChannelKind.SMS,
    language="es",
    timezone="America/Chicago",
    postal_code="60601",
    state="IL",
    best_time="mornings",
)


def test_a_good_form_contradicts_nothing() -> None:
    assert contradictions(WHOLE, {}, TODAY) == []
    assert contradictions(Patient("p9", "New", "Person"), {}, TODAY) == []


def form(**changes: Any) -> Patient:
    return replace(WHOLE, form=replace(WHOLE.form, **changes))


def person(**changes: Any) -> Patient:
    return replace(WHOLE, **changes)


@pytest.mark.parametrize(
    ("patient", "field"),
    [
        (form(voicemail=VoicemailConsent.NONE), "voicemail_on"),
        (form(voicemail_on=("+15550107899",)), "voicemail_on"),
        (form(form_date=date(2026, 3, 5)), "form_date"),
        (form(sms_warned=RiskWarning(date(2027, 1, 1))), "sms_warned"),
        (form(email_warned=RiskWarning(date(2027, 1, 1))), "email_warned"),
        (person(birth_date=date(2062, 1, 1)), "birth_date"),
        (form(confidential=Address(AddressSystem.PHONE, "12")), "confidential"),
        (form(confidential=email("nowhere")), "confidential"),
        (form(confidential=email("new@example.com"), email=Consent.DECLINED), "confidential"),
        (
            person(
                points=(replace(MAIL, use=PointUse.OLD), CELL),
                form=replace(WHOLE.form, confidential=MAIL.address, email=Consent.UNKNOWN),
            ),
            "confidential",
        ),
        (person(points=(MAIL,), form=PrivacyForm(sms=Consent.ACCEPTED)), "sms"),
        (person(points=(CELL,), proxies=(), form=PrivacyForm(email=Consent.ACCEPTED)), "email"),
        (form(sms=Consent.DECLINED), "preferred_channel"),
        (
            person(
                preferred_channel=ChannelKind.PORTAL,
                form=replace(WHOLE.form, portal_state=PortalState.NONE),
            ),
            "preferred_channel",
        ),
        (person(points=(MAIL, CELL, replace(CELL, rank=3))), "contact 3"),
        (person(points=(MAIL, CELL, replace(CELL, value="555-0107"))), "contact 3"),
        (person(points=(replace(MAIL, value="ann at home"), CELL)), "contact 1"),
        (person(proxies=(replace(MOTHER, name=" "),)), "proxy 1"),
        (person(timezone="Chicago"), "timezone"),
    ],
)
def test_contradictions_are_named_without_naming_the_patient(patient: Patient, field: str) -> None:
    found = contradictions(patient, {}, TODAY)
    assert [one.field for one in found] == [field]
    for one in found:
        assert one.sentence.endswith(".")
        assert one.hint.endswith(".")
        for secret in ("Ann", "Lee", "ann@", "0107811", "1555"):
            assert secret not in one.sentence


def test_a_proxy_whose_access_ended_is_no_contradiction() -> None:
    assert (
        contradictions(person(proxies=(replace(MOTHER, until=date(2026, 1, 2)),)), {}, TODAY) == []
    )


@pytest.mark.parametrize(
    ("address", "channel"),
    [(MAIL.address, ChannelKind.EMAIL), (CELL.address, ChannelKind.SMS)],
)
def test_an_address_that_opted_out_cannot_be_the_only_one(
    address: Address, channel: ChannelKind
) -> None:
    no = ConsentEntry(address, channel, Consent.DECLINED, NOW, "patient", "STOP")
    said = {(address.key, channel): no}
    wanted = form(confidential=address)
    assert [one.field for one in contradictions(wanted, said, TODAY)] == ["confidential"]
    # A phone number can still be called.
    calls = replace(wanted, preferred_channel=ChannelKind.PHONE)
    by_call = contradictions(calls, said, TODAY)
    assert bool(by_call) is (channel is ChannelKind.EMAIL)


# ---------------------------------------------------------------- answers and differences


@pytest.mark.parametrize("id_", [one.id for one in ANSWERS])
def test_every_answer_comes_back_as_it_was_written(id_: str) -> None:
    one = answer(id_)
    value = one.read(replace(WHOLE, form=replace(WHOLE.form, confidential=CELL.address)))
    assert value
    there = one.write(replace(WHOLE, form=PrivacyForm()), value)
    assert one.read(there) == value
    assert one.title
    assert one.choices or one.hint
    if not one.choices:
        assert one.read(one.write(there, "")) == ""


@pytest.mark.parametrize(
    ("id_", "text"),
    [
        ("voicemail", "perhaps"),
        ("sms", ""),
        ("form_date", "03/02/2026"),
        ("form_date", "2026-02-30"),
        ("email_warned", "soon"),
        ("confidential", "the other phone"),
        ("may_tell", "Luis (spouse"),
        ("may_tell", "Luis: all of it"),
        ("language", "español (México)"),
        ("preferred_channel", "fax"),
    ],
)
def test_an_answer_that_is_none_says_what_was_expected(id_: str, text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        answer(id_).write(WHOLE, text)


def test_numbers_are_found_however_they_are_written() -> None:
    chosen = answer("confidential").write(WHOLE, "+1 (555) 010-7811")
    assert chosen.form.confidential == CELL.address
    both = answer("voicemail_on").write(WHOLE, "+1 555 010 7811; +15550107811")
    assert both.form.voicemail_on == (CELL.value,)


def _other(name: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "birth_date": date(1999, 9, 9),
        "points": (MAIL,),
        "proxies": (replace(MOTHER, until=date(2027, 1, 1)),),
        "form": PrivacyForm(),
        "preferred_channel": ChannelKind.EMAIL,
        "timezone": "America/Denver",
    }
    return {name: values.get(name, "other")}


@pytest.mark.parametrize("name", sorted({one.name for one in fields(Patient)} - {"id"}))
def test_every_field_of_a_patient_is_compared(name: str) -> None:
    assert differences(WHOLE, WHOLE) == []
    assert differences(WHOLE, replace(WHOLE, **_other(name)))


@pytest.mark.parametrize("name", sorted(one.name for one in fields(PrivacyForm)))
def test_every_field_of_a_form_is_compared(name: str) -> None:
    full = replace(WHOLE, form=replace(WHOLE.form, confidential=CELL.address))
    plain: Any = getattr(PrivacyForm(), name)
    changed = replace(full, form=replace(full.form, **{name: plain}))
    [one] = differences(full, changed)
    assert one.old != one.new


# ---------------------------------------------------------------- keeping


@pytest.fixture
async def desk(house: House) -> Desk:
    await house.repository.patients.save([WHOLE, replace(BEN, points=(CELL,))])
    return house.desk


def at_desk_of(house: House, member: str) -> Desk:
    staff = (*house.practice.staff, StaffMember("sam", "Sam Ortiz"))
    practice = replace(house.practice, staff=staff)
    return Desk(house.repository, practice, house.gate, house.clock, member, {})


async def test_what_changed_is_kept_field_by_field(house: House, desk: Desk) -> None:
    base = (await desk.forms.open("p1")).patient
    changed = answer("voicemail").write(base, "callback_only")
    changed = replace(changed, points=(MAIL, replace(CELL, use=PointUse.OLD)))
    changed = answer("voicemail_on").write(changed, "")
    changed = answer("sms").write(changed, "unknown")
    await desk.forms.save(changed, base)
    assert await house.repository.patients.get("p1") == changed
    [*history] = await desk.forms.history("p1")
    assert {(one.field, one.old, one.new) for one in history} == {
        ("voicemail", "detailed", "callback_only"),
        ("voicemail_on", "+15550107811", ""),
        ("sms", "accepted", "unknown"),
        ("contact +15550107811", "mobile, 2", "old, 2"),
    }
    assert {(one.by, one.at, one.how) for one in history} == {("dana", NOW, "screen")}
    [latest, *_] = await house.repository.audit.latest(1, "p1")
    assert latest[2:] == ("change form", "voicemail, voicemail_on, sms, contact")


async def test_nothing_contradictory_is_kept(house: House, desk: Desk) -> None:
    base = WHOLE
    with pytest.raises(FormRefused) as caught:
        await desk.forms.save(answer("voicemail").write(base, "none"), base)
    assert caught.value.sentence == "The form says no voicemail, and names numbers for it."
    assert caught.value.problems == ((caught.value.sentence, caught.value.hint),)
    assert await house.repository.patients.get("p1") == base
    assert await desk.forms.history("p1") == []


async def test_the_second_of_two_overwrites_nothing(house: House, desk: Desk) -> None:
    sam = at_desk_of(house, "sam")
    mine = (await sam.forms.open("p1")).patient
    theirs = (await desk.forms.open("p1")).patient
    await desk.forms.save(answer("best_time").write(theirs, "after six"), theirs)
    house.clock.advance(timedelta(minutes=5))
    with pytest.raises(Stale) as caught:
        await sam.forms.save(answer("language").write(mine, "en"), mine)
    assert caught.value.sentence == "It was changed meanwhile by Dana at 10:00."
    kept = await house.repository.patients.get("p1")
    assert (kept.best_time, kept.language) == ("after six", "es")
    await sam.forms.save(answer("language").write(kept, "en"), kept)


async def test_a_bounce_meanwhile_is_no_conflict_and_is_not_undone(
    house: House, desk: Desk
) -> None:
    base = (await desk.forms.open("p1")).patient
    await house.repository.patients.mark_point(MAIL.address, PointHealth.BAD, "unknown user")
    await desk.forms.save(answer("language").write(base, "en"), base)
    kept = await house.repository.patients.get("p1")
    assert kept.points[0].health is PointHealth.BAD
    again = replace(kept, points=(replace(MAIL, health=PointHealth.GOOD), CELL))
    [one] = await desk.forms.save(again, kept)
    assert one.old == "home, 1, does not work: unknown user"
    assert (await house.repository.patients.get("p1")).points[0].health is PointHealth.GOOD


async def test_what_was_said_of_an_address_is_in_the_history(house: House, desk: Desk) -> None:
    forms = desk.forms
    await forms.consent(
        CELL.address, ChannelKind.SMS, Consent.ACCEPTED, "on paper", warned_on=TODAY, warning="2"
    )
    house.clock.advance(timedelta(hours=1))
    await forms.consent(CELL.address, ChannelKind.SMS, Consent.DECLINED, "on the phone")
    for patient_id in ("p1", "p2"):
        newest, first = await forms.history(patient_id)
        assert (newest.field, newest.old, newest.new) == (
            "consent sms +15550107811",
            "accepted",
            "declined",
        )
        assert (newest.by, newest.how) == ("dana", "on the phone")
        assert (first.old, first.new) == ("", "accepted, warned 2026-03-04")
    view = await forms.open("p1")
    assert view.consents[CELL.address.key, ChannelKind.SMS].consent is Consent.DECLINED
    assert [(one.name, one.address.value) for one in view.shared] == [("Ben Lee", "+15550107811")]


@pytest.mark.parametrize(
    "say",
    [
        lambda forms: forms.consent(MAIL.address, ChannelKind.SMS, Consent.DECLINED, "phone"),
        lambda forms: forms.consent(MAIL.address, ChannelKind.EMAIL, Consent.DECLINED, "  "),
        lambda forms: forms.consent(
            MAIL.address, ChannelKind.EMAIL, Consent.ACCEPTED, "x", warned_on=date(2027, 1, 1)
        ),
    ],
)
async def test_what_cannot_have_been_said_is_refused(desk: Desk, say: Callable[[Any], Any]) -> None:
    with pytest.raises(TwowayError) as caught:
        await say(desk.forms)
    assert caught.value.hint
    assert await desk.forms.history("p1") == []


async def test_nobody_has_no_form(desk: Desk) -> None:
    for ask in (desk.forms.open, desk.forms.history):
        with pytest.raises(NotFound):
            await ask("nobody")


async def test_a_file_is_taken_whole_with_its_history(house: House, desk: Desk) -> None:
    new = replace(ANN, id="p8")
    moved = answer("language").write(WHOLE, "en")
    await desk.forms.take([(moved, WHOLE), (new, None)], "import clinic.csv")
    [one] = await desk.forms.history("p1")
    assert (one.field, one.old, one.new, one.how) == ("language", "es", "en", "import clinic.csv")
    [added] = await desk.forms.history("p8")
    assert (added.field, added.new) == ("patient", "added")


async def test_a_file_overwrites_nobody_who_was_quicker(house: House, desk: Desk) -> None:
    await desk.forms.save(answer("best_time").write(WHOLE, "noon"), WHOLE)
    moved = answer("language").write(WHOLE, "en")
    for late in ([(replace(ANN, id="p8"), None), (moved, WHOLE)], [(moved, None)]):
        with pytest.raises(Stale):
            await desk.forms.take(late, "import clinic.csv")
    with pytest.raises(NotFound):
        await house.repository.patients.get("p8")
    assert (await house.repository.patients.get("p1")).language == "es"


@pytest.mark.parametrize("name", sorted({one.name for one in fields(Patient)} - {"id", "form"}))
def test_a_field_is_taken_over_alone(name: str) -> None:
    other = replace(WHOLE, **{"best_time": "never", **_other(name)})
    for one in differences(WHOLE, other):
        if one.field != "best_time":
            taken = with_field(WHOLE, other, one.field)
            assert differences(WHOLE, taken) == [one]
            assert one not in differences(WHOLE, with_field(other, WHOLE, one.field))


def test_an_answer_is_taken_as_it_is_shown_and_named_so_when_it_is_wrong() -> None:
    voicemail = answer("voicemail")
    for said in ("details allowed", "Detailed", " Details  Allowed "):
        assert voicemail.write(ANN, said).form.voicemail is VoicemailConsent.DETAILED
    with pytest.raises(ValueError, match=r"callback_only \(call-back only\)") as caught:
        voicemail.write(ANN, "loud")
    assert "detailed (details allowed)" in str(caught.value)


def test_a_contact_point_that_is_wrong_is_named() -> None:
    wrong = replace(ANN, points=(ContactPoint(AddressSystem.PHONE, "12345"),))
    found = contradictions(wrong, {}, TODAY)
    assert any("(12345)" in one.sentence for one in found)

"""Patients come in from CSV, JSON and FHIR: all of a file or nothing, and never a field lost."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from inbox.address import AddressSystem, ChannelKind, email
from inbox.answer import answer
from inbox.desk import Desk
from inbox.errors import Stale, TwowayError
from inbox.gate import Gate
from inbox.patient import (
    Confidant,
    Consent,
    PointHealth,
    PortalState,
    RiskWarning,
    VoicemailConsent,
)
from inbox.reaching import mark_old
from inbox.repository import PatientStore
from inbox.rules import RULES
from store.database import open_repository
from tests.clock import FakeClock
from tests.inbox.making import practice
from tui.importing.taking import Plan, plan_import, read_patients, take

HEADER = "MRN,Last Name,First Name,DOB,Email,Cell,Home Phone,Texting,Voicemail,Favourite colour\r\n"
ROWS = (
    "100,Jimenez,Rosa,04/12/1961,rosa@mail.example,(555) 010-7811,,yes,detailed,red\r\n"
    '101,"O\'Brien, Jr.",Siobhán,1990-02-28,sio@post.example,,555.010.7812,no,callback only,\r\n'
)


@pytest.fixture
async def desk(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Desk]:
    repository = await open_repository(tmp_path / "data", clock)
    yield Desk(repository, practice(), Gate(RULES), clock, "dana", {})
    await repository.close()


@pytest.fixture
def patients(desk: Desk) -> PatientStore:
    return desk.repository.patients


async def imported(desk: Desk, content: bytes, name: str = "x.csv", **more: Any) -> Plan:
    """Plan it, and take it if it may be taken."""
    plan = await plan_import(desk, content, name, **more)
    if not plan.refused:
        await take(desk, plan)
    return plan


def counts(plan: Plan) -> tuple[int, int, int]:
    return len(plan.added), len(plan.changed), len(plan.unchanged)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_as_other_programs_write_it(encoding: str, delimiter: str) -> None:
    text = HEADER + ROWS
    if delimiter != ",":
        text = text.replace('"O\'Brien, Jr."', "O'Brien").replace(",", delimiter)
    reading = read_patients(text.encode(encoding), "export.csv", "US")
    assert reading.troubles == []
    assert reading.ignored == ["Favourite colour"]
    rosa, siobhan = (entry.patient for entry in reading.entries)
    assert (rosa.id, rosa.given, rosa.family) == ("100", "Rosa", "Jimenez")
    assert rosa.birth_date == date(1961, 4, 12)
    assert [point.value for point in rosa.points] == ["rosa@mail.example", "+15550107811"]
    assert rosa.form.sms is Consent.ACCEPTED
    assert rosa.form.voicemail is VoicemailConsent.DETAILED
    assert siobhan.given == "Siobhán"
    assert siobhan.birth_date == date(1990, 2, 28)
    assert siobhan.points[1].value == "+15550107812"
    assert siobhan.form.sms is Consent.DECLINED


def test_slashes_mean_another_day_elsewhere() -> None:
    text = "name,dob,email\nRosa Jimenez,04/12/1961,r@mail.example\n"
    entries = read_patients(text.encode(), "x.csv", "GB").entries
    assert entries[0].patient.birth_date == date(1961, 12, 4)
    assert (entries[0].patient.given, entries[0].patient.family) == ("Rosa", "Jimenez")


def test_a_patient_without_an_id_gets_a_stable_one_that_does_not_name_them() -> None:
    text = "first,last,dob\nRosa,Jimenez,1961-04-12\n"
    once, again = (read_patients(text.encode(), "x.csv", "US").entries[0] for _ in range(2))
    assert once.patient.id == again.patient.id
    assert "rosa" not in once.patient.id.lower()


@pytest.mark.parametrize(
    ("row", "column", "what"),
    [
        ("100,Jimenez,Rosa,31/31/1961,,,,,,", "DOB", "not a date"),
        ("100,Jimenez,Rosa,,rosa(at)mail,,,,,", "Email", "not an e-mail"),
        ("100,Jimenez,Rosa,,,12,,,,", "Cell", "phone number"),
        ("100,Jimenez,Rosa,,,,,perhaps,,", "Texting", "not one of"),
        ("100,,,,,,,,,", "First Name", "empty"),
        ("100,Jimenez,Rosa,,,,,,,red,blue", "Favourite colour", "more cells"),
    ],
)
async def test_problems_name_row_and_column_and_nothing_is_taken(
    desk: Desk, row: str, column: str, what: str
) -> None:
    report = await imported(desk, (HEADER + ROWS + row.replace("100", "300")).encode())
    assert [(one.row, one.column) for one in report.troubles if one.column == column] == [
        (4, column)
    ]
    assert any(what in one.what for one in report.troubles)
    assert not any(
        "Rosa" in one.what or "mail" in one.what.split("e-mail")[0] for one in report.troubles
    )
    assert await desk.repository.patients.find("", 10) == []
    with pytest.raises(TwowayError):
        await take(desk, report)


async def test_the_same_patient_twice_is_a_problem(desk: Desk) -> None:
    report = await imported(desk, (HEADER + ROWS + ROWS).encode())
    assert [(one.row, one.column) for one in report.troubles] == [(4, "id"), (5, "id")]


async def test_a_second_import_changes_and_never_doubles(desk: Desk) -> None:
    content = (HEADER + ROWS).encode()
    assert counts(await imported(desk, content)) == (2, 0, 0)
    assert counts(await imported(desk, content)) == (0, 0, 2)
    moved = content.replace(b"rosa@mail", b"rosa@new")
    preview = await plan_import(desk, moved, "x.csv")
    assert counts(preview) == (0, 1, 1)
    [rosa] = preview.changed
    assert [(one.field, one.old, one.new) for one in rosa.changes] == [
        ("contact rosa@mail.example", "home, 1", ""),
        ("contact rosa@new.example", "", "home, 1"),
    ]
    assert (await desk.repository.patients.get("100")).points[0].value == "rosa@mail.example"
    await take(desk, preview)
    assert [point.value for point in (await desk.repository.patients.get("100")).points] == [
        "rosa@new.example",
        "+15550107811",
    ]
    newest, *_ = await desk.forms.history("100")
    assert newest.how == "import x.csv"


async def test_what_staff_changed_is_not_undone_silently(desk: Desk) -> None:
    content = (HEADER + ROWS).encode()
    await imported(desk, content)
    base = await desk.repository.patients.get("100")
    changed = answer("voicemail").write(mark_old(base, "+15550107811"), "callback_only")
    changed = answer("sms").write(changed, "unknown")
    await desk.forms.save(changed, base)

    again = await imported(desk, content)
    assert counts(again) == (0, 0, 2)
    [rosa] = [one for one in again.planned if one.patient.id == "100"]
    assert [(one.field, one.here, one.file, one.by) for one in rosa.kept] == [
        ("voicemail", "callback_only", "detailed", "dana"),
        ("sms", "unknown", "accepted", "dana"),
        ("contact +15550107811", "old, 2", "mobile, 2", "dana"),
    ]
    assert await desk.repository.patients.get("100") == changed

    told = await plan_import(desk, content, "x.csv", overwrite=True)
    [rosa] = [one for one in told.planned if one.patient.id == "100"]
    assert {one.field for one in rosa.undone} == {"voicemail", "sms", "contact +15550107811"}
    await take(desk, told)
    assert await desk.repository.patients.get("100") == base
    # What a file changed last, a file may change again.
    assert not any(one.kept for one in (await plan_import(desk, content, "x.csv")).planned)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("300,Lee,Ann,,,,,yes,,", "sms"),
        ("300,Lee,Ann,2062-04-12,,,,,,", "birth_date"),
        ("300,Lee,Ann,,,(055) 010-7811,,,,", "Cell"),
    ],
)
async def test_bad_rows_stop_all_or_are_left_out(desk: Desk, row: str, column: str) -> None:
    content = (HEADER + ROWS + row).encode()
    refused = await imported(desk, content)
    assert [(one.row, one.column) for one in refused.troubles] == [(4, column)]
    assert await desk.repository.patients.find("", 10) == []
    taken = await imported(desk, content, skip_bad=True)
    assert counts(taken) == (2, 0, 0)
    assert [one.id for one in await desk.repository.patients.find("", 10)] == ["100", "101"]


async def test_a_patient_who_was_changed_since_the_preview_stops_all(desk: Desk) -> None:
    await imported(desk, (HEADER + ROWS).encode())
    plan = await plan_import(desk, (HEADER + ROWS).replace("Rosa", "Rosie").encode(), "x.csv")
    base = await desk.repository.patients.get("100")
    await desk.forms.save(answer("best_time").write(base, "noon"), base)
    with pytest.raises(Stale):
        await take(desk, plan)
    assert (await desk.repository.patients.get("100")).given == "Rosa"


FORM = (
    "id;first;last;phone;zip;state;time zone;best time;voicemail;voicemail on;texting;"
    "sms warned on;sms warning version;may be told;confidential;form version;form date;"
    "portal account;proxy;proxy relationship;proxy email;proxy until\r\n"
    "7;Ann;Lée;555-010-7811;60601;IL;America/Chicago;mornings;detailed;(555) 010-7811;yes;"
    '03/02/2026;2;"Luis (spouse); Ana: call-back only";555 010 7811;2026-01;2026-03-02;'
    "invited;Mia Lee;mother;mia@example.com;2026-12-31\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
async def test_a_csv_brings_the_whole_form(desk: Desk, encoding: str) -> None:
    plan = await imported(desk, FORM.encode(encoding), "forms.csv")
    assert (plan.troubles, plan.ignored) == ((), ())
    ann = await desk.repository.patients.get("7")
    number = "+15550107811"
    assert (ann.family, ann.postal_code, ann.state) == ("Lée", "60601", "IL")
    assert (ann.timezone, ann.best_time) == ("America/Chicago", "mornings")
    form = ann.form
    assert (form.voicemail, form.voicemail_on) == (VoicemailConsent.DETAILED, (number,))
    assert form.sms_warned == RiskWarning(date(2026, 3, 2), "2")
    assert form.may_tell == (Confidant("Luis", "spouse"), Confidant("Ana", "", detail=False))
    assert form.confidential is not None
    assert form.confidential.value == number
    assert (form.version, form.form_date) == ("2026-01", date(2026, 3, 2))
    assert form.portal_state is PortalState.INVITED
    [mia] = ann.proxies
    assert (mia.name, mia.relation, mia.until) == ("Mia Lee", "mother", date(2026, 12, 31))
    assert counts(await imported(desk, FORM.encode(encoding), "forms.csv")) == (0, 0, 1)


async def test_what_the_file_does_not_speak_of_stays(desk: Desk, patients: PatientStore) -> None:
    await imported(desk, (HEADER + ROWS).encode())
    rosa = await patients.get("100")
    form = replace(
        rosa.form, confidential=email("private@quiet.example"), may_tell=(Confidant("Luis"),)
    )
    await patients.save([replace(rosa, form=form, preferred_channel=ChannelKind.SMS)])
    await patients.mark_point(email("rosa@mail.example"), PointHealth.BAD, "mailbox full")
    await imported(desk, b"mrn,first,last,email\n100,Rosa,Jimenez,rosa@mail.example\n")
    after = await patients.get("100")
    assert after.form == form
    assert after.preferred_channel is ChannelKind.SMS
    assert after.birth_date == date(1961, 4, 12)
    assert after.points[0].health is PointHealth.BAD
    assert after.points[1].system is AddressSystem.PHONE


async def test_our_own_format_comes_in_whole(desk: Desk, patients: PatientStore) -> None:
    content = (files("sample_data") / "patients.json").read_bytes()
    plan = await imported(desk, content, "patients.json")
    assert (plan.troubles, plan.notes, plan.ignored) == ((), (), ())
    assert len(plan.added) == len(json.loads(content))
    assert counts(await imported(desk, content, "patients.json")) == (0, 0, len(plan.added))
    denise = await patients.get("denise-walker")
    assert denise.form.confidential == email("dw.private@quiet.example")
    assert [one.id for one in await patients.by_address(email("david.chen@post.example"))]


def fhir_patient(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "abc",
        "identifier": [
            {"value": "ssn"},
            {"type": {"coding": [{"code": "MR"}]}, "value": "100"},
        ],
        "name": [
            {"use": "nickname", "given": ["Rosie"]},
            {"use": "official", "given": ["Rosa", "Maria"], "family": "Jimenez"},
        ],
        "telecom": [
            {"system": "phone", "value": "+1 555 010 7811", "use": "mobile", "rank": 2},
            {"system": "email", "value": "rosa@mail.example", "rank": 1},
            {"system": "fax", "value": "+15550107899"},
        ],
        "birthDate": "1961-04-12",
        "communication": [{"language": {"coding": [{"code": "es"}]}, "preferred": True}],
        **more,
    }


@pytest.mark.parametrize("shape", ["patient", "bundle", "list", "ndjson"])
def test_fhir_in_every_wrapping(shape: str) -> None:
    one = fhir_patient()
    text = {
        "patient": json.dumps(one),
        "bundle": json.dumps(
            {
                "resourceType": "Bundle",
                "entry": [{"resource": one}, {"resource": {"resourceType": "Organization"}}],
            }
        ),
        "list": json.dumps([one]),
        "ndjson": json.dumps(one) + "\n" + json.dumps(fhir_patient(id="d", identifier=[])) + "\n",
    }[shape]
    reading = read_patients(text.encode(), "x.json", "US")
    assert reading.troubles == []
    entries = reading.entries
    patient = entries[0].patient
    assert (patient.id, patient.name) == ("100", "Rosa Maria Jimenez")
    assert patient.language == "es"
    assert [(point.value, point.rank) for point in patient.points] == [
        ("+15550107811", 2),
        ("rosa@mail.example", 1),
    ]
    assert len(entries) == (2 if shape == "ndjson" else 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[1, ",
        b'{"resourceType": "Bundle"}',
        b"id,colour\n1,red\n",
        b"first,last\n",
        b"[" * 100_000,
        bytes(range(256)),
    ],
)
def test_what_is_no_list_of_patients_is_told(content: bytes) -> None:
    with pytest.raises(TwowayError) as caught:
        read_patients(content, "x.json", "US")
    assert caught.value.sentence
    assert caught.value.hint

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
from inbox.errors import TwowayError
from inbox.patient import Confidant, Consent, PointHealth, VoicemailConsent
from inbox.repository import PatientStore
from store.database import open_repository
from tests.clock import FakeClock
from tui.importing.taking import read_patients, take

HEADER = "MRN,Last Name,First Name,DOB,Email,Cell,Home Phone,Texting,Voicemail,Favourite colour\r\n"
ROWS = (
    "100,Jimenez,Rosa,04/12/1961,rosa@mail.example,(555) 010-7811,,yes,detailed,red\r\n"
    '101,"O\'Brien, Jr.",Siobhán,1990-02-28,sio@post.example,,555.010.7812,no,callback only,\r\n'
)


@pytest.fixture
async def patients(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PatientStore]:
    repository = await open_repository(tmp_path / "data", clock)
    yield repository.patients
    await repository.close()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_as_other_programs_write_it(encoding: str, delimiter: str) -> None:
    text = HEADER + ROWS
    if delimiter != ",":
        text = text.replace('"O\'Brien, Jr."', "O'Brien").replace(",", delimiter)
    entries, troubles, ignored = read_patients(text.encode(encoding), "export.csv", "US")
    assert troubles == []
    assert ignored == ["Favourite colour"]
    rosa, siobhan = (entry.patient for entry in entries)
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
    entries, _, _ = read_patients(text.encode(), "x.csv", "GB")
    assert entries[0].patient.birth_date == date(1961, 12, 4)
    assert (entries[0].patient.given, entries[0].patient.family) == ("Rosa", "Jimenez")


def test_a_patient_without_an_id_gets_a_stable_one_that_does_not_name_them() -> None:
    text = "first,last,dob\nRosa,Jimenez,1961-04-12\n"
    once, again = (read_patients(text.encode(), "x.csv", "US")[0][0].patient.id for _ in range(2))
    assert once == again
    assert "rosa" not in once.lower()


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
    patients: PatientStore, row: str, column: str, what: str
) -> None:
    report = await take(patients, (HEADER + ROWS + row).encode(), "x.csv", "US")
    assert [(one.row, one.column) for one in report.troubles if one.column == column] == [
        (4, column)
    ]
    assert any(what in one.what for one in report.troubles)
    assert not any(
        "Rosa" in one.what or "mail" in one.what.split("e-mail")[0] for one in report.troubles
    )
    assert await patients.find("", 10) == []


async def test_the_same_patient_twice_is_a_problem(patients: PatientStore) -> None:
    report = await take(patients, (HEADER + ROWS + ROWS).encode(), "x.csv", "US")
    assert [(one.row, one.column) for one in report.troubles] == [(4, "id"), (5, "id")]


async def test_a_second_import_changes_and_never_doubles(patients: PatientStore) -> None:
    content = (HEADER + ROWS).encode()
    first = await take(patients, content, "x.csv", "US")
    assert (first.added, first.changed, first.unchanged) == (2, 0, 0)
    again = await take(patients, content, "x.csv", "US")
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    moved = content.replace(b"rosa@mail", b"rosa@new")
    dry = await take(patients, moved, "x.csv", "US", dry_run=True)
    assert (dry.added, dry.changed, dry.unchanged) == (0, 1, 1)
    assert (await patients.get("100")).points[0].value == "rosa@mail.example"
    await take(patients, moved, "x.csv", "US")
    assert [point.value for point in (await patients.get("100")).points] == [
        "rosa@new.example",
        "+15550107811",
    ]


async def test_what_the_file_does_not_speak_of_stays(patients: PatientStore) -> None:
    await take(patients, (HEADER + ROWS).encode(), "x.csv", "US")
    rosa = await patients.get("100")
    form = replace(rosa.form, confidential=email("private@quiet.example"), may_tell=(Confidant("Luis"),))
    await patients.save([replace(rosa, form=form, preferred_channel=ChannelKind.SMS)])
    await patients.mark_point(email("rosa@mail.example"), PointHealth.BAD, "mailbox full")
    await take(patients, b"mrn,first,last,email\n100,Rosa,Jimenez,rosa@mail.example\n", "x", "US")
    after = await patients.get("100")
    assert after.form == form
    assert after.preferred_channel is ChannelKind.SMS
    assert after.birth_date == date(1961, 4, 12)
    assert after.points[0].health is PointHealth.BAD
    assert after.points[1].system is AddressSystem.PHONE


async def test_our_own_format_comes_in_whole(patients: PatientStore) -> None:
    content = (files("sample_data") / "patients.json").read_bytes()
    report = await take(patients, content, "patients.json", "US")
    assert report.troubles == ()
    assert report.added == len(json.loads(content))
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
    entries, troubles, _ = read_patients(text.encode(), "x.json", "US")
    assert troubles == []
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

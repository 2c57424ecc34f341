"""FHIR R4 RelatedPerson and Consent; and the standard's own examples."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from inbox.desk import Desk
from inbox.gate import Gate
from inbox.patient import Consent, PointUse
from inbox.rules import RULES
from store.database import open_repository
from tests.clock import FakeClock
from tests.inbox.making import practice
from tui.importing.taking import Plan, plan_import, read_patients, take

TODAY = date(2026, 3, 2)
PATIENT = {
    "resourceType": "Patient",
    "id": "abc",
    "name": [{"given": ["Ann"], "family": "Lee"}],
    "telecom": [
        {"system": "email", "value": "ann@example.com"},
        {"system": "phone", "value": "(555) 010-7811", "use": "mobile"},
        {"system": "phone", "value": "123", "period": {"end": "2014"}},
        {"system": "fax", "value": "+15550107899"},
    ],
    "address": [
        {"use": "old", "postalCode": "10001", "state": "NY"},
        {"use": "home", "postalCode": "60601", "state": "IL"},
    ],
    "gender": "female",
}
MOTHER = {
    "resourceType": "RelatedPerson",
    "id": "m1",
    "patient": {"reference": "Patient/abc"},
    "relationship": [
        {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}
    ],
    "name": [{"text": "Mia Lee"}],
    "telecom": [{"system": "email", "value": "mia@example.com"}],
    "period": {"start": "2010", "end": "2026-12-31"},
}


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


SMS = coded("v3-ParticipationMode", "SMSWRIT")
EMAIL = coded("contact-point-system", "email")


def consent(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "id": "c1",
        "status": "active",
        "scope": coded("consentscope", "patient-privacy"),
        "category": [coded("consentcategorycodes", "hcd")],
        "patient": {"reference": "Patient/abc"},
        "dateTime": "2026-02-01T09:30:00Z",
        "provision": {"type": "permit", "code": [EMAIL]},
        **more,
    }


@pytest.fixture
async def desk(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Desk]:
    repository = await open_repository(tmp_path / "data", clock)
    yield Desk(repository, practice(), Gate(RULES), clock, "dana", {})
    await repository.close()


async def imported(desk: Desk, *resources: dict[str, Any]) -> Plan:
    plan = await plan_import(desk, json.dumps(resources).encode(), "x.json")
    if not plan.refused:
        await take(desk, plan)
    return plan


@pytest.mark.parametrize("order", [(PATIENT, MOTHER, consent()), (consent(), MOTHER, PATIENT)])
async def test_what_is_about_one_patient_comes_together(
    desk: Desk, order: tuple[dict[str, Any], ...]
) -> None:
    plan = await imported(desk, *order)
    assert plan.troubles == ()
    ann = await desk.repository.patients.get("abc")
    assert [(point.value, point.use) for point in ann.points] == [
        ("ann@example.com", PointUse.HOME),
        ("+15550107811", PointUse.MOBILE),
    ]
    assert (ann.postal_code, ann.state) == ("60601", "IL")
    [mia] = ann.proxies
    assert (mia.name, mia.relation, mia.until) == ("Mia Lee", "mother", date(2026, 12, 31))
    assert (ann.form.email, ann.form.form_date) == (Consent.ACCEPTED, date(2026, 2, 1))
    assert plan.ignored == ("Patient.gender",)
    assert [(one.resource, one.column) for one in plan.notes] == [
        ("Patient/abc", "telecom[3].value"),
        ("Patient/abc", "telecom[4].system"),
    ]


async def test_a_bundle_names_its_patients_by_url(desk: Desk) -> None:
    url = "urn:uuid:11111111-2222-4333-8444-555555555555"
    mother = {**MOTHER, "patient": {"reference": url}}
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"fullUrl": url, "resource": PATIENT}, {"resource": mother}],
    }
    await imported(desk, bundle)
    assert [one.name for one in (await desk.repository.patients.get("abc")).proxies] == ["Mia Lee"]


async def test_a_file_of_relatives_adds_to_who_is_stored(desk: Desk) -> None:
    await imported(desk, PATIENT)
    father = {**MOTHER, "id": "m2", "name": [{"text": "Max Lee"}], "telecom": []}
    plan = await imported(desk, MOTHER, father)
    assert len(plan.changed) == 1
    ended = {**MOTHER, "period": {"end": "2026-01-02"}}
    plan = await imported(desk, ended)
    [change] = plan.changed[0].changes
    assert change.field == "proxy Mia Lee"
    ann = await desk.repository.patients.get("abc")
    assert [(one.name, one.until) for one in ann.proxies] == [
        ("Mia Lee", date(2026, 1, 2)),
        ("Max Lee", date(2026, 12, 31)),
    ]
    assert ann.name == "Ann Lee"


async def test_a_relative_of_nobody_we_know_stops_the_import(desk: Desk) -> None:
    plan = await imported(desk, {**PATIENT, "id": "other"}, MOTHER)
    assert [(one.resource, one.column) for one in plan.troubles] == [
        ("RelatedPerson/m1", "patient")
    ]
    assert await desk.repository.patients.find("", 5) == []


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"active": False}, "active"),
        ({"period": {"start": "2027"}}, "period.start"),
        ({"relationship": [coded("v2-0131", "C")]}, "relationship"),
    ],
)
def test_who_does_not_speak_for_the_patient_is_no_proxy(
    changes: dict[str, Any], column: str
) -> None:
    content = json.dumps([PATIENT, {**MOTHER, **changes}]).encode()
    reading = read_patients(content, "x.json", "US", TODAY)
    assert reading.entries[0].patient.proxies == ()
    assert (reading.notes[-1].resource, reading.notes[-1].column) == ("RelatedPerson/m1", column)


@pytest.mark.parametrize(
    ("provision", "sms", "email"),
    [
        ({"type": "permit", "code": [SMS, EMAIL]}, "accepted", "accepted"),
        ({"type": "deny", "code": [SMS]}, "declined", "unknown"),
        (
            {
                "type": "permit",
                "code": [SMS, EMAIL],
                "provision": [{"type": "deny", "code": [SMS]}],
            },
            "declined",
            "accepted",
        ),
        (
            {"type": "deny", "provision": [{"type": "permit", "code": [EMAIL]}]},
            "unknown",
            "accepted",
        ),
    ],
)
def test_consent_by_channel(provision: dict[str, Any], sms: str, email: str) -> None:
    content = json.dumps([PATIENT, consent(provision=provision)]).encode()
    form = read_patients(content, "x.json", "US", TODAY).entries[0].patient.form
    assert (form.sms.value, form.email.value) == (sms, email)


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"status": "draft"}, "status"),
        ({"status": "inactive"}, "status"),
        ({"scope": coded("consentscope", "research")}, "scope"),
        ({"provision": {"type": "permit"}}, "provision"),
        ({"provision": {"code": [SMS]}}, "provision.type"),
        ({"provision": {"type": "permit", "code": [coded("x", "SMS")]}}, "provision.code[1]"),
        ({"provision": {"type": "permit", "code": [{"text": "texts"}]}}, "provision.code[1]"),
        (
            {"provision": {"type": "permit", "code": [SMS], "actor": [{"role": {}}]}},
            "provision.actor",
        ),
        (
            {"provision": {"type": "permit", "code": [SMS], "period": {"end": "2026-01-01"}}},
            "provision.period.end",
        ),
        (
            {"provision": {"type": "permit", "code": [SMS], "period": {"start": "2027-01-01"}}},
            "provision.period.start",
        ),
    ],
)
def test_what_is_not_understood_is_reported_and_not_guessed(
    changes: dict[str, Any], column: str
) -> None:
    content = json.dumps([PATIENT, consent(**changes)]).encode()
    reading = read_patients(content, "x.json", "US", TODAY)
    form = reading.entries[0].patient.form
    assert (form.sms, form.email) == (Consent.UNKNOWN, Consent.UNKNOWN)
    assert reading.troubles == []
    assert column in [one.column for one in reading.notes if one.resource == "Consent/c1"]


def test_an_older_consent_does_not_outdo_a_later_one() -> None:
    later = consent(id="c2", dateTime="2026-02-20", provision={"type": "deny", "code": [EMAIL]})
    for order in ((consent(), later), (later, consent())):
        content = json.dumps([PATIENT, *order]).encode()
        form = read_patients(content, "x.json", "US", TODAY).entries[0].patient.form
        assert (form.email, form.form_date) == (Consent.DECLINED, date(2026, 2, 20))


def test_a_modifier_that_is_not_known_stops_the_resource() -> None:
    content = json.dumps([{**PATIENT, "modifierExtension": [{"url": "x"}]}]).encode()
    reading = read_patients(content, "x.json", "US", TODAY)
    assert reading.entries == []
    assert reading.troubles[0].place == "Patient/abc, modifierExtension"


def test_the_examples_of_the_standard(corpora: Path) -> None:
    read = 0
    for path in sorted((corpora / "fhir-r4" / "examples").glob("*.json")):
        if not path.name.startswith(("Patient-", "RelatedPerson-")):
            continue
        reading = read_patients(path.read_bytes(), path.name, "US", TODAY)
        assert reading.entries or reading.troubles or reading.notes
        for one in (*reading.troubles, *reading.notes):
            assert one.resource
            assert one.column
        read += len(reading.entries)
    assert read >= 18


def test_numbers_as_people_write_them(corpora: Path) -> None:
    from tui.phone_number import international

    cases = [
        json.loads(line)
        for line in (corpora / "phones" / "cases.jsonl").read_text("utf-8").splitlines()
    ]
    assert len(cases) > 800
    for one in cases:
        assert international(one["input"], one["region"]) == one["e164"]

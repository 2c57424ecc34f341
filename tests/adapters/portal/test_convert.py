"""What a Communication says: who, about whom, in which thread, and what of it is new."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.portal.convert import read_item
from adapters.portal.item import File, write_item
from inbox.address import Address, AddressSystem
from inbox.message import Arrival, Nature

BASE = "https://ehr.example/fhir"
LINE = Address(AddressSystem.PORTAL, BASE, "Lakeside portal")
CHICAGO = ZoneInfo("America/Chicago")
ROSA: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "rosa",
    "name": [{"family": "Old", "use": "old"}, {"family": "Jimenez", "given": ["Rosa", "M."]}],
    "identifier": [
        {"system": "https://ssn.example", "value": "1", "use": "old"},
        {"system": "https://club.example", "value": "22"},
        {
            "system": "https://lakeside.example/mrn",
            "value": "7",
            "type": {"coding": [{"code": "MR"}]},
        },
    ],
}
LUIS: dict[str, Any] = {
    "resourceType": "RelatedPerson",
    "id": "luis",
    "name": [{"text": "Luis Jimenez"}],
    "patient": {"reference": "Patient/rosa"},
}
PEOPLE: dict[str, Any] = {"Patient/rosa": ROSA, "RelatedPerson/luis": LUIS}


def message(text: str = "", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Communication",
        "id": "12",
        "status": "completed",
        "sender": {"reference": "Patient/rosa"},
        "recipient": [{"reference": "Organization/lakeside"}],
        "subject": {"reference": "Patient/rosa"},
        **({"payload": [{"contentString": text}]} if text else {}),
    }
    return {name: value for name, value in {**made, **more}.items() if value is not None}


def read(resource: dict[str, Any], context: dict[str, Any] | None = None, *files: File) -> Arrival:
    raw = write_item(resource, {**PEOPLE, **(context or {})}, files, BASE)
    return read_item(raw, LINE, CHICAGO)


def portal(value: str, name: str = "") -> Address:
    return Address(AddressSystem.PORTAL, value, name)


# ---- people ----------------------------------------------------------------------------------


def test_a_patient_writes() -> None:
    arrival = read(message("Can I move Thursday?"))
    assert arrival.sender == portal("Patient/rosa", "Rosa M. Jimenez")
    assert arrival.about is None
    assert arrival.identifiers == ("https://lakeside.example/mrn|7", "https://club.example|22")
    assert arrival.received.delivered_to == (BASE,)
    assert (arrival.message_id, arrival.thread_key) == ("Communication/12", "Communication/12")


def test_a_proxy_writes_and_the_patient_is_the_subject() -> None:
    arrival = read(message("She has a fever.", sender={"reference": "RelatedPerson/luis"}))
    assert arrival.sender == portal("RelatedPerson/luis", "Luis Jimenez")
    assert arrival.about == portal("Patient/rosa", "Rosa M. Jimenez")
    assert arrival.identifiers[0] == "https://lakeside.example/mrn|7"


def test_a_proxy_writes_and_nobody_says_about_whom() -> None:
    arrival = read(
        message("Fever.", sender={"reference": f"{BASE}/RelatedPerson/luis"}, subject=None)
    )
    assert arrival.about == portal("Patient/rosa", "Rosa M. Jimenez")


@pytest.mark.parametrize(
    "sender",
    [
        {"reference": "Practitioner/dana", "display": "Dana Reyes"},
        {"reference": "PractitionerRole/desk", "display": "Dana Reyes"},
        {"reference": "Device/robot", "display": "Dana Reyes"},
        {"reference": "https://other.example/fhir/Practitioner/9", "display": "Dana Reyes"},
        {"type": "Practitioner", "display": "Dana Reyes"},
        {"identifier": {"system": "x", "value": "1"}, "display": "Dana Reyes"},
    ],
)
def test_our_side_writes(sender: dict[str, Any]) -> None:
    arrival = read(message("See you.", sender=sender, recipient=[{"reference": "Patient/rosa"}]))
    assert arrival.sender == portal(BASE, "Dana Reyes")
    assert [one.value for one in arrival.to] == ["Patient/rosa"]
    assert arrival.about is None


def test_ours_to_a_group_is_about_its_subject() -> None:
    arrival = read(
        message(
            "See you.",
            sender={"reference": "Practitioner/dana"},
            recipient=[{"reference": "Group/care"}],
        )
    )
    assert [one.value for one in arrival.to] == ["Patient/rosa"]


def test_a_name_alone_is_shown_and_cannot_be_written_to() -> None:
    arrival = read(message("Hello", sender={"display": "Ann Lee\x1b[2J"}, subject=None))
    assert arrival.sender == portal("?name=Ann Lee", "Ann Lee")


def test_nobody_at_all() -> None:
    arrival = read(message("Hello", sender=None, subject=None, recipient=None))
    assert (arrival.sender, arrival.text) == (None, "Hello")
    assert arrival.defects == ("The message does not say who wrote it.",)


def test_somebody_inside_the_message() -> None:
    inside = {**ROSA, "id": "p1"}
    arrival = read(message("Hello", sender={"reference": "#p1"}, subject=None, contained=[inside]))
    assert arrival.sender == portal("?identifier=https://lakeside.example/mrn|7", "Rosa M. Jimenez")


# ---- threads ---------------------------------------------------------------------------------

HEADER: dict[str, Any] = {
    "resourceType": "Communication",
    "id": "h1",
    "status": "in-progress",
    "topic": {"text": "Thursday's visit"},
}


def test_a_header_names_a_thread_and_says_nothing() -> None:
    arrival = read(message(id="h1", topic={"text": "Thursday's visit"}))
    assert arrival.nature is Nature.THREAD
    assert (arrival.subject, arrival.thread_key) == ("Thursday's visit", "Communication/h1")


def test_a_message_is_part_of_its_header() -> None:
    arrival = read(
        message(
            "And Friday?",
            partOf=[{"reference": "Communication/h1"}],
            inResponseTo=[{"reference": "Communication/11"}],
        ),
        {"Communication/h1": HEADER},
    )
    assert arrival.thread_key == "Communication/h1"
    assert arrival.in_reply_to == ("Communication/11",)
    assert arrival.subject == "Thursday's visit"


def test_without_headers_the_first_message_names_the_thread() -> None:
    second = message("Yes", id="11", inResponseTo=[{"reference": f"{BASE}/Communication/10"}])
    arrival = read(
        message("Thanks", inResponseTo=[{"reference": "Communication/11/_history/2"}]),
        {"Communication/11": second, "Communication/10": message("May I?", id="10")},
    )
    assert arrival.thread_key == "Communication/10"


def test_a_circle_of_answers_ends() -> None:
    one = message("a", id="11", inResponseTo=[{"reference": "Communication/12"}])
    arrival = read(
        message("b", inResponseTo=[{"reference": "Communication/11"}]),
        {"Communication/11": one, "Communication/12": message("b")},
    )
    assert arrival.thread_key


CAN_REPLY = "https://twoway.example/fhir/can-reply"


@pytest.mark.parametrize(
    ("own", "header", "said"),
    [
        ({}, {}, None),
        ({}, {"extension": [{"url": CAN_REPLY, "valueBoolean": True}]}, True),
        ({}, {"extension": [{"url": CAN_REPLY, "valueBoolean": False}]}, False),
        ({"extension": [{"url": CAN_REPLY, "valueBoolean": False}]}, {}, False),
        ({}, {"status": "completed"}, None),
        ({}, {"status": "stopped"}, False),
        ({}, {"status": "entered-in-error"}, False),
        (
            {"extension": [{"url": CAN_REPLY, "valueBoolean": True}]},
            {"status": "stopped"},
            False,
        ),
        (
            {
                "extension": [
                    {
                        "url": "https://fhir-ehr.cerner.com/r4/StructureDefinition/reply-to",
                        "valueReference": {"reference": "Group/pool"},
                    }
                ]
            },
            {},
            True,
        ),
        ({"extension": [{"url": "https://v.example/no-reply", "valueBoolean": True}]}, {}, False),
        ({"extension": [{"url": "https://v.example/mood", "valueBoolean": True}]}, {}, None),
        ({"extension": [{"url": CAN_REPLY, "valueString": "no"}]}, {}, None),
    ],
)
def test_can_the_patient_reply(
    own: dict[str, Any], header: dict[str, Any], said: bool | None
) -> None:
    arrival = read(
        message("x", partOf=[{"reference": "Communication/h1"}], **own),
        {"Communication/h1": {**HEADER, **header}},
    )
    assert arrival.can_reply is said


def test_a_first_message_that_is_done_closes_nothing() -> None:
    first = message("May I?", id="10", status="completed")
    arrival = read(
        message("Yes", inResponseTo=[{"reference": "Communication/10"}]),
        {"Communication/10": first},
    )
    assert arrival.can_reply is None


def test_a_header_that_is_closed_says_so_itself() -> None:
    assert read(message(id="h1", status="stopped")).can_reply is False
    assert read(message(id="h1", status="in-progress")).can_reply is None


@pytest.mark.parametrize(
    ("status", "completed"), [("completed", True), ("in-progress", False), (None, None)]
)
def test_a_header_that_is_completed_may_be_closed_or_only_created(
    status: str | None, completed: bool | None
) -> None:
    header = {**HEADER, "status": status}
    arrival = read(
        message("x", partOf=[{"reference": "Communication/h1"}]), {"Communication/h1": header}
    )
    assert (arrival.can_reply, arrival.thread_completed) == (None, completed)
    assert read(message("no header", status="completed")).thread_completed is None
    own = read(message(id="h1", status=status))
    assert (own.can_reply, own.thread_completed) == (None, completed)


# ---- times and states ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "at", "defects"),
    [
        ("2026-03-02T09:00:00-06:00", datetime(2026, 3, 2, 15, tzinfo=UTC), 0),
        ("2026-03-02T15:00:00.123456789Z", datetime(2026, 3, 2, 15, 0, 0, 123456, UTC), 0),
        ("2026-03-02T09:00:00", datetime(2026, 3, 2, 15, tzinfo=UTC), 1),
        ("2026-03-02", datetime(2026, 3, 2, 6, tzinfo=UTC), 1),
        ("2026", datetime(2026, 1, 1, 6, tzinfo=UTC), 1),
        ("yesterday", None, 1),
        (17, None, 1),
        ("9999-12-31T23:59:59-14:00", None, 1),
        (None, None, 0),
    ],
)
def test_times(sent: object, at: datetime | None, defects: int) -> None:
    arrival = read(message("x", sent=sent))
    assert arrival.sent_at == at
    assert len(arrival.defects) == defects


@pytest.mark.parametrize(
    ("status", "action"),
    [
        ("in-progress", "relayed"),
        ("completed", "delivered"),
        ("on-hold", "delayed"),
        ("not-done", "failed"),
        ("stopped", "failed"),
        ("unknown", ""),
        ("entered-in-error", ""),
        ("nonsense", ""),
    ],
)
def test_what_becomes_of_ours(status: str, action: str) -> None:
    ours = message(
        "x",
        status=status,
        sender={"reference": "Organization/lakeside"},
        recipient=[{"reference": "Patient/rosa"}],
        identifier=[
            {"system": "https://other.example", "value": "1"},
            {
                "system": "urn:ietf:rfc:3986",
                "value": "urn:uuid:6D0C4F4E-0000-4000-8000-000000000001",
            },
        ],
        statusReason={"coding": [{"code": "patient-objection"}]},
    )
    arrival = read(ours)
    assert arrival.own_uuid == "6d0c4f4e-0000-4000-8000-000000000001"
    assert arrival.retracted is (status == "entered-in-error")
    if not action:
        assert arrival.report is None
        return
    assert arrival.report is not None
    (told,) = arrival.report.recipients
    assert (told.address, told.action) == ("Patient/rosa", action)
    assert arrival.report.original_message_id == "Communication/12"
    if status == "not-done":
        assert told.diagnostic == "The patient does not want it."


def test_theirs_has_no_report_and_can_be_taken_back() -> None:
    arrival = read(message("x", status="entered-in-error"))
    assert (arrival.report, arrival.retracted, arrival.own_uuid) == (None, True, "")


def test_later_versions_are_greater() -> None:
    metas: list[dict[str, str]] = [
        {"lastUpdated": "2026-03-02T15:00:00Z", "versionId": "9"},
        {"lastUpdated": "2026-03-02T15:00:00Z", "versionId": "10"},
        {"lastUpdated": "2026-03-02T15:00:00.5Z", "versionId": "1"},
    ]
    versions = [read(message("x", meta=meta)).version for meta in metas]
    assert versions == sorted(set(versions))


# ---- anything at all -------------------------------------------------------------------------

_WORDS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.just("Communication/12")
)
_JSON = st.recursive(
    _WORDS,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [
                "reference", "display", "identifier", "value", "system", "contentString", "coding",
                "contentAttachment", "contentReference", "data", "url", "text", "given", "family",
            ]
        ),
        inner,
        max_size=3,
    ),
    max_leaves=8,
)  # fmt: skip
_ELEMENTS = [
    "id", "meta", "status", "sender", "recipient", "subject", "partOf", "inResponseTo", "payload",
    "topic", "sent", "extension", "contained", "identifier", "statusReason",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(_ELEMENTS), _JSON), _JSON, _JSON)
def test_reading_never_raises(elements: dict[str, Any], context: object, files: object) -> None:
    item = {
        "communication": {**elements, "resourceType": "Communication"},
        "context": {"Communication/12": context, "Patient/rosa": context},
        "files": files,
        "base": BASE,
    }
    arrival = read_item(json.dumps(item).encode(), LINE, CHICAGO)
    assert arrival.channel.value == "portal"


def test_what_is_no_communication_is_shown_as_it_came() -> None:
    for raw in (b"<html>", b'{"resourceType":"Task","id":"9"}', b'{"communication": []}', b"\xff"):
        arrival = read_item(raw, LINE, CHICAGO)
        assert arrival.nature is Nature.UNREADABLE
        assert arrival.text == raw.decode("utf-8", "replace")

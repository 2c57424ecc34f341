"""What a Communication says: who, about whom, in which thread, and what of it is new."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.portal.convert import read_item
from adapters.portal.item import File, read_attachment, write_item
from inbox.address import Address, AddressSystem
from inbox.errors import ServerRefused
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
        ({}, {"status": "completed"}, False),
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
    assert read(message(id="h1", status="completed")).can_reply is False
    assert read(message(id="h1", status="in-progress")).can_reply is None


# ---- words -----------------------------------------------------------------------------------


def test_markup_becomes_text() -> None:
    arrival = read(message("<div>Hello <b>Dana</b>,</div><div>can I come?</div>"))
    assert arrival.text == "Hello Dana,\ncan I come?"


@pytest.mark.parametrize("text", ["2 < 3 and 5 > 4", "<3 thank you", "my temp is <38 & fine"])
def test_what_only_looks_like_markup_stays(text: str) -> None:
    assert read(message(text)).text == text


def test_text_in_an_attachment_without_a_name_is_the_message() -> None:
    data = base64.b64encode("<p>Grüße</p>".encode()).decode()
    payload = [{"contentAttachment": {"contentType": "text/html; charset=utf-8", "data": data}}]
    arrival = read(message(payload=payload))
    assert (arrival.text, arrival.attachments) == ("Grüße", ())


QUESTION = "Your results are in.\nWould you like to come by on Friday?"


@pytest.mark.parametrize(
    "payload",
    [
        ["Yes, at nine.", QUESTION],
        ["Yes, at nine.", "Would you like to\n come by?", QUESTION],
        [f"Yes, at nine.\n\n{QUESTION}"],
        [f"Yes, at nine.\n\n-----Original Message-----\n{QUESTION}"],
        ["Yes, at nine.\n\nOn Mon, Mar 2, 2026 at 9:00 AM Dana Reyes wrote:\n> "
         + QUESTION.replace("\n", "\n> ")],
        [f"{QUESTION}\n----\nYes, at nine."],
        ["Yes, at nine.", f"{QUESTION}\n\nWould you like to come by?"],
    ],
)  # fmt: skip
def test_what_was_said_before_is_shown_once(payload: list[str]) -> None:
    earlier = message(id="11", payload=[{"contentString": QUESTION}])
    before = message(id="10", payload=[{"contentString": "Would you like to come by?"}])
    whole = message(
        id="9", payload=[{"contentString": f"{QUESTION}\n\nWould you like to come by?"}]
    )
    arrival = read(
        message(
            payload=[{"contentString": text} for text in payload],
            inResponseTo=[{"reference": "Communication/11"}],
        ),
        {"Communication/11": earlier, "Communication/10": before, "Communication/9": whole},
    )
    assert arrival.text == "Yes, at nine."
    assert arrival.whole == "\n\n".join(payload)


@pytest.mark.parametrize(
    "text", [QUESTION, "Yes.", f"I asked: {QUESTION}\nand you?", "Would you like to come by?"]
)
def test_what_the_author_wrote_is_never_hidden(text: str) -> None:
    arrival = read(
        message(text, inResponseTo=[{"reference": "Communication/11"}]),
        {
            "Communication/11": message(QUESTION, id="11"),
            "Communication/1": message("Yes.", id="1"),
        },
    )
    assert (arrival.text, arrival.whole) == (text, text)


_LINE = st.sampled_from(
    ["Yes.", "no", "", "> no", "On Mon, Mar 2, 2026 at 9:00 AM Dana wrote:", "----", "Would you"]
)
_LINES = st.lists(_LINE, max_size=6).map("\n".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(_LINES, max_size=3), st.lists(st.lists(_LINES, max_size=3), max_size=3))
def test_no_line_of_the_author_is_hidden(own: list[str], before: list[list[str]]) -> None:
    mine = [f"mine {place} {text}" for place, text in enumerate(own)]
    earlier = {
        f"Communication/{place}": message(payload=[{"contentString": text} for text in texts])
        for place, texts in enumerate(before)
    }
    arrival = read(message(payload=[{"contentString": text} for text in mine]), earlier)
    for text in mine:
        assert text.split("\n")[0].strip() in arrival.text
    for line in (line for text in own for line in text.split("\n")[1:]):
        announced = line.startswith(("On ", "--", ">")) or not line
        said = any(line in text for texts in before for text in texts)
        assert announced or said or line in arrival.text


def test_nothing_of_it_reaches_the_terminal() -> None:
    arrival = read(message("a\x1b]0;x\x07b\u202ec", topic={"text": "t\x1b[2J"}))
    assert (arrival.text, arrival.subject) == ("abc", "t")


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


# ---- files -----------------------------------------------------------------------------------

PDF = b"%PDF-1.7 result"


def test_files_inside_and_beside() -> None:
    data = base64.b64encode(PDF).decode()
    payload = [
        {"contentString": "Here."},
        {"contentAttachment": {"contentType": "application/pdf", "data": data, "title": "a/b.pdf"}},
        {"contentReference": {"reference": "DocumentReference/1"}},
        {"contentAttachment": {"contentType": "image/png", "url": "https://else.example/x.png"}},
        {"contentReference": {"reference": "Observation/5", "display": "Potassium"}},
        {"contentAttachment": {"contentType": "application/pdf", "data": "%%%"}},
    ]
    resource = message(payload=payload)
    files = (
        File("2.0", "one.txt", "text/plain", b"one"),
        File("2.1", "two.exe", "image/png", b"MZ no picture"),
        File("3", "x.png", "image/png", problem="It lies on another server."),
    )
    arrival = read(resource, None, *files)
    assert [(one.part, one.name, one.media_type, one.size) for one in arrival.attachments] == [
        ("1", "b.pdf", "application/pdf", len(PDF)),
        ("2.0", "one.txt", "text/plain", 3),
        ("2.1", "two.exe", "application/octet-stream", 13),
    ]
    assert len(arrival.defects) == 4
    raw = write_item(resource, {}, files, BASE)
    assert read_attachment(raw, "1") == PDF
    assert read_attachment(raw, "2.1") == b"MZ no picture"
    for missing in ("0", "3", "5", "9", ""):
        with pytest.raises(ServerRefused):
            read_attachment(raw, missing)


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


@settings(max_examples=300, deadline=None)
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

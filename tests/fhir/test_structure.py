"""The checker itself: what is valid passes, what is broken does not."""

from __future__ import annotations

import json
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.fhir.further import FURTHER
from tests.fhir.primitive import is_primitive
from tests.fhir.structure import Definitions, problems

PRIMITIVES = {
    "base64_binary": "base64Binary",
    "date_time": "dateTime",
    "positive_int": "positiveInt",
    "unsigned_int": "unsignedInt",
}
"""Names of files and of types, where they differ."""


def example(corpora: Path, name: str) -> Any:
    return json.loads((corpora / "fhir-r4" / "examples" / f"{name}.json").read_text("utf-8"))


# ---- what is valid --------------------------------------------------------------------------


def test_the_official_examples_are_valid(corpora: Path, definitions: Definitions) -> None:
    checked: dict[str, int] = {}
    for path in sorted((corpora / "fhir-r4" / "examples").glob("*.json")):
        resource = json.loads(path.read_text("utf-8"))
        kind = resource["resourceType"]
        if kind in definitions.elements:
            assert problems(resource, definitions) == [], path.name
            checked[kind] = checked.get(kind, 0) + 1
    assert checked["Communication"] == 3
    assert {"Patient", "Practitioner", "RelatedPerson", "DocumentReference"} <= checked.keys()
    assert sum(checked.values()) > 50


@pytest.mark.parametrize("valid", [True, False])
def test_primitives(corpora: Path, valid: bool) -> None:
    seen = 0
    ending = ".valid.ndjson" if valid else ".invalid.ndjson"
    for path in sorted((corpora / "fhir-r4" / "primitives").glob(f"*{ending}")):
        name = path.name.removesuffix(ending)
        if name == "reference":
            continue
        for line in path.read_text("utf-8").splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                continue
            # Nothing is no value at all, and an empty string is none by the rules of JSON.
            if value not in (None, ""):
                seen += 1
                kind = PRIMITIVES.get(name, name)
                assert is_primitive(kind, value) is valid, (name, line)
    assert seen > 25


def test_references(corpora: Path, definitions: Definitions) -> None:
    folder = corpora / "fhir-r4" / "primitives"
    whole = example(corpora, "Communication-example")
    whole["contained"] = [{"resourceType": "Patient", "id": "p1"}]
    for line in (folder / "reference.valid.ndjson").read_text("utf-8").splitlines():
        whole["about"] = [json.loads(line)]
        assert problems(whole, definitions) == [], line
    for line in (folder / "reference.invalid.ndjson").read_text("utf-8").splitlines():
        whole["about"] = [json.loads(line)]
        assert problems(whole, definitions), line


# ---- what is not ----------------------------------------------------------------------------


BROKEN: list[tuple[str, Any, str]] = [
    ("status", "sent", "'sent' is none of completed, entered-in-error"),
    ("status", None, "Communication.status is missing"),
    ("status", ["completed"], "status is a list"),
    ("status", True, "True is no code"),
    ("priority", "whenever", "'whenever' is none of asap"),
    ("mood", "merry", "Communication.mood is unknown"),
    ("id", "with spaces", "'with spaces' is no id"),
    ("sent", "2026-03-02T10:00:00", "is no dateTime"),
    ("sent", "2026-02-30", "is no dateTime"),
    ("sent", 2026, "is no dateTime"),
    ("received", "2026-03-02T10:00Z", "is no dateTime"),
    ("received", "2026-03T10:00:00Z", "is no dateTime"),
    ("subject", {"reference": "Device/1"}, "leads to a Device, not to Group or Patient"),
    ("subject", {"reference": "patient/1"}, "'patient/1' is no reference"),
    ("subject", {"reference": "Patient/with space"}, "is no reference"),
    ("subject", {"reference": "Patient/"}, "is no reference"),
    ("subject", {"reference": "urn:uuid:123"}, "is no reference"),
    ("subject", {"reference": "#nobody"}, "is not contained (ref-1)"),
    ("subject", {"reference": "https://x.example/Device/1"}, "leads to a Device"),
    ("subject", {"reference": "x", "type": "Patient"}, "is no reference"),
    ("subject", [{"reference": "Patient/1"}], "subject is a list"),
    ("subject", {}, "subject is no Reference"),
    ("subject", "Patient/1", "subject is no Reference"),
    ("sender", {"reference": "Group/1"}, "leads to a Group"),
    ("recipient", {"reference": "Patient/1"}, "recipient is no list"),
    ("recipient", [], "recipient is an empty list"),
    ("recipient", [None], "recipient[0] is no Reference"),
    ("inResponseTo", [{"reference": "Task/1"}], "leads to a Task, not to Communication"),
    ("payload", [{"contentText": "x"}], "payload[0].contentText is unknown"),
    ("payload", [{"contentString": ""}], "'' is no string"),
    ("payload", [{"contentString": "  "}], "'  ' is no string"),
    ("payload", [{"extension": [{"url": "u:x", "valueCode": "x"}]}], "content is missing"),
    (
        "payload",
        [{"contentString": "x", "contentReference": {"reference": "Binary/1"}}],
        "content is there in more than one type",
    ),
    ("payload", [{"contentAttachment": {"data": "SGk="}}], "without a media type (att-1)"),
    (
        "payload",
        [{"contentAttachment": {"contentType": "pdf", "data": "SGk="}}],
        "'pdf' is no media type",
    ),
    (
        "payload",
        [{"contentAttachment": {"contentType": "text/plain", "data": "?"}}],
        "is no base64Binary",
    ),
    ("payload", [{"contentAttachment": {"size": -1}}], "-1 is no unsignedInt"),
    ("identifier", [{"use": "mine", "value": "1"}], "'mine' is none of official"),
    (
        "identifier",
        [{"period": {"start": "2026-03-02", "end": "2026-03-01"}}],
        "ends before it begins (per-1)",
    ),
    ("topic", {"coding": {"code": "x"}}, "coding is no list"),
    ("topic", {"texts": "x"}, "topic.texts is unknown"),
    (
        "statusReason",
        {
            "coding": [
                {
                    "system": (
                        "http://terminology.hl7.org/CodeSystem/communication-not-done-reason"
                    ),
                    "code": "asleep",
                }
            ]
        },
        "'asleep' is no code of",
    ),
    ("extension", [{"url": "https://x.example/x"}], "neither a value nor extensions"),
    ("extension", [{"valueString": "x"}], "extension[0].url is missing"),
    ("extension", [{"url": "https://x.example/x", "valueText": "x"}], "valueText is unknown"),
    (
        "extension",
        [{"url": "https://x.example/x", "valueDuration": {"comparator": "~"}}],
        "'~' is none of",
    ),
    ("meta", {"lastUpdated": "2026-03-02"}, "is no instant"),
    ("note", [{"time": "2026-03-02T10:00:00Z"}], "note[0].text is missing"),
    ("text", {"status": "whole", "div": "<div>x</div>"}, "'whole' is none of"),
    ("text", {"status": "empty", "div": "x"}, "is no xhtml"),
    ("_status", {"value": "x"}, "holds more than an id and extensions"),
    ("_subject", {"id": "x"}, "is beside nothing primitive"),
    ("contained", [{"id": "x"}], "is no resource"),
    (
        "contained",
        [{"resourceType": "Patient", "id": "p", "meta": {"versionId": "1"}}],
        "a version of its own (dom-4)",
    ),
    (
        "contained",
        [{"resourceType": "Patient", "id": "p", "contained": [{"resourceType": "Patient"}]}],
        "contains something itself (dom-2)",
    ),
]


@pytest.mark.parametrize(("name", "value", "said"), BROKEN)
def test_a_broken_communication_is_not_valid(
    corpora: Path, definitions: Definitions, name: str, value: Any, said: str
) -> None:
    whole = deepcopy(example(corpora, "Communication-example"))
    whole.pop(name, None)
    if value is not None:
        whole[name] = value
    found = problems(whole, definitions)
    assert any(said in one for one in found), found


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"resourceType": "Patient", "gender": "f"}, "Patient.gender: 'f' is none of"),
        ({"resourceType": "Patient", "birthDate": "2026-13-01"}, "is no date"),
        ({"resourceType": "Patient", "contact": [{"gender": "male"}]}, "(pat-1)"),
        ({"resourceType": "Patient", "telecom": [{"value": "1"}]}, "without a system (cpt-2)"),
        ({"resourceType": "Patient", "link": [{"type": "refer"}]}, "link[0].other is missing"),
        ({"resourceType": "Patient", "name": [{"given": "Ann"}]}, "given is no list"),
        ({"resourceType": "RelatedPerson", "active": True}, "RelatedPerson.patient is missing"),
        ({"resourceType": "Binary", "data": "SGk="}, "Binary.contentType is missing"),
        ({"resourceType": "DocumentReference", "status": "final"}, "'final' is none of"),
        ({"resourceType": "DocumentReference", "status": "current"}, "content is missing"),
        (
            {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {}}]},
            "entry[0].resource/ is no resource",
        ),
        (["x"], "it is no resource"),
        ({"status": "completed"}, "it is no resource"),
    ],
)
def test_other_broken_resources_are_not_valid(
    definitions: Definitions, resource: Any, said: str
) -> None:
    found = problems(resource, definitions)
    assert any(said in one for one in found), found


def test_what_nothing_is_known_of_is_not_passed_over(definitions: Definitions) -> None:
    with pytest.raises(LookupError, match="Spaceship"):
        problems({"resourceType": "Spaceship"}, definitions)


def test_extensions_stand_beside_primitives(definitions: Definitions) -> None:
    extension = {"extension": [{"url": "https://x.example/x", "valueBoolean": True}]}
    given = {"given": ["Ann", "B."], "_given": [None, extension]}
    resource = {"resourceType": "Patient", "name": [given], "_birthDate": extension}
    assert problems(resource, definitions) == []


@pytest.mark.parametrize(
    "kind", ["DocumentReference", "Binary", "Organization", "Group", "Bundle", "Quantity"]
)
def test_what_the_corpora_leave_out_has_the_elements_of_the_library(kind: str) -> None:
    model = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    named = {line.split()[0] for line in FURTHER[kind].splitlines() if line.strip()}
    theirs = {
        (field.alias or name).split("__")[0]
        for name, field in model.model_fields.items()
        if not name.endswith("__ext") and name not in {"resource_type", "fhir_comments"}
    }
    assert {name for name in named if "[x]" not in name} <= theirs
    choices = tuple(name.removesuffix("[x]") for name in named if "[x]" in name)
    assert {name for name in theirs - named if not (choices and name.startswith(choices))} == set()

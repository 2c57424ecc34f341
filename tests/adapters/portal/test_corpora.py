"""The official examples of FHIR R4: every Communication is fetched and read, and nothing breaks."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from adapters.portal.channel import PortalChannel
from adapters.portal.payload import decoded
from adapters.portal.resource import identifiers_of, moment, name_of, reference
from inbox.message import Nature
from tests.adapters.handle import collect
from tests.adapters.mail.corpus import UNSAFE
from tests.adapters.portal.world import PortalHandle

PEOPLE = ("Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization")
EXAMPLES: dict[str, dict[str, Any]] = {
    "example": {
        "text": "Patient 1 has a very high serum potassium value "
        "(7.2 mmol/L on 2014-Dec-12 at 5:55 pm)",
        "ours": True,
        "subject": "Patient/example",
        "files": [],
        "defects": 1,
    },
    "fm-attachment": {
        "text": "",
        "ours": False,
        "subject": "Patient/1",
        "files": ["accident notes 20100201.pdf"],
        "defects": 2,
    },
    "fm-solicited": {
        "text": "",
        "ours": True,
        "subject": "Patient/1",
        "files": ["accident notes 20100201.pdf"],
        "defects": 2,
    },
}


def values(corpora: Path, name: str) -> list[Any]:
    file = corpora / "fhir-r4" / "primitives" / f"{name}.ndjson"
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def examples(corpora: Path, kind: str) -> list[dict[str, Any]]:
    folder = corpora / "fhir-r4" / "examples"
    return [json.loads(file.read_text("utf-8")) for file in sorted(folder.glob(f"{kind}-*.json"))]


async def test_every_communication_is_read(
    corpora: Path, world: PortalHandle, portal: PortalChannel
) -> None:
    for kind in ("Communication", *PEOPLE):
        for resource in examples(corpora, kind):
            world.server.holdings.add(resource)
    items = [item for batch in await collect(portal) for item in batch.items]
    assert {item.remote.item for item in items} == EXAMPLES.keys()
    for item in items:
        known = EXAMPLES[item.remote.item]
        arrival = portal.convert(item)
        assert arrival.nature is Nature.PERSONAL
        assert (item.ours, item.complete) == (known["ours"], True)
        assert arrival.text == known["text"]
        assert [one.name for one in arrival.attachments] == known["files"]
        assert len(arrival.defects) == known["defects"], arrival.defects
        assert arrival.sent_at is not None
        named = {one.value for one in (arrival.about, *arrival.to) if one is not None}
        assert known["subject"] in named
        assert json.loads(item.content)["communication"]["status"] == "completed"
        for file in arrival.attachments:
            assert portal.attachment(item.content, file.part) == b"Hello"


@pytest.mark.parametrize("kind", PEOPLE)
def test_everybody_has_a_name_that_can_be_shown(corpora: Path, kind: str) -> None:
    read = examples(corpora, kind)
    assert read
    for resource in read:
        name = name_of(resource)
        assert UNSAFE.search(name) is None
        spoken = resource.get("name") or resource.get("practitioner", {}).get("display")
        assert bool(name) is bool(spoken)
        known = {one.get("value") for one in resource.get("identifier", [])}
        assert {one.partition("|")[2] for one in identifiers_of(resource)} <= known


@pytest.mark.parametrize("kind", ["instant", "date_time"])
def test_times_are_read_and_nothing_else_is(corpora: Path, kind: str) -> None:
    valid = [one for one in values(corpora, f"{kind}.valid") if one is not None]
    assert valid
    assert [one for one in valid if moment(one) is None] == []
    for one in values(corpora, f"{kind}.invalid"):
        found = moment(one)
        # What FHIR refuses for its missing offset is read all the same, and said to lack it.
        assert found is None or (not found.offset and found.at.tzinfo is UTC)


def test_base64_and_references(corpora: Path) -> None:
    for one in values(corpora, "base64_binary.valid"):
        assert one is None or decoded(one) is not None
    for one in values(corpora, "base64_binary.invalid"):
        assert decoded(one) is None
    for one in values(corpora, "reference.valid"):
        assert reference(one, "https://ehr.example/fhir") == one.get("reference", "")
    for one in values(corpora, "reference.invalid"):
        assert reference(one, "https://ehr.example/fhir") == ""

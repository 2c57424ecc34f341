"""The script of the portal is read strictly, and the sample's is plainly made up."""

from __future__ import annotations

import json
import re
from datetime import date
from importlib.resources import files
from typing import Any

import pytest

from demo.portal.document import pdf
from demo.portal.lakeside import Portal
from demo.portal.render import MRN
from demo.portal.script import read_portal, sample_portal
from tests.clock import FakeClock

TEST = "p1000"


def known_patients() -> dict[str, Any]:
    found = json.loads((files("sample_data") / "patients.json").read_text("utf-8"))
    return {one["id"]: one for one in found}


def test_the_sample_people_are_patients_of_the_practice() -> None:
    script, known = sample_portal(), known_patients()
    assert {one.id for one in script.accounts if not one.patient} == {TEST}
    assert {one.patient for one in script.accounts} - {""} <= known.keys()
    numbers = [one.mrn for one in script.accounts]
    assert len(set(numbers)) == len(numbers)
    about = {f"Patient/{one.id}": known.get(one.patient) for one in script.accounts}
    for one in script.accounts:
        if one.patient:
            patient = known[one.patient]
            assert patient["identifiers"] == [f"{MRN}|{one.mrn}"]
            portal = [point for point in patient["contact"] if point["system"] == "portal"]
            assert [point["value"] for point in portal] == [f"Patient/{one.id}"]
    for proxy in script.proxies:
        patient = about[proxy.about]
        assert patient is not None
        named = {one["name"]: one["relation"] for one in patient["proxies"]}
        assert named[proxy.name] == proxy.relation
        assert (date(2026, 11, 20) - date.fromisoformat(patient["birth_date"])).days < 18 * 365


def test_what_a_portal_brings_is_in_the_sample() -> None:
    script = sample_portal()
    threads = {one.id: one for one in script.threads}
    assert [one.id for one in script.threads if one.can_reply is False] == ["grace-refill"]
    senders = {said.sender for one in script.threads for said in one.messages}
    assert {one.partition("/")[0] for one in senders} == {
        "Patient",
        "RelatedPerson",
        "Practitioner",
    }
    assert any(said.file for one in script.threads for said in one.messages)
    assert any(said.again for one in script.threads for said in one.messages)
    last = {name: one.messages[-1].sender for name, one in threads.items()}
    assert last["olivia-cholesterol"] == "Patient/p1048"
    assert any(one.repeats for one in script.readers)
    assert script.events


FILED = """
[[thread]]
id = "t"
about = "Patient/x"
topic = "T"
message = [
  { minutes = 1, from = "a", say = "s", file = { name = "f.pdf", lines = [], kept = "nowhere" } },
]
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[patients]]\nid = 'x'", "unknown patients"),
        ("[[patient]]\nid = 'x'\nmrn = '1'\nborne = '2000'", "x: unknown borne"),
        ("[[common]]\non = '('\nsay = 'x'", "bad expression"),
        ("[[event]]\nafter = 1\nfrom = 'Patient/x'\nsay = 'x'", "names Patient/x"),
        ("[[proxy]]\nid='r'\nname='R'\nabout='Patient/x'\nrelation='mother'", "names Patient/x"),
        (FILED, "f.pdf: nothing is kept as 'nowhere'"),
    ],
)
def test_what_a_script_does_not_know_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read_portal(text)


KEPT = """
[[staff]]
reference = "Organization/desk"
name = "Desk"
[[patient]]
id = "1"
mrn = "1"
given = "Ann"
family = "Other"
born = "2000-01-01"
[[thread]]
id = "t"
about = "Patient/1"
topic = "T"
message = [{ minutes = 1, from = "Organization/desk", say = "Look", file = FILE }]
"""


@pytest.mark.parametrize(
    ("kept", "where"),
    [("inline", ""), ("url", "../files/My%20page.pdf"), ("binary", "Binary/"), ("document", None)],
)
def test_a_file_can_be_kept_in_four_ways(clock: FakeClock, kept: str, where: str | None) -> None:
    file = f'{{ name = "My page.pdf", lines = ["x"], kept = "{kept}" }}'
    script = read_portal(KEPT.replace("FILE", file))
    with Portal(clock=clock, quiet=True, script=script) as portal:
        message = portal.server.holdings.resource("Communication/t.1")
        payload = message["payload"][1]
        if where is None:
            found = portal.server.holdings.resource(payload["contentReference"]["reference"])
            assert found["content"][0]["attachment"]["url"].startswith("Binary/")
        else:
            assert payload["contentAttachment"].get("url", "").startswith(where)
            assert payload["contentAttachment"]["title"] == "My page.pdf"


def test_a_pdf_is_one() -> None:
    whole = pdf(["Hello (you)", "\\ and \u4f60"])
    assert whole.startswith(b"%PDF-1.4\n")
    assert whole.endswith(b"%%EOF\n")
    assert rb"(Hello \(you\)) Tj" in whole
    assert rb"(\\ and ?) Tj" in whole
    table = int(whole.rsplit(b"startxref\n", 1)[1].split()[0])
    assert whole[table:].startswith(b"xref\n0 6\n")
    for number, entry in enumerate(whole[table:].splitlines()[3:8], start=1):
        place = int(entry.split()[0])
        assert whole[place:].startswith(b"%d 0 obj\n" % number)
        # ISO 32000-1 7.5.4: each entry is twenty bytes long with its line end.
        assert len(entry) == 19
    length = int(whole.split(b"/Length ", 1)[1].split()[0])
    stream = whole.split(b"stream\n", 1)[1][:length]
    assert stream.endswith(b"\nET")

"""The portal in a box keeps to FHIR's REST API."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from demo.portal.server import PortalServer
from tests.clock import FakeClock
from tests.demo.portal.client import FhirClient, ids_of

UUID = "urn:uuid:6b7f4c1e-6f0a-4b8e-9a53-6f2a1c0d9e11"


def message(text: str = "Hello", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Communication",
        "status": "in-progress",
        "subject": {"reference": "Patient/rosa"},
        "sender": {"reference": "Organization/lakeside"},
        "recipient": [{"reference": "Patient/rosa"}],
        "payload": [{"contentString": text}],
        **more,
    }


# ---- one resource ---------------------------------------------------------------------------


async def test_what_is_created_can_be_read(client: FhirClient, clock: FakeClock) -> None:
    made = await client.create(message(id="mine", meta={"versionId": "9", "tag": [{"code": "x"}]}))
    assert made.status == 201
    name = made.json["id"]
    assert name != "mine"
    assert made.json["meta"] == {
        "tag": [{"code": "x"}],
        "versionId": "1",
        "lastUpdated": "2026-03-02T15:00:00.000Z",
    }
    assert made.headers["ETag"] == 'W/"1"'
    assert made.headers["Location"].endswith(f"/fhir/Communication/{name}/_history/1")
    assert made.headers["Content-Type"].startswith("application/fhir+json")
    read = await client.get(f"Communication/{name}")
    assert (read.status, read.json, read.headers["ETag"]) == (200, made.json, 'W/"1"')
    assert read.headers["Date"] == "Mon, 02 Mar 2026 15:00:00 GMT"


async def test_an_update_follows_the_version_it_names(
    client: FhirClient, server: PortalServer, clock: FakeClock
) -> None:
    first = (await client.create(message())).json
    name = f"Communication/{first['id']}"
    clock.advance(minutes=1)
    taken_back = {**first, "status": "entered-in-error"}
    second = await client.send("PUT", name, taken_back, If_Match='W/"1"')
    assert second.status == 200
    assert second.json["meta"]["versionId"] == "2"
    assert second.json["meta"]["lastUpdated"] == "2026-03-02T15:01:00.000Z"
    late = await client.send("PUT", name, first, If_Match='W/"1"')
    assert (late.status, late.code) == (412, "conflict")
    assert (await client.get(f"{name}/_history/1")).json == first
    history = (await client.get(f"{name}/_history")).json
    assert [one["response"]["etag"] for one in history["entry"]] == ['W/"2"', 'W/"1"']
    other = await client.send("PUT", name, {**first, "id": "other"})
    assert (other.status, other.code) == (400, "invalid")
    server.manners.must_match = True
    assert (await client.send("PUT", name, first)).status == 412


async def test_what_is_deleted_is_gone_and_out_of_searches(
    client: FhirClient, server: PortalServer
) -> None:
    held = server.holdings.add(message())
    server.holdings.change(held.reference, None)
    gone = await client.get(held.reference)
    assert (gone.status, gone.code) == (410, "deleted")
    assert await client.ids("Communication") == []


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "code"),
    [
        ("GET", "Communication/none", b"", 404, "not-found"),
        ("GET", "Communication/none/_history/1", b"", 404, "not-found"),
        ("GET", "Nothing", b"", 404, "not-supported"),
        ("GET", "communication", b"", 404, "not-found"),
        ("DELETE", "Communication/1", b"", 405, "not-supported"),
        ("POST", "Communication", b"<Communication/>", 400, "structure"),
        ("POST", "Communication", b'{"resourceType": "Patient"}', 400, "invalid"),
        ("POST", "Communication", b'["x"]', 400, "invalid"),
        ("POST", "Communication", b'{"resourceType": "Communication"}', 400, "code-invalid"),
        (
            "POST",
            "Communication",
            b'{"resourceType": "Communication", "status": "sent"}',
            400,
            "code-invalid",
        ),
        ("POST", "DocumentReference", b'{"resourceType": "DocumentReference"}', 400, "required"),
        (
            "POST",
            "Binary",
            b'{"resourceType": "Binary", "contentType": "x/y", "data": "?"}',
            400,
            "value",
        ),
        ("PUT", "Communication/1", b'{"resourceType": "Communication"}', 400, "code-invalid"),
        ("GET", "Communication?sent=yesterday", b"", 400, "value"),
        ("GET", "Communication?_count=many", b"", 400, "value"),
        ("GET", "Communication?_sort=mood", b"", 400, "not-supported"),
        ("GET", "Communication?_getpages=none", b"", 410, "expired"),
    ],
)
async def test_refusals_bear_an_outcome(
    client: FhirClient,
    server: PortalServer,
    method: str,
    path: str,
    content: bytes,
    status: int,
    code: str,
) -> None:
    server.holdings.add(message(id="1", sent="2026-03-02"))
    said = await client.ask(method, path, content, Content_Type="application/fhir+json")
    assert (said.status, said.code) == (status, code)
    assert said.json["resourceType"] == "OperationOutcome"


async def test_a_binary_comes_in_its_own_format_or_in_fhirs(client: FhirClient) -> None:
    raw = await client.ask("POST", "Binary", b"%PDF-1.4 x", Content_Type="application/pdf")
    assert raw.status == 201
    name = f"Binary/{raw.json['id']}"
    plain = await client.get(name, Accept="*/*")
    assert (plain.body, plain.headers["Content-Type"]) == (b"%PDF-1.4 x", "application/pdf")
    wrapped = (await client.get(name)).json
    assert base64.b64decode(wrapped["data"]) == b"%PDF-1.4 x"
    again = await client.create(
        {"resourceType": "Binary", "contentType": "text/plain", "data": "SGk="}
    )
    assert (await client.get(f"Binary/{again.json['id']}", Accept="text/plain")).body == b"Hi"


async def test_a_large_body_is_refused(client: FhirClient, server: PortalServer) -> None:
    server.manners.largest = 500
    said = await client.create(message("x" * 500))
    assert (said.status, said.code) == (413, "too-long")


# ---- create once ----------------------------------------------------------------------------


async def test_a_create_with_a_condition_happens_once(
    client: FhirClient, server: PortalServer
) -> None:
    mine = message(identifier=[{"system": "urn:ietf:rfc:3986", "value": UUID}])
    condition = f"identifier=urn:ietf:rfc:3986|{UUID}"
    server.holdings.index_lag = server.guard.lasts
    first = await client.create(mine, If_None_Exist=condition)
    again = await client.create(mine, If_None_Exist=condition)
    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]
    server.manners.conditional = "ignored"
    assert (await client.create(mine, If_None_Exist=condition)).status == 201
    server.manners.conditional = "honoured"
    assert (await client.create(mine, If_None_Exist=condition)).code == "multiple-matches"
    server.manners.conditional = "refused"
    assert (await client.create(mine, If_None_Exist=condition)).status == 400


async def test_a_create_can_be_answered_with_little(
    client: FhirClient, server: PortalServer
) -> None:
    short = await client.create(message(), Prefer="return=minimal")
    assert (short.status, short.body) == (201, b"")
    assert "Location" in short.headers
    server.manners.minimal = server.manners.nameless = True
    server.manners.versions = False
    shorter = await client.create(message())
    assert (shorter.status, shorter.body) == (201, b"")
    assert "Location" not in shorter.headers
    assert "ETag" not in shorter.headers
    server.manners.refuses.add("Communication")
    assert (await client.create(message())).code == "not-supported"


# ---- searches -------------------------------------------------------------------------------


@pytest.fixture
def threads(server: PortalServer, clock: FakeClock) -> None:
    """A header and three messages, a minute after another."""
    holdings = server.holdings
    holdings.add(message(id="h1", payload=[], status="completed"))
    for number, sender in enumerate(("Patient/rosa", "Organization/lakeside", "RelatedPerson/9")):
        clock.advance(minutes=1)
        holdings.add(
            message(
                id=f"m{number}",
                partOf=[{"reference": "Communication/h1"}],
                sender={"reference": sender},
                sent=f"2026-03-02T{8 + number:02}:00:00-06:00",
                identifier=[{"system": "urn:x", "value": str(number)}],
                category=[{"coding": [{"system": "urn:c", "code": f"c{number}"}]}],
            )
        )


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "h1 m0 m1 m2"),
        ("_id=m1", "m1"),
        ("_id=m1,m2", "m1 m2"),
        ("identifier=urn:x%7C1", "m1"),
        ("identifier=1", "m1"),
        ("identifier=urn:x%7C", "m0 m1 m2"),
        ("identifier=urn:y%7C1", ""),
        ("category=urn:c%7Cc2", "m2"),
        ("status=completed", "h1"),
        ("status:not=completed", "m0 m1 m2"),
        ("part-of=Communication/h1", "m0 m1 m2"),
        ("part-of=h1", "m0 m1 m2"),
        ("part-of:missing=true", "h1"),
        ("sender=Patient/rosa", "m0"),
        ("sender=http://127.0.0.1/Patient/rosa", ""),
        ("subject=Patient/rosa&sender=RelatedPerson/9", "m2"),
        ("patient=rosa", "h1 m0 m1 m2"),
        ("recipient=Patient/rosa&_sort=-_lastUpdated", "m2 m1 m0 h1"),
        ("_sort=-sent", "m2 m1 m0 h1"),
        ("_sort=_lastUpdated,-_id", "h1 m0 m1 m2"),
        ("_lastUpdated=ge2026-03-02T15:02:00Z", "m1 m2"),
        ("_lastUpdated=gt2026-03-02T15:02:00.000Z", "m2"),
        ("_lastUpdated=ge2026-03-02T09:01:00-06:00&_lastUpdated=lt2026-03-02T15:03:00Z", "m0 m1"),
        ("_lastUpdated=le2026-03-02T15:01:00Z", "h1 m0"),
        ("_lastUpdated=2026-03-02", "h1 m0 m1 m2"),
        ("_lastUpdated=sa2026-03-02", ""),
        ("_lastUpdated=eb2026-03-03", "h1 m0 m1 m2"),
        ("_lastUpdated=ne2026-03", ""),
        ("_lastUpdated=2026", "h1 m0 m1 m2"),
        ("sent=ge2026-03-02T15:00Z", "m1 m2"),
        ("sent:missing=false&sent=lt2026-03-02T14:30:00.500Z", "m0"),
        ("mood=merry", "h1 m0 m1 m2"),
    ],
)
async def test_searches(client: FhirClient, query: str, expected: str) -> None:

    assert ids_of((await client.get(f"Communication?{query}")).json) == expected.split()


@pytest.mark.usefixtures("threads")
async def test_a_search_can_be_a_form_a_count_or_bring_others(
    client: FhirClient, server: PortalServer
) -> None:
    form = await client.ask(
        "POST",
        "Communication/_search",
        b"sender=RelatedPerson/9",
        Content_Type="application/x-www-form-urlencoded",
    )
    assert [one["resource"]["id"] for one in form.json["entry"]] == ["m2"]
    count = (await client.search("Communication", ("_summary", "count"))).json
    assert (count["total"], "entry" in count) == (4, False)
    server.holdings.add({"resourceType": "Patient", "id": "rosa"})
    both = (
        await client.search("Communication", ("_id", "m0"), ("_include", "Communication:sender"))
    ).json
    modes = [(one["resource"]["id"], one["search"]["mode"]) for one in both["entry"]]
    assert modes == [("m0", "match"), ("rosa", "include")]
    nothing = (await client.search("Communication", ("_id", "none"))).json
    assert "entry" not in nothing


async def test_absolute_references_are_found(client: FhirClient, server: PortalServer) -> None:
    server.holdings.add(
        message(id="m", sender={"reference": f"{server.base_url}/Patient/rosa/_history/3"})
    )
    assert await client.ids("Communication", ("sender", "Patient/rosa")) == ["m"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("identifier=urn:mrn%7C17", ["p"]),
        ("phone=%2B15550107811", ["p"]),
        ("family=jim", ["p"]),
        ("name=rosa", ["p"]),
        ("birthdate=1961", ["p"]),
        ("active=false", []),
    ],
)
async def test_people_are_found(
    client: FhirClient, server: PortalServer, query: str, expected: list[str]
) -> None:
    server.holdings.add(
        {
            "resourceType": "Patient",
            "id": "p",
            "active": True,
            "identifier": [{"system": "urn:mrn", "value": "17"}],
            "name": [{"family": "Jimenez", "given": ["Rosa"]}],
            "telecom": [{"system": "phone", "value": "+15550107811"}],
            "birthDate": "1961-04-12",
        }
    )
    found = (await client.get(f"Patient?{query}")).json
    assert [one["resource"]["id"] for one in found.get("entry", [])] == expected


async def test_the_server_says_what_it_can_do(client: FhirClient, server: PortalServer) -> None:
    server.manners.refuses.add("Binary")
    server.manners.says = {"publisher": "Nobody"}
    said = (await client.get("metadata")).json
    assert (said["fhirVersion"], said["publisher"]) == ("4.0.1", "Nobody")
    kinds = {one["type"]: one for one in said["rest"][0]["resource"]}
    assert kinds["Communication"]["conditionalCreate"] is True
    assert {"code": "create"} in kinds["Communication"]["interaction"]
    assert {"code": "create"} not in kinds["Binary"]["interaction"]
    assert "security" not in said["rest"][0]

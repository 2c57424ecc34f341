"""People on the portal answer what reaches them there."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from demo.lakeside import Lakeside
from demo.portal.holdings import Resource
from demo.portal.lakeside import Portal
from demo.portal.people import Event, Reader, Readers, Reply
from demo.portal.render import CAN_REPLY
from demo.portal.server import PortalServer
from tests.clock import FakeClock
from tests.demo.portal.client import FhirClient

ANN, BEA, CHILD = "Patient/1", "RelatedPerson/9", "Patient/2"
DESK = "Organization/desk"
ANY = re.compile("")


def until(true: Callable[[], bool]) -> None:
    """Wait for what happens on the server's loop."""
    ends = time.monotonic() + 5
    while not true():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.01)


def move_in(server: PortalServer, *people: Reader, **more: Any) -> Readers:
    readers = Readers(server, people, practice=DESK, delay=(0, 0), **more)
    readers.move_in()
    return readers


def to(reference: str, text: str = "Can you come on Friday?", **more: Any) -> Resource:
    return {
        "resourceType": "Communication",
        "status": "in-progress",
        "subject": {"reference": ANN},
        "sender": {"reference": "Practitioner/7"},
        "recipient": [{"reference": reference}],
        "payload": [{"contentString": text}],
        **more,
    }


def written(server: PortalServer, by: str) -> list[Resource]:
    return [
        one.resource
        for one in server.holdings.all("Communication")
        if one.resource.get("sender", {}).get("reference") == by
    ]


async def test_they_look_and_answer_in_the_thread(
    server: PortalServer, client: FhirClient, clock: FakeClock
) -> None:
    replies = (Reply(re.compile("Friday"), "Fine"), Reply(ANY, "Who?"))
    readers = move_in(server, Reader(ANN, ANN, "Ann", replies, repeats=True))
    head = await client.create({"resourceType": "Communication", "status": "in-progress"})
    thread = [{"reference": f"Communication/{head.json['id']}"}]
    made = (await client.create(to(ANN, partOf=thread))).json
    until(lambda: readers.answered == 1)
    [answer] = written(server, ANN)
    assert [one["contentString"] for one in answer["payload"]] == [
        "Fine",
        "Can you come on Friday?",
    ]
    assert answer["partOf"] == thread
    assert answer["inResponseTo"] == [{"reference": f"Communication/{made['id']}"}]
    assert answer["sender"] == {"reference": ANN, "display": "Ann"}
    assert answer["recipient"] == [{"reference": "Practitioner/7"}]
    assert answer["sent"] == "2026-03-02T15:00:00.000Z"
    read = (await client.get(f"Communication/{made['id']}")).json
    assert (read["status"], read["received"]) == ("completed", "2026-03-02T15:00:00.000Z")
    assert read["meta"]["versionId"] == "2"
    for _ in range(2):
        await client.create(to(ANN, partOf=thread))
    until(lambda: readers.answered == 2)
    assert [one["payload"][0]["contentString"] for one in written(server, ANN)] == ["Fine", "Who?"]


async def test_a_proxy_answers_for_the_patient(server: PortalServer, client: FhirClient) -> None:
    child = Reader(CHILD, CHILD, reads=False)
    readers = move_in(server, child, Reader(BEA, CHILD, "Bea", (Reply(ANY, "Ok"),)))
    made = await client.create(to(BEA, subject={"reference": CHILD}))
    until(lambda: readers.answered == 1)
    [answer] = written(server, BEA)
    assert answer["subject"] == {"reference": CHILD}
    assert "partOf" not in answer
    alone = (await client.create(to(CHILD))).json
    await asyncio.sleep(0.05)
    assert (await client.get(f"Communication/{alone['id']}")).json["status"] == "in-progress"
    assert made.status == 201


async def test_where_the_portal_takes_no_answer_their_words_are_lost(
    server: PortalServer, client: FhirClient
) -> None:
    readers = move_in(server, Reader(ANN, ANN, replies=(Reply(ANY, "Thanks"),), turns=9))
    no = [{"url": CAN_REPLY, "valueBoolean": False}]
    heads: list[dict[str, Any]] = [
        {"status": "in-progress", "extension": no},
        {"status": "stopped"},
    ]
    for head in heads:
        made = await client.create({"resourceType": "Communication", **head})
        await client.create(to(ANN, partOf=[{"reference": f"Communication/{made.json['id']}"}]))
    until(lambda: len(readers.lost) == 2)
    assert written(server, ANN) == []
    await client.create(to(ANN, partOf=[{"reference": "Communication/unheard"}]))
    until(lambda: readers.answered == 1)


async def test_what_was_taken_back_is_not_read(server: PortalServer, client: FhirClient) -> None:
    readers = Readers(
        server, (Reader(ANN, ANN, replies=(Reply(ANY, "x"),)),), practice=DESK, delay=(0.2, 0.2)
    )
    readers.move_in()
    made = (await client.create(to(ANN))).json
    back = {**made, "status": "entered-in-error"}
    await client.send("PUT", f"Communication/{made['id']}", back, If_Match='W/"1"')
    await asyncio.sleep(0.4)
    assert readers.answered == 0
    assert (await client.get(f"Communication/{made['id']}")).json["status"] == "entered-in-error"


def test_some_things_come_unasked(server: PortalServer) -> None:
    people = (Reader(ANN, ANN, "Ann"), Reader(BEA, CHILD, "Bea"))
    events = (Event(0, BEA, "Hello?", topic="A question"),)
    readers = move_in(server, *people, events=events, names={DESK: "The desk"})
    readers.begin()
    until(lambda: len(written(server, BEA)) == 1)
    [said] = written(server, BEA)
    head = server.holdings.resource(said["partOf"][0]["reference"])
    assert head["topic"] == {"text": "A question"}
    assert said["recipient"] == [{"reference": DESK, "display": "The desk"}]
    more = readers.write(ANN, "Me too", thread=said["partOf"][0]["reference"])
    assert more.resource["partOf"] == said["partOf"]


ROSA, OLIVIA, GRACE, ELLEN = "Patient/p1011", "Patient/p1048", "Patient/p1068", "RelatedPerson/r16"


async def test_the_practice_on_the_portal(clock: FakeClock) -> None:
    with Portal(clock=clock, quick=True, quiet=True) as portal:
        async with FhirClient(portal.server) as client:
            assert (await client.search("Communication")).status == 401
            client.token = "lakeside-demo"
            everything = await client.all_ids("Communication", ("_lastUpdated", "gt2026-01-01"))
            assert len(everything) == 15
            page = (await client.search("Communication", ("part-of", "olivia-cholesterol"))).json
            released = page["entry"][0]["resource"]
            [where] = [one for one in released["payload"] if "contentReference" in one]
            found = (await client.get(where["contentReference"]["reference"])).json
            file = found["content"][0]["attachment"]
            pdf = await client.get(file["url"], Accept="application/pdf")
            assert (pdf.headers["Content-Type"], len(pdf.body)) == ("application/pdf", file["size"])
            assert pdf.body.startswith(b"%PDF-1.4")
            for who, thread in (
                (OLIVIA, "olivia-cholesterol"),
                (GRACE, "grace-refill"),
                (ELLEN, "noah-inhaler"),
                (ROSA, "ruth-drops"),
            ):
                part = [{"reference": f"Communication/{thread}"}]
                await client.create(
                    to(who, "The note is ready; you can eat as you like.", partOf=part)
                )
            until(lambda: portal.readers.answered == 2 and bool(portal.readers.lost))
            assert portal.readers.lost == [(GRACE, "Thank you dear. Grace")]
            assert "oats" in written(portal.server, OLIVIA)[-1]["payload"][0]["contentString"]
            assert written(portal.server, ELLEN)[-1]["subject"] == {
                "reference": "Patient/p1018",
                "display": "Noah Parker",
            }
            assert written(portal.server, ROSA) == []
    assert portal.server.thread.failures == []


def test_whoever_connects_before_it_is_there_waits() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as early:
        early.sendall(b"GET /fhir/Patient HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        with Portal(quiet=True, listener=listener, token="of-this-test") as portal:
            assert portal.server.port == port
            assert early.recv(12) == b"HTTP/1.1 401"
            assert portal.server.guard.secrets == {"of-this-test"}


def test_the_sample_practice_has_its_portal(lakeside: Lakeside) -> None:
    assert lakeside.ports["portal_port"] == lakeside.portal.server.port
    assert lakeside.portal.server.guard.secrets == {lakeside.password}
    assert len(lakeside.portal.server.holdings.all("Patient")) == 7


def test_a_practice_that_was_not_started_has_none() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        _ = Lakeside().portal

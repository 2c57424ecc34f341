"""Files that come with portal messages: inside, beside, as documents, and too large."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from adapters.portal.channel import PortalChannel
from adapters.portal.item import File, read_attachment, write_item
from demo.portal.fault import Fault
from demo.portal.moment import instant
from inbox.channel import RawItem
from inbox.errors import ConnectionLost, ServerRefused
from inbox.message import Nature
from tests.adapters.handle import collect, stored
from tests.adapters.portal.test_convert import BASE, message, read
from tests.adapters.portal.world import ROSA, PortalHandle

PDF = b"%PDF-1.7 " + bytes(range(256)) * 4
LARGE = b"%PDF-1.7 " + bytes(30_000_000)


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


async def the_item(portal: PortalChannel) -> RawItem:
    (item,) = [item for batch in await collect(portal) for item in batch.items]
    return item


def document(world: PortalHandle, id_: str, *attachments: dict[str, Any]) -> dict[str, Any]:
    world.server.holdings.add(
        {
            "resourceType": "DocumentReference",
            "id": id_,
            "status": "current",
            "description": "Lab result",
            "content": [{"attachment": one} for one in attachments],
        }
    )
    return {"contentReference": {"reference": f"DocumentReference/{id_}"}}


def binary(world: PortalHandle, id_: str, content: bytes) -> str:
    about = {"contentType": "application/pdf", "data": b64(content)}
    world.server.holdings.add({"resourceType": "Binary", "id": id_, **about})
    return f"Binary/{id_}"


@pytest.mark.parametrize("way", ["inline", "url", "binary", "document", "contained", "report"])
async def test_a_file_comes_by_every_way(
    world: PortalHandle, portal: PortalChannel, way: str
) -> None:
    about: dict[str, Any] = {"contentType": "application/pdf", "title": "result.pdf"}
    more: dict[str, Any] = {}
    if way == "inline":
        payload: dict[str, Any] = {"contentAttachment": {**about, "data": b64(PDF)}}
    elif way == "url":
        url = f"{world.server.base_url}/{binary(world, 'b1', PDF)}"
        payload = {"contentAttachment": {**about, "url": url}}
    elif way == "binary":
        name = binary(world, "b1", PDF)
        payload = {"contentReference": {"reference": name, "display": "result.pdf"}}
    elif way == "document":
        payload = document(world, "d1", {**about, "url": binary(world, "b1", PDF)})
    elif way == "contained":
        held = {"resourceType": "DocumentReference", "id": "d", "status": "current"}
        more["contained"] = [{**held, "content": [{"attachment": {**about, "data": b64(PDF)}}]}]
        payload = {"contentReference": {"reference": "#d"}}
    else:
        report = {"resourceType": "DiagnosticReport", "id": "r1"}
        world.server.holdings.add({**report, "presentedForm": [{**about, "data": b64(PDF)}]})
        payload = {"contentReference": {"reference": "DiagnosticReport/r1"}}
    world.write(payload=[{"contentString": "Your result."}, payload], **more)
    item = await the_item(portal)
    arrival = portal.convert(item)
    (file,) = arrival.attachments
    assert (file.name, file.media_type, file.size) == ("result.pdf", "application/pdf", len(PDF))
    assert portal.attachment(item.content, file.part) == PDF
    assert (item.complete, arrival.defects, arrival.text) == (True, (), "Your result.")


async def test_a_document_of_several_files(world: PortalHandle, portal: PortalChannel) -> None:
    one = {"contentType": "text/plain", "title": "one.txt", "data": b64(b"one")}
    two = {"contentType": "application/pdf", "url": binary(world, "b1", PDF)}
    world.write(payload=[document(world, "d1", one, two)])
    item = await the_item(portal)
    assert [(file.part, file.name) for file in portal.convert(item).attachments] == [
        ("0.0", "one.txt"),
        ("0.1", "Lab result"),
    ]


@pytest.mark.parametrize("told", [True, False])
async def test_thirty_megabytes_are_fetched_when_somebody_asks(
    world: PortalHandle, portal: PortalChannel, told: bool
) -> None:
    size = {"size": len(LARGE)} if told else {}
    about = {"contentType": "application/pdf", "title": "scan.pdf", **size}
    world.write(
        payload=[
            {"contentString": "The scan."},
            document(world, "d1", {**about, "url": binary(world, "b1", LARGE)}),
        ]
    )
    item = await the_item(portal)
    arrival = portal.convert(item)
    assert (item.complete, arrival.text, arrival.attachments) == (False, "The scan.", ())
    assert "scan.pdf" in arrival.defects[0]
    assert len(item.content) < 10_000
    whole = await portal.fetch_whole(item.remote)
    (file,) = portal.convert(whole).attachments
    assert (whole.complete, file.size) == (True, len(LARGE))
    assert portal.attachment(whole.content, file.part) == LARGE


async def test_thirty_megabytes_inside_a_message(
    world: PortalHandle, portal: PortalChannel
) -> None:
    for number in range(12):
        world.write(str(number))
    world.clock.advance(minutes=1)
    about = {"contentType": "application/pdf", "title": "scan.pdf", "data": b64(LARGE)}
    large = world.write(payload=[{"contentString": "The scan."}, {"contentAttachment": about}])
    batches = await collect(portal)
    items = {item.remote.item: item for batch in batches for item in batch.items}
    assert len(items) == 13
    item = items[large]
    assert (item.complete, portal.convert(item).text) == (False, "The scan.")
    assert item.size > len(LARGE)
    assert len(item.content) < 10_000
    whole = await portal.fetch_whole(item.remote)
    assert portal.attachment(whole.content, "1") == LARGE
    assert [one for one in await collect(portal, stored(batches)) if one.items] == []
    # The next look asks for what came after it, and not for all of it again.
    await collect(portal, stored(batches))
    (asked,) = [value for name, value in world.server.seen[-1].query if name == "_lastUpdated"]
    assert asked > f"ge{instant(world.clock())}"


async def test_a_message_that_fits_on_no_page_stops_none_of_the_others(
    world: PortalHandle, portal: PortalChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In small, so that nobody waits.
    for module in ("listing", "folder"):
        monkeypatch.setattr(f"adapters.portal.{module}.MOST_LARGE", 16_100_000)
    scan = bytes(13_000_000)
    world.server.manners.elements = True
    head = f"Communication/{world.write(status='in-progress', topic={'text': 'Scans'})}"
    first = world.write("Here it comes.", partOf=[{"reference": head}])
    about = {"contentType": "application/pdf", "data": b64(scan)}
    payload = [{"contentString": "The scan."}, {"contentAttachment": about}]
    large = world.write(payload=payload, partOf=[{"reference": head}])
    last = world.write("Did it arrive?", partOf=[{"reference": head}])
    batches = await collect(portal)
    items = {item.remote.item: item for batch in batches for item in batch.items}
    read = {name: portal.convert(item) for name, item in items.items()}
    assert set(read) == {head.partition("/")[2], first, large, last}
    assert [read[one].text for one in (first, last)] == ["Here it comes.", "Did it arrive?"]
    assert {one.thread_key for one in read.values()} == {head}
    arrival, sender = read[large], read[large].sender
    assert (arrival.nature, sender and sender.value) == (Nature.PERSONAL, ROSA)
    assert not items[large].complete
    assert "ask for the whole" in arrival.defects[0]
    whole = await portal.fetch_whole(items[large].remote)
    assert whole.complete
    assert portal.convert(whole).text == "The scan."
    assert portal.attachment(whole.content, "1") == scan
    # What comes after it is read as ever.
    world.clock.advance(minutes=1)
    after = world.write("Hello?", partOf=[{"reference": head}])
    found = [one for batch in await collect(portal, stored(batches)) for one in batch.items]
    assert [one.remote.item for one in found] == [after]
    assert portal.convert(found[0]).text == "Hello?"


async def test_a_file_elsewhere_is_named_and_not_fetched(
    world: PortalHandle, portal: PortalChannel
) -> None:
    world.server.files["x.pdf"] = ("application/pdf", PDF)
    urls = [
        world.server.file_url("x.pdf", far=True),
        world.server.file_url("x.pdf"),
        f"{world.server.base_url}/../files/x.pdf",
        "file:///etc/passwd",
    ]
    world.write(
        payload=[
            {"contentAttachment": {"contentType": "application/pdf", "title": "x.pdf", "url": url}}
            for url in urls
        ]
    )
    item = await the_item(portal)
    arrival = portal.convert(item)
    assert (arrival.attachments, item.complete) == ((), True)
    assert arrival.defects == (
        "A file of the message lies on another server (x.pdf); open it in the portal.",
    )
    assert world.asked("/files/") == 0


async def test_a_file_that_a_redirect_leads_to_is_not_said_to_be_gone(
    world: PortalHandle, portal: PortalChannel
) -> None:
    url = binary(world, "b1", PDF)
    world.write(payload=[{"contentAttachment": {"contentType": "application/pdf", "url": url}}])
    world.server.fail(Fault("status", "GET", "Binary", status=302, times=None))
    (said,) = portal.convert(await the_item(portal)).defects
    assert "lies on another server" in said


async def test_a_file_that_is_gone_is_named(world: PortalHandle, portal: PortalChannel) -> None:
    world.write(
        payload=[
            {"contentReference": {"reference": "DocumentReference/none"}},
            {"contentAttachment": {"contentType": "image/png", "title": "x", "url": "Binary/none"}},
        ]
    )
    item = await the_item(portal)
    assert item.complete
    assert len(portal.convert(item).defects) == 2
    with pytest.raises(ServerRefused, match="no longer"):
        portal.attachment(item.content, "0")


async def test_a_file_that_cannot_be_had_now_holds_its_message_back_for_a_while(
    world: PortalHandle, portal: PortalChannel
) -> None:
    name = binary(world, "b1", PDF)
    world.write(payload=[{"contentString": "Result."}, {"contentReference": {"reference": name}}])
    world.server.fail(Fault("status", "GET", "Binary", times=None))
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            await collect(portal)
    item = await the_item(portal)
    assert not item.complete
    assert "ask for the whole" in portal.convert(item).defects[0]
    world.server.faults.clear()
    whole = await portal.fetch_whole(item.remote)
    assert portal.attachment(whole.content, "1") == PDF


async def test_files_are_bounded_in_number(world: PortalHandle, portal: PortalChannel) -> None:
    name = binary(world, "b1", PDF)
    world.write(payload=[{"contentReference": {"reference": name}}] * 12)
    arrival = portal.convert(await the_item(portal))
    assert len(arrival.attachments) == 10
    assert arrival.defects


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

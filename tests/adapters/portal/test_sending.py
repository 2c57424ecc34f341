"""Sending into a portal: once, into the right thread, with files, and taken back."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from dataclasses import replace
from pkgutil import resolve_name
from typing import Any

import pytest

from adapters.portal.channel import PortalChannel
from demo.portal.fault import Fault
from inbox.address import Address, AddressSystem
from inbox.channel import Receipt
from inbox.errors import (
    NotSent,
    OutcomeUnknown,
    TwowayError,
)
from inbox.outgoing import Outgoing, OutgoingAttachment
from tests.adapters.handle import (
    NOW,
    Handover,
    collect,
    make_outgoing,
    make_permit,
)
from tests.adapters.portal.conftest import Opening
from tests.adapters.portal.world import LUIS, OFFICE, ROSA, PortalHandle

OWN = "urn:uuid:6d0c4f4e-0000-4000-8000-000000000001"
PDF = b"%PDF-1.7 " + bytes(range(256)) * 4


def outgoing(world: PortalHandle, text: str = "See you Thursday.", **more: Any) -> Outgoing:
    to = more.pop("to", world.patient)
    return make_outgoing(world.line, to, text, **more)


async def send(channel: PortalChannel, what: Outgoing, handover: Handover) -> Receipt:
    return await channel.send(what, make_permit(what), handover)


# ---- what is written -------------------------------------------------------------------------


async def test_a_new_thread_is_a_header_and_a_message(
    world: PortalHandle, portal: PortalChannel
) -> None:
    receipt = await send(portal, outgoing(world), Handover(world))
    header, message = world.posted()
    assert header["topic"] == {"text": "Thursday's visit"}
    assert "payload" not in header
    assert message["partOf"] == [{"reference": receipt.thread_key}]
    assert message["identifier"] == [{"system": "urn:ietf:rfc:3986", "value": OWN}]
    assert header["identifier"] != message["identifier"]
    for one in (header, message):
        assert one["subject"] == {"reference": ROSA}
        assert one["recipient"] == [{"reference": ROSA, "display": "Rosa Jimenez"}]
        assert one["sender"] == {"reference": OFFICE, "display": "Lakeside portal"}
    conditions = [one.headers["if-none-exist"] for one in world.server.seen if one.body]
    assert conditions[1] == f"identifier=urn:ietf:rfc:3986|{OWN}"


async def test_an_answer_goes_into_its_thread(world: PortalHandle, portal: PortalChannel) -> None:
    head = f"Communication/{world.write(topic={'text': 'Fever'}, by=OFFICE)}"
    asked = f"Communication/{world.write('When?', by=LUIS, partOf=[{'reference': head}])}"
    what = outgoing(
        world,
        to=Address(AddressSystem.PORTAL, LUIS, "Luis Jimenez"),
        about=ROSA,
        thread_key=head,
        in_reply_to=asked,
    )
    receipt = await send(portal, what, Handover(world))
    (message,) = world.posted()
    assert message["partOf"] == [{"reference": head}]
    assert message["inResponseTo"] == [{"reference": asked}]
    assert message["subject"] == {"reference": ROSA}
    assert message["recipient"][0]["reference"] == LUIS
    assert receipt.thread_key == head


async def test_an_answer_where_there_are_no_headers(
    world: PortalHandle, portal: PortalChannel
) -> None:
    first = f"Communication/{world.write('May I?')}"
    what = outgoing(world, thread_key=first)
    receipt = await send(portal, what, Handover(world))
    (message,) = world.posted()
    assert "partOf" not in message
    assert message["inResponseTo"] == [{"reference": first}]
    assert receipt.thread_key == first


async def test_a_server_that_takes_no_headers(world: PortalHandle, portal: PortalChannel) -> None:
    world.server.fail(Fault("status", "POST", "Communication$", status=422))
    receipt = await send(portal, outgoing(world), Handover(world))
    (message,) = world.ours()
    assert "partOf" not in message
    assert receipt.thread_key == receipt.provider_id


async def test_a_thread_that_is_gone(world: PortalHandle, portal: PortalChannel) -> None:
    handover = Handover(world)
    with pytest.raises(NotSent, match="thread"):
        await send(portal, outgoing(world, thread_key="Communication/none"), handover)
    assert handover.times == 0


@pytest.mark.parametrize("sender", [OFFICE, ""])
async def test_what_is_written_is_valid(
    opened: Opening,
    world: PortalHandle,
    check: Callable[[Any], list[str]],
    sender: str,
) -> None:
    channel = opened(world, world.settings(sender=sender))
    files = (OutgoingAttachment("result.pdf", "application/pdf", PDF),)
    texts = ["Hello", "a\x0bb\x00c \u00e9 \U0001f600\n\tnext", "  leading blanks"]
    for place, text in enumerate(texts):
        uuid = f"6d0c4f4e-0000-4000-8000-00000000000{place}"
        what = outgoing(world, text, uuid=uuid, attachments=files, subject=" " * place)
        await send(channel, what, Handover(world))
    answered = f"Communication/{world.write('When?')}"
    await send(channel, outgoing(world, in_reply_to=answered), Handover(world))
    posted = world.posted()
    assert len(posted) == 7
    assert [found for one in posted for found in check(one)] == []


# ---- who can be written to -------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"to": Address(AddressSystem.PORTAL, "?name=Ann Lee", "Ann Lee")},
        {"to": Address(AddressSystem.PORTAL, "Practitioner/dana")},
        {"to": Address(AddressSystem.PORTAL, "https://other.example/fhir/Patient/9")},
        {"to": Address(AddressSystem.PORTAL, "Patient/9?x=1")},
        {"about": "Group/all"},
        {"cc": (Address(AddressSystem.PORTAL, LUIS),)},
        {"text": "  \n"},
    ],
)
async def test_what_cannot_go_is_refused_before_anything_is_asked(
    world: PortalHandle, portal: PortalChannel, change: dict[str, Any]
) -> None:
    handover = Handover(world)
    with pytest.raises(NotSent) as caught:
        await send(portal, outgoing(world, **change), handover)
    assert "Ann" not in str(caught.value)
    assert (handover.times, world.server.seen) == (0, [])


async def test_another_line_sends_nothing_here(world: PortalHandle, portal: PortalChannel) -> None:
    what = make_outgoing(replace(world.line, id="other"), world.patient, "x")
    with pytest.raises(NotSent, match="another line"):
        await send(portal, what, Handover(world))


# ---- at most once ----------------------------------------------------------------------------


@pytest.mark.parametrize("identifies", [True, False])
@pytest.mark.parametrize("conditional", ["honoured", "ignored", "refused"])
async def test_a_message_that_was_taken_is_found_and_never_doubled(
    world: PortalHandle, portal: PortalChannel, conditional: Any, identifies: bool
) -> None:
    world.server.manners.conditional = conditional
    world.server.manners.identifies = identifies
    for number in range(30):
        world.write(f"Of another matter, {number}")
    what = outgoing(world, attachments=(OutgoingAttachment("a.pdf", "application/pdf", PDF),))
    world.server.fail(Fault("drop", "POST", "Communication$", accept=True, after=1))
    with pytest.raises(OutcomeUnknown):
        await send(portal, what, Handover(world))
    found = await portal.locate(what)
    assert found.found
    assert found.receipt is not None
    # A person sends it again in spite of that: it is the same message.
    again = await send(portal, what, Handover(world))
    assert again.provider_id == found.receipt.provider_id
    assert again.thread_key == found.receipt.thread_key
    assert len(world.ours()) == 1
    headers = [
        held
        for held in world.server.holdings.all("Communication")
        if "payload" not in held.resource
    ]
    assert len(headers) == 1


async def test_a_condition_is_sent_to_a_server_that_does_not_speak_of_it(
    world: PortalHandle, portal: PortalChannel
) -> None:
    world.server.manners.says = {
        "rest": [{"mode": "server", "resource": [{"type": "Communication"}]}]
    }
    await send(portal, outgoing(world), Handover(world))
    conditions = [one.headers.get("if-none-exist") for one in world.server.seen if one.body]
    assert conditions[-1] == f"identifier=urn:ietf:rfc:3986|{OWN}"


async def test_what_a_server_does_not_index_yet_is_not_found_and_not_doubled(
    world: PortalHandle, portal: PortalChannel
) -> None:
    what = outgoing(world)
    await portal.locate(what)
    world.server.fail(Fault("drop", "POST", "Communication$", accept=True, after=1))
    world.server.holdings.index_lag = NOW - NOW.replace(hour=1)
    with pytest.raises(OutcomeUnknown):
        await send(portal, what, Handover(world))
    assert not (await portal.locate(what)).found
    await send(portal, what, Handover(world))
    assert len(world.ours()) == 1


async def test_what_is_there_more_than_once_is_found(
    world: PortalHandle, portal: PortalChannel
) -> None:
    own = [{"system": "urn:ietf:rfc:3986", "value": OWN}]
    there = {world.write("See you Thursday.", by=OFFICE, identifier=own) for _ in range(2)}
    receipt = await send(portal, outgoing(world), Handover(world))
    assert receipt.provider_id.partition("/")[2] in there
    assert len(world.ours()) == 2


@pytest.mark.parametrize(
    ("status", "error", "temporary"),
    [
        (400, NotSent, False),
        (403, NotSent, False),
        (413, NotSent, False),
        (422, NotSent, False),
        (429, NotSent, True),
        (500, OutcomeUnknown, None),
        (503, OutcomeUnknown, None),
    ],
)
async def test_each_answer_means_something(
    world: PortalHandle,
    portal: PortalChannel,
    status: int,
    error: type[TwowayError],
    temporary: bool | None,
) -> None:
    world.server.fail(Fault("status", "POST", "Communication$", status=status, after=1))
    with pytest.raises(error) as caught:
        await send(portal, outgoing(world), Handover(world))
    if isinstance(caught.value, NotSent):
        assert caught.value.temporary is temporary
        assert caught.value.sender_refused is (status == 403)
    assert world.ours() == []


@pytest.mark.parametrize("kind", ["html", "broken"])
async def test_an_answer_that_cannot_be_read(
    world: PortalHandle, portal: PortalChannel, kind: Any
) -> None:
    world.server.fail(Fault(kind, "POST", "Communication$", status=200, accept=True, after=1))
    with pytest.raises(OutcomeUnknown):
        await send(portal, outgoing(world), Handover(world))
    assert (await portal.locate(outgoing(world))).found


@pytest.mark.parametrize("quirk", ["minimal", "nameless", "versions", "extra"])
async def test_servers_answer_in_their_own_way(
    world: PortalHandle, portal: PortalChannel, quirk: str
) -> None:
    setattr(world.server.manners, quirk, quirk != "versions")
    receipt = await send(portal, outgoing(world), Handover(world))
    (held,) = [
        one for one in world.server.holdings.all("Communication") if "payload" in one.resource
    ]
    assert receipt.provider_id == held.reference


async def test_nothing_is_sent_while_the_portal_is_away(
    world: PortalHandle, portal: PortalChannel
) -> None:
    world.drop()
    handover = Handover(world)
    with pytest.raises(NotSent) as caught:
        await send(portal, outgoing(world), handover)
    assert (caught.value.temporary, handover.times) == (True, 0)
    world.restore()
    await send(portal, outgoing(world), handover)
    assert len(world.ours()) == 1


async def test_a_portal_that_goes_away_at_the_last_moment(
    world: PortalHandle, portal: PortalChannel
) -> None:
    async def gone() -> None:
        world.drop()

    what = outgoing(world)
    with pytest.raises(NotSent) as caught:
        await portal.send(what, make_permit(what), gone)
    assert caught.value.temporary
    world.restore()


# ---- files -----------------------------------------------------------------------------------


async def test_files_go_inside_or_beside(opened: Opening, world: PortalHandle) -> None:
    channel = opened(world, world.settings(most_inline=2000))
    large = PDF * 3
    files = (
        OutgoingAttachment("small.pdf", "application/pdf", PDF),
        OutgoingAttachment("large.pdf", "application/pdf", large),
    )
    what = outgoing(world, attachments=files)
    world.server.fail(Fault("drop", "POST", "Communication$", accept=True, after=1))
    with pytest.raises(OutcomeUnknown):
        await send(channel, what, Handover(world))
    receipt = await send(channel, what, Handover(world))
    assert receipt.thread_key
    (message,) = world.ours()
    text, small, beside = message["payload"]
    assert text == {"contentString": "See you Thursday."}
    assert base64.b64decode(small["contentAttachment"]["data"]) == PDF
    held = world.server.holdings.resource(beside["contentReference"]["reference"])
    assert held["subject"] == {"reference": ROSA}
    assert len(world.server.holdings.all("DocumentReference")) == 1
    (item,) = [
        item
        for batch in await collect(channel)
        for item in batch.items
        if channel.convert(item).text
    ]
    read = channel.convert(item).attachments
    assert [(one.name, one.size) for one in read] == [
        ("small.pdf", len(PDF)),
        ("large.pdf", len(large)),
    ]
    assert channel.attachment(item.content, read[1].part) == large


async def test_a_large_file_is_packed_beside_the_screen(
    opened: Opening, world: PortalHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes a second is not done where the keys are read."""
    world.server.manners.refuses.add("Binary")
    threads: dict[str, bool] = {}

    def watch(place: str) -> None:
        real = resolve_name(f"adapters.portal.{place}")

        def told(*args: Any) -> Any:
            threads[place.rpartition(".")[2]] = threading.current_thread() is here
            return real(*args)

        monkeypatch.setattr(f"adapters.portal.{place}", told)

    here = threading.current_thread()
    for place in ("sending.inline", "connection._dump", "sending.write_item"):
        watch(place)
    file = OutgoingAttachment("a.pdf", "application/pdf", PDF * 1000)
    await send(opened(world), outgoing(world, attachments=(file,)), Handover(world))
    assert threads == {"inline": False, "_dump": False, "write_item": False}


@pytest.mark.parametrize("refused", ["Binary", "DocumentReference"])
async def test_a_server_that_takes_no_documents_gets_them_inside(
    opened: Opening, world: PortalHandle, refused: str
) -> None:
    world.server.manners.refuses = {refused}
    channel = opened(world, world.settings(most_inline=100))
    file = OutgoingAttachment("a.pdf", "application/pdf", PDF)
    await send(channel, outgoing(world, attachments=(file,)), Handover(world))
    (message,) = world.ours()
    assert base64.b64decode(message["payload"][1]["contentAttachment"]["data"]) == PDF


async def test_what_is_too_large_is_said_before_and_after(
    opened: Opening, world: PortalHandle
) -> None:
    file = OutgoingAttachment("a.pdf", "application/pdf", bytes(3_000_000))
    channel = opened(world, world.settings(max_bytes=2_000_000))
    assert channel.capabilities.max_bytes == 2_000_000
    with pytest.raises(NotSent, match="larger than 2 MB"):
        await send(channel, outgoing(world, attachments=(file,)), Handover(world))
    assert world.server.seen == []
    world.server.manners.largest = 1_000_000
    roomy = opened(world, world.settings(most_inline=5_000_000))
    with pytest.raises(NotSent, match="too large for the portal"):
        await send(roomy, outgoing(world, attachments=(file,)), Handover(world))

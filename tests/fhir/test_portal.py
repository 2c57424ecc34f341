"""What goes into a portal is valid R4: what we hand over there, and what the one in a box holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.portal.channel import PortalChannel
from adapters.portal.compose import document, header, inline, message, pointer
from adapters.portal.settings import NoAuth, PortalSettings
from demo.portal.lakeside import Portal
from demo.portal.manners import Manners
from demo.portal.paging import Listing, Pages, bundle
from inbox.address import Address, AddressSystem, ChannelKind
from inbox.line import Line
from inbox.outgoing import Outgoing, OutgoingAttachment
from tests.adapters.handle import NOW, make_outgoing, make_permit
from tests.adapters.portal.world import LUIS, ROSA, PortalHandle
from tests.clock import FakeClock
from tests.demo.portal.client import FhirClient
from tests.fhir.structure import Definitions, problems

PDF = OutgoingAttachment("Result of 2 March.pdf", "application/pdf", b"%PDF-1.4 " + b"x" * 3000)
PICTURE = OutgoingAttachment("", "", b"\x89PNG")
PROXY = Address(AddressSystem.PORTAL, LUIS, "Luis Jimenez")


async def hand_over(channel: PortalChannel, outgoing: Outgoing) -> str:
    async def handing_over() -> None:
        return None

    return (await channel.send(outgoing, make_permit(outgoing), handing_over)).provider_id


@pytest.mark.parametrize("most_inline", [100, 1_000_000])
@pytest.mark.parametrize("sender", ["Organization/lakeside", ""])
async def test_what_is_handed_over(
    clock: FakeClock, definitions: Definitions, most_inline: int, sender: str
) -> None:
    with PortalHandle(clock) as world:
        channel = world.channel(world.settings(sender=sender, most_inline=most_inline))
        thread = f"Communication/{world.write(topic={'text': 'A question'})}"
        part = [{"reference": thread}]
        asked = f"Communication/{world.write('Is it in?', by=LUIS, partOf=part)}"
        more: list[dict[str, Any]] = [
            {},
            {"attachments": (PDF, PICTURE)},
            {"to": (PROXY,), "about": ROSA, "in_reply_to": asked},
            {"thread_key": thread, "probe_token": "tw-probe-1"},
            {"subject": ""},
        ]
        try:
            for number, values in enumerate(more):
                name = f"6d0c4f4e-0000-4000-8000-00000000000{number}"
                plain = make_outgoing(world.line, world.patient, "Your result is in.", uuid=name)
                sent = await hand_over(channel, replace(plain, **values))
                if sender and not number:
                    await channel.retract(sent)
        finally:
            await channel.close()
        written = [
            one.json
            for one in world.server.seen
            if one.method in {"POST", "PUT"}
            and one.headers.get("content-type", "").startswith("application/fhir+json")
        ]
    kinds = [one["resourceType"] for one in written]
    assert kinds.count("Communication") > 5
    assert ("DocumentReference" in kinds) is (most_inline == 100)
    assert any(one["status"] == "entered-in-error" for one in written) is bool(sender)
    for one in written:
        assert problems(one, definitions) == []


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20) | st.sampled_from(
    ["", " ", "\x00", "\x1b[31m", "\xa0", "\ud800", "text/plain; charset=utf-8", "a/b/c"]
)


# The definitions are read once and stay what they are.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(ANY_TEXT, min_size=7, max_size=7), size=st.integers(0, 40))
def test_whatever_we_write(check: Callable[[Any], list[str]], words: list[str], size: int) -> None:
    line = Line("portal", ChannelKind.PORTAL, "https://ehr.example/fhir", words[0])
    told = PortalSettings("http://127.0.0.1/fhir", NoAuth(), sender="Organization/1")
    to = Address(AddressSystem.PORTAL, "Patient/12", words[1])
    file = OutgoingAttachment(words[2], words[3], b"x" * size)
    outgoing = make_outgoing(line, to, words[4], subject=words[5], attachments=(file,))
    files = [inline(file, NOW), pointer("DocumentReference/1", file)]
    # Nothing is sent that says nothing.
    made = [
        header(outgoing, line, told),
        document(outgoing, file, 1, "Binary/1", NOW),
        message(outgoing, line, told, above="Communication/1", answers="", files=files, at=NOW),
    ]
    for one in made:
        assert check(one) == []


def test_what_the_portal_in_a_box_holds(clock: FakeClock, definitions: Definitions) -> None:
    checked = 0
    with Portal(clock=clock, quiet=True) as portal:
        holdings = portal.server.holdings
        portal.readers.write("Patient/p1052", "Is the desk open?", topic="Hours")
        portal.readers.write("RelatedPerson/r16", "Thank you", thread="Communication/noah-inhaler")
        for kind in (
            "Communication",
            "Patient",
            "RelatedPerson",
            "Practitioner",
            "Organization",
            "Group",
            "DocumentReference",
            "Binary",
        ):
            found = holdings.all(kind)
            assert found, kind
            for held in found:
                assert problems(held.resource, definitions) == [], held.reference
                checked += 1
            listing = Listing(kind, [("_count", "2")], found, "")
            page = bundle(listing, Pages(), Manners(), portal.server.base_url, "http://far.example")
            assert problems(page, definitions) == []
    assert checked > 30


async def test_what_the_portal_in_a_box_says_of_itself(clock: FakeClock) -> None:
    with Portal(clock=clock, quiet=True) as portal:
        async with FhirClient(portal.server) as client:
            for asks in ("backend", "bearer"):
                portal.server.guard.asks = asks
                CapabilityStatement.model_validate((await client.get("metadata")).json)


async def test_a_file_of_no_known_kind_is_handed_over_by_itself(clock: FakeClock) -> None:
    strange = OutgoingAttachment("scan", "no kind\r\nX-Kind: at all", b"x" * 200)
    with PortalHandle(clock) as world:
        channel = world.channel(world.settings(most_inline=100))
        try:
            plain = make_outgoing(world.line, world.patient, "The scan.")
            await hand_over(channel, replace(plain, attachments=(strange,)))
        finally:
            await channel.close()
        [held] = world.server.holdings.all("Binary")
        assert held.resource["contentType"] == "application/octet-stream"

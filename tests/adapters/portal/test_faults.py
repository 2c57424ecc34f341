"""What goes wrong between us and a portal, as a sentence each; and it goes on afterwards."""

from __future__ import annotations

import time
from datetime import timedelta
from email.utils import format_datetime

import pytest

from adapters.portal.channel import PortalChannel
from demo.portal.fault import Fault
from inbox.channel import Batch
from inbox.errors import AuthenticationFailed, ConnectionLost, ServerRefused, TwowayError
from inbox.message import Nature
from tests.adapters.handle import arrived, collect, numbers, stored
from tests.adapters.portal.conftest import Opening
from tests.adapters.portal.world import PortalHandle, broken_off


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Fault("drop", times=None), ConnectionLost, "does not answer"),
        (Fault("html", status=200, times=None), ConnectionLost, "web page"),
        (Fault("html", status=502, times=None), ConnectionLost, "trouble"),
        (Fault("broken", accept=True, times=None), ConnectionLost, "no whole JSON"),
        (Fault("status", status=500, times=None), ConnectionLost, "trouble"),
        (Fault("status", status=429, times=None), ConnectionLost, "slow down"),
        (Fault("status", status=401, times=None), AuthenticationFailed, "who we say"),
        (Fault("status", status=403, times=None), AuthenticationFailed, "let us read"),
        (Fault("status", status=404, times=None), ServerRefused, "does not have"),
        (Fault("status", status=400, times=None), ServerRefused, "refused"),
        (Fault("status", status=302, times=None), ServerRefused, "another address"),
    ],
)
async def test_each_trouble_has_its_sentence(
    world: PortalHandle,
    portal: PortalChannel,
    fault: Fault,
    error: type[TwowayError],
    words: str,
) -> None:
    there = world.write("Hello")
    world.server.fail(fault)
    with pytest.raises(error, match=words):
        await collect(portal)
    world.server.faults.clear()
    assert numbers(arrived(await collect(portal))) == [there]


async def test_a_page_that_breaks_off_is_kept_once_for_a_person_to_look_at(
    world: PortalHandle, portal: PortalChannel
) -> None:
    world.write("Hello")
    world.server.fail(Fault("broken", "GET", "Communication", accept=True, times=None))
    batches, error = await broken_off(portal)
    assert isinstance(error, ConnectionLost)
    (item,) = arrived(batches)
    assert item.content.startswith(b'{"resourceType": "Bundle"')
    assert portal.convert(item).nature is Nature.UNREADABLE
    again, _ = await broken_off(portal, stored(batches))
    assert arrived(again) == []
    for place in range(9):
        # Each is broken in another way, and there is no end to it.
        world.write(f"more {place}")
        more, _ = await broken_off(portal, stored(again, stored(batches)))
        again += more
    assert len(arrived(again)) == 4


async def test_a_web_page_in_place_of_the_list_is_kept_once(
    world: PortalHandle, portal: PortalChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = world.write("Hello")
    kept: list[Batch] = []
    for number in range(3):
        page = b"<!doctype html><title>Sign in</title><p>Wi-Fi of the lobby %d</p>" % number
        monkeypatch.setattr("demo.portal.server.HTML", page)
        world.server.fail(Fault("html", "GET", "Communication", status=200))
        batches, error = await broken_off(portal, stored(kept))
        assert "web page" in str(error)
        kept += batches
    (item,) = arrived(kept)
    arrival = portal.convert(item)
    assert (arrival.nature, arrival.text.splitlines()[0][:15]) == (
        Nature.UNREADABLE,
        "<!doctype html>",
    )
    assert numbers(arrived(await collect(portal, stored(kept)))) == [there]


async def test_a_hung_server_is_given_up(opened: Opening, world: PortalHandle) -> None:
    channel = opened(world, world.settings(read_timeout=0.2))
    world.server.fail(Fault("hang"))
    begun = time.monotonic()
    with pytest.raises(ConnectionLost):
        await collect(channel)
    assert time.monotonic() - begun < 2


async def test_trouble_in_the_middle_loses_nothing(opened: Opening, world: PortalHandle) -> None:
    there = []
    for number in range(12):
        there.append(world.write(str(number)))
        world.clock.advance(minutes=1)
    channel = opened(world, world.settings(page_size=4))
    world.server.fail(Fault("status", "GET", "Communication", after=2))
    kept, error = await broken_off(channel)
    assert isinstance(error, ConnectionLost)
    rest = await collect(channel, stored(kept))
    both = numbers(arrived(kept)) + numbers(arrived(rest))
    assert sorted(both, key=int) == there


@pytest.mark.parametrize("status", [429, 503])
async def test_it_is_asked_again_when_the_server_says_when(
    world: PortalHandle, portal: PortalChannel, status: int
) -> None:
    there = world.write("Hello")
    world.server.fail(Fault("status", "GET", status=status, retry_after="0", times=2))
    assert numbers(arrived(await collect(portal))) == [there]


@pytest.mark.parametrize("when", ["3600", "date", "soon", "", "9" * 400, "\u00b2"])
async def test_what_takes_too_long_is_left_for_later(
    world: PortalHandle, portal: PortalChannel, when: str
) -> None:
    if when == "date":
        when = format_datetime(world.clock() + timedelta(hours=1), usegmt=True)
    world.server.fail(Fault("status", "GET", status=429, retry_after=when, times=None))
    begun = time.monotonic()
    with pytest.raises(ConnectionLost, match="slow down"):
        await collect(portal)
    assert time.monotonic() - begun < 1
    assert world.asked() == 1


async def test_a_date_that_has_passed_is_now(world: PortalHandle, portal: PortalChannel) -> None:
    when = format_datetime(world.clock() - timedelta(hours=1), usegmt=True)
    there = world.write("Hello")
    world.server.fail(Fault("status", "GET", status=429, retry_after=when))
    assert numbers(arrived(await collect(portal))) == [there]


@pytest.mark.parametrize(
    "link",
    ["../x", "a/../../x", "%2e%2e/x", "a/%2E%2E/%2e%2e/x", "..%2fx", "..%5cx", "%252e%252e/x",
     "//elsewhere.example/x", "https://elsewhere.example/fhir/x"],
)  # fmt: skip
async def test_a_link_above_the_base_is_not_followed(
    world: PortalHandle, portal: PortalChannel, link: str
) -> None:
    assert portal.portal.resolve(link) == ""
    assert portal.portal.resolve("Binary/a..b") == f"{world.server.base_url}/Binary/a..b"


async def test_a_link_to_another_host_is_not_followed(opened: Opening, world: PortalHandle) -> None:
    world.server.manners.links = "far"
    there = [world.write(str(number)) for number in range(6)]
    found = arrived(await collect(opened(world, world.settings(page_size=2))))
    assert sorted(numbers(found), key=int) == there
    assert {one.host for one in world.server.seen} == {f"127.0.0.1:{world.server.port}"}


async def test_people_who_cannot_be_had_hold_a_message_back_for_a_while(
    world: PortalHandle, portal: PortalChannel
) -> None:
    there = world.write("Hello")
    world.server.fail(Fault("status", "GET", "Patient", times=None))
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            await collect(portal)
    (item,) = arrived(await collect(portal))
    assert (item.remote.item, item.complete) == (there, False)
    world.server.faults.clear()
    whole = await portal.fetch_whole(item.remote)
    sender = portal.convert(whole).sender
    assert whole.complete
    assert sender is not None
    assert sender.name == "Rosa Jimenez"


async def test_people_we_may_not_see_hold_nothing_back(
    world: PortalHandle, portal: PortalChannel
) -> None:
    there = world.write("Hello")
    world.server.fail(Fault("status", "GET", "Patient", status=403, times=None))
    (item,) = arrived(await collect(portal))
    assert (item.remote.item, item.complete) == (there, True)
    assert portal.convert(item).text == "Hello"

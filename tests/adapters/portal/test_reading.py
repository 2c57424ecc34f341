"""Reading a portal: one question when nothing is new, later versions, strangers in the list."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from adapters.portal.channel import PortalChannel
from inbox.channel import RawItem
from inbox.errors import ServerRefused
from inbox.message import Nature
from tests.adapters.handle import arrived, collect, numbers, stored
from tests.adapters.portal.conftest import Opening
from tests.adapters.portal.test_any_order import BAD_DAYS
from tests.adapters.portal.world import DANA, LUIS, OFFICE, ROSA, PortalHandle, broken_off


async def everything(channel: PortalChannel) -> list[RawItem]:
    return [item for batch in await collect(channel) for item in batch.items]


# ---- how much is asked -----------------------------------------------------------------------


@pytest.mark.parametrize("day", BAD_DAYS)
async def test_nothing_new_is_one_request(opened: Opening, world: PortalHandle, day: str) -> None:
    for name, value in BAD_DAYS[day].items():
        setattr(world.server.manners, name, value)
    for number in range(30):
        world.write(f"words {number}")
        world.clock.advance(minutes=1)
    channel = opened(world, world.settings(page_size=7))
    cursors = stored(await collect(channel))
    cursors = stored(await collect(channel, cursors), cursors)
    for _ in range(3):
        world.clock.advance(seconds=20)
        before = len(world.server.seen)
        assert arrived(await collect(channel, cursors)) == []
        assert len(world.server.seen) - before == 1


async def test_one_new_message_is_asked_for_with_few_requests(
    world: PortalHandle, portal: PortalChannel
) -> None:
    world.write("one")
    cursors = stored(await collect(portal))
    there = world.write("two")
    before = len(world.server.seen)
    assert numbers(arrived(await collect(portal, cursors))) == [there]
    assert len(world.server.seen) - before == 1


async def test_people_are_asked_for_together_and_once(opened: Opening, world: PortalHandle) -> None:
    for number in range(30):
        world.add("Patient", f"p{number}", name=f"Pat {number}")
        for _ in range(2):
            world.write("Hello", by=f"Patient/p{number}", subject=None)
    items = await everything(opened(world))
    assert len(items) == 60
    assert world.asked("/Patient") == 1
    names = {opened(world).convert(item).sender for item in items}
    assert {one.name for one in names if one is not None} == {f"Pat {n}" for n in range(30)}


async def test_waiting_ends_when_somebody_writes(
    world: PortalHandle, portal: PortalChannel
) -> None:
    await collect(portal)
    world.write("Hello")
    before = len(world.server.seen)
    await portal.wait(20)
    assert len(world.server.seen) - before == 1


# ---- versions --------------------------------------------------------------------------------


async def test_a_later_version_is_an_item_of_its_own(
    world: PortalHandle, portal: PortalChannel
) -> None:
    there = world.write("See you", by=OFFICE, status="in-progress")
    batches = await collect(portal)
    cursors = stored(batches)
    world.clock.advance(minutes=3)
    world.revise(there, status="completed")
    (later,) = [item for batch in await collect(portal, cursors) for item in batch.items]
    assert later.remote.item == f"{there}/_history/2"
    arrival = portal.convert(later)
    assert arrival.report is not None
    assert arrival.report.recipients[0].action == "delivered"
    (first,) = batches[0].items
    assert portal.convert(first).version < arrival.version
    assert first.received_at == later.received_at


async def test_a_message_that_changed_long_after_it_came(
    world: PortalHandle, portal: PortalChannel
) -> None:
    there = world.write("Wrong patient", by=DANA)
    cursors = stored(await collect(portal))
    for _ in range(3):
        world.clock.advance(days=2)
        world.write("x")
        cursors = stored(await collect(portal, cursors), cursors)
    world.clock.advance(days=2)
    world.revise(there, status="entered-in-error")
    items = [item for batch in await collect(portal, cursors) for item in batch.items]
    # Nobody remembers whether it was seen, so it comes under both names, with the same content.
    assert numbers(items) == [there, f"{there}/_history/2"]
    assert items[0].content == items[1].content
    assert portal.convert(items[1]).retracted


async def test_one_version_of_a_message_can_be_asked_for(
    world: PortalHandle, portal: PortalChannel
) -> None:
    there = world.write("one")
    (first,) = await everything(portal)
    cursors = stored(await collect(portal))
    world.clock.advance(minutes=1)
    world.revise(there, payload=[{"contentString": "two"}])
    (second,) = [item for batch in await collect(portal, cursors) for item in batch.items]
    assert (await portal.fetch_whole(second.remote)).content == second.content
    world.clock.advance(minutes=1)
    world.revise(there, payload=[{"contentString": "three"}])
    assert portal.convert(await portal.fetch_whole(second.remote)).text == "two"
    assert portal.convert(await portal.fetch_whole(first.remote)).text == "three"


async def test_drafts_are_not_for_us(world: PortalHandle, portal: PortalChannel) -> None:
    there = world.write("I think that", by=DANA, status="preparation")
    batches = await collect(portal)
    assert arrived(batches) == []
    assert (await portal.census())[0].items == frozenset()
    world.clock.advance(minutes=1)
    world.revise(there, status="in-progress")
    items = [item for one in await collect(portal, stored(batches)) for item in one.items]
    assert numbers(items)[0] == there
    assert (await portal.census())[0].items == {there}


# ---- whom and what it is about ---------------------------------------------------------------


async def test_who_wrote_and_in_which_thread(world: PortalHandle, portal: PortalChannel) -> None:
    head = world.write(topic={"text": "Fever"}, by=OFFICE, sent=None)
    one = world.write("Bring her in.", by=DANA, partOf=[{"reference": f"Communication/{head}"}])
    world.clock.advance(minutes=1)
    world.write(
        "When?",
        by=LUIS,
        partOf=[{"reference": f"Communication/{head}"}],
        inResponseTo=[{"reference": f"Communication/{one}"}],
    )
    read = {arrival.text: arrival for arrival in map(portal.convert, await everything(portal))}
    assert {one.thread_key for one in read.values()} == {f"Communication/{head}"}
    assert {one.subject for one in read.values()} == {"Fever"}
    assert read[""].nature is Nature.THREAD
    asked = read["When?"]
    assert asked.sender is not None
    assert asked.about is not None
    assert (asked.sender.name, asked.about.name) == ("Luis Jimenez", "Rosa Jimenez")
    assert asked.in_reply_to == (f"Communication/{one}",)
    assert asked.identifiers == ("https://lakeside.example/fhir/mrn|7",)
    answered = read["Bring her in."].sender
    assert answered is not None
    assert (answered.value, answered.name) == (world.line.address, "Dana Reyes")


async def test_two_patients_with_the_same_identifier_are_two(
    world: PortalHandle, portal: PortalChannel
) -> None:
    same = [{"system": "https://lakeside.example/fhir/mrn", "value": "7"}]
    world.add("Patient", "omar", name="Omar Haddad", identifier=same)
    world.write("a")
    world.write("b", by="Patient/omar", subject={"reference": "Patient/omar"})
    read = [portal.convert(item) for item in await everything(portal)]
    assert {one.identifiers for one in read} == {("https://lakeside.example/fhir/mrn|7",)}
    assert {one.sender.value for one in read if one.sender} == {ROSA, "Patient/omar"}


async def test_a_patient_nobody_knows_is_shown_by_name(
    world: PortalHandle, portal: PortalChannel
) -> None:
    world.write(
        "Hello",
        by="Patient/gone",
        subject=None,
        sender={"reference": "Patient/gone", "display": "Ann Lee"},
    )
    (item,) = await everything(portal)
    sender = portal.convert(item).sender
    assert sender is not None
    assert (sender.value, sender.name, item.complete) == ("Patient/gone", "Ann Lee", True)


async def test_a_chain_of_answers_without_headers(
    world: PortalHandle, portal: PortalChannel
) -> None:
    last = first = world.write("0", by=DANA)
    for number in range(1, 8):
        world.clock.advance(hours=1)
        last = world.write(str(number), inResponseTo=[{"reference": f"Communication/{last}"}])
    read = [portal.convert(item) for item in await everything(portal)]
    assert {one.thread_key for one in read} == {f"Communication/{first}"}
    # All are on one page, so none of them is asked for by itself.
    assert world.asked("/Communication/") == 0


@pytest.mark.parametrize("answers", [True, False])
async def test_what_a_portal_repeats_is_shown_once(
    world: PortalHandle, portal: PortalChannel, answers: bool
) -> None:
    head = f"Communication/{world.write(topic={'text': 'Drops'}, by=OFFICE, sent=None)}"
    said: list[str] = []
    last = ""
    for text in ("How many drops?", "Four a day, until Friday.", "Thank you, doctor."):
        world.clock.advance(hours=1)
        more: dict[str, Any] = {"partOf": [{"reference": head}]}
        more["payload"] = [{"contentString": one} for one in (text, *reversed(said))]
        if answers and last:
            more["inResponseTo"] = [{"reference": last}]
        last = f"Communication/{world.write(by=DANA if len(said) == 1 else ROSA, **more)}"
        said.append(text)
    world.clock.advance(hours=1)
    world.write("Short.", partOf=[{"reference": head}])
    items = await everything(portal)
    read = {one.text: one.whole for one in map(portal.convert, items) if one.text}
    assert read.keys() == {*said, "Short."}
    assert read["Thank you, doctor."].split("\n\n") == [said[2], said[1], said[0]]
    # What cannot repeat anything is kept without the words of others.
    (short,) = (one for one in items if portal.convert(one).text == "Short.")
    assert b"drops?" not in short.content


# ---- strangers -------------------------------------------------------------------------------


async def test_what_is_no_message_is_kept_and_shown(
    world: PortalHandle, portal: PortalChannel
) -> None:
    world.server.manners.strangers = [{"resourceType": "Task", "id": "t1", "status": "requested"}]
    world.server.manners.hollow = True
    there = world.write("Hello")
    items = await everything(portal)
    names = set(numbers(items))
    assert names > {there, "Task/t1"}
    assert len(names) == 3
    strange = next(item for item in items if item.remote.item == "Task/t1")
    assert json.loads(strange.content)["id"] == "t1"
    assert portal.convert(strange).nature is Nature.UNREADABLE
    assert (await portal.census())[0].items == names
    assert arrived(await collect(portal, stored(await collect(portal)))) == []


async def test_a_warning_in_a_bundle_is_no_message(
    world: PortalHandle, portal: PortalChannel
) -> None:
    world.server.manners.warns = world.server.manners.extra = True
    there = world.write("Hello")
    (item,) = await everything(portal)
    assert item.remote.item == there
    assert json.loads(item.content)["communication"]["carbonFootprint"] == {"grams": 3}


async def test_an_error_in_a_bundle_is_said_after_what_came(
    world: PortalHandle, portal: PortalChannel
) -> None:
    trouble: dict[str, Any] = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "incomplete", "diagnostics": "Rosa Jimenez"}],
    }
    world.server.manners.strangers = [trouble]
    there = world.write("Hello")
    batches, error = await broken_off(portal)
    assert numbers(arrived(batches)) == [there]
    assert isinstance(error, ServerRefused)
    assert "could not give all" in error.sentence
    assert "Rosa" not in str(error)


async def test_a_time_that_is_still_to_come_hides_nothing(
    world: PortalHandle, portal: PortalChannel
) -> None:
    far = world.clock() + timedelta(days=20_000)
    world.write("from the future", at=far, sent=None)
    world.write("now")
    cursors = stored(await collect(portal))
    for number in range(3):
        world.clock.advance(minutes=30)
        there = world.write(str(number))
        batches = await collect(portal, cursors)
        assert numbers(arrived(batches)) == [there]
        cursors = stored(batches, cursors)


async def test_versions_within_one_millisecond_are_told_apart(
    world: PortalHandle, portal: PortalChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "demo.portal.paging.instant", lambda at: at.isoformat(timespec="microseconds")
    )
    at = world.clock().replace(microsecond=123_600)
    there = world.write("one", at=at)
    cursors = stored(await collect(portal))
    held = world.server.holdings.resource(f"Communication/{there}")
    changed = {**held, "status": "entered-in-error"}
    later = at + timedelta(microseconds=200)
    world.server.holdings.change(f"Communication/{there}", changed, at=later)
    await portal.close()
    again = world.channel()
    items = [item for batch in await collect(again, cursors) for item in batch.items]
    await again.close()
    assert numbers(items) == [f"{there}/_history/2"]


# ---- late, and counted -----------------------------------------------------------------------


async def test_what_a_server_shows_late_is_found(
    world: PortalHandle, portal: PortalChannel
) -> None:
    late = world.server.holdings.add(world.made("late"), lag=timedelta(minutes=8)).id
    world.clock.advance(minutes=5)
    world.write("in time")
    cursors = stored(await collect(portal))
    world.clock.advance(minutes=4)
    assert numbers(arrived(await collect(portal, cursors))) == [late]


async def test_the_census_counts_all_now_and_then(
    world: PortalHandle, portal: PortalChannel
) -> None:
    gone, stays = world.write("gone"), world.write("stays")
    world.clock.advance(hours=2)
    new = world.write("new")
    await collect(portal)
    assert (await portal.census())[0].items == {gone, stays, new}
    world.expunge([gone])
    newer = world.write("newer")
    # What is older is taken to be there still, until all are counted again.
    assert (await portal.census())[0].items == {gone, stays, new, newer}
    world.clock.advance(hours=25)
    assert (await portal.census())[0].items == {stays, new, newer}

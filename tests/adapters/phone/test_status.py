"""What becomes of texts of ours."""

from __future__ import annotations

import pytest

from adapters.phone import folder
from adapters.phone.sms import SmsChannel
from inbox.channel import RawItem
from inbox.message import Nature
from tests.adapters.handle import (
    Handover,
    collect,
    make_outgoing,
    make_permit,
    numbers,
    stored,
)
from tests.adapters.phone.world import LINE, ROSA, PhoneHandle

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256))


def all_items(batches: list) -> list[RawItem]:  # type: ignore[type-arg]  # batches, as collected
    return [item for batch in batches for item in batch.items]


async def send(texts: SmsChannel, world: PhoneHandle, text: str = "See you.") -> str:
    outgoing = make_outgoing(world.line, world.patient, text, created_at=world.clock())
    return (await texts.send(outgoing, make_permit(outgoing), Handover(world))).provider_id


@pytest.mark.parametrize(
    ("fails_with", "action", "enhanced"),
    [(None, "delivered", ""), (30003, "failed", "4.4.1"), (30006, "failed", "5.1.1")],
)
async def test_a_text_of_ours_is_followed_to_its_end(
    world: PhoneHandle,
    texts: SmsChannel,
    fails_with: int | None,
    action: str,
    enhanced: str,
) -> None:
    world.account.phone(ROSA).fails_with = fails_with
    sid = await send(texts, world)
    first = await collect(texts)
    assert [item.remote.item for item in all_items(first)] == [sid]
    assert texts.convert(all_items(first)[0]).report is None
    cursors = stored(first)
    world.clock.advance(seconds=2)
    assert all_items(await collect(texts, cursors)) == []
    world.clock.advance(seconds=10)
    batches = await collect(texts, cursors)
    (item,) = all_items(batches)
    assert item.ours
    assert item.remote.item == f"{sid}:{'undelivered' if fails_with else 'delivered'}"
    arrival = texts.convert(item)
    assert arrival.nature is Nature.BOUNCE
    assert arrival.report is not None
    assert arrival.report.original_message_id == sid
    (told,) = arrival.report.recipients
    assert (told.address, told.action, told.status) == (ROSA, action, enhanced)
    assert bool(told.diagnostic) is (action == "failed")
    cursors = stored(batches, cursors)
    world.clock.advance(hours=1)
    another = world.channel()
    assert all_items(await collect(another, cursors)) == []
    await another.close()


async def test_one_that_is_over_when_first_seen_says_so_itself(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    sid = await send(texts, world)
    world.clock.advance(minutes=1)
    (item,) = all_items(await collect(texts))
    report = texts.convert(item).report
    assert report is not None
    assert (report.original_message_id, report.recipients[0].action) == (sid, "delivered")


async def test_one_without_a_receipt_is_not_followed_for_ever(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.account.phone(ROSA).receipts = False
    sid = await send(texts, world)
    cursors = stored(await collect(texts))
    assert sid in cursors["sent"].split('"seen"')[0]
    for _ in range(8):
        world.clock.advance(hours=10)
        batches = await collect(texts, cursors)
        assert all_items(batches) == []
        cursors = stored(batches, cursors)
    assert sid not in cursors["sent"].split('"seen"')[0]


async def test_an_end_that_comes_after_days_is_still_learned(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.account.phone(ROSA).receipts = False
    sid = await send(texts, world)
    cursors = stored(await collect(texts))
    world.clock.advance(hours=60)
    world.account.phone("+15550100199")
    world.account.send("+15550100199", LINE.address, "newer")
    cursors = stored(await collect(texts, cursors), cursors)
    world.account.text(sid).status = "delivered"
    world.clock.advance(hours=1)
    found = numbers(all_items(await collect(texts, cursors)))
    assert f"{sid}:delivered" in found


async def test_a_status_never_goes_back(world: PhoneHandle, texts: SmsChannel) -> None:
    sid = await send(texts, world)
    world.clock.advance(minutes=1)
    cursors = stored(await collect(texts))
    world.account.text(sid).more["status"] = "sending"
    world.clock.advance(minutes=20)
    assert all_items(await collect(texts, cursors)) == []


async def test_a_text_without_a_receipt_costs_no_request_at_each_poll(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.account.phone(ROSA).receipts = False
    await send(texts, world)
    cursors = stored(await collect(texts))
    for _ in range(3):
        world.clock.advance(minutes=10)
        cursors = stored(await collect(texts, cursors), cursors)
    before = world.asked()
    for _ in range(4):
        world.clock.advance(seconds=15)
        cursors = stored(await collect(texts, cursors), cursors)
        assert not await texts._news()
    assert world.asked() - before == 8


async def test_old_texts_without_a_receipt_are_asked_for_in_turn(
    world: PhoneHandle, texts: SmsChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "FOLLOWED_AT_ONCE", 2)
    monkeypatch.setattr(folder, "GLANCE", 1)
    world.account.phone(ROSA).receipts = False
    old = [world.account.send(ROSA, LINE.address, f"text {place}").sid for place in range(6)]
    cursors = stored(await collect(texts))
    world.clock.advance(hours=70)
    world.account.send("+15550100199", LINE.address, "newer")
    cursors = stored(await collect(texts, cursors), cursors)
    for sid in old:
        world.account.text(sid).status = "delivered"
    told: list[str] = []
    for _ in range(3):
        world.clock.advance(minutes=11)
        batches = await collect(texts, cursors)
        found = [one for one in numbers(all_items(batches)) if one.endswith(":delivered")]
        assert len(found) <= 3
        told += found
        cursors = stored(batches, cursors)
    assert {one.partition(":")[0] for one in told} >= set(old)

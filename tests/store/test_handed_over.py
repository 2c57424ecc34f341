"""After the handing over: what is looked up, and what is copied, each in its turn."""

from __future__ import annotations

from datetime import timedelta

from inbox.message import MessageStatus
from inbox.storage.handed_over import Uncopied
from tests.store.practice import Practice

MINUTE = timedelta(minutes=1)


async def test_the_longest_due_is_looked_up_first(practice: Practice) -> None:
    after, clock = practice.repository.handed_over, practice.clock
    rows = []
    for _ in range(3):
        rows.append(await practice.send(None, MessageStatus.UNKNOWN))
        clock.advance(MINUTE)
    ids = [row.id for row in rows]
    assert [row.id for row, _ in await after.to_look_up(clock(), 2)] == ids[:2]
    await after.looked(ids[0], 1, clock() + MINUTE)
    await after.looked(ids[1], 1, None)
    assert [(row.id, looks) for row, looks in await after.to_look_up(clock(), 9)] == [(ids[2], 0)]
    clock.advance(MINUTE)
    found = [(row.id, looks) for row, looks in await after.to_look_up(clock(), 9)]
    assert found == [(ids[2], 0), (ids[0], 1)]
    await practice.repository.outbox.settle(ids[2], MessageStatus.SENT, clock())
    assert [row.id for row, _ in await after.to_look_up(clock(), 9)] == ids[:1]


async def test_an_outcome_that_is_unknown_again_is_looked_up_again(practice: Practice) -> None:
    after, outbox = practice.repository.handed_over, practice.repository.outbox
    row = await practice.send(None, MessageStatus.UNKNOWN)
    clock = practice.clock
    await after.looked(row.id, 7, None)
    await outbox.requeue(row.id, clock(), "", "dana")
    assert await outbox.claim(clock(), "me") is not None
    await outbox.settle(row.id, MessageStatus.UNKNOWN, clock())
    assert [(one.id, looks) for one, looks in await after.to_look_up(clock(), 9)] == [(row.id, 0)]


async def test_copies_wait_until_they_are_made(practice: Practice) -> None:
    after, outbox = practice.repository.handed_over, practice.repository.outbox
    clock = practice.clock
    rows = [await practice.queue(None) for _ in range(3)]
    for row in rows:
        await outbox.claim(clock(), "me")
        await outbox.settle(row.id, MessageStatus.SENT, clock(), copy_at=clock() + MINUTE)
    assert await after.to_copy(clock(), 9) == []
    clock.advance(MINUTE)
    assert [row.id for row in await after.to_copy(clock(), 2)] == [rows[0].id, rows[1].id]
    assert await after.uncopied() == [], "nobody has tried yet"
    await after.copied(rows[0].id)
    for row, why in zip(rows[1:], ("The line dropped.", "The mailbox is full."), strict=True):
        await after.not_copied(row.id, why, clock() + MINUTE)
    assert await after.to_copy(clock(), 9) == []
    assert await after.uncopied() == [Uncopied("front-desk", 2, "The mailbox is full.")]
    clock.advance(MINUTE)
    for row in await after.to_copy(clock(), 9):
        await after.copied(row.id)
    assert await after.uncopied() == []

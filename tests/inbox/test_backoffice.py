"""Who works when several processes have a folder open, and what a disk in trouble costs."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from inbox import backoffice
from inbox.backoffice import BackOffice
from inbox.channel import Batch, HandingOver, Receipt
from inbox.errors import StoreError, TwowayError
from inbox.gate import Permit
from inbox.line import LineState
from inbox.message import MessageStatus
from inbox.outgoing import Outgoing
from store.database import SqliteRepository
from tests.inbox.conftest import House

HALF_A_MINUTE = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens every few seconds happens at once."""
    for name in ("_RENEW_EVERY", "_RECOVER_EVERY", "_TROUBLE_PAUSE", "_COPY_EVERY"):
        monkeypatch.setattr(backoffice, name, 0.02)


def another(house: House, holder: str, trouble: list[TwowayError] | None = None) -> BackOffice:
    """The back office of another process on the same folder."""
    return BackOffice(
        house.repository,
        house.practice,
        house.gate,
        house.channels,
        house.clock,
        holder,
        on_trouble=None if trouble is None else trouble.append,
    )


@asynccontextmanager
async def running(office: BackOffice) -> AsyncIterator[None]:
    task = asyncio.create_task(office.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(probe: Callable[[], Awaitable[object] | object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            found = probe()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            await asyncio.sleep(0.01)


async def queued(house: House, text: str = "Yes") -> int:
    """An answer to Ann, to leave at once; the id of its row."""
    await house.arrive("ann@example.com", "Can I come?", id="1@example.com")
    [conversation] = await house.rows()
    draft = replace(await house.desk.reply_draft(conversation.id), text=text)
    return (await house.desk.send(draft, undo=False)).id


async def status(house: House, outbox_id: int) -> MessageStatus:
    return (await house.repository.outbox.get(outbox_id)).status


async def set_writable(house: House, *, writable: bool) -> None:
    assert isinstance(house.repository, SqliteRepository)
    word = "OFF" if writable else "ON"

    def switch(db: sqlite3.Connection) -> None:
        db.execute(f"PRAGMA query_only = {word}")

    await house.repository._connections[0].run(switch)


async def take_lease(house: House, holder: str) -> None:
    """Another process has taken over while this one slept."""
    house.clock.advance(HALF_A_MINUTE + timedelta(seconds=1))
    leases = house.repository.leases
    assert await leases.acquire("back office", holder, house.clock(), HALF_A_MINUTE)


async def test_who_has_lost_the_lease_stops_working_and_waits_for_it(house: House) -> None:
    office = another(house, "asleep")
    outbox_id = await queued(house)
    await house.outbox.deliver_due()
    await house.repository.leases.release("test")
    async with running(office):
        await until(lambda: office.working)
        await take_lease(house, "awake")
        await until(lambda: not office.working)
        [row] = await house.rows()
        draft = replace(await house.desk.reply_draft(row.id), text="More")
        later = await house.desk.send(draft, "She asked for it.", undo=False)
        await asyncio.sleep(0.2)
        assert await status(house, later.id) is MessageStatus.QUEUED, "it still worked"
        await house.repository.leases.release("awake")
        await until(lambda: office.working)

        async def left() -> bool:
            return await status(house, later.id) is MessageStatus.SENT

        await until(left)
    assert await status(house, outbox_id) is MessageStatus.SENT


async def test_what_a_dead_process_left_is_taken_up_while_others_work(house: House) -> None:
    async with running(another(house, "here")):
        await asyncio.sleep(0.1)
        row = await queued(house)
        # A process of this machine that is gone by now had taken it.
        await house.repository.outbox.claim(house.clock() + timedelta(hours=1), "gone")

        async def left() -> bool:
            return await status(house, row) is MessageStatus.SENT

        await until(left)


async def test_what_this_process_left_off_is_taken_up_and_what_it_sends_is_not(
    house: House,
) -> None:
    row = await queued(house)
    handed, go_on = asyncio.Event(), asyncio.Event()
    send = house.channels["front-desk"].send

    async def slow(outgoing: Outgoing, permit: Permit, handing_over: HandingOver) -> Receipt:
        async def noticed() -> None:
            await handing_over()
            handed.set()
            await go_on.wait()

        return await send(outgoing, permit, noticed)

    house.channels["front-desk"].send = slow  # type: ignore[method-assign]  # a slow server
    sending = asyncio.create_task(house.outbox.deliver_due())
    await handed.wait()
    assert await house.outbox.recover() == 0, "it is being sent"
    go_on.set()
    await sending
    assert await status(house, row) is MessageStatus.SENT

    [conversation] = await house.rows()
    draft = replace(await house.desk.reply_draft(conversation.id), text="More")
    again = await house.desk.send(draft, "She asked for it.", undo=False)
    handed.clear()
    go_on.clear()
    sending = asyncio.create_task(house.outbox.deliver_due())
    await handed.wait()
    sending.cancel()
    with suppress(asyncio.CancelledError):
        await sending
    assert await house.outbox.recover() == 1
    assert await status(house, again.id) is MessageStatus.UNKNOWN


async def test_a_long_send_of_the_command_line_stays_alive(house: House) -> None:
    row = await queued(house)
    handed, go_on = asyncio.Event(), asyncio.Event()
    send = house.channels["front-desk"].send

    async def slow(outgoing: Outgoing, permit: Permit, handing_over: HandingOver) -> Receipt:
        await handing_over()
        handed.set()
        await go_on.wait()
        return await send(outgoing, permit, _nothing)

    house.channels["front-desk"].send = slow  # type: ignore[method-assign]  # a slow server
    sending = asyncio.create_task(another(house, "command").deliver_due())
    await handed.wait()
    for _ in range(4):
        house.clock.advance(seconds=20)
        await asyncio.sleep(0.1)
        assert "command" in await house.repository.leases.alive(house.clock())
        await house.outbox.recover()
        assert await status(house, row) is MessageStatus.SENDING
    go_on.set()
    await sending
    assert await status(house, row) is MessageStatus.SENT


@pytest.mark.parametrize("refuse", [False, True])
async def test_what_became_of_a_message_is_kept_until_the_disk_takes_it(
    house: House, refuse: bool
) -> None:
    row = await queued(house)
    if refuse:
        house.servers["front-desk"].refuses.add("ann@example.com")
    channel = house.channels["front-desk"]
    send = channel.send

    async def fill(outgoing: Outgoing, permit: Permit, handing_over: HandingOver) -> Receipt:
        try:
            return await send(outgoing, permit, handing_over)
        finally:
            await set_writable(house, writable=False)

    channel.send = fill  # type: ignore[method-assign]  # the disk fills at this very moment
    for _ in range(2):
        with pytest.raises(StoreError):
            await house.outbox.deliver_due()
        assert await status(house, row) is MessageStatus.SENDING
    await set_writable(house, writable=True)
    assert await house.outbox.recover() == 0, "its outcome is known"
    await house.outbox.deliver_due()
    wanted = MessageStatus.FAILED if refuse else MessageStatus.SENT
    assert await status(house, row) is wanted
    assert len(house.servers["front-desk"].sent) == (0 if refuse else 1)


async def test_a_full_disk_stops_nobody_s_message_and_is_told(house: House) -> None:
    trouble: list[TwowayError] = []
    async with running(another(house, "here", trouble)):

        async def ready() -> bool:
            health = await house.repository.lines.health()
            return {one.state for one in health.values()} == {LineState.READY}

        await until(ready)
        await set_writable(house, writable=False)
        await until(lambda: trouble)
        house.servers["front-desk"].deliver(
            "ann@example.com", "Are you there?", to=["frontdesk@lakeside.example"]
        )
        await asyncio.sleep(0.2)
        await set_writable(house, writable=True)

        async def there() -> bool:
            return bool(await house.rows())

        await until(there, 10.0)


async def test_a_taken_back_message_lies_over_what_was_begun_since(house: House) -> None:
    await house.arrive("ann@example.com", "Can I come?", id="1@example.com")
    [row] = await house.rows()
    first = await house.desk.send(replace(await house.desk.reply_draft(row.id), text="At ten."))
    house.clock.advance(seconds=3)
    newer = replace(await house.desk.reply_draft(row.id), text="And bring your form.")
    await house.desk.keep_draft(newer)

    taken = await house.desk.undo(first.id)

    assert taken is not None
    assert taken.text == "At ten."
    assert (await house.desk.reply_draft(row.id)).text == "At ten."
    assert await house.desk.drafts_below(taken) == 1
    turned = await house.desk.next_draft(taken)
    assert turned is not None
    assert turned.text == "And bring your form."
    again = await house.desk.send(turned, undo=False)
    assert again.draft.text == "And bring your form."
    assert (await house.desk.reply_draft(row.id)).text == "At ten."
    await house.desk.drop_draft(taken)
    assert (await house.desk.reply_draft(row.id)).text == ""


async def test_old_unknown_outcomes_are_looked_up_however_many_others_wait(house: House) -> None:
    row = await queued(house)
    claimed = await house.repository.outbox.claim(house.clock(), "gone")
    assert claimed is not None
    await house.repository.outbox.settle(row, MessageStatus.UNKNOWN, house.clock())
    asked: list[int] = []

    async def locate(outgoing: Outgoing) -> object:
        asked.append(outgoing.outbox_id)
        return await real(outgoing)

    real = house.channels["front-desk"].locate
    house.channels["front-desk"].locate = locate  # type: ignore[assignment,method-assign]  # counts
    await house.handed_over.reconcile()
    await house.handed_over.reconcile()
    assert asked == [row]
    for _ in range(30):
        house.clock.advance(hours=7)
        await house.handed_over.reconcile()
    assert asked == [row] * 8, "after that it is a person's turn"


async def _nothing() -> None:
    """The point of no return was passed already."""


async def test_what_only_this_process_cannot_read_is_no_trouble_of_the_line(
    house: House,
) -> None:
    await house.sync()
    before = await house.repository.lines.health()
    await house.back_office.close()
    await take_lease(house, "the inbox")
    house.servers["front-desk"].down = True

    troubles = await another(house, "doctor").sync_once()

    assert [one.sentence for one in troubles.values()] == ["The server does not answer."]
    after = await house.repository.lines.health()
    assert after["front-desk"] == before["front-desk"]

    await house.repository.leases.release("the inbox")
    await another(house, "doctor").sync_once()
    assert (await house.repository.lines.health())["front-desk"].sentence


async def test_a_line_that_fails_in_a_way_nobody_foresaw_stops_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange, *others = house.channels.values()

    async def fetch(cursors: Mapping[str, str]) -> AsyncIterator[Batch]:
        for line_id in cursors:
            yield Batch(line_id, "", (), "")
        raise KeyError("sid of a patient")

    monkeypatch.setattr(strange, "fetch", fetch)
    troubles = await another(house, "test").sync_once()
    assert list(troubles) == [strange.line.id]
    assert "could not make out" in troubles[strange.line.id].sentence
    assert "patient" not in str(troubles[strange.line.id])
    await house.repository.leases.release("test")
    async with running(another(house, "office")) as _:
        for line_id in [other.line.id for other in others]:

            async def read(line_id: str = line_id) -> bool:
                health = (await house.repository.lines.health()).get(line_id)
                return health is not None and health.state is LineState.READY

            await until(read)

        async def retrying() -> bool:
            health = (await house.repository.lines.health())[strange.line.id]
            return health.state is LineState.RETRYING

        await until(retrying)

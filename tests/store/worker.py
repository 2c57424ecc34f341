"""A process that fetches, files, sends and records until it is killed; it says what is durable.

Run as `python -m tests.store.worker FOLDER ROUND`.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inbox.message import Direction, MessageStatus
from inbox.record import RecordContext, communication
from inbox.repository import Filing
from store.database import SqliteRepository, open_repository
from tests.clock import FakeClock
from tests.store.practice import DESK, Practice, arrival, batch, item

LINE = "front-desk"
PATIENT = "p1"


def say(what: str) -> None:
    print(what, flush=True)


async def work(folder: Path, turn: int) -> None:
    clock = FakeClock(datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=turn))
    repository = await open_repository(folder, clock)
    say("open")
    number = int((await repository.raw.cursors(LINE)).get("INBOX", "0"))
    while True:
        clock.advance(seconds=30)
        items = [item(number + offset) for offset in range(1, 6)]
        number += 5
        await repository.raw.save_batch(LINE, batch(*items, cursor=str(number)), clock())
        say(f"saved {number}")
        await file_all(repository, clock)
        await send(repository, clock)
        await record(repository, clock)


async def file_all(repository: SqliteRepository, clock: FakeClock) -> None:
    waiting = await repository.raw.unfiled(LINE, 50)
    async with repository.batch():
        for found in waiting:
            own = int(found.item.remote.item)
            await repository.filing.file(
                Filing(
                    found.raw_id,
                    LINE,
                    arrival(f"number {own}", message_id=f"{own}@example.com"),
                    Direction.INBOUND,
                    MessageStatus.RECEIVED,
                    clock(),
                    conversations=(1,) if own % 3 == 0 else (),
                    patient_id=PATIENT if own % 5 == 0 else None,
                )
            )
    for found in waiting:
        say(f"filed {found.item.remote.item}")


async def send(repository: SqliteRepository, clock: FakeClock) -> None:
    practice = Practice(repository, clock)
    await practice.queue(1, promises=(practice.promise(),))
    claimed = await repository.outbox.claim(clock(), "worker")
    if claimed is not None:
        await repository.outbox.handing_over(claimed.id, "worker")
        say(f"handing {claimed.id}")
        await repository.outbox.settle(
            claimed.id, MessageStatus.SENT, clock(), copy_raw=b"copy %d" % claimed.id
        )
        say(f"settled {claimed.id}")


async def record(repository: SqliteRepository, clock: FakeClock) -> None:
    for due in await repository.records.due(10):
        context = RecordContext(due.patient_id, DESK.value)
        await repository.records.write(
            due.patient_id, [(due, communication(due.message, context, clock()))]
        )
        say(f"recorded {due.message.uuid}")


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), int(sys.argv[2])))

"""Work that is done in one go, in the storage's own thread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from inbox.errors import NotFound
from store.database import SqliteRepository
from tests.store.practice import ROSA_PATIENT, Practice


async def test_it_is_whole_and_reads_its_own_writes(
    repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()

    async def work() -> tuple[str, bool]:
        await repository.conversations.assign(conversation, "dana")
        await repository.patients.save([ROSA_PATIENT])
        row = await repository.conversations.row(conversation)
        return row.assigned_to, threading.current_thread() is threading.main_thread()

    assert await repository.at_once(work) == ("dana", False)
    assert (await practice.row(conversation)).assigned_to == "dana"
    assert await repository.patients.get("p1") == ROSA_PATIENT


async def test_an_exception_undoes_it(repository: SqliteRepository, practice: Practice) -> None:
    conversation = await practice.conversation()

    async def work() -> None:
        await repository.conversations.assign(conversation, "dana")
        raise NotFound("Nobody is there.")

    with pytest.raises(NotFound):
        await repository.at_once(work)
    assert (await practice.row(conversation)).assigned_to == ""
    await repository.conversations.assign(conversation, "lee")
    assert (await practice.row(conversation)).assigned_to == "lee"


async def test_a_batch_inside_is_undone_by_itself(
    repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()

    async def inner() -> None:
        async with repository.batch():
            await repository.conversations.snooze(conversation, practice.clock())
            raise RuntimeError("no")

    async def work() -> None:
        await repository.conversations.assign(conversation, "dana")
        with pytest.raises(RuntimeError, match="no"):
            await inner()
        with pytest.raises(NotFound):
            await practice.receive(into=(conversation, 999))

    await repository.at_once(work)
    row = await practice.row(conversation)
    assert (row.assigned_to, row.snoozed_until, row.messages) == ("dana", None, 1)


async def test_inside_a_batch_it_is_a_part_of_it(
    repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()

    async def work() -> None:
        await repository.conversations.assign(conversation, "dana")

    async def batch() -> None:
        async with repository.batch():
            await repository.at_once(work)
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await batch()
    assert (await practice.row(conversation)).assigned_to == ""


async def test_waiting_for_anything_else_is_refused_and_undone(
    repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()

    async def work() -> None:
        await repository.conversations.assign(conversation, "dana")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="Only the storage"):
        await repository.at_once(work)
    assert (await practice.row(conversation)).assigned_to == ""


async def test_others_write_meanwhile_in_their_turn(
    repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()

    async def work() -> None:
        for _ in range(20):
            await repository.conversations.assign(conversation, "dana")

    await asyncio.gather(
        repository.at_once(work),
        repository.conversations.snooze(conversation, practice.clock()),
        repository.at_once(work),
    )
    row = await practice.row(conversation)
    assert row.assigned_to == "dana"
    assert row.snoozed_until == practice.clock()

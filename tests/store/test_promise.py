"""The table of promises: kept with the message that makes them, found without walking."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from inbox.errors import NotFound, Stale, StoreError
from inbox.message import MessageKind, MessageStatus
from inbox.outgoing import Call, CallOutcome
from inbox.promise import Promise, PromiseKind, PromiseState
from store.database import open_repository
from tests.store.practice import ROSA, ROSA_PATIENT, Practice


async def state(practice: Practice, promise: Promise) -> PromiseState:
    again = await practice.repository.promises.get(promise.id)
    return again.state(practice.clock())


async def test_it_is_stored_with_its_message_or_not_at_all(
    practice: Practice, folder: Path
) -> None:
    conversation = await practice.conversation()
    stores = practice.repository

    async def interrupted() -> None:
        async with stores.batch():
            await practice.queue(conversation, promises=(practice.promise(),))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await interrupted()
    assert await stores.promises.latest(10) == []
    # The disk refuses the promise: then the message is not queued either.
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        db.execute(
            "CREATE TRIGGER no_promise BEFORE INSERT ON promise "
            "BEGIN SELECT raise(ABORT, 'no'); END"
        )
    with pytest.raises(StoreError):
        await practice.queue(conversation, promises=(practice.promise(),))
    assert await stores.outbox.open_rows(10) == []
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        db.execute("DROP TRIGGER no_promise")
    row = await practice.queue(
        conversation, promises=(practice.promise(), practice.promise(said="again"))
    )
    await stores.close()
    opened = await open_repository(folder, practice.clock)
    stored = await opened.promises.of_outbox(row.id)
    assert [(one.said, one.conversation_id) for one in stored] == [
        ("I'm here", row.conversation_id),
        ("again", row.conversation_id),
    ]
    await opened.close()


async def test_a_message_that_begins_a_conversation_promises_there(practice: Practice) -> None:
    row = await practice.queue(None, promises=(practice.promise(),))
    [promise] = await practice.repository.promises.live(practice.clock())
    assert (promise.conversation_id, promise.person) == (row.conversation_id, ROSA.name)


@pytest.mark.parametrize(
    ("outcome", "stands"),
    [
        (CallOutcome.REACHED, PromiseState.KEPT),
        (CallOutcome.LEFT_MESSAGE, PromiseState.OPEN),
        (CallOutcome.NO_ANSWER, PromiseState.OPEN),
    ],
)
async def test_a_call_keeps_it_when_it_reached_them(
    practice: Practice, outcome: CallOutcome, stands: PromiseState
) -> None:
    conversation = await practice.conversation()
    promise = await practice.repository.promises.add(
        practice.promise(conversation, kind=PromiseKind.ANSWER)
    )
    practice.clock.advance(minutes=1)
    row = await practice.queue(conversation, call=Call(outcome))
    await practice.repository.outbox.claim(practice.clock(), "me")
    await practice.repository.outbox.settle(row.id, MessageStatus.SENT, practice.clock())
    # What a call is stored as.
    await practice.repository._transactions.write(
        lambda writing: writing.db.execute(
            "UPDATE message SET kind = :kind WHERE id = :id",
            {"kind": MessageKind.CALL.value, "id": row.message_id},
        )
    )
    await practice.repository.outbox.settle(row.id, MessageStatus.DELIVERED, practice.clock())
    assert await state(practice, promise) is stands


async def test_a_message_made_by_a_list_is_no_answer(practice: Practice) -> None:
    conversation = await practice.conversation()
    promise = await practice.repository.promises.add(
        practice.promise(conversation, kind=PromiseKind.ANSWER)
    )
    practice.clock.advance(minutes=1)
    await practice.send(conversation, automatic=True)
    assert await state(practice, promise) is PromiseState.OPEN
    await practice.send(conversation)
    assert await state(practice, promise) is PromiseState.KEPT


async def test_an_answer_that_bounces_later_keeps_it_no_more(practice: Practice) -> None:
    conversation = await practice.conversation()
    promise = await practice.repository.promises.add(
        practice.promise(conversation, kind=PromiseKind.ANSWER)
    )
    practice.clock.advance(minutes=1)
    row = await practice.send(conversation)
    assert await state(practice, promise) is PromiseState.KEPT
    await practice.repository.outbox.settle(row.id, MessageStatus.FAILED, practice.clock())
    assert await state(practice, promise) is PromiseState.OPEN


async def test_an_answer_from_another_program_keeps_it(practice: Practice) -> None:
    conversation = await practice.conversation()
    promise = await practice.repository.promises.add(practice.promise(conversation))
    practice.clock.advance(minutes=1)
    await practice.receive("Which door?", into=conversation)
    practice.clock.advance(minutes=1)
    assert await state(practice, promise) is PromiseState.CALLED_ON
    await practice.send_elsewhere(conversation)
    assert await state(practice, promise) is PromiseState.OPEN
    practice.clock.advance(hours=1)
    assert await state(practice, promise) is PromiseState.KEPT


async def test_a_merge_takes_the_promises_along(practice: Practice) -> None:
    await practice.repository.patients.save([ROSA_PATIENT])
    one, other = await practice.conversation("one"), await practice.conversation("other")
    promise = await practice.repository.promises.add(practice.promise(other))
    practice.clock.advance(minutes=1)
    await practice.receive("both", into=(one, other))
    merged = await practice.repository.promises.get(promise.id)
    assert merged.conversation_id == one
    assert [each.id for each in await practice.repository.promises.of_conversation(other)] == [
        promise.id
    ]
    assert merged.state(practice.clock()) is PromiseState.CALLED_ON


async def test_withdrawing_and_passing_on_happen_once(practice: Practice) -> None:
    stores = practice.repository
    conversation = await practice.conversation()
    await stores.conversations.assign(conversation, "dana")
    promise = await stores.promises.add(practice.promise(conversation))
    assert await stores.promises.make_everybodys(promise.id, practice.clock())
    assert not await stores.promises.make_everybodys(promise.id, practice.clock())
    assert (await practice.row(conversation)).assigned_to == ""
    await stores.promises.withdraw(promise.id, practice.clock(), "sam", "\ud800 why")
    with pytest.raises(Stale):
        await stores.promises.withdraw(promise.id, practice.clock(), "sam", "why")
    with pytest.raises(NotFound):
        await stores.promises.get(99)
    with pytest.raises(NotFound):
        await stores.promises.add(practice.promise(99))


async def test_many_open_promises_are_all_called_on_and_kept(practice: Practice) -> None:
    stores = practice.repository
    conversation = await practice.conversation()
    for _ in range(25):
        await stores.promises.add(practice.promise(conversation))
    practice.clock.advance(minutes=1)
    await practice.receive("Which door?", into=conversation)
    standing = await stores.promises.live(practice.clock())
    assert [one.state(practice.clock()) for one in standing] == [PromiseState.CALLED_ON] * 25
    practice.clock.advance(minutes=1)
    await practice.send(conversation)
    standing = await stores.promises.live(practice.clock())
    assert [one.state(practice.clock()) for one in standing] == [PromiseState.OPEN] * 25
    practice.clock.advance(hours=1)
    assert await stores.promises.live(practice.clock()) == []
    kept = await stores.promises.latest(100)
    assert [one.state(practice.clock()) for one in kept] == [PromiseState.KEPT] * 25


async def test_the_latest_come_page_by_page(practice: Practice) -> None:
    stores = practice.repository
    conversation = await practice.conversation()
    made = [(await stores.promises.add(practice.promise(conversation))).id for _ in range(5)]
    first = await stores.promises.latest(2)
    rest = await stores.promises.latest(10, before=first[-1].id)
    assert [one.id for one in (*first, *rest)] == made[::-1]


async def test_what_was_withdrawn_is_never_told_as_kept(practice: Practice) -> None:
    stores = practice.repository
    conversation = await practice.conversation()
    promise = await stores.promises.add(practice.promise(conversation, kind=PromiseKind.ANSWER))
    await stores.promises.withdraw(promise.id, practice.clock(), "dana", "she called")
    practice.clock.advance(minutes=1)
    await practice.send(conversation)
    assert await stores.promises.ended(practice.clock()) == []

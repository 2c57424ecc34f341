"""What a transaction puts off to its end is done before anybody can tell."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox.conversation import ConversationState
from store import search_index, state
from store.database import SqliteRepository
from tests.store.practice import Practice


@pytest.fixture
def derived(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Conversations whose state was derived, each time it was."""
    ids: list[int] = []
    refresh = state.refresh

    def noted(db: object, conversation_id: int) -> None:
        ids.append(conversation_id)
        refresh(db, conversation_id)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(state, "refresh", noted)
    return ids


async def test_a_state_is_derived_once_for_many_messages(
    repository: SqliteRepository, practice: Practice, derived: list[int]
) -> None:
    conversation = await practice.conversation()
    raws = [await practice.store() for _ in range(5)]
    derived.clear()

    async def work() -> None:
        for raw_id in raws:
            await practice.file(raw_id, into=conversation)

    await repository.at_once(work)
    assert derived == [conversation]
    assert (await practice.row(conversation)).messages == 6


async def test_whoever_looks_inside_sees_the_state_as_it_is(
    repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()
    await practice.send_elsewhere(conversation)
    practice.clock.advance(timedelta(minutes=1))
    raw_id = await practice.store()
    before = await practice.row(conversation)

    async def work() -> ConversationState:
        await practice.file(raw_id, into=conversation)
        return (await practice.row(conversation)).state

    assert before.state is ConversationState.WAITING
    assert await repository.at_once(work) is ConversationState.NEEDS_REPLY


async def test_what_is_undone_is_not_derived(
    repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()
    raw_id = await practice.store()

    async def inner() -> None:
        async with repository.batch():
            await practice.file(raw_id, into=conversation)
            raise RuntimeError("no")

    async def work() -> None:
        with pytest.raises(RuntimeError, match="no"):
            await inner()

    await repository.at_once(work)
    assert (await practice.row(conversation)).messages == 1


async def test_a_long_conversation_is_derived_before_its_end_is_out_of_sight(
    repository: SqliteRepository, practice: Practice, derived: list[int]
) -> None:
    conversation = await practice.conversation()
    raws = [await practice.store() for _ in range(45)]
    derived.clear()

    async def work() -> None:
        for raw_id in raws:
            await practice.file(raw_id, into=conversation)

    await repository.at_once(work)
    assert derived == [conversation] * 3


async def test_newest_first_is_indexed_oldest_first(
    repository: SqliteRepository, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    raws = [await practice.store() for _ in range(4)]
    now, put = practice.clock(), []
    entry = search_index._entry

    def noted(db: object, message_id: int) -> object:
        found = entry(db, message_id)  # type: ignore[arg-type]  # passed on as it came
        put.append(found["search_id"])
        return found

    monkeypatch.setattr(search_index, "_entry", noted)

    async def work() -> None:
        for hours, raw_id in enumerate(raws):
            await practice.file(raw_id, at=now - timedelta(hours=hours))

    await repository.at_once(work)
    assert len(put) == 4
    assert put == sorted(put)

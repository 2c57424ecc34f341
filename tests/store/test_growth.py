"""Nothing on the screen's path is more work in a long conversation or a large mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from inbox.channel import Batch, RawItem, RemoteId
from inbox.conversation import ListState
from inbox.message import Direction, MessageStatus
from inbox.repository import Filing
from store.database import SqliteRepository, open_repository
from tests.clock import FakeClock
from tests.store.practice import arrival
from tests.store.seed import LINE, NOW, seed

_SHORT, _LONG = 1_500, 9_000
"""Both longer than what is counted at most."""
_STEP = 10
"""Instructions of SQLite that are counted together."""
_PAGE = 100
Ask = Callable[[SqliteRepository], Awaitable[Any]]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """A data folder with one short conversation, and one with a long one."""
    among = tmp_path_factory.mktemp("long")
    for size in (_SHORT, _LONG):
        seed(among / str(size), size, together=True)
    return {size: among / str(size) for size in (_SHORT, _LONG)}


async def _middle(repository: SqliteRepository) -> object:
    return await repository.conversations.messages(1, before=_SHORT // 2, limit=_PAGE)


async def _answer_comes(repository: SqliteRepository) -> object:
    item = RawItem(RemoteId("INBOX", "1", "999999"), b"A new answer", NOW, 12)
    await repository.raw.save_batch(LINE, Batch("INBOX", "1", (item,), "999999"), NOW)
    (stored,) = await repository.raw.unfiled(LINE, 1)
    return await repository.filing.file(
        Filing(
            stored.raw_id,
            LINE,
            arrival("A new answer"),
            Direction.INBOUND,
            MessageStatus.RECEIVED,
            NOW + timedelta(minutes=1),
            conversations=(1,),
        )
    )


ASKS: dict[str, Ask] = {
    **{
        f"the list {listed}": partial(
            lambda listed, one: one.conversations.page(listed, NOW, limit=10), listed
        )
        for listed in ListState
        if listed is not ListState.ALL
    },
    "mine": lambda one: one.conversations.page(
        ListState.NEEDS_REPLY, NOW, limit=10, assigned_to="dana"
    ),
    "the patient's others": lambda one: one.conversations.of_patient("p3", 20),
    "the lines": lambda one: one.lines.health(),
    "the proofs": lambda one: one.lines.evidence(),
    "the outbox": lambda one: one.outbox.open_rows(50),
    "what waits in Sent": lambda one: one.handed_over.uncopied(),
    "the list": lambda one: one.conversations.page(ListState.ALL, NOW, limit=10),
    "the counts": lambda one: one.conversations.counts(NOW, NOW),
    "its row": lambda one: one.conversations.row(1),
    "the newest page": lambda one: one.conversations.messages(1, limit=_PAGE),
    "a page in the middle": _middle,
    "what it waits with": lambda one: one.conversations.newest_inbound(1),
    "the lines it used": lambda one: one.conversations.line_use(1),
    "its signals": lambda one: one.signals.of_conversation(1),
    "its promises": lambda one: one.promises.of_conversation(1, 20),
    "seen": lambda one: one.conversations.mark_seen(1, _SHORT),
    "a note": lambda one: one.conversations.add_note(1, "dana", "Called back", NOW),
    "done": lambda one: one.conversations.set_done(1, NOW),
    "open again": lambda one: one.conversations.set_done(1, None),
    "an answer that comes": _answer_comes,
}


async def _works(folder: Path) -> dict[str, int]:
    """How many instructions each takes."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    repository = await open_repository(folder, FakeClock(NOW))
    try:
        for connection in repository._connections:
            await connection.run(lambda db: db.set_progress_handler(count, _STEP))
        found = {}
        for name, ask in ASKS.items():
            counted = 0
            await ask(repository)
            found[name] = counted * _STEP
        return found
    finally:
        await repository.close()


def _grown(
    folders: dict[int, Path], but: frozenset[str] = frozenset(), slack: int = 500
) -> dict[str, Any]:
    """What is more work in the larger folder, with how much in each."""
    small, large = (asyncio.run(_works(folder)) for _, folder in sorted(folders.items()))
    return {
        name: (small[name], large[name])
        for name in ASKS
        # A tree may be one level deeper.
        if name not in but and large[name] > 1.5 * small[name] + slack
    }


def test_nothing_grows_with_the_length_of_a_conversation(folders: dict[int, Path]) -> None:
    assert not _grown(folders)


def test_nothing_grows_with_the_mailbox(tmp_path: Path) -> None:
    sizes = {size: tmp_path / str(size) for size in (_SHORT, _LONG)}
    for size, folder in sizes.items():
        seed(folder, size)
    # Counting ends at a number that these mailboxes do not reach; and the first conversation of one
    # has more messages than that of the other.
    assert not _grown(sizes, but=frozenset({"the counts"}), slack=2_500)

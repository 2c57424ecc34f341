"""What comes is kept first, once, with every place it lies at."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.channel import Census, RawItem, RemoteId
from inbox.conversation import ListState
from inbox.errors import NotFound
from inbox.line import FolderCount
from inbox.message import Direction, MessageStatus
from inbox.repository import Filing
from store import raw_content
from store.database import SqliteRepository, open_repository
from tests.clock import FakeClock
from tests.store.practice import Practice, arrival, batch, item
from tests.store.searching import hits

LINE = "front-desk"


async def test_a_batch_and_its_cursor_are_kept_together(
    repository: SqliteRepository, clock: FakeClock
) -> None:
    assert await repository.raw.cursors(LINE) == {}
    assert await repository.raw.save_batch(LINE, batch(item(1), item(2), cursor="2"), clock()) == 2
    assert await repository.raw.cursors(LINE) == {"INBOX": "2"}
    assert await repository.raw.save_batch(LINE, batch(item(2), item(3), cursor="3"), clock()) == 1
    assert await repository.raw.cursors(LINE) == {"INBOX": "3"}
    waiting = await repository.raw.unfiled(LINE, 2)
    assert [found.item for found in waiting] == [item(3), item(2)]
    assert await repository.raw.unfiled("other", 9) == []


async def test_what_is_being_filed_is_left_out(
    repository: SqliteRepository, clock: FakeClock
) -> None:
    await repository.raw.save_batch(LINE, batch(item(1), item(2), item(3)), clock())
    newest, middle, oldest = await repository.raw.unfiled(LINE, 9)
    under_way = [newest.raw_id, oldest.raw_id]
    assert await repository.raw.unfiled(LINE, 9, under_way) == [middle]


async def test_large_ones_are_not_read_together(
    repository: SqliteRepository, clock: FakeClock
) -> None:
    sizes = (100, 5_000_000, 1_500_000, 1_500_000)
    large = [
        replace(item(number, random.Random(number).randbytes(size)), size=size)
        for number, size in enumerate(sizes)
    ]
    await repository.raw.save_batch(LINE, batch(*large), clock())
    under_way: list[int] = []
    together = []
    while waiting := await repository.raw.unfiled(LINE, 9, under_way):
        together.append([found.item.remote.item for found in waiting])
        under_way += [found.raw_id for found in waiting]
    assert together == [["3", "2"], ["1"], ["0"]]


@pytest.mark.parametrize("size", [0, 10, 5000, raw_content.LARGE, 2_500_000])
async def test_bytes_come_back_as_they_were(
    repository: SqliteRepository, clock: FakeClock, size: int
) -> None:
    content = random.Random(size).randbytes(size // 2) + b"\r\n\0\xff" * (size // 8)
    raw = replace(item(1, b"x"), content=content, size=size, ours=True)
    await repository.raw.save_batch(LINE, batch(raw), clock())
    (waiting,) = await repository.raw.unfiled(LINE, 1)
    assert waiting.item == raw
    assert await repository.raw.content(waiting.raw_id) == raw


@pytest.mark.parametrize("size", [100, 2 * raw_content.LARGE + 7])
async def test_bytes_take_the_place_of_others_whatever_the_sizes(
    repository: SqliteRepository, clock: FakeClock, size: int
) -> None:
    head = replace(item(1, b"Subject: large\r\n\r\n"), complete=False, size=size)
    await repository.raw.save_batch(LINE, batch(head), clock())
    (waiting,) = await repository.raw.unfiled(LINE, 1)
    for seed, length in ((1, size), (2, 3 * raw_content.LARGE), (3, 100)):
        whole = random.Random(seed).randbytes(length)
        await repository.raw.complete(waiting.raw_id, replace(head, content=whole))
        assert (await repository.raw.content(waiting.raw_id)).content == whole


async def test_an_unknown_raw_message_is_not_found(repository: SqliteRepository) -> None:
    with pytest.raises(NotFound):
        await repository.raw.content(7)
    with pytest.raises(NotFound):
        await repository.raw.complete(7, item(1))


async def test_equal_bytes_are_one_item_at_several_places(
    repository: SqliteRepository, clock: FakeClock
) -> None:
    moved = replace(item(1), remote=RemoteId("Archive", "5", "9"))
    renumbered = replace(item(1), remote=RemoteId("INBOX", "2", "1"))
    assert await repository.raw.save_batch(LINE, batch(item(1)), clock()) == 1
    assert await repository.raw.save_batch(LINE, batch(moved, folder="Archive"), clock()) == 0
    assert await repository.raw.save_batch(LINE, batch(renumbered, epoch="2"), clock()) == 0
    assert await repository.raw.save_batch("other", batch(item(1)), clock()) == 1
    assert len(await repository.raw.unfiled(LINE, 9)) == 1


async def test_headers_of_two_large_messages_are_two_items(
    repository: SqliteRepository, clock: FakeClock
) -> None:
    head = b"Subject: scan\r\n\r\n"
    first = item(1, head, size=30_000_000, complete=False)
    second = item(2, head, size=31_000_000, complete=False)
    assert await repository.raw.save_batch(LINE, batch(first, second), clock()) == 2


async def test_a_completed_message_is_filed_again_in_its_place(
    repository: SqliteRepository, clock: FakeClock
) -> None:
    head = item(1, b"Subject: scan\r\n\r\n", size=30_000, complete=False)
    await repository.raw.save_batch(LINE, batch(head), clock())
    (waiting,) = await repository.raw.unfiled(LINE, 9)
    assert not waiting.item.complete
    filing = Filing(
        waiting.raw_id,
        LINE,
        arrival("(too large)"),
        Direction.INBOUND,
        MessageStatus.RECEIVED,
        clock(),
        partial=True,
    )
    filed = await repository.filing.file(filing)
    assert filed.message_id is not None
    before = await repository.conversations.message(filed.message_id)
    assert before.partial
    assert await repository.raw.unfiled(LINE, 9) == []

    whole = replace(head, content=head.content + b"x" * 29_000, complete=True)
    await repository.raw.complete(waiting.raw_id, whole)
    (again,) = await repository.raw.unfiled(LINE, 9)
    assert (again.raw_id, again.item) == (waiting.raw_id, whole)
    refiled = await repository.filing.file(
        replace(filing, arrival=arrival("All of it"), partial=False)
    )
    assert refiled == filed
    after = await repository.conversations.message(filed.message_id)
    assert (after.uuid, after.text, after.partial) == (before.uuid, "All of it", False)
    assert [hit.message_id for hit in await hits(repository, "all of it")] == [after.id]
    assert await hits(repository, "large") == []

    # The server numbers afresh and gives the header again: it is still the same message.
    fresh = replace(head, remote=RemoteId("INBOX", "2", "77"))
    assert await repository.raw.save_batch(LINE, batch(fresh, epoch="2"), clock()) == 0


async def test_completeness_counts_what_the_server_holds(practice: Practice) -> None:
    raw, clock = practice.repository.raw, practice.clock
    await raw.save_batch(LINE, batch(item(1), item(2), item(3)), clock())
    unreadable = (await raw.unfiled(LINE, 1))[0]
    await practice.repository.filing.file(
        Filing(
            unreadable.raw_id,
            LINE,
            arrival("raw text"),
            Direction.INBOUND,
            MessageStatus.RECEIVED,
            clock(),
            quarantined=True,
        )
    )
    census = Census("INBOX", "1", frozenset({"2", "3", "4", "10"}))
    (count,) = await raw.count(LINE, [census])
    assert count == FolderCount("INBOX", server=4, stored=1, quarantined=1)
    assert count.missing == 2
    assert await raw.missing(LINE, census, 9) == [
        RemoteId("INBOX", "1", "10"),
        RemoteId("INBOX", "1", "4"),
    ]
    assert await raw.missing(LINE, census, 1) == [RemoteId("INBOX", "1", "10")]
    # Everything was numbered afresh; what lay at the old places is stored all the same.
    fresh = Census("INBOX", "2", frozenset({"1", "2"}))
    (count,) = await raw.count(LINE, [fresh])
    assert count == FolderCount("INBOX", server=2, stored=0, quarantined=0)
    await raw.save_batch(
        LINE, batch(replace(item(2), remote=RemoteId("INBOX", "2", "1")), epoch="2"), clock()
    )
    (count,) = await raw.count(LINE, [fresh])
    assert (count.stored, count.missing) == (1, 1)


@settings(max_examples=10)
@given(data=st.data())
async def test_any_order_and_any_repetition_stores_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Batches come in any order, twice or overlapping; the same set is stored and filed."""
    clock = FakeClock()
    items = [item(n) for n in range(1, 9)] + [
        replace(item(n), remote=RemoteId("Archive", "1", str(n))) for n in (2, 5)
    ]
    chosen = data.draw(st.lists(st.lists(st.sampled_from(items), max_size=4), max_size=8))
    rest = data.draw(st.permutations(items))
    opened = await open_repository(Path(tmp_path_factory.mktemp("any")) / "data", clock)
    new = 0
    for portion in [*chosen, rest]:
        for folder in ("INBOX", "Archive"):
            part = [raw for raw in portion if raw.remote.folder == folder]
            new += await opened.raw.save_batch(LINE, batch(*part, folder=folder), clock())
            if data.draw(st.booleans()):
                await _file_all(opened, clock)
    await _file_all(opened, clock)
    assert new == 8
    page = await opened.conversations.messages(1, limit=99)
    assert sorted(message.text for message in page) == sorted(
        raw.content.decode() for raw in items[:8]
    )
    assert [message.at for message in page] == [raw.received_at for raw in items[:8]]
    census = [
        Census(folder, "1", frozenset(i.remote.item for i in items if i.remote.folder == folder))
        for folder in ("INBOX", "Archive")
    ]
    assert [count.missing for count in await opened.raw.count(LINE, census)] == [0, 0]
    row = await opened.conversations.row(1)
    assert (row.waiting_since, row.last_message_at) == (items[0].received_at, items[7].received_at)
    await opened.close()


async def _file_all(opened: SqliteRepository, clock: FakeClock) -> None:
    for found in await opened.raw.unfiled(LINE, 99):
        await opened.filing.file(_filing(found.raw_id, found.item, await _first(opened, clock)))


async def _first(opened: SqliteRepository, clock: FakeClock) -> tuple[int, ...]:
    page = await opened.conversations.page(ListState.ALL, clock(), limit=1)
    return tuple(row.id for row in page.rows)


def _filing(raw_id: int, raw: RawItem, conversations: tuple[int, ...]) -> Filing:
    return Filing(
        raw_id,
        LINE,
        arrival(raw.content.decode()),
        Direction.INBOUND,
        MessageStatus.RECEIVED,
        raw.received_at,
        conversations=conversations,
    )


async def test_the_room_that_everything_takes(
    repository: SqliteRepository, clock: FakeClock
) -> None:
    empty = await repository.raw.volume()
    assert (empty.items, empty.item_bytes, empty.bytes_each) == (0, 0, 0)
    large = item(1, b"the same words again and again " * 100_000)
    await repository.raw.save_batch(LINE, batch(large, item(2)), clock())
    volume = await repository.raw.volume()
    assert volume.items == 2
    assert volume.item_bytes == large.size + item(2).size
    assert volume.bytes_each == volume.database_bytes // 2 > 0

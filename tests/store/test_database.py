"""The data folder: who may read it, what is refused, transactions, and word of changes."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from inbox.conversation import ListState
from inbox.errors import DatabaseTooNew, NotFound, StoreError
from inbox.events import Change, ChangeKind
from inbox.outgoing import Draft
from store.connection import BUSY_TIMEOUT_MS, open_worker
from store.database import SqliteRepository, open_repository
from store.migration import LATEST
from tests.clock import FakeClock
from tests.store.practice import ROSA_PATIENT, Practice

POSIX = pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX knows them")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def inside(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def make(folder: Path, content: bytes, permissions: int = 0o700) -> None:
    """A folder with something called twoway.db in it, readable as other files are."""
    folder.mkdir(mode=permissions)
    (folder / "twoway.db").write_bytes(content)


@POSIX
async def test_only_the_owner_may_read(folder: Path, practice: Practice) -> None:
    await practice.conversation()
    modes = {path.name: mode(path) for path in inside(folder)}
    assert mode(folder) == 0o700
    assert modes.pop("records") == modes.pop("backups") == 0o700
    assert set(modes.values()) == {0o600}
    assert {"twoway.db", "twoway.db-wal"} <= set(modes)


@POSIX
async def test_a_folder_that_others_could_read_is_closed_to_them(
    folder: Path, clock: FakeClock
) -> None:
    make(folder, b"", 0o755)
    await (await open_repository(folder, clock)).close()
    assert mode(folder) == 0o700
    assert mode(folder / "twoway.db") == 0o600


async def test_a_newer_database_is_refused_and_left_alone(folder: Path, clock: FakeClock) -> None:
    await (await open_repository(folder, clock)).close()
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        db.execute("PRAGMA user_version = 900")
    before = (folder / "twoway.db").read_bytes()
    with pytest.raises(
        DatabaseTooNew, match=rf"version 900, and this Twoway knows .* up to {LATEST}"
    ) as e:
        await open_repository(folder, clock)
    assert "newer Twoway" in e.value.hint
    assert (folder / "twoway.db").read_bytes() == before


async def test_what_is_no_database_is_refused(folder: Path, clock: FakeClock) -> None:
    make(folder, b"Dear diary, " * 1000)
    with pytest.raises(StoreError, match="is not a database"):
        await open_repository(folder, clock)


def test_no_thread_outlives_a_refusal(folder: Path) -> None:
    make(folder, b"Dear diary, " * 1000)

    async def refused() -> list[threading.Thread]:
        before = set(threading.enumerate())
        with pytest.raises(StoreError):
            await open_worker(folder / "twoway.db")
        return [
            one
            for one in threading.enumerate()
            if one not in before and "connection_worker" in one.name
        ]

    for _ in range(20):
        assert asyncio.run(refused()) == []


async def test_another_programs_database_is_refused(folder: Path, clock: FakeClock) -> None:
    make(folder, b"")
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        db.execute("CREATE TABLE recipe (name TEXT)")
    with pytest.raises(StoreError, match="another program"):
        await open_repository(folder, clock)


async def test_a_damaged_database_is_told(folder: Path, clock: FakeClock) -> None:
    opened = await open_repository(folder, clock)
    practice = Practice(opened, clock)
    for _ in range(30):
        await practice.conversation("words " * 200)
    await opened.close()
    path = folder / "twoway.db"
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)

    async def look() -> None:
        damaged = await open_repository(folder, clock)
        try:
            await damaged.conversations.page(ListState.ALL, clock())
        finally:
            await damaged.close()

    with pytest.raises(StoreError, match="damaged"):
        await look()


async def test_a_file_in_the_way_is_told(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreError) as caught:
        await open_repository(tmp_path / "data", clock)
    assert caught.value.hint


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="needs root to become somebody else"
)
async def test_a_folder_of_somebody_else_is_told(folder: Path, clock: FakeClock) -> None:
    """Run as nobody, for whom the folder is read-only."""
    await (await open_repository(folder, clock)).close()
    for part in (folder, *folder.parents):
        if part.is_relative_to("/tmp") and part != Path("/tmp"):  # noqa: S108 - pytest's own
            part.chmod(0o755)
    (folder / "twoway.db").chmod(0o644)
    program = (
        "import asyncio, concurrent.futures.thread, sys, os\n"
        "from pathlib import Path\n"
        "from inbox.clock import utc_now\n"
        "from inbox.errors import StoreError\n"
        "from store.database import open_repository\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try:\n"
        "    asyncio.run(open_repository(Path(sys.argv[1]), utc_now))\n"
        "except StoreError as error:\n"
        "    print(error)\n"
    )
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program, str(folder)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.startswith("The data folder cannot be written to."), done.stderr


async def test_a_full_disk_is_told_and_nothing_is_half_stored(
    repository: SqliteRepository, practice: Practice
) -> None:
    first = await practice.conversation()
    before = await practice.row(first)
    writer = repository._connections[0]
    pages = await writer.run(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await writer.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 3}").fetchall())
    with pytest.raises(StoreError, match="disk is full") as caught:
        await practice.receive("long words " * 5000, into=first)
    assert "Free some space" in caught.value.hint

    # Inside a batch SQLite gives up the whole transaction: all of it is undone, and said so.
    async def batch() -> None:
        async with repository.batch():
            await repository.conversations.assign(first, "dana")
            with pytest.raises(StoreError, match="disk is full"):
                await repository.blobs.put(os.urandom(100_000))

    with pytest.raises(StoreError, match="nothing of this"):
        await batch()
    assert await practice.row(first) == before
    await writer.run(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchall())
    await practice.receive("long words " * 5000, into=first)
    assert (await practice.row(first)).messages == 2


async def test_a_database_locked_for_long_is_told(
    folder: Path, repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()
    await repository._connections[0].run(lambda db: db.execute("PRAGMA busy_timeout = 50"))
    with closing(sqlite3.connect(folder / "twoway.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            await repository.conversations.assign(conversation, "dana")
        # Reading goes on.
        assert (await practice.row(conversation)).assigned_to == ""
        other.execute("ROLLBACK")
    await repository.conversations.assign(conversation, "dana")
    assert (await practice.row(conversation)).assigned_to == "dana"
    assert BUSY_TIMEOUT_MS >= 1000


async def test_nothing_works_after_closing(folder: Path, clock: FakeClock) -> None:
    opened = await open_repository(folder, clock)
    feed = opened.changes()
    await opened.close()
    await opened.close()
    with pytest.raises(StoreError, match="closed"):
        await opened.drafts.load("new", "dana")
    with pytest.raises(StoreError, match="closed"):
        await opened.conversations.assign(1, "dana")
    with pytest.raises(StopAsyncIteration):
        await anext(feed)


# ---------------------------------------------------------------- batches


async def test_a_batch_is_whole_and_reads_its_own_writes(
    folder: Path, clock: FakeClock, repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()
    other = await open_repository(folder, clock)
    async with repository.batch():
        await repository.conversations.assign(conversation, "dana")
        await repository.patients.save([ROSA_PATIENT])
        assert (await practice.row(conversation)).assigned_to == "dana"
        assert (await other.conversations.row(conversation)).assigned_to == ""
    assert (await other.conversations.row(conversation)).assigned_to == "dana"
    assert await other.patients.get("p1") == ROSA_PATIENT
    await other.close()


async def test_an_exception_undoes_a_batch(
    repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()

    async def batch() -> None:
        async with repository.batch():
            await repository.conversations.assign(conversation, "dana")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await batch()
    assert (await practice.row(conversation)).assigned_to == ""
    await repository.conversations.assign(conversation, "lee")
    assert (await practice.row(conversation)).assigned_to == "lee"


async def test_a_write_that_fails_inside_a_batch_leaves_nothing_half(
    repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()

    async def nested() -> None:
        async with repository.batch():
            await repository.conversations.snooze(conversation, practice.clock())
            raise RuntimeError

    async with repository.batch():
        await repository.conversations.assign(conversation, "dana")
        with pytest.raises(NotFound):
            # The merge target is missing: what was done before that is undone.
            await practice.receive(into=(conversation, 999))
        with pytest.raises(RuntimeError):
            await nested()
    row = await practice.row(conversation)
    assert (row.assigned_to, row.snoozed_until, row.messages) == ("dana", None, 1)


async def test_other_tasks_wait_for_a_batch_and_its_own_tasks_do_not(
    repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()
    order: list[str] = []

    async def outsider() -> None:
        await repository.conversations.assign(conversation, "outsider")
        order.append("outsider")

    inside = asyncio.Event()

    async def insider() -> None:
        async with repository.batch():
            inside.set()
            # A task that is begun inside (as asyncio.wait_for does) belongs to the batch.
            await asyncio.wait_for(repository.conversations.assign(conversation, "insider"), 5)
            await asyncio.sleep(0.05)
            assert (await practice.row(conversation)).assigned_to == "insider"
            order.append("insider")

    running = asyncio.create_task(insider())
    await inside.wait()
    await asyncio.gather(running, outsider())
    assert order == ["insider", "outsider"]
    assert (await practice.row(conversation)).assigned_to == "outsider"


async def test_a_cancelled_batch_is_undone_and_the_next_one_works(
    repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()
    begun = asyncio.Event()

    async def slow() -> None:
        async with repository.batch():
            await repository.conversations.assign(conversation, "dana")
            begun.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(slow())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await practice.row(conversation)).assigned_to == ""
    await repository.conversations.assign(conversation, "lee")


async def test_cancelling_at_any_moment_never_blocks_the_writer(
    repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()

    async def busy() -> None:
        while True:
            async with repository.batch():
                await repository.conversations.assign(conversation, "dana")
            await repository.conversations.assign(conversation, "lee")

    for turn in range(25):
        task = asyncio.create_task(busy())
        await asyncio.sleep(0.0004 * turn)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with asyncio.timeout(5):
        await repository.conversations.assign(conversation, "")


# ---------------------------------------------------------------- changes


async def test_two_repositories_see_each_others_changes(
    folder: Path, clock: FakeClock, repository: SqliteRepository, practice: Practice
) -> None:
    other = await open_repository(folder, clock)
    theirs, ours = other.changes(), repository.changes()
    await asyncio.sleep(0.3)
    conversation = await practice.conversation()
    async with asyncio.timeout(0.5):
        seen = await anext(theirs)
    assert Change(seen[-1].seq, ChangeKind.CONVERSATION, str(conversation)) in seen
    async with asyncio.timeout(0.1):
        own = await anext(ours)
    assert [change.kind for change in own] == [ChangeKind.CONVERSATION]
    await other.patients.save([ROSA_PATIENT])
    async with asyncio.timeout(0.5):
        assert [(c.kind, c.subject_id) for c in await anext(ours)] == [(ChangeKind.PATIENT, "p1")]
    await other.close()


async def test_a_batch_tells_each_change_once_and_only_when_it_is_done(
    repository: SqliteRepository, practice: Practice
) -> None:
    conversation = await practice.conversation()
    feed = repository.changes()
    waiting = asyncio.ensure_future(anext(feed))
    async with repository.batch():
        for name in ("dana", "lee", "dana"):
            await repository.conversations.assign(conversation, name)
        await asyncio.sleep(0.25)
        assert not waiting.done()
    async with asyncio.timeout(0.5):
        seen = await waiting
    assert [(c.kind, c.subject_id) for c in seen] == [(ChangeKind.CONVERSATION, str(conversation))]


async def test_drafts_are_no_news(repository: SqliteRepository, practice: Practice) -> None:
    feed = repository.changes()
    draft: Draft = practice.draft(None)
    await repository.drafts.save("new", "dana", draft, practice.clock())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(feed), 0.3)


async def test_old_changes_are_trimmed(
    repository: SqliteRepository, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.change.KEPT", 100)
    conversation = await practice.conversation()
    for turn in range(600):
        await repository.conversations.assign(conversation, f"staff-{turn}")
    kept = await repository._connections[1].run(
        lambda db: db.execute("SELECT count(*), max(seq) FROM change").fetchone()
    )
    assert kept[1] >= 600
    assert kept[0] < 400


async def test_two_processes_may_make_the_folder_at_once(folder: Path, clock: FakeClock) -> None:
    opened = await asyncio.gather(*(open_repository(folder, clock) for _ in range(4)))
    for repository in opened:
        await repository.drafts.save(
            "new", "dana", Practice(repository, clock).draft(None), clock()
        )
        await repository.close()

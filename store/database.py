"""One data folder, opened: the repository and its connections."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final, TypeVar
from weakref import WeakSet

from inbox.clock import Clock
from inbox.errors import StoreError
from inbox.events import Change
from store import change, migration
from store.audit import AuditTable
from store.blob import BlobTable
from store.call import CallTable
from store.choice import ChoiceTable
from store.connection import WorkerConnection, open_worker
from store.consent import ConsentTable
from store.conversation import ConversationTable
from store.draft import DraftTable
from store.filing import FilingTable
from store.folder import DataFolder, prepare
from store.handed_over import HandedOverTable
from store.lease import LeaseTable
from store.line import LineTable
from store.look import LookTable
from store.migration import Migration
from store.moving import MovingTable
from store.outbox import OutboxTable
from store.patient import PatientTable
from store.portal import PortalTable
from store.promise import PromiseTable
from store.raw import RawTable
from store.record import RecordTable
from store.reminder import ReminderTable
from store.retraction import RetractionTable
from store.search import SearchTable
from store.signal import SignalTable
from store.transaction import Transactions

T = TypeVar("T")

POLL_SECONDS: Final = 0.2
"""How often to ask whether another process wrote something."""

OLDEST_SQLITE: Final = (3, 37, 0)
"""STRICT tables came with it."""

_READERS: Final = 2


async def open_repository(
    folder: Path, clock: Clock, *, steps: Sequence[Migration] | None = None
) -> SqliteRepository:
    """Open a data folder, make it when it is not there, and bring its database up to date.

    Args:
        folder: The data folder; on a local disk, since WAL does not work over a network.
        clock: The present moment, for what no caller gives a time for.
        steps: Migrations to use instead of the shipped ones (tests of upgrades).

    Raises:
        DatabaseTooNew: a later version of Twoway wrote the database.
        StoreError: the folder or the database cannot be used; nothing of it was changed.
    """
    data = await asyncio.to_thread(prepare, folder)
    writer = await open_worker(data.database, writer=True)
    opened = [writer]
    try:
        await writer.run(lambda db: _make_ready(db, data, clock, steps))
        for _ in range(_READERS):
            reader = await open_worker(data.database)
            opened.append(reader)
        newest = await writer.run(change.newest)
    except BaseException:
        for connection in opened:
            await connection.close()
        raise
    return SqliteRepository(data, clock, opened, newest)


class SqliteRepository:
    """Implements `inbox.repository.Repository` on one data folder."""

    def __init__(
        self,
        data: DataFolder,
        clock: Clock,
        connections: Sequence[WorkerConnection],
        newest_change: int,
    ) -> None:
        """Take open connections, the writer first; use `open_repository` instead."""
        self._data = data
        self._connections = list(connections)
        self._newest_change = newest_change
        # A feed that nobody holds any more is forgotten.
        self._feeds: WeakSet[change.Feed] = WeakSet()
        self._watch: asyncio.Task[None] | None = None
        self._closed = False
        writer, *readers = connections
        do = self._transactions = Transactions(writer, tuple(readers), clock, self._committed)
        self.raw: Final = RawTable(do)
        self.filing: Final = FilingTable(do)
        self.conversations: Final = ConversationTable(do)
        self.movings: Final = MovingTable(do)
        self.patients: Final = PatientTable(do)
        self.consents: Final = ConsentTable(do)
        self.outbox: Final = OutboxTable(do)
        self.portal: Final = PortalTable(do)
        self.promises: Final = PromiseTable(do)
        self.handed_over: Final = HandedOverTable(do)
        self.calls: Final = CallTable(do)
        self.blobs: Final = BlobTable(do)
        self.drafts: Final = DraftTable(do)
        self.lines: Final = LineTable(do)
        self.looks: Final = LookTable(do)
        self.records: Final = RecordTable(do, data.records)
        self.reminders: Final = ReminderTable(do)
        self.retractions: Final = RetractionTable(do)
        self.searches: Final = SearchTable(do)
        self.signals: Final = SignalTable(do)
        self.choices: Final = ChoiceTable(do)
        self.leases: Final = LeaseTable(do)
        self.audit: Final = AuditTable(do)

    def batch(self) -> AbstractAsyncContextManager[None]:
        """Make one transaction of all that this task writes inside; other writers wait."""
        return self._transactions.batch()

    async def at_once(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do a coroutine as one transaction without coming back to the event loop between."""
        return await self._transactions.at_once(work)

    def changes(self) -> AsyncIterator[list[Change]]:
        """Changes from now on, by this process at once, by others within a quarter of a second."""
        feed = change.Feed(self._newest_change, self._read_changes)
        self._feeds.add(feed)
        if self._closed:
            feed.end()
        elif self._watch is None:
            self._watch = asyncio.get_running_loop().create_task(self._watch_others())
        return feed

    async def close(self) -> None:
        """Finish what is being written and let go of the folder; may be called more than once."""
        self._closed = True
        for feed in tuple(self._feeds):
            feed.end()
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        connections, self._connections = self._connections, []
        for connection in reversed(connections):
            await connection.close()

    async def _read_changes(self, seq: int) -> list[Change]:
        # Outside any batch of the reading task, so always what is committed.
        found = await self._connections[-1].run(lambda db: change.since(db, seq))
        if found:
            self._newest_change = max(self._newest_change, found[-1].seq)
        return found

    def _committed(self, newest: int) -> None:
        if newest:
            self._newest_change = max(self._newest_change, newest)
            self._wake()

    def _wake(self) -> None:
        for feed in tuple(self._feeds):
            feed.wake()

    async def _watch_others(self) -> None:
        """Wake the feeds when another connection has committed something."""
        while True:
            # A disk in trouble tells so to whoever reads or writes next; watching goes on.
            with contextlib.suppress(StoreError):
                await self._watch_with_one_connection()
            await asyncio.sleep(POLL_SECONDS)

    async def _watch_with_one_connection(self) -> None:
        connection = await open_worker(self._data.database)
        try:
            seen = -1
            while True:
                version = await connection.run(_data_version)
                if version != seen:
                    seen = version
                    self._wake()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            await connection.close()


def _data_version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA data_version").fetchone()[0])


def _make_ready(
    db: sqlite3.Connection, data: DataFolder, clock: Clock, steps: Sequence[Migration] | None
) -> None:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(
            f"This Python comes with SQLite {sqlite3.sqlite_version}, which is too old.",
            "Use a Python with SQLite 3.37 or newer.",
        )
    migration.migrate(db, data.backups, clock(), migration.shipped() if steps is None else steps)

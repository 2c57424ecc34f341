"""Connections to the database: each is one thread, and a piece of work on it is one hop.

A hop through aiosqlite costs more than most statements, so work is handed over whole: a plain
function of the `sqlite3.Connection` that runs in the connection's thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import aiosqlite

from store import trouble

T = TypeVar("T")

BUSY_TIMEOUT_MS: Final = 5000
"""How long a statement waits for another process before it counts as locked too long."""

_STATEMENTS: Final = 512
"""Prepared statements kept per connection."""

_READER_PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA query_only = ON",
    "PRAGMA cache_size = -16000",
    "PRAGMA temp_store = MEMORY",
)
_WRITER_PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
    # Filing touches the ends of a dozen indexes; the same pages are written again and again.
    "PRAGMA cache_size = -32000",
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 67108864",
)


class WorkerConnection(aiosqlite.Connection):
    """A connection that runs whole functions in its thread, one after the other."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        # A screen that ends without closing must not hang on this thread: SQLite survives that.
        self._thread.daemon = True

    def ended(self, within: float = BUSY_TIMEOUT_MS / 1000) -> None:
        """Wait until its thread has ended, for so many seconds at most; blocks."""
        self._thread.join(within)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in the thread and give its result.

        A caller that is cancelled does not stop work that was handed over.

        Raises:
            StoreError: instead of every error of sqlite3 and of the system.
        """
        connection = self._connection
        if connection is None or not self._running:
            raise trouble.closed()
        with trouble.told_in_words():
            result: T = await self._execute(work, connection)  # type: ignore[no-untyped-call]  # aiosqlite
            return result


def connect(path: Path, *, writer: bool = False) -> sqlite3.Connection:
    """A plain connection as the store needs it; statements commit by themselves outside BEGIN."""
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS
    )
    try:
        connection.row_factory = sqlite3.Row
        for pragma in _WRITER_PRAGMAS if writer else _READER_PRAGMAS:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


async def open_worker(path: Path, *, writer: bool = False) -> WorkerConnection:
    """Open a connection with a thread of its own.

    Raises:
        StoreError: the file cannot be opened.
    """
    with trouble.told_in_words():
        return await _opened(WorkerConnection(lambda: connect(path, writer=writer)))


async def _opened(connection: WorkerConnection) -> WorkerConnection:
    try:
        await connection
    except BaseException:
        # Its thread tells the loop when it has ended, and the loop may be closed by then.
        await asyncio.to_thread(connection.ended)
        raise
    return connection


async def finish(future: asyncio.Future[T]) -> T:
    """Wait for work to its end even when the caller is cancelled meanwhile; then let it be so."""
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        if not future.done():
            await asyncio.wait([future])
        raise

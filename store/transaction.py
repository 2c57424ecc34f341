"""Transactions: one writer, whole or not at all, and the word of what changed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from inbox.clock import Clock
from inbox.errors import StoreError
from inbox.events import ChangeKind
from store import change, search_index, state
from store.connection import WorkerConnection, finish

T = TypeVar("T")

_SOON: Final = 20
"""A state is not put off for more messages than what is derived from it looks back at."""


_ToDo = tuple[dict[tuple[ChangeKind, str], None], dict[int, None], dict[int, int]]


class Writing:
    """What a writing function works with: the connection, the time, and whom to tell."""

    __slots__ = ("changed", "clock", "db", "to_derive", "to_index")

    def __init__(self, db: sqlite3.Connection, clock: Clock) -> None:
        self.db: Final = db
        self.clock: Final = clock
        self.changed: dict[tuple[ChangeKind, str], None] = {}
        self.to_index: dict[int, None] = {}
        self.to_derive: dict[int, int] = {}

    def derive(self, conversation_id: int) -> None:
        """Let the state of a conversation follow its messages, before anybody looks at it.

        Put off to the end of the transaction, or to the next step of the batch that may look: when
        a mailbox is filed, many messages of one conversation come together.
        """
        put_off = self.to_derive.get(conversation_id, 0) + 1
        self.to_derive[conversation_id] = put_off
        if put_off >= _SOON:
            del self.to_derive[conversation_id]
            state.refresh(self.db, conversation_id)

    def settle(self) -> None:
        """Derive what was put off."""
        while self.to_derive:
            conversation_id, _ = self.to_derive.popitem()
            state.refresh(self.db, conversation_id)

    def index(self, message_id: int) -> None:
        """Let a message be found by its words once the transaction is committed.

        Put off to its end, since FTS5 writes out what it holds at every savepoint: in a batch that
        costs more than all else.
        """
        self.to_index[message_id] = None

    def unindex(self, message_id: int) -> None:
        """Take the words of a message out of the index, before anything of it changes."""
        if message_id in self.to_index:
            del self.to_index[message_id]
        else:
            search_index.remove(self.db, message_id)

    def kept(self) -> _ToDo:
        """What has to be done at the end, to come back to with `restore`."""
        return dict(self.changed), dict(self.to_index), dict(self.to_derive)

    def restore(self, kept: _ToDo) -> None:
        """Forget what was to be done since `kept`."""
        self.changed, self.to_index, self.to_derive = kept

    def tell(self, kind: ChangeKind, subject_id: object = "") -> None:
        """Say that something changed; said once for a transaction, however often it happens."""
        self.changed[kind, str(subject_id)] = None

    def tell_conversation(self, conversation_id: int) -> None:
        """Say that a conversation, or a message of it, changed."""
        self.tell(ChangeKind.CONVERSATION, conversation_id)


class _Batch:
    """A transaction that is open across several pieces of work of one task."""

    __slots__ = ("depth", "direct", "is_open", "owner", "writing")

    def __init__(
        self, owner: Transactions, writing: Writing, direct: sqlite3.Connection | None = None
    ) -> None:
        self.owner = owner
        self.writing = writing
        self.direct = direct
        """The connection, when the work runs in the writer's own thread."""
        self.is_open = True
        self.depth = 0


_current: ContextVar[_Batch | None] = ContextVar("store_batch", default=None)

Work = Callable[[Writing], T]
"""A piece of writing; it runs in the writer's thread."""
Read = Callable[[sqlite3.Connection], T]
"""A piece of reading; it sees one state of the database from its first to its last statement."""


class Transactions:
    """Lets one task at a time write, and everybody read."""

    def __init__(
        self,
        writer: WorkerConnection,
        readers: tuple[WorkerConnection, ...],
        clock: Clock,
        committed: Callable[[int], None],
    ) -> None:
        """Take the connections; `committed` hears the number of the newest change."""
        self._writer = writer
        self._readers = readers
        self._turn = 0
        self._clock = clock
        self._committed = committed
        self._lock = asyncio.Lock()

    def _batch(self) -> _Batch | None:
        batch = _current.get()
        return batch if batch is not None and batch.owner is self and batch.is_open else None

    async def write(self, work: Work[T], *, settled: bool = True) -> T:
        """Run `work` in a transaction of its own, or as a part of the task's batch.

        Args:
            work: What to do.
            settled: It may look at states of conversations; False only where it does not.

        Raises:
            StoreError: nothing of it is stored.
        """
        batch = self._batch()
        if batch is not None:
            writing = batch.writing
            if batch.direct is not None:
                return _part(batch.direct, writing, work, settled=settled)
            return await self._writer.run(lambda db: _part(db, writing, work, settled=settled))
        async with self._lock:
            newest, result = await finish(
                asyncio.ensure_future(self._writer.run(lambda db: _whole(db, self._clock, work)))
            )
        self._committed(newest)
        return result

    async def read(self, work: Read[T], *, settled: bool = True) -> T:
        """Run `work` on one state of the database: inside a batch, the batch's own.

        Args:
            work: What to read.
            settled: It may look at states of conversations; False only where it does not.
        """
        batch = self._batch()
        if batch is not None:
            writing = batch.writing
            if batch.direct is not None:
                return _look(batch.direct, writing, work, settled=settled)
            return await self._writer.run(lambda db: _look(db, writing, work, settled=settled))
        self._turn = (self._turn + 1) % len(self._readers)
        return await self._readers[self._turn].run(lambda db: _snapshot(db, work))

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[None]:
        """One transaction around all that the task writes inside; an exception undoes all of it."""
        outer = self._batch()
        if outer is not None:
            async with self._nested(outer):
                yield
            return
        async with self._lock:
            batch = await self._begin()
            token = _current.set(batch)
            try:
                yield
            except BaseException:
                batch.is_open = False
                await finish(asyncio.ensure_future(self._writer.run(_roll_back)))
                raise
            else:
                batch.is_open = False
                newest = await finish(
                    asyncio.ensure_future(self._writer.run(lambda db: _commit(db, batch.writing)))
                )
            finally:
                batch.is_open = False
                _current.reset(token)
        self._committed(newest)

    async def at_once(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do a coroutine in the writer's thread, as one transaction; see `Repository.at_once`."""
        if self._batch() is not None:
            async with self.batch():
                return await work()
        async with self._lock:
            newest, result = await finish(
                asyncio.ensure_future(self._writer.run(lambda db: self._in_thread(db, work)))
            )
        self._committed(newest)
        return result

    def _in_thread(
        self, db: sqlite3.Connection, work: Callable[[], Coroutine[Any, Any, T]]
    ) -> tuple[int, T]:
        def drive(writing: Writing) -> T:
            batch = _Batch(self, writing, db)
            token = _current.set(batch)
            try:
                return _to_its_end(work())
            finally:
                batch.is_open = False
                _current.reset(token)

        return _whole(db, self._clock, drive)

    async def _begin(self) -> _Batch:
        def begin(db: sqlite3.Connection) -> _Batch:
            db.execute("BEGIN IMMEDIATE")
            return _Batch(self, Writing(db, self._clock))

        try:
            return await finish(asyncio.ensure_future(self._writer.run(begin)))
        except asyncio.CancelledError:
            await finish(asyncio.ensure_future(self._writer.run(_roll_back)))
            raise

    @asynccontextmanager
    async def _nested(self, batch: _Batch) -> AsyncIterator[None]:
        batch.depth += 1
        name = f"nested_{batch.depth}"
        kept = batch.writing.kept()

        async def do(step: Callable[[sqlite3.Connection, str], None], words: str) -> None:
            if batch.direct is not None:
                step(batch.direct, words)
            else:
                await self._writer.run(lambda db: step(db, words))

        await do(_step, f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            batch.writing.restore(kept)
            await do(_undo, name)
            raise
        else:
            await do(_step, f"RELEASE {name}")
        finally:
            batch.depth -= 1


def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing but this storage, which answers in place.

    Raises:
        RuntimeError: it waited for something else.
    """
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    work.close()
    raise RuntimeError("Only the storage may be awaited in at_once.")


def _whole(db: sqlite3.Connection, clock: Clock, work: Work[T]) -> tuple[int, T]:
    db.execute("BEGIN IMMEDIATE")
    try:
        writing = Writing(db, clock)
        result = work(writing)
        newest = _commit(db, writing)
    except BaseException:
        _roll_back(db)
        raise
    return newest, result


def _look(db: sqlite3.Connection, writing: Writing, work: Read[T], *, settled: bool) -> T:
    if settled and db.in_transaction:
        writing.settle()
    return work(db)


def _part(db: sqlite3.Connection, writing: Writing, work: Work[T], *, settled: bool) -> T:
    kept = writing.kept()
    _step(db, "SAVEPOINT part")
    try:
        if settled:
            writing.settle()
        result = work(writing)
        db.execute("RELEASE part")
    except BaseException:
        writing.restore(kept)
        _undo(db, "part")
        raise
    return result


def _commit(db: sqlite3.Connection, writing: Writing) -> int:
    """Commit; return the number of the newest change, 0 when there is nothing to tell."""
    try:
        _require_transaction(db)
        writing.settle()
        search_index.add(db, writing.to_index)
        newest = change.add(db, writing.changed)
        db.execute("COMMIT")
    except BaseException:
        _roll_back(db)
        raise
    return newest


def _step(db: sqlite3.Connection, statement: str) -> None:
    _require_transaction(db)
    db.execute(statement)


def _undo(db: sqlite3.Connection, savepoint: str) -> None:
    # SQLite ends the whole transaction by itself after some errors (a full disk).
    if db.in_transaction:
        db.execute(f"ROLLBACK TO {savepoint}")
        db.execute(f"RELEASE {savepoint}")


def _roll_back(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        db.execute("ROLLBACK")


def _require_transaction(db: sqlite3.Connection) -> None:
    if not db.in_transaction:
        raise StoreError(
            "An earlier step could not be stored, so nothing of this was.",
            "Look at what was reported before, then try again.",
        )


def _snapshot(db: sqlite3.Connection, work: Read[T]) -> T:
    db.execute("BEGIN")
    try:
        return work(db)
    finally:
        if db.in_transaction:
            db.execute("COMMIT")

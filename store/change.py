"""Changes: an append-only table that tells every process on the folder what happened."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Final

from inbox.events import Change, ChangeKind

KEPT: Final = 10_000
"""How many changes are kept; a process that sleeps through more of them reads everything anew."""

_ADD: Final = "INSERT INTO change (kind, subject_id) VALUES (:kind, :subject_id)"
_TRIM: Final = "DELETE FROM change WHERE seq <= :seq"
_SINCE: Final = "SELECT seq, kind, subject_id FROM change WHERE seq > :seq ORDER BY seq LIMIT 1000"
_NEWEST: Final = "SELECT coalesce(max(seq), 0) FROM change"


def add(db: sqlite3.Connection, changed: Iterable[tuple[ChangeKind, str]]) -> int:
    """Keep what changed, in the transaction that changes it; return the last number, 0 for none."""
    seq = 0
    for kind, subject_id in changed:
        seq = db.execute(_ADD, {"kind": kind.value, "subject_id": subject_id}).lastrowid or 0
        if seq % 256 == 0:
            db.execute(_TRIM, {"seq": seq - KEPT})
    return seq


def since(db: sqlite3.Connection, seq: int) -> list[Change]:
    """What changed after `seq`, at most 1000."""
    rows = db.execute(_SINCE, {"seq": seq})
    return [Change(row["seq"], ChangeKind(row["kind"]), row["subject_id"]) for row in rows]


def newest(db: sqlite3.Connection) -> int:
    """The number of the newest change, 0 when there is none."""
    return int(db.execute(_NEWEST).fetchone()[0])


class Feed(AsyncIterator[list[Change]]):
    """Changes from the moment the feed was made, in portions, until the folder is closed."""

    def __init__(self, seq: int, read: Callable[[int], Awaitable[list[Change]]]) -> None:
        """Begin behind change `seq`; `read` gives what came after a number."""
        self._seq = seq
        self._read = read
        self._woken = asyncio.Event()
        self._ended = False

    def wake(self) -> None:
        """There may be something new."""
        self._woken.set()

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._woken.set()

    def __aiter__(self) -> Feed:
        return self

    async def __anext__(self) -> list[Change]:
        """The next changes, as soon as there are some."""
        while True:
            await self._woken.wait()
            if self._ended:
                raise StopAsyncIteration
            self._woken.clear()
            found = await self._read(self._seq)
            if found:
                self._seq = found[-1].seq
                self._woken.set()
                return found

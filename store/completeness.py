"""The tables `location` and `folder_count`: whether all that the server holds is stored here.

Nothing here takes long at a time, however big a folder is: lists are compared in pieces, each a
question of its own, so that the screen's questions come in between.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final

from inbox.channel import Census, RemoteId, Tally
from inbox.events import ChangeKind
from inbox.line import FolderCount
from inbox.numbered import newest_first
from store.transaction import Transactions, Writing
from store.values import Parameters, moment, stamp

_PIECE: Final = 5_000
"""Items that are compared in one question."""

_PLACE: Final = "line_id = :line_id AND folder = :folder AND epoch = :epoch"
HERE: Final = f"""
SELECT count(*) AS held, max(item) AS last FROM (
    SELECT item FROM location WHERE {_PLACE} AND item > :after AND gone = 0
    ORDER BY item LIMIT :limit)
"""  # noqa: S608 - constants
NAMED: Final = f"""
SELECT j.value AS item, l.gone FROM json_each(:items) AS j
LEFT JOIN location AS l ON {_PLACE} AND l.item = j.value
WHERE l.gone IS NULL OR l.gone = 1
"""  # noqa: S608 - constants
_LISTED: Final = f"""
SELECT item FROM location WHERE {_PLACE} AND item > :after AND gone = 0
ORDER BY item LIMIT :limit
"""  # noqa: S608 - constants
UNREADABLE: Final = """
SELECT count(*) FROM raw AS r JOIN location AS l ON l.raw_id = r.id
WHERE r.line_id = :line_id AND r.state = 'quarantined'
    AND l.line_id = :line_id AND l.folder = :folder AND l.epoch = :epoch AND l.gone = 0
"""
_TURN: Final = f"UPDATE location SET gone = :gone WHERE {_PLACE} AND item = :item"  # noqa: S608 - constants
_EARLIER: Final = """
UPDATE location SET gone = 1
WHERE line_id = :line_id AND folder = :folder AND epoch <> :epoch AND gone = 0
"""
_COMPARED: Final = """
SELECT epoch, older, checked_at FROM folder_count WHERE line_id = :line_id AND folder = :folder
"""
_KEEP: Final = """
INSERT INTO folder_count
    (line_id, folder, server, stored, quarantined, older, epoch, checked_at)
VALUES (:line_id, :folder, :server, :stored, :quarantined, :older, :epoch, :checked_at)
ON CONFLICT DO UPDATE SET server = excluded.server, stored = excluded.stored,
    quarantined = excluded.quarantined, older = excluded.older, epoch = excluded.epoch,
    checked_at = excluded.checked_at
"""


class Completeness:
    """The counting part of `inbox.repository.RawStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def tally(
        self, line_id: str, tallies: Sequence[Tally], now: datetime
    ) -> tuple[FolderCount, ...] | None:
        """Compare numbers; None when they differ, see the contract."""
        del now  # counting is not comparing: the time of the last comparison stays
        counts = []
        for folder in tallies:
            place = _place(line_id, folder)
            compared = await self._one(_COMPARED, place)
            if compared is None or compared["epoch"] != folder.epoch or not compared["checked_at"]:
                return None
            held = await self._here(place)
            if held + compared["older"] != folder.count:
                return None
            checked_at = moment(compared["checked_at"])
            unreadable = await self._number(UNREADABLE, place)
            counts.append(
                FolderCount(
                    folder.folder,
                    folder.count,
                    held - unreadable,
                    unreadable,
                    compared["older"],
                    checked_at,
                )
            )
        await self._keep(line_id, tallies, counts)
        return tuple(counts)

    async def count(
        self, line_id: str, census: Sequence[Census], now: datetime | None = None
    ) -> tuple[FolderCount, ...]:
        """Compare item by item; mark what is gone, and what is back; keep the counts.

        Without `now`, and of a list that is not whole, the time of the last comparison stays.
        """
        counts = [await self._compare(line_id, folder, now) for folder in census]
        await self._keep(line_id, census, counts)
        return tuple(counts)

    async def missing(
        self, line_id: str, census: Census, limit: int, below: str = ""
    ) -> list[RemoteId]:
        """What the server holds, should be here and is not, the newest first."""
        place, found = _place(line_id, census), list[RemoteId]()
        wanted = (item for item in newest_first(census.items, below) if item not in census.older)
        for piece in _pieces(wanted):
            absent, _ = await self._named(place, piece)
            # In the order of the server's list, which the question does not keep.
            found += (
                RemoteId(census.folder, census.epoch, item) for item in piece if item in absent
            )
            if len(found) >= limit:
                break
        return found[:limit]

    # ------------------------------------------------------------ inside

    async def _compare(self, line_id: str, census: Census, now: datetime | None) -> FolderCount:
        place = _place(line_id, census)
        before = await self._one(_COMPARED, place)
        if before is None or before["epoch"] != census.epoch:
            await self._write(_EARLIER, [place])
        absent = older = 0
        for piece in _pieces(census.items):
            not_here, gone = await self._named(place, piece)
            absent += len(not_here)
            older += sum(1 for item in not_here if item in census.older)
            await self._turn(place, gone, there=True)
        held = len(census.items) - absent
        if await self._here(place) != held:
            await self._part_with(place, census)
        unreadable = await self._number(UNREADABLE, place)
        checked_at = moment(before["checked_at"]) if before is not None else None
        if now is not None and census.whole:
            checked_at = now
        return FolderCount(
            census.folder, len(census.items), held - unreadable, unreadable, older, checked_at
        )

    async def _part_with(self, place: Parameters, census: Census) -> None:
        """Mark what is stored as there and is not on the server any more."""
        after = ""
        while True:
            values = {**place, "after": after, "limit": _PIECE}
            rows = await self._do.read(partial(_rows, _LISTED, values))
            if not rows:
                return
            after = rows[-1]["item"]
            left = [row["item"] for row in rows if row["item"] not in census.items]
            await self._turn(place, left, there=False)

    async def _here(self, place: Parameters) -> int:
        """How many items of a folder are stored and, as far as is known, still there."""
        held, after = 0, ""
        while True:
            row = await self._one(HERE, {**place, "after": after, "limit": _PIECE})
            if row is None or not row["held"]:
                return held
            held += row["held"]
            after = row["last"]

    async def _named(
        self, place: Parameters, items: Sequence[str]
    ) -> tuple[frozenset[str], list[str]]:
        """Which of these items are not stored, and which were thought to be gone."""
        values = {**place, "items": json.dumps(items)}
        rows = await self._do.read(partial(_rows, NAMED, values))
        absent = frozenset(row["item"] for row in rows if row["gone"] is None)
        return absent, [row["item"] for row in rows if row["gone"]]

    async def _turn(self, place: Parameters, items: Sequence[str], *, there: bool) -> None:
        if items:
            values = [{**place, "item": item, "gone": not there} for item in items]
            await self._write(_TURN, values)

    async def _keep(
        self,
        line_id: str,
        folders: Sequence[Census] | Sequence[Tally],
        counts: Sequence[FolderCount],
    ) -> None:
        places = [_place(line_id, folder) for folder in folders]
        rows = [
            {
                **place,
                "server": count.server,
                "stored": count.stored,
                "quarantined": count.quarantined,
                "older": count.older,
                "checked_at": stamp(count.checked_at),
            }
            for place, count in zip(places, counts, strict=True)
        ]

        def write(writing: Writing) -> None:
            writing.db.executemany(_KEEP, rows)
            writing.tell(ChangeKind.LINE, line_id)

        await self._do.write(write)

    async def _write(self, statement: str, values: Sequence[Parameters]) -> None:
        def write(writing: Writing) -> None:
            writing.db.executemany(statement, values)

        await self._do.write(write)

    async def _one(self, statement: str, values: Parameters) -> sqlite3.Row | None:
        def read(db: sqlite3.Connection) -> sqlite3.Row | None:
            row: sqlite3.Row | None = db.execute(statement, values).fetchone()
            return row

        return await self._do.read(read)

    async def _number(self, statement: str, values: Parameters) -> int:
        row = await self._one(statement, values)
        return int(row[0]) if row is not None else 0


def _rows(statement: str, values: Parameters, db: sqlite3.Connection) -> list[sqlite3.Row]:
    return db.execute(statement, values).fetchall()


def _place(line_id: str, folder: Census | Tally) -> Parameters:
    return {"line_id": line_id, "folder": folder.folder, "epoch": folder.epoch}


def _pieces(items: Iterable[str]) -> Iterator[list[str]]:
    left = iter(items)
    while piece := list(islice(left, _PIECE)):
        yield piece

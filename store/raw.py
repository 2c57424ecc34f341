"""The tables `raw`, `raw_content`, `location` and `cursor`: what came, as it came."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from inbox.channel import Batch, Census, RawItem, RemoteId, Tally
from inbox.errors import NotFound
from inbox.line import FolderCount
from inbox.repository import StoredRaw, Volume
from store import raw_content
from store.completeness import Completeness
from store.transaction import Transactions, Writing
from store.values import moment, stamp

_WORTH_PACKING: Final = range(512, 1 << 20)
"""Sizes in bytes that are compressed: smaller gains nothing, larger is attachments mostly."""
_LONG: Final = 1 << 18
"""From this many bytes on, hashing and packing leave the loop's thread."""

_TOGETHER: Final = 4_000_000
"""Bytes of raw items that are read together to be filed, unless a single one is larger."""

_KNOWN: Final = """
SELECT gone FROM location
WHERE line_id = :line_id AND folder = :folder AND epoch = :epoch AND item = :item
"""
SAME: Final = """
SELECT id FROM raw WHERE line_id = :line_id AND sha256 = :sha256
UNION ALL
SELECT id FROM raw WHERE line_id = :line_id AND head_sha256 = :sha256
    AND head_sha256 IS NOT NULL
LIMIT 1
"""
ADD: Final = """
INSERT INTO raw (line_id, sha256, codec, state, size, received_at, complete, ours, message_id)
VALUES (:line_id, :sha256, :codec, :state, :size, :received_at, :complete, :ours, :message_id)
"""
_IS_OURS: Final = "UPDATE raw SET ours = 1 WHERE id = :id AND state = 'new'"
PLACE: Final = """
INSERT INTO location (line_id, folder, epoch, item, raw_id)
VALUES (:line_id, :folder, :epoch, :item, :raw_id)
ON CONFLICT DO UPDATE SET gone = 0
"""
_CURSORS: Final = "SELECT folder, value FROM cursor WHERE line_id = :line_id"
SET_CURSOR: Final = """
INSERT INTO cursor (line_id, folder, epoch, value) VALUES (:line_id, :folder, :epoch, :value)
ON CONFLICT DO UPDATE SET epoch = excluded.epoch, value = excluded.value
"""
_COLUMNS: Final = "id, line_id, codec, size, received_at, complete, ours"
UNFILED: Final = f"""
SELECT {_COLUMNS} FROM raw WHERE line_id = :line_id AND state = 'new'
    AND id NOT IN (SELECT value FROM json_each(:besides))
ORDER BY received_at DESC, id DESC LIMIT :limit
"""  # noqa: S608 - constants
_ONE: Final = f"SELECT {_COLUMNS} FROM raw WHERE id = :id"  # noqa: S608 - constants
_WHERE: Final = """
SELECT folder, epoch, item FROM location WHERE raw_id = :id
ORDER BY gone, epoch DESC, folder LIMIT 1
"""
_COMPLETE: Final = """
UPDATE raw SET sha256 = :sha256, head_sha256 = coalesce(head_sha256, iif(complete, NULL, sha256)),
    codec = :codec, size = :size, complete = 1, state = 'new'
WHERE id = :id
"""
_TAKEN: Final = "SELECT 1 FROM raw WHERE line_id = :line_id AND sha256 = :sha256 AND id <> :id"
_VOLUME: Final = """
SELECT count(*) AS items, total(size) AS item_bytes,
    (SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size())
        AS database_bytes
FROM raw
"""
_GONE: Final = """
UPDATE location SET gone = :gone
WHERE line_id = :line_id AND folder = :folder AND epoch = :epoch AND item = :item
"""


@dataclass(frozen=True, slots=True)
class Packed:
    """The bytes of an item, as they are stored."""

    sha256: str
    codec: str
    content: bytes


def pack(content: bytes, *, complete: bool = True, size: int = 0) -> Packed:
    """Hash and compress bytes.

    A header alone is hashed together with the size of the whole, so that it never counts as the
    same as another message's.
    """
    digest = hashlib.sha256(content)
    if not complete:
        digest.update(b"\0header of %d" % size)
    if len(content) in _WORTH_PACKING:
        packed = zlib.compress(content, 3)
        if len(packed) < len(content):
            return Packed(digest.hexdigest(), "zlib", packed)
    return Packed(digest.hexdigest(), "plain", content)


class RawTable:
    """Implements `inbox.repository.RawStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions
        self._completeness = Completeness(transactions)

    async def cursors(self, line_id: str) -> dict[str, str]:
        """The stored cursor of each folder of a line."""

        def read(db: sqlite3.Connection) -> dict[str, str]:
            return {
                row["folder"]: row["value"] for row in db.execute(_CURSORS, {"line_id": line_id})
            }

        return await self._do.read(read)

    async def save_batch(self, line_id: str, batch: Batch, now: datetime) -> int:
        """Store a batch and its cursor in one transaction; return how many raw items are new."""
        del now  # items carry their own time
        packed = await _packed(batch.items)

        def write(writing: Writing) -> int:
            db = writing.db
            new = sum(
                _save(db, line_id, item, pack)
                for item, pack in zip(batch.items, packed, strict=True)
            )
            db.execute(
                SET_CURSOR,
                {
                    "line_id": line_id,
                    "folder": batch.folder,
                    "epoch": batch.epoch,
                    "value": batch.cursor,
                },
            )
            return new

        return await self._do.write(write)

    async def unfiled(
        self, line_id: str, limit: int, besides: Collection[int] = ()
    ) -> list[StoredRaw]:
        """Raw items that no message stands for yet, the newest first; see the contract."""
        values = {"line_id": line_id, "limit": limit, "besides": json.dumps(list(besides))}

        def read(db: sqlite3.Connection) -> list[StoredRaw]:
            found: list[StoredRaw] = []
            left = _TOGETHER
            # Read one by one: what does not fit any more is not even taken from the disk.
            for row in db.execute(UNFILED, values):
                if found and row["complete"] and row["size"] > left:
                    break
                item = _item(db, row)
                found.append(StoredRaw(row["id"], row["line_id"], item))
                left -= len(item.content)
                if left <= 0:
                    break
            return found

        return await self._do.read(read)

    async def content(self, raw_id: int) -> RawItem:
        """The raw bytes of one item. Raises NotFound."""

        def read(db: sqlite3.Connection) -> RawItem:
            row = db.execute(_ONE, {"id": raw_id}).fetchone()
            if row is None:
                raise _missing()
            return _item(db, row)

        return await self._do.read(read)

    async def complete(self, raw_id: int, item: RawItem) -> None:
        """Put the whole of an item in the place of its header, to be read and filed again."""
        (packed,) = await _packed((item,))

        def write(writing: Writing) -> None:
            row = writing.db.execute(_ONE, {"id": raw_id}).fetchone()
            if row is None:
                raise _missing()
            line_id = row["line_id"]
            values = {"id": raw_id, "line_id": line_id, "sha256": packed.sha256}
            sha256 = packed.sha256
            if writing.db.execute(_TAKEN, values).fetchone() is not None:
                # The same bytes also came whole; both stay, under different names.
                sha256 = f"{sha256}#{raw_id}"
            writing.db.execute(
                _COMPLETE,
                {
                    "id": raw_id,
                    "sha256": sha256,
                    "codec": packed.codec,
                    "size": item.size,
                },
            )
            raw_content.put(writing.db, raw_id, packed.content)

        await self._do.write(write)

    async def volume(self) -> Volume:
        """How much room everything takes."""
        row = await self._do.read(lambda db: db.execute(_VOLUME).fetchone())
        return Volume(row["items"], int(row["item_bytes"]), row["database_bytes"])

    async def tally(
        self, line_id: str, tallies: Sequence[Tally], now: datetime
    ) -> tuple[FolderCount, ...] | None:
        """Compare the server's own numbers with what is stored; None when they differ."""
        return await self._completeness.tally(line_id, tallies, now)

    async def count(
        self, line_id: str, census: Sequence[Census], now: datetime | None = None
    ) -> tuple[FolderCount, ...]:
        """Compare the server's own list with what is stored; keep the counts."""
        return await self._completeness.count(line_id, census, now)

    async def missing(
        self, line_id: str, census: Census, limit: int, below: str = ""
    ) -> list[RemoteId]:
        """Items the server holds and we do not, the newest first where items are numbered."""
        return await self._completeness.missing(line_id, census, limit, below)


def keep_copy(
    db: sqlite3.Connection, line_id: str, packed: Packed, size: int, at: datetime, message_id: int
) -> int:
    """Store the bytes of a message that left, as its raw message; return the raw item's id.

    The copy that comes back through the folder of sent messages is the same item by its hash.
    """
    same = db.execute(SAME, {"line_id": line_id, "sha256": packed.sha256}).fetchone()
    if same is not None:
        db.execute(
            "UPDATE raw SET state = 'filed', message_id = :message_id "
            "WHERE id = :id AND message_id IS NULL",
            {"id": same["id"], "message_id": message_id},
        )
        return int(same["id"])
    added = db.execute(
        ADD,
        {
            "line_id": line_id,
            "sha256": packed.sha256,
            "codec": packed.codec,
            "state": "filed",
            "size": size,
            "received_at": stamp(at),
            "complete": 1,
            "ours": 1,
            "message_id": message_id,
        },
    )
    raw_id = int(added.lastrowid or 0)
    raw_content.put(db, raw_id, packed.content)
    return raw_id


async def _packed(items: Sequence[RawItem]) -> list[Packed]:
    def work() -> list[Packed]:
        return [pack(item.content, complete=item.complete, size=item.size) for item in items]

    if sum(len(item.content) for item in items) < _LONG:
        return work()
    return await asyncio.to_thread(work)


def _save(db: sqlite3.Connection, line_id: str, item: RawItem, packed: Packed) -> bool:
    place = {
        "line_id": line_id,
        "folder": item.remote.folder,
        "epoch": item.remote.epoch,
        "item": item.remote.item,
    }
    known = db.execute(_KNOWN, place).fetchone()
    if known is not None:
        if known["gone"]:
            db.execute(_GONE, {**place, "gone": 0})
        return False
    same = db.execute(SAME, {"line_id": line_id, "sha256": packed.sha256}).fetchone()
    if same is not None:
        if item.ours:
            db.execute(_IS_OURS, {"id": same["id"]})
        db.execute(PLACE, {**place, "raw_id": same["id"]})
        return False
    added = db.execute(
        ADD,
        {
            "line_id": line_id,
            "sha256": packed.sha256,
            "codec": packed.codec,
            "state": "new",
            "size": item.size,
            "received_at": stamp(item.received_at),
            "complete": item.complete,
            "ours": item.ours,
            "message_id": None,
        },
    )
    raw_content.put(db, int(added.lastrowid or 0), packed.content)
    db.execute(PLACE, {**place, "raw_id": added.lastrowid})
    return True


def _place(db: sqlite3.Connection, raw_id: int) -> RemoteId:
    row = db.execute(_WHERE, {"id": raw_id}).fetchone()
    # What we sent ourselves lies nowhere on the server until its copy is seen there.
    return (
        RemoteId("", "", "") if row is None else RemoteId(row["folder"], row["epoch"], row["item"])
    )


def _item(db: sqlite3.Connection, row: sqlite3.Row) -> RawItem:
    content = raw_content.get(db, row["id"])
    return RawItem(
        remote=_place(db, row["id"]),
        content=zlib.decompress(content) if row["codec"] == "zlib" else content,
        received_at=moment(row["received_at"]),
        size=row["size"],
        complete=bool(row["complete"]),
        ours=bool(row["ours"]),
    )


def _missing() -> NotFound:
    return NotFound("This raw message is not stored here.", "Look again from the conversation.")

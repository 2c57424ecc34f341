"""The storage contract of raw messages: whatever came is kept before anybody looks into it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inbox.channel import Batch, Census, RawItem, RemoteId, Tally
from inbox.line import FolderCount


@dataclass(frozen=True, slots=True)
class StoredRaw:
    """A raw item that is stored and waits to be read and filed."""

    raw_id: int
    line_id: str
    item: RawItem


@dataclass(frozen=True, slots=True)
class Volume:
    """How much room everything takes."""

    items: int
    """Raw items that are stored."""
    item_bytes: int
    """Their sizes as they came, together."""
    database_bytes: int
    """The database file: all of them compressed, what was read from them, and the indexes."""

    @property
    def bytes_each(self) -> int:
        """What an item takes on the disk on average; 0 while there is none."""
        return self.database_bytes // self.items if self.items else 0


class RawStore(Protocol):
    """Raw bytes first: whatever came is kept before anybody looks into it."""

    async def cursors(self, line_id: str) -> dict[str, str]:
        """The stored cursor of each folder of a line."""
        ...

    async def save_batch(self, line_id: str, batch: Batch, now: datetime) -> int:
        """Store a batch and its cursor in one transaction; return how many raw items are new.

        An item whose remote id is known is not stored again. Equal bytes on the same line are
        stored once, with every place they lie at (a message moved, copied, or renumbered after a
        change of UIDVALIDITY), so nothing is filed twice.
        """
        ...

    async def unfiled(
        self, line_id: str, limit: int, besides: Collection[int] = ()
    ) -> list[StoredRaw]:
        """Raw items that no message stands for yet, the newest `received_at` first.

        Fewer than `limit` when they are large, so that they fit into memory together.

        Args:
            line_id: Whose.
            limit: How many at most.
            besides: Ids of raw items that are being filed already.
        """
        ...

    async def content(self, raw_id: int) -> RawItem:
        """The raw bytes of one item. Raises NotFound."""
        ...

    async def volume(self) -> Volume:
        """How much room everything takes. Looks at every item: not for a screen that waits."""
        ...

    async def complete(self, raw_id: int, item: RawItem) -> None:
        """Put the whole of an item in the place of its header, to be read and filed again."""
        ...

    async def tally(
        self, line_id: str, tallies: Sequence[Tally], now: datetime
    ) -> tuple[FolderCount, ...] | None:
        """Compare the server's own numbers with what is stored, and keep the counts.

        Returns:
            None when a number differs or a folder was never compared item by item in its present
            epoch: then a census is due.
        """
        ...

    async def count(
        self, line_id: str, census: Sequence[Census], now: datetime | None = None
    ) -> tuple[FolderCount, ...]:
        """Compare the server's own list with what is stored, item by item.

        What is gone there is marked, and the counts are kept; with `now` also that everything was
        compared at that moment.

        Items of an earlier epoch are marked as gone from their old place. Nothing is deleted here.
        """
        ...

    async def missing(
        self, line_id: str, census: Census, limit: int, below: str = ""
    ) -> list[RemoteId]:
        """Items the server holds, that should be here and are not, the newest first.

        Args:
            line_id: Whose.
            census: What the server holds.
            limit: How many at most.
            below: The last item that was named before; only what comes behind it is.
        """
        ...

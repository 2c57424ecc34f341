"""Reading the messages of a portal: what is new first, then backwards, in batches that stand alone.

Three ways of looking at the list, which comes newest first:

- a glance: the overlap behind the newest message, and no further than what is known; one request;
- a sweep: further behind, to its end, for what a server shows late;
- the first reading: everything there is, which may be interrupted anywhere.

The first version that is seen of a message is an item named by its id; a later one is an item of
its own, `12/_history/3`. Where nobody can tell which it is, it is given under both names: a store
knows the same content again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from adapters.portal.connection import Portal
from adapters.portal.cursor import OVERLAP, SWEPT, Cursor, Known
from adapters.portal.item import digest
from adapters.portal.listing import (
    MESSAGES,
    MOST_LARGE,
    Habits,
    Listing,
    name_of_entry,
    version_of,
)
from adapters.portal.maker import Maker
from adapters.portal.page import NoPage, Page, Record, TooLarge
from adapters.portal.resource import last_updated, word
from adapters.portal.status import is_draft
from adapters.portal.trouble import incomplete
from inbox.channel import Batch, RawItem, RemoteId

FIRST = "1"
"""The version that a server with numbered versions gives to what is new."""
BATCH_ITEMS = 200
"""Messages in one batch at most."""
BATCH_BYTES = 8_000_000
"""Bytes in one batch at most, unless a single message is larger."""
BROKEN = "broken"
"""Stands in the place of the version of a page that could not be read."""
WEB_PAGE = "?web-page"
"""The name of the first answer that was no JSON at all."""
MOST_BROKEN = 5
"""Pages that could not be read and are kept at most: a line that cuts answers has no end."""
MOST_SHOWN = 1_000_000
"""Bytes of such a page that are kept."""
AHEAD = timedelta(days=1)
"""How far a server's clock may be ahead of ours."""
GLANCE_EVERY = 3.0
"""Seconds of a long reading after which it looks whether something new has come."""


@dataclass(slots=True)
class _Pending:
    """Something of the list that is to become an item."""

    found: Any
    name: str
    version: str
    at: datetime | None
    items: tuple[str, ...]
    """Under which names."""
    bare: bool = False
    """What it says was not in the list."""
    walked: bool = False
    """It was come upon by the first reading, at its place."""


class FolderReader:
    """One run through the messages.

    Args:
        portal: The server.
        habits: What is known of it.
        cursor: What has been fetched; changed as the run goes on.
        maker: Makes items.
    """

    def __init__(self, portal: Portal, habits: Habits, cursor: Cursor, maker: Maker) -> None:
        self._portal = portal
        self._habits = habits
        self.cursor = cursor
        """What has been fetched."""
        self._maker = maker
        self._pending: deque[_Pending] = deque()
        self._waiting: dict[str, _Pending] = {}
        self._done = 0
        self._looked = time.monotonic()
        self._moved = False
        self._newest: datetime | None = None
        self._highest: datetime | None = None
        self._failed: Record | None = None
        self.missed = False
        """More may have come than a glance could see; a sweep is due."""

    async def read(self, *, sweep: bool) -> AsyncIterator[Batch]:
        """Every batch of this run.

        Args:
            sweep: Look further behind, and to the end, not only as far as things are new.

        Raises:
            ServerRefused: with what could be had stored, the server could not list everything.
        """
        try:
            if self.cursor.top is not None or self.cursor.whole:
                async for batch in self._recent(sweep=sweep):
                    yield batch
            if not self.cursor.whole:
                async for batch in self._walk():
                    yield batch
        except NoPage as error:
            item = self._kept(error.body)
            if item is not None:
                yield self._batch((item,))
            raise
        if self._moved:
            yield self._batch(())
        if self._failed is not None:
            raise incomplete(self._failed)

    async def news(self) -> bool:
        """Whether the first page shows anything that is not known; one request."""
        listing = self._listing(self._floor(sweep=False))
        async with aclosing(listing.pages()) as pages:
            async for page in pages:
                new = any(self._entry(one, walked=False) is not None for one in page.found)
                return new or (self.cursor.loose and listing.total != self.cursor.total)
        return False

    # ---- what there is to read ---------------------------------------------------------------

    async def _recent(self, *, sweep: bool) -> AsyncIterator[Batch]:
        """What is new or changed since the last run."""
        floor = self._floor(sweep=sweep)
        while True:
            listing = self._listing(floor)
            ended = True
            try:
                async with aclosing(listing.pages()) as pages:
                    async for page in pages:
                        new = self._plan(page)
                        async for batch in self._batches():
                            yield batch
                        if self._is_enough(listing, page, floor, new=new, sweep=sweep):
                            ended = False
                            break
            except TooLarge:
                if not self._habits.shrink():
                    raise
                continue
            break
        self._end(listing, floor, ended=ended)

    async def _walk(self) -> AsyncIterator[Batch]:
        """Read to the end of the list, from where an earlier reading stopped."""
        while True:
            ceiling = None if self.cursor.loose else self.cursor.low
            listing = self._listing(ceiling=ceiling)
            try:
                async with aclosing(listing.pages()) as pages:
                    async for page in pages:
                        self._plan(page, walked=True)
                        self._loosen(listing)
                        async for batch in self._batches():
                            yield batch
            except TooLarge:
                if not self._habits.shrink():
                    raise
                continue
            break
        self._end(listing, None, ended=ceiling is None)
        if self._failed is None:
            self.cursor.whole, self.cursor.low, self._moved = True, None, True

    def _is_enough(
        self, listing: Listing, page: Page, floor: datetime | None, *, new: bool, sweep: bool
    ) -> bool:
        """Whether the rest of the list is known."""
        if self.cursor.loose:
            return not sweep and not new and listing.total == self.cursor.total
        if not listing.ordered:
            return False
        stamps = [at for one in page.found if (at := last_updated(one)) is not None]
        if floor is not None and stamps and min(stamps) < floor:
            # It does not keep to what it was asked for, but to the order.
            return True
        return not sweep and not new

    def _end(self, listing: Listing, floor: datetime | None, *, ended: bool) -> None:
        """A look has come to its end; only now is nothing missing below the newest message."""
        if self._failed is not None:
            return
        if self._newest is not None and self._newest != self.cursor.top:
            self.cursor.reach(self._newest)
            self._moved = True
        if ended and not listing.ordered and floor is None:
            self._loosen(listing)
        if ended and self.cursor.loose and self.cursor.total != listing.total:
            self.cursor.total, self._moved = listing.total, True

    def _loosen(self, listing: Listing) -> None:
        """Nothing is known by its time where the list is in no order of time."""
        if not listing.ordered and not self.cursor.loose:
            self.cursor.loose, self.cursor.low, self._moved = True, None, True

    def _floor(self, *, sweep: bool) -> datetime | None:
        top = self.cursor.top
        if top is None or self.cursor.loose or not self._habits.stamped:
            return None
        if sweep:
            return top - SWEPT
        # What is too large for a usual page is not to come with every look.
        return top + timedelta(milliseconds=1) if self._habits.shrunk else top - OVERLAP

    def _listing(self, floor: datetime | None = None, ceiling: datetime | None = None) -> Listing:
        by = "sent" if self.cursor.loose else "_lastUpdated"
        return Listing(self._portal, self._habits, floor=floor, ceiling=ceiling, by=by)

    # ---- what is new -------------------------------------------------------------------------

    def _plan(self, page: Page, *, walked: bool = False) -> bool:
        """Put what is new behind what is planned; whether there is anything."""
        self._meet(page)
        self._failed = self._failed or page.failed
        if walked and self._highest is None:
            stamps = [at for one in page.found if (at := last_updated(one)) is not None]
            self._highest = max(stamps, default=None)
        fresh = self._entries(page.found, walked=walked)
        self._pending.extend(fresh)
        return bool(fresh)

    def _entries(self, found: Iterable[Any], *, walked: bool) -> list[_Pending]:
        fresh: list[_Pending] = []
        for one in found:
            entry = self._entry(one, walked=walked)
            if entry is None:
                continue
            waiting = self._waiting.get(entry.name)
            if waiting is None:
                self._waiting[entry.name] = entry
                fresh.append(entry)
            elif _is_later(entry.at, waiting.at):
                # It changed before its turn came: the later version is the first one seen.
                waiting.found, waiting.version, waiting.at = one, entry.version, entry.at
        return fresh

    def _entry(self, found: Any, *, walked: bool) -> _Pending | None:
        """What is news about something of the list; None when it is known, or not sent yet."""
        if is_draft(found):
            return None
        name, at, version = name_of_entry(found), last_updated(found), version_of(found)
        known = self.cursor.seen.get(name)
        if known is None and self.cursor.holds(at):
            return None
        if known is not None and (known.version == version or not _is_later(at, known.at)):
            return None
        later = f"{name}/_history/{version}"
        if known is not None:
            items: tuple[str, ...] = (later,)
        elif version == FIRST or name.startswith("?") or (walked and not self.cursor.again):
            items = (name,)
        else:
            items = (name, later)
        return _Pending(found, name, version, at, items, self._habits.bare, walked)

    async def _look_up(self) -> None:
        """In the middle of a long reading: put what has come meanwhile in front."""
        if time.monotonic() - self._looked < GLANCE_EVERY:
            return
        self._looked = time.monotonic()
        listing = self._listing(self._floor(sweep=False))
        async with aclosing(listing.pages()) as pages:
            async for page in pages:
                self._meet(page)
                fresh = self._entries(page.found, walked=False)
                self._pending.extendleft(reversed(fresh))
                self.missed |= bool(fresh) and len(fresh) == len(page.found)
                return

    # ---- batches -----------------------------------------------------------------------------

    async def _batches(self) -> AsyncIterator[Batch]:
        while self._pending:
            items: list[RawItem] = []
            size = 0
            await self._prepare()
            while self._pending and len(items) < BATCH_ITEMS and size < BATCH_BYTES:
                # Taken out once its item is made: what fails here is tried by the next run.
                entry = self._pending[0]
                item = await self._maker.item(
                    entry.found,
                    entry.items[0],
                    limit=MOST_LARGE if entry.bare and entry.name[0] != "?" else 0,
                )
                self._pending.popleft()
                self._note(entry)
                base = item.remote.epoch
                items.append(item)
                items += [
                    replace(item, remote=RemoteId(MESSAGES, base, name)) for name in entry.items[1:]
                ]
                size += len(item.content)
                self._done += 1
            yield self._batch(tuple(items))
            if self._pending:
                await self._look_up()

    def _meet(self, page: Page) -> None:
        if not self._habits.bare:
            # Without their words, messages look like the headers of threads.
            self._maker.context.meet(page)

    async def _prepare(self) -> None:
        next_ones = list(islice(self._pending, BATCH_ITEMS))
        await self._maker.context.prepare(
            one.found for one in next_ones if word(one.found, "resourceType") == MESSAGES
        )

    def _kept(self, body: bytes) -> RawItem | None:
        """A page that cannot be read, for a person to look at; None for one that is kept."""
        # A web page has another word in it each time; one of them is enough to look at.
        name = f"?{digest(body)}" if body.lstrip()[:1] == b"{" else WEB_PAGE
        broken = sum(one.version == BROKEN for one in self.cursor.seen.values())
        if name in self.cursor.seen or broken >= MOST_BROKEN:
            return None
        self.cursor.seen[name] = Known(BROKEN, None)
        return self._maker.strange(body[:MOST_SHOWN], name)

    def _note(self, entry: _Pending) -> None:
        self._moved = True
        self._waiting.pop(entry.name, None)
        cursor, at = self.cursor, entry.at
        cursor.seen[entry.name] = Known(entry.version, at)
        if at is None:
            if not entry.name.startswith("?"):
                cursor.loose, cursor.low = True, None
            return
        if at > self._maker.now() + AHEAD:
            # A time that is still to come would hide everything that comes before it.
            return
        if not entry.walked:
            if self._newest is None or at > self._newest:
                self._newest = at
            return
        if not cursor.loose and (cursor.low is None or at < cursor.low):
            cursor.low = at
        if self._highest is None or at <= self._highest:
            cursor.reach(at)

    def _batch(self, items: tuple[RawItem, ...]) -> Batch:
        self._moved = False
        return Batch(
            folder=MESSAGES,
            epoch=self.cursor.base,
            items=items,
            cursor=self.cursor.dump(),
            done=self._done,
            total=self._done + len(self._pending),
        )


def _is_later(at: datetime | None, than: datetime | None) -> bool:
    """Whether a version may be the later one; without times nobody knows, so it may."""
    return at is None or than is None or at >= than

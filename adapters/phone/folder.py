"""Reading one folder of texts: what is new first, then backwards, in batches that stand alone.

There are two folders: what came to the number, and what left from it. Each is a list of the API,
newest first. Three ways of looking at one:

- a glance: the first page, and more only while everything on it is new; one request;
- a sweep: everything in the overlap behind the newest text, for what the lists show late;
- the first reading: everything there is, a page at a time, which may be interrupted anywhere.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.phone.connection import Page, Record, Twilio, moment
from adapters.phone.cursor import FOLLOWED, OVERLAP, Cursor
from adapters.phone.item import write_status, write_text
from adapters.phone.media import MediaReader
from adapters.phone.status import is_final
from inbox.channel import Batch, RawItem, RemoteId
from inbox.clock import Clock
from inbox.errors import ServerRefused

RECEIVED = "messages"
"""The folder of what came to the number."""
SENT = "sent"
"""The folder of what left from it, by whatever program."""
PAGE = 1000
"""Texts on one page; Twilio gives no more."""
GLANCE = 50
"""Texts on the first page of a glance."""
BATCH_ITEMS = 200
"""Texts in one batch at most."""
BATCH_BYTES = 8_000_000
"""Bytes in one batch at most, unless a single text is larger."""
FOLLOWED_AT_ONCE = 20
"""Texts of ours that are asked for one by one in a sweep; the next sweep asks for others."""
GLANCE_EVERY = 3.0
"""Seconds of a long reading after which it looks whether something new has come."""
SKEWED = timedelta(seconds=30)
"""From this difference on, Twilio's times are told by our clock."""


@dataclass(slots=True)
class _Pending:
    """A record that is to become an item."""

    record: Record
    sid: str
    at: datetime
    walked: bool = False
    """It was come upon by the first reading, at its place."""
    ended: bool = False
    """It is known already; only its end is news."""


class FolderReader:
    """One run through one folder.

    Args:
        twilio: The account.
        folder: RECEIVED or SENT.
        number: The line's number.
        cursor: What has been fetched; changed as the run goes on.
        media: Fetches what came with texts.
        clock: The present moment, for a text without a time.
    """

    def __init__(
        self,
        twilio: Twilio,
        folder: str,
        number: str,
        cursor: Cursor,
        media: MediaReader,
        clock: Clock,
    ) -> None:
        self._twilio = twilio
        self._folder = folder
        self._number = number
        self.cursor = cursor
        """What has been fetched."""
        self._media = media
        self._clock = clock
        self._pending: deque[_Pending] = deque()
        self._planned: set[str] = set()
        self._done = 0
        self._looked = time.monotonic()
        self._moved = False
        self._bounds = cursor.bounds
        self._newest: datetime | None = None
        self.missed = False
        """More may have come than a glance could see; a sweep is due."""

    async def read(self, *, sweep: bool) -> AsyncIterator[Batch]:
        """Every batch of this run.

        Args:
            sweep: Look through the whole overlap, not only at what is on top.
        """
        if self.cursor.top is not None or self.cursor.whole:
            async for page in self._sweep() if sweep else self._glance():
                self._plan(page.records)
                async for batch in self._batches():
                    yield batch
            self._reach()
        if sweep and self.cursor.open:
            await self._follow()
            async for batch in self._batches():
                yield batch
        if not self.cursor.whole:
            async for batch in self._walk():
                yield batch
        if self._moved:
            yield self._batch(())

    async def news(self) -> bool:
        """Whether the first page shows anything that is not known; one request."""
        page = await self._ask({"PageSize": str(GLANCE)})
        return any(self._entry(record) is not None for record in page.records)

    # ---- what there is to read ---------------------------------------------------------------

    async def _glance(self) -> AsyncIterator[Page]:
        page = await self._ask({"PageSize": str(GLANCE)})
        while True:
            known = any(self._is_known(one) for one in page.records)
            yield page
            if known or not page.next:
                return
            page = await self._twilio.page(page.next, "messages")

    async def _sweep(self) -> AsyncIterator[Page]:
        params = {"PageSize": str(PAGE)}
        if self._folder == SENT:
            # What is queued has no DateSent, so a filter by it would leave it out.
            yield await self._ask({"PageSize": str(GLANCE)})
        if self.cursor.top is not None:
            params["DateSent>"] = _day(self.cursor.top - OVERLAP)
        async for page in self._twilio.pages(*self._list(), self._who() | params):
            yield page

    async def _walk(self) -> AsyncIterator[Batch]:
        """Read to the end of the list, from where an earlier reading stopped."""
        params = {"PageSize": str(PAGE)}
        if self.cursor.low is not None:
            # A day more: what was written one day may have been sent on the next.
            params["DateSent<"] = _day(self.cursor.low + timedelta(days=1))
        async for page in self._twilio.pages(*self._list(), self._who() | params):
            self._plan(page.records, walked=True)
            async for batch in self._batches():
                yield batch
        self._reach()
        self.cursor.whole, self.cursor.low, self._moved = True, None, True

    def _reach(self) -> None:
        """A look has come to its end; only now is nothing missing below the newest text."""
        if self._newest is not None and self._newest != self.cursor.top:
            self.cursor.reach(self._newest)
            self._moved = True

    async def _follow(self) -> None:
        """Ask for texts of ours that no list told the end of, one by one."""
        floor = (self.cursor.top or self._clock()) - OVERLAP
        latest = self._clock() + self._twilio.skew - FOLLOWED
        asked = 0
        for sid, at in list(self.cursor.open.items()):
            if at < latest:
                del self.cursor.open[sid]
                self._moved = True
            elif at < floor and asked < FOLLOWED_AT_ONCE:
                asked += 1
                # To the end, so that all have their turn.
                self.cursor.open[sid] = self.cursor.open.pop(sid)
                try:
                    url = f"{self._twilio.root}/Messages/{sid}.json"
                    self._plan([await self._twilio.get(url)])
                except ServerRefused:
                    del self.cursor.open[sid]
                    self._moved = True

    def _is_known(self, record: Record) -> bool:
        at = moment(record.get("date_created")) or self._clock()
        return str(record.get("sid")) in self.cursor.seen or self._bounds.hold(at)

    def _plan(self, records: Iterable[Record], *, walked: bool = False) -> None:
        """Put what is new behind what is planned."""
        for record in records:
            entry = self._entry(record)
            if entry is not None:
                entry.walked = walked and not entry.ended
                self._planned.add(_key(entry))
                self._pending.append(entry)

    def _entry(self, record: Record) -> _Pending | None:
        """What is news about a record; None when it is known, also by a page that shifted."""
        sid = record.get("sid")
        if not isinstance(sid, str) or not sid.isalnum() or not belongs(record, self._folder):
            return None
        at = moment(record.get("date_created")) or moment(record.get("date_sent"))
        entry = _Pending(record, sid, at or self._clock())
        if sid in self.cursor.open and is_final(record.get("status")):
            entry.ended = True
        elif sid in self.cursor.seen or self._bounds.hold(entry.at):
            return None
        return None if _key(entry) in self._planned else entry

    async def _look_up(self) -> None:
        """In the middle of a long reading: put what has come meanwhile in front."""
        if time.monotonic() - self._looked < GLANCE_EVERY:
            return
        self._looked = time.monotonic()
        page = await self._ask({"PageSize": str(GLANCE)})
        fresh: list[_Pending] = []
        for record in page.records:
            entry = self._entry(record)
            if entry is not None:
                self._planned.add(_key(entry))
                fresh.append(entry)
        self._pending.extendleft(reversed(fresh))
        self.missed |= bool(page.next) and len(fresh) == len(page.records)

    # ---- batches -----------------------------------------------------------------------------

    async def _batches(self) -> AsyncIterator[Batch]:
        while self._pending:
            items: list[RawItem] = []
            size = 0
            while self._pending and len(items) < BATCH_ITEMS and size < BATCH_BYTES:
                # Taken out once its item is made: what fails here is tried by the next run.
                entry = self._pending[0]
                item = await self._item(entry)
                self._pending.popleft()
                self._note(entry)
                items.append(item)
                size += len(item.content)
            self._done += len(items)
            yield self._batch(tuple(items))
            if self._pending:
                await self._look_up()

    def _note(self, entry: _Pending) -> None:
        self._moved = True
        if entry.ended:
            self.cursor.open.pop(entry.sid, None)
            return
        self.cursor.seen[entry.sid] = entry.at
        if self._folder == SENT and not is_final(entry.record.get("status")):
            age = self._clock() + self._twilio.skew - entry.at
            if age < FOLLOWED:
                self.cursor.open[entry.sid] = entry.at
        if entry.walked:
            self.cursor.low = entry.at
            self.cursor.reach(entry.at)
        elif self._newest is None or entry.at > self._newest:
            self._newest = entry.at

    def _batch(self, items: tuple[RawItem, ...]) -> Batch:
        self._moved = False
        return Batch(
            folder=self._folder,
            epoch=self.cursor.account,
            items=items,
            cursor=self.cursor.dump(),
            done=self._done,
            total=self._done + len(self._pending),
        )

    async def _item(self, entry: _Pending) -> RawItem:
        if entry.ended:
            content, complete = write_status(entry.record), True
            name = f"{entry.sid}:{entry.record.get('status')}"
        else:
            media, complete = await self._media.of(entry.record)
            content, name = write_text(entry.record, media), entry.sid
        return RawItem(
            remote=RemoteId(self._folder, self.cursor.account, name),
            content=content,
            received_at=received_at(self._twilio, entry.record, self._clock),
            size=len(content),
            complete=complete,
            ours=self._folder == SENT,
        )

    # ---- questions ---------------------------------------------------------------------------

    def _who(self) -> dict[str, str]:
        return {"From" if self._folder == SENT else "To": self._number}

    def _list(self) -> tuple[str, str]:
        return f"{self._twilio.root}/Messages.json", "messages"

    async def _ask(self, params: dict[str, str]) -> Page:
        return await self._twilio.page(*self._list(), self._who() | params)


async def read_one(twilio: Twilio, remote: RemoteId, media: MediaReader, clock: Clock) -> RawItem:
    """One text in full.

    Raises:
        ServerRefused: it is no longer there.
    """
    gone = ServerRefused(
        "This text is no longer at Twilio.", "Twilio keeps texts for about 13 months."
    )
    own = remote.epoch == twilio.settings.account_sid and remote.item.isalnum()
    if remote.folder not in {RECEIVED, SENT} or not own:
        raise gone
    try:
        record = await twilio.get(f"{twilio.root}/Messages/{remote.item}.json")
    except ServerRefused as error:
        raise gone from error
    files, complete = await media.of(record, last=True)
    content = write_text(record, files)
    return RawItem(
        remote=remote,
        content=content,
        received_at=received_at(twilio, record, clock),
        size=len(content),
        complete=complete,
        ours=remote.folder == SENT,
    )


async def sids(
    twilio: Twilio, folder: str, number: str, since: datetime | None = None
) -> dict[str, datetime]:
    """Every SID of a folder with its time, or of what was sent `since` that day."""
    params = {"From" if folder == SENT else "To": number, "PageSize": str(PAGE)}
    if since is not None:
        params["DateSent>"] = _day(since)
    found: dict[str, datetime] = {}
    url = f"{twilio.root}/Messages.json"
    async for page in twilio.pages(url, "messages", params):
        for record in page.records:
            at = moment(record.get("date_created")) or datetime.min.replace(tzinfo=UTC)
            if isinstance(record.get("sid"), str) and belongs(record, folder):
                found[record["sid"]] = at
    return found


def belongs(record: Record, folder: str) -> bool:
    """Whether a listed text is one of this folder.

    A text from one number of the account to another is listed twice for both: as it left, and as it
    arrived.
    """
    direction = str(record.get("direction") or "")
    return direction != "inbound" if folder == SENT else not direction.startswith("outbound")


def received_at(twilio: Twilio, record: Record, clock: Clock) -> datetime:
    """When a text came, by our clock: Twilio's may be ahead or behind."""
    at = moment(record.get("date_created")) or moment(record.get("date_sent"))
    if at is None:
        return clock()
    return at - twilio.skew if abs(twilio.skew) >= SKEWED else at


def _key(entry: _Pending) -> str:
    return f"{entry.sid}:end" if entry.ended else entry.sid


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()

"""Reading one folder: what is new first, then backwards, in batches that each stand alone.

Blocking; runs on a connection's thread. Folders are opened with EXAMINE and bodies are read with
BODY.PEEK, so nothing is marked as read, moved or deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from adapters.mail.cursor import Cursor, parse_cursor
from adapters.mail.imap import Client, FolderState, examine, status
from inbox.channel import Batch, Census, RawItem, RemoteId, Tally
from inbox.clock import Clock
from inbox.errors import ServerRefused
from inbox.numbered import Numbers

BATCH_ITEMS = 200
"""Mails in one batch at most; also keeps command lines short, since UIDs are sent one by one."""
FIRST_ITEMS = 50
"""Mails in the first batch: the list begins to fill, and filing to go on beside fetching."""
BATCH_BYTES = 8_000_000
"""Bytes in one batch at most, unless a single mail is larger."""
RANGE_ITEMS = 50_000
"""About so many UIDs are asked for at a time."""
CHUNK_BYTES = 1_000_000
"""Bytes of a very large mail that are asked for at a time."""

_LONG_AGO = date(1971, 1, 1)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FACTS = ["RFC822.SIZE", "INTERNALDATE"]


class FolderReader:
    """One run through one folder.

    Args:
        folder: The folder's name.
        cursor: The stored cursor, or None.
        ours: Whether it holds what we sent.
        oversize: Bytes above which only the header is read.
        clock: For mail without an INTERNALDATE.
        quiet: What the folder said of itself when a run last found nothing left to read under this
            very cursor; None when there was no such run.
        closed: Whether asking by STATUS is allowed, because the folder is not the one open for IDLE
            (RFC 3501 section 6.3.10).
        since: What the server got before this day is left there; None reads everything.
    """

    def __init__(
        self,
        folder: str,
        cursor: str | None,
        *,
        ours: bool,
        oversize: int,
        clock: Clock,
        quiet: FolderState | None = None,
        closed: bool = False,
        since: date | None = None,
    ) -> None:
        self._folder = folder
        self._ours = ours
        self._oversize = oversize
        self._clock = clock
        self._quiet = quiet
        self._closed = closed
        self._stored = parse_cursor(cursor)
        self._cursor = self._stored or Cursor(0)
        self._pending: list[int] = []
        self._top = 0
        self._low = 1
        self._since = since
        self._done = 0
        self._begun = False
        self.state: FolderState | None = None
        """What the folder said when there was nothing left to read; None before that."""

    @property
    def cursor(self) -> str:
        """The cursor as it is now."""
        return self._cursor.dump()

    def step(self, client: Client) -> Batch | None:
        """The next batch, or None when everything has been read."""
        if not self._begun:
            self._begun = True
            if self._begin(client):
                return None
        elif self.state is not None:
            return None
        else:
            self._look_for_arrivals(client)
        while self._pending:
            items = self._next_items(client)
            if items or not self._pending:
                return self._batch(items)
            self._look_for_arrivals(client)
        return self._last_word(client)

    # ---- what there is to read ---------------------------------------------------------------

    def _begin(self, client: Client) -> bool:
        """Open the folder and list what is missing; True when nothing has changed."""
        quiet = self._quiet
        if self._closed and quiet is not None and status(client, self._folder) == quiet:
            self.state = quiet
            return True
        now = examine(client, self._folder)
        if now == quiet:
            self.state = now
            return True
        if self._cursor.uidvalidity != now.uidvalidity:
            self._cursor = Cursor(now.uidvalidity)
        self._top = self._cursor.top
        if self._cursor.done and self._cursor.whole:
            self._add_arrivals(client)
        else:
            uids = self._wanted(client)
            self._pending = self._cursor.missing(uids)
            self._top = max([self._top, self._low - 1, *uids])
        return False

    def _wanted(self, client: Client) -> list[int]:
        if self._since is None:
            return client.uids("ALL")
        self._low = first_since(client, self._since)
        return [uid for uid in client.uids("UID", f"{self._low}:*") if uid >= self._low]

    def _look_for_arrivals(self, client: Client) -> None:
        # NOOP first: a SEARCH in a folder opened a while ago may not know of new mail yet.
        if client.grown():
            self._add_arrivals(client)

    def _add_arrivals(self, client: Client) -> bool:
        # `n:*` names the last message even when its UID is below n (RFC 3501 section 6.4.8).
        found = client.uids("UID", f"{self._top + 1}:*")
        arrived = [uid for uid in reversed(found) if uid > self._top]
        if arrived:
            self._pending[:0] = arrived
            self._top = arrived[0]
        return bool(arrived)

    def _last_word(self, client: Client) -> Batch | None:
        """Nothing is left: remember how the folder looks, and the cursor if it has moved."""
        now = examine(client, self._folder)
        if self._add_arrivals(client):
            return self._batch(self._next_items(client))
        self.state = now
        self._finish_cursor()
        if self._stored != self._cursor:
            return self._batch(())
        return None

    # ---- batches -----------------------------------------------------------------------------

    def _batch(self, items: tuple[RawItem, ...]) -> Batch:
        if not self._pending:
            self._finish_cursor()
        self._stored = self._cursor
        return Batch(
            folder=self._folder,
            epoch=str(self._cursor.uidvalidity),
            items=items,
            cursor=self._cursor.dump(),
            done=self._done,
            total=self._done + len(self._pending),
        )

    def _finish_cursor(self) -> None:
        self._cursor = self._cursor.with_range(self._low, self._top)

    def _next_items(self, client: Client) -> tuple[RawItem, ...]:
        """Read the newest of what is pending; what has been expunged meanwhile is left out."""
        chunk = self._pending[: BATCH_ITEMS if self._done else min(FIRST_ITEMS, BATCH_ITEMS)]
        facts = _fetch_each(client, chunk, _FACTS)
        taken = list(self._within_budget(chunk, facts))
        whole = [uid for uid in taken if 0 <= _size(facts, uid) <= self._oversize]
        heads = [uid for uid in taken if _size(facts, uid) > self._oversize]
        found = _bodies(client, whole, "BODY.PEEK[]") | _bodies(client, heads, "BODY.PEEK[HEADER]")
        items = tuple(
            self._item(uid, found[uid], uid not in heads, facts[uid])
            for uid in taken
            if uid in found
        )
        del self._pending[: len(taken)]
        # All that is pending is older than the last one taken, so everything above it is done.
        self._cursor = self._cursor.with_range(taken[-1], self._top)
        self._done += len(taken)
        return items

    def _within_budget(self, chunk: list[int], facts: dict[int, Any]) -> Iterator[int]:
        budget = BATCH_BYTES
        for place, uid in enumerate(chunk):
            size = _size(facts, uid)
            budget -= max(0, size if size <= self._oversize else 0)
            if budget < 0 and place:
                return
            yield uid

    def _item(self, uid: int, raw: bytes | None, whole: bool, facts: dict[bytes, Any]) -> RawItem:
        received = facts.get(b"INTERNALDATE")
        return RawItem(
            remote=RemoteId(self._folder, str(self._cursor.uidvalidity), str(uid)),
            content=raw or b"",
            received_at=_aware(received, self._clock),
            size=max(_int(facts.get(b"RFC822.SIZE")), len(raw or b"")),
            complete=whole and raw is not None,
            ours=self._ours,
        )


def read_whole(client: Client, remote: RemoteId, *, ours: bool, clock: Clock) -> RawItem:
    """One mail in full, a piece at a time.

    Raises:
        ServerRefused: it is no longer there.
    """
    gone = ServerRefused(
        "This mail is no longer on the server.",
        "Somebody deleted or moved it from another program.",
    )
    if str(examine(client, remote.folder).uidvalidity) != remote.epoch or not remote.item.isdigit():
        raise gone
    uid = int(remote.item)
    facts = client.fetch([uid], _FACTS).get(uid)
    if facts is None:
        raise gone
    gathered = BytesIO()
    while True:
        start = gathered.tell()
        said = client.fetch([uid], [f"BODY.PEEK[]<{start}.{CHUNK_BYTES}>"]).get(uid)
        if said is None:
            raise gone
        piece = said.get(b"BODY[]<%d>" % start) or b""
        gathered.write(piece)
        if len(piece) < CHUNK_BYTES:
            break
    content = gathered.getvalue()
    return RawItem(
        remote=remote,
        content=content,
        received_at=_aware(facts.get(b"INTERNALDATE"), clock),
        size=max(_int(facts.get(b"RFC822.SIZE")), len(content)),
        ours=ours,
    )


def count(client: Client, folder: str, since: date | None = None) -> Census:
    """Every UID of a folder, by the server's own count."""
    now = examine(client, folder)
    uids = Numbers(_every_uid(client, now))
    older = uids.below(1 if since is None else first_since(client, since))
    return Census(folder, str(now.uidvalidity), uids, older=older)


def first_since(client: Client, day: date) -> int:
    """The lowest UID of what the open folder got since a day; above all of them when none is."""
    # SEARCH looks at the date alone, in whatever zone the server wrote it (RFC 3501 section 6.4.4).
    day = max(day, _LONG_AGO) - timedelta(days=1)
    found = client.uids("SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}")
    return found[0] if found else max(client.uids("UID", "*"), default=0) + 1


def tally(client: Client, folder: str, *, closed: bool) -> Tally:
    """How many mails a folder holds; without opening it where `closed` says that STATUS is fit."""
    now = status(client, folder) if closed else None
    if now is None:
        now = examine(client, folder)
    return Tally(folder, str(now.uidvalidity), now.exists)


def _every_uid(client: Client, folder: FolderState) -> Iterator[int]:
    """Every UID, asked for in ranges: the answer for a million mails is a line of megabytes."""
    if folder.exists <= RANGE_ITEMS or not folder.uidnext:
        yield from client.uids("ALL")
        return
    # Where UIDs have gaps a range is wider, so that there are as many answers as there is mail.
    width = max(1, RANGE_ITEMS * folder.uidnext // folder.exists)
    low = 1
    while low < folder.uidnext:
        yield from client.uids("UID", f"{low}:{low + width - 1}")
        low += width
    # `n:*` names the last message even when its UID is below n (RFC 3501 section 6.4.8).
    yield from (uid for uid in client.uids("UID", f"{low}:*") if uid >= low)


def _bodies(client: Client, uids: list[int], what: str) -> dict[int, bytes | None]:
    """The text of each mail that is still there; None for one the server cannot give out."""
    key = what.replace(".PEEK", "").encode("ascii")
    found = _fetch_each(client, uids, [what])
    return {
        uid: said[key] if isinstance(said.get(key), bytes) else None for uid, said in found.items()
    }


def _fetch_each(client: Client, uids: list[int], what: list[str]) -> dict[int, dict[bytes, Any]]:
    """FETCH; where the server refuses the whole because of one mail, each by itself.

    One that is there and that it will not give out alone either is answered with nothing known of
    it: it becomes an item without content, which people see, instead of being passed over.
    """
    try:
        return dict(client.fetch(uids, what))
    except IMAPClientAbortError:
        raise
    except (IMAPClientError, ValueError):
        if len(uids) == 1:
            client.noop()
            return {uid: {} for uid in client.uids("UID", str(uids[0])) if uid == uids[0]}
    found: dict[int, dict[bytes, Any]] = {}
    for uid in uids:
        found.update(_fetch_each(client, [uid], what))
    return found


def _size(facts: dict[int, Any], uid: int) -> int:
    """The size in bytes; -1 for a mail that is no longer there."""
    return _int(facts[uid].get(b"RFC822.SIZE")) if uid in facts else -1


def _int(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _aware(value: Any, clock: Clock) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        with suppress(OverflowError):  # the year 1 or 9999 in a far-off zone
            return value.astimezone(UTC)
    return clock()

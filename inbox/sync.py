"""Sync: keeps one line up to date, and says how it is doing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from inbox.channel import Batch, Census, Channel, RawItem, ReadsFrom, RemoteId, Tallies
from inbox.clock import Clock
from inbox.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ServerRefused,
    StoreError,
    TlsRefused,
    TwowayError,
)
from inbox.filing import Filer
from inbox.line import FolderCount, LineHealth, LineState
from inbox.repository import Repository

_WAIT = 60.0
"""Seconds between two polls when nothing is announced."""
_CENSUS_EVERY = timedelta(minutes=10)
_FIRST_BACKOFF, _LONGEST_BACKOFF = 1.0, 120.0
_PERSON_NEEDED_BACKOFF = 300.0
"""Seconds before a refused password is tried again: servers lock accounts that try too often."""
_CHECK_EVERY = timedelta(days=7)
"""How long numbers that agree are enough; then every item is compared, though nothing new came."""
_MOST_REPAIRS = 500
"""Missing items that are fetched by the way; a person can ask for all of them."""
_REPAIRED_TOGETHER = 50
"""Missing items that are stored in one transaction."""
_LARGE = 4_000_000
"""Bytes of one item beside which no other is fetched or filed."""


@dataclass(slots=True)
class _Backoff:
    """Exponential, with jitter, so that lines do not come back all at once."""

    seconds: float = 0.0

    def next(self) -> float:
        self.seconds = min(_LONGEST_BACKOFF, max(_FIRST_BACKOFF, self.seconds * 2))
        return self.seconds * random.uniform(0.7, 1.3)


class LineSync:
    """Fetches, files and counts one line."""

    def __init__(
        self,
        channel: Channel,
        repository: Repository,
        filer: Filer,
        clock: Clock,
        on_trouble: Callable[[TwowayError], None] | None = None,
    ) -> None:
        """Keep `channel`'s line up to date in `repository`.

        Args:
            channel: The line's way to the outside world.
            repository: Where everything is kept.
            filer: Files what was fetched.
            clock: The present moment.
            on_trouble: Told of trouble with the disk, which may keep the line from saying so.
        """
        self._channel = channel
        self._repository = repository
        self._filer = filer
        self._clock = clock
        self._on_trouble = on_trouble
        self._health = LineHealth(channel.line.id, LineState.CONNECTING)
        self._counted_at: datetime | None = None
        self._poked = asyncio.Event()
        self._thorough = False
        self._stopping = False

    @property
    def health(self) -> LineHealth:
        """How the line is doing."""
        return self._health

    def poke(self) -> None:
        """Look now, whatever the wait."""
        self._poked.set()

    def be_thorough(self) -> None:
        """Next time compare every item with the server, and fetch all that is missing."""
        self._thorough = True

    def stop(self) -> None:
        """End the run that goes on after the batch it is at; the next one goes on from there."""
        self._stopping = True

    async def run(self) -> None:
        """Keep the line up to date until cancelled; comes back from every lost connection."""
        backoff, loaded = _Backoff(), False
        while True:
            try:
                if not loaded:
                    await self._load()
                    loaded = True
                await self.once()
                backoff.seconds = 0.0
                await self._wait(_WAIT)
            except (AuthenticationFailed, TlsRefused, ConfigurationError) as error:
                await self._say(LineState.STOPPED, error)
                await self._pause(_PERSON_NEEDED_BACKOFF)
            except TwowayError as error:
                if isinstance(error, StoreError) and self._on_trouble is not None:
                    self._on_trouble(error)
                await self._say(LineState.RETRYING, error)
                await self._pause(backoff.next())

    async def once(self) -> None:
        """Bring the line up to date: fetch, file, and compare with the server's own count.

        Raises:
            ChannelError, StoreError: with what was fetched so far stored and kept.
        """
        with _in_words():
            await self._once()

    async def _once(self) -> None:
        line_id = self._channel.line.id
        # What an earlier run stored and did not file comes first.
        fetched = await self._filer.drain(self._channel)
        cursors = await self._repository.raw.cursors(line_id)
        await self._aim()
        self._stopping = False
        begun = self._clock()
        filing: asyncio.Task[int] | None = None
        try:
            async for batch in self._channel.fetch(cursors):
                fetched += await self._repository.raw.save_batch(line_id, batch, self._clock())
                if batch.items:
                    await self._progress(batch.done, batch.total)
                if self._stopping:
                    # The rest is known by its cursor, and read when somebody asks for it again.
                    break
                # Filing runs beside the next fetch; it takes up whatever is stored by then.
                if filing is None or filing.done():
                    if filing is not None:
                        filing.result()
                    filing = asyncio.create_task(self._filer.drain(self._channel))
                large = any(len(item.content) >= _LARGE for item in batch.items)
                del batch
                if large:
                    # It is not held in memory beside the next.
                    await filing
        finally:
            if filing is not None:
                await filing
        await self._filer.drain(self._channel)
        # Somebody may have stopped it: then nobody waits for the rest any more.
        await self._aim()
        counted = self._health.folders
        due = self._counted_at is None or self._clock() - self._counted_at >= _CENSUS_EVERY
        if fetched or due or not counted or self._thorough:
            counted = await self._count()
        await self._set(LineHealth(line_id, LineState.READY, last_poll_at=begun, folders=counted))

    async def _aim(self) -> None:
        """Tell the channel how far back it is to read."""
        asked: object = self._channel
        if isinstance(asked, ReadsFrom):
            asked.read_from(await self._repository.lines.reading_from(self._channel.line.id))

    async def _count(self) -> tuple[FolderCount, ...]:
        """Compare with the server; fetch what is missing.

        Numbers that agree are enough, but for once a week: one mail that was deleted there and one
        that never came would make up for each other.
        """
        thorough, counts = self._thorough, await self._tally()
        if counts is None or thorough or self._is_check_due(counts):
            line_id, raw = self._channel.line.id, self._repository.raw
            census = await self._channel.census()
            counts = await raw.count(line_id, census, self._clock())
            missing = sum(count.missing for count in counts)
            if missing:
                await self._repair(census, missing if thorough else min(missing, _MOST_REPAIRS))
                counts = await raw.count(line_id, census, self._clock())
        # What was asked for meanwhile is done the next time.
        self._thorough = self._thorough and not thorough
        self._counted_at = self._clock()
        return counts

    async def _tally(self) -> tuple[FolderCount, ...] | None:
        """The counts, when mere numbers show that nothing is missing; None when they do not."""
        asked: object = self._channel
        if not isinstance(asked, Tallies):
            return None
        tallies = await asked.tally()
        if tallies is None:
            return None
        return await self._repository.raw.tally(self._channel.line.id, tallies, self._clock())

    def _is_check_due(self, counts: Sequence[FolderCount]) -> bool:
        now = self._clock()
        return any(
            count.checked_at is None or not timedelta() <= now - count.checked_at < _CHECK_EVERY
            for count in counts
        )

    async def _repair(self, census: Sequence[Census], most: int) -> None:
        """Fetch what is on the server and not here, the newest first, and file it."""
        line_id, done = self._channel.line.id, 0
        for folder in census:
            below = ""
            while done < most and not self._stopping:
                room = min(_REPAIRED_TOGETHER, most - done)
                missing = await self._repository.raw.missing(line_id, folder, room, below)
                if not missing:
                    break
                below = missing[-1].item
                await self._fetch_missing(folder, missing)
                done += len(missing)
                await self._progress(done, most)
        await self._filer.drain(self._channel)

    async def _fetch_missing(self, folder: Census, missing: Sequence[RemoteId]) -> None:
        line_id, items = self._channel.line.id, list[RawItem]()
        for remote in missing:
            # Refused: it went away between the count and now.
            with suppress(ServerRefused):
                items.append(await self._channel.fetch_whole(remote))
        cursor = (await self._repository.raw.cursors(line_id)).get(folder.folder, "")
        batch = Batch(folder.folder, folder.epoch, tuple(items), cursor)
        await self._repository.raw.save_batch(line_id, batch, self._clock())

    async def _load(self) -> None:
        stored = (await self._repository.lines.health()).get(self._channel.line.id)
        if stored is not None:
            self._health = replace(stored, state=LineState.CONNECTING, done=0, total=0)
        await self._set(replace(self._health, state=LineState.CONNECTING))

    async def _progress(self, done: int, total: int) -> None:
        await self._set(replace(self._health, state=LineState.SYNCING, done=done, total=total))

    async def _say(self, state: LineState, error: TwowayError) -> None:
        await self._set(
            replace(
                self._health,
                state=state,
                sentence=error.sentence,
                hint=error.hint,
                done=0,
                total=0,
            )
        )

    async def _set(self, health: LineHealth) -> None:
        self._health = health
        try:
            await self._repository.lines.save_health(health)
        except TwowayError:
            # A disk that is full must not keep the line from being tried again.
            if health.state is LineState.READY:
                raise

    async def _wait(self, seconds: float) -> None:
        """Until the server announces something, somebody pokes, or the time is over."""
        self._poked.clear()
        waiting = asyncio.ensure_future(self._channel.wait(seconds))
        poked = asyncio.ensure_future(self._poked.wait())
        try:
            await asyncio.wait({waiting, poked}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                with _in_words():
                    waiting.result()
        finally:
            for task in (waiting, poked):
                task.cancel()
            await asyncio.gather(waiting, poked, return_exceptions=True)

    async def _pause(self, seconds: float) -> None:
        self._poked.clear()
        # Not asyncio.wait_for: Python 3.11 swallows being cancelled when both come at once.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._poked.wait()


@contextmanager
def _in_words() -> Iterator[None]:
    """Whatever a channel fails by is trouble of its own line, and never ends the other lines."""
    try:
        yield
    except TwowayError:
        raise
    except Exception as error:
        raise ServerRefused(
            f"Twoway could not make out what the server said ({type(error).__name__}).",
            "It is tried again by itself. If it stays so, report it: it is a fault of Twoway.",
        ) from error

"""The back office: all that goes on behind the desk, for one data folder.

Several processes may have a folder open. One of them, the holder of the lease, reads the lines,
sends what is due, writes the record files and keeps the proofs fresh; the others show what it
does and take over when it goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime, timedelta
from functools import partial

from inbox.address import ChannelKind
from inbox.channel import Channel, ReadsFrom
from inbox.clock import Clock
from inbox.errors import ChannelError, NotFound, StoreError, TwowayError
from inbox.events import ChangeKind
from inbox.filing import Filer
from inbox.gate import Gate
from inbox.handed_over import HandedOver
from inbox.inspection import Inspects
from inbox.keeping import Keeper
from inbox.line import Line, LineHealth, LineState
from inbox.message import Message
from inbox.outbox import Outbox
from inbox.practice import Practice
from inbox.proving import Prover, Step
from inbox.recorder import Recorder
from inbox.reply_path import ROUND_TRIP_MAY_TAKE, Proof
from inbox.repository import Repository
from inbox.retracting import Retractor
from inbox.sync import LineSync

_LEASE = "back office"
_LEASE_LASTS = timedelta(seconds=30)
_RENEW_EVERY = 5.0
_TEND_EVERY = 30.0
_RECOVER_EVERY = 20.0
_COPY_EVERY = 30.0
_TROUBLE_PAUSE = 5.0


class _LeaseLost(Exception):
    """Another process does the work of the folder now."""


class BackOffice:
    """Reads, sends, records and proves, as long as it runs."""

    def __init__(
        self,
        repository: Repository,
        practice: Practice,
        gate: Gate,
        channels: Mapping[str, Channel],
        clock: Clock,
        holder: str,
        on_trouble: Callable[[TwowayError], None] | None = None,
        round_trip_may_take: timedelta = ROUND_TRIP_MAY_TAKE,
    ) -> None:
        """Work on `repository` over `channels` (by line id).

        `holder` is a name unique to this process. `on_trouble` is told of what no line or message
        stands for, e.g. a full disk.
        """
        self._repository = repository
        self._practice = practice
        self._clock = clock
        self._holder = holder
        self._on_trouble = on_trouble
        self._channels = channels
        self._filer = Filer(repository, practice, clock)
        self._outbox = Outbox(repository, practice, gate, channels, clock, holder)
        self._handed_over = HandedOver(repository, practice, channels, clock)
        self._retractor = Retractor(repository, practice, channels, clock)
        self._recorder = Recorder(repository, practice, clock)
        self._prover = Prover(repository, self._outbox, clock, round_trip_may_take)
        self._keeper = Keeper(repository, practice, clock)
        self._syncs = {
            line_id: LineSync(channel, repository, self._filer, clock, on_trouble=self._trouble)
            for line_id, channel in channels.items()
        }
        self._awake = asyncio.Event()
        self._to_record = asyncio.Event()
        self._working = False
        self._lease_until: datetime | None = None

    @property
    def working(self) -> bool:
        """Whether this process has the lease and does the work of the folder."""
        return self._working

    async def run(self) -> None:
        """Work until cancelled; wait for the lease while another process has it."""
        while True:
            try:
                if await self._take_lease():
                    await self._work()
            except StoreError as error:
                self._trouble(error)
            await asyncio.sleep(_RENEW_EVERY)

    async def sync_once(
        self,
        progress: Callable[[LineHealth], None] | None = None,
        *,
        thorough: bool = False,
    ) -> dict[str, TwowayError]:
        """Bring every line up to date, file and record what came; then return what went wrong.

        What goes wrong with a line is kept in its health and does not keep the others. While
        another process works, the health is what that one sees: it is not told of a trouble that
        only this one has, e.g. a password it was not given.

        Args:
            progress: Gets the health of each line that was read.
            thorough: Compare every item with the server, and fetch all that is missing.

        Raises:
            StoreError: the disk, not a line, is in the way.
        """
        alone = await self._take_lease()
        troubles: dict[str, TwowayError] = {}

        async def one(line_id: str, sync: LineSync) -> None:
            if thorough:
                sync.be_thorough()
            try:
                await sync.once()
                await self._heed_inspection(line_id)
            except StoreError:
                raise
            except TwowayError as error:
                troubles[line_id] = error
                if alone:
                    read_at = sync.health.last_poll_at
                    await self._repository.lines.save_health(
                        LineHealth(line_id, LineState.RETRYING, read_at, error.sentence, error.hint)
                    )
            health = (await self._repository.lines.health()).get(line_id)
            if progress is not None and health is not None:
                progress(health)

        await asyncio.gather(*(one(line_id, sync) for line_id, sync in self._syncs.items()))
        await self._handed_over.copy_due()
        await self._keeper.escalate()
        await self._recorder.drain()
        return troubles

    async def deliver_due(self) -> int:
        """Send what is due now and record it; return how many messages were handled.

        Raises:
            StoreError: the disk is in the way.
        """
        async with self._alive():
            count = await self._outbox.deliver_due()
            await self._retractor.due()
            await self._recorder.drain()
        return count

    async def fetch_missing(self, line_id: str) -> None:
        """Compare all of a line with the server, and fetch and file whatever is not here.

        Where this process reads the lines anyway, that is asked for and begins at once.

        Raises:
            NotFound: no such line.
            ChannelError: the line could not be read.
        """
        sync = self._syncs.get(line_id)
        if sync is None:
            raise NotFound(f"The line “{line_id}” is not set up.")
        sync.be_thorough()
        if self._working:
            sync.poke()
            return
        await sync.once()
        await self._recorder.drain()

    @property
    def limited(self) -> tuple[str, ...]:
        """Ids of the lines that are read from a day on that the configuration names."""
        asked: list[tuple[str, object]] = list(self._channels.items())
        return tuple(
            line_id
            for line_id, channel in asked
            if isinstance(channel, ReadsFrom) and channel.limited
        )

    async def read_back(self, line_id: str, day: date | None) -> None:
        """Read a line back to a day, now and from now on; None stops that where it is.

        What was read stays, and a later call goes on from there. `date.min` is the beginning.

        Raises:
            NotFound: no such line, or all of it is read anyway.
            ChannelError: the line could not be read; it goes on when it can be.
        """
        if line_id not in self.limited:
            raise NotFound(f"The line “{line_id}” is read from its beginning.")
        await self._repository.lines.read_from(line_id, day)
        if day is None:
            self._syncs[line_id].stop()
        else:
            await self.fetch_missing(line_id)

    async def record(self) -> None:
        """Write what is due to the record files.

        Raises:
            StoreError: something could not be written; it stays due.
        """
        await self._recorder.drain()

    async def prove(self, line_id: str, step: Step, *, patience: float = 60.0) -> Proof:
        """Prove a line by a round trip, telling each step.

        Raises:
            NotFound: no such line, or its channel cannot prove itself.
            ChannelError: the test message could not be sent, or the line could not be read.
        """
        line, channel = self._practice.line(line_id), self._channels.get(line_id)
        asked: object = channel
        if line is not None and isinstance(asked, Inspects):
            look = self._syncs[line_id].poke if self._working else self._syncs[line_id].once
            by = self._second_number(line)
            return await self._prover.prove_number(line, asked, step, look, by, patience=patience)
        if line is None or channel is None or not channel.capabilities.proves_itself:
            raise NotFound(f"The line “{line_id}” cannot be proven by a round trip.")
        sync = self._syncs[line_id]
        if self._working:
            return await self._prover.prove(line, step, sync.poke, patience=patience)
        await sync.once()
        return await self._prover.prove(line, step, sync.once, patience=patience)

    async def fetch_whole(self, message: Message) -> None:
        """Fetch all of a message of which only the header is stored, and file it again.

        Raises:
            NotFound: it has no raw message, or its line is no longer set up.
            ChannelError: it could not be fetched; the header stays.
        """
        channel = self._channels.get(message.line_id)
        if message.raw_id is None or channel is None:
            raise NotFound("The rest of this message cannot be fetched: its line is not set up.")
        header = await self._repository.raw.content(message.raw_id)
        whole = await channel.fetch_whole(header.remote)
        await self._repository.raw.complete(message.raw_id, whole)
        await self._filer.drain(channel)

    async def read_again(self, conversation_id: int) -> int:
        """Read anew what could not be read in a conversation; return how many messages.

        Raises:
            NotFound: no such conversation.
            StoreError: the disk is in the way.
        """
        row = await self._repository.conversations.row(conversation_id)
        count = await self._repository.looks.again(row.id)
        for channel in self._channels.values():
            await self._filer.drain(channel)
        return count

    def wake(self) -> None:
        """Something was queued: look at the outbox now."""
        self._awake.set()

    def poke(self) -> None:
        """Look at every line now, whatever the wait."""
        for sync in self._syncs.values():
            sync.poke()

    async def close(self) -> None:
        """Let go of every connection and of the lease."""
        with suppress(TwowayError):
            await self._outbox.write_down()
        with suppress(TwowayError):
            await self._repository.leases.release(self._holder)
        await asyncio.gather(
            *(channel.close() for channel in self._channels.values()), return_exceptions=True
        )

    # ------------------------------------------------------------ inside

    def _second_number(self, line: Line) -> Line | None:
        """Another number of the practice that can text this one."""
        if line.channel is not ChannelKind.SMS:
            return None
        others = (one for one in self._practice.lines if one.channel is line.channel)
        return next((one for one in others if one != line and one.id in self._channels), None)

    async def _heed_inspection(self, line_id: str) -> None:
        """Keep what the provider says of a number, once the line has been read."""
        line, channel = self._practice.line(line_id), self._channels[line_id]
        if line is not None and isinstance(channel, Inspects):
            await self._prover.inspected(line, channel.inspection)

    async def _take_lease(self, *, own: bool = False) -> bool:
        """Take the folder's lease; with `own`, only say that this process is alive."""
        name, now = f"process {self._holder}" if own else _LEASE, self._clock()
        taken = await self._repository.leases.acquire(name, self._holder, now, _LEASE_LASTS)
        if taken and not own:
            self._lease_until = now + _LEASE_LASTS
        return taken

    @asynccontextmanager
    async def _alive(self) -> AsyncIterator[None]:
        """Say that this process is alive for as long as it sends, however long that takes."""
        await self._take_lease(own=True)

        async def go_on() -> None:
            while True:
                await asyncio.sleep(_RENEW_EVERY)
                with suppress(StoreError):
                    await self._take_lease(own=True)

        going_on = asyncio.create_task(go_on())
        try:
            yield
        finally:
            going_on.cancel()
            await asyncio.gather(going_on, return_exceptions=True)

    async def _work(self) -> None:
        self._working = True
        try:
            async with asyncio.TaskGroup() as tasks:
                for sync in self._syncs.values():
                    tasks.create_task(sync.run())
                tasks.create_task(self._recover())
                tasks.create_task(self._send())
                tasks.create_task(self._copy())
                tasks.create_task(self._record())
                tasks.create_task(self._tend())
                tasks.create_task(self._listen())
                tasks.create_task(self._keep_lease())
        except* _LeaseLost:
            # What was under way is left off; whoever has the lease now takes it up.
            self._lease_until = None
        except* StoreError as group:
            error = group.exceptions[0]
            if isinstance(error, TwowayError):
                self._trouble(error)
        finally:
            self._working = False

    async def _send(self) -> None:
        """Send whatever is due, when it is due."""
        while True:
            self._awake.clear()
            await self._guarded(self._outbox.deliver_due)
            await self._guarded(self._retractor.due)
            await self._guarded(self._handed_over.reconcile)
            wait = 10.0
            with suppress(StoreError):
                due = await self._repository.outbox.next_due()
                if due is not None:
                    wait = min(wait, max(0.05, (due - self._clock()).total_seconds()))
            await _wait_for(self._awake, wait)

    async def _recover(self) -> None:
        """Take up what other processes left behind when they died."""
        while True:
            await self._guarded(self._take_up)
            await asyncio.sleep(_RECOVER_EVERY)

    async def _take_up(self) -> None:
        if await self._outbox.recover():
            self._awake.set()

    async def _copy(self) -> None:
        """See to copies for the folders of sent messages that could not be made at once."""
        while True:
            await self._guarded(self._handed_over.copy_due)
            await asyncio.sleep(_COPY_EVERY)

    async def _record(self) -> None:
        while True:
            self._to_record.clear()
            await self._guarded(self._recorder.drain)
            await _wait_for(self._to_record, 30.0)

    async def _tend(self) -> None:
        """Keep the proofs fresh, once a line has been read; see to promises that ran out."""
        while True:
            await self._guarded(self._keeper.escalate)
            for line_id, sync in self._syncs.items():
                line, channel = self._practice.line(line_id), self._channels[line_id]
                ready = sync.health.state is LineState.READY
                if ready:
                    await self._guarded(partial(self._heed_inspection, line_id))
                if line is not None and ready and channel.capabilities.proves_itself:
                    await self._guarded(partial(self._tend_line, line, sync))
            await asyncio.sleep(_TEND_EVERY if self._all_tended() else 1.0)

    async def _tend_line(self, line: Line, sync: LineSync) -> None:
        # A round trip that cannot be sent shows in the evidence and in the next one.
        with suppress(ChannelError):
            await self._prover.tend(line, sync.health)

    def _all_tended(self) -> bool:
        return all(sync.health.state is not LineState.CONNECTING for sync in self._syncs.values())

    async def _listen(self) -> None:
        """Other processes queue messages and change conversations: act on it at once."""
        while True:
            await self._guarded(self._hear)
            await asyncio.sleep(_TROUBLE_PAUSE)

    async def _hear(self) -> None:
        async for changes in self._repository.changes():
            kinds = {change.kind for change in changes}
            if ChangeKind.OUTBOX in kinds:
                self._awake.set()
            if kinds & {ChangeKind.CONVERSATION, ChangeKind.OUTBOX, ChangeKind.PATIENT}:
                self._to_record.set()

    async def _keep_lease(self) -> None:
        """Renew the lease.

        Raises:
            _LeaseLost: another process has it, e.g. because this machine slept; or nobody knows,
            since it could not be renewed in time.
        """
        while True:
            await asyncio.sleep(_RENEW_EVERY)
            try:
                kept = await self._take_lease()
            except StoreError as error:
                self._trouble(error)
                kept = self._lease_until is not None and self._clock() < self._lease_until
            if not kept:
                raise _LeaseLost

    async def _guarded(self, work: Callable[[], object]) -> None:
        """Do it; trouble with the disk is said, and tried again later."""
        try:
            done = work()
            if asyncio.iscoroutine(done):
                await done
        except StoreError as error:
            self._trouble(error)
            await asyncio.sleep(_TROUBLE_PAUSE)

    def _trouble(self, error: TwowayError) -> None:
        if self._on_trouble is not None:
            self._on_trouble(error)


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    # Not asyncio.wait_for: up to Python 3.11 it swallows being cancelled when both come at once.
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()

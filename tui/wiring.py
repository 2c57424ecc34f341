"""The one place that puts the parts together: rules, disk, channels.

Opening an office opens the database and nothing else; the adapters are loaded when they are needed,
in a thread, so that the first paint waits for no vendor library.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import secrets
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from inbox.channel import Channel
from inbox.clock import Clock, utc_now
from inbox.desk import UNDO_WINDOW, Desk
from inbox.errors import NotFound, TwowayError
from inbox.facts import Facts
from inbox.gate import Gate
from inbox.inspection import Inspection, Inspects
from inbox.line import LineHealth, LineState
from inbox.message import Attachment, Message
from inbox.recorder import Recorder
from inbox.reply_path import ROUND_TRIP_MAY_TAKE
from inbox.repository import Repository
from tui.channels import Abilities, make_channels
from tui.config.reading import Configuration

if TYPE_CHECKING:
    from inbox.atlas import Atlas
    from inbox.backoffice import BackOffice
    from inbox.gate import Rule
    from inbox.quiet import Place
    from inbox.template import Shelf
    from inbox.templating import ReadShelf

_TELL_AGAIN = timedelta(minutes=1)


class PracticeOffice:
    """One open data folder with the practice's lines behind it; the screen's `Office`."""

    def __init__(
        self,
        configuration: Configuration,
        repository: Repository,
        gate: Gate,
        clock: Clock,
        staff_id: str,
        undo_window: timedelta,
        round_trip_may_take: timedelta = ROUND_TRIP_MAY_TAKE,
    ) -> None:
        """Take the opened parts; `open_office` makes them.

        Raises:
            NotFound: no such staff member.
        """
        # Where numbers are is known outside: here the practice gets to know it.
        practice = replace(configuration.practice, atlas=_Atlas())
        configuration = replace(configuration, practice=practice)
        self.configuration = configuration
        self.repository = repository
        self._gate = gate
        self._clock = clock
        self._may_take = round_trip_may_take
        self._channels: dict[str, Channel] = {}
        self._capabilities = Abilities(configuration, self._channels)
        self._desk = Desk(
            repository,
            configuration.practice,
            gate,
            clock,
            staff_id,
            self._capabilities,
            undo_window,
            _shelf_of(configuration),
        )
        self._back: BackOffice | None = None
        self._loading = asyncio.Lock()
        self._running: asyncio.Task[None] | None = None
        self._told: tuple[str, datetime] | None = None
        self.failure: Exception | None = None
        """What ended the work in the background before its time."""
        self.on_trouble: Callable[[TwowayError], None] = _to_nobody
        """Is told of trouble that no line or message stands for, e.g. a full disk."""

    @property
    def desk(self) -> Desk:
        """What a staff member can do."""
        return self._desk

    async def start(self) -> None:
        """Begin to read, send, prove and record in the background; returns at once."""
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="back-office")

    async def finished(self) -> None:
        """Wait until the work in the background ends, which it does only when it fails.

        Raises:
            Exception: what it failed of.
        """
        if self._running is not None:
            await asyncio.shield(self._running)
        if self.failure is not None:
            raise self.failure

    async def close(self) -> None:
        """Stop everything and let go of the data folder; `failure` says what ended it before."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
            self._running = None
        try:
            if self._back is not None:
                await self._back.close()
        finally:
            self._back = None
            await self.repository.close()

    def wake(self) -> None:
        """Something was queued: look at the outbox now."""
        if self._back is not None:
            self._back.wake()

    async def fetch_whole(self, message: Message) -> None:
        """Fetch the rest of a message of which only the header is here.

        Raises:
            ChannelError: the server cannot give it.
        """
        await (await self.back_office()).fetch_whole(message)

    async def attachment(self, message: Message, attachment: Attachment) -> bytes:
        """The bytes of an attachment.

        Raises:
            TwowayError: it is not there.
        """
        await self.back_office()
        channel = self._channels.get(message.line_id)
        if channel is None:
            raise NotFound(
                "The line this message came on is not set up any more.",
                "Add it to the configuration again, or read the raw message.",
            )
        raw = await self._desk.raw(message)
        return await asyncio.to_thread(channel.attachment, raw.content, attachment.part)

    async def record(self) -> None:
        """Write what is due to the record files; no connection is needed.

        Raises:
            StoreError: something could not be written; it stays due.
        """
        await Recorder(self.repository, self.configuration.practice, self._clock).drain()

    def inspection(self, line_id: str) -> Inspection | None:
        """What the provider of a line's number said of it last; None when it was not asked."""
        channel: object = self._channels.get(line_id)
        return channel.inspection if isinstance(channel, Inspects) else None

    async def prove(self, line_id: str, step: Callable[[str], None] | None = None) -> None:
        """Send a line's own test message now and see it come home.

        Args:
            line_id: Which line.
            step: Gets one sentence for each step.

        Raises:
            TwowayError: it cannot be sent, or there is no such line.
        """
        await (await self.back_office()).prove(line_id, step or _silently)

    async def read_again(self, conversation_id: int) -> int:
        """Read anew what could not be read in a conversation; return how many messages.

        Raises:
            TwowayError: no such conversation, or the disk is in the way.
        """
        return await (await self.back_office()).read_again(conversation_id)

    async def read_back(self, line_id: str, day: date | None) -> None:
        """Read a line back to a day; None stops that. `date.min` is the beginning.

        Raises:
            TwowayError: the line cannot be read, or all of it is read anyway.
        """
        await (await self.back_office()).read_back(line_id, day)

    async def fetch_missing(self, line_id: str) -> None:
        """Compare all of a line with the server, and fetch what is not here.

        Raises:
            TwowayError: the line cannot be read, or there is no such line.
        """
        await (await self.back_office()).fetch_missing(line_id)

    async def back_office(self) -> BackOffice:
        """The part that talks to servers; loads the adapters the first time."""
        async with self._loading:
            if self._back is None:
                # Nothing may leave by rules that do not know today's holiday yet.
                await Facts(self.repository, self.configuration.practice).holidays(self._clock())
                made = await asyncio.to_thread(
                    make_channels, self.configuration, self._clock, self.repository
                )
                self._channels.update(made)
                back_office = await asyncio.to_thread(_back_office_class)
                self._back = back_office(
                    self.repository,
                    self.configuration.practice,
                    self._gate,
                    self._channels,
                    self._clock,
                    holder_name(),
                    on_trouble=self._trouble,
                    round_trip_may_take=self._may_take,
                )
            return self._back

    async def _run(self) -> None:
        """Work until cancelled; trouble is shown at each line and told again at the end."""
        try:
            await (await self.back_office()).run()
        except Exception as error:  # noqa: BLE001 - it is kept, shown, and raised by finished()
            self.failure = error
            sentence, hint = "Twoway stopped working in the background.", "Start it again."
            if isinstance(error, TwowayError):
                sentence, hint = error.sentence, error.hint
            for line in self.configuration.practice.lines:
                with contextlib.suppress(TwowayError):
                    await self.repository.lines.save_health(
                        LineHealth(line.id, LineState.STOPPED, sentence=sentence, hint=hint)
                    )
            self._trouble(TwowayError(sentence, hint))

    def _trouble(self, error: TwowayError) -> None:
        """Tell of trouble; what stays the same is told again after a minute, not every time."""
        now = self._clock()
        if self._told and self._told[0] == error.sentence and now - self._told[1] < _TELL_AGAIN:
            return
        self._told = (error.sentence, now)
        self.on_trouble(error)


def _to_nobody(_: TwowayError) -> None:
    """Nobody listens yet."""


async def open_office(
    configuration: Configuration,
    data: Path,
    staff_id: str,
    clock: Clock = utc_now,
    *,
    undo_window: timedelta = UNDO_WINDOW,
    round_trip_may_take: timedelta = ROUND_TRIP_MAY_TAKE,
) -> PracticeOffice:
    """Open the data folder as a staff member; no connection is made.

    Args:
        configuration: What `read_configuration` gave.
        data: The data folder; made when it is not there.
        staff_id: Who acts.
        clock: The present moment.
        undo_window: How long a message can be taken back.
        round_trip_may_take: After this a test message that did not come home counts as lost.

    Raises:
        StoreError: the data folder cannot be used.
        NotFound: no such staff member.
    """
    configuration.calendar.keep_in(data)
    database = await asyncio.to_thread(_store)
    repository = await database(data, clock)
    try:
        return PracticeOffice(
            configuration,
            repository,
            Gate(_Rules()),
            clock,
            staff_id,
            undo_window,
            round_trip_may_take,
        )
    except BaseException:
        await repository.close()
        raise


def holder_name() -> str:
    """A name for this process among all that have the folder open: host, process id, a nonce."""
    return f"{platform.node() or 'localhost'}:{os.getpid()}:{secrets.token_hex(4)}"


def _back_office_class() -> type[BackOffice]:
    from inbox.backoffice import BackOffice

    # The rules too, while nobody waits: the first draft is examined between two keys.
    import_module("inbox.rules")
    return BackOffice


class _Atlas:
    """Where numbers and postal codes are; loaded when a draft first goes to a phone."""

    def of_postal_code(self, postal_code: str) -> tuple[Place, ...]:
        """Every place a postal code may lie in."""
        return self._atlas().of_postal_code(postal_code)

    def of_state(self, state: str) -> tuple[Place, ...]:
        """Every zone of a state or province."""
        return self._atlas().of_state(state)

    def of_number(self, number: str) -> tuple[Place, ...]:
        """Every place a phone number may belong to."""
        return self._atlas().of_number(number)

    def _atlas(self) -> Atlas:
        from adapters.place.atlas import WorldAtlas

        return WorldAtlas()


class _Rules:
    """The rules, loaded when they are first looked at: no list needs them."""

    def __iter__(self) -> Iterator[Rule]:
        from inbox.rules import RULES

        return iter(RULES)


def _store() -> Callable[[Path, Clock], Awaitable[Repository]]:
    from store.database import open_repository

    return open_repository


def _shelf_of(configuration: Configuration) -> ReadShelf:
    """Reads the templates beside the configuration, or those that come with Twoway."""

    def read() -> Shelf:
        from tui.templates.reading import FOLDER, read_shelf

        return read_shelf(configuration.path.parent / FOLDER)

    return read


def _silently(_: str) -> None:
    """Tell nobody."""

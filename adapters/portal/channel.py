"""The portal channel: a line that is an inbox on a FHIR R4 server, polled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from adapters.portal.connection import Portal
from adapters.portal.context import ContextReader
from adapters.portal.convert import read_item
from adapters.portal.cursor import SWEPT, Cursor, parse_cursor
from adapters.portal.files import FileReader
from adapters.portal.folder import FolderReader
from adapters.portal.item import read_attachment
from adapters.portal.listing import MESSAGES, Habits, names
from adapters.portal.maker import Maker, read_one
from adapters.portal.sending import Sender
from adapters.portal.settings import PortalSettings
from inbox.channel import (
    Batch,
    Capabilities,
    Census,
    HandingOver,
    RawItem,
    Receipt,
    RemoteId,
    Whereabouts,
)
from inbox.clock import Clock
from inbox.errors import ConnectionLost
from inbox.gate import Permit
from inbox.line import Line
from inbox.message import Arrival
from inbox.outgoing import Outgoing

SWEEP_EVERY = timedelta(minutes=10)
"""How often it is looked further behind for what a server shows late."""
LEARN_EVERY = timedelta(hours=24)
"""How often the server is asked what it can do."""
FULL_CENSUS_EVERY = timedelta(hours=24)
"""How often all messages are counted; in between, those that were changed."""


class PortalChannel:
    """One inbox of a portal as a channel; see `inbox.channel.Channel`.

    Args:
        line: The line it belongs to; its address is the server's base.
        settings: The server.
        clock: The present moment.
    """

    def __init__(self, line: Line, settings: PortalSettings, clock: Clock) -> None:
        self._line = line
        self._settings = settings
        self._clock = clock
        self.portal = Portal(settings, clock)
        """The connection."""
        self._habits = Habits(settings.page_size)
        self._context = ContextReader(self.portal, clock)
        files = FileReader(self.portal, self._context)
        self._maker = Maker(self.portal, self._context, files, clock)
        self._sender = Sender(line, self.portal, self._context, clock)
        self._cursor: Cursor | None = None
        self._text: str | None = None
        self._swept: datetime | None = None
        self._learnt: datetime | None = None
        self._held: dict[str, datetime | None] = {}
        self._counted: datetime | None = None

    @property
    def line(self) -> Line:
        """The line it belongs to."""
        return self._line

    @property
    def capabilities(self) -> Capabilities:
        """What a portal can do; whether patients can answer, the settings say or the server."""
        answerable = self._settings.answerable
        if answerable is None and self._sender.statement is not None:
            answerable = self._sender.statement.answerable
        return Capabilities(
            subject=True,
            attachments=True,
            max_bytes=self._settings.max_bytes,
            delivery_reports=True,
            proves_itself=bool(self._line.test_patient),
            answerable=answerable,
            retracts=True,
        )

    # ---- reading -----------------------------------------------------------------------------

    async def fetch(self, cursors: Mapping[str, str]) -> AsyncIterator[Batch]:
        """Everything new, newest first, and every later version of what is known."""
        now = self._clock()
        text = cursors.get(MESSAGES)
        reader = self._reader(self._take_cursor(text))
        swept, self._swept = self._swept, None
        sweep = swept is None or not timedelta(0) <= now - swept < SWEEP_EVERY
        async for batch in reader.read(sweep=sweep):
            text = batch.cursor
            yield batch
        self._cursor, self._text = reader.cursor, text
        if not reader.missed:
            self._swept = now if sweep else swept
        if self._learnt is None or not timedelta(0) <= now - self._learnt < LEARN_EVERY:
            await self._learn(now)

    def convert(self, raw: RawItem) -> Arrival:
        """Read one message; pure."""
        return read_item(raw.content, self._line.as_address, self._settings.timezone)

    def attachment(self, raw: bytes, part: str) -> bytes:
        """The bytes of one file that came with a message; pure."""
        return read_attachment(raw, part)

    async def fetch_whole(self, remote: RemoteId) -> RawItem:
        """A message with everything that came with it, however large."""
        return await read_one(self.portal, self._maker, remote)

    async def census(self) -> tuple[Census, ...]:
        """The id of every message.

        All are counted once a day; in between only those that were changed are listed, and the
        others are taken to be there still.
        """
        now = self._clock()
        loose = self._cursor is not None and self._cursor.loose
        counted = self._counted
        full = counted is None or loose or not timedelta(0) <= now - counted < FULL_CENSUS_EVERY
        newest = max((at for at in self._held.values() if at is not None), default=None)
        if full or newest is None:
            self._held = await names(self.portal, self._habits, loose=loose)
            self._counted = now
        else:
            since = newest - SWEPT
            recent = await names(self.portal, self._habits, since)
            older = [name for name, at in self._held.items() if at is not None and at < since]
            self._held = {**{name: self._held[name] for name in older}, **recent}
        return (Census(MESSAGES, self._settings.base, frozenset(self._held)),)

    async def wait(self, seconds: float) -> None:
        """Look now and then; return when there is news."""
        left = seconds
        while left > 0:
            step = min(self._settings.poll, left)
            await asyncio.sleep(step)
            left -= step
            if left > 0 and self._cursor is not None and await self._reader(self._cursor).news():
                return

    # ---- sending -----------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing, permit: Permit, handing_over: HandingOver) -> Receipt:
        """Hand one message to the portal, at most once."""
        permit.check(outgoing)
        return await self._sender.send(outgoing, handing_over)

    async def locate(self, outgoing: Outgoing) -> Whereabouts:
        """Look for a message by the name we gave it; sends nothing."""
        return await self._sender.locate(outgoing)

    async def retract(self, provider_id: str) -> None:
        """Mark a message of ours as entered in error."""
        await self._sender.retract(provider_id)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.portal.close()

    # ---- parts -------------------------------------------------------------------------------

    def _reader(self, cursor: Cursor) -> FolderReader:
        return FolderReader(self.portal, self._habits, cursor, self._maker)

    def _take_cursor(self, text: str | None) -> Cursor:
        """The stored cursor; read anew only if it is not the one that was given out last.

        A run that fails leaves its cursor half moved, so it is forgotten until the run has ended.
        """
        known, last = self._cursor, self._text
        self._cursor, self._text = None, None
        if known is not None and last is not None and text == last:
            return known
        return parse_cursor(text, self._settings.base)

    async def _learn(self, now: datetime) -> None:
        # The messages were read; what the server can do is asked another time.
        with suppress(ConnectionLost):
            await self._sender.learn()
            self._learnt = now

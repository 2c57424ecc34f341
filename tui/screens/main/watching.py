"""Keeping the screen as things are: changes are gathered for a moment, then shown at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from typing import Any

from textual.screen import Screen

from inbox.conversation import ConversationRow, ListState
from inbox.desk import Desk
from inbox.events import Change, ChangeKind
from inbox.message import Direction
from tui.screens.main.emergencies import Emergencies
from tui.screens.main.keeping import Keeping
from tui.screens.main.listing import Listing
from tui.screens.main.reading import Reading
from tui.screens.main.room import Room
from tui.screens.main.writing import Writing
from tui.screens.telling import guarded, tell
from tui.widgets.messages_view import MessagesView
from tui.widgets.status_bar import StatusBar, TroubleBar, trouble_words

_GATHER = 0.2
"""Seconds between two refreshes at least."""
_AGAIN = 2.0
"""Seconds until the changes are followed again after an error."""


class Watching:
    """Follows the changes and refreshes only what is visible."""

    def __init__(
        self,
        desk: Desk,
        screen: Screen[Any],
        room: Room,
        listing: Listing,
        reading: Reading,
        writing: Writing,
        keeping: Keeping,
        emergencies: Emergencies,
    ) -> None:
        """Refresh what these show on `screen`."""
        self._desk = desk
        self._screen = screen
        self._room = room
        self._listing = listing
        self._reading = reading
        self._writing = writing
        self._keeping = keeping
        self._emergencies = emergencies
        self._pending: list[Change] = []
        self._something = asyncio.Event()
        self._newest: datetime | None = None

    def start(self) -> None:
        """Follow changes until the screen goes."""
        self._screen.run_worker(self._follow(), group="changes")
        self._screen.run_worker(self._refresh(), group="changes-shown")

    async def lines(self) -> None:
        """Show every line's health again."""
        views = tuple(await self._desk.lines())
        for screen in self._screen.app.screen_stack:
            for bar in screen.query(StatusBar):
                bar.lines = views
            for trouble in screen.query(TroubleBar):
                trouble.words = trouble_words(views)

    async def _follow(self) -> None:
        while True:
            if await guarded(self._screen.app, self._read()):
                return
            await asyncio.sleep(_AGAIN)

    async def _read(self) -> bool:
        """Collect changes until the folder is closed."""
        async for changes in self._desk.repository.changes():
            self._pending.extend(changes)
            self._something.set()
        return True

    async def _refresh(self) -> None:
        await guarded(self._screen.app, self._remember())
        while True:
            await self._something.wait()
            self._something.clear()
            changes, self._pending = self._pending, []
            await guarded(self._screen.app, self._show(changes))
            await asyncio.sleep(_GATHER)

    async def _show(self, changes: list[Change]) -> None:
        kinds = {change.kind for change in changes}
        if ChangeKind.LINE in kinds:
            await self.lines()
        if kinds - {ChangeKind.LINE}:
            await self._emergencies.refresh()
            await self._keeping.refresh()
            await self._listing.refresh()
            await self._listing.counts()
            looking = (
                self._screen.app.screen is self._screen
                and self._screen.query_one(MessagesView).is_on_screen
            )
            await self._reading.refresh(seen=looking)
        if ChangeKind.PATIENT in kinds:
            await self._reading.refresh_patient()
        await self._writing.gather()
        if ChangeKind.CONVERSATION in kinds:
            await self._announce()

    async def _waiting(self) -> tuple[ConversationRow, ...]:
        return (await self._desk.page(ListState.NEEDS_REPLY, limit=20)).rows

    async def _remember(self) -> None:
        rows = await self._waiting()
        self._newest = max((row.last_message_at for row in rows), default=self._desk.clock())

    async def _announce(self) -> None:
        """Say that something arrived: channel and count, never a name."""
        since = self._newest
        fresh = [
            row
            for row in await self._waiting()
            if since is not None
            and row.last_message_at > since
            and row.last_direction is Direction.INBOUND
            and self._room.recent(row)
        ]
        if not fresh:
            return
        self._newest = max(row.last_message_at for row in fresh)
        open_id = self._reading.conversation_id
        counted = Counter(
            row.channels[0].words for row in fresh if row.channels and row.id != open_id
        )
        if counted:
            words = ", ".join(f"{count} {channel}" for channel, count in counted.items())
            tell(self._screen.app, f"New: {words}")

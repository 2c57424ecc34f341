"""The sample practice with portal, texts and mail: real servers, the real wiring, one screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from demo.lakeside import Lakeside
from demo.sample import patients
from inbox.conversation import ConversationRow, ListState
from inbox.message import Direction, Message
from tests.clock import FakeClock
from tui.app import TwowayApp
from tui.config.reading import Configuration, read_configuration
from tui.importing.taking import plan_import, take
from tui.wiring import PracticeOffice, open_office

_LINES = ("front-desk", "texts", "portal")
UNDO = timedelta(seconds=0)


class World:
    """An office on the sample practice's servers, read and proven once."""

    def __init__(self, lakeside: Lakeside, clock: FakeClock, folder: Path) -> None:
        self.lakeside = lakeside
        self.clock = clock
        self.folder = folder
        self.office: PracticeOffice

    @property
    def configuration(self) -> Configuration:
        """The sample's, with the lines that these tests need."""
        text = self.lakeside.practice_toml
        head, *lines = text.split("[[line]]\n")
        wanted = [one for one in lines if any(f'id = "{name}"' in one for name in _LINES)]
        path = self.folder / "practice.toml"
        path.write_text("[[line]]\n".join([head, *wanted]), encoding="utf-8")
        return read_configuration(path)

    async def open(self) -> PracticeOffice:
        """Open the office with its patients; every line is read and proven."""
        import json

        self.office = await open_office(
            self.configuration, self.folder / "data", "dana", self.clock, undo_window=UNDO
        )
        content = json.dumps(patients()).encode()
        await take(self.office.desk, await plan_import(self.office.desk, content, "patients.json"))
        back = await self.office.back_office()
        await asyncio.gather(*(back.prove(name, _silently) for name in _LINES))
        return self.office

    def app(self) -> TwowayApp:
        """The screen on this office."""

        async def opened() -> PracticeOffice:
            return self.office

        practice = self.office.configuration.practice
        member = practice.member("dana")
        assert member is not None
        return TwowayApp(opened, practice, member, clock=self.clock)

    async def row(self, title: str, channel: str = "portal") -> ConversationRow:
        """The conversation with somebody that goes by a channel."""
        rows = (await self.office.desk.page(ListState.ALL, limit=200)).rows
        return next(
            one
            for one in rows
            if title in one.title and one.channels and one.channels[0].value == channel
        )

    async def messages(self, row: ConversationRow) -> list[Message]:
        """What stands in a conversation now."""
        return list(await self.office.repository.conversations.messages(row.id, limit=100))

    async def ours(self, row: ConversationRow) -> list[Message]:
        """What we wrote in it."""
        found = await self.messages(row)
        return [one for one in found if one.direction is Direction.OUTBOUND]


@asynccontextmanager
async def portal_world(folder: Path, clock: FakeClock) -> AsyncIterator[World]:
    """The world, running."""
    with Lakeside(quick=True, quiet=True, clock=clock) as lakeside:
        await asyncio.to_thread(lambda: (lakeside.telephone, lakeside.portal))
        world = World(lakeside, clock, folder)
        await world.open()
        try:
            yield world
        finally:
            await world.office.close()
    assert lakeside.world.thread.failures == []


def _silently(_: str) -> None:
    """Tell nobody."""

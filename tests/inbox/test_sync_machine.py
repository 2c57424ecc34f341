"""Whatever happens between us and the server, in the end all that it holds is here, once."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from adapters.memory.channel import MemoryChannel
from adapters.memory.server import ARRIVED, Folder, MemoryServer
from inbox.conversation import ListState
from inbox.errors import ConnectionLost
from inbox.filing import Filer
from inbox.message import Message
from inbox.sync import LineSync
from store.database import SqliteRepository, open_repository
from tests.clock import FakeClock
from tests.inbox.making import FRONT_DESK, practice

ARCHIVE = "archive"
FOLDERS = st.sampled_from([ARRIVED, ARCHIVE])


class BreakingChannel(MemoryChannel):
    """Its connection drops after so many questions."""

    holds: int | None = None
    """How many questions are left; None: as many as one likes."""

    def _check(self) -> None:
        super()._check()
        if self.holds is not None:
            self.holds -= 1
            if self.holds < 0:
                raise ConnectionLost("The server hung up.", "")


class SyncMachine(RuleBasedStateMachine):
    """A mailbox that lives on while it is read, and a reader that dies now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="twoway-sync-"))
        self.clock = FakeClock()
        self.server = MemoryServer()
        self.server.folders[ARCHIVE] = Folder()
        self.sent = 0
        self.repository: SqliteRepository
        self.channel: BreakingChannel
        self.sync: LineSync

    def run_it(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do it in the loop of this machine."""
        return self.runner.run(work)

    async def begin(self) -> None:
        """As a process does that has just been started."""
        self.repository = await open_repository(self.folder, self.clock)
        self.channel = BreakingChannel(FRONT_DESK, self.server, self.clock, batch=2)
        filer = Filer(self.repository, practice(), self.clock)
        self.sync = LineSync(self.channel, self.repository, filer, self.clock)

    @initialize()
    def start(self) -> None:
        """Begin with an empty mailbox."""
        self.run_it(self.begin())

    # ---- what the world does -----------------------------------------------------------------

    @rule(folder=FOLDERS, count=st.integers(1, 5))
    def deliver(self, folder: str, count: int) -> None:
        """Mail arrives."""
        for _ in range(count):
            self.sent += 1
            number = self.server.deliver(
                f"p{self.sent % 3}@example.com", f"Mail {self.sent}", id=f"{self.sent}@example.com"
            )
            if folder != ARRIVED:
                self._move(ARRIVED, int(number), folder)

    @rule(folder=FOLDERS, data=st.data())
    def delete(self, folder: str, data: st.DataObject) -> None:
        """Somebody deletes a mail with another program."""
        held = sorted(self.server.folders[folder].items)
        if held:
            self.server.expunge([str(data.draw(st.sampled_from(held)))], folder)

    @rule(folder=FOLDERS, data=st.data())
    def move(self, folder: str, data: st.DataObject) -> None:
        """Somebody moves a mail to the other folder."""
        held = sorted(self.server.folders[folder].items)
        if held:
            other = ARCHIVE if folder == ARRIVED else ARRIVED
            self._move(folder, data.draw(st.sampled_from(held)), other)

    @rule(folder=FOLDERS)
    def renumber(self, folder: str) -> None:
        """UIDVALIDITY changes."""
        self.server.renumber(folder)

    @rule(days=st.sampled_from([0.001, 0.5, 8.0]))
    def wait(self, days: float) -> None:
        """Time goes by."""
        self.clock.advance(days=days)

    # ---- what we do --------------------------------------------------------------------------

    @rule(holds=st.integers(0, 12))
    def lose_connection(self, holds: int) -> None:
        """Read until the connection drops."""
        self.channel.holds = holds
        with suppress(ConnectionLost):
            self.run_it(self.sync.once())
        self.channel.holds = None

    @rule(steps=st.integers(0, 60))
    def crash(self, steps: int) -> None:
        """Die somewhere in the middle, and be started again."""

        async def die() -> None:
            reading = asyncio.create_task(self.sync.once())
            for _ in range(steps):
                await asyncio.sleep(0)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await self.repository.close()
            await self.begin()

        self.run_it(die())

    @rule()
    def read(self) -> None:
        """Read to the end, and compare."""
        self.run_it(self.sync.once())
        self.compare()

    @precondition(lambda self: self.sent)
    @rule()
    def be_thorough(self) -> None:
        """A person asks for all that is missing."""
        self.sync.be_thorough()
        self.run_it(self.sync.once())
        self.compare()

    # ---- what must be true -------------------------------------------------------------------

    def compare(self) -> None:
        """All that the server holds is here, each message once, and what is gone is marked."""
        self.clock.advance(minutes=11)
        self.run_it(self.sync.once())
        counts = {count.folder: count for count in self.sync.health.folders}
        for name, folder in self.server.folders.items():
            assert counts[name].server == len(folder.items)
            assert counts[name].stored == len(folder.items)
            assert counts[name].missing == 0
        stored = self.run_it(self.messages())
        texts = Counter(message.message_id for message in stored)
        assert set(texts.values()) <= {1}
        held = {self._id(raw) for one in self.server.folders.values() for raw in one.items.values()}
        assert held <= set(texts)
        for message in stored:
            assert message.gone == (message.message_id not in held)

    async def messages(self) -> list[Message]:
        """Every stored message."""
        store = self.repository.conversations
        rows = (await store.page(ListState.ALL, self.clock(), limit=1000)).rows
        return [one for row in rows for one in await store.messages(row.id, limit=1000)]

    def teardown(self) -> None:
        """Whatever happened, one more reading makes it whole."""
        try:
            self.run_it(self.sync.once())
            self.compare()
            self.run_it(self.repository.close())
        finally:
            self.runner.close()
            shutil.rmtree(self.folder)

    def _move(self, source: str, number: int, target: str) -> None:
        content, at = self.server.folders[source].items.pop(number)
        self.server.put(content, at, target)

    @staticmethod
    def _id(raw: tuple[bytes, Any]) -> str:
        return str(json.loads(raw[0])["id"])


TestSync = SyncMachine.TestCase
TestSync.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

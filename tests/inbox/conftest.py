"""A small practice on memory channels and a real data folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.memory.channel import MemoryChannel
from adapters.memory.server import MemoryServer
from inbox.address import Address, email
from inbox.backoffice import BackOffice
from inbox.channel import Channel
from inbox.conversation import ConversationRow, ListState
from inbox.desk import Desk
from inbox.gate import Gate
from inbox.handed_over import HandedOver
from inbox.line import Line
from inbox.message import Message
from inbox.outbox import Outbox
from inbox.outgoing import Draft
from inbox.practice import Practice
from inbox.recorder import Recorder
from inbox.repository import OutboxRow, Repository
from inbox.rules import RULES
from store.database import open_repository
from tests.clock import FakeClock
from tests.inbox.making import ANN, FRONT_DESK, NOW, NURSE, practice


@dataclass
class House:
    """Everything between the desk and the servers."""

    repository: Repository
    practice: Practice
    clock: FakeClock
    servers: dict[str, MemoryServer]
    channels: dict[str, Channel]
    desk: Desk
    back_office: BackOffice
    outbox: Outbox
    handed_over: HandedOver
    recorder: Recorder
    folder: Path
    gate: Gate = field(default_factory=lambda: Gate(RULES))

    async def arrive(self, sender: str, text: str, *, line: Line = FRONT_DESK, **more: Any) -> None:
        """Let a message arrive on a line and be filed."""
        more = {"to": [line.address], **more}
        number = self.servers[line.id].deliver(sender, text, **more)
        folder = self.servers[line.id].folders["messages"]
        content, _ = folder.items[int(number)]
        folder.items[int(number)] = (content, self.clock())
        await self.sync()

    async def sync(self) -> None:
        """Bring every line up to date."""
        await self.back_office.sync_once()

    async def rows(self, state: ListState = ListState.ALL) -> list[ConversationRow]:
        """The list."""
        return list((await self.desk.page(state)).rows)

    async def messages(self, conversation_id: int) -> list[Message]:
        """Of a conversation."""
        return await self.repository.conversations.messages(conversation_id)

    async def answer(self, conversation_id: int, text: str, because: str = "") -> OutboxRow:
        """Answer a conversation, and let it leave."""
        draft = await self.desk.reply_draft(conversation_id)
        row = await self.desk.send(_with(draft, text), because, undo=False)
        await self.outbox.deliver_due()
        return await self.repository.outbox.get(row.id)

    async def write(self, to: Address, text: str) -> OutboxRow:
        """Begin a conversation, and let it leave."""
        draft = await self.desk.new_draft(to, FRONT_DESK.channel)
        row = await self.desk.send(_with(draft, text), undo=False)
        await self.outbox.deliver_due()
        return await self.repository.outbox.get(row.id)


def _with(draft: Draft, text: str) -> Draft:
    return replace(draft, text=text)


@pytest.fixture
def lines() -> tuple[Line, ...]:
    """The lines of the house; a module of tests may say others."""
    return (FRONT_DESK, NURSE)


@pytest.fixture
def the_practice(lines: tuple[Line, ...]) -> Practice:
    """The practice of the house; a module of tests may say another."""
    return practice(lines=lines)


@pytest.fixture
def dials() -> bool:
    """Whether the phone lines of the house make calls by themselves."""
    return False


@pytest.fixture
async def house(tmp_path: Path, the_practice: Practice, dials: bool) -> AsyncIterator[House]:
    """Lakeside with its lines on memory servers, Ann as its patient."""
    clock = FakeClock(NOW)
    repository = await open_repository(tmp_path / "data", clock)
    servers = {line.id: MemoryServer() for line in the_practice.lines}
    channels: dict[str, Channel] = {
        line.id: MemoryChannel(line, servers[line.id], clock, dials=dials)
        for line in the_practice.lines
    }
    gate = Gate(RULES)
    desk = Desk(
        repository,
        the_practice,
        gate,
        clock,
        "dana",
        {line_id: channel.capabilities for line_id, channel in channels.items()},
        undo_window=timedelta(seconds=8),
    )
    await repository.patients.save([ANN])
    built = House(
        repository=repository,
        practice=the_practice,
        clock=clock,
        servers=servers,
        channels=channels,
        desk=desk,
        back_office=BackOffice(repository, the_practice, gate, channels, clock, "test"),
        outbox=Outbox(repository, the_practice, gate, channels, clock, "test"),
        handed_over=HandedOver(repository, the_practice, channels, clock),
        recorder=Recorder(repository, the_practice, clock),
        folder=tmp_path / "data",
    )
    yield built
    await built.back_office.close()
    await repository.close()


ANN_ADDRESS = email("ann@example.com", "Ann Lee")

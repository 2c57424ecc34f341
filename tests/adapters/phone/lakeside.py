"""Lakeside with e-mail in memory and real Twilio channels to a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from adapters.memory.channel import MemoryChannel
from adapters.memory.server import MemoryServer
from adapters.phone.sms import SmsChannel
from adapters.phone.voice import VoiceChannel
from demo.twilio.record import Number
from inbox.address import Address, AddressSystem, ChannelKind
from inbox.backoffice import BackOffice
from inbox.capability import Capabilities
from inbox.channel import Channel
from inbox.conversation import ConversationRow, ListState
from inbox.desk import Desk
from inbox.gate import Gate
from inbox.handed_over import HandedOver
from inbox.line import Line
from inbox.message import Message
from inbox.outbox import Outbox
from inbox.outgoing import Draft
from inbox.patient import Consent, ContactPoint, Patient, PrivacyForm
from inbox.practice import Practice
from inbox.reply_path import Proof
from inbox.repository import OutboxRow, Repository
from inbox.rules import RULES
from store.database import open_repository
from tests.adapters.phone.world import LINE, ROSA, VOICE, VoiceHandle
from tests.clock import FakeClock
from tests.inbox.making import FRONT_DESK, practice

SECOND = Line("texts-2", ChannelKind.SMS, "+15550107789", "Lakeside reminders")
ROSA_JIMENEZ = Patient(
    id="p1",
    given="Rosa",
    family="Jimenez",
    birth_date=date(1980, 1, 2),
    points=(
        ContactPoint(AddressSystem.EMAIL, "rosa@example.com"),
        ContactPoint(AddressSystem.PHONE, ROSA),
    ),
    form=PrivacyForm(email=Consent.ACCEPTED, sms=Consent.ACCEPTED),
)


@dataclass
class Lakeside:
    """The practice between its desk and the servers."""

    world: VoiceHandle
    mail: MemoryServer
    repository: Repository
    practice: Practice
    clock: FakeClock
    desk: Desk
    outbox: Outbox
    handed_over: HandedOver
    back_office: BackOffice
    texts: SmsChannel

    @property
    def sent(self) -> int:
        """How many texts of ours the network took."""
        return sum(text.direction == "outbound-api" for text in self.world.account.texts)

    def mail_from_rosa(self, text: str) -> None:
        """Let an e-mail arrive."""
        item = {"from": "rosa@example.com", "text": text, "to": [FRONT_DESK.address]}
        self.mail.put(json.dumps(item).encode(), self.clock())

    async def sync(self) -> None:
        """Read every line."""
        await self.back_office.sync_once()

    async def later(self, **parts: float) -> None:
        """Let time go by, and read every line."""
        self.clock.advance(**parts)
        await self.sync()

    async def rows(self, state: ListState = ListState.ALL) -> list[ConversationRow]:
        """The list."""
        return list((await self.desk.page(state)).rows)

    async def messages(self, conversation_id: int) -> list[Message]:
        """Of a conversation."""
        return await self.repository.conversations.messages(conversation_id)

    async def queue(self, draft: Draft, text: str, because: str = "") -> OutboxRow:
        """Queue a draft with these words, to leave at once."""
        return await self.desk.send(replace(draft, text=text), because, undo=False)

    async def write(self, to: str, text: str, because: str = "") -> OutboxRow:
        """Text somebody, and let it leave."""
        address = Address(AddressSystem.PHONE, to)
        draft = await self.desk.new_draft(address, ChannelKind.SMS)
        row = await self.queue(draft, text, because)
        await self.outbox.deliver_due()
        return await self.repository.outbox.get(row.id)

    async def proof(self, line: Line) -> Proof:
        """What is known of a line."""
        return next(view.proof for view in await self.desk.lines() if view.line.id == line.id)


class _Live(Mapping[str, Capabilities]):
    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels

    def __getitem__(self, line_id: str) -> Capabilities:
        return self._channels[line_id].capabilities

    def __iter__(self) -> Iterator[str]:
        return iter(self._channels)

    def __len__(self) -> int:
        return len(self._channels)


async def open_lakeside(
    world: VoiceHandle, folder: Path, stack: AsyncExitStack, *, second: bool = False
) -> Lakeside:
    """Open the practice; `stack` closes it."""
    clock = world.clock
    lines = (FRONT_DESK, LINE, VOICE, *((SECOND,) if second else ()))
    the_practice = practice(lines=lines)
    repository = await open_repository(folder, clock)
    stack.push_async_callback(repository.close)
    mail = MemoryServer()
    texts = SmsChannel(LINE, world.settings(), clock, claimed=repository.filing.bears)
    channels: dict[str, Channel] = {
        FRONT_DESK.id: MemoryChannel(FRONT_DESK, mail, clock),
        LINE.id: texts,
        VOICE.id: VoiceChannel(VOICE, world.settings(), clock, twilio=texts.twilio),
    }
    if second:
        world.account.add_number(Number(SECOND.address))
        channels[SECOND.id] = SmsChannel(SECOND, world.settings(), clock, twilio=texts.twilio)
    gate = Gate(RULES)
    back_office = BackOffice(repository, the_practice, gate, channels, clock, "test")
    stack.push_async_callback(back_office.close)
    await repository.patients.save([ROSA_JIMENEZ])
    return Lakeside(
        world=world,
        mail=mail,
        repository=repository,
        practice=the_practice,
        clock=clock,
        desk=Desk(repository, the_practice, gate, clock, "dana", _Live(channels)),
        outbox=Outbox(repository, the_practice, gate, channels, clock, "test"),
        handed_over=HandedOver(repository, the_practice, channels, clock),
        back_office=back_office,
        texts=texts,
    )

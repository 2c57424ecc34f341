"""What happens in a practice, in one call each: mail comes, staff answers."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.address import Address, ChannelKind, email
from inbox.channel import Batch, RawItem, RemoteId
from inbox.conversation import ConversationRow
from inbox.message import Arrival, Direction, MessageKind, MessageStatus
from inbox.outgoing import Draft
from inbox.patient import ContactPoint, Patient
from inbox.promise import NewPromise, PromiseKind
from inbox.repository import Filed, Filing, NewOutbox, OutboxRow
from store.database import SqliteRepository
from tests.clock import FakeClock

DESK = email("frontdesk@lakeside.example", "Lakeside front desk")
ROSA = email("rosa@example.com", "Rosa Jimenez")
OMAR = email("omar@example.com", "Omar Haddad")

ROSA_PATIENT = Patient("p1", "Rosa", "Jimenez", points=(ContactPoint(ROSA.system, ROSA.value),))


def item(number: int, content: bytes = b"", *, at: datetime | None = None, **more: Any) -> RawItem:
    """A raw item of INBOX, epoch 1."""
    content = content or b"Subject: mail %d\r\n\r\nHello" % number
    received = at or datetime(2026, 3, 1, 8, tzinfo=UTC) + timedelta(minutes=number)
    place = RemoteId("INBOX", "1", str(number))
    values = {"size": len(content), **more}
    return RawItem(place, content, received, **values)


def batch(*items: RawItem, cursor: str = "c", folder: str = "INBOX", epoch: str = "1") -> Batch:
    """Items as one batch of a folder."""
    return Batch(folder, epoch, items, cursor, len(items), len(items))


def arrival(text: str = "Hello", **more: Any) -> Arrival:
    """An e-mail from Rosa to the front desk."""
    values: dict[str, Any] = {
        "channel": ChannelKind.EMAIL,
        "kind": MessageKind.EMAIL,
        "sender": ROSA,
        "to": (DESK,),
        "subject": "Moving Thursday's visit",
        "text": text,
        "whole": text,
        "message_id": f"{uuid.uuid4()}@example.com",
    }
    return Arrival(**{**values, **more})


class Practice:
    """Drives a repository the way the services do."""

    def __init__(self, repository: SqliteRepository, clock: FakeClock) -> None:
        self.repository = repository
        self.clock = clock
        self._number = 1000

    async def receive(
        self,
        text: str = "Hello",
        *,
        into: int | tuple[int, ...] | None = None,
        line_id: str = "front-desk",
        at: datetime | None = None,
        filing: dict[str, Any] | None = None,
        **more: Any,
    ) -> Filed:
        """Store and file one arrival; into a conversation, or a new one."""
        raw_id = await self.store(line_id=line_id)
        return await self.file(
            raw_id, text, into=into, line_id=line_id, at=at, filing=filing, **more
        )

    async def file(
        self,
        raw_id: int,
        text: str = "Hello",
        *,
        into: int | tuple[int, ...] | None = None,
        line_id: str = "front-desk",
        at: datetime | None = None,
        filing: dict[str, Any] | None = None,
        **more: Any,
    ) -> Filed:
        """File one stored item; into a conversation, or a new one."""
        into = () if into is None else into if isinstance(into, tuple) else (into,)
        made = Filing(
            raw_id=raw_id,
            line_id=line_id,
            arrival=arrival(text, **more),
            direction=Direction.INBOUND,
            status=MessageStatus.RECEIVED,
            at=at or self.clock(),
            conversations=into,
        )
        return await self.repository.filing.file(replace(made, **(filing or {})))

    async def conversation(self, text: str = "Hello", **more: Any) -> int:
        """A new conversation that begins with an arrival; its id."""
        filed = await self.receive(text, **more)
        assert filed.conversation_id is not None
        return filed.conversation_id

    async def store(self, *, line_id: str = "front-desk", content: bytes = b"") -> int:
        """Store one raw item; its id."""
        self._number += 1
        content = content or b"Subject: raw %d\r\n\r\nHello" % self._number
        raw = item(self._number, content, at=self.clock())
        assert await self.repository.raw.save_batch(line_id, batch(raw), self.clock()) == 1
        waiting = await self.repository.raw.unfiled(line_id, 1000)
        return max(found.raw_id for found in waiting)

    async def send_elsewhere(self, conversation_id: int, at: datetime | None = None) -> Filed:
        """Our answer, seen in the Sent folder: it left from another program."""
        return await self.receive(
            "Answered elsewhere",
            into=conversation_id,
            sender=DESK,
            to=(ROSA,),
            filing={
                "direction": Direction.OUTBOUND,
                "status": MessageStatus.SENT,
                "at": at or self.clock(),
            },
        )

    def draft(self, conversation_id: int | None, text: str = "Yes", **more: Any) -> Draft:
        """A draft to Rosa."""
        values: dict[str, Any] = {
            "channel": ChannelKind.EMAIL,
            "line_id": "front-desk",
            "to": (ROSA,),
            "text": text,
            "subject": "Re: Moving Thursday's visit",
            "conversation_id": conversation_id,
        }
        return Draft(**{**values, **more})

    async def queue(
        self,
        conversation_id: int | None,
        text: str = "Yes",
        promises: tuple[NewPromise, ...] = (),
        **more: Any,
    ) -> OutboxRow:
        """Queue an answer."""
        name = str(uuid.uuid4())
        return await self.repository.outbox.enqueue(
            NewOutbox(
                uuid=name,
                draft=self.draft(conversation_id, text, **more),
                line_address=DESK.value,
                rfc_id=f"{name}@lakeside.example",
                in_reply_to="",
                references=(),
                staff_id="dana",
                because="",
                overridden=frozenset(),
                findings=(),
                proof="round trip, 3 min ago",
                created_at=self.clock(),
                not_before=self.clock(),
                promises=promises,
            )
        )

    def promise(self, conversation_id: int | None = None, **more: Any) -> NewPromise:
        """Dana is there for an hour."""
        now = self.clock()
        due = now + timedelta(hours=1)
        plain = NewPromise(conversation_id, None, "dana", PromiseKind.HERE, "I'm here", due, now)
        return replace(plain, **more)

    async def send(
        self, conversation_id: int | None, status: MessageStatus = MessageStatus.SENT, **more: Any
    ) -> OutboxRow:
        """Queue an answer, and let it end in `status`."""
        queued = await self.queue(conversation_id, **more)
        claimed = await self.repository.outbox.claim(self.clock(), "me")
        assert claimed is not None
        assert claimed.id == queued.id
        await self.repository.outbox.handing_over(queued.id, "me")
        return await self.repository.outbox.settle(queued.id, status, self.clock())

    async def row(self, conversation_id: int) -> ConversationRow:
        """One row of the list."""
        return await self.repository.conversations.row(conversation_id)


def phone(number: str) -> Address:
    """A phone number."""
    return Address(ChannelKind.SMS.system, number)

"""What is to leave: a draft while a person writes it, an `Outgoing` once it is frozen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from inbox.address import Address, ChannelKind
from inbox.line import Line
from inbox.promise import DraftPromise


@dataclass(frozen=True, slots=True)
class DraftAttachment:
    """A file added to a draft; its bytes are kept by content."""

    name: str
    media_type: str
    size: int
    """In bytes."""
    sha256: str
    """Hex digest; the store keeps the bytes under it."""


class Category(StrEnum):
    """What a message is for."""

    GENERAL = "general"
    REMINDER = "reminder"
    """An appointment, a vaccination: no privacy to guard beyond the channel's own."""
    RESULT = "result"
    """A finding or a document of the patient's care."""
    BILLING = "billing"
    AFTER_HOURS = "after-hours"
    """An answer while nobody is there: says what to do in an emergency, and who answers when."""


class CallOutcome(StrEnum):
    """How a call of ours ended."""

    REACHED = "reached"
    LEFT_MESSAGE = "left message"
    NO_ANSWER = "no answer"
    BUSY = "busy"
    WRONG_NUMBER = "wrong number"


class WayBack(StrEnum):
    """How the patient can answer a message that was left."""

    DIRECT_LINE = "direct line"
    """A number or extension past the phone tree was said."""
    HERE_UNTIL = "here until"
    """How long the caller is there was said, and a watched e-mail or portal for later."""
    SERVICE = "answering service"
    """They are to leave word with the service, which has been given a heads-up."""
    INFORMATION = "information"
    """The information itself was left, which the privacy form allows."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of ours, before or after it was made."""

    outcome: CallOutcome | None = None
    """None before the call."""
    ways: frozenset[WayBack] = frozenset()
    """What was said about answering."""
    heads_up_sent: bool = False
    """The answering service has been told; its message has left."""
    heads_up: str = ""
    """What the answering service is told; the log stays open until it has left."""
    watched: str = ""
    """Id of the line that the caller watches after the phones are off."""

    @property
    def answers(self) -> bool:
        """Whether it is a real answer: somebody was talked with."""
        return self.outcome is CallOutcome.REACHED


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that a person is writing; nothing of it has left."""

    channel: ChannelKind
    line_id: str
    """The line it would leave from; empty while there is no plan."""
    to: tuple[Address, ...]
    text: str
    subject: str = ""
    cc: tuple[Address, ...] = ()
    attachments: tuple[DraftAttachment, ...] = ()
    conversation_id: int | None = None
    """None begins a new conversation."""
    answers: int | None = None
    """Id of the stored message it answers."""
    patient_id: str | None = None
    """Whom it is about."""
    begun_at: datetime | None = None
    """When the writer opened it (aware)."""
    seen_message_id: int = 0
    """The newest message of the conversation that the writer had before their eyes."""
    line_chosen: bool = False
    """The writer chose the line by hand."""
    outbox_id: int | None = None
    """Its own outbox row when it is examined again before leaving."""
    category: Category = Category.GENERAL
    automatic: bool = False
    """Made by a list (reminders), not written by a person to this person."""
    confidential: bool = False
    """For the patient alone, not for proxies or others at the same address."""
    send_at: datetime | None = None
    """Not to leave before (aware), e.g. at opening; None: as soon as it can."""
    call: Call | None = None
    """For the phone: the call; `text` is then the script, or what was said."""
    promises: tuple[DraftPromise, ...] = ()
    """What it promises, as a person confirmed it."""
    not_promised: tuple[str, ...] = ()
    """Words of the text that a person said are no promise."""
    covered_message_id: int = 0
    """The newest message that a reason for sending all the same was given for."""
    notice: bool = False
    """A neutral notice is to go with it; it counts for a portal message alone."""

    @property
    def recipients(self) -> tuple[Address, ...]:
        """Everybody it goes to."""
        return (*self.to, *self.cc)


@dataclass(frozen=True, slots=True)
class OutgoingAttachment:
    """A file to send."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is to leave, frozen when it was queued; the line never changes afterwards."""

    outbox_id: int
    uuid: str
    line: Line
    """The line it leaves from: From, Reply-To and envelope sender alike."""
    to: tuple[Address, ...]
    subject: str
    text: str
    message_id: str
    """Chosen before the first attempt, kept for every later one; without angle brackets."""
    created_at: datetime
    """When it was queued, or was to leave (aware); the Date header."""
    cc: tuple[Address, ...] = ()
    in_reply_to: str = ""
    """What it answers: a Message-ID, or in the portal the provider's name (`Communication/12`)."""
    references: tuple[str, ...] = ()
    attachments: tuple[OutgoingAttachment, ...] = ()
    thread_key: str = ""
    """The thread of the portal that it goes into, as the portal names it; empty: a new one."""
    about: str = ""
    """The portal's reference of the patient it is about (`Patient/12`); empty: whom it goes to."""
    probe_token: str = ""
    """Set when this is the line's own round trip."""
    ring_first: str = ""
    """For a call: the caller's own phone (E.164), which rings before the patient's does."""

    def digest(self) -> str:
        """Hex SHA-256 over all that the recipients would see; what a permit is bound to."""
        parts = (
            self.line.id,
            self.line.address,
            *(address.key for address in (*self.to, *self.cc)),
            self.subject,
            self.text,
            self.message_id,
            self.thread_key,
            self.about,
            self.probe_token,
            *(hashlib.sha256(file.content).hexdigest() + file.name for file in self.attachments),
        )
        joined = "\0".join(f"{len(part)}:{part}" for part in parts)
        return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()

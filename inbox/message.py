"""Messages: what arrives (`Arrival`), what is stored (`Message`), and what goes with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from inbox.address import Address, ChannelKind
from inbox.ending import Ending
from inbox.outgoing import Call


class Direction(StrEnum):
    """Which way a message went."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"
    """A note: it never leaves the practice."""


class MessageKind(StrEnum):
    """What a message is."""

    EMAIL = "email"
    TEXT = "text"
    CALL = "call"
    VOICEMAIL = "voicemail"
    PORTAL = "portal"
    NOTE = "note"


class Nature(StrEnum):
    """Who is behind an arrival: a person who waits for an answer, or a machine."""

    PERSONAL = "personal"
    BULK = "bulk"
    """A list, a newsletter: nobody waits for an answer (RFC 2369, RFC 2919)."""
    AUTO_REPLY = "auto-reply"
    """Out of office and the like (RFC 3834)."""
    BOUNCE = "bounce"
    """A delivery status report (RFC 3464)."""
    RECEIPT = "receipt"
    """A disposition notification (RFC 8098)."""
    PROBE = "probe"
    """Our own round trip coming home."""
    THREAD = "thread"
    """Names a thread of the portal and says nothing itself (FHIR Communication without payload)."""
    RETRACTED = "retracted"
    """Its author took it back: it asks for nothing any more, and answers nothing."""
    UNREADABLE = "unreadable"
    """Could not be parsed; the raw text is shown and a person files it."""

    @property
    def wants_answer(self) -> bool:
        """Whether an arrival of this nature can put a conversation into `needs reply`."""
        return self in {Nature.PERSONAL, Nature.UNREADABLE}


class MessageStatus(StrEnum):
    """What is known of a message's way."""

    RECEIVED = "received"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    """The provider took it."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """Certain: it did not arrive."""
    UNKNOWN = "unknown"
    """It may or may not have left; a person decides."""
    CANCELLED = "cancelled"
    """Taken back before it left."""
    NOTED = "noted"
    """A note; it has no way to go."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message; its bytes stay in the raw message."""

    part: str
    """Where it lies in the raw message (adapter's own path, e.g. `1.2`)."""
    name: str
    """File name, made safe to show and to save."""
    media_type: str
    size: int
    """In bytes, decoded."""
    sha256: str = ""
    """Hex digest of the decoded bytes."""


class Effect(StrEnum):
    """What follows from it that a provider did not deliver a message."""

    NONE = ""
    STOPPED = "stopped"
    """They told the provider to stop messages from us: they have opted out."""
    DEAD = "dead"
    """Their address takes no such messages, and never will."""
    LATER = "later"
    """It may work later: worth one more try."""
    MUTE = "mute"
    """The provider or the carriers do not take our own address as a sender."""


@dataclass(frozen=True, slots=True)
class FailedRecipient:
    """One recipient a delivery report speaks of (RFC 3464 section 2.3)."""

    address: str
    action: str
    """`failed`, `delayed`, `delivered`, `relayed`, `expanded`."""
    status: str = ""
    """Enhanced status code `5.1.1` (RFC 3463), or empty."""
    diagnostic: str = ""
    hint: str = ""
    """What to do about it, where the provider's code tells."""
    effect: Effect = Effect.NONE
    """What follows from it, where the provider's code tells."""

    @property
    def permanent(self) -> bool:
        """Whether trying again is no use."""
        return self.action == "failed"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a bounce or an auto-reply says about a message of ours."""

    recipients: tuple[FailedRecipient, ...] = ()
    original_message_id: str = ""
    """Message-ID of the message it speaks of, without angle brackets, or empty."""


@dataclass(frozen=True, slots=True)
class Received:
    """The addresses of a message as our server received it: evidence for the reply path."""

    from_: str = ""
    reply_to: str = ""
    """Empty when there is none."""
    return_path: str | None = None
    """The envelope sender; empty for the null path, None when the server does not record it."""
    delivered_to: tuple[str, ...] = ()
    """Delivered-To, X-Original-To, Envelope-To."""
    probe_token: str = ""
    """The token of our own round trip, or empty."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What an adapter made of a raw message: parsed, safe to show, not yet filed.

    Every text in it has been made safe (`inbox.plain`). Times are aware.
    """

    channel: ChannelKind
    kind: MessageKind
    sender: Address | None
    """Who wrote it; None when the message does not say."""
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    sent_at: datetime | None = None
    """What the sender's clock said."""
    subject: str = ""
    text: str = ""
    """What the author wrote this time, without quoted history."""
    whole: str = ""
    """The whole text, quoted history included; equals `text` when nothing was folded."""
    attachments: tuple[Attachment, ...] = ()
    message_id: str = ""
    """Without angle brackets; empty when there is none (then nothing can name it)."""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    """Oldest first, without angle brackets."""
    thread_key: str = ""
    """The provider's own thread (portal), or the pair of numbers (text, phone).

    Of a portal: the reference of its header (`Communication/h1`), or where there is none of its
    first message; it is a name on its line only."""
    list_id: str = ""
    """RFC 2919, or empty."""
    nature: Nature = Nature.PERSONAL
    report: DeliveryReport | None = None
    received: Received = field(default_factory=Received)
    defects: tuple[str, ...] = ()
    """What was wrong with it, one sentence each, for the raw view."""
    ending: Ending | None = None
    """How a call ended; None for what is no call."""
    seconds: int = 0
    """How long they talked, or spoke to the machine; 0 for what is no call."""
    about: Address | None = None
    """Whom it is about, when that is not its other end (FHIR Communication.subject)."""
    identifiers: tuple[str, ...] = ()
    """What others call the one it is about, best first: `system|value` (FHIR Identifier)."""
    can_reply: bool | None = None
    """Whether the portal lets the patient answer in this thread; None when it does not say."""
    thread_completed: bool | None = None
    """The header of its portal thread is `completed`; None when it has none that was seen."""
    retracted: bool = False
    """Its author took it back (FHIR Communication.status `entered-in-error`)."""
    own_uuid: str = ""
    """The `Outgoing.uuid` that a message of ours bears at the server; empty when it has none."""
    version: str = ""
    """Of several versions of one resource the greater one is the later (`inbox.version`); empty
    where the server does not say."""

    @property
    def parents(self) -> tuple[str, ...]:
        """Every id it claims to follow, nearest first, each once (RFC 5322 section 3.6.4)."""
        return tuple(dict.fromkeys((*self.in_reply_to, *reversed(self.references))))


@dataclass(frozen=True, slots=True)
class Message:
    """One stored communication in a conversation."""

    id: int
    uuid: str
    """Stable name outside the database: record entries, FHIR identifiers."""
    conversation_id: int
    direction: Direction
    channel: ChannelKind | None
    """None for a note."""
    kind: MessageKind
    nature: Nature
    status: MessageStatus
    line_id: str
    """The line it came in on or left from; empty for a note."""
    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    at: datetime
    """When it happened, by our clock: received, sent, or noted (aware, UTC)."""
    sent_at: datetime | None
    """What the sender's clock said (aware), or None."""
    subject: str
    text: str
    whole: str
    attachments: tuple[Attachment, ...]
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    patient_id: str | None
    """Whom it is about."""
    match_reason: str
    """Why it is about them: `matched by e-mail address`, `chosen by dana`, ..."""
    staff_id: str = ""
    """Who wrote it, for outbound messages and notes; empty when sent from another program."""
    raw_id: int | None = None
    """The raw message it was read from, None for what began here."""
    outbox_id: int | None = None
    """The outbox row it left by, None for what arrived."""
    status_text: str = ""
    """Why the status is what it is, in words: `mailbox full`, `unknown user`, ..."""
    proof: str = ""
    """The proof the line relied on when it was sent, in words."""
    partial: bool = False
    """Only the header was fetched, because the message is very large."""
    recorded: bool = False
    """Whether its latest state is in the patient's record file."""
    confidential: bool = False
    """For the patient alone, not for proxies or others at the same address."""
    leaves_at: datetime | None = None
    """When it is to leave, while it is queued and has not been tried; it can be taken back."""
    because: str = ""
    """The reason somebody gave for sending it in spite of what held it."""
    ending: Ending | None = None
    """How a call ended; None for what is no call, or a call of which only its log tells."""
    seconds: int = 0
    """How long they talked, or spoke to the machine."""
    call: Call | None = None
    """What became of a call of ours, as it was logged; None for all else."""
    heads_up: MessageStatus | None = None
    """How the heads-up stands that goes with a call of ours; None when there is none."""
    thread_key: str = ""
    """The provider's own thread, as in `Arrival`."""
    about: Address | None = None
    """Whom the portal says it is about, when that is not its other end."""
    version: str = ""
    """Which version of the portal's resource it was read from, as in `Arrival`."""
    identifiers: tuple[str, ...] = ()
    """What others call the one it is about, as in `Arrival`."""
    gone: bool = False
    """It was deleted on the server, or moved where no line reads; it is kept here."""
    set_aside: str = ""
    """Why somebody set it aside although it could not be read; empty when nobody did."""

    @property
    def retracted(self) -> bool:
        """Whether its author took it back."""
        return self.nature is Nature.RETRACTED

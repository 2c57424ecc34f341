"""The situation: every fact a rule may look at, gathered before the rules run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inbox.address import Address, AddressSystem, address_key
from inbox.capability import Capabilities
from inbox.line import LineHealth
from inbox.message import MessageStatus
from inbox.number import digits
from inbox.outgoing import Draft
from inbox.patient import Consent, ContactPoint, Patient
from inbox.practice import Practice
from inbox.quiet import Place
from inbox.reply_path import Plan


@dataclass(frozen=True, slots=True)
class Recipient:
    """What is known of one address a draft goes to."""

    address: Address
    patients: tuple[Patient, ...] = ()
    """Everybody this address belongs to, as a patient or through a proxy."""
    point: ContactPoint | None = None
    """The contact point as stored, when it is one."""
    consent: Consent = Consent.UNKNOWN
    """What was said about writing to this very address on the draft's channel: kept with the
    address, else the patient's privacy form, else implied when they wrote from it first."""
    places: tuple[Place, ...] = ()
    """Where the reader may be; more than one when only the number tells."""
    proxies_share: bool = False
    """Somebody besides the patient reads what is sent here."""
    wrote_at: datetime | None = None
    """When they wrote the newest message of the conversation from this very address on the draft's
    channel (aware); None when somebody else did, or they did it another way."""
    doubts: frozenset[str] = frozenset()
    """Inbound rules (`IN03`) with something from this address that nobody has decided on yet."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier message of ours to the same recipients."""

    outbox_id: int
    at: datetime
    status: MessageStatus
    same_text: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """A draft and all that matters about it at one moment."""

    draft: Draft
    practice: Practice
    now: datetime
    """Aware, UTC."""
    staff_id: str
    """Who is sending."""
    plan: Plan | None
    """Where it would leave from; None when there is no way (then `plan_problem` says why)."""
    plan_problem: str = ""
    health: LineHealth | None = None
    """The connection of the plan's line."""
    patient: Patient | None = None
    """Whom it is about."""
    recipients: tuple[Recipient, ...] = ()
    newest_inbound_id: int = 0
    """Id of the newest inbound message of the conversation; 0 when there is none."""
    newest_inbound_at: datetime | None = None
    newest_about: Patient | None = None
    """Whom a portal says that message is about, when the draft is about somebody else."""
    earlier: tuple[Earlier, ...] = ()
    """Ours to the same recipients, recent or of unknown outcome; never the draft's own row."""
    capabilities: Capabilities | None = None
    """What the plan's channel can do; None when it is not known."""
    can_reply: bool | None = None
    """Whether the portal lets the patient answer this thread; None when the portal does not say."""
    reply_words: str = ""
    """How that is known, or why it is not, in one sentence; empty: nobody asked."""
    automatic_today: int = 0
    """Messages made by lists that went to these recipients today, by the practice's clock."""
    automatic_week: int = 0
    """The same within seven days."""
    first_contact: bool = False
    """The first message to this address on this channel in ninety days."""

    @property
    def leaves_at(self) -> datetime:
        """When it leaves: now, or when the writer wants it to."""
        wanted = self.draft.send_at
        return self.now if wanted is None or wanted < self.now else wanted

    @property
    def to_service(self) -> bool:
        """Whether it goes to the desk of the answering service alone."""
        service = self.practice.answering_service
        if service is None or not service.heads_up_to or not self.draft.recipients:
            return False
        mail = address_key(AddressSystem.EMAIL, service.heads_up_to)
        number = digits(service.heads_up_to)
        return all(
            digits(one.value) == number
            if one.system is AddressSystem.PHONE and number
            else one.key == mail
            for one in self.draft.recipients
        )

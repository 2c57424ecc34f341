"""The situation: every fact a rule may look at, gathered before the rules run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inbox.address import Address
from inbox.line import LineHealth
from inbox.message import MessageStatus
from inbox.outgoing import Draft
from inbox.patient import ContactPoint, Patient
from inbox.practice import Practice
from inbox.reply_path import Plan


@dataclass(frozen=True, slots=True)
class Recipient:
    """What is known of one address a draft goes to."""

    address: Address
    patients: tuple[Patient, ...] = ()
    """Everybody this address belongs to, as a patient or through a proxy."""
    point: ContactPoint | None = None
    """The contact point as stored, when it is one."""


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
    earlier: tuple[Earlier, ...] = ()
    """Ours to the same recipients, recent or of unknown outcome; never the draft's own row."""

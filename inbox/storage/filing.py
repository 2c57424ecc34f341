"""The storage contract of filing: what an arrival is looked up by, and the step that files it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inbox.address import Address
from inbox.message import Arrival, Direction, Message, MessageStatus
from inbox.pairing import PairUse
from inbox.signals.signal import Sign


@dataclass(frozen=True, slots=True)
class Relative:
    """A stored message that an arrival names, or that names the arrival."""

    message_id: int
    rfc_id: str
    """Its Message-ID, without angle brackets."""
    conversation_id: int
    direction: Direction
    participants: frozenset[str]
    """Address keys of sender, To, Cc and Reply-To, the practice's own included."""
    sender: str
    """Address key of the sender, or empty."""
    parents: tuple[str, ...]
    """The ids it names."""
    list_id: str
    patient_id: str | None
    subject: str = ""
    parted: frozenset[int] = frozenset()
    """Conversations that a person parted from the one it is in."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A new state of a message that is already stored."""

    message_id: int
    status: MessageStatus
    text: str = ""
    """Why, in words."""
    hint: str = ""
    """What to do about it."""


@dataclass(frozen=True, slots=True)
class Filing:
    """Where an arrival belongs, as the rules decided it."""

    raw_id: int
    line_id: str
    arrival: Arrival
    direction: Direction
    status: MessageStatus
    at: datetime
    """When it happened, by the server's clock (aware)."""
    conversations: tuple[int, ...] = ()
    """Conversations it joins; the first is kept, the others are merged into it. None: a new one."""
    suggested_merge: int | None = None
    """A conversation it may belong to, for a person to decide."""
    patient_id: str | None = None
    match_reason: str = ""
    visible: bool = True
    """False: kept and linked, but no message of a conversation (a round trip, an echo)."""
    echo_of: int | None = None
    """Id of the stored message this is a copy of (our own, seen in the Sent folder)."""
    changes: tuple[StatusChange, ...] = ()
    """What it says about messages of ours (bounces)."""
    bad_points: tuple[tuple[Address, str], ...] = ()
    """Addresses it says are dead, with the reason."""
    quarantined: bool = False
    """It could not be read; the raw text is shown."""
    partial: bool = False
    """Only the header was fetched."""
    signs: tuple[Sign, ...] = ()
    """What the inbound rules heard in it."""
    replaces: int | None = None
    """Id of the stored message whose place it takes: more was learned of the same call."""
    provider_id: str = ""
    """With `echo_of`: the provider's name for the message, for a row that has none yet."""


@dataclass(frozen=True, slots=True)
class Filed:
    """Where an arrival went."""

    conversation_id: int | None
    """None when it is not visible."""
    message_id: int | None
    heard: frozenset[str] = frozenset()
    """Inbound rules whose signals are kept with it since now."""


class FilingStore(Protocol):
    """What filing an arrival looks up, and the one step that files it."""

    async def relatives(self, message_id: str, parents: Sequence[str]) -> list[Relative]:
        """Stored messages that bear `message_id` or one of the ids `parents`, or name `message_id`.

        At most 1000; ids are compared as they are.
        """
        ...

    async def siblings(
        self, ids: Sequence[str], people: Collection[str], list_id: str = ""
    ) -> list[Relative]:
        """For each of `ids` and each of these people a stored message of theirs that names it.

        Of theirs: from them, or sent to them by us. With `list_id` one of that mailing list too.
        Of an id that hundreds of messages name, the newest ones are looked at.
        """
        ...

    async def with_message_id(self, message_id: str, line_id: str = "") -> list[Message]:
        """Stored messages with this Message-ID (of one line, when given), oldest first."""
        ...

    async def with_provider_id(self, provider_id: str) -> Message | None:
        """The message of ours that a provider knows by this name, of any attempt; or None."""
        ...

    async def bears(self, provider_id: str) -> bool:
        """Whether any stored text or call goes by this name at its provider."""
        ...

    async def unsettled_on(self, pair_key: str) -> list[Message]:
        """Messages of ours on a pair of numbers that are being sent or may have left.

        Those without a name from the provider, oldest first.
        """
        ...

    async def on_pair(self, pair_key: str, at: datetime) -> list[PairUse]:
        """The messages on a pair of numbers around a moment: of at most 60 each before and after.

        Of each conversation the nearest on either side, and every one whose patient a person chose.
        """
        ...

    async def waiting_on(self, patient_id: str) -> list[int]:
        """Conversations with a patient in which we wait for them; at most two."""
        ...

    async def file(self, filing: Filing) -> Filed:
        """File one arrival, in one transaction.

        Message, conversation, merges, status changes, dead contact points, search index, record
        queue, the raw item's state. Filing a raw item again (after `complete`) replaces its message
        in its place. What a provider tells of a text of ours (`arrival.report`) is kept, and its
        state follows the furthest that was told.
        """
        ...

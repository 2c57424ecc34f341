"""The contract of an adapter: how a channel reads, sends and describes itself.

A channel belongs to one line. It does I/O and nothing else: it fetches raw items, turns one raw
item into an `Arrival` by a pure function, and sends what the outbox hands it together with a
permit. `adapters/memory` is the shortest complete example; `tests/adapters/contract.py` is the
suite that every adapter passes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from inbox.capability import Capabilities as Capabilities  # noqa: PLC0414 - part of the contract
from inbox.gate import Permit
from inbox.line import Line
from inbox.message import Arrival, MessageStatus
from inbox.outgoing import Outgoing


@dataclass(frozen=True, slots=True)
class RemoteId:
    """Where the server keeps an item: its identity, whatever the item says of itself.

    E-mail: folder, UIDVALIDITY, UID. Text: `messages`, empty, SID. Portal: `Communication`,
    version, id.
    """

    folder: str
    epoch: str
    item: str


@dataclass(frozen=True, slots=True)
class RawItem:
    """One thing as the server gave it."""

    remote: RemoteId
    content: bytes
    received_at: datetime
    """When the server got it (aware)."""
    size: int
    """In bytes on the server; larger than `content` when only the header was fetched."""
    complete: bool = True
    """False: only the header was fetched, because the item is very large."""
    ours: bool = False
    """It lies in the folder of what we sent, so it is outbound whatever it says."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some items of one folder, with the cursor that is true once they are stored."""

    folder: str
    epoch: str
    """UIDVALIDITY or the like; a new one means that the server numbered everything afresh."""
    items: tuple[RawItem, ...]
    cursor: str
    """Opaque to all but the adapter; stored together with the items, in one transaction."""
    done: int = 0
    """How many items of this folder this run has fetched so far, this batch included."""
    total: int = 0
    """How many this run will fetch from this folder."""


@dataclass(frozen=True, slots=True)
class Census:
    """What the server holds in one folder, by its own count."""

    folder: str
    epoch: str
    items: AbstractSet[str]
    """The `RemoteId.item` of everything there; `inbox.numbered.Numbers` where there are many."""
    whole: bool = True
    """False: part of it is taken from an earlier list, and proves nothing about today."""
    older: AbstractSet[str] = frozenset()
    """Those of them that are older than the day the line is read from; nobody waits for them."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many items the server holds in one folder, without saying which."""

    folder: str
    epoch: str
    count: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider's word that it took a message."""

    status: MessageStatus
    """SENT or DELIVERED."""
    at: datetime
    provider_id: str = ""
    """The provider's own name for it: queue id, SID, `Communication/12`."""
    refused: tuple[str, ...] = ()
    """Recipients the server refused while it took the message for the others."""
    copy_raw: bytes | None = None
    """The bytes that left, to be kept as the raw message, where the channel has such."""
    copy_due: bool = False
    """A copy belongs into the folder of sent messages; the channel is a `KeepsCopies`."""
    thread_key: str = ""
    """The thread of the portal that it went into, as `Arrival.thread_key` names it; else empty."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What the provider knows of a message whose outcome we do not know."""

    found: bool
    """True: it left. False: no trace so far, which proves nothing."""
    receipt: Receipt | None = None


HandingOver = Callable[[], Awaitable[None]]
"""To be awaited right before the point of no return; it makes the state durable."""


class Channel(Protocol):
    """One line's way to the outside world.

    One task at a time calls the reading methods (`fetch`, `census`, `wait`, `fetch_whole`), another
    one `send` and `locate`.
    """

    @property
    def line(self) -> Line:
        """The line it belongs to."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; no connection is needed to know."""
        ...

    def fetch(self, cursors: Mapping[str, str]) -> AsyncIterator[Batch]:
        """Everything on the server that the cursors do not cover, newest first, in batches.

        Args:
            cursors: The last stored cursor of each folder, by folder name; none on the first run.

        Raises:
            ConnectionLost, AuthenticationFailed, TlsRefused, ServerRefused.
        """
        ...

    def convert(self, raw: RawItem) -> Arrival:
        """Read one raw item: a pure function, safe to call in a worker thread.

        Never raises for bad content: what it cannot read it returns with nature UNREADABLE.
        """
        ...

    def attachment(self, raw: bytes, part: str) -> bytes:
        """The decoded bytes of one attachment of a raw message: a pure function.

        Raises:
            ServerRefused: the raw message has no such part.
        """
        ...

    async def fetch_whole(self, remote: RemoteId) -> RawItem:
        """The whole of an item of which only the header was fetched.

        Raises:
            ConnectionLost, ServerRefused (it is no longer there).
        """
        ...

    async def census(self) -> tuple[Census, ...]:
        """What the server holds in each folder that is read."""
        ...

    async def wait(self, seconds: float) -> None:
        """Return when something may be new, at the latest after `seconds`. Cancellable.

        Raises:
            ConnectionLost: the connection dropped while waiting.
        """
        ...

    async def send(self, outgoing: Outgoing, permit: Permit, handing_over: HandingOver) -> Receipt:
        """Hand one message to the provider, at most once.

        Calls `permit.check(outgoing)` first, and awaits `handing_over()` right before the point of
        no return (for SMTP: before DATA).

        Raises:
            NotSent: certain that it did not leave.
            OutcomeUnknown: the connection broke after `handing_over`.
        """
        ...

    async def locate(self, outgoing: Outgoing) -> Whereabouts:
        """Look whether a message of unknown outcome has left after all; sends nothing."""
        ...

    async def close(self) -> None:
        """Let go of every connection; may be called more than once."""
        ...


@runtime_checkable
class ReadsFrom(Protocol):
    """A channel that need not read all that lies on its server."""

    @property
    def limited(self) -> bool:
        """Whether the configuration says from which day it is read."""
        ...

    @property
    def since(self) -> date | None:
        """The day it is read from at present; None: everything is read."""
        ...

    def read_from(self, day: date | None) -> None:
        """Read back to this day where that is earlier than what the configuration says.

        `date.min` is the beginning; None goes by the configuration alone.
        """
        ...


@runtime_checkable
class Tallies(Protocol):
    """A channel whose server says how many items it holds without listing them."""

    async def tally(self) -> tuple[Tally, ...] | None:
        """How many items lie in each folder that is read; None when it takes a census to know.

        Raises:
            ChannelError: the server could not be asked.
        """
        ...


@runtime_checkable
class ReadsAside(Protocol):
    """A channel that can read many raw items beside what else goes on, on another processor."""

    async def convert_all(self, raws: Sequence[RawItem]) -> list[Arrival]:
        """What `convert` gives for each."""
        ...


@runtime_checkable
class KeepsCopies(Protocol):
    """A channel that puts copies of what it sent where the practice's other programs see them."""

    async def ensure_copy(self, message_id: str, raw: bytes) -> None:
        """Put the copy of a message that left there, unless it is there already.

        May be called while others read and send.

        Raises:
            ChannelError: it could not be put there; it is tried again later.
        """
        ...


@runtime_checkable
class Retracts(Protocol):
    """A channel on which a message that left can be marked as a mistake of its author."""

    async def retract(self, provider_id: str) -> None:
        """Mark a message of ours as entered in error where it lies; nothing else of it changes.

        Done already is done. May be called while others read and send.

        Raises:
            ChannelError: it is not marked, or nobody knows whether it is; a person tries again.
        """
        ...

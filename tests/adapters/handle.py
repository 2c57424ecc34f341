"""A test's hand on the server behind a channel, and what the tests of every adapter share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Protocol
from zoneinfo import ZoneInfo

from inbox.address import Address
from inbox.channel import Batch, Channel, RawItem
from inbox.gate import Gate, Permit
from inbox.line import Line
from inbox.outgoing import Draft, DraftAttachment, Outgoing
from inbox.practice import Practice
from inbox.reply_path import Plan, Proof, ProofState
from inbox.situation import Situation

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


class Failure(Enum):
    """What a server can be told to do to the next message."""

    REFUSES = auto()
    """It says no, clearly."""
    LOST_BEFORE = auto()
    """The connection breaks before anything was handed over."""
    LOST_UNTAKEN = auto()
    """It breaks while handing over; the server does not have the message."""
    LOST_TAKEN = auto()
    """It breaks while handing over; the server has the message."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One message that the server took."""

    sender: str
    """The envelope sender, or the like."""
    recipients: tuple[str, ...]
    raw: bytes | None
    """The bytes as they left, where the server keeps them so; None where it adds to them."""


class ServerHandle(Protocol):
    """A test's hand on the server behind a channel."""

    patient: Address
    """Somebody the channel can send to."""
    line: Line
    """The line under test."""

    def deliver(self, text: str) -> str:
        """Let a message with this text arrive from the patient; give its `RemoteId.item`."""
        ...

    def put(self, content: bytes) -> str:
        """Let any bytes arrive; give their `RemoteId.item`."""
        ...

    def expunge(self, items: Iterable[str]) -> None:
        """Remove items from the folder where mail arrives."""
        ...

    def renumber(self) -> None:
        """Begin a new epoch: every item gets another number."""
        ...

    def drop(self) -> None:
        """Cut every connection and take no new one."""
        ...

    def restore(self) -> None:
        """Take connections again."""
        ...

    def fail(self, failure: Failure) -> None:
        """Let the next message go wrong."""
        ...

    def taken(self) -> list[Taken]:
        """Every message the server took, in order."""
        ...

    def reveal(self) -> None:
        """Let the provider's record of what it took come up, where that is its own step."""
        ...


Channels = Callable[[], Channel]


def make_outgoing(line: Line, to: Address, text: str, **more: object) -> Outgoing:
    """A message as the outbox freezes it."""
    values: dict[str, object] = {
        "outbox_id": 1,
        "uuid": "6d0c4f4e-0000-4000-8000-000000000001",
        "line": line,
        "to": (to,),
        "subject": "Thursday's visit",
        "text": text,
        "message_id": "one.6d0c4f4e@lakeside.example",
        "created_at": NOW,
        **more,
    }
    return Outgoing(**values)  # type: ignore[arg-type]  # every test gives what the field wants


def make_permit(outgoing: Outgoing) -> Permit:
    """The permit a gate without rules gives for a message."""
    draft = Draft(
        channel=outgoing.line.channel,
        line_id=outgoing.line.id,
        to=outgoing.to,
        cc=outgoing.cc,
        text=outgoing.text,
        subject=outgoing.subject,
        attachments=tuple(
            DraftAttachment(file.name, file.media_type, len(file.content), "")
            for file in outgoing.attachments
        ),
    )
    practice = Practice("Lakeside Family Practice", ZoneInfo("America/Chicago"))
    plan = Plan(outgoing.line, Proof(outgoing.line.id, ProofState.PROVEN, NOW), "")
    situation = Situation(draft=draft, practice=practice, now=NOW, staff_id="dana", plan=plan)
    return Gate([]).permit(situation, outgoing)


class Handover:
    """A `HandingOver` that remembers what the server had at that moment."""

    def __init__(self, server: ServerHandle) -> None:
        self._server = server
        self.taken_before: list[int] = []

    async def __call__(self) -> None:
        self.taken_before.append(len(self._server.taken()))

    @property
    def times(self) -> int:
        """How often it was awaited."""
        return len(self.taken_before)


async def collect(channel: Channel, cursors: Mapping[str, str] | None = None) -> list[Batch]:
    """Every batch of one run."""
    return [batch async for batch in channel.fetch(cursors or {})]


def arrived(batches: Iterable[Batch]) -> list[RawItem]:
    """The items that did not come from the folder of what we sent, in order."""
    return [item for batch in batches for item in batch.items if not item.ours]


def numbers(items: Iterable[RawItem]) -> list[str]:
    """The `RemoteId.item` of each."""
    return [item.remote.item for item in items]


def stored(batches: Iterable[Batch], before: Mapping[str, str] | None = None) -> dict[str, str]:
    """The cursors a store would hold after these batches."""
    return {**(before or {}), **{batch.folder: batch.cursor for batch in batches}}

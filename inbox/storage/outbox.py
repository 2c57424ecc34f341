"""The storage contract of what is to leave: outbox, files, drafts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inbox.address import Address
from inbox.message import MessageStatus
from inbox.outgoing import Draft
from inbox.promise import NewPromise


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One message that is to leave, is leaving, or has left."""

    id: int
    uuid: str
    conversation_id: int
    message_id: int
    """Id of the message that stands for it in the conversation."""
    status: MessageStatus
    draft: Draft
    """As it was queued; its line never changes."""
    line_address: str
    """The address of the line when it was queued."""
    rfc_id: str
    """Message-ID, chosen before the first attempt; without angle brackets."""
    in_reply_to: str
    references: tuple[str, ...]
    staff_id: str
    because: str
    overridden: frozenset[str]
    """Rules that held and that the reason was given for."""
    findings: tuple[str, ...]
    """What the gate found when it was queued: `TW31 hold: ...`."""
    proof: str
    """The proof the line relied on, in words."""
    created_at: datetime
    not_before: datetime
    """It may be taken back until then."""
    attempts: int
    status_text: str = ""
    """What went wrong, in words."""
    hint: str = ""
    provider_id: str = ""
    sent_at: datetime | None = None
    automatic_retry: bool = False
    """It failed for a passing reason and will be tried again at `not_before`."""
    holder: str = ""
    """Which process is sending it; empty when none is."""
    after: int | None = None
    """The row it goes with, as in `NewOutbox`."""

    @property
    def leaves_at(self) -> datetime | None:
        """When it is to leave, while it is queued and has not been tried; else None."""
        waits = self.status is MessageStatus.QUEUED and not self.automatic_retry
        return self.not_before if waits else None


@dataclass(frozen=True, slots=True)
class NewOutbox:
    """What `enqueue` stores."""

    uuid: str
    draft: Draft
    line_address: str
    rfc_id: str
    in_reply_to: str
    references: tuple[str, ...]
    staff_id: str
    because: str
    overridden: frozenset[str]
    findings: tuple[str, ...]
    proof: str
    created_at: datetime
    not_before: datetime
    person: str = ""
    """Display name of the other end, when this begins a conversation."""
    promises: tuple[NewPromise, ...] = ()
    """What it promises; kept in the same transaction."""
    thread_key: str = ""
    """The thread of the portal that it continues; empty: it begins one."""
    after: int | None = None
    """The row it goes with: it leaves only after that one has, and not at all when it does not."""
    status: MessageStatus = MessageStatus.QUEUED
    """SENT or DELIVERED: it happened by other means already (a call), and nothing is sent."""


class OutboxStore(Protocol):
    """The outbox: intent is durable before the first byte, one process sends a row."""

    async def enqueue(self, new: NewOutbox) -> OutboxRow:
        """Store the intent and the message that stands for it, and drop the draft's saved copy.

        Raises:
            Stale: the same uuid is queued already.
        """
        ...

    async def claim(self, now: datetime, holder: str) -> OutboxRow | None:
        """Take the next due QUEUED row and make it SENDING for this holder; None when none."""
        ...

    async def handing_over(self, outbox_id: int, holder: str) -> None:
        """Mark, durably, that the point of no return is next. Raises Stale when it was lost."""
        ...

    async def settle(
        self,
        outbox_id: int,
        status: MessageStatus,
        now: datetime,
        *,
        text: str = "",
        hint: str = "",
        provider_id: str = "",
        retry_at: datetime | None = None,
        copy_raw: bytes | None = None,
        copy_at: datetime | None = None,
        thread_key: str = "",
        claimed: OutboxRow | None = None,
    ) -> OutboxRow:
        """Write what became of a row; the message in the conversation and the record follow.

        SENT, DELIVERED, FAILED, UNKNOWN, or QUEUED again for `retry_at`.

        Args:
            outbox_id: Which row.
            status: What became of it.
            now: When that was known.
            text: What went wrong, in words.
            hint: What to do about it.
            provider_id: The provider's own name for it; it says for certain that it left.
            retry_at: When it is tried again, with QUEUED.
            copy_raw: The bytes that left.
            copy_at: When to look whether a copy of them lies in the folder of sent messages.
            thread_key: The thread of the portal that it went into, with `provider_id`.
            claimed: The row as it was claimed, when this is the word of that attempt. Once another
                process has taken the row over, only these late words count: that it left (unless it
                came back meanwhile), and that it may have left, of a row that would be sent again
                by itself.

        Raises:
            Stale: what is known of the row meanwhile outweighs this; nothing was written.
        """
        ...

    async def cancel(self, outbox_id: int) -> bool:
        """Take a QUEUED row back; False when it is too late."""
        ...

    async def take_back(self, outbox_id: int, staff_id: str, now: datetime) -> Draft | None:
        """Take a QUEUED row back and keep its draft again, in one step; None when it is too late.

        A draft that was begun meanwhile under the same key is kept below it.
        """
        ...

    async def requeue(
        self,
        outbox_id: int,
        now: datetime,
        because: str,
        staff_id: str,
        overridden: frozenset[str] = frozenset(),
        draft: Draft | None = None,
    ) -> OutboxRow:
        """A person sends a FAILED or UNKNOWN row again, with the same Message-ID.

        `overridden` names the rules that hold it now and that the reason is given for.
        `draft` takes the place of the stored one: whom it is about, and what its writer had seen.

        Raises:
            Stale: it is in another state.
        """
        ...

    async def get(self, outbox_id: int) -> OutboxRow:
        """One row. Raises NotFound."""
        ...

    async def open_rows(self, limit: int) -> list[OutboxRow]:
        """Rows that are not settled well: QUEUED, SENDING, FAILED, UNKNOWN; newest first."""
        ...

    async def recent_to(self, addresses: Collection[Address], since: datetime) -> list[OutboxRow]:
        """Rows to one of these made since, or UNKNOWN whenever; newest first, at most 20."""
        ...

    async def orphans(self, alive: Collection[str]) -> list[tuple[OutboxRow, bool]]:
        """Rows left SENDING by a dead holder, and whether it had begun handing over."""
        ...

    async def next_due(self) -> datetime | None:
        """When the next QUEUED row is due; None when there is none."""
        ...


class BlobStore(Protocol):
    """Files added to drafts, kept once by content."""

    async def put(self, content: bytes) -> str:
        """Keep bytes; return their hex SHA-256."""
        ...

    async def get(self, sha256: str) -> bytes:
        """Bytes by hex SHA-256. Raises NotFound."""
        ...


class DraftStore(Protocol):
    """Drafts survive a crash and other people's changes."""

    async def save(self, key: str, staff_id: str, draft: Draft, now: datetime) -> None:
        """Keep a draft under `key` (`c12` for conversation 12, `new`)."""
        ...

    async def load(self, key: str, staff_id: str) -> Draft | None:
        """The kept draft, or None."""
        ...

    async def delete(self, key: str, staff_id: str) -> None:
        """Forget a draft, and bring up the one below it; nothing happens when there is none."""
        ...

    async def below(self, key: str, staff_id: str) -> int:
        """How many drafts are kept below the one under `key`; each comes up in its turn."""
        ...

    async def turn(self, key: str, staff_id: str) -> Draft | None:
        """Bring up the draft below and keep the present one at the bottom; None without one."""
        ...

    async def conversations(self, staff_id: str) -> list[int]:
        """Ids of conversations with a kept draft of this person."""
        ...

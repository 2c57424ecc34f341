"""The contract of the storage: what the rules need kept, found and changed.

One `Repository` stands for one data folder. Every writing method is one transaction that is durable
when it returns (inside `batch()`: when the batch ends) and that tells the change to every process
on the folder. Every error is a `StoreError` with a sentence and a hint. Methods that read a list
take a limit; none of them costs more when the mailbox grows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from inbox.address import Address
from inbox.channel import Batch, Census, RawItem, RemoteId
from inbox.conversation import ConversationRow, Counts, ListState, Page, PageKey, SearchHit
from inbox.events import Change
from inbox.line import FolderCount, LineHealth
from inbox.message import Arrival, Direction, Message, MessageStatus
from inbox.outgoing import Draft
from inbox.patient import Patient, PointHealth
from inbox.record import ChainReport, Resource
from inbox.reply_path import Evidence

# ---------------------------------------------------------------- raw messages


@dataclass(frozen=True, slots=True)
class StoredRaw:
    """A raw item that is stored and waits to be read and filed."""

    raw_id: int
    line_id: str
    item: RawItem


class RawStore(Protocol):
    """Raw bytes first: whatever came is kept before anybody looks into it."""

    async def cursors(self, line_id: str) -> dict[str, str]:
        """The stored cursor of each folder of a line."""
        ...

    async def save_batch(self, line_id: str, batch: Batch, now: datetime) -> int:
        """Store a batch and its cursor in one transaction; return how many raw items are new.

        An item whose remote id is known is not stored again. Equal bytes on the same line are
        stored once, with every place they lie at (a message moved, copied, or renumbered after a
        change of UIDVALIDITY), so nothing is filed twice.
        """
        ...

    async def unfiled(self, line_id: str, limit: int) -> list[StoredRaw]:
        """Raw items that no message stands for yet, the newest `received_at` first."""
        ...

    async def content(self, raw_id: int) -> RawItem:
        """The raw bytes of one item. Raises NotFound."""
        ...

    async def complete(self, raw_id: int, item: RawItem) -> None:
        """Put the whole of an item in the place of its header, to be read and filed again."""
        ...

    async def count(self, line_id: str, census: Sequence[Census]) -> tuple[FolderCount, ...]:
        """Compare the server's own list with what is stored.

        What is gone there is marked, and the counts are kept.

        Items of an earlier epoch are marked as gone from their old place. Nothing is deleted here.
        """
        ...

    async def missing(self, line_id: str, census: Census, limit: int) -> list[RemoteId]:
        """Items the server holds and we do not."""
        ...


# ---------------------------------------------------------------- filing


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


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A new state of a message that is already stored."""

    message_id: int
    status: MessageStatus
    text: str = ""
    """Why, in words."""


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


@dataclass(frozen=True, slots=True)
class Filed:
    """Where an arrival went."""

    conversation_id: int | None
    """None when it is not visible."""
    message_id: int | None


class FilingStore(Protocol):
    """What filing an arrival looks up, and the one step that files it."""

    async def relatives(self, message_id: str, parents: Sequence[str]) -> list[Relative]:
        """Stored messages that bear one of the ids `parents`, or that name `message_id`.

        At most 200; ids are compared as they are.
        """
        ...

    async def with_message_id(self, message_id: str, line_id: str = "") -> list[Message]:
        """Stored messages with this Message-ID (of one line, when given), oldest first."""
        ...

    async def file(self, filing: Filing) -> Filed:
        """File one arrival, in one transaction.

        Message, conversation, merges, status changes, dead contact points, search index, record
        queue, the raw item's state. Filing a raw item again (after `complete`) replaces its message
        in its place.
        """
        ...


# ---------------------------------------------------------------- conversations


class ConversationStore(Protocol):
    """Conversations and their messages."""

    async def page(
        self,
        state: ListState,
        now: datetime,
        *,
        after: PageKey | None = None,
        limit: int = 50,
        assigned_to: str = "",
    ) -> Page:
        """Part of the list, newest first; snoozed ones only under SNOOZED and ALL."""
        ...

    async def counts(self, now: datetime) -> Counts:
        """How many are in each state, each counted up to COUNT_LIMIT."""
        ...

    async def row(self, conversation_id: int) -> ConversationRow:
        """One row. A merged conversation's id leads to the one it was merged into.

        Raises:
            NotFound.
        """
        ...

    async def of_patient(self, patient_id: str, limit: int) -> list[ConversationRow]:
        """A patient's conversations, newest first."""
        ...

    async def messages(
        self, conversation_id: int, *, before: int | None = None, limit: int = 100
    ) -> list[Message]:
        """The latest messages in time order (oldest first), or those before message `before`."""
        ...

    async def message(self, message_id: int) -> Message:
        """One message. Raises NotFound."""
        ...

    async def newest_inbound(self, conversation_id: int) -> Message | None:
        """The newest inbound message of a nature that wants an answer, or None."""
        ...

    async def line_use(self, conversation_id: int) -> tuple[list[str], list[str]]:
        """Line ids this conversation received on, and was answered from; the latest first."""
        ...

    async def add_note(self, conversation_id: int, staff_id: str, text: str, now: datetime) -> int:
        """Add a note; return the message's id."""
        ...

    async def assign(self, conversation_id: int, staff_id: str) -> None:
        """Give it to a staff member; an empty id gives it to nobody."""
        ...

    async def snooze(self, conversation_id: int, until: datetime | None) -> None:
        """Hide it until a moment or until something arrives; None wakes it."""
        ...

    async def set_done(self, conversation_id: int, now: datetime | None) -> None:
        """Close it; None opens it again. It opens by itself when something arrives."""
        ...

    async def mark_seen(self, conversation_id: int, message_id: int) -> None:
        """Somebody saw it up to this message."""
        ...

    async def link(self, conversation_id: int, patient_id: str | None, reason: str) -> None:
        """Say whom it is about: conversation, and its messages that are about nobody yet."""
        ...


# ---------------------------------------------------------------- patients


class PatientStore(Protocol):
    """Patients, contact points, proxies, privacy forms."""

    async def get(self, patient_id: str) -> Patient:
        """One patient. Raises NotFound."""
        ...

    async def by_address(self, address: Address) -> list[Patient]:
        """Everybody this address belongs to, as their own or through a proxy, by name."""
        ...

    async def find(self, text: str, limit: int) -> list[Patient]:
        """Patients by beginnings of names, by address or id; all when `text` is empty."""
        ...

    async def save(self, patients: Collection[Patient]) -> None:
        """Add or change patients, all or none."""
        ...

    async def mark_point(self, address: Address, health: PointHealth, reason: str) -> None:
        """Say whether an address is known to work, wherever it is stored."""
        ...


# ---------------------------------------------------------------- outbox


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
    ) -> OutboxRow:
        """Write what became of a row; the message in the conversation and the record follow.

        SENT, DELIVERED, FAILED, UNKNOWN, or QUEUED again for `retry_at`.
        """
        ...

    async def cancel(self, outbox_id: int) -> bool:
        """Take a QUEUED row back; False when it is too late."""
        ...

    async def requeue(
        self, outbox_id: int, now: datetime, because: str, staff_id: str
    ) -> OutboxRow:
        """A person sends a FAILED or UNKNOWN row again, with the same Message-ID.

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
        """Forget a draft; nothing happens when there is none."""
        ...

    async def conversations(self, staff_id: str) -> list[int]:
        """Ids of conversations with a kept draft of this person."""
        ...


# ---------------------------------------------------------------- lines, record, search, changes


class LineStore(Protocol):
    """What is known of the practice's lines."""

    async def add_evidence(self, evidence: Evidence) -> None:
        """Keep evidence; INBOUND is kept at most once a minute and line."""
        ...

    async def evidence(self) -> list[Evidence]:
        """The newest evidence of each line and kind."""
        ...

    async def save_health(self, health: LineHealth) -> None:
        """Keep how a line is doing, for every process on the folder."""
        ...

    async def health(self) -> dict[str, LineHealth]:
        """How each line is doing, by line id."""
        ...


@dataclass(frozen=True, slots=True)
class RecordDue:
    """A state of a message that is to be written to a patient's record file."""

    id: int
    patient_id: str
    message: Message
    because: str = ""
    findings: tuple[str, ...] = ()


class RecordStore(Protocol):
    """The record files and what is still to be written to them."""

    async def due(self, limit: int) -> list[RecordDue]:
        """What is to be written, in the order it happened."""
        ...

    async def write(self, due: RecordDue, resource: Resource) -> None:
        """Append to the patient's file, durably, and take it off the list.

        Safe to repeat: an entry that reached the file before a crash is not written twice.

        Raises:
            StoreError: the file cannot be written; the entry stays due.
        """
        ...

    async def entries(self, patient_id: str) -> list[Resource]:
        """Everything in a patient's record file, in order; empty when there is none."""
        ...

    async def verify(self, patient_id: str) -> ChainReport:
        """Check one file's chain, and its end against what the database remembers."""
        ...

    async def patients(self) -> list[str]:
        """Ids of the patients that have a record file."""
        ...


class SearchStore(Protocol):
    """Full-text search over the visible text, subjects, names, addresses and attachment names."""

    async def search(self, query: str, limit: int) -> list[SearchHit]:
        """Conversations that match, newest first; never an error for what a person typed."""
        ...


class LeaseStore(Protocol):
    """Who does the work of a folder when several processes have it open."""

    async def acquire(self, name: str, holder: str, now: datetime, lasts: timedelta) -> bool:
        """Take or renew a lease; False when somebody alive has it."""
        ...

    async def release(self, holder: str) -> None:
        """Give back every lease of a holder."""
        ...

    async def alive(self, now: datetime) -> set[str]:
        """Holders whose lease has not run out and whose process, on this machine, is running."""
        ...


class AuditStore(Protocol):
    """Who did what, append-only (45 CFR 164.312(b)); reads of a patient's data included."""

    async def add(
        self, staff_id: str, action: str, now: datetime, *, patient_id: str = "", detail: str = ""
    ) -> None:
        """Keep one action; `detail` holds ids and reasons, never message text."""
        ...

    async def latest(
        self, limit: int, patient_id: str = ""
    ) -> list[tuple[datetime, str, str, str]]:
        """(when, staff id, action, detail), newest first."""
        ...


class Repository(Protocol):
    """One data folder."""

    @property
    def raw(self) -> RawStore:
        """See `RawStore`."""
        ...

    @property
    def filing(self) -> FilingStore:
        """See `FilingStore`."""
        ...

    @property
    def conversations(self) -> ConversationStore:
        """See `ConversationStore`."""
        ...

    @property
    def patients(self) -> PatientStore:
        """See `PatientStore`."""
        ...

    @property
    def outbox(self) -> OutboxStore:
        """See `OutboxStore`."""
        ...

    @property
    def blobs(self) -> BlobStore:
        """See `BlobStore`."""
        ...

    @property
    def drafts(self) -> DraftStore:
        """See `DraftStore`."""
        ...

    @property
    def lines(self) -> LineStore:
        """See `LineStore`."""
        ...

    @property
    def records(self) -> RecordStore:
        """See `RecordStore`."""
        ...

    @property
    def searches(self) -> SearchStore:
        """See `SearchStore`."""
        ...

    @property
    def leases(self) -> LeaseStore:
        """See `LeaseStore`."""
        ...

    @property
    def audit(self) -> AuditStore:
        """See `AuditStore`."""
        ...

    def batch(self) -> AbstractAsyncContextManager[None]:
        """Make one transaction of all that this task writes inside; other writers wait.

        An exception undoes all of it.
        """
        ...

    def changes(self) -> AsyncIterator[list[Change]]:
        """Changes as they happen, by this process or any other, within a quarter of a second."""
        ...

    async def close(self) -> None:
        """Finish what is being written and let go of the folder."""
        ...

"""The contract of the storage: what the rules need kept, found and changed.

One `Repository` stands for one data folder. Every writing method is one transaction that is durable
when it returns (inside `batch()`: when the batch ends) and that tells the change to every process
on the folder. Every error is a `StoreError` with a sentence and a hint. Methods that read a list
take a limit; none of them costs more when the mailbox grows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from inbox.events import Change
from inbox.storage.call import CallStore
from inbox.storage.consent import ConsentEntry, ConsentKey, ConsentStore
from inbox.storage.conversation import ConversationStore, SearchStore
from inbox.storage.filing import Filed, Filing, FilingStore, Relative, StatusChange
from inbox.storage.handed_over import HandedOverStore
from inbox.storage.line import LineStore
from inbox.storage.look import LookStore
from inbox.storage.moving import MovingStore
from inbox.storage.office import AuditStore, LeaseStore
from inbox.storage.outbox import BlobStore, DraftStore, NewOutbox, OutboxRow, OutboxStore
from inbox.storage.patient import PatientStore
from inbox.storage.portal import PortalStore, PortalThread, ThreadMember
from inbox.storage.promise import PromiseStore
from inbox.storage.raw import RawStore, StoredRaw, Volume
from inbox.storage.record import RecordDue, RecordStore
from inbox.storage.reminder import ReminderStore
from inbox.storage.retraction import Retraction, RetractionStore
from inbox.storage.signal import AddressChoice, ChoiceStore, SignalStore

T = TypeVar("T")


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
    def movings(self) -> MovingStore:
        """See `MovingStore`."""
        ...

    @property
    def patients(self) -> PatientStore:
        """See `PatientStore`."""
        ...

    @property
    def consents(self) -> ConsentStore:
        """See `ConsentStore`."""
        ...

    @property
    def outbox(self) -> OutboxStore:
        """See `OutboxStore`."""
        ...

    @property
    def handed_over(self) -> HandedOverStore:
        """See `HandedOverStore`."""
        ...

    @property
    def portal(self) -> PortalStore:
        """See `PortalStore`."""
        ...

    @property
    def promises(self) -> PromiseStore:
        """See `PromiseStore`."""
        ...

    @property
    def calls(self) -> CallStore:
        """See `CallStore`."""
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
    def looks(self) -> LookStore:
        """See `LookStore`."""
        ...

    @property
    def records(self) -> RecordStore:
        """See `RecordStore`."""
        ...

    @property
    def reminders(self) -> ReminderStore:
        """See `ReminderStore`."""
        ...

    @property
    def retractions(self) -> RetractionStore:
        """See `RetractionStore`."""
        ...

    @property
    def searches(self) -> SearchStore:
        """See `SearchStore`."""
        ...

    @property
    def signals(self) -> SignalStore:
        """See `SignalStore`."""
        ...

    @property
    def choices(self) -> ChoiceStore:
        """See `ChoiceStore`."""
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

    async def at_once(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do a coroutine that awaits nothing but this repository as one transaction.

        It runs beside the event loop from its first to its last step: much quicker than `batch()`
        for many small steps. An exception undoes all of it.

        Raises:
            RuntimeError: it awaited something else.
        """
        ...

    def changes(self) -> AsyncIterator[list[Change]]:
        """Changes as they happen, by this process or any other, within a quarter of a second."""
        ...

    async def close(self) -> None:
        """Finish what is being written and let go of the folder."""
        ...


__all__ = [
    "AddressChoice",
    "AuditStore",
    "BlobStore",
    "ChoiceStore",
    "ConsentEntry",
    "ConsentKey",
    "ConsentStore",
    "ConversationStore",
    "DraftStore",
    "Filed",
    "Filing",
    "FilingStore",
    "HandedOverStore",
    "LeaseStore",
    "LineStore",
    "MovingStore",
    "NewOutbox",
    "OutboxRow",
    "OutboxStore",
    "PatientStore",
    "PortalStore",
    "PortalThread",
    "PromiseStore",
    "RawStore",
    "RecordDue",
    "RecordStore",
    "Relative",
    "ReminderStore",
    "Repository",
    "Retraction",
    "RetractionStore",
    "SearchStore",
    "SignalStore",
    "StatusChange",
    "StoredRaw",
    "ThreadMember",
    "Volume",
]

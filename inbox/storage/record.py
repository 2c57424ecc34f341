"""The storage contract of the record files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inbox.message import Message
from inbox.record import ChainReport, Resource


@dataclass(frozen=True, slots=True)
class RecordDue:
    """A state of a message that is to be written to a patient's record file."""

    id: int
    patient_id: str
    message: Message
    because: str = ""
    findings: tuple[str, ...] = ()
    mistaken: bool = False
    """What stands in this patient's file of the message is to be marked as entered in error."""


class RecordStore(Protocol):
    """The record files and what is still to be written to them."""

    async def due(
        self, limit: int, besides: Collection[str] = (), together: int | None = None
    ) -> list[RecordDue]:
        """What is to be written, in the order it happened.

        Args:
            limit: How many entries at most.
            besides: Ids of patients whose entries are left out.
            together: Characters of text after which no further entry is read; None: any number.
        """
        ...

    async def write(self, patient_id: str, entries: Sequence[tuple[RecordDue, Resource]]) -> None:
        """Append to one patient's file, durably, and take it off the list: all of it or nothing.

        Safe to repeat: an entry that reached the file before a crash is not written twice.

        Raises:
            StoreError: the file cannot be written; the entries stay due.
        """
        ...

    async def go_on(self, old_id: str, into_id: str, now: datetime) -> None:
        """Say at the end of a patient's file that the record goes on in another's, and there.

        A patient without a record file needs none.

        Raises:
            StoreError: a file cannot be written.
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

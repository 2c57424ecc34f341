"""The record: what is due, and the record files with the ends that the database remembers."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from inbox.record import ChainReport, Resource, goes_on
from inbox.repository import RecordDue
from store import message
from store.connection import finish
from store.record_file import Head, RecordFile
from store.transaction import Transactions, Writing
from store.values import pack_list, storable, unpack_list

T = TypeVar("T")

_DUE: Final = f"""
SELECT d.id AS due_id, d.patient_id AS due_patient, d.because, d.findings, d.mistaken,
    {message.COLUMNS}
FROM record_due AS d JOIN message AS m ON m.id = d.message_id
WHERE d.patient_id NOT IN (SELECT value FROM json_each(:besides))
ORDER BY d.id LIMIT :limit
"""  # noqa: S608 - constants
_HEAD: Final = "SELECT sequence, hash, bytes FROM record_head WHERE patient_id = :patient_id"
_SET_HEAD: Final = """
INSERT INTO record_head (patient_id, sequence, hash, bytes)
VALUES (:patient_id, :sequence, :hash, :bytes)
ON CONFLICT DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash,
    bytes = excluded.bytes
"""
_WRITTEN: Final = "DELETE FROM record_due WHERE id = :id RETURNING conversation_id"
# An entry that reached the file before a crash is done as well.
_FOUND: Final = """
DELETE FROM record_due WHERE patient_id = :patient_id AND message_id = (
    SELECT id FROM message WHERE uuid = :uuid AND trim(version) = :version
        AND iif(nature = 'retracted', 'entered-in-error', status) = :status)
RETURNING conversation_id
"""
_PATIENTS: Final = "SELECT patient_id FROM record_head ORDER BY patient_id"


class RecordTable:
    """Implements `inbox.repository.RecordStore`."""

    def __init__(self, transactions: Transactions, records: Path) -> None:
        """Work through `transactions`, with the files under the folder `records`."""
        self._do = transactions
        self._records = records
        self._one = asyncio.Lock()

    async def due(
        self, limit: int, besides: Collection[str] = (), together: int | None = None
    ) -> list[RecordDue]:
        """What is to be written, in the order it happened; see the contract."""
        values = {"limit": limit, "besides": pack_list(map(storable, besides))}

        def read(db: sqlite3.Connection) -> list[RecordDue]:
            found: list[RecordDue] = []
            left = together
            for row in db.execute(_DUE, values):
                due = _due(db, row)
                found.append(due)
                if left is not None:
                    left -= len(due.message.text) + len(due.message.whole)
                    if left <= 0:
                        break
            return found

        return await self._do.read(read)

    async def write(self, patient_id: str, entries: Sequence[tuple[RecordDue, Resource]]) -> None:
        """Append to one patient's file, durably, and take it off the list. Safe to repeat.

        Raises:
            StoreError: the file cannot be written; the entries stay due.
        """
        file = RecordFile(self._records, patient_id)

        def append_and_remember(writing: Writing) -> None:
            # The file's lock lies inside the transaction, so two processes never wait crosswise.
            with file.locked():
                resources = _to_write(file, entries)
                head, found = file.append(_head(writing.db, patient_id), resources)
            values = {"sequence": head.sequence, "hash": head.hash, "bytes": head.bytes}
            writing.db.execute(_SET_HEAD, {"patient_id": patient_id, **values})
            written = [
                row for due, _ in entries for row in writing.db.execute(_WRITTEN, {"id": due.id})
            ]
            for uuid, status, version in found:
                values = {
                    "patient_id": patient_id,
                    "uuid": uuid,
                    "status": status,
                    "version": version,
                }
                written += writing.db.execute(_FOUND, values).fetchall()
            for conversation_id in {row["conversation_id"] for row in written}:
                writing.tell_conversation(conversation_id)

        await self._do.write(append_and_remember)

    async def go_on(self, old_id: str, into_id: str, now: datetime) -> None:
        """Say at the end of a patient's file that the record goes on in another's, and there."""

        def write(writing: Writing) -> None:
            if _head(writing.db, old_id) == Head():
                return
            for patient_id, other, before in ((old_id, into_id, False), (into_id, old_id, True)):
                file = RecordFile(self._records, patient_id)
                entry = goes_on(patient_id, other, now, before=before)
                with file.locked():
                    head, _ = file.append(_head(writing.db, patient_id), [entry])
                values = {"sequence": head.sequence, "hash": head.hash, "bytes": head.bytes}
                writing.db.execute(_SET_HEAD, {"patient_id": patient_id, **values})

        await self._do.write(write)

    async def entries(self, patient_id: str) -> list[Resource]:
        """Everything in a patient's record file, in order; empty when there is none."""
        return await _in_thread(RecordFile(self._records, patient_id).entries)

    async def verify(self, patient_id: str) -> ChainReport:
        """Check one file's chain, and its end against what the database remembers."""
        file = RecordFile(self._records, patient_id)
        head = await self._do.read(lambda db: _head(db, patient_id))
        return await _in_thread(lambda: file.verify(head))

    async def patients(self) -> list[str]:
        """Ids of the patients that have a record file."""

        def read(db: sqlite3.Connection) -> list[str]:
            return [row["patient_id"] for row in db.execute(_PATIENTS)]

        return await self._do.read(read)


def _due(db: sqlite3.Connection, row: sqlite3.Row) -> RecordDue:
    return RecordDue(
        row["due_id"],
        row["due_patient"],
        message.from_row(db, row),
        row["because"],
        unpack_list(row["findings"]),
        bool(row["mistaken"]),
    )


def _to_write(file: RecordFile, entries: Sequence[tuple[RecordDue, Resource]]) -> list[Resource]:
    """What belongs into a file; a message that never reached it needs no correction there."""
    there: set[object] = set()
    if any(due.mistaken for due, _ in entries):
        there = {entry.get("id") for entry in file.entries()}
    return [resource for due, resource in entries if not due.mistaken or due.message.uuid in there]


def _head(db: sqlite3.Connection, patient_id: str) -> Head:
    row: Any = db.execute(_HEAD, {"patient_id": patient_id}).fetchone()
    return Head() if row is None else Head(row["sequence"], row["hash"], row["bytes"])


async def _in_thread(work: Callable[[], T]) -> T:
    return await finish(asyncio.ensure_future(asyncio.to_thread(work)))

"""The table `audit`: who did what; append-only by triggers, each row seals the one before it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from store.transaction import Transactions, Writing
from store.values import moment, stamp, storable

FIRST: Final = "0" * 64
"""What the first row names as the row before it."""

_LAST: Final = "SELECT hash FROM audit ORDER BY id DESC LIMIT 1"
_ADD: Final = """
INSERT INTO audit (at, staff_id, action, patient_id, detail, previous, hash)
VALUES (:at, :staff_id, :action, :patient_id, :detail, :previous, :hash)
"""
_LATEST: Final = """
SELECT at, staff_id, action, detail FROM audit ORDER BY id DESC LIMIT :limit
"""
_OF_PATIENT: Final = """
SELECT at, staff_id, action, detail FROM audit
WHERE patient_id = :patient_id AND patient_id <> '' ORDER BY id DESC LIMIT :limit
"""
_EVERYTHING: Final = """
SELECT id, at, staff_id, action, patient_id, detail, previous, hash FROM audit ORDER BY id
"""


class AuditTable:
    """Implements `inbox.repository.AuditStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def add(
        self, staff_id: str, action: str, now: datetime, *, patient_id: str = "", detail: str = ""
    ) -> None:
        """Keep one action; `detail` holds ids and reasons, never message text."""
        values: dict[str, Any] = {
            "at": stamp(now),
            "staff_id": storable(staff_id),
            "action": storable(action),
            "patient_id": storable(patient_id),
            "detail": storable(detail),
        }

        def write(writing: Writing) -> None:
            last = writing.db.execute(_LAST).fetchone()
            previous = FIRST if last is None else last["hash"]
            sealed = {**values, "previous": previous, "hash": _seal(values, previous)}
            writing.db.execute(_ADD, sealed)

        await self._do.write(write)

    async def latest(
        self, limit: int, patient_id: str = ""
    ) -> list[tuple[datetime, str, str, str]]:
        """(when, staff id, action, detail), newest first."""
        statement = _OF_PATIENT if patient_id else _LATEST
        values = {"limit": limit, "patient_id": patient_id}
        rows = await self._do.read(lambda db: db.execute(statement, values).fetchall())
        return [(moment(row["at"]), row["staff_id"], row["action"], row["detail"]) for row in rows]

    async def problems(self) -> list[str]:
        """One sentence for each row that was changed, or that does not follow the one before it."""
        return await self._do.read(lambda db: list(_broken(db.execute(_EVERYTHING))))


def _broken(rows: Iterable[sqlite3.Row]) -> Iterable[str]:
    previous = FIRST
    for row in rows:
        values = {name: row[name] for name in ("at", "staff_id", "action", "patient_id", "detail")}
        if row["previous"] != previous:
            yield f"Entry {row['id']} of the audit trail does not follow the one before it."
        elif row["hash"] != _seal(values, previous):
            yield f"Entry {row['id']} of the audit trail has been changed."
        previous = row["hash"]


def _seal(values: dict[str, Any], previous: str) -> str:
    names = ("at", "staff_id", "action", "patient_id", "detail")
    sealed = json.dumps([previous, *(values[name] for name in names)], separators=(",", ":"))
    return hashlib.sha256(sealed.encode()).hexdigest()

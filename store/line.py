"""The tables `evidence` and `line_health`: what is known of the practice's lines."""

from __future__ import annotations

import json
import sqlite3
from datetime import date, timedelta
from typing import Final

from inbox.events import ChangeKind
from inbox.line import FolderCount, LineHealth, LineState
from inbox.reply_path import Evidence, EvidenceKind
from store.transaction import Transactions, Writing
from store.values import moment, stamp, storable

_MINUTE: Final = timedelta(minutes=1) // timedelta(microseconds=1)

_ADD: Final = """
INSERT INTO evidence (line_id, kind, at, detail)
SELECT :line_id, :kind, :at, :detail
WHERE :kind <> 'inbound' OR NOT EXISTS (
    SELECT 1 FROM evidence WHERE line_id = :line_id AND kind = 'inbound' AND at > :at - :minute)
"""
NEWEST: Final = """
WITH RECURSIVE pair (line_id, kind) AS (
    SELECT * FROM (SELECT line_id, kind FROM evidence ORDER BY line_id, kind LIMIT 1)
    UNION ALL
    SELECT e.line_id, e.kind FROM pair JOIN evidence AS e ON e.id = (
        SELECT id FROM evidence WHERE (line_id, kind) > (pair.line_id, pair.kind)
        ORDER BY line_id, kind LIMIT 1)
)
SELECT e.line_id, e.kind, e.at, e.detail
FROM pair JOIN evidence AS e ON e.id = (
    SELECT id FROM evidence WHERE line_id = pair.line_id AND kind = pair.kind
    ORDER BY at DESC, id DESC LIMIT 1)
ORDER BY e.line_id, e.kind
"""
_SAVE: Final = """
INSERT INTO line_health (line_id, state, last_poll_at, sentence, hint, done, total, folders)
VALUES (:line_id, :state, :last_poll_at, :sentence, :hint, :done, :total, :folders)
ON CONFLICT DO UPDATE SET state = excluded.state, last_poll_at = excluded.last_poll_at,
    sentence = excluded.sentence, hint = excluded.hint, done = excluded.done,
    total = excluded.total, folders = excluded.folders
"""
_READING_FROM: Final = "SELECT day FROM reading_from WHERE line_id = :line_id"
_READ_FROM: Final = """
INSERT INTO reading_from (line_id, day) VALUES (:line_id, :day)
ON CONFLICT DO UPDATE SET day = excluded.day
"""
_READ_AS_EVER: Final = "DELETE FROM reading_from WHERE line_id = :line_id"
_HEALTH: Final = """
SELECT line_id, state, last_poll_at, sentence, hint, done, total, folders FROM line_health
"""
_COUNTS: Final = """
SELECT line_id, folder, server, stored, quarantined, older, checked_at FROM folder_count
ORDER BY line_id, folder
"""


class LineTable:
    """Implements `inbox.repository.LineStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def add_evidence(self, evidence: Evidence) -> None:
        """Keep evidence; INBOUND is kept at most once a minute and line."""
        values = {
            "line_id": evidence.line_id,
            "kind": evidence.kind.value,
            "at": stamp(evidence.at),
            "detail": storable(evidence.detail),
            "minute": _MINUTE,
        }

        def write(writing: Writing) -> None:
            if writing.db.execute(_ADD, values).rowcount:
                writing.tell(ChangeKind.LINE, evidence.line_id)

        await self._do.write(write)

    async def evidence(self) -> list[Evidence]:
        """The newest evidence of each line and kind."""
        rows = await self._do.read(lambda db: db.execute(NEWEST).fetchall())
        return [
            Evidence(row["line_id"], EvidenceKind(row["kind"]), moment(row["at"]), row["detail"])
            for row in rows
        ]

    async def reading_from(self, line_id: str) -> date | None:
        """Back to which day somebody asked to read a line; None: nobody did."""
        values = {"line_id": line_id}
        row = await self._do.read(lambda db: db.execute(_READING_FROM, values).fetchone())
        return None if row is None else date.fromisoformat(row["day"])

    async def read_from(self, line_id: str, day: date | None) -> None:
        """Keep back to which day a line is to be read; None forgets it."""

        def write(writing: Writing) -> None:
            values = {"line_id": line_id, "day": day.isoformat() if day is not None else ""}
            writing.db.execute(_READ_FROM if day is not None else _READ_AS_EVER, values)
            writing.tell(ChangeKind.LINE, line_id)

        await self._do.write(write)

    async def save_health(self, health: LineHealth) -> None:
        """Keep how a line is doing, for every process on the folder."""
        values = {
            "line_id": health.line_id,
            "state": health.state.value,
            "last_poll_at": stamp(health.last_poll_at),
            "sentence": storable(health.sentence),
            "hint": storable(health.hint),
            "done": health.done,
            "total": health.total,
            "folders": json.dumps(
                [[f.folder, f.server, f.stored, f.quarantined] for f in health.folders]
            ),
        }

        def write(writing: Writing) -> None:
            writing.db.execute(_SAVE, values)
            writing.tell(ChangeKind.LINE, health.line_id)

        await self._do.write(write)

    async def health(self) -> dict[str, LineHealth]:
        """How each line is doing, by line id, with the counts of the last census."""

        def read(db: sqlite3.Connection) -> dict[str, LineHealth]:
            counts: dict[str, list[FolderCount]] = {}
            for row in db.execute(_COUNTS):
                counts.setdefault(row["line_id"], []).append(_count(row))
            return {row["line_id"]: _health(row, counts) for row in db.execute(_HEALTH)}

        return await self._do.read(read)


def _count(row: sqlite3.Row) -> FolderCount:
    return FolderCount(
        folder=row["folder"],
        server=row["server"],
        stored=row["stored"],
        quarantined=row["quarantined"],
        older=row["older"],
        checked_at=moment(row["checked_at"]),
    )


def _health(row: sqlite3.Row, counts: dict[str, list[FolderCount]]) -> LineHealth:
    counted = counts.get(row["line_id"])
    if counted is None:
        counted = [FolderCount(*count) for count in json.loads(row["folders"])]
    return LineHealth(
        line_id=row["line_id"],
        state=LineState(row["state"]),
        last_poll_at=moment(row["last_poll_at"]),
        sentence=row["sentence"],
        hint=row["hint"],
        done=row["done"],
        total=row["total"],
        folders=tuple(counted),
    )

"""The table `moving`: what was put together, parted and moved, with what is needed to undo it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from inbox.errors import Stale
from inbox.storage.moving import Moved, MovingKind
from store.transaction import Writing
from store.values import moment, stamp

_ADD: Final = """
INSERT INTO moving (kind, from_id, to_id, at, staff_id, moved, before)
VALUES (:kind, :from_id, :to_id, :at, :staff_id, :moved, :before)
"""
_ONE: Final = """
SELECT id, kind, from_id, to_id, at, staff_id, moved, before FROM moving
WHERE id = :id AND undone_at IS NULL
"""
LAST: Final = """
SELECT id FROM (
    SELECT * FROM (SELECT id FROM moving INDEXED BY moving_from
        WHERE from_id = :id AND undone_at IS NULL ORDER BY id DESC LIMIT 1)
    UNION ALL
    SELECT * FROM (SELECT id FROM moving INDEXED BY moving_to
        WHERE to_id = :id AND undone_at IS NULL ORDER BY id DESC LIMIT 1))
ORDER BY id DESC LIMIT 1
"""
_UNDONE: Final = "UPDATE moving SET undone_at = :now WHERE id = :id"
_PATIENTS: Final = """
SELECT DISTINCT patient_id FROM conversation
WHERE id IN (:from_id, :to_id) AND patient_id IS NOT NULL ORDER BY patient_id
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row."""

    id: int
    kind: str
    from_id: int
    to_id: int
    at: int
    staff_id: str
    moved: list[int]
    before: dict[str, Any]


def add(
    writing: Writing,
    kind: str,
    from_id: int,
    to_id: int,
    staff_id: str,
    moved: Sequence[int],
    before: dict[str, Any],
) -> int:
    """Keep what was done; return its number."""
    added = writing.db.execute(
        _ADD,
        {
            "kind": kind,
            "from_id": from_id,
            "to_id": to_id,
            "at": stamp(writing.clock()),
            "staff_id": staff_id,
            "moved": json.dumps(list(moved)),
            "before": json.dumps(before),
        },
    )
    return int(added.lastrowid or 0)


def amend(writing: Writing, moving_id: int, **more: Any) -> None:
    """Keep more of what is needed to undo it."""
    entry = read(writing.db, moving_id)
    values = {"id": moving_id, "before": json.dumps({**entry.before, **more})}
    writing.db.execute("UPDATE moving SET before = :before WHERE id = :id", values)


def read(db: sqlite3.Connection, moving_id: int) -> Entry:
    """What was done under this number. Raises Stale."""
    row = db.execute(_ONE, {"id": moving_id}).fetchone()
    if row is None:
        raise Stale("It was undone already.", "Look again.")
    names = ("id", "kind", "from_id", "to_id", "at", "staff_id")
    return Entry(
        **{name: row[name] for name in names},
        moved=json.loads(row["moved"]),
        before=json.loads(row["before"]),
    )


def last(db: sqlite3.Connection, conversation_id: int) -> int | None:
    """The number of what was done last with a conversation, or None."""
    row = db.execute(LAST, {"id": conversation_id}).fetchone()
    return None if row is None else int(row["id"])


def end(writing: Writing, moving_id: int) -> None:
    """It is undone."""
    writing.db.execute(_UNDONE, {"id": moving_id, "now": stamp(writing.clock())})


def as_moved(db: sqlite3.Connection, moving_id: int) -> Moved:
    """What was done, as the rules see it."""
    entry = read(db, moving_id)
    ids = {"from_id": entry.from_id, "to_id": entry.to_id}
    return Moved(
        id=entry.id,
        kind=MovingKind(entry.kind),
        from_id=entry.from_id,
        to_id=entry.to_id,
        at=moment(entry.at),
        by=entry.staff_id,
        messages=len(entry.moved),
        patients=tuple(row["patient_id"] for row in db.execute(_PATIENTS, ids)),
    )

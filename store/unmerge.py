"""Undoing a merge, a split or a move: what was moved goes back, and what answers it goes along."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, Final

from store import parted
from store.merge import KEPT, keep, personal
from store.merge import merge as put_together
from store.moving_log import Entry
from store.transaction import Writing
from store.values import unpack_list

_CARRY: Final = (
    """
    UPDATE message SET conversation_id = :to WHERE id IN (SELECT value FROM json_each(:ids))
    """,
    """
    UPDATE outbox SET conversation_id = :to,
        draft = iif(coalesce(json_extract(draft, '$.conversation_id'), :to) = :to, draft,
            json_set(draft, '$.conversation_id', :to))
    WHERE id IN (SELECT m.outbox_id FROM json_each(:ids) JOIN message AS m ON m.id = value)
    """,
    """
    UPDATE record_due SET conversation_id = :to
    WHERE message_id IN (SELECT value FROM json_each(:ids))
    """,
    """
    UPDATE message_signal SET conversation_id = :to
    WHERE message_id IN (SELECT value FROM json_each(:ids))
    """,
    """
    UPDATE promise SET conversation_id = :to
    WHERE outbox_id IN (SELECT m.outbox_id FROM json_each(:ids) JOIN message AS m ON m.id = value)
    """,
)
"""What hangs on messages goes with them."""
_PROMISES: Final = (
    "UPDATE promise SET conversation_id = :to WHERE id IN (SELECT value FROM json_each(:ids))"
)
_TOMBSTONES: Final = (
    "UPDATE conversation SET merged_into = :to WHERE id IN (SELECT value FROM json_each(:ids))"
)
_SUGGESTED: Final = (
    "UPDATE conversation SET suggested_merge = :to WHERE id IN (SELECT value FROM json_each(:ids))"
)
_SUGGEST: Final = "UPDATE conversation SET suggested_merge = :to WHERE id = :id"
_LIVE: Final = "UPDATE conversation SET merged_into = NULL WHERE id = :id"
_DRAFT: Final = """
UPDATE OR IGNORE draft SET key = :key WHERE key = :new AND staff_id = :staff_id
"""
_MESSAGES: Final = """
SELECT id, rfc_id, in_reply_to, refs, thread_key FROM message
WHERE conversation_id = :id ORDER BY at, id
"""


def carry(db: sqlite3.Connection, ids: Iterable[int], to: int) -> None:
    """Move messages and all that hangs on them."""
    values = {"ids": json.dumps(list(ids)), "to": to}
    for statement in _CARRY:
        db.execute(statement, values)


def restore(
    db: sqlite3.Connection, conversation_id: int, made: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Set what a person had set back to `values`, where it still is as `made`.

    What was seen meanwhile stays seen.
    """
    present = personal(db, conversation_id)
    kept = {
        name: values[name] if present[name] == made.get(name, present[name]) else present[name]
        for name in KEPT
    }
    keep(db, conversation_id, kept)


def undo_merge(writing: Writing, entry: Entry) -> None:
    """Part two conversations that became one."""
    db, before = writing.db, entry.before
    kept, merged = entry.to_id, entry.from_id
    ours, theirs = before["sides"]
    moved = _with_answers(db, kept, set(entry.moved))
    db.execute(_LIVE, {"id": merged})
    carry(db, moved, merged)
    for name, statement in (
        ("promises", _PROMISES),
        ("tombstones", _TOMBSTONES),
        ("suggested", _SUGGESTED),
    ):
        db.execute(statement, {"ids": json.dumps(before.get(name, [])), "to": merged})
    for key, staff_id, new in before.get("drafts", ()):
        db.execute(_DRAFT, {"key": key, "new": new, "staff_id": staff_id})
    for side in (ours, theirs):
        db.execute(_SUGGEST, {"id": side["id"], "to": side["suggested_merge"]})
    made = before.get("after", {})
    read = personal(db, kept)["seen_message_id"]
    restore(db, kept, made, ours)
    if read != made.get("seen_message_id", read):
        # Somebody read all of it meanwhile.
        keep(db, merged, {**theirs, "seen_message_id": max(read, theirs["seen_message_id"])})
    parted.give_back(db, kept, merged, before.get("parted", ()))
    if not entry.staff_id:
        # What they name has put them together, and would again.
        parted.add(db, kept, merged)


def undo_part(writing: Writing, entry: Entry) -> None:
    """Put back what was split off or moved."""
    db, before = writing.db, entry.before
    here, there = entry.from_id, entry.to_id
    if before["parted"]:
        parted.remove(db, here, there)
    if not before["new"]:
        carry(db, _with_answers(db, there, set(entry.moved)), here)
        restore(db, there, before["after"], before["sides"][0])
        return
    was, now = before["after"], personal(db, there)
    ours = personal(db, here)
    put_together(writing, here, there, "-")
    _forget_last(db)
    if all(now[name] == was[name] for name in KEPT):
        keep(db, here, ours)


def _forget_last(db: sqlite3.Connection) -> None:
    """Undoing is nothing that could be undone."""
    db.execute("DELETE FROM moving WHERE id = (SELECT max(id) FROM moving)")


def _with_answers(db: sqlite3.Connection, conversation_id: int, moved: set[int]) -> list[int]:
    """Messages that were moved here, and what came since and answers one of them.

    What names none of the others is told by its pair of numbers, else it stays.
    """
    newest = max(moved, default=0)
    rows = db.execute(_MESSAGES, {"id": conversation_id}).fetchall()
    side = {row["rfc_id"]: row["id"] in moved for row in rows if row["rfc_id"]}
    pairs: dict[str, bool] = {}
    found = []
    for row in rows:
        goes = row["id"] in moved
        if not goes and row["id"] > newest:
            names = (*unpack_list(row["in_reply_to"]), *reversed(unpack_list(row["refs"])))
            known = [side[id_] for id_ in names if id_ in side and id_ != row["rfc_id"]]
            goes = known[0] if known else pairs.get(row["thread_key"], False)
            side[row["rfc_id"]] = goes
        if row["thread_key"]:
            pairs[row["thread_key"]] = goes
        if goes:
            found.append(row["id"])
    return found

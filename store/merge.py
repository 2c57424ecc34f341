"""Merging: two conversations become one, with what is needed to part them again."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from store import moving_log, parted
from store.transaction import Writing

_PERSONAL: Final = """
SELECT id, patient_id, assigned_to, snoozed_until, done_at, done_inbound_at, done_message_id,
    seen_message_id, suggested_merge, state
FROM conversation WHERE id = :id
"""
_MESSAGE_IDS: Final = "SELECT id FROM message WHERE conversation_id = :id ORDER BY id"
_FIRST_UNSEEN: Final = """
SELECT min(id) FROM message
WHERE conversation_id = :id AND direction = 'inbound' AND id > :seen
"""
_OF_MERGED: Final = {
    "promises": "SELECT id FROM promise WHERE conversation_id = :merged",
    "tombstones": "SELECT id FROM conversation WHERE merged_into = :merged",
    "suggested": "SELECT id FROM conversation WHERE suggested_merge = :merged",
}
"""What else follows, by the name under which it is remembered."""
_DRAFTS: Final = """
SELECT key, staff_id FROM draft
WHERE key IN ('c' || :id, 'call-c' || :id) OR key GLOB 'c' || :id || '+*'
"""
_MOVES: Final = (
    "UPDATE message SET conversation_id = :kept WHERE conversation_id = :merged",
    "UPDATE outbox SET conversation_id = :kept WHERE conversation_id = :merged",
    "UPDATE record_due SET conversation_id = :kept WHERE conversation_id = :merged",
    "UPDATE OR IGNORE draft SET key = 'call-c' || :kept WHERE key = 'call-c' || :merged",
    "UPDATE promise SET conversation_id = :kept WHERE conversation_id = :merged",
    "UPDATE message_signal SET conversation_id = :kept WHERE conversation_id = :merged",
    "UPDATE conversation SET merged_into = :kept WHERE merged_into = :merged",
    "UPDATE conversation SET merged_into = :kept WHERE id = :merged",
    "UPDATE conversation SET suggested_merge = :kept WHERE suggested_merge = :merged",
    "UPDATE conversation SET suggested_merge = NULL WHERE id = :kept AND suggested_merge = :kept",
    """
    UPDATE draft SET key = 'c' || :kept WHERE key = 'c' || :merged AND NOT EXISTS (
        SELECT 1 FROM draft AS d WHERE d.key = 'c' || :kept AND d.staff_id = draft.staff_id)
    """,
    # Two drafts of one person: the other one, and all that lay below it, comes up in its turn.
    "UPDATE draft SET key = 'c' || :kept || '+c' || :merged WHERE key = 'c' || :merged",
    """
    UPDATE draft SET key = 'c' || :kept || substr(key, instr(key, '+'))
    WHERE key GLOB 'c' || :merged || '+*'
    """,
)
_KEEP: Final = """
UPDATE conversation SET patient_id = :patient_id, assigned_to = :assigned_to,
    snoozed_until = :snoozed_until, done_at = :done_at, done_inbound_at = :done_inbound_at,
    done_message_id = :done_message_id, seen_message_id = :seen_message_id
WHERE id = :id
"""
KEPT: Final = (
    "patient_id", "assigned_to", "snoozed_until", "done_at", "done_inbound_at",
    "done_message_id", "seen_message_id",
)  # fmt: skip
"""What a person had set on a conversation."""


def merge(writing: Writing, kept: int, merged: int, staff_id: str = "") -> int:
    """Move everything of `merged` into `kept`; the caller derives the state of `kept` anew.

    Returns the number under which it can be undone.
    """
    db = writing.db
    ours, theirs = personal(db, kept), personal(db, merged)
    ids = {"kept": kept, "merged": merged}
    before: dict[str, Any] = {
        name: [row["id"] for row in db.execute(statement, ids)]
        for name, statement in _OF_MERGED.items()
    }
    before["sides"] = [ours, theirs]
    before["drafts"] = _drafts(db, kept, merged)
    before["parted"] = parted.take_over(db, kept, merged)
    seen = seen_of_both(db, ours, theirs)
    moved = [row["id"] for row in db.execute(_MESSAGE_IDS, {"id": merged})]
    for statement in _MOVES:
        db.execute(statement, ids)
    before["after"] = {**_together(ours, theirs), "seen_message_id": seen}
    keep(db, kept, before["after"])
    writing.tell_conversation(merged)
    return moving_log.add(writing, "merge", merged, kept, staff_id, moved, before)


def personal(db: sqlite3.Connection, conversation_id: int) -> dict[str, Any]:
    """What a person had set on a conversation, with its id and state."""
    return dict(db.execute(_PERSONAL, {"id": conversation_id}).fetchone())


def keep(db: sqlite3.Connection, conversation_id: int, values: dict[str, Any]) -> None:
    """Set what a person had set on a conversation."""
    db.execute(_KEEP, {"id": conversation_id, **{name: values[name] for name in KEPT}})


def _drafts(db: sqlite3.Connection, kept: int, merged: int) -> list[list[str]]:
    """The drafts of `merged`: key, whose, and the key each gets."""
    ours = {(row["key"], row["staff_id"]) for row in db.execute(_DRAFTS, {"id": kept})}
    found = []
    for row in db.execute(_DRAFTS, {"id": merged}):
        key, staff_id = row["key"], row["staff_id"]
        new = f"c{kept}"
        if key.startswith("call-"):
            new = f"call-c{kept}"
            if (new, staff_id) in ours:
                continue
        elif "+" in key:
            new = f"c{kept}{key[key.index('+') :]}"
        elif (new, staff_id) in ours:
            new = f"c{kept}+c{merged}"
        found.append([key, staff_id, new])
    return found


def _together(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """What a person had set, so that nothing that waits is hidden by the merge."""
    both_done = ours["state"] == theirs["state"] == "done" and None not in (
        ours["done_at"],
        theirs["done_at"],
    )
    later = max(ours, theirs, key=lambda side: (side["done_inbound_at"], side["done_message_id"]))
    awake = ours["snoozed_until"] is None or theirs["snoozed_until"] is None
    return {
        "patient_id": ours["patient_id"] or theirs["patient_id"],
        "assigned_to": ours["assigned_to"] or theirs["assigned_to"],
        "snoozed_until": None if awake else min(ours["snoozed_until"], theirs["snoozed_until"]),
        "done_at": max(ours["done_at"], theirs["done_at"]) if both_done else None,
        "done_inbound_at": later["done_inbound_at"] if both_done else 0,
        "done_message_id": later["done_message_id"] if both_done else 0,
    }


def seen_of_both(db: sqlite3.Connection, ours: dict[str, Any], theirs: dict[str, Any]) -> int:
    """Up to where both were seen: what was unread in either stays unread."""
    unseen = [
        first
        for side in (ours, theirs)
        if (
            first := db.execute(
                _FIRST_UNSEEN, {"id": side["id"], "seen": side["seen_message_id"]}
            ).fetchone()[0]
        )
        is not None
    ]
    if unseen:
        return int(min(unseen)) - 1
    return int(max(ours["seen_message_id"], theirs["seen_message_id"]))

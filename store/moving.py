"""Putting together and parting conversations by hand, and undoing it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

from inbox.address import Address
from inbox.errors import NotFound, Stale, TwowayError
from inbox.storage.moving import Moved, MovingKind, Sibling
from store import clock, message, moving_log, parted, promise_state, state, unmerge
from store.conversation import link_message, patient_name, resolve
from store.merge import merge, personal, seen_of_both
from store.transaction import Transactions, Writing
from store.values import storable

_IN_IT: Final = """
SELECT id, patient_id, match_reason, status FROM message
WHERE conversation_id = :id AND id IN (SELECT value FROM json_each(:ids)) ORDER BY at, id
"""
_LEFT_BEHIND: Final = """
SELECT 1 FROM message WHERE conversation_id = :id
    AND id NOT IN (SELECT value FROM json_each(:ids)) LIMIT 1
"""
_NEW: Final = """
INSERT INTO conversation (patient_id, assigned_to, snoozed_until, done_at, done_inbound_at,
    done_message_id, seen_message_id)
SELECT patient_id, assigned_to, snoozed_until, done_at, done_inbound_at, done_message_id,
    seen_message_id
FROM conversation WHERE id = :id
"""
_UNLINKED: Final = """
SELECT id, patient_id, match_reason, status FROM message
WHERE conversation_id = :id AND patient_id IS NULL ORDER BY at, id
"""
SIBLINGS: Final = """
SELECT m.id, m.conversation_id
FROM message_address AS a CROSS JOIN message AS m ON m.id = a.message_id
WHERE a.key = :key AND a.role = 'from' AND m.patient_id IS :patient_id
    AND m.match_reason = :reason AND m.conversation_id <> :not_in
    AND m.direction = 'inbound'
ORDER BY a.message_id DESC LIMIT 500
"""
_FOLLOWING: Final = """
SELECT id, patient_id, match_reason, status FROM message WHERE conversation_id = :id
    AND (patient_id IS NULL OR (patient_id = :former AND patient_id <> :patient_id))
ORDER BY at, id
"""
_WHERE: Final = """
SELECT DISTINCT conversation_id FROM message WHERE id IN (SELECT value FROM json_each(:ids))
"""
_DISMISS: Final = "UPDATE conversation SET suggested_merge = NULL WHERE id = :id"
_PENDING: Final = frozenset({"queued", "sending"})


class MovingTable:
    """Implements `inbox.storage.moving.MovingStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def merge(self, kept_id: int, merged_id: int, staff_id: str, reason: str) -> Moved:
        """Move everything of one conversation into another; see the contract."""

        def write(writing: Writing) -> Moved:
            kept, merged = resolve(writing.db, kept_id), resolve(writing.db, merged_id)
            if kept == merged:
                raise TwowayError("They are one conversation already.", "Choose another one.")
            return _merge(writing, kept, merged, staff_id, reason)

        return await self._do.write(write)

    async def part(
        self,
        conversation_id: int,
        message_ids: Sequence[int],
        to_id: int | None,
        kind: MovingKind,
        staff_id: str,
        reason: str,
    ) -> Moved:
        """Move messages to another conversation, or to a new one; see the contract."""

        def write(writing: Writing) -> Moved:
            db = writing.db
            here = resolve(db, conversation_id)
            there = None if to_id is None else resolve(db, to_id)
            if here == there:
                raise TwowayError("It is in that conversation already.", "Choose another one.")
            rows = _movable(db, here, message_ids)
            values = {"id": here, "ids": _json(row["id"] for row in rows)}
            if db.execute(_LEFT_BEHIND, values).fetchone() is None:
                if there is not None:
                    return _merge(writing, there, here, staff_id, reason)
                raise TwowayError(
                    "Nothing would stay behind: it is a conversation of its own already.",
                    "Choose a later message.",
                )
            return _part(writing, here, there, rows, kind, staff_id, reason)

        return await self._do.write(write)

    async def last(self, conversation_id: int) -> Moved | None:
        """The last thing that was done with a conversation and is not undone."""

        def read(db: sqlite3.Connection) -> Moved | None:
            found = moving_log.last(db, resolve(db, conversation_id))
            return None if found is None else moving_log.as_moved(db, found)

        return await self._do.read(read)

    async def undo(self, moving_id: int, reason: str) -> None:
        """Put everything back as it was; see the contract."""

        def write(writing: Writing) -> None:
            db = writing.db
            entry = moving_log.read(db, moving_id)
            for side in (entry.from_id, entry.to_id):
                later = moving_log.last(db, side)
                if later is not None and later > moving_id:
                    raise Stale(
                        "Something was put together or moved there since.",
                        f"Undo that first: `twoway undo-move {resolve(db, side)}`.",
                    )
            if entry.kind == MovingKind.MERGE:
                unmerge.undo_merge(writing, entry)
            elif entry.kind != MovingKind.LINK:
                unmerge.undo_part(writing, entry)
            _relink_back(writing, entry.before.get("relinked", ()), reason)
            for conversation_id, patient_id, now in entry.before.get("conversations", ()):
                _about_back(db, conversation_id, patient_id, now)
            moving_log.end(writing, moving_id)
            touched = {entry.from_id, entry.to_id, *_where(db, entry.moved)}
            _refresh(writing, {resolve(db, one) for one in touched})

        await self._do.write(write)

    async def dismiss(self, conversation_id: int) -> None:
        """Take away that it may belong to another conversation."""

        def write(writing: Writing) -> None:
            target = resolve(writing.db, conversation_id)
            writing.db.execute(_DISMISS, {"id": target})
            writing.tell_conversation(target)

        await self._do.write(write)

    async def siblings(
        self, address: Address, patient_id: str | None, reason: str, besides: int
    ) -> list[Sibling]:
        """Messages from an address that were matched alike, in other conversations."""

        def read(db: sqlite3.Connection) -> list[Sibling]:
            values = {
                "key": storable(address.key),
                "patient_id": patient_id,
                "reason": reason,
                "not_in": resolve(db, besides),
            }
            return [Sibling(*row) for row in db.execute(SIBLINGS, values)]

        return await self._do.read(read)

    async def relink(
        self,
        conversation_id: int,
        message_ids: Sequence[int],
        patient_id: str,
        staff_id: str,
        reason: str,
    ) -> Moved:
        """Link messages to another patient in one step; see the contract."""

        def write(writing: Writing) -> Moved:
            here = resolve(writing.db, conversation_id)
            return _relink(writing, here, message_ids, patient_id, staff_id, reason)

        return await self._do.write(write)


def _merge(writing: Writing, kept: int, merged: int, staff_id: str, reason: str) -> Moved:
    db = writing.db
    about = personal(db, kept)["patient_id"] or personal(db, merged)["patient_id"]
    unlinked = [
        row
        for side in (kept, merged)
        for row in db.execute(_UNLINKED, {"id": side}).fetchall()
        if about is not None
    ]
    moving_id = merge(writing, kept, merged, staff_id)
    moving_log.amend(writing, moving_id, relinked=_link(writing, unlinked, about, reason))
    _refresh(writing, {kept})
    return moving_log.as_moved(db, moving_id)


def _part(
    writing: Writing,
    here: int,
    there: int | None,
    rows: Sequence[sqlite3.Row],
    kind: MovingKind,
    staff_id: str,
    reason: str,
) -> Moved:
    db = writing.db
    before: dict[str, Any] = {"new": there is None}
    if there is None:
        there = int(db.execute(_NEW, {"id": here}).lastrowid or 0)
    ours, theirs = personal(db, here), personal(db, there)
    before["sides"] = [theirs, ours]
    ids = [row["id"] for row in rows]
    # What was about the one stays about them; what had followed the conversation follows.
    following = [row for row in rows if row["patient_id"] in {None, ours["patient_id"]}]
    about = theirs["patient_id"]
    moved_on = [row for row in following if row["patient_id"] != about]
    before["relinked"] = [] if about is None else _link(writing, moved_on, about, reason)
    # What was unread stays unread, and nothing that waits is hidden.
    after = {**theirs}
    if not before["new"]:
        after["seen_message_id"] = _seen_there(db, ours, theirs, ids)
    unmerge.carry(db, ids, there)
    if ours["state"] == "needs-reply" and theirs["state"] == "done":
        after |= {"done_at": None, "done_inbound_at": 0, "done_message_id": 0}
    unmerge.restore(db, there, theirs, after)
    before["after"] = after
    before["parted"] = parted.add(db, here, there)
    moving_id = moving_log.add(writing, kind.value, here, there, staff_id, ids, before)
    _refresh(writing, {here, there})
    return moving_log.as_moved(db, moving_id)


def _movable(db: sqlite3.Connection, here: int, ids: Sequence[int]) -> list[sqlite3.Row]:
    rows = db.execute(_IN_IT, {"id": here, "ids": _json(ids)}).fetchall()
    if len(rows) != len(set(ids)):
        raise NotFound("This message is not in that conversation.", "Look at `twoway show`.")
    if any(row["status"] in _PENDING for row in rows):
        raise TwowayError(
            "A message of ours in it has not left yet.",
            "Take it back, or wait until it has left.",
        )
    return rows


def _seen_there(
    db: sqlite3.Connection, ours: dict[str, Any], theirs: dict[str, Any], ids: Sequence[int]
) -> int:
    """Up to where the other conversation is seen once these messages are in it."""
    unseen = [one for one in ids if one > ours["seen_message_id"]]
    seen = [one for one in ids if one <= ours["seen_message_id"]]
    there = seen_of_both(db, theirs, theirs)
    if unseen:
        return min(there, min(unseen) - 1)
    return max([there, *seen]) if there >= theirs["seen_message_id"] else there


def _link(
    writing: Writing, rows: Iterable[sqlite3.Row], patient_id: str, reason: str
) -> list[list[Any]]:
    """Link messages; what they were before, for `_relink_back`."""
    before = []
    for row in rows:
        before.append([row["id"], row["patient_id"], row["match_reason"], patient_id])
        link_message(writing, row["id"], patient_id, reason)
    return before


def _relink_back(writing: Writing, before: Iterable[list[Any]], reason: str) -> None:
    for message_id, patient_id, was, linked in before:
        present = message.read(writing.db, message_id)
        if present.patient_id == linked:
            link_message(writing, message_id, patient_id, was or reason * (patient_id is not None))


def _relink(
    writing: Writing, here: int, ids: Sequence[int], patient_id: str, staff_id: str, reason: str
) -> Moved:
    db = writing.db
    if not ids or not patient_name(db, patient_id):
        raise NotFound("There is no such patient.", "Look for them with `twoway patients list`.")
    places = sorted(_where(db, ids))
    rows: list[sqlite3.Row] = []
    conversations: list[list[Any]] = []
    for place in places:
        listed = db.execute(_IN_IT, {"id": place, "ids": _json(ids)}).fetchall()
        former = {row["patient_id"] for row in listed}
        about = personal(db, place)["patient_id"]
        if about in former:
            conversations.append([place, about, patient_id])
            _set_patient(db, place, patient_id)
            values = {"id": place, "former": about, "patient_id": patient_id}
            listed = db.execute(_FOLLOWING, values).fetchall()
        rows += listed
    touched = {row["patient_id"] for row in rows} | {patient_id}
    before = {
        "relinked": _link(writing, rows, patient_id, reason), "conversations": conversations,
    }  # fmt: skip
    moving_id = moving_log.add(
        writing,
        MovingKind.LINK.value,
        here,
        places[0],
        staff_id,
        [row["id"] for row in rows],
        before,
    )
    _refresh(writing, places)
    for one in touched:
        promise_state.refresh_patient(db, one)
    return moving_log.as_moved(db, moving_id)


def _about_back(db: sqlite3.Connection, conversation_id: int, was: str | None, now: str) -> None:
    target = resolve(db, conversation_id)
    if personal(db, target)["patient_id"] == now:
        _set_patient(db, target, was)


def _set_patient(db: sqlite3.Connection, conversation_id: int, patient_id: str | None) -> None:
    waited = clock.person_of(db, conversation_id)
    db.execute(
        "UPDATE conversation SET patient_id = :patient_id WHERE id = :id",
        {"id": conversation_id, "patient_id": patient_id},
    )
    clock.refresh_person(db, waited)


def _where(db: sqlite3.Connection, ids: Iterable[int]) -> set[int]:
    rows = db.execute(_WHERE, {"ids": _json(ids)})
    return {row["conversation_id"] for row in rows}


def _json(ids: Iterable[int]) -> str:
    return json.dumps(list(ids))


def _refresh(writing: Writing, conversations: Iterable[int]) -> None:
    for one in sorted(conversations):
        state.refresh(writing.db, one)
        writing.tell_conversation(one)

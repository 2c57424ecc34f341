"""Calls: rows of the outbox that were settled by a telephone, and the heads-ups that go with them.

Whether a log is finished is no column: it is asked of the row and of the row of its heads-up.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from inbox.address import Address
from inbox.errors import NotFound, Stale
from inbox.message import MessageStatus
from inbox.storage.call import OpenCall
from inbox.storage.outbox import NewOutbox, OutboxRow
from store import draft as drafts
from store import outbox, outbox_entry, promise, record_due, state
from store.conversation import resolve
from store.transaction import Transactions, Writing
from store.values import pack_list, stamp, storable

TOLD_IN: Final = """
SELECT o.conversation_id FROM outbox_recipient AS r JOIN outbox AS o ON o.id = r.outbox_id
WHERE r.key = :key AND EXISTS (SELECT 1 FROM outbox AS c WHERE c.heads_up_id = o.id)
ORDER BY r.created_at DESC, o.id DESC LIMIT 1
"""
_TELLS: Final = "UPDATE outbox SET heads_up_id = :heads_up WHERE id = :id"
_LOG: Final = """
UPDATE outbox SET draft = :draft, status = :status, status_text = '', hint = '',
    findings = :findings, because = :because, staff_id = :staff_id, automatic_retry = 0,
    sent_at = coalesce(sent_at, :now), look_at = NULL
WHERE id = :id
"""
_LOG_MESSAGE: Final = """
UPDATE message SET text = :text, whole = NULL, status = :status, status_text = '',
    staff_id = :staff_id, answers_until = :answers_until
WHERE id = :id
"""
_IS_DONE: Final = "SELECT state = 'done' FROM conversation WHERE id = :id"
_CLOSE: Final = """
UPDATE conversation SET done_at = :done_at, done_inbound_at = :done_inbound_at,
    done_message_id = :done_message_id
WHERE id = :id
"""

_ON_ITS_WAY: Final = {MessageStatus.QUEUED, MessageStatus.SENDING}
_LEFT: Final = {MessageStatus.SENT, MessageStatus.DELIVERED}


class CallTable:
    """Implements `inbox.repository.CallStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def log(
        self, new: NewOutbox, *, dialled: int | None = None, heads_up: NewOutbox | None = None
    ) -> OutboxRow:
        """Keep what became of a call, with its heads-up, in one transaction; see the contract."""

        def write(writing: Writing) -> OutboxRow:
            if dialled is None:
                row_id = outbox_entry.add(writing, new)
            else:
                row_id = _logged(writing, dialled, new)
            if heads_up is not None:
                _tell(writing, row_id, heads_up)
            row = outbox.read(writing.db, row_id)
            state.refresh(writing.db, row.conversation_id)
            return row

        return await self._do.write(write)

    async def tell_again(self, call: int, heads_up: NewOutbox) -> OutboxRow:
        """Queue another heads-up for a call whose first one did not leave; see the contract."""

        def write(writing: Writing) -> OutboxRow:
            row = outbox.read(writing.db, call)
            told = next((one for one in _open(writing.db, row) if one.row.id == call), None)
            if told is None or told.heads_up is None or told.heads_up.status in _ON_ITS_WAY:
                raise Stale(
                    "The answering service has been told, or is being told.",
                    "Look at the conversation.",
                )
            added = _tell(writing, call, heads_up)
            state.refresh(writing.db, row.conversation_id)
            writing.tell_conversation(row.conversation_id)
            return outbox.read(writing.db, added)

        return await self._do.write(write)

    async def unfinished(self, conversation_id: int) -> list[OpenCall]:
        """Calls of a conversation whose log is not finished, the latest first."""
        return await self._do.read(lambda db: _unfinished(db, resolve(db, conversation_id)))

    async def told_in(self, service: Address) -> int | None:
        """The conversation in which a heads-up went to this address last."""
        values = {"key": storable(service.key)}
        row = await self._do.read(lambda db: db.execute(TOLD_IN, values).fetchone())
        return None if row is None else int(row["conversation_id"])


def _unfinished(db: sqlite3.Connection, conversation_id: int) -> list[OpenCall]:
    return [
        OpenCall(
            outbox.read(db, row["id"]),
            None if row["heads_up_id"] is None else outbox.read(db, row["heads_up_id"]),
        )
        for row in db.execute(state.UNFINISHED, {"id": conversation_id}).fetchall()
    ]


def _open(db: sqlite3.Connection, row: OutboxRow) -> list[OpenCall]:
    return _unfinished(db, row.conversation_id)


def _logged(writing: Writing, row_id: int, new: NewOutbox) -> int:
    """Let the row by which a call was dialled stand for the call as it was logged."""
    db = writing.db
    row = outbox.read(db, row_id)
    call = row.draft.call
    if call is None:
        raise NotFound("This is no call.", "Log the call by itself.")
    if call.outcome is not None or row.status in {*_ON_ITS_WAY, MessageStatus.CANCELLED}:
        raise Stale("This call was logged already, or is being made.", "Look at the conversation.")
    values = {
        "id": row_id,
        "draft": drafts.pack(new.draft),
        "status": new.status.value,
        "findings": pack_list(dict.fromkeys((*row.findings, *new.findings))),
        "because": storable(new.because or row.because),
        "staff_id": new.staff_id,
        "now": stamp(new.created_at),
    }
    db.execute(_LOG, values)
    until = outbox_entry.answers_until(db, new.draft, row.conversation_id, stamp(new.created_at))
    writing.unindex(row.message_id)
    db.execute(
        _LOG_MESSAGE,
        {
            "id": row.message_id,
            "text": storable(new.draft.text),
            "status": new.status.value,
            "staff_id": new.staff_id,
            "answers_until": until,
        },
    )
    writing.index(row.message_id)
    record_due.add(db, row.message_id)
    state.refresh(db, row.conversation_id)
    promise.add(writing, new.promises, row.conversation_id, row_id)
    outbox.tell(writing, row)
    return row_id


def _tell(writing: Writing, call: int, heads_up: NewOutbox) -> int:
    """Queue a heads-up for a call; its own conversation does not begin to wait because of it."""
    db, conversation_id = writing.db, heads_up.draft.conversation_id
    rested = True
    if conversation_id is not None:
        row = db.execute(_IS_DONE, {"id": resolve(db, conversation_id)}).fetchone()
        rested = bool(row[0])
    added = outbox.read(db, outbox_entry.add(writing, heads_up))
    db.execute(_TELLS, {"id": call, "heads_up": added.id})
    if rested:
        marks = state.marks_of_done(db, added.conversation_id)
        done_at = stamp(heads_up.created_at)
        db.execute(_CLOSE, {"id": added.conversation_id, "done_at": done_at, **marks})
        state.refresh(db, added.conversation_id)
    return added.id

"""The table `outbox`: intent is durable before the first byte, one process sends a row."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from inbox.address import Address, ChannelKind
from inbox.errors import NotFound, Stale
from inbox.events import ChangeKind
from inbox.message import MessageStatus
from inbox.outgoing import Draft
from inbox.pairing import PAIRED
from inbox.repository import NewOutbox, OutboxRow
from store import call_state, delivery, notice, outbox_entry, portal, raw, record_due, state
from store import draft as drafts
from store.transaction import Transactions, Writing
from store.values import moment, pack_list, stamp, storable, unpack_list

COLUMNS: Final = """
    o.id, o.uuid, o.conversation_id, o.message_id, o.status, o.draft, o.line_address, o.rfc_id,
    o.in_reply_to, o.refs, o.staff_id, o.because, o.overridden, o.findings, o.proof, o.created_at,
    o.not_before, o.attempts, o.status_text, o.hint, o.provider_id, o.sent_at, o.automatic_retry,
    o.holder, o.handing_over, o.after_id
"""
_ONE: Final = f"SELECT {COLUMNS} FROM outbox AS o WHERE o.id = :id"  # noqa: S608 - constants
# What goes with another message waits until that one has left.
DUE: Final = """
SELECT o.id FROM outbox AS o WHERE o.status = 'queued' AND o.not_before <= :now
    AND (o.after_id IS NULL OR EXISTS (SELECT 1 FROM outbox AS a
        WHERE a.id = o.after_id AND a.status IN ('sent', 'delivered')))
ORDER BY o.not_before, o.id LIMIT 1
"""
_CLAIM: Final = """
UPDATE outbox SET status = 'sending', holder = :holder, handing_over = 0, attempts = attempts + 1,
    status_text = '', hint = '', automatic_retry = 0
WHERE id = :id
"""
_HAND_OVER: Final = """
UPDATE outbox SET handing_over = 1
WHERE id = :id AND status = 'sending' AND holder = :holder
"""
_SETTLE: Final = """
UPDATE outbox SET status = :status, status_text = :text, hint = :hint, holder = '',
    provider_id = iif(:provider_id = '', provider_id, :provider_id),
    not_before = coalesce(:retry_at, not_before), automatic_retry = :retrying,
    sent_at = coalesce(sent_at, :sent_at), looks = 0,
    look_at = iif(:status = 'unknown', :now, NULL), copy_at = coalesce(:copy_at, copy_at)
WHERE id = :id
"""
_REQUEUE: Final = """
UPDATE outbox SET status = 'queued', not_before = :now, because = :because, staff_id = :staff_id,
    overridden = :overridden, draft = :draft,
    status_text = '', hint = '', holder = '', handing_over = 0, automatic_retry = 0
WHERE id = :id
"""
_CANCEL: Final = """
UPDATE outbox SET status = 'cancelled', automatic_retry = 0 WHERE id = :id AND status = 'queued'
"""
_FOLLOW: Final = """
UPDATE message SET status = :status, status_text = :text, at = coalesce(:at, at),
    raw_id = coalesce(raw_id, :raw_id)
WHERE id = :message_id
"""
OPEN: Final = f"""
SELECT {COLUMNS} FROM outbox AS o
WHERE o.status IN ('queued', 'sending', 'failed', 'unknown') ORDER BY o.id DESC LIMIT :limit
"""  # noqa: S608 - constants
_SENDING: Final = f"""
SELECT {COLUMNS} FROM outbox AS o WHERE o.status = 'sending'
    AND o.holder NOT IN (SELECT value FROM json_each(:alive))
ORDER BY o.id
"""  # noqa: S608 - constants
RECENT: Final = f"""
SELECT {COLUMNS} FROM outbox AS o WHERE o.id IN (
    SELECT outbox_id FROM outbox_recipient
    WHERE key IN (SELECT value FROM json_each(:keys)) AND created_at >= :since
    UNION
    SELECT u.id FROM outbox AS u JOIN outbox_recipient AS r ON r.outbox_id = u.id
    WHERE u.status = 'unknown' AND r.key IN (SELECT value FROM json_each(:keys))
)
ORDER BY o.created_at DESC, o.id DESC LIMIT 20
"""  # noqa: S608 - constants
NEXT: Final = """
SELECT o.not_before FROM outbox AS o WHERE o.status = 'queued'
    AND (o.after_id IS NULL OR EXISTS (SELECT 1 FROM outbox AS a
        WHERE a.id = o.after_id AND a.status IN ('sent', 'delivered')))
ORDER BY o.not_before, o.id LIMIT 1
"""

_LEFT: Final = {MessageStatus.SENT, MessageStatus.DELIVERED}
_NOT_YET: Final = {MessageStatus.SENDING, MessageStatus.QUEUED, MessageStatus.CANCELLED}


class OutboxTable:
    """Implements `inbox.repository.OutboxStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def enqueue(self, new: NewOutbox) -> OutboxRow:
        """Store the intent and the message that stands for it, and drop the draft's saved copy.

        Raises:
            Stale: the same uuid is queued already.
        """

        def write(writing: Writing) -> OutboxRow:
            return read(writing.db, outbox_entry.add(writing, new))

        return await self._do.write(write)

    async def claim(self, now: datetime, holder: str) -> OutboxRow | None:
        """Take the next due QUEUED row and make it SENDING for this holder; None when none."""

        def write(writing: Writing) -> OutboxRow | None:
            due = writing.db.execute(DUE, {"now": stamp(now)}).fetchone()
            if due is None:
                return None
            writing.db.execute(_CLAIM, {"id": due["id"], "holder": holder})
            return _followed(writing, due["id"])

        return await self._do.write(write)

    async def handing_over(self, outbox_id: int, holder: str) -> None:
        """Mark, durably, that the point of no return is next. Raises Stale when it was lost."""

        def write(writing: Writing) -> None:
            values = {"id": outbox_id, "holder": holder}
            if not writing.db.execute(_HAND_OVER, values).rowcount:
                raise Stale(
                    "Another session took this message over.", "Look at its state in the outbox."
                )

        await self._do.write(write)

    async def settle(
        self,
        outbox_id: int,
        status: MessageStatus,
        now: datetime,
        *,
        text: str = "",
        hint: str = "",
        provider_id: str = "",
        retry_at: datetime | None = None,
        copy_raw: bytes | None = None,
        copy_at: datetime | None = None,
        thread_key: str = "",
        claimed: OutboxRow | None = None,
    ) -> OutboxRow:
        """Write what became of a row; the message in the conversation and the record queue follow.

        Raises:
            Stale: what is known of the row meanwhile outweighs this; nothing was written.
        """
        packed = None if copy_raw is None else raw.pack(copy_raw)

        def write(writing: Writing) -> OutboxRow:
            row = read(writing.db, outbox_id)
            if row.status is MessageStatus.DELIVERED and status is MessageStatus.SENT:
                # Receipts overtake each other; the later state stands.
                return row
            # What the provider has listed meanwhile has left, whatever the connection said.
            listed = status is MessageStatus.UNKNOWN and delivery.is_named(writing.db, outbox_id)
            became = MessageStatus.SENT if listed else status
            name = row.provider_id if listed else provider_id
            sent = became in _LEFT
            if not _stands(row, became, claimed, left=sent or bool(name)):
                raise Stale(
                    f"This message is {row.status.value} meanwhile.", "Look at it in the outbox."
                )
            writing.db.execute(
                _SETTLE,
                {
                    "id": outbox_id,
                    "status": became.value,
                    "text": "" if listed else storable(text),
                    "hint": "" if listed else storable(hint),
                    "provider_id": storable(name),
                    "retry_at": stamp(retry_at),
                    "retrying": became is MessageStatus.QUEUED,
                    "sent_at": stamp(now) if sent else None,
                    "now": stamp(now),
                    "copy_at": stamp(copy_at),
                },
            )
            raw_id = None
            if packed is not None and copy_raw is not None:
                raw_id = raw.keep_copy(
                    writing.db, row.draft.line_id, packed, len(copy_raw), now, row.message_id
                )
            if row.draft.channel in PAIRED and name:
                delivery.name(writing.db, outbox_id, name)
            # It happened when it left, or may have left; what we learn later changes no time.
            left = row.status in _NOT_YET and (sent or became is MessageStatus.UNKNOWN)
            _followed(writing, outbox_id, at=stamp(now) if left else None, raw_id=raw_id)
            # What the provider told of it may have come before its word that it took it.
            if name and row.draft.channel is ChannelKind.PORTAL:
                portal.learn(writing, row.message_id, name, thread_key)
                portal.follow(writing, row.message_id)
            elif name and row.draft.channel in PAIRED:
                delivery.follow(writing, name)
            return read(writing.db, outbox_id)

        return await self._do.write(write)

    async def cancel(self, outbox_id: int) -> bool:
        """Take a QUEUED row back; False when it is too late."""

        def write(writing: Writing) -> bool:
            read(writing.db, outbox_id)
            if not writing.db.execute(_CANCEL, {"id": outbox_id}).rowcount:
                return False
            _followed(writing, outbox_id)
            return True

        return await self._do.write(write)

    async def take_back(self, outbox_id: int, staff_id: str, now: datetime) -> Draft | None:
        """Take a QUEUED row back and keep its draft again, in one step; None when it is too late.

        A draft that was begun meanwhile under the same key is kept below it.
        """

        def write(writing: Writing) -> Draft | None:
            row = read(writing.db, outbox_id)
            if not writing.db.execute(_CANCEL, {"id": outbox_id}).rowcount:
                return None
            kept = row.draft
            if kept.conversation_id is not None:
                # It may have become a part of another one while the message waited.
                kept = replace(kept, conversation_id=row.conversation_id)
            drafts.put_on_top(writing, drafts.key_of(kept), staff_id, kept, str(outbox_id))
            _followed(writing, outbox_id)
            return kept

        return await self._do.write(write)

    async def requeue(
        self,
        outbox_id: int,
        now: datetime,
        because: str,
        staff_id: str,
        overridden: frozenset[str] = frozenset(),
        draft: Draft | None = None,
    ) -> OutboxRow:
        """A person sends a FAILED or UNKNOWN row again, with the same Message-ID.

        `overridden` names the rules that hold it now and that the reason is given for. `draft`
        takes the place of the stored one: whom it is about, and what its writer had seen.

        Raises:
            Stale: it is in another state.
        """

        def write(writing: Writing) -> OutboxRow:
            row = read(writing.db, outbox_id)
            if row.status not in {MessageStatus.FAILED, MessageStatus.UNKNOWN}:
                raise Stale(
                    f"This message is {row.status.value}, so it cannot be sent again.",
                    "Look at it in the outbox.",
                )
            writing.db.execute(
                _REQUEUE,
                {
                    "id": outbox_id,
                    "now": stamp(now),
                    "because": storable(because or row.because),
                    "staff_id": staff_id or row.staff_id,
                    "overridden": pack_list(sorted(row.overridden | overridden)),
                    "draft": drafts.pack(draft or row.draft),
                },
            )
            return _followed(writing, outbox_id)

        return await self._do.write(write)

    async def get(self, outbox_id: int) -> OutboxRow:
        """One row. Raises NotFound."""
        return await self._do.read(lambda db: read(db, outbox_id))

    async def open_rows(self, limit: int) -> list[OutboxRow]:
        """Rows that are not settled well: QUEUED, SENDING, FAILED, UNKNOWN; newest first."""
        rows = await self._do.read(lambda db: db.execute(OPEN, {"limit": limit}).fetchall())
        return [from_row(row) for row in rows]

    async def recent_to(self, addresses: Collection[Address], since: datetime) -> list[OutboxRow]:
        """Rows to these addresses made since, or UNKNOWN whenever; newest first, at most 20."""
        keys = pack_list(sorted({storable(address.key) for address in addresses}))
        values = {"keys": keys, "since": stamp(since)}
        rows = await self._do.read(lambda db: db.execute(RECENT, values).fetchall())
        return [from_row(row) for row in rows]

    async def orphans(self, alive: Collection[str]) -> list[tuple[OutboxRow, bool]]:
        """Rows left SENDING by a holder that is not alive, and whether handing over had begun."""
        values = {"alive": pack_list(sorted(alive))}
        rows = await self._do.read(lambda db: db.execute(_SENDING, values).fetchall())
        return [(from_row(row), bool(row["handing_over"])) for row in rows]

    async def next_due(self) -> datetime | None:
        """When the next QUEUED row is due; None when there is none."""
        row = await self._do.read(lambda db: db.execute(NEXT).fetchone())
        return None if row is None else moment(int(row["not_before"]))


def read(db: sqlite3.Connection, outbox_id: int) -> OutboxRow:
    """One row. Raises NotFound."""
    row = db.execute(_ONE, {"id": outbox_id}).fetchone()
    if row is None:
        raise NotFound("This message is not in the outbox.", "`twoway outbox` shows what is.")
    return from_row(row)


def _stands(
    row: OutboxRow, status: MessageStatus, claimed: OutboxRow | None, *, left: bool
) -> bool:
    """Whether the word that a row is `status` now outweighs what is known of it.

    That it left outweighs all but a bounce; that it may have left outweighs a row that would be
    sent again by itself. All else of an attempt counts only while that attempt holds the row.
    """
    if claimed is not None and (row.status, row.holder, row.attempts) != (
        MessageStatus.SENDING,
        claimed.holder,
        claimed.attempts,
    ):
        if left:
            bounced = row.status is MessageStatus.FAILED and row.attempts == claimed.attempts
            return not bounced
        return status is MessageStatus.UNKNOWN and row.status is MessageStatus.QUEUED
    if row.status is MessageStatus.CANCELLED:
        return False
    return row.status not in _LEFT or status not in {MessageStatus.QUEUED, MessageStatus.UNKNOWN}


def _followed(
    writing: Writing, outbox_id: int, *, at: int | None = None, raw_id: int | None = None
) -> OutboxRow:
    """Let the message in the conversation follow its outbox row; return the row."""
    row = read(writing.db, outbox_id)
    values: dict[str, Any] = {
        "message_id": row.message_id,
        "status": row.status.value,
        "text": row.status_text,
        "at": at,
        "raw_id": raw_id,
    }
    writing.db.execute(_FOLLOW, values)
    record_due.add(writing.db, row.message_id)
    state.refresh(writing.db, row.conversation_id)
    tell(writing, row)
    call_state.follow(writing, outbox_id)
    notice.follow(writing, row)
    return row


def tell(writing: Writing, row: OutboxRow) -> None:
    """Let everybody know that a row changed, and its conversation with it."""
    writing.tell(ChangeKind.OUTBOX, row.id)
    writing.tell_conversation(row.conversation_id)


def from_row(row: sqlite3.Row) -> OutboxRow:
    """A row of `COLUMNS`."""
    return OutboxRow(
        id=row["id"],
        uuid=row["uuid"],
        conversation_id=row["conversation_id"],
        message_id=row["message_id"],
        status=MessageStatus(row["status"]),
        draft=drafts.unpack(row["draft"]),
        line_address=row["line_address"],
        rfc_id=row["rfc_id"],
        in_reply_to=row["in_reply_to"],
        references=unpack_list(row["refs"]),
        staff_id=row["staff_id"],
        because=row["because"],
        overridden=frozenset(unpack_list(row["overridden"])),
        findings=unpack_list(row["findings"]),
        proof=row["proof"],
        created_at=moment(row["created_at"]),
        not_before=moment(row["not_before"]),
        attempts=row["attempts"],
        status_text=row["status_text"],
        hint=row["hint"],
        provider_id=row["provider_id"],
        sent_at=moment(row["sent_at"]),
        automatic_retry=bool(row["automatic_retry"]),
        holder=row["holder"],
        after=row["after_id"],
    )

"""Entering the outbox: the row, its recipients, and the message that stands for it."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from inbox.address import Address
from inbox.errors import Stale
from inbox.events import ChangeKind
from inbox.message import Attachment, Direction, MessageStatus, Nature
from inbox.outgoing import Draft
from inbox.pairing import PAIRED, pair_key
from inbox.record import MEDIUM_OF
from inbox.repository import NewOutbox
from store import draft as drafts
from store import message, promise, record_due, state
from store.conversation import patient_name, resolve
from store.transaction import Writing
from store.values import pack_address, pack_addresses, pack_list, stamp, storable

_QUEUED: Final = "SELECT 1 FROM outbox WHERE uuid = :uuid"
_ADD: Final = """
INSERT INTO outbox (
    uuid, conversation_id, message_id, status, draft, line_address, rfc_id, in_reply_to, refs,
    staff_id, because, overridden, findings, proof, created_at, not_before, sent_at, after_id
) VALUES (
    :uuid, :conversation_id, :message_id, :status, :draft, :line_address, :rfc_id, :in_reply_to,
    :refs, :staff_id, :because, :overridden, :findings, :proof, :created_at, :not_before,
    iif(:status = 'queued', NULL, :created_at), :after_id
)
"""
_ADD_RECIPIENT: Final = """
INSERT INTO outbox_recipient (key, created_at, outbox_id) VALUES (:key, :created_at, :outbox_id)
ON CONFLICT DO NOTHING
"""
_STANDS_FOR: Final = "UPDATE message SET outbox_id = :outbox_id WHERE id = :id"
_NEW_CONVERSATION: Final = """
INSERT INTO conversation (patient_id, person, person_address)
VALUES (:patient_id, :person, :address)
"""
_ABOUT: Final = """
UPDATE conversation SET patient_id = :patient_id
WHERE id = :id AND patient_id IS NULL AND :patient_id IS NOT NULL
"""
# What the writer had before their eyes. Mail that was on the server by then and is fetched later
# was not among it, whatever its time: it is not answered.
_SEEN_UNTIL: Final = """
SELECT coalesce((SELECT at FROM message WHERE conversation_id = :id
    AND direction = 'inbound' AND nature IN ('personal', 'unreadable') AND id <= :seen
    ORDER BY at DESC, id DESC LIMIT 1), 0)
"""


def add(writing: Writing, new: NewOutbox) -> int:
    """Store a row, with the conversation when it begins one; return the row's id.

    Raises:
        Stale: the same uuid is queued already.
    """
    db, draft = writing.db, new.draft
    if db.execute(_QUEUED, {"uuid": new.uuid}).fetchone() is not None:
        raise Stale("This message is queued already.", "Look at it in the conversation.")
    if draft.conversation_id is None:
        conversation_id = _new_conversation(db, new)
    else:
        conversation_id = resolve(db, draft.conversation_id)
        db.execute(_ABOUT, {"id": conversation_id, "patient_id": draft.patient_id})
    message_id = _add_message(writing, new, conversation_id)
    outbox_id = int(db.execute(_ADD, _values(new, conversation_id, message_id)).lastrowid or 0)
    db.execute(_STANDS_FOR, {"id": message_id, "outbox_id": outbox_id})
    if new.status is not MessageStatus.QUEUED:
        record_due.add(db, message_id)
    db.executemany(
        _ADD_RECIPIENT,
        [
            {
                "key": storable(address.key),
                "created_at": stamp(new.created_at),
                "outbox_id": outbox_id,
            }
            for address in draft.recipients
        ],
    )
    kept = "new" if draft.conversation_id is None else f"c{draft.conversation_id}"
    for key in {kept, kept if kept == "new" else f"c{conversation_id}"}:
        drafts.delete_sent(writing, key, new.staff_id, draft)
    state.refresh(db, conversation_id)
    promise.add(writing, new.promises, conversation_id, outbox_id)
    writing.tell(ChangeKind.OUTBOX, outbox_id)
    writing.tell_conversation(conversation_id)
    return outbox_id


def _new_conversation(db: sqlite3.Connection, new: NewOutbox) -> int:
    first = next(iter(new.draft.recipients), None)
    added = db.execute(
        _NEW_CONVERSATION,
        {
            "patient_id": new.draft.patient_id,
            "person": storable(new.person or (first.name if first else "")),
            "address": storable(first.value) if first else "",
        },
    )
    return int(added.lastrowid or 0)


def _add_message(writing: Writing, new: NewOutbox, conversation_id: int) -> int:
    db, draft = writing.db, new.draft
    sender = Address(draft.channel.system, new.line_address)
    parents = dict.fromkeys((new.in_reply_to, *reversed(new.references)))
    parents.pop("", None)
    return message.insert(
        writing,
        {
            "uuid": new.uuid,
            "conversation_id": conversation_id,
            "direction": Direction.OUTBOUND.value,
            "channel": draft.channel.value,
            "kind": MEDIUM_OF[draft.channel].value,
            "nature": Nature.PERSONAL.value,
            "status": new.status.value,
            "line_id": draft.line_id,
            "at": stamp(new.created_at),
            "answers_until": answers_until(db, draft, conversation_id, stamp(new.created_at)),
            "sender": pack_address(sender),
            "recipients": pack_addresses(draft.to),
            "cc": pack_addresses(draft.cc),
            "rfc_id": new.rfc_id,
            "thread_key": storable(new.thread_key) or _pair(sender, draft),
            "in_reply_to": pack_list([new.in_reply_to] if new.in_reply_to else []),
            "refs": pack_list(new.references),
            "patient_id": draft.patient_id,
            "match_reason": f"chosen by {new.staff_id}" if draft.patient_id else "",
            "staff_id": new.staff_id,
            "proof": new.proof,
            "indexed_patient": patient_name(db, draft.patient_id),
            "subject": draft.subject,
            "text": draft.text,
            "confidential": draft.confidential,
        },
        message.People(sender, draft.to, draft.cc),
        parents=parents,
        files=[
            Attachment("", file.name, file.media_type, file.size, file.sha256)
            for file in draft.attachments
        ],
    )


def _pair(sender: Address, draft: Draft) -> str:
    """The pair of numbers of a text or call; empty for what goes any other way."""
    if draft.channel not in PAIRED or len(draft.to) != 1:
        return ""
    return storable(pair_key(sender, draft.to[0]))


def answers_until(
    db: sqlite3.Connection, draft: Draft, conversation_id: int, created_at: int
) -> int:
    """Up to when what they wrote is answered: what the writer had not seen is not.

    A call that reached nobody answers nothing: 0.
    """
    if draft.call is not None and not draft.call.answers:
        return 0
    if not draft.seen_message_id:
        return created_at
    values = {"id": conversation_id, "seen": draft.seen_message_id}
    return int(db.execute(_SEEN_UNTIL, values).fetchone()[0])


def _values(new: NewOutbox, conversation_id: int, message_id: int) -> dict[str, Any]:
    return {
        "uuid": new.uuid,
        "conversation_id": conversation_id,
        "message_id": message_id,
        "status": new.status.value,
        "draft": drafts.pack(new.draft),
        "line_address": new.line_address,
        "rfc_id": new.rfc_id,
        "in_reply_to": new.in_reply_to,
        "refs": pack_list(new.references),
        "staff_id": new.staff_id,
        "because": storable(new.because),
        "overridden": pack_list(sorted(new.overridden)),
        "findings": pack_list(new.findings),
        "proof": storable(new.proof),
        "created_at": stamp(new.created_at),
        "not_before": stamp(new.not_before),
        "after_id": new.after,
    }

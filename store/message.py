"""The table `message` with its addresses, references and attachments."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

from inbox.address import Address, ChannelKind
from inbox.ending import Ending
from inbox.errors import NotFound
from inbox.message import Attachment, Direction, Message, MessageKind, MessageStatus, Nature
from inbox.outgoing import Call
from store import search_index, structure
from store.transaction import Writing
from store.values import (
    Parameters,
    moment,
    storable,
    unpack_address,
    unpack_addresses,
    unpack_list,
)

COLUMNS: Final = """
    m.id, m.uuid, m.conversation_id, m.direction, m.channel, m.kind, m.nature, m.status, m.line_id,
    m.sender, m.recipients, m.cc, m.reply_to, m.at, m.sent_at, m.subject, m.text, m.whole, m.files,
    m.rfc_id, m.in_reply_to, m.refs, m.patient_id, m.match_reason, m.staff_id, m.raw_id,
    m.outbox_id, m.status_text, m.proof, m.partial, m.indexed_patient, m.search_id,
    m.confidential, m.ending, m.seconds, m.thread_key, m.about, m.version,
    m.identifiers,
    (SELECT o.not_before FROM outbox AS o WHERE o.id = m.outbox_id AND o.status = 'queued'
        AND o.automatic_retry = 0) AS leaves_at,
    (SELECT o.because FROM outbox AS o WHERE o.id = m.outbox_id) AS reason,
    iif(m.kind = 'call', (SELECT json_extract(o.draft, '$.call') FROM outbox AS o
        WHERE o.id = m.outbox_id), NULL) AS call,
    iif(m.kind = 'call', (SELECT h.status FROM outbox AS o JOIN outbox AS h ON h.id = o.heads_up_id
        WHERE o.id = m.outbox_id), NULL) AS heads_up,
    m.patient_id IS NOT NULL AND m.status NOT IN ('queued', 'sending', 'cancelled')
    AND NOT EXISTS (SELECT 1 FROM record_due AS d WHERE d.message_id = m.id) AS recorded,
    EXISTS (SELECT 1 FROM location AS w WHERE w.raw_id = m.raw_id)
    AND NOT EXISTS (SELECT 1 FROM location AS w WHERE w.raw_id = m.raw_id AND w.gone = 0) AS gone,
    iif(m.nature = 'unreadable', (SELECT k.because FROM looked AS k WHERE k.message_id = m.id),
        NULL) AS set_aside
"""

BY_ID: Final = f"SELECT {COLUMNS} FROM message AS m WHERE m.id = :id"  # noqa: S608 - constants

INSERT: Final = """
INSERT INTO message (
    uuid, conversation_id, direction, channel, kind, nature, status, line_id, at, answers_until,
    search_id, sent_at, sender, recipients, cc, reply_to, rfc_id, in_reply_to, refs, thread_key,
    list_id, patient_id, match_reason, staff_id, raw_id, outbox_id, status_text, proof, partial,
    files, indexed_patient, subject, text, whole, confidential, ending,
    seconds, about, version, identifiers
) VALUES (
    :uuid, :conversation_id, :direction, :channel, :kind, :nature, :status, :line_id, :at,
    :answers_until, :search_id, :sent_at, :sender, :recipients, :cc, :reply_to, :rfc_id,
    :in_reply_to, :refs, :thread_key, :list_id, :patient_id, :match_reason, :staff_id, :raw_id,
    :outbox_id, :status_text, :proof, :partial, :files, :indexed_patient, :subject, :text, :whole,
    :confidential, :ending, :seconds, :about, :version, :identifiers
)
"""
_REPLACE: Final = """
UPDATE message SET
    direction = :direction, channel = :channel, kind = :kind, nature = :nature, status = :status,
    line_id = :line_id, at = :at, answers_until = :answers_until, sent_at = :sent_at,
    sender = :sender, recipients = :recipients, cc = :cc, reply_to = :reply_to, rfc_id = :rfc_id,
    in_reply_to = :in_reply_to, refs = :refs, thread_key = :thread_key, list_id = :list_id,
    patient_id = :patient_id, match_reason = :match_reason, partial = :partial, files = :files,
    indexed_patient = :indexed_patient, subject = :subject, text = :text, whole = :whole,
    ending = :ending, seconds = :seconds, about = :about, version = :version,
    identifiers = :identifiers
WHERE id = :id
"""
DEFAULTS: Final[Parameters] = {
    "channel": None,
    "answers_until": None,
    "sent_at": None,
    "sender": None,
    "recipients": "[]",
    "cc": "[]",
    "reply_to": "[]",
    "rfc_id": "",
    "in_reply_to": "[]",
    "refs": "[]",
    "thread_key": "",
    "list_id": "",
    "patient_id": None,
    "match_reason": "",
    "staff_id": "",
    "raw_id": None,
    "outbox_id": None,
    "status_text": "",
    "proof": "",
    "partial": 0,
    "files": 0,
    "indexed_patient": "",
    "subject": "",
    "text": "",
    "whole": None,
    "confidential": 0,
    "ending": "",
    "seconds": 0,
    "about": None,
    "version": "",
    "identifiers": "[]",
}
ADD_ADDRESS: Final = """
INSERT INTO message_address (message_id, role, key) VALUES (:message_id, :role, :key)
ON CONFLICT DO NOTHING
"""
_ADD_REFERENCE: Final = """
INSERT INTO message_reference (message_id, parent) VALUES (:message_id, :parent)
ON CONFLICT DO NOTHING
"""
_ADD_ATTACHMENT: Final = """
INSERT INTO attachment (message_id, ordinal, part, name, media_type, size, sha256)
VALUES (:message_id, :ordinal, :part, :name, :media_type, :size, :sha256)
"""
_ATTACHMENTS: Final = """
SELECT message_id, part, name, media_type, size, sha256 FROM attachment
WHERE message_id = :id ORDER BY ordinal
"""
_FORGET: Final = (
    "DELETE FROM message_address WHERE message_id = :id",
    "DELETE FROM message_reference WHERE message_id = :id",
    "DELETE FROM attachment WHERE message_id = :id",
)
_WITH_RFC_ID: Final = f"""
SELECT {COLUMNS} FROM message AS m
WHERE m.rfc_id = :rfc_id AND m.rfc_id <> '' AND (:line_id = '' OR m.line_id = :line_id)
ORDER BY m.id LIMIT 200
"""  # noqa: S608 - constants


def read(db: sqlite3.Connection, message_id: int) -> Message:
    """One message. Raises NotFound."""
    found = db.execute(BY_ID, {"id": message_id}).fetchone()
    if found is None:
        raise NotFound("This message is not stored here.", "It may have been merged; look again.")
    return from_row(db, found)


def with_rfc_id(db: sqlite3.Connection, rfc_id: str, line_id: str) -> list[Message]:
    """Messages with a Message-ID, oldest first."""
    rows = db.execute(_WITH_RFC_ID, {"rfc_id": storable(rfc_id), "line_id": line_id}).fetchall()
    return [from_row(db, row) for row in rows]


def from_row(db: sqlite3.Connection, row: sqlite3.Row) -> Message:
    """A message from a row of `COLUMNS`."""
    return Message(
        id=row["id"],
        uuid=row["uuid"],
        conversation_id=row["conversation_id"],
        direction=Direction(row["direction"]),
        channel=ChannelKind(row["channel"]) if row["channel"] else None,
        kind=MessageKind(row["kind"]),
        nature=Nature(row["nature"]),
        status=MessageStatus(row["status"]),
        line_id=row["line_id"],
        sender=unpack_address(row["sender"]),
        to=unpack_addresses(row["recipients"]),
        cc=unpack_addresses(row["cc"]),
        reply_to=unpack_addresses(row["reply_to"]),
        at=moment(row["at"]),
        sent_at=moment(row["sent_at"]),
        subject=row["subject"],
        text=row["text"],
        whole=row["text"] if row["whole"] is None else row["whole"],
        attachments=attachments(db, row["id"]) if row["files"] else (),
        message_id=row["rfc_id"],
        in_reply_to=unpack_list(row["in_reply_to"]),
        references=unpack_list(row["refs"]),
        patient_id=row["patient_id"],
        match_reason=row["match_reason"],
        staff_id=row["staff_id"],
        raw_id=row["raw_id"],
        outbox_id=row["outbox_id"],
        status_text=row["status_text"],
        proof=row["proof"],
        partial=bool(row["partial"]),
        recorded=bool(row["recorded"]),
        confidential=bool(row["confidential"]),
        leaves_at=moment(row["leaves_at"]),
        because=row["reason"] or "",
        ending=Ending(row["ending"]) if row["ending"] else None,
        seconds=row["seconds"],
        call=structure.unpack(Call, row["call"]) if row["call"] else None,
        heads_up=MessageStatus(row["heads_up"]) if row["heads_up"] else None,
        thread_key=row["thread_key"],
        about=unpack_address(row["about"]),
        version=row["version"],
        identifiers=unpack_list(row["identifiers"]),
        gone=bool(row["gone"]),
        set_aside=row["set_aside"] or "",
    )


def attachments(db: sqlite3.Connection, message_id: int) -> tuple[Attachment, ...]:
    """The attachments of a message, in order."""
    return tuple(
        Attachment(row["part"], row["name"], row["media_type"], row["size"], row["sha256"])
        for row in db.execute(_ATTACHMENTS, {"id": message_id})
    )


class People:
    """Everybody a message names, by role."""

    __slots__ = ("cc", "reply_to", "sender", "to")

    def __init__(
        self,
        sender: Address | None,
        to: Sequence[Address] = (),
        cc: Sequence[Address] = (),
        reply_to: Sequence[Address] = (),
    ) -> None:
        self.sender = sender
        self.to = to
        self.cc = cc
        self.reply_to = reply_to

    def roles(self) -> Iterable[tuple[str, Address]]:
        """Each address with its role."""
        if self.sender is not None:
            yield "from", self.sender
        yield from (("to", address) for address in self.to)
        yield from (("cc", address) for address in self.cc)
        yield from (("reply-to", address) for address in self.reply_to)


def insert(
    writing: Writing,
    values: Parameters,
    people: People,
    *,
    parents: Iterable[str] = (),
    files: Sequence[Attachment] = (),
) -> int:
    """Add a message with all that hangs on it, the search index included; return its id."""
    db = writing.db
    row = {
        **DEFAULTS,
        **values,
        "files": len(files),
        "search_id": search_index.free_id(db, values["at"]),
    }
    cleaned = _cleaned(row)
    message_id = int(db.execute(INSERT, cleaned).lastrowid or 0)
    _add_parts(db, message_id, people, parents, files)
    writing.index(message_id)
    return message_id


def replace(
    writing: Writing,
    message_id: int,
    values: Parameters,
    people: People,
    *,
    parents: Iterable[str] = (),
    files: Sequence[Attachment] = (),
) -> None:
    """Put new content into a message; its id, uuid and conversation stay."""
    db = writing.db
    writing.unindex(message_id)
    for statement in _FORGET:
        db.execute(statement, {"id": message_id})
    db.execute(_REPLACE, _cleaned({**DEFAULTS, **values, "files": len(files), "id": message_id}))
    _add_parts(db, message_id, people, parents, files)
    writing.index(message_id)


def _add_parts(
    db: sqlite3.Connection,
    message_id: int,
    people: People,
    parents: Iterable[str],
    files: Sequence[Attachment],
) -> None:
    keys = [(role, storable(address.key)) for role, address in people.roles()]
    db.executemany(
        ADD_ADDRESS,
        [{"message_id": message_id, "role": role, "key": key} for role, key in keys],
    )
    named = [{"message_id": message_id, "parent": storable(parent)} for parent in parents]
    if named:
        db.executemany(_ADD_REFERENCE, named)
    if files:
        db.executemany(
            _ADD_ATTACHMENT,
            [
                {
                    "message_id": message_id,
                    "ordinal": ordinal,
                    "part": storable(file.part),
                    "name": storable(file.name),
                    "media_type": storable(file.media_type),
                    "size": file.size,
                    "sha256": file.sha256,
                }
                for ordinal, file in enumerate(files)
            ],
        )


def _cleaned(row: dict[str, Any]) -> dict[str, Any]:
    for name, value in row.items():
        if isinstance(value, str) and not value.isascii():
            row[name] = storable(value)
    return row

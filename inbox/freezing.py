"""Freezing: what a row of the outbox becomes when it leaves."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from inbox.address import ChannelKind
from inbox.errors import NotFound
from inbox.line import Line
from inbox.outgoing import Outgoing, OutgoingAttachment
from inbox.portal_thread import about_reference
from inbox.practice import Practice
from inbox.repository import OutboxRow, Repository


async def outgoing_of(
    repository: Repository, practice: Practice, row: OutboxRow, line: Line
) -> Outgoing:
    """What a row becomes when it leaves, with its files.

    Raises:
        StoreError: a file of it cannot be read.
    """
    files = [
        OutgoingAttachment(file.name, file.media_type, await repository.blobs.get(file.sha256))
        for file in row.draft.attachments
    ]
    caller = practice.member(row.staff_id) if row.draft.call is not None else None
    outgoing = Outgoing(
        outbox_id=row.id,
        uuid=row.uuid,
        line=line,
        to=row.draft.to,
        cc=row.draft.cc,
        subject=row.draft.subject,
        text=row.draft.text,
        message_id=row.rfc_id,
        # Its Date is when it was to leave: one from last night would look late or forged.
        created_at=max(row.created_at, row.draft.send_at or row.created_at),
        in_reply_to=row.in_reply_to,
        references=row.references,
        attachments=tuple(files),
        ring_first=caller.direct_line if caller else "",
    )
    if line.channel is not ChannelKind.PORTAL:
        return outgoing
    return await _in_portal(repository, row, outgoing)


async def _in_portal(repository: Repository, row: OutboxRow, outgoing: Outgoing) -> Outgoing:
    """The same, with its thread and the patient as the portal names them."""
    line = outgoing.line
    own = await repository.conversations.message(row.message_id)
    thread_key = own.thread_key if own.thread_key != own.message_id else ""
    patient = None
    if own.patient_id is not None:
        with suppress(NotFound):
            patient = await repository.patients.get(own.patient_id)
    thread = await repository.portal.thread(line.id, thread_key)
    about = about_reference(line, patient, thread.about, row.draft.to)
    return replace(outgoing, thread_key=thread_key, about=about, references=())

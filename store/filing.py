"""Filing: an arrival becomes a message of a conversation, in one transaction."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from inbox.address import ChannelKind
from inbox.errors import NotFound
from inbox.matching import FOLLOWS
from inbox.message import Direction, Message, MessageKind, MessageStatus, Nature
from inbox.pairing import PairUse
from inbox.patient import PointHealth
from inbox.repository import Filed, Filing, Relative, StatusChange
from inbox.thread import LONGEST, named
from store import (
    call_log,
    contact_point,
    delivery,
    message,
    pair,
    portal,
    record_due,
    signal,
    state,
)
from store.conversation import patient_name, resolve
from store.merge import merge
from store.status import change_status, read_own
from store.transaction import Transactions, Writing
from store.values import (
    pack_address,
    pack_addresses,
    pack_list,
    stamp,
    storable,
    unpack_list,
)

_RELATIVE: Final = """
SELECT m.id, m.rfc_id, m.conversation_id, m.direction, m.in_reply_to, m.refs, m.list_id,
    m.patient_id, m.subject,
    (SELECT json_group_array(other) FROM parted WHERE one = m.conversation_id) AS parted,
    (SELECT f.key FROM message_address AS f WHERE f.message_id = m.id AND f.role = 'from')
        AS sender,
    (SELECT json_group_array(DISTINCT a.key) FROM message_address AS a
        WHERE a.message_id = m.id) AS participants
FROM message AS m WHERE m.id IN ({}) ORDER BY m.id
"""
RELATIVES: Final = _RELATIVE.format(
    """
    SELECT id FROM message WHERE rfc_id <> ''
        AND rfc_id IN (SELECT value FROM json_each(:parents))
    UNION
    SELECT message_id FROM message_reference WHERE parent = :rfc_id AND parent <> ''
    LIMIT 1000
    """
)
_LOOKED_AT: Final = 500
# All of one person that name one id are in one conversation, or were parted: one is enough.
SIBLINGS: Final = _RELATIVE.format(
    f"""
    SELECT (
        SELECT r.message_id FROM (
            SELECT message_id FROM message_reference WHERE parent = named.value
            ORDER BY message_id DESC LIMIT {_LOOKED_AT}) AS r
        CROSS JOIN message AS n ON n.id = r.message_id
        WHERE (n.list_id = :list_id AND :list_id <> '')
            OR EXISTS (SELECT 1 FROM message_address AS b
                WHERE b.message_id = n.id AND b.key = person.value
                    AND (b.role = 'from') = (n.direction = 'inbound'))
        LIMIT 1)
    FROM json_each(:parents) AS named CROSS JOIN json_each(:people) AS person
    LIMIT 4000
    """  # noqa: S608 - constants
)
_RAW: Final = "SELECT id, message_id, state FROM raw WHERE id = :id"
_SET_RAW: Final = "UPDATE raw SET state = :state, message_id = :message_id WHERE id = :id"
_NEW_CONVERSATION: Final = """
INSERT INTO conversation (patient_id, person, person_address)
VALUES (:patient_id, :person, :person_address)
"""
_SUGGEST: Final = """
UPDATE conversation SET suggested_merge = :suggested
WHERE id = :id AND suggested_merge IS NULL AND id <> :suggested
"""
_ABOUT: Final = """
UPDATE conversation SET patient_id = :patient_id WHERE id = :id AND patient_id IS NULL
"""
# What arrives late, older than what is known, wakes nobody.
_WAKE: Final = """
UPDATE conversation SET snoozed_until = NULL
WHERE id = :id AND snoozed_until IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM message WHERE conversation_id = :id
        AND direction = 'inbound' AND nature IN ('personal', 'unreadable') AND at > :at)
"""
_NEW_RAW: Final = "UPDATE message SET raw_id = :raw_id WHERE id = :id"
_GIVE_RAW: Final = "UPDATE message SET raw_id = :raw_id WHERE id = :id AND raw_id IS NULL"


class FilingTable:
    """Implements `inbox.repository.FilingStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def relatives(self, message_id: str, parents: Sequence[str]) -> list[Relative]:
        """Stored messages that bear one of these ids, or that name `message_id`."""
        if not message_id and not parents:
            return []
        ids = [*parents[:LONGEST], message_id]
        values = {
            "rfc_id": storable(message_id),
            "parents": pack_list(storable(id_) for id_ in ids),
        }
        rows = await self._do.read(
            lambda db: db.execute(RELATIVES, values).fetchall(), settled=False
        )
        return [_relative(row) for row in rows]

    async def siblings(
        self, ids: Sequence[str], people: Collection[str], list_id: str = ""
    ) -> list[Relative]:
        """For each of `ids` and each of these people a message of theirs that names it."""
        if not ids or not (people or list_id):
            return []
        values = {
            "parents": pack_list(storable(id_) for id_ in ids[:LONGEST]),
            "people": pack_list(storable(key) for key in sorted(people)[:20] or [""]),
            "list_id": storable(list_id),
        }
        rows = await self._do.read(
            lambda db: db.execute(SIBLINGS, values).fetchall(), settled=False
        )
        return [_relative(row) for row in rows]

    async def with_message_id(self, message_id: str, line_id: str = "") -> list[Message]:
        """Stored messages with this Message-ID (of one line, when given), oldest first."""
        return await self._do.read(
            lambda db: message.with_rfc_id(db, message_id, line_id), settled=False
        )

    async def with_provider_id(self, provider_id: str) -> Message | None:
        """The message of ours that a provider knows by this name, of any attempt; or None."""
        return await self._do.read(lambda db: delivery.message_of(db, provider_id))

    async def bears(self, provider_id: str) -> bool:
        """Whether any stored text or call goes by this name at its provider."""
        return await self._do.read(lambda db: delivery.bears(db, provider_id))

    async def unsettled_on(self, pair_key: str) -> list[Message]:
        """Messages of ours on a pair that are being sent or may have left; see the contract."""
        return await self._do.read(lambda db: pair.unsettled(db, pair_key))

    async def on_pair(self, pair_key: str, at: datetime) -> list[PairUse]:
        """The messages on a pair of numbers around a moment: at most 60 each before and after."""
        return await self._do.read(lambda db: pair.around(db, pair_key, at))

    async def waiting_on(self, patient_id: str) -> list[int]:
        """Conversations with a patient in which we wait for them; at most two."""
        return await self._do.read(lambda db: pair.waiting_on(db, patient_id))

    async def file(self, filing: Filing) -> Filed:
        """File one arrival in one transaction; see the contract."""
        return await self._do.write(lambda writing: file(writing, filing), settled=False)


def file(writing: Writing, filing: Filing) -> Filed:
    """File one arrival, inside a transaction."""
    db = writing.db
    raw = db.execute(_RAW, {"id": filing.raw_id}).fetchone()
    if raw is None:
        raise NotFound("The raw message of this arrival is not stored here.", "Sync again.")
    simple = filing.echo_of is None and filing.replaces is None and raw["message_id"] is None
    if not simple or filing.changes or len(filing.conversations) > 1:
        writing.settle()
    for change in filing.changes:
        change_status(writing, change)
    for address, reason in filing.bad_points:
        contact_point.mark(writing, address, PointHealth.BAD, reason)
    on_portal = filing.arrival.channel is ChannelKind.PORTAL
    if on_portal:
        portal.hear(writing, filing.line_id, filing.arrival)
    filed = _file(writing, filing, raw["message_id"])
    if on_portal and filed.message_id is not None:
        portal.settle(writing, filing, filed.message_id)
    if filing.direction is Direction.OUTBOUND and filing.arrival.channel is ChannelKind.SMS:
        delivery.heed(writing, filing.arrival.report)
    return filed


def _file(writing: Writing, filing: Filing, message_id: int | None) -> Filed:
    db = writing.db
    earlier = None if message_id is None else read_own(db, message_id)
    if filing.echo_of is not None:
        return _echo(writing, filing, filing.echo_of)
    if filing.replaces is not None:
        db.execute(_NEW_RAW, {"id": filing.replaces, "raw_id": filing.raw_id})
        return _again(writing, filing, filing.replaces, read_own(db, filing.replaces))
    if earlier is not None and message_id is not None:
        if earlier["outbox_id"] is not None:
            return _echo(writing, filing, message_id)
        return _again(writing, filing, message_id, earlier)
    if not filing.visible:
        _set_raw(db, filing, None)
        return Filed(None, None)
    return _anew(writing, filing)


def _anew(writing: Writing, filing: Filing) -> Filed:
    db = writing.db
    joined = list(dict.fromkeys(resolve(db, known) for known in filing.conversations))
    conversation_id = joined[0] if joined else _new_conversation(db, filing)
    for other in joined[1:]:
        writing.settle()
        merge(writing, conversation_id, other)
    if filing.suggested_merge is not None:
        suggested = resolve(db, filing.suggested_merge)
        db.execute(_SUGGEST, {"id": conversation_id, "suggested": suggested})
    if joined and filing.patient_id is not None:
        db.execute(_ABOUT, {"id": conversation_id, "patient_id": filing.patient_id})
    arrival = filing.arrival
    message_id = message.insert(
        writing,
        {
            **_values(db, filing, filing.patient_id, filing.match_reason),
            "uuid": str(uuid.uuid4()),
            "conversation_id": conversation_id,
            "raw_id": filing.raw_id,
        },
        _people(filing),
        parents=named(arrival),
        files=arrival.attachments,
    )
    _set_raw(db, filing, message_id)
    if joined and filing.direction is Direction.INBOUND:
        db.execute(_WAKE, {"id": conversation_id, "at": stamp(filing.at)})
    heard = _heard(db, filing, message_id, conversation_id)
    if filing.patient_id is not None:
        record_due.add_first(
            db, message_id, filing.patient_id, conversation_id, filing.status.value
        )
    writing.derive(conversation_id)
    writing.tell_conversation(conversation_id)
    return Filed(conversation_id, message_id, heard)


def _again(writing: Writing, filing: Filing, message_id: int, earlier: sqlite3.Row) -> Filed:
    """Put the whole of a message in the place of what was read of it before."""
    db = writing.db
    patient_id, reason = _whom(filing, earlier)
    if earlier["patient_id"] not in {None, patient_id}:
        record_due.mistaken(db, message_id)
    message.replace(
        writing,
        message_id,
        _values(db, filing, patient_id, reason),
        _people(filing),
        parents=named(filing.arrival),
        files=filing.arrival.attachments,
    )
    _set_raw(db, filing, message_id)
    conversation_id = earlier["conversation_id"]
    if patient_id is not None:
        db.execute(_ABOUT, {"id": conversation_id, "patient_id": patient_id})
    heard = _heard(db, filing, message_id, conversation_id, again=True)
    record_due.add(db, message_id)
    state.refresh(db, conversation_id)
    writing.tell_conversation(conversation_id)
    return Filed(conversation_id, message_id, heard)


def _whom(filing: Filing, earlier: sqlite3.Row) -> tuple[str | None, str]:
    """Whom a message is about once it was read again, and why; what a person said stands."""
    before, reason = earlier["patient_id"], earlier["match_reason"]
    if before is None:
        return filing.patient_id, filing.match_reason
    corrected = filing.arrival.channel is ChannelKind.PORTAL and filing.patient_id is not None
    if corrected and not reason.startswith("chosen by ") and filing.match_reason != FOLLOWS:
        # The portal says now that it is about somebody else.
        return filing.patient_id, filing.match_reason
    return before, reason


def _heard(
    db: sqlite3.Connection,
    filing: Filing,
    message_id: int,
    conversation_id: int,
    *,
    again: bool = False,
) -> frozenset[str]:
    if not filing.signs and not again:
        return frozenset()
    sender = filing.arrival.sender
    return signal.add(db, message_id, conversation_id, filing.signs, sender, filing.at, again=again)


def _echo(writing: Writing, filing: Filing, message_id: int) -> Filed:
    """Our own message, seen on the server: it left, whatever we knew of it."""
    db = writing.db
    own = read_own(db, message_id)
    delivery.name(db, own["outbox_id"], filing.provider_id)
    db.execute(_GIVE_RAW, {"id": message_id, "raw_id": filing.raw_id})
    _set_raw(db, filing, message_id)
    if filing.arrival.ending is not None and own["outbox_id"] is not None:
        call_log.told(writing, message_id, filing.arrival)
    if own["status"] == MessageStatus.UNKNOWN:
        change_status(writing, StatusChange(message_id, MessageStatus.SENT))
    return Filed(None, message_id)


def _new_conversation(db: sqlite3.Connection, filing: Filing) -> int:
    arrival = filing.arrival
    other_end = arrival.sender
    if filing.direction is Direction.OUTBOUND:
        other_end = next(iter((*arrival.to, *arrival.cc)), None)
    added = db.execute(
        _NEW_CONVERSATION,
        {
            "patient_id": filing.patient_id,
            "person": storable(other_end.name) if other_end else "",
            "person_address": storable(other_end.value) if other_end else "",
        },
    )
    return int(added.lastrowid or 0)


def _values(
    db: sqlite3.Connection, filing: Filing, patient_id: str | None, reason: str
) -> dict[str, Any]:
    arrival = filing.arrival
    at = stamp(filing.at)
    nature = Nature.UNREADABLE if filing.quarantined else arrival.nature
    return {
        "direction": filing.direction.value,
        "channel": arrival.channel.value,
        "kind": arrival.kind.value,
        "nature": nature.value,
        "status": filing.status.value,
        "line_id": filing.line_id,
        "at": at,
        "answers_until": _answers_until(filing, at),
        "sent_at": stamp(arrival.sent_at),
        "sender": pack_address(arrival.sender),
        "recipients": pack_addresses(arrival.to),
        "cc": pack_addresses(arrival.cc),
        "reply_to": pack_addresses(arrival.reply_to),
        "rfc_id": arrival.message_id,
        "in_reply_to": pack_list(arrival.in_reply_to),
        "refs": pack_list(arrival.references),
        "thread_key": arrival.thread_key,
        "list_id": arrival.list_id,
        "patient_id": patient_id,
        "match_reason": reason,
        "partial": filing.partial,
        "ending": arrival.ending.value if arrival.ending else "",
        "seconds": arrival.seconds,
        "about": pack_address(arrival.about),
        "version": arrival.version,
        "identifiers": pack_list(arrival.identifiers),
        "indexed_patient": patient_name(db, patient_id),
        "subject": arrival.subject,
        "text": arrival.text,
        "whole": None if arrival.whole == arrival.text else arrival.whole,
    }


def _answers_until(filing: Filing, at: int | None) -> int | None:
    """Up to when what they wrote is answered by a message of ours that was made elsewhere.

    What a carrier answers by itself answers nothing; nor does a call, because a machine may have
    picked it up.
    """
    if filing.direction is not Direction.OUTBOUND:
        return None
    called = filing.arrival.kind in {MessageKind.CALL, MessageKind.VOICEMAIL}
    nothing = filing.arrival.nature in {Nature.AUTO_REPLY, Nature.RETRACTED}
    return 0 if called or nothing else at


def _people(filing: Filing) -> message.People:
    arrival = filing.arrival
    return message.People(arrival.sender, arrival.to, arrival.cc, arrival.reply_to)


def _set_raw(db: sqlite3.Connection, filing: Filing, message_id: int | None) -> None:
    raw_state = "quarantined" if filing.quarantined else "filed"
    values = {"id": filing.raw_id, "state": raw_state, "message_id": message_id}
    db.execute(_SET_RAW, values)


def _relative(row: sqlite3.Row) -> Relative:
    named = (*unpack_list(row["in_reply_to"]), *reversed(unpack_list(row["refs"])))
    return Relative(
        message_id=row["id"],
        rfc_id=row["rfc_id"],
        conversation_id=row["conversation_id"],
        direction=Direction(row["direction"]),
        participants=frozenset(json.loads(row["participants"])),
        sender=row["sender"] or "",
        parents=tuple(dict.fromkeys(named)),
        list_id=row["list_id"],
        patient_id=row["patient_id"],
        subject=row["subject"],
        parted=frozenset(json.loads(row["parted"])),
    )

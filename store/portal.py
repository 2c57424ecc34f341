"""The portal: its threads, its messages by its own names, and what it tells of ours."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from inbox.delivery import rank_of, status_after, words_of
from inbox.matching import NOBODY
from inbox.message import (
    Arrival,
    DeliveryReport,
    Direction,
    FailedRecipient,
    Message,
    MessageStatus,
    Nature,
)
from inbox.repository import Filing, StatusChange
from inbox.storage.portal import PortalThread, ThreadMember
from inbox.version import version_time
from store import conversation, message, record_due, state
from store.merge import merge
from store.status import change_status
from store.transaction import Transactions, Writing
from store.values import moment, pack_list, stamp, storable, unpack_address, unpack_list

_MEMBER: Final = """
SELECT m.id, m.rfc_id, m.thread_key, m.conversation_id, m.at, m.in_reply_to, m.patient_id,
    m.match_reason, m.outbox_id FROM message AS m
"""
IN_THREAD: Final = f"""
{_MEMBER} WHERE m.thread_key = :thread_key AND m.thread_key <> '' AND m.line_id = :line_id
    AND m.channel = 'portal' AND m.status <> 'cancelled'
ORDER BY m.at DESC, m.id DESC LIMIT 50
"""
NAMED: Final = f"""
{_MEMBER} WHERE m.rfc_id <> '' AND m.rfc_id IN (SELECT value FROM json_each(:parents))
    AND m.line_id = :line_id AND m.channel = 'portal' LIMIT 50
"""  # noqa: S608 - constants
ANSWERING: Final = f"""
{_MEMBER} WHERE m.id IN (SELECT message_id FROM message_reference WHERE parent = :rfc_id
        AND parent <> '') AND m.line_id = :line_id AND m.channel = 'portal' LIMIT 50
"""  # noqa: S608 - constants
KNOWN: Final = """
SELECT id FROM message WHERE rfc_id = :rfc_id AND rfc_id <> '' AND line_id = :line_id
    AND channel = 'portal' ORDER BY id LIMIT 1
"""
_OURS: Final = """
SELECT id FROM message WHERE uuid = :uuid AND line_id = :line_id AND outbox_id IS NOT NULL
"""
THREAD: Final = """
SELECT subject, can_reply, completed FROM portal_thread
WHERE line_id = :line_id AND thread_key = :thread_key
"""
KEEPS_OPEN: Final = """
SELECT EXISTS (SELECT 1 FROM portal_thread WHERE line_id = :line_id AND seen_open = 1)
"""
ANSWERED: Final = """
SELECT m.sender, m.about, EXISTS (SELECT 1 FROM message AS o
    WHERE o.thread_key = :thread_key AND o.thread_key <> '' AND o.line_id = :line_id
        AND o.channel = 'portal' AND o.direction = 'outbound' AND o.at < m.at
        AND o.status IN ('sent', 'delivered')) AS answered
FROM message AS m
WHERE m.thread_key = :thread_key AND m.thread_key <> '' AND m.line_id = :line_id
    AND m.channel = 'portal' AND m.direction = 'inbound' AND m.nature = 'personal'
ORDER BY m.at DESC, m.id DESC LIMIT 1
"""
CURRENT: Final = """
SELECT thread_key FROM message
WHERE conversation_id = :id AND thread_key <> '' AND channel = 'portal' AND line_id = :line_id
    AND status <> 'cancelled'
ORDER BY at DESC, id DESC LIMIT 1
"""
CONVERSATIONS: Final = """
SELECT DISTINCT conversation_id FROM message
WHERE thread_key = :thread_key AND thread_key <> '' AND line_id = :line_id AND channel = 'portal'
"""
HEAR: Final = """
INSERT INTO portal_thread (line_id, thread_key) VALUES (:line_id, :thread_key)
ON CONFLICT DO NOTHING
"""
NAME: Final = """
UPDATE portal_thread SET subject = :subject, subject_version = :version
WHERE line_id = :line_id AND thread_key = :thread_key
    AND (:version, :subject) > (subject_version, subject)
"""
# Of two words of the same version the one that says no counts: it is the safe one.
CAN_REPLY: Final = """
UPDATE portal_thread SET can_reply = :can_reply, reply_version = :version
WHERE line_id = :line_id AND thread_key = :thread_key
    AND (can_reply IS NULL OR :version > reply_version
        OR (:version = reply_version AND :can_reply < can_reply))
"""
# Completed counts of two words of the same version: it is the safe one.
COMPLETED: Final = """
UPDATE portal_thread SET completed = :completed, status_version = :version
WHERE line_id = :line_id AND thread_key = :thread_key
    AND (completed IS NULL OR :version > status_version
        OR (:version = status_version AND :completed > completed))
"""
OPEN: Final = """
UPDATE portal_thread SET seen_open = 1 WHERE line_id = :line_id AND thread_key = :thread_key
"""
_LEARN: Final = """
UPDATE message SET rfc_id = :rfc_id, thread_key = :thread_key WHERE id = :id
"""
_OWN_NAMES: Final = """
SELECT rfc_id, thread_key, line_id, conversation_id, at FROM message WHERE id = :id
"""
_ANSWERS_UNTIL: Final = """
UPDATE message SET answers_until = :at WHERE id = :id AND answers_until > :at
"""
_TOLD: Final = "SELECT told, status FROM message WHERE id = :id"
_TELL: Final = "UPDATE message SET told = :told WHERE id = :id"
_EARLIER: Final = """
UPDATE message SET at = :at, answers_until = iif(answers_until > :at, :at, answers_until)
WHERE id = :id AND at > :at
"""
# The two clocks may differ: what answers ours came later.
_AFTER_OURS: Final = """
UPDATE message SET at = :at + 1000 WHERE at <= :at AND direction = 'inbound'
    AND line_id = :line_id AND channel = 'portal'
    AND id IN (SELECT message_id FROM message_reference WHERE parent = :rfc_id AND parent <> '')
"""
_RETRACT: Final = """
UPDATE message SET nature = 'retracted', answers_until = 0, status_text = :text
WHERE id = :id AND nature <> 'retracted'
"""
ORPHANS: Final = """
SELECT id FROM message INDEXED BY message_unlinked
WHERE conversation_id = :id AND patient_id IS NULL AND channel = 'portal'
    AND match_reason = :nobody
"""


class PortalTable:
    """Implements `inbox.repository.PortalStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def members(
        self, line_id: str, thread_keys: Sequence[str], provider_id: str, parents: Sequence[str]
    ) -> list[ThreadMember]:
        """Portal messages of a line that an arrival is threaded by; see the contract."""
        return await self._do.read(
            lambda db: members(db, line_id, thread_keys, provider_id, parents)
        )

    async def known(self, line_id: str, provider_id: str) -> Message | None:
        """The message of a line that bears this name; None when there is none."""
        values = {"line_id": line_id, "rfc_id": storable(provider_id)}
        return await self._do.read(lambda db: _one(db, KNOWN, values))

    async def ours(self, line_id: str, uuid: str) -> Message | None:
        """The message of the outbox with this uuid, when it is that line's; or None."""
        values = {"line_id": line_id, "uuid": storable(uuid)}
        return await self._do.read(lambda db: _one(db, _OURS, values))

    async def thread(self, line_id: str, thread_key: str) -> PortalThread:
        """What is known of a thread; nothing when it is not known."""
        values = {"line_id": line_id, "thread_key": storable(thread_key)}

        def read(db: sqlite3.Connection) -> PortalThread:
            said = db.execute(THREAD, values).fetchone()
            theirs = db.execute(ANSWERED, values).fetchone()
            word = said["can_reply"] if said else None
            completed = said["completed"] if said else None
            about = theirs and (theirs["about"] or theirs["sender"])
            return PortalThread(
                subject=said["subject"] if said else "",
                can_reply=None if word is None else bool(word),
                completed=None if completed is None else bool(completed),
                keeps_open=bool(db.execute(KEEPS_OPEN, values).fetchone()[0]),
                answered=bool(theirs and theirs["answered"]),
                about=unpack_address(about) if about else None,
            )

        return await self._do.read(read)

    async def current_thread(self, conversation_id: int, line_id: str) -> str:
        """The thread that a conversation was last continued in on a line; empty: none."""

        def read(db: sqlite3.Connection) -> str:
            values = {"id": conversation.resolve(db, conversation_id), "line_id": line_id}
            row = db.execute(CURRENT, values).fetchone()
            return str(row["thread_key"]) if row is not None else ""

        return await self._do.read(read)


def members(
    db: sqlite3.Connection,
    line_id: str,
    thread_keys: Sequence[str],
    provider_id: str,
    parents: Sequence[str],
) -> list[ThreadMember]:
    """Portal messages of a line that belong together with an arrival, oldest first."""
    found: dict[int, sqlite3.Row] = {}
    own = {"line_id": line_id}
    for key in dict.fromkeys(thread_keys):
        for row in db.execute(IN_THREAD, {**own, "thread_key": storable(key)}):
            found[row["id"]] = row
    named = pack_list(storable(one) for one in parents[:50])
    for row in db.execute(NAMED, {**own, "parents": named}):
        found[row["id"]] = row
    for row in db.execute(ANSWERING, {**own, "rfc_id": storable(provider_id)}):
        found[row["id"]] = row
    rows = sorted(found.values(), key=lambda row: (row["at"], row["id"]))
    return [
        ThreadMember(
            message_id=row["id"],
            provider_id=row["rfc_id"],
            thread_key=row["thread_key"],
            conversation_id=row["conversation_id"],
            at=moment(row["at"]),
            parents=unpack_list(row["in_reply_to"]),
            patient_id=row["patient_id"],
            chosen=row["match_reason"].startswith("chosen by "),
            ours=row["outbox_id"] is not None,
        )
        for row in rows
    ]


def hear(writing: Writing, line_id: str, arrival: Arrival) -> None:
    """Keep what an arrival says of its thread: its name, and what it is good for."""
    db, key = writing.db, storable(arrival.thread_key)
    named = arrival.subject if arrival.nature is Nature.THREAD else ""
    completed = arrival.thread_completed
    if not key or not (named or arrival.can_reply is not None or completed is not None):
        return
    values = {"line_id": line_id, "thread_key": key, "version": arrival.version}
    db.execute(HEAR, values)
    if arrival.can_reply is not None:
        db.execute(CAN_REPLY, {**values, "can_reply": int(arrival.can_reply)})
    if completed is not None:
        db.execute(COMPLETED, {**values, "completed": int(completed)})
    if completed is False:
        db.execute(OPEN, values)
    if named and db.execute(NAME, {**values, "subject": storable(named)}).rowcount:
        for row in db.execute(CONVERSATIONS, values).fetchall():
            state.refresh(db, row["conversation_id"])
            writing.tell_conversation(row["conversation_id"])


def settle(writing: Writing, filing: Filing, message_id: int) -> None:
    """Let a stored message follow what was filed of it just now."""
    arrival = filing.arrival
    if filing.echo_of is None:
        if filing.patient_id is not None:
            adopt(writing, message.read(writing.db, message_id).conversation_id)
    elif message.read(writing.db, message_id).outbox_id is None:
        seen_again(writing, message_id, stamp(filing.at))
    else:
        learn(writing, message_id, arrival.message_id, arrival.thread_key)
        _by_its_clock(writing, message_id, arrival.version)
        if arrival.retracted:
            retract(writing, message_id, "taken back in the portal")
    if filing.direction is Direction.OUTBOUND:
        told(writing, message_id, arrival.report)


def learn(writing: Writing, message_id: int, provider_id: str, thread_key: str) -> None:
    """Keep what the portal calls a message of ours, and join what is in its thread already.

    An answer may be read before we know what the portal called the message that it answers.
    """
    db = writing.db
    if provider_id in {"", "taken"} and not thread_key:
        return
    own = db.execute(_OWN_NAMES, {"id": message_id}).fetchone()
    name = storable(provider_id) or own["rfc_id"]
    # Where a portal has no threads of its own, one is called by its first message.
    key = storable(thread_key) or own["thread_key"] or name
    if (name, key) == (own["rfc_id"], own["thread_key"]):
        return
    db.execute(_LEARN, {"id": message_id, "rfc_id": name, "thread_key": key})
    db.execute(_AFTER_OURS, {"rfc_id": name, "line_id": own["line_id"], "at": own["at"]})
    joined = {own["conversation_id"]}
    if key != own["thread_key"]:
        related = members(db, own["line_id"], [key, name], name, [])
        joined |= {one.conversation_id for one in related}
    kept = min(joined)
    for other in sorted(joined - {kept}):
        merge(writing, kept, other)
    if len(joined) > 1:
        adopt(writing, kept)
    state.refresh(db, kept)
    writing.tell_conversation(kept)


def _by_its_clock(writing: Writing, message_id: int, version: str) -> None:
    """What they wrote after the portal had our message is not answered by it.

    Its clock may be behind ours, and what they write is told by its clock.
    """
    had = version_time(version)
    if had is None:
        return
    values = {"id": message_id, "at": stamp(had)}
    if writing.db.execute(_ANSWERS_UNTIL, values).rowcount:
        own = message.read(writing.db, message_id)
        state.refresh(writing.db, own.conversation_id)
        writing.tell_conversation(own.conversation_id)


def told(writing: Writing, message_id: int, report: DeliveryReport | None) -> None:
    """Keep the furthest that a portal tells of a message of ours, and let the message follow."""
    db = writing.db
    known = _word(db.execute(_TOLD, {"id": message_id}).fetchone()["told"])
    for word in report.recipients if report is not None else ():
        if rank_of(word.action) > (rank_of(known.action) if known else 0):
            known = word
            packed = json.dumps([word.action, word.diagnostic, word.hint])
            db.execute(_TELL, {"id": message_id, "told": packed})
    follow(writing, message_id)


def follow(writing: Writing, message_id: int) -> None:
    """Let a message follow the furthest word on it, as soon as it is known to have left."""
    row = writing.db.execute(_TOLD, {"id": message_id}).fetchone()
    word = _word(row["told"])
    status = status_after(MessageStatus(row["status"]), word.action) if word is not None else None
    if word is not None and status is not None:
        change_status(writing, StatusChange(message_id, status, words_of(word), word.hint))


def retract(writing: Writing, message_id: int, text: str) -> None:
    """A message of ours was taken back: it answers nothing, and the record says so."""
    db = writing.db
    if db.execute(_RETRACT, {"id": message_id, "text": storable(text)}).rowcount:
        own = message.read(db, message_id)
        record_due.add(db, message_id)
        state.refresh(db, own.conversation_id)
        writing.tell_conversation(own.conversation_id)


def seen_again(writing: Writing, message_id: int, at: int) -> None:
    """An earlier version of a message shows that it came earlier than was known."""
    if writing.db.execute(_EARLIER, {"id": message_id, "at": at}).rowcount:
        own = message.read(writing.db, message_id)
        state.refresh(writing.db, own.conversation_id)
        writing.tell_conversation(own.conversation_id)


def adopt(writing: Writing, conversation_id: int) -> None:
    """Messages that name nobody we know are about whom their conversation is about."""
    db = writing.db
    row = db.execute(
        "SELECT patient_id FROM conversation WHERE id = :id", {"id": conversation_id}
    ).fetchone()
    if row["patient_id"] is None:
        return
    values = {"id": conversation_id, "nobody": NOBODY}
    for orphan in db.execute(ORPHANS, values).fetchall():
        conversation.link_message(writing, orphan["id"], row["patient_id"], "as this conversation")


def _word(stored: str) -> FailedRecipient | None:
    if not stored:
        return None
    action, diagnostic, hint = json.loads(stored)
    return FailedRecipient("", action, "", diagnostic, hint)


def _one(db: sqlite3.Connection, statement: str, values: dict[str, str]) -> Message | None:
    row = db.execute(statement, values).fetchone()
    return None if row is None else message.read(db, row["id"])

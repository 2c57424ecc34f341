"""What providers tell of texts of ours, by the names they gave them."""

from __future__ import annotations

import sqlite3
from typing import Final

from inbox.delivery import TRIED_LATER, TRY_LATER, WORTH_TRYING, rank_of, status_after, words_of
from inbox.message import DeliveryReport, Effect, FailedRecipient, Message, MessageStatus
from inbox.repository import StatusChange
from store import message, record_due, state
from store.status import change_status
from store.transaction import Writing
from store.values import moment, stamp, storable

_NAME: Final = """
INSERT INTO sent_as (provider_id, outbox_id, attempt)
SELECT :provider_id, id, attempts FROM outbox WHERE id = :id
ON CONFLICT DO NOTHING
"""
_GIVE_NAME: Final = """
UPDATE outbox SET provider_id = :provider_id
WHERE id = :id AND EXISTS (SELECT 1 FROM sent_as AS s WHERE s.provider_id = :provider_id
    AND s.outbox_id = outbox.id AND s.attempt = outbox.attempts)
"""
IS_NAMED: Final = """
SELECT 1 FROM sent_as AS s JOIN outbox AS o ON o.id = s.outbox_id
WHERE s.outbox_id = :id AND s.attempt = o.attempts LIMIT 1
"""
NAMED: Final = """
SELECT o.message_id FROM sent_as AS s JOIN outbox AS o ON o.id = s.outbox_id
WHERE s.provider_id = :provider_id
"""
ELSEWHERE: Final = """
SELECT id FROM message
WHERE rfc_id = :provider_id AND rfc_id <> '' AND channel IN ('sms', 'phone') LIMIT 1
"""
_KEEP: Final = """
INSERT INTO delivery_word (provider_id, rank, action, diagnostic, hint, effect)
VALUES (:provider_id, :rank, :action, :diagnostic, :hint, :effect)
ON CONFLICT (provider_id) DO UPDATE SET rank = excluded.rank, action = excluded.action,
    diagnostic = excluded.diagnostic, hint = excluded.hint, effect = excluded.effect
WHERE excluded.rank > delivery_word.rank
"""
WORD: Final = """
SELECT action, diagnostic, hint, effect FROM delivery_word WHERE provider_id = :provider_id
"""
SPOKEN_OF: Final = """
SELECT o.message_id, o.status, o.id AS outbox_id, o.sent_at, o.tried_later, o.conversation_id
FROM sent_as AS s JOIN outbox AS o ON o.id = s.outbox_id
WHERE s.provider_id = :provider_id AND o.provider_id = s.provider_id
UNION ALL
SELECT id, status, NULL, NULL, 1, conversation_id FROM message
WHERE rfc_id = :provider_id AND rfc_id <> '' AND channel = 'sms' AND direction = 'outbound'
LIMIT 1
"""
_TRY_LATER: Final = """
UPDATE outbox SET status = 'queued', not_before = :at, automatic_retry = 1, tried_later = 1,
    handing_over = 0, holder = '', hint = :hint
WHERE id = :id AND status = 'failed' AND tried_later = 0
"""
_QUEUED: Final = "UPDATE message SET status = 'queued' WHERE id = :id"


def name(db: sqlite3.Connection, outbox_id: int | None, provider_id: str) -> None:
    """Keep the name that a provider gave to a row of the outbox."""
    if outbox_id is None or not provider_id:
        return
    values = {"id": outbox_id, "provider_id": storable(provider_id)}
    db.execute(_NAME, values)
    db.execute(_GIVE_NAME, values)


def is_named(db: sqlite3.Connection, outbox_id: int) -> bool:
    """Whether the provider has a name for the present attempt of a row: then it has left."""
    return db.execute(IS_NAMED, {"id": outbox_id}).fetchone() is not None


def message_of(db: sqlite3.Connection, provider_id: str) -> Message | None:
    """The message of ours that a provider knows by this name, or None."""
    row = db.execute(NAMED, {"provider_id": storable(provider_id)}).fetchone()
    return None if row is None else message.read(db, row["message_id"])


def bears(db: sqlite3.Connection, provider_id: str) -> bool:
    """Whether any stored text or call goes by this name."""
    values = {"provider_id": storable(provider_id)}
    return any(db.execute(asked, values).fetchone() for asked in (NAMED, ELSEWHERE))


def heed(writing: Writing, report: DeliveryReport | None) -> None:
    """Keep what a provider tells of a text, and let the text follow."""
    if report is None or not report.original_message_id:
        return
    for word in report.recipients:
        if not rank_of(word.action):
            continue
        writing.db.execute(
            _KEEP,
            {
                "provider_id": storable(report.original_message_id),
                "rank": rank_of(word.action),
                "action": word.action,
                "diagnostic": storable(word.diagnostic),
                "hint": storable(word.hint),
                "effect": word.effect.value,
            },
        )
    follow(writing, report.original_message_id)


def follow(writing: Writing, provider_id: str) -> None:
    """Let a text follow the furthest word on it, as soon as both are known."""
    values = {"provider_id": storable(provider_id)}
    told = writing.db.execute(WORD, values).fetchone()
    text = writing.db.execute(SPOKEN_OF, values).fetchone()
    if told is None or text is None:
        return
    status = status_after(MessageStatus(text["status"]), told["action"])
    if status is None:
        return
    word = FailedRecipient(
        "", told["action"], "", told["diagnostic"], told["hint"], Effect(told["effect"])
    )
    change_status(writing, StatusChange(text["message_id"], status, words_of(word), told["hint"]))
    if status is MessageStatus.FAILED and word.effect is Effect.LATER:
        _try_later(writing, text)


def _try_later(writing: Writing, text: sqlite3.Row) -> None:
    """Queue a text once more that certainly did not arrive, for later, where all can see it."""
    now, sent_at = writing.clock(), moment(text["sent_at"])
    if text["tried_later"] or sent_at is None or now - sent_at > WORTH_TRYING:
        return
    values = {"id": text["outbox_id"], "at": stamp(now + TRY_LATER), "hint": TRIED_LATER}
    if not writing.db.execute(_TRY_LATER, values).rowcount:
        return
    writing.db.execute(_QUEUED, {"id": text["message_id"]})
    record_due.add(writing.db, text["message_id"])
    state.refresh(writing.db, text["conversation_id"])

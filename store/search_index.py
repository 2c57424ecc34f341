"""The words of messages: what is put into the full-text index, and taken out again.

The index holds words without text (contentless), so taking a message out needs the very words it
was put in with: both go through `_entry`, which reads nothing but stored columns. Row numbers grow
with the time of the message, so that the newest matches come first whatever order mail arrives in.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from typing import Final

from store.values import Parameters, unpack_addresses

_IN_A_MILLISECOND: Final = 1 << 20
_LAST_MILLISECOND: Final = (1 << 42) - 1

_SOURCE: Final = """
SELECT search_id, text, subject, sender, recipients, cc, reply_to, indexed_patient,
    (SELECT group_concat(name, ' ') FROM (
        SELECT name FROM attachment WHERE message_id = :id ORDER BY ordinal)) AS files
FROM message WHERE id = :id
"""
ADD: Final = """
INSERT INTO message_text (rowid, body, subject, sender, recipients, files, patient)
VALUES (:search_id, :body, :subject, :sender, :recipients, :files, :patient)
"""
IN_ORDER: Final = """
SELECT id FROM message WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY search_id
"""
_REMOVE: Final = """
INSERT INTO message_text
    (message_text, rowid, body, subject, sender, recipients, files, patient)
VALUES ('delete', :search_id, :body, :subject, :sender, :recipients, :files, :patient)
"""
_HIGHEST: Final = """
SELECT max(search_id) FROM message WHERE search_id >= :first AND search_id < :end
"""


def first_id(at: int) -> int:
    """The smallest row number of messages of this moment (microseconds since 1970)."""
    # A server may name any year; 2109 and later share the last place.
    return min(max(0, at // 1000), _LAST_MILLISECOND) * _IN_A_MILLISECOND


def free_id(db: sqlite3.Connection, at: int) -> int:
    """A row number that no message has, in the order of time."""
    first = first_id(at)
    highest = db.execute(_HIGHEST, {"first": first, "end": first + _IN_A_MILLISECOND}).fetchone()[0]
    return first if highest is None else int(highest) + 1


def add(db: sqlite3.Connection, message_ids: Collection[int]) -> None:
    """Put stored messages into the index.

    In the order of their row numbers: FTS5 writes out what it holds whenever a number is smaller
    than the one before, and a mailbox is read newest first.
    """
    if not message_ids:
        return
    values = {"ids": json.dumps(list(message_ids))}
    for row in db.execute(IN_ORDER, values).fetchall():
        db.execute(ADD, _entry(db, row["id"]))


def remove(db: sqlite3.Connection, message_id: int) -> None:
    """Take a message out, before anything of it changes."""
    db.execute(_REMOVE, _entry(db, message_id))


def _entry(db: sqlite3.Connection, message_id: int) -> Parameters:
    row = db.execute(_SOURCE, {"id": message_id}).fetchone()
    return {
        "search_id": row["search_id"],
        "body": row["text"],
        "subject": row["subject"],
        "sender": names(row["sender"] or "[]", row["reply_to"]),
        "recipients": names(row["recipients"], row["cc"]),
        "files": row["files"] or "",
        "patient": row["indexed_patient"],
    }


def names(*lists: str) -> str:
    """Names and addresses of stored lists of addresses, as the index holds them."""
    return " ".join(
        f"{address.name} {address.value}"
        for stored in lists
        if stored != "[]"
        for address in unpack_addresses(stored)
    )

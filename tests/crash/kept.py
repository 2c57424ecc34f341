"""What a data folder holds, read with plain SQL: the yardstick that no crash may move."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from store.record_file import Head, RecordFile

_MESSAGES = """
SELECT m.rfc_id, m.direction, m.nature, m.status, coalesce(m.patient_id, ''), m.subject, m.text,
    m.at, coalesce(r.sha256, '')
FROM message AS m LEFT JOIN raw AS r ON r.id = m.raw_id ORDER BY 1, 6, 7
"""
_CONVERSATIONS = """
SELECT c.state, coalesce(c.patient_id, ''), c.newest_inbound_id > 0, json_group_array(m.subject)
FROM conversation AS c JOIN (SELECT * FROM message ORDER BY at, subject) AS m
    ON m.conversation_id = c.id
WHERE c.merged_into IS NULL GROUP BY c.id
"""
_PLACES = """
SELECT l.folder, l.epoch, l.item, l.gone, r.sha256 FROM location AS l JOIN raw AS r
    ON r.id = l.raw_id ORDER BY 1, 2, 3
"""
_ORPHANS = """
SELECT sha256 FROM raw WHERE state = 'new'
UNION ALL
SELECT sha256 FROM raw WHERE message_id IS NULL AND id NOT IN (SELECT raw_id FROM location)
UNION ALL
SELECT sha256 FROM raw WHERE message_id IS NOT NULL AND message_id NOT IN (SELECT id FROM message)
"""


@dataclass(frozen=True)
class Kept:
    """Everything of a data folder that does not depend on when it was interrupted."""

    messages: tuple[tuple[object, ...], ...]
    """Ids, direction, nature, status, patient, words, time and raw bytes of each."""
    conversations: tuple[tuple[object, ...], ...]
    places: tuple[tuple[object, ...], ...]
    """Where each raw item lies on the server."""
    counts: tuple[tuple[object, ...], ...]
    """Completeness of each folder."""
    records: tuple[tuple[str, str, str], ...]
    """Patient, raw bytes or Message-ID of the message, delivery state, for each entry."""


def read_kept(folder: Path) -> Kept:
    """Read a folder that no process has open, and check that it is whole in itself."""
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute(_ORPHANS).fetchall() == []
        assert db.execute("SELECT * FROM record_due").fetchall() == []
        [indexed] = db.execute("SELECT count(*) FROM message_text").fetchone()
        [messages] = db.execute("SELECT count(*) FROM message").fetchone()
        assert indexed == messages
        return Kept(
            messages=tuple(db.execute(_MESSAGES)),
            conversations=tuple(sorted(db.execute(_CONVERSATIONS))),
            places=tuple(db.execute(_PLACES)),
            counts=tuple(
                db.execute(
                    "SELECT folder, server, stored, quarantined FROM folder_count ORDER BY 1"
                )
            ),
            records=_records(db, folder),
        )


def _records(db: sqlite3.Connection, folder: Path) -> tuple[tuple[str, str, str], ...]:
    known = dict(
        db.execute(
            "SELECT m.uuid, iif(m.rfc_id <> '', m.rfc_id, r.sha256)"
            " FROM message AS m LEFT JOIN raw AS r ON r.id = m.raw_id"
        )
    )
    found = []
    heads = db.execute("SELECT patient_id, sequence, hash, bytes FROM record_head").fetchall()
    for patient_id, *head in heads:
        file = RecordFile(folder / "records", patient_id)
        assert file.verify(Head(*head)).problems == ()
        for line in file.lines():
            entry = json.loads(line)
            state = next(
                one["valueString"] for one in entry["extension"] if one["url"].endswith("delivery")
            )
            found.append((str(patient_id), str(known[entry["id"]]), str(state)))
    files = {path.parent.name for path in (folder / "records").glob("*/communications.ndjson")}
    assert len(files) == len(heads), "a record file that the database does not know"
    return tuple(sorted(found))


@dataclass(frozen=True)
class Sending:
    """What the outbox says of the one answer."""

    rfc_id: str
    status: str
    handing_over: bool


def read_sending(folder: Path) -> Sending | None:
    """The newest row of the outbox, or None; also right after a death."""
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        row = db.execute(
            "SELECT rfc_id, status, handing_over FROM outbox ORDER BY id DESC LIMIT 1"
        ).fetchone()
    return None if row is None else Sending(row[0], row[1], bool(row[2]))

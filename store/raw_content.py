"""The table `raw_content`: the bytes of raw items, large ones written and read in pieces."""

from __future__ import annotations

import sqlite3
from io import BytesIO
from typing import Final

LARGE: Final = 1 << 20
"""Bytes from which on a content is moved in pieces of this size: SQLite keeps copies of its own of
whatever it is given and gives out whole."""

_PUT: Final = """
INSERT INTO raw_content (raw_id, content) VALUES (:raw_id, :content)
ON CONFLICT DO UPDATE SET content = excluded.content
"""
_PUT_ROOM: Final = """
INSERT INTO raw_content (raw_id, content) VALUES (:raw_id, zeroblob(:size))
ON CONFLICT DO UPDATE SET content = excluded.content
"""
GET: Final = f"""
SELECT iif(length(content) < {LARGE}, content, NULL) FROM raw_content WHERE raw_id = :id
"""  # noqa: S608 - a constant


def put(db: sqlite3.Connection, raw_id: int, content: bytes) -> None:
    """Store the bytes of a raw item in the place of those it had."""
    size = len(content)
    if size < LARGE:
        db.execute(_PUT, {"raw_id": raw_id, "content": content})
        return
    db.execute(_PUT_ROOM, {"raw_id": raw_id, "size": size})
    with db.blobopen("raw_content", "content", raw_id) as room, memoryview(content) as whole:
        for start in range(0, size, LARGE):
            room.write(whole[start : start + LARGE])


def get(db: sqlite3.Connection, raw_id: int) -> bytes:
    """The bytes of a raw item that is stored, as they were put."""
    content: bytes | None = db.execute(GET, {"id": raw_id}).fetchone()[0]
    if content is not None:
        return content
    # Its buffer becomes the result: never twice in memory.
    gathered = BytesIO()
    with db.blobopen("raw_content", "content", raw_id, readonly=True) as stored:
        while piece := stored.read(LARGE):
            gathered.write(piece)
    return gathered.getvalue()

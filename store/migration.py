"""Migrations: numbered SQL files, each applied in one recorded transaction after a backup."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from inbox.errors import DatabaseTooNew, StoreError
from store.values import stamp

APPLICATION_ID: Final = 0x54776F57
"""PRAGMA application_id of a Twoway database ("TwoW")."""
LATEST: Final = 12
"""The number of the last migration in the folder `migrations`; a test compares."""
KEPT_BACKUPS: Final = 3

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS migration (
    number     INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT
"""
_RECORD: Final = """
INSERT INTO migration (number, name, sha256, applied_at)
VALUES (:number, :name, :sha256, :applied_at)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered change of the schema."""

    number: int
    """1 for the first; without gaps."""
    name: str
    """The file's name."""
    sql: str


def shipped() -> tuple[Migration, ...]:
    """The migrations of this version, in order."""
    # Not by importlib.resources, whose import takes longer than all else that opens a folder.
    found = Path(__file__).with_name("migrations").glob("*.sql")
    return tuple(
        Migration(int(entry.name[:4]), entry.name, entry.read_text(encoding="utf-8"))
        for entry in sorted(found, key=lambda entry: entry.name)
    )


def version(db: sqlite3.Connection) -> int:
    """The schema version of a database; 0 for an empty one."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def check(db: sqlite3.Connection, latest: int) -> int:
    """Make sure that this program may use the database; return its version.

    Raises:
        DatabaseTooNew: a later version of Twoway wrote it.
        StoreError: it belongs to another program.
    """
    found = version(db)
    application = int(db.execute("PRAGMA application_id").fetchone()[0])
    if application not in (0, APPLICATION_ID) or (application == 0 and not _is_empty(db)):
        raise StoreError(
            "The file twoway.db in the data folder belongs to another program.",
            "Choose another data folder with --data.",
        )
    if found > latest:
        raise DatabaseTooNew(
            f"The database has version {found}, and this Twoway knows versions up to {latest}.",
            "Install the newer Twoway again; the database has not been touched.",
        )
    return found


def same_steps(db: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Make sure that the steps a database was made by are these, letter by letter.

    Raises:
        StoreError: another build of Twoway made it; its tables may differ.
    """
    if not version(db):
        return
    made = dict(db.execute("SELECT number, sha256 FROM migration").fetchall())
    for step in steps:
        digest = hashlib.sha256(step.sql.encode()).hexdigest()
        if made.get(step.number, digest) != digest:
            raise StoreError(
                "The data folder was made by another version of Twoway.",
                "Use that version, or choose another data folder with --data; nothing was changed.",
            )


def migrate(
    db: sqlite3.Connection, backups: Path, now: datetime, steps: Sequence[Migration]
) -> None:
    """Bring a database up to date; an empty one gets the schema.

    Raises:
        StoreError: a step failed; the database is as it was before that step.
    """
    before = check(db, len(steps))
    same_steps(db, steps)
    if before == len(steps):
        return
    _use_wal(db)
    if before:
        back_up(db, backups, before, now)
    db.execute("PRAGMA foreign_keys = OFF")
    try:
        for step in steps[before:]:
            _apply(db, step, now)
    finally:
        db.execute("PRAGMA foreign_keys = ON")


def _apply(db: sqlite3.Connection, step: Migration, now: datetime) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been first.
        if version(db) < step.number:
            db.execute(_TABLE)
            for statement in statements(step.sql):
                db.execute(statement)
            if db.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise StoreError(f"The step {step.name} of the upgrade does not fit the data.")
            digest = hashlib.sha256(step.sql.encode()).hexdigest()
            db.execute(
                _RECORD,
                {
                    "number": step.number,
                    "name": step.name,
                    "sha256": digest,
                    "applied_at": stamp(now),
                },
            )
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {step.number}")
        db.execute("COMMIT")
    except (sqlite3.Error, StoreError) as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR:
            raise
        raise StoreError(
            f"The database could not be upgraded (step {step.name}); it is as it was.",
            "Use the Twoway you used before, and report this.",
        ) from error


def statements(sql: str) -> Iterator[str]:
    """The statements of a file, one by one; triggers stay whole."""
    collected = ""
    for line in sql.splitlines(keepends=True):
        collected += line
        if sqlite3.complete_statement(collected):
            yield collected
            collected = ""
    if any(line.strip() and not line.strip().startswith("--") for line in collected.splitlines()):
        yield collected


def back_up(db: sqlite3.Connection, backups: Path, number: int, now: datetime) -> Path:
    """Copy the whole database into the folder `backups`, and keep the last three copies."""
    target = backups / f"twoway-v{number:04}-{now:%Y%m%dT%H%M%S%f}.db"
    unfinished = target.with_suffix(".part")
    unfinished.touch(mode=0o600)
    with closing(sqlite3.connect(unfinished)) as copy:
        db.backup(copy)
        # The copy is one file: no -wal beside it.
        copy.execute("PRAGMA journal_mode = DELETE")
    unfinished.rename(target)
    for old in sorted(backups.glob("twoway-v*.db"))[:-KEPT_BACKUPS]:
        old.unlink()
    return target


def _is_empty(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is None


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch to WAL; two processes doing so at once refuse each other without waiting."""
    for _ in range(100):
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(0.02)
        else:
            return
    db.execute("PRAGMA journal_mode = WAL")

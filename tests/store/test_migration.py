"""Upgrades: each step whole and recorded, a backup before, back to where it was on failure."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from inbox.errors import DatabaseTooNew, StoreError
from inbox.patient import Confidant, VoicemailConsent
from store import migration
from store.database import open_repository
from store.migration import Migration
from tests.clock import FakeClock
from tests.store.practice import Practice

SHIPPED = migration.shipped()
NEXT = Migration(
    len(SHIPPED) + 1,
    "0900_colour.sql",
    """
    -- a comment; with a semicolon
    ALTER TABLE conversation ADD COLUMN colour TEXT NOT NULL DEFAULT 'none';
    CREATE TRIGGER conversation_colour AFTER UPDATE OF colour ON conversation
    BEGIN
        SELECT 1;
        SELECT 2;
    END;
    """,
)
BROKEN = Migration(
    NEXT.number + 1,
    "0901_broken.sql",
    "CREATE TABLE half (id INTEGER);\nINSERT INTO half VALUES (1);\nNO SUCH STATEMENT;",
)
ORPHANS = Migration(
    NEXT.number + 1, "0901_orphans.sql", "DELETE FROM conversation; CREATE TABLE half (id);"
)


def facts(path: Path) -> tuple[int, list[int], set[str]]:
    with closing(sqlite3.connect(path)) as db:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        applied = [row[0] for row in db.execute("SELECT number FROM migration ORDER BY number")]
        names = {row[0] for row in db.execute("SELECT name FROM sqlite_schema")}
    return version, applied, names


async def old_folder(folder: Path, clock: FakeClock) -> int:
    """A folder of the present version with one conversation in it; the conversation's id."""
    opened = await open_repository(folder, clock)
    conversation = await Practice(opened, clock).conversation("From before")
    await opened.close()
    return conversation


def test_the_shipped_steps_are_numbered_without_gaps() -> None:
    assert [step.number for step in SHIPPED] == list(range(1, migration.LATEST + 1))
    assert all(re.fullmatch(r"\d{4}_[a-z_]+\.sql", step.name) for step in SHIPPED)


async def test_each_step_is_recorded(folder: Path, clock: FakeClock) -> None:
    await old_folder(folder, clock)
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        rows = db.execute("SELECT number, name, sha256 FROM migration").fetchall()
    assert rows == [
        (step.number, step.name, hashlib.sha256(step.sql.encode()).hexdigest()) for step in SHIPPED
    ]
    assert not list((folder / "backups").iterdir()), "an empty database needs no backup"


async def test_an_upgrade_keeps_the_data_and_a_backup(folder: Path, clock: FakeClock) -> None:
    conversation = await old_folder(folder, clock)
    opened = await open_repository(folder, clock, steps=[*SHIPPED, NEXT])
    assert (await opened.conversations.row(conversation)).snippet == "From before"
    await opened.close()
    version, applied, names = facts(folder / "twoway.db")
    assert version == NEXT.number == applied[-1]
    assert "conversation_colour" in names
    (backup,) = (folder / "backups").iterdir()
    assert backup.stat().st_mode & 0o777 == 0o600
    assert facts(backup)[0] == len(SHIPPED)
    with closing(sqlite3.connect(backup)) as db:
        assert db.execute("SELECT snippet FROM conversation").fetchone() == ("From before",)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("step", [BROKEN, ORPHANS], ids=["sql", "references"])
async def test_a_failed_step_leaves_the_version_before_it(
    folder: Path, clock: FakeClock, step: Migration
) -> None:
    conversation = await old_folder(folder, clock)
    with pytest.raises(StoreError, match="could not be upgraded") as caught:
        await open_repository(folder, clock, steps=[*SHIPPED, NEXT, step])
    assert step.name in caught.value.sentence
    version, applied, names = facts(folder / "twoway.db")
    assert version == NEXT.number == applied[-1]
    assert "half" not in names
    opened = await open_repository(folder, clock, steps=[*SHIPPED, NEXT])
    assert (await opened.conversations.row(conversation)).messages == 1
    await opened.close()


async def test_a_version_before_the_upgrade_refuses_it_afterwards(
    folder: Path, clock: FakeClock
) -> None:
    await old_folder(folder, clock)
    await (await open_repository(folder, clock, steps=[*SHIPPED, NEXT])).close()
    with pytest.raises(DatabaseTooNew):
        await open_repository(folder, clock)


async def test_a_folder_made_by_other_steps_is_refused_untouched(
    folder: Path, clock: FakeClock
) -> None:
    other = [*SHIPPED[:-1], replace(SHIPPED[-1], sql=SHIPPED[-1].sql + "-- otherwise\n")]
    await (await open_repository(folder, clock, steps=other)).close()
    before = facts(folder / "twoway.db")

    for steps in (None, [*SHIPPED, NEXT]):
        with pytest.raises(StoreError, match="made by another version of Twoway") as caught:
            await open_repository(folder, clock, steps=steps)
        assert caught.value.hint

    assert facts(folder / "twoway.db") == before
    assert not list((folder / "backups").iterdir())


async def test_three_backups_are_kept(folder: Path, clock: FakeClock) -> None:
    await old_folder(folder, clock)
    steps = list(SHIPPED)
    for number in range(5):
        clock.advance(days=1)
        steps.append(Migration(len(steps) + 1, f"x{number}.sql", f"CREATE TABLE x{number} (id);"))
        await (await open_repository(folder, clock, steps=steps)).close()
    versions = [facts(path)[0] for path in sorted((folder / "backups").iterdir())]
    assert versions == [migration.LATEST + number for number in (2, 3, 4)]


def test_statements_keep_triggers_whole() -> None:
    found = list(migration.statements(NEXT.sql))
    assert len(found) == 2
    assert found[1].strip().endswith("END;")
    assert list(migration.statements("-- nothing\n")) == []


async def test_names_of_who_may_be_told_become_people(folder: Path, clock: FakeClock) -> None:
    old = await open_repository(folder, clock, steps=SHIPPED[:2])
    await old.close()
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        db.execute("INSERT INTO patient VALUES ('p1', 'Rosa', 'Jimenez', '{}')")
        form = '{"voicemail": "detailed", "may_tell": ["Luis", "María"]}'
        db.execute("INSERT INTO privacy_form VALUES ('p1', ?)", (form,))
        db.commit()
    upgraded = await open_repository(folder, clock)
    rosa = await upgraded.patients.get("p1")
    assert rosa.form.may_tell == (Confidant("Luis"), Confidant("María"))
    assert rosa.form.voicemail is VoicemailConsent.DETAILED
    await upgraded.close()

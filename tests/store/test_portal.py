"""What the store keeps of a portal: threads, versions, aliases, and rows that go with others."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.patient import Patient
from store import migration, portal
from store.database import SqliteRepository, open_repository
from store.migration import statements
from tests.clock import FakeClock
from tests.inbox.making import ANN, BEN

KNOWN = replace(
    ANN,
    sources=("Patient/12", "https://ehr.example/fhir/Patient/12"),
    identifiers=("urn:oid:1|12", "|12"),
)


async def ids(repository: SqliteRepository, *aliases: str) -> list[str]:
    return [one.id for one in await repository.patients.by_alias(aliases)]


async def test_patients_are_found_by_what_others_call_them(repository: SqliteRepository) -> None:
    await repository.patients.save([KNOWN, replace(BEN, identifiers=("urn:oid:1|12",))])
    assert await ids(repository, "urn:oid:1|12") == ["p1", "p2"]
    assert await ids(repository, "|12") == ["p1"]
    assert await ids(repository, "Patient/12", "nothing") == ["p1"]
    assert await ids(repository, "12") == await ids(repository) == []
    assert (await repository.patients.get("p1")).identifiers == KNOWN.identifiers
    await repository.patients.save([replace(KNOWN, identifiers=("urn:oid:1|13",))])
    assert await ids(repository, "urn:oid:1|12") == ["p2"]
    assert await ids(repository, "urn:oid:1|13") == ["p1"]


async def test_patients_of_before_are_found_by_their_sources(
    folder: Path, clock: FakeClock
) -> None:
    """A folder of the version before knows references, and no table of them."""
    portal_step = next(one for one in migration.shipped() if "portal_thread" in one.sql)
    before = [one for one in migration.shipped() if one.number < portal_step.number]
    opened = await open_repository(folder, clock, steps=before)
    await opened.close()
    details = {"sources": ["Patient/12"]}
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        db.execute(
            "INSERT INTO patient (id, given, family, details) VALUES ('p1', 'Ann', 'Lee', ?)",
            (json.dumps(details),),
        )
        db.execute("INSERT INTO privacy_form (patient_id, form) VALUES ('p1', '{}')")
        db.commit()
    opened = await open_repository(folder, clock)
    found = await opened.patients.by_alias(["Patient/12"])
    await opened.close()
    assert found == [Patient("p1", "Ann", "Lee", sources=("Patient/12",))]


VERSIONS = st.sampled_from(["", "1", "2", "3"])
SAID = st.sampled_from([None, 0, 1])
WORDS = st.tuples(VERSIONS, st.sampled_from(["", "Ears", "Eyes"]), SAID, SAID)


@settings(max_examples=200, deadline=None)
@given(words=st.lists(WORDS, max_size=6), order=st.randoms(use_true_random=False))
def test_what_is_said_of_a_thread_hangs_on_no_order(
    words: list[tuple[str, str, int | None, int | None]], order: random.Random
) -> None:
    def said(heard: list[tuple[str, str, int | None, int | None]]) -> tuple[object, ...]:
        db = sqlite3.connect(":memory:")
        step = next(one for one in migration.shipped() if "portal_thread" in one.sql)
        [table] = [one for one in statements(step.sql) if "CREATE TABLE portal_thread" in one]
        db.execute(table)
        db.execute(portal.HEAR, {"line_id": "p", "thread_key": "t"})
        for version, subject, can_reply, completed in heard:
            values = {"line_id": "p", "thread_key": "t", "version": version}
            if can_reply is not None:
                db.execute(portal.CAN_REPLY, {**values, "can_reply": can_reply})
            if completed is not None:
                db.execute(portal.COMPLETED, {**values, "completed": completed})
            if completed == 0:
                db.execute(portal.OPEN, values)
            if subject:
                db.execute(portal.NAME, {**values, "subject": subject})
        row: tuple[object, ...] = db.execute(
            "SELECT subject, can_reply, completed, seen_open FROM portal_thread"
        ).fetchone()
        db.close()
        return row

    shuffled = [*words, *words]
    order.shuffle(shuffled)
    assert said(words) == said(shuffled)

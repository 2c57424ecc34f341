"""Patients, drafts, files, lines, leases and the audit trail."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.channel import Census
from inbox.errors import NotFound
from inbox.line import FolderCount, LineHealth, LineState
from inbox.outgoing import Draft, DraftAttachment
from inbox.patient import (
    Confidant,
    Consent,
    ContactPoint,
    Patient,
    PointHealth,
    PointUse,
    PortalState,
    PrivacyForm,
    Proxy,
    RiskWarning,
    VoicemailConsent,
)
from inbox.reply_path import Evidence, EvidenceKind
from inbox.storage.patient import FormChange
from store import structure
from store.database import SqliteRepository, open_repository
from tests.clock import FakeClock
from tests.store.practice import OMAR, ROSA, Practice, phone

FAMILY_PHONE = "+15550100"
ROSA_FULL = Patient(
    "p1",
    "Rosa",
    "Jiménez",
    birth_date=date(1961, 4, 30),
    points=(
        ContactPoint(AddressSystem.EMAIL, "Rosa@Example.com", PointUse.HOME, 2),
        ContactPoint(
            AddressSystem.PHONE, FAMILY_PHONE, PointUse.MOBILE, 1, PointHealth.BAD, "wrong number"
        ),
        ContactPoint(AddressSystem.EMAIL, "gone@example.com", PointUse.OLD),
    ),
    form=PrivacyForm(
        date(2026, 1, 2),
        VoicemailConsent.CALLBACK_ONLY,
        Consent.ACCEPTED,
        Consent.DECLINED,
        Consent.IMPLIED,
        Address(AddressSystem.EMAIL, "private@example.com", "R."),
        (Confidant("Luis", "spouse"), Confidant("María", detail=False)),
        ("+15550100",),
        "2026-01",
        RiskWarning(date(2026, 1, 2), "2"),
        None,
        PortalState.INVITED,
    ),
    preferred_channel=ChannelKind.SMS,
    language="es",
)
LUIS = Patient(
    "p2",
    "Luis",
    "Jiménez",
    proxies=(
        Proxy(
            "Rosa Jiménez",
            "mother",
            (
                ContactPoint(AddressSystem.EMAIL, "rosa@example.com"),
                ContactPoint(AddressSystem.PHONE, "+1 555 0100"),
            ),
            date(2027, 1, 1),
        ),
        Proxy("Ana", "aunt"),
    ),
)


@pytest.fixture
async def family(repository: SqliteRepository) -> SqliteRepository:
    await repository.patients.save([ROSA_FULL, LUIS])
    return repository


# ---------------------------------------------------------------- patients


async def test_patients_come_back_whole(family: SqliteRepository) -> None:
    assert await family.patients.get("p1") == ROSA_FULL
    assert await family.patients.get("p2") == LUIS
    with pytest.raises(NotFound):
        await family.patients.get("p3")


async def test_saving_again_changes(family: SqliteRepository) -> None:
    changed = replace(ROSA_FULL, given="Rosa María", points=ROSA_FULL.points[:1], proxies=())
    await family.patients.save([changed])
    assert await family.patients.get("p1") == changed
    assert await family.patients.by_address(phone(FAMILY_PHONE)) == [LUIS]


async def test_an_address_leads_to_everybody_it_belongs_to(family: SqliteRepository) -> None:
    both = [LUIS, ROSA_FULL]
    assert await family.patients.by_address(email("ROSA@example.COM")) == both
    assert await family.patients.by_address(phone("+1 (555) 0100")) == both
    assert await family.patients.by_address(email(FAMILY_PHONE)) == []
    assert await family.patients.by_address(email("gone@example.com")) == []


async def test_who_is_reached_at_the_same_address_is_known(family: SqliteRepository) -> None:
    shared = await family.patients.shared("p1", 10)
    assert [(one.address.value, one.patient_id, one.name, one.proxy) for one in shared] == [
        ("Rosa@Example.com", "p2", "Luis Jiménez", "mother"),
        (FAMILY_PHONE, "p2", "Luis Jiménez", "mother"),
    ]
    # His mother's addresses are not his own.
    assert await family.patients.shared("p2", 10) == []
    own = replace(LUIS, points=(ContactPoint(AddressSystem.PHONE, FAMILY_PHONE),))
    await family.patients.save([own])
    shared = await family.patients.shared("p1", 10)
    assert [one.proxy for one in shared] == ["mother", ""]


async def test_what_changed_of_a_patient_stays_as_it_was_written(
    family: SqliteRepository, folder: Path
) -> None:
    at = datetime(2026, 3, 4, 16, tzinfo=UTC)
    first = FormChange(at, "dana", "screen", "voicemail", "none", "detailed")
    second = FormChange(at, "sam", "import x.csv", "language", "", "es")
    await family.patients.add_changes("p1", [first, second])
    assert await family.patients.changes("p1", 10) == [second, first]
    assert await family.patients.changes("p1", 1) == [second]
    assert await family.patients.changes("p2", 10) == []
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        for statement in ("UPDATE form_change SET new = ''", "DELETE FROM form_change"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(statement)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["p2", "p1"]),
        ("  ", ["p2", "p1"]),
        ("jim", ["p2", "p1"]),
        ("JIMENEZ ro", ["p1"]),
        ("rosa jiménez", ["p1"]),
        ("osa", []),
        ("p2", ["p2"]),
        ("rosa@ex", ["p2", "p1"]),
        ("+1 555 01", ["p2", "p1"]),
        ("%", []),
        ("*", []),
    ],
)
async def test_patients_are_found(family: SqliteRepository, text: str, expected: list[str]) -> None:
    found = [patient.id for patient in await family.patients.find(text, 9)]
    assert sorted(found) == sorted(expected)
    assert len(await family.patients.find(text, 1)) == min(1, len(expected))


async def test_marking_an_address_marks_it_for_everybody(family: SqliteRepository) -> None:
    await family.patients.mark_point(ROSA, PointHealth.BAD, "unknown user")
    rosa, luis = await family.patients.get("p1"), await family.patients.get("p2")
    assert rosa.points[0].health is PointHealth.BAD
    assert luis.proxies[0].points[0].health_reason == "unknown user"
    await family.patients.mark_point(OMAR, PointHealth.BAD, "nobody has it")


async def test_all_patients_or_none(family: SqliteRepository) -> None:
    broken = replace(LUIS, id="p9", given=None)  # type: ignore[arg-type]  # what must not happen
    with pytest.raises(AttributeError):
        await family.patients.save([replace(LUIS, id="p8"), broken])
    with pytest.raises(NotFound):
        await family.patients.get("p8")


# ---------------------------------------------------------------- drafts and files


async def test_drafts_survive(folder: Path, clock: FakeClock, practice: Practice) -> None:
    drafts = practice.repository.drafts
    draft = Draft(
        ChannelKind.EMAIL,
        "front-desk",
        (ROSA,),
        "Dear \ud83d Rosa",
        "Visit",
        (OMAR,),
        (DraftAttachment("a.pdf", "application/pdf", 3, "ab" * 32),),
        12,
        34,
        "p1",
        clock(),
        33,
        line_chosen=True,
        outbox_id=5,
    )
    await drafts.save("c12", "dana", draft, clock())
    await drafts.save("new", "dana", draft, clock())
    await drafts.save("c9", "lee", draft, clock())
    other = await open_repository(folder, clock)
    assert await other.drafts.load("c12", "dana") == draft
    assert await other.drafts.load("c12", "lee") is None
    assert await other.drafts.conversations("dana") == [12]
    await other.close()
    changed = replace(draft, text="Hi")
    await drafts.save("c12", "dana", changed, clock())
    assert await drafts.load("c12", "dana") == changed
    await drafts.delete("c12", "dana")
    await drafts.delete("c12", "dana")
    assert await drafts.conversations("dana") == []


async def test_files_are_kept_once(repository: SqliteRepository) -> None:
    content = os.urandom(1000)
    name = await repository.blobs.put(content)
    assert await repository.blobs.put(content) == name
    assert await repository.blobs.get(name) == content
    with pytest.raises(NotFound):
        await repository.blobs.get("00" * 32)


# ---------------------------------------------------------------- lines


async def test_the_newest_evidence_of_each_kind(
    repository: SqliteRepository, clock: FakeClock
) -> None:
    lines = repository.lines
    assert await lines.evidence() == []
    for line_id in ("b", "a"):
        for kind in (EvidenceKind.ROUND_TRIP, EvidenceKind.PROBE_SENT):
            for minutes in (5, 9, 7):
                at = clock() + timedelta(minutes=minutes)
                await lines.add_evidence(Evidence(line_id, kind, at, f"after {minutes}"))
    newest = await lines.evidence()
    assert len(newest) == 4
    assert {(seen.line_id, seen.detail) for seen in newest} == {("a", "after 9"), ("b", "after 9")}


async def test_inbound_evidence_is_kept_once_a_minute(
    repository: SqliteRepository, clock: FakeClock
) -> None:
    begun = clock()
    for _ in range(5):
        await repository.lines.add_evidence(Evidence("a", EvidenceKind.INBOUND, clock()))
        clock.advance(seconds=25)
    (seen,) = await repository.lines.evidence()
    assert seen.at == begun + timedelta(seconds=75)
    count = await repository._connections[1].run(
        lambda db: db.execute("SELECT count(*) FROM evidence").fetchone()[0]
    )
    assert count == 2


async def test_health_is_shared_and_knows_the_last_census(
    folder: Path, clock: FakeClock, repository: SqliteRepository
) -> None:
    count = FolderCount("INBOX", 5, 5, 0)
    told = LineHealth("a", LineState.RETRYING, clock(), "No answer.", "Wait.", 3, 9, (count,))
    await repository.lines.save_health(told)
    other = await open_repository(folder, clock)
    assert await other.lines.health() == {"a": told}
    await repository.raw.count("a", [Census("INBOX", "1", frozenset({"1"}))])
    after = (await other.lines.health())["a"]
    assert after.folders == (FolderCount("INBOX", 1, 0, 0),)
    await other.close()


# ---------------------------------------------------------------- leases and audit


async def test_one_holder_at_a_time(
    folder: Path, clock: FakeClock, repository: SqliteRepository
) -> None:
    minute = timedelta(minutes=1)
    other = await open_repository(folder, clock)
    assert await repository.leases.acquire("sync", "me", clock(), minute)
    assert await repository.leases.acquire("sync", "me", clock(), minute)
    assert not await other.leases.acquire("sync", "you", clock(), minute)
    assert await other.leases.acquire("other", "you", clock(), minute)
    assert await other.leases.alive(clock()) == {"me", "you"}
    await repository.leases.release("me")
    assert await other.leases.acquire("sync", "you", clock(), minute)
    clock.advance(minute)
    assert await other.leases.alive(clock()) == set()
    assert await repository.leases.acquire("sync", "me", clock(), minute)
    await other.close()


@pytest.mark.skipif(os.name != "posix", reason="asks for processes as POSIX does")
async def test_the_lease_of_a_dead_process_is_free(
    folder: Path, clock: FakeClock, repository: SqliteRepository
) -> None:
    hour = timedelta(hours=1)
    assert await repository.leases.acquire("sync", "gone", clock(), hour)
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        check=True,
    )
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        db.execute("UPDATE lease SET pid = ?", (int(ended.stdout),))
        db.commit()
    assert await repository.leases.alive(clock()) == set()
    assert await repository.leases.acquire("sync", "me", clock(), hour)
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        db.execute("UPDATE lease SET host = 'elsewhere', pid = ?", (int(ended.stdout),))
        db.commit()
    assert await repository.leases.alive(clock()) == {"me"}, "of another machine only time tells"
    assert not await repository.leases.acquire("sync", "you", clock(), hour)


async def test_the_audit_trail_only_grows(
    folder: Path, clock: FakeClock, repository: SqliteRepository
) -> None:
    audit = repository.audit
    await audit.add("dana", "read", clock(), patient_id="p1", detail="c12")
    clock.advance(minutes=1)
    await audit.add("lee", "sent", clock(), patient_id="p2")
    await audit.add("lee", "login", clock())
    assert [entry[2] for entry in await audit.latest(2)] == ["login", "sent"]
    assert await audit.latest(9, "p1") == [(clock() - timedelta(minutes=1), "dana", "read", "c12")]
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        for statement in ("DELETE FROM audit", "UPDATE audit SET staff_id = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(statement)
        db.rollback()
        assert await audit.problems() == []
        db.execute("DROP TRIGGER audit_keeps_words")
        db.execute("UPDATE audit SET staff_id = 'x' WHERE id = 2")
        db.commit()
    assert await audit.problems() == ["Entry 2 of the audit trail has been changed."]
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        db.execute("DROP TRIGGER audit_keeps_rows")
        db.execute("DELETE FROM audit WHERE id = 1")
        db.commit()
    assert len(await audit.problems()) == 1


def test_json_reads_what_an_earlier_version_wrote() -> None:
    stored = structure.pack(ROSA_FULL.form, without=frozenset({"may_tell"}))
    known = structure.unpack(PrivacyForm, stored)
    assert known == replace(ROSA_FULL.form, may_tell=())
    with_more = stored[:-1] + ', "of_a_later_version": 1}'
    assert structure.unpack(PrivacyForm, with_more) == known


def test_json_refuses_what_it_does_not_know() -> None:
    odd = replace(ROSA_FULL.form, may_tell=object())  # type: ignore[arg-type]  # on purpose
    with pytest.raises(TypeError):
        structure.pack(odd)

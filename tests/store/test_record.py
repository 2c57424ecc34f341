"""The record files: everything due reaches them once, and nothing is changed unseen."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from inbox.errors import StoreError
from inbox.message import Message, MessageStatus
from inbox.record import RecordContext, Resource, communication
from inbox.repository import RecordDue
from store.database import open_repository
from store.record_file import RecordFile
from tests.clock import FakeClock
from tests.store.practice import DESK, ROSA_PATIENT, Practice

PATIENT = ROSA_PATIENT.id


def resource(practice: Practice, due: RecordDue) -> Resource:
    context = RecordContext(due.patient_id, DESK.value, "Dana Reyes", due.because, due.findings)
    return communication(due.message, context, practice.clock())


async def write_all(practice: Practice) -> list[Message]:
    written = []
    for due in await practice.repository.records.due(99):
        await practice.repository.records.write(due.patient_id, [(due, resource(practice, due))])
        written.append(due.message)
    return written


async def arrive(practice: Practice, text: str = "Hello") -> int:
    filed = await practice.receive(text, filing={"patient_id": PATIENT})
    assert filed.conversation_id is not None
    return filed.conversation_id


def file_of(folder: Path) -> RecordFile:
    return RecordFile(folder / "records", PATIENT)


def delivery(entry: Resource) -> str:
    return str(next(e["valueString"] for e in entry["extension"] if e["url"].endswith("/delivery")))


async def test_every_state_of_every_message_gets_there(practice: Practice) -> None:
    records = practice.repository.records
    conversation = await arrive(practice)
    assert (await practice.row(conversation)).unrecorded
    queued = await practice.queue(conversation, patient_id=PATIENT)
    assert len(await records.due(9)) == 1, "what is on its way is not due yet"
    await practice.repository.outbox.claim(practice.clock(), "me")
    await practice.repository.outbox.settle(queued.id, MessageStatus.SENT, practice.clock())
    await practice.repository.conversations.add_note(
        conversation, "dana", "Called", practice.clock()
    )
    written = await write_all(practice)
    assert [message.status.value for message in written] == ["received", "sent", "noted"]
    assert all(message.recorded for message in await practice.repository.conversations.messages(1))
    assert not (await practice.row(conversation)).unrecorded
    await practice.repository.outbox.settle(queued.id, MessageStatus.DELIVERED, practice.clock())
    assert not (await practice.repository.conversations.message(queued.message_id)).recorded
    await write_all(practice)
    entries = await records.entries(PATIENT)
    assert [delivery(entry) for entry in entries] == ["received", "sent", "noted", "delivered"]
    assert entries[1]["id"] == entries[3]["id"] == queued.uuid
    report = await records.verify(PATIENT)
    assert (report.entries, report.problems) == (4, ())
    assert await records.patients() == [PATIENT]


async def test_nothing_is_due_without_a_patient_until_one_is_linked(practice: Practice) -> None:
    conversation = await practice.conversation()
    await practice.receive(into=conversation)
    assert await practice.repository.records.due(9) == []
    await practice.repository.conversations.link(conversation, PATIENT, "chosen by dana")
    due = await practice.repository.records.due(9)
    assert [entry.patient_id for entry in due] == [PATIENT, PATIENT]
    assert [entry.message.id for entry in due] == sorted(entry.message.id for entry in due)


async def test_a_newer_state_stays_due_when_the_older_one_is_written(practice: Practice) -> None:
    sent = await practice.send(None, patient_id=PATIENT)
    (older,) = await practice.repository.records.due(9)
    await practice.repository.outbox.settle(sent.id, MessageStatus.DELIVERED, practice.clock())
    await practice.repository.records.write(older.patient_id, [(older, resource(practice, older))])
    (newer,) = await practice.repository.records.due(9)
    assert newer.message.status is MessageStatus.DELIVERED
    await write_all(practice)
    entries = await practice.repository.records.entries(PATIENT)
    assert [delivery(entry) for entry in entries] == ["sent", "delivered"]


async def test_the_reason_and_findings_come_along(practice: Practice) -> None:
    failed = await practice.send(None, MessageStatus.FAILED, patient_id=PATIENT)
    await practice.repository.outbox.requeue(failed.id, practice.clock(), "they asked", "lee")
    await practice.repository.outbox.claim(practice.clock(), "me")
    await practice.repository.outbox.settle(failed.id, MessageStatus.SENT, practice.clock())
    (due,) = await practice.repository.records.due(9)
    assert due.because == "they asked"


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX knows them")
async def test_the_file_is_the_owners_and_names_nobody(folder: Path, practice: Practice) -> None:
    await arrive(practice)
    await write_all(practice)
    file = file_of(folder)
    assert modes(file) == {0o700, 0o600}
    for name in (PATIENT, "rosa", "jimenez"):
        assert name not in str(file.path.relative_to(folder)).casefold()


def modes(file: RecordFile) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in (file.folder, file.path)}


async def test_an_entry_that_reached_the_file_before_a_crash_is_not_written_twice(
    folder: Path, practice: Practice
) -> None:
    await arrive(practice)
    await arrive(practice, "Second")
    await write_all(practice)

    async def crash() -> None:
        async with practice.repository.batch():
            assert len(await write_all(practice)) == 2
            raise RuntimeError

    for text in ("Third", "Fourth"):
        await arrive(practice, text)
    with pytest.raises(RuntimeError):
        await crash()
    # Two lines stand in the file that the database knows nothing of.
    assert len(file_of(folder).lines()) == 4
    report = await practice.repository.records.verify(PATIENT)
    assert report.problems == ("The file has 2 lines more than the database remembers.",)
    _, fourth = await practice.repository.records.due(9)
    await practice.repository.records.write(
        fourth.patient_id, [(fourth, resource(practice, fourth))]
    )
    assert await practice.repository.records.due(9) == []
    report = await practice.repository.records.verify(PATIENT)
    assert (report.entries, report.problems) == (4, ())


async def test_a_torn_line_is_set_aside(folder: Path, practice: Practice) -> None:
    await arrive(practice)
    await write_all(practice)
    torn = b'{"resourceType":"Communication","id":"half'
    append(file_of(folder), torn)
    await arrive(practice, "Next")
    await write_all(practice)
    report = await practice.repository.records.verify(PATIENT)
    assert (report.entries, report.problems) == (2, ())
    assert read(file_of(folder).path.with_suffix(".torn")) == torn + b"\n"


async def test_tampering_shows(folder: Path, practice: Practice) -> None:
    for text in ("One", "Two", "Three"):
        await arrive(practice, text)
    await write_all(practice)
    file = file_of(folder)
    good = read(file.path)
    verify = practice.repository.records.verify
    lines = good.splitlines(keepends=True)
    for tampered in (
        good.replace(b"Two", b"Too"),
        lines[0] + lines[2],
        lines[1] + lines[0] + lines[2],
        lines[0] + lines[1],
        good.replace(b"Three", b"Threw"),
        good + lines[2],
        b"",
        good[:-20],
    ):
        replace(file, tampered)
        assert (await verify(PATIENT)).problems, tampered
    replace(file, good)
    assert (await verify(PATIENT)).problems == ()


async def test_a_file_that_became_shorter_takes_nothing_more(
    folder: Path, practice: Practice
) -> None:
    await arrive(practice)
    await write_all(practice)
    replace(file_of(folder), b"")
    await arrive(practice, "Next")
    (due,) = await practice.repository.records.due(9)
    with pytest.raises(StoreError, match="shorter"):
        await practice.repository.records.write(due.patient_id, [(due, resource(practice, due))])
    assert await practice.repository.records.due(9) == [due]


async def test_a_file_that_cannot_be_written_leaves_the_entry_due(
    folder: Path, practice: Practice
) -> None:
    await arrive(practice)
    block(file_of(folder))
    (due,) = await practice.repository.records.due(9)
    with pytest.raises(StoreError):
        await practice.repository.records.write(due.patient_id, [(due, resource(practice, due))])
    assert await practice.repository.records.due(9) == [due]


async def test_two_processes_write_one_chain(
    folder: Path, clock: FakeClock, practice: Practice
) -> None:
    other = Practice(await open_repository(folder, clock), clock)
    for turn in range(6):
        await arrive(practice, str(turn))
    due = await practice.repository.records.due(99)
    for turn, entry in enumerate(due):
        writer = (practice, other)[turn % 2]
        await writer.repository.records.write(
            entry.patient_id, [(entry, resource(practice, entry))]
        )
    report = await other.repository.records.verify(PATIENT)
    assert (report.entries, report.problems) == (6, ())
    assert await other.repository.records.due(9) == []
    await other.repository.close()


async def test_there_is_nothing_for_an_unknown_patient(practice: Practice) -> None:
    assert await practice.repository.records.entries("nobody") == []
    assert (await practice.repository.records.verify("nobody")).entries == 0


def test_entries_skip_what_cannot_be_read(tmp_path: Path) -> None:
    file = RecordFile(tmp_path, "x")
    file.folder.mkdir()
    replace(file, b'{"id":"a"}\nbroken\n{"id":"b"}\n')
    assert [entry["id"] for entry in file.entries()] == ["a", "b"]
    assert json.loads(file.lines()[0]) == {"id": "a"}


def append(file: RecordFile, content: bytes) -> None:
    with file.path.open("ab") as opened:
        opened.write(content)


def replace(file: RecordFile, content: bytes) -> None:
    file.path.write_bytes(content)


def read(path: Path) -> bytes:
    return path.read_bytes()


def block(file: RecordFile) -> None:
    """Put a folder where the file should be."""
    file.path.mkdir(parents=True)


async def test_entries_of_one_patient_are_written_together_or_not_at_all(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await arrive(practice, f"question {number}")
    due = await practice.repository.records.due(9)
    pairs = [(entry, resource(practice, entry)) for entry in due]
    real = os.write

    def torn(descriptor: int, content: bytes) -> int:
        real(descriptor, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", torn)
        with pytest.raises(StoreError):
            await practice.repository.records.write(PATIENT, pairs)
    assert await practice.repository.records.due(9) == due
    assert (await practice.repository.records.verify(PATIENT)).entries == 0
    await practice.repository.records.write(PATIENT, pairs)
    report = await practice.repository.records.verify(PATIENT)
    assert (report.entries, report.problems) == (3, ())

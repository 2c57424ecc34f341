"""Record files: show, verify, export."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from datetime import datetime, tzinfo
from typing import Any

from inbox.errors import NotFound, StoreError
from inbox.patient import Patient
from inbox.plain import plain_text
from inbox.record import Resource
from tui.commandline.output import Output, stamp
from tui.commandline.session import with_office
from tui.commandline.writing import patient_named
from tui.files import write_new
from tui.wiring import PracticeOffice

_EXTENSION = "/StructureDefinition/"


def show(options: Namespace, output: Output) -> int:
    """`twoway record show`."""

    async def work(office: PracticeOffice) -> int:
        await _write_what_waits(office, output)
        patient_id = await _recorded(office, options.patient)
        entries = await _entries(office, patient_id)
        await _audit(office, "read record", patient_id)
        output.document({"patient": patient_id, "entries": entries})
        zone = office.desk.practice.timezone
        for number, entry in enumerate(entries, start=1):
            output.line(f"{number:>5}  {_summary(entry, zone)}")
        if not entries:
            output.line("The record file is empty.")
        return 0

    return with_office(options, work)


def verify(options: Namespace, output: Output) -> int:
    """`twoway record verify`: exit status 1 when a file is not whole."""

    async def work(office: PracticeOffice) -> int:
        await _write_what_waits(office, output)
        records = office.repository.records
        ids = None
        if options.patient:
            patient_id = await _recorded(office, options.patient)
            ids = [*await office.repository.patients.former_ids(patient_id), patient_id]
        told, broken = [], 0
        for patient_id in ids if ids is not None else await records.patients():
            report = await records.verify(patient_id)
            broken += bool(report.problems)
            told.append(
                {
                    "patient": patient_id,
                    "entries": report.entries,
                    "last": report.last,
                    "whole": not report.problems,
                    "problems": list(report.problems),
                }
            )
            if report.problems:
                output.line(f"{patient_id}: NOT WHOLE, {report.entries} entries")
                for problem in report.problems:
                    output.line(f"  {problem}")
            elif ids is not None:
                output.line(f"{patient_id}: whole, {report.entries} entries")
        waiting = len(await records.due(1000))
        output.document({"files": told, "waiting": waiting})
        output.line(f"{len(told)} record files checked, {broken} not whole, {waiting} to write.")
        if broken:
            output.error(
                "A record file was changed outside Twoway.",
                "Compare it with a backup; Twoway does not change it.",
            )
        return 1 if broken else 0

    return with_office(options, work)


def export(options: Namespace, output: Output) -> int:
    """`twoway record export`: a FHIR Bundle, or a transcript to read."""

    async def work(office: PracticeOffice) -> int:
        await _write_what_waits(office, output)
        patient_id = await _recorded(office, options.patient)
        entries = await _entries(office, patient_id)
        await _audit(office, f"export record as {options.format}", patient_id)
        now, zone = office.desk.clock(), office.desk.practice.timezone
        if options.format == "fhir":
            text = json.dumps(bundle(entries, now), ensure_ascii=False, indent=2) + "\n"
        else:
            patient = await _patient(office, patient_id)
            text = transcript(entries, patient, office.desk.practice.name, now, zone)
        content = text.encode("utf-8", "replace")
        if options.output:
            path = await asyncio.to_thread(write_new, options.output, content)
            output.document({"patient": patient_id, "entries": len(entries), "path": str(path)})
            output.line(f"Wrote {len(entries)} entries to {path}.")
        elif sys.stdout.isatty():
            sys.stdout.write(plain_text(text))
        else:
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        return 0

    return with_office(options, work)


def bundle(entries: list[Resource], now: datetime) -> Resource:
    """A FHIR R4 Bundle of type collection (http://hl7.org/fhir/R4/bundle.html).

    Every state of a message is an entry of its own, so ids repeat; `fullUrl` tells them apart by
    `meta.lastUpdated`, as the rule bdl-7 of a collection asks.
    """
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": now.isoformat(timespec="seconds"),
        "entry": [
            {"fullUrl": f"urn:uuid:{entry['id']}", "resource": _versioned(entry, number)}
            for number, entry in enumerate(entries, start=1)
        ],
    }


def _versioned(entry: Resource, number: int) -> Resource:
    """The entry with its number in the file as its version (fullUrl and version must be unique)."""
    return {**entry, "meta": {**entry.get("meta", {}), "versionId": str(number)}}


def transcript(
    entries: list[Resource], patient: Patient | None, practice: str, now: datetime, zone: tzinfo
) -> str:
    """The record as text: one block a message, its latest state, in time order."""
    latest: dict[str, Resource] = {}
    for entry in entries:
        latest[entry["id"]] = entry
    about = patient.name if patient else ""
    born = f", born {patient.birth_date:%Y-%m-%d}" if patient and patient.birth_date else ""
    lines = [
        f"{practice}: communications" + (f" with {about}{born}" if about else ""),
        f"Exported {now.astimezone(zone):%Y-%m-%d %H:%M %Z}; {len(latest)} messages.",
    ]
    for entry in sorted(latest.values(), key=_when):
        lines += ["", "-" * 72, _summary(entry, zone)]
        sender = entry.get("sender", {}).get("display", "")
        recipients = ", ".join(one.get("display", "") for one in entry.get("recipient", []))
        lines += [f"From:    {sender}"] if sender else []
        lines += [f"To:      {recipients}"] if recipients else []
        if entry.get("topic"):
            lines.append(f"Subject: {entry['topic']['text']}")
        for name, label in (("override-reason", "Reason:  "), ("finding", "Finding: ")):
            lines += [f"{label}{value}" for value in _extensions(entry, name)]
        lines.append("")
        for part in entry.get("payload", []):
            if "contentString" in part:
                lines += [f"  {line}" for line in part["contentString"].splitlines()]
            else:
                file = part["contentAttachment"]
                lines.append(f"  [attachment {file.get('title', '')}, {file.get('size', 0)} bytes]")
        for written in entry.get("note", []):
            lines += [f"  {line}" for line in written["text"].splitlines()]
    return "\n".join(lines) + "\n"


def _summary(entry: Resource, zone: tzinfo) -> str:
    medium = entry.get("medium", [{}])[0].get("text", "note")
    direction = next(iter(_extensions(entry, "direction")), "")
    delivery = next(iter(_extensions(entry, "delivery")), entry.get("status", ""))
    at = stamp(datetime.fromisoformat(_when(entry)), zone)
    return f"{at}  {direction:<8}  {medium:<12}  {delivery}"


def _when(entry: Resource) -> str:
    notes: list[dict[str, Any]] = entry.get("note", [])
    written = notes[0].get("time") if notes else None
    when = entry.get("received") or entry.get("sent") or written or entry["meta"]["lastUpdated"]
    return str(when).replace("Z", "+00:00")


def _extensions(entry: Resource, name: str) -> list[str]:
    return [
        str(one.get("valueString", ""))
        for one in entry.get("extension", [])
        if str(one.get("url", "")).endswith(_EXTENSION + name)
    ]


async def _write_what_waits(office: PracticeOffice, output: Output) -> None:
    """Bring the files up to date; trouble with one of them is said and hides no other."""
    try:
        await office.record()
    except StoreError as error:
        output.error(error.sentence, error.hint)


async def _entries(office: PracticeOffice, patient_id: str) -> list[Resource]:
    """A patient's entries; first those of the files of ids that were given up for theirs."""
    former = await office.repository.patients.former_ids(patient_id)
    files = [await office.repository.records.entries(one) for one in (*former, patient_id)]
    return [entry for file in files for entry in file]


async def _recorded(office: PracticeOffice, named: str) -> str:
    """The id of a patient who has a record file, even when they are no longer stored."""
    if named in await office.repository.records.patients():
        return named
    return (await patient_named(office, named)).id


async def _patient(office: PracticeOffice, patient_id: str) -> Patient | None:
    try:
        return await office.repository.patients.get(patient_id)
    except NotFound:
        return None


async def _audit(office: PracticeOffice, action: str, patient_id: str) -> None:
    desk = office.desk
    await desk.repository.audit.add(desk.member.id, action, desk.clock(), patient_id=patient_id)

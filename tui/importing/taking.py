"""Taking a whole file into the data folder: all of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from inbox.errors import NotFound, TwowayError
from inbox.patient import Patient
from inbox.repository import PatientStore
from tui.importing.documents import read_json
from tui.importing.entry import Entry, Trouble
from tui.importing.spreadsheet import read_csv


@dataclass(frozen=True, slots=True)
class Report:
    """What an import found and did."""

    added: int
    changed: int
    unchanged: int
    troubles: tuple[Trouble, ...]
    """Why nothing was taken; empty when all of it was."""
    ignored: tuple[str, ...]
    """Columns or keys that were not understood."""


def read_patients(
    content: bytes, name: str, country: str
) -> tuple[list[Entry], list[Trouble], list[str]]:
    """Read an import file by its looks; its name decides where they do not.

    Raises:
        TwowayError: it cannot be read at all.
    """
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in {b"{", b"["} or (name.lower().endswith((".json", ".ndjson")) and start):
        entries, troubles, ignored = read_json(content, country)
    else:
        entries, troubles, ignored = read_csv(content, country)
    first: dict[str, int] = {}
    for entry in entries:
        row = first.setdefault(entry.patient.id, entry.row)
        if row != entry.row:
            troubles.append(Trouble(entry.row, "id", f"is the same patient as row {row}"))
    if not entries and not troubles:
        raise TwowayError("The file holds no patients.", "Its first row names the columns.")
    return entries, sorted(troubles, key=lambda trouble: trouble.row), ignored


async def take(
    store: PatientStore, content: bytes, name: str, country: str, *, dry_run: bool = False
) -> Report:
    """Add or change every patient of a file in one transaction, or none when anything is wrong.

    Args:
        store: Where patients are kept.
        content: The bytes of the file.
        name: Its name, for its kind.
        country: The practice's.
        dry_run: Read and compare only.

    Raises:
        TwowayError: it cannot be read at all.
    """
    entries, troubles, ignored = read_patients(content, name, country)
    if troubles:
        return Report(0, 0, 0, tuple(troubles), tuple(ignored))
    added, changed, same = list[Patient](), list[Patient](), 0
    for entry in entries:
        try:
            stored = await store.get(entry.patient.id)
        except NotFound:
            added.append(entry.onto(None))
            continue
        patient = entry.onto(stored)
        if patient == stored:
            same += 1
        else:
            changed.append(patient)
    if not dry_run and (added or changed):
        await store.save([*added, *changed])
    return Report(len(added), len(changed), same, (), tuple(ignored))

"""Taking a file into the data folder: a plan says what would change, then all of it or none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from inbox.contradiction import contradictions
from inbox.desk import Desk
from inbox.difference import Difference, differences, with_field
from inbox.errors import NotFound, TwowayError
from inbox.patient import Patient
from inbox.repository import ConsentEntry
from inbox.storage.patient import FormChange
from tui.importing.documents import read_json
from tui.importing.entry import Entry, Reading, Trouble
from tui.importing.spreadsheet import read_csv

IMPORT: Final = "import"
"""How the history calls a change by a file, before the file's name."""
_MOST_CHANGES: Final = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """A field that staff changed, which the file does not get to change back."""

    field: str
    here: str
    """As it is and stays."""
    file: str
    """As the file has it."""
    by: str
    """Staff id of who changed it last."""
    at: str
    """The day they did."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One patient of the file, and what would happen to them."""

    entry: Entry
    stored: Patient | None
    """None: they would be added."""
    patient: Patient
    """As they would be."""
    changes: tuple[Difference, ...]
    kept: tuple[Kept, ...] = ()
    undone: tuple[Kept, ...] = ()
    """What staff changed and the file would change back."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What taking a file would do."""

    name: str
    """The file's."""
    planned: tuple[Planned, ...]
    troubles: tuple[Trouble, ...]
    """What cannot be taken, row by row."""
    notes: tuple[Trouble, ...]
    """What was not understood of rows that can be taken."""
    ignored: tuple[str, ...]
    """Columns and keys that were not understood at all."""
    skip_bad: bool
    """Leave rows with trouble out; otherwise one of them stops all."""

    @property
    def added(self) -> tuple[Planned, ...]:
        """Who is new."""
        return tuple(one for one in self.planned if one.stored is None)

    @property
    def changed(self) -> tuple[Planned, ...]:
        """Who is known and would change."""
        return tuple(
            one for one in self.planned if one.stored is not None and one.patient != one.stored
        )

    @property
    def unchanged(self) -> tuple[Planned, ...]:
        """Who would stay as they are."""
        return tuple(one for one in self.planned if one.patient == one.stored)

    @property
    def refused(self) -> bool:
        """Nothing may be taken."""
        return bool(self.troubles) and not self.skip_bad


def read_patients(content: bytes, name: str, country: str, today: date | None = None) -> Reading:
    """Read an import file by its looks; its name decides where they do not.

    Args:
        content: The bytes of the file.
        name: Its name.
        country: The practice's: phone numbers without country code, dates with slashes.
        today: For what has not begun yet or is over; None: nothing is.

    Raises:
        TwowayError: it cannot be read at all.
    """
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in {b"{", b"["} or (name.lower().endswith((".json", ".ndjson")) and start):
        reading = read_json(content, country, today)
    else:
        reading = read_csv(content, country)
    first: dict[str, int] = {}
    twice = set()
    for entry in reading.entries:
        row = first.setdefault(entry.patient.id, entry.row)
        if row != entry.row:
            said = f"is the same patient as row {row}"
            reading.troubles.append(Trouble(entry.row, "id", said, entry.resource))
            twice.add(entry.row)
    # Which of two is meant, nobody can say: with --skip-bad the first one is taken.
    reading.entries = [entry for entry in reading.entries if entry.row not in twice]
    if not (reading.entries or reading.troubles or reading.notes):
        raise TwowayError("The file holds no patients.", "Its first row names the columns.")
    reading.troubles.sort(key=lambda trouble: trouble.row)
    return reading


async def plan_import(
    desk: Desk, content: bytes, name: str, *, skip_bad: bool = False, overwrite: bool = False
) -> Plan:
    """Compare a file with what is stored; nothing is changed.

    Args:
        desk: Whose patients.
        content: The bytes of the file.
        name: Its name.
        skip_bad: Leave rows with trouble out.
        overwrite: Let the file change back what staff changed since it was last imported.

    Raises:
        TwowayError: it cannot be read at all.
    """
    reading = read_patients(content, name, desk.practice.country, desk.forms.today)
    troubles, planned = list(reading.troubles), list[Planned]()
    for entry in reading.entries:
        try:
            stored = await desk.repository.patients.get(entry.patient.id)
        except NotFound:
            stored = None
        if stored is None and not entry.whole:
            said = "is about a patient who is neither in the file nor stored here"
            troubles.append(Trouble(entry.row, "patient", said, entry.resource))
            continue
        one = await _planned(desk, entry, stored, overwrite=overwrite)
        wrong = await _contradictions(desk, one)
        troubles += wrong
        planned += [] if wrong else [one]
    return Plan(
        name,
        tuple(planned),
        tuple(sorted(troubles, key=lambda trouble: trouble.row)),
        tuple(sorted(reading.notes, key=lambda note: note.row)),
        tuple(reading.ignored),
        skip_bad,
    )


async def take(desk: Desk, plan: Plan) -> None:
    """Do what a plan says, all of it or nothing.

    Raises:
        TwowayError: it may not be taken.
        Stale: a patient was changed since the plan was made.
    """
    if plan.refused:
        raise TwowayError(
            "Nothing was taken: the file has problems.", "Correct it, or leave those rows out."
        )
    async with desk.repository.batch():
        changed = (*plan.added, *plan.changed)
        await desk.forms.take([(one.patient, one.stored) for one in changed], _how(plan.name))
        for one in plan.planned:
            await _say(desk, one.entry.consents)


def _how(name: str) -> str:
    return f"{IMPORT} {name}"


async def _planned(desk: Desk, entry: Entry, stored: Patient | None, *, overwrite: bool) -> Planned:
    patient = entry.onto(stored)
    if stored is None:
        return Planned(entry, None, patient, ())
    changes = differences(stored, patient)
    if not changes:
        return Planned(entry, stored, stored, ())
    history = await desk.repository.patients.changes(stored.id, _MOST_CHANGES)
    ours = tuple(_by_staff(changes, history, desk))
    if not overwrite:
        for one in ours:
            patient = with_field(patient, stored, one.field)
    left = tuple(differences(stored, patient))
    if overwrite:
        return Planned(entry, stored, patient, left, undone=ours)
    return Planned(entry, stored, patient if left else stored, left, kept=ours)


def _by_staff(
    changes: Iterable[Difference], history: Iterable[FormChange], desk: Desk
) -> Iterable[Kept]:
    """The fields whose last change was made by a person, not by a file."""
    last: dict[str, FormChange] = {}
    for past in history:
        last.setdefault(past.field, past)
    for change in changes:
        found = last.get(change.field)
        if found is not None and not found.how.startswith(IMPORT):
            day = found.at.astimezone(desk.practice.timezone).date().isoformat()
            yield Kept(change.field, change.old, change.new, found.by, day)


async def _contradictions(desk: Desk, one: Planned) -> list[Trouble]:
    """What the patient would newly contradict."""
    if one.patient == one.stored:
        return []
    said = await desk.forms.consents(one.patient)
    today = desk.forms.today
    before = [] if one.stored is None else contradictions(one.stored, said, today)
    return [
        Trouble(one.entry.row, wrong.field, wrong.sentence.rstrip("."), one.entry.resource)
        for wrong in contradictions(one.patient, said, today)
        if wrong not in before
    ]


async def _say(desk: Desk, entries: Iterable[ConsentEntry]) -> None:
    """Keep what was said about addresses, once."""
    consents = desk.repository.consents
    for entry in entries:
        known = await consents.history(entry.address)
        if not any(
            (one.at, one.channel, one.consent) == (entry.at, entry.channel, entry.consent)
            for one in known
        ):
            await consents.add([entry])

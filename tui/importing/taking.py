"""Taking a file into the data folder: a plan says what would change, then all of it or none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date
from typing import Final

from inbox.contradiction import contradictions
from inbox.desk import Desk
from inbox.difference import Difference, differences, with_field
from inbox.errors import TwowayError
from inbox.patient import Consent, Patient
from inbox.repository import ConsentEntry
from inbox.storage.patient import FormChange
from tui.importing.documents import read_json
from tui.importing.entry import Entry, Reading, Trouble
from tui.importing.identity import WhoIsWho
from tui.importing.precedence import newer_no, settled
from tui.importing.replacing import found_here
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
    said: tuple[ConsentEntry, ...] = ()
    """What the file says of their addresses that is not stored yet."""


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
    united: tuple[tuple[str, str], ...] = ()
    """Ids of patients here who are one in the file's system: the one given up, the one kept."""

    @property
    def added(self) -> tuple[Planned, ...]:
        """Who is new."""
        return tuple(one for one in self.planned if one.stored is None)

    @property
    def changed(self) -> tuple[Planned, ...]:
        """Who is known and would change."""
        return tuple(
            one
            for one in self.planned
            if one.stored is not None and (one.patient != one.stored or one.said)
        )

    @property
    def unchanged(self) -> tuple[Planned, ...]:
        """Who would stay as they are."""
        return tuple(one for one in self.planned if one.patient == one.stored and not one.said)

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
        reading = read_csv(content, country, today)
    first: dict[str, int] = {}
    twice = set()
    for entry in (one for one in reading.entries if not one.about):
        row = first.setdefault(entry.patient.id, entry.row)
        if row != entry.row:
            said = f"is the same patient as row {row}; neither is taken"
            reading.troubles.append(Trouble(entry.row, "id", said, entry.resource))
            twice.add(entry.patient.id)
    # Which of two is meant, nobody can say.
    reading.entries = [
        entry for entry in reading.entries if entry.about or entry.patient.id not in twice
    ]
    if not (reading.entries or reading.troubles or reading.notes or reading.replaced):
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
    troubles, notes, planned = list(reading.troubles), list(reading.notes), list[Planned]()
    met: dict[str, int] = {}
    async for entry, stored in WhoIsWho(desk.repository.patients, reading.entries, troubles):
        one, left = await _planned(desk, entry, stored, overwrite=overwrite)
        wrong = await _contradictions(desk, one)
        row = met.setdefault(one.patient.id, entry.row)
        if row != entry.row:
            wrong.append(entry.trouble("patient", f"is about the same patient as row {row}"))
        troubles += wrong
        notes += [] if wrong else left
        planned += [] if wrong else [one]
    return Plan(
        name,
        tuple(planned),
        tuple(sorted(troubles, key=lambda trouble: trouble.row)),
        tuple(sorted(notes, key=lambda note: note.row)),
        tuple(reading.ignored),
        skip_bad,
        await found_here(
            desk.repository.patients, reading.replaced, [one.patient for one in planned]
        ),
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
        changed = (
            *plan.added, *(one for one in plan.changed if one.patient != one.stored)
        )  # fmt: skip
        await desk.forms.take([(one.patient, one.stored) for one in changed], _how(plan.name))
        for one in plan.planned:
            said, _ = await _unheard(desk, one.entry)
            await desk.repository.consents.add(said)
        for old, into in plan.united:
            await desk.uniting.unite(old, into, _how(plan.name))


def _how(name: str) -> str:
    return f"{IMPORT} {name}"


async def _planned(
    desk: Desk, entry: Entry, stored: Patient | None, *, overwrite: bool
) -> tuple[Planned, list[Trouble]]:
    """What would happen to a patient, and what of the file is left alone."""
    patient = entry.onto(stored)
    said, left = await _unheard(desk, entry)
    if stored is None:
        return Planned(entry, None, patient, (), said=said), left
    if patient == stored:
        return Planned(entry, stored, stored, (), said=said), left
    history = await desk.repository.patients.changes(stored.id, _MOST_CHANGES)
    ours = {one.field: one for one in _by_staff(differences(stored, patient), history, desk)}
    days = {name: date.fromisoformat(one.at) for name, one in ours.items()}
    patient, alone = settled(entry, stored, patient, days)
    left += [entry.trouble(field, why) for field, why in alone]
    changes = differences(stored, patient)
    staff = tuple(ours[one.field] for one in changes if one.field in ours)
    if not overwrite:
        staff = tuple(one for one in staff if not newer_no(entry, patient, one.field, days))
        for one in staff:
            patient = with_field(patient, stored, one.field)
    changes = differences(stored, patient)
    if overwrite:
        return Planned(entry, stored, patient, tuple(changes), undone=staff, said=said), left
    return Planned(entry, stored, patient, tuple(changes), kept=staff, said=said), left


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
    """What the patient would newly contradict, and acceptances that are not theirs to give."""
    theirs = {(address.system, address.key) for address in one.patient.addresses}
    strange = [
        one.entry.trouble("consents", "accepts for an address that is not the patient's")
        for said in one.said
        if said.consent is Consent.ACCEPTED
        and (said.address.system, said.address.key) not in theirs
    ]
    if one.patient == one.stored and not one.said:
        return []
    now = await desk.forms.consents(one.patient)
    new = {(said.address.key, said.channel): said for said in one.said}
    today = desk.forms.today
    before = [] if one.stored is None else contradictions(one.stored, now, today)
    return strange + [
        one.entry.trouble(wrong.field, wrong.sentence.rstrip("."))
        for wrong in contradictions(one.patient, {**now, **new}, today)
        if wrong not in before
    ]


async def _unheard(desk: Desk, entry: Entry) -> tuple[tuple[ConsentEntry, ...], list[Trouble]]:
    """What a file says of addresses and is not stored; and what of it is left alone.

    A file knows the day alone: of an opt-out of the same day, nobody knows whether it came later.
    """
    found, left = list[ConsentEntry](), list[Trouble]()
    consents, zone = desk.repository.consents, desk.practice.timezone
    for told in entry.consents:
        # A file's day is a day at the practice.
        said = replace(told, at=told.at.replace(tzinfo=zone).astimezone(UTC))
        day = said.at.astimezone(zone).date()
        known = [one for one in await consents.history(said.address) if one.channel is said.channel]
        if any((one.at, one.consent) == (said.at, said.consent) for one in known):
            continue
        if said.consent is Consent.ACCEPTED and any(
            one.consent is Consent.DECLINED and one.at.astimezone(zone).date() >= day
            for one in known
        ):
            left.append(entry.trouble("consents", "is left alone: an opt-out is not older"))
        else:
            found.append(said)
    return tuple(found), left

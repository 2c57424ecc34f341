"""Whom of the stored patients a file means; where nobody can know, it is a problem."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Final

from inbox.errors import NotFound
from inbox.patient import Patient
from inbox.repository import PatientStore
from tui.importing.entry import Entry, Trouble

_MOST: Final = 1_000_000
_MOST_NAMED: Final = 500


class WhoIsWho:
    """Goes through the entries of a file, each with who is stored as that patient already."""

    def __init__(
        self, patients: PatientStore, entries: Sequence[Entry], troubles: list[Trouble]
    ) -> None:
        """Look in `patients`; entries of whom nobody knows who it is go to `troubles`."""
        self._patients = patients
        self._entries = entries
        self._troubles = troubles
        self._names = Counter(_name(one.patient) for one in entries if one.whole)
        self._all: list[Patient] | None = None

    async def __aiter__(self) -> AsyncIterator[tuple[Entry, Patient | None]]:
        """Each entry, with the stored patient or None for a new one."""
        for entry in self._entries:
            column, why, stored = await self._one(entry)
            if why:
                self._troubles.append(entry.trouble(column, why))
            else:
                yield entry, stored

    async def _one(self, entry: Entry) -> tuple[str, str, Patient | None]:
        if entry.about:
            return await self._referred(entry.about)
        stored = await self._get(entry.patient.id)
        if not entry.whole:
            said = "" if stored else "is about a patient who is neither in the file nor stored here"
            return "patient", said, stored
        if entry.name_only:
            return "name", await self._ambiguous(entry, stored), stored
        if stored is None:
            return "", "", None
        foreign = entry.foreign_id and not _same_source(stored, entry)
        if foreign or _came_from_elsewhere(stored, entry):
            said = (
                "is the number of a patient here, and nobody knows whether it is the same person;"
                " give the medical record number"
            )
            return "id", said, stored
        if _somebody_else(entry.patient, stored):
            said = "is stored with another name and birth date; correct one of the two first"
            return "id", said, stored
        return "", "", stored

    async def _get(self, patient_id: str) -> Patient | None:
        try:
            return await self._patients.get(patient_id)
        except NotFound:
            return None

    async def _referred(self, reference: str) -> tuple[str, str, Patient | None]:
        """Who is known to be what a FHIR reference names: by an earlier import, not by its id."""
        if self._all is None:
            self._all = await self._patients.find("", _MOST)
        found = [one for one in self._all if is_called(one, reference)]
        if len(found) == 1:
            return "", "", found[0]
        if found:
            return "patient", "could be more than one patient who is stored here", None
        said = (
            "is about a patient who is neither in the file nor known here by that reference;"
            " import the Patient with it"
        )
        return "patient", said, None

    async def _ambiguous(self, entry: Entry, stored: Patient | None) -> str:
        """Why a name alone does not say who it is; empty when it does."""
        name = _name(entry.patient)
        named = await self._patients.find(entry.patient.name, _MOST_NAMED)
        others = [one for one in named if _name(one) == name]
        known = stored is not None and others == [stored] and entry.onto(stored) == stored
        alone = self._names[name] == 1 and len(named) < _MOST_NAMED
        if alone and (known or (stored is None and not others)):
            return ""
        return "is ambiguous: there is somebody else of that name; add an id or a birth date"


def _same_source(stored: Patient, entry: Entry) -> bool:
    """Whether an id of another system is known to be this patient's."""
    if any(one in stored.sources for one in entry.patient.sources):
        return True
    born = entry.patient.birth_date
    return _name(stored) == _name(entry.patient) and born is not None and born == stored.birth_date


def _came_from_elsewhere(stored: Patient, entry: Entry) -> bool:
    """Whether the stored id is another system's, and name and birth date do not say it is them."""
    if entry.foreign_id or f"Patient/{stored.id}" not in stored.sources:
        return False
    if any(one in stored.sources for one in entry.patient.sources):
        return False
    born = entry.patient.birth_date
    return _name(stored) != _name(entry.patient) and (born is None or born != stored.birth_date)


def is_called(patient: Patient, reference: str) -> bool:
    """Whether a patient is known by a FHIR reference, relative or whole."""
    tail = "/".join(reference.split("/")[-2:])
    whole = [one for one in patient.sources if "://" in one and one.endswith(f"/{tail}")]
    if "://" in reference and whole:
        return reference in whole
    return tail in patient.sources


def _somebody_else(new: Patient, stored: Patient) -> bool:
    """Whether name and birth date both speak against it; people marry, and typists err."""
    born = {one.birth_date for one in (new, stored)}
    if None in born:
        given, family = _word(new.given), _word(new.family)
        return bool(given and family) and not (
            {given, family} & {_word(stored.given), _word(stored.family)}
        )
    return len(born) == 2 and _name(new) != _name(stored)


def _name(patient: Patient) -> tuple[str, ...]:
    return tuple(sorted(_word(patient.name).split()))


def _word(text: str) -> str:
    """Without regard to case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    spaced = "".join(char if char.isalnum() else " " for char in plain)
    return " ".join(spaced.casefold().split())

"""Patients whom another one replaces (FHIR R4 Patient.link): who they are here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from inbox.patient import Patient
from inbox.repository import PatientStore
from tui.importing.entry import Reader, Replaced
from tui.importing.identity import is_called
from tui.importing.own import list_in, object_in
from tui.importing.reference import is_object, record_number, whole_reference

_MOST: Final = 1_000_000


def read_replaced(one: dict[str, Any], url: str, read: Reader) -> Replaced | None:
    """Whom a Patient is replaced by, or None when they stand for themself."""
    for link in list_in(read, "link", one.get("link")):
        if not is_object(link) or link.get("type") != "replaced-by":
            continue
        other = object_in(read, "link.other", link.get("other"))
        reference = str(other.get("reference") or "").partition("/_history/")[0]
        number = record_number({"identifier": [other.get("identifier")]}, read)
        into = (number, whole_reference(reference, url) if reference else "")
        if not any(into):
            read.wrong("link.other", "names no patient")
            return None
        itself = f"Patient/{one.get('id')}" if one.get("id") else ""
        old = (record_number(one, read), itself, url if "://" in url else "")
        return Replaced(tuple(filter(None, old)), tuple(filter(None, into)))
    return None


async def found_here(
    patients: PatientStore, replaced: Sequence[Replaced], planned: Collection[Patient]
) -> tuple[tuple[str, str], ...]:
    """The ids of both, for those who are two patients here; the rest has nothing to be done.

    Args:
        patients: Who is stored.
        replaced: What a file says.
        planned: Who will be stored, as they will be.
    """
    if not replaced:
        return ()
    known = {one.id: one for one in await patients.find("", _MOST)}
    known |= {one.id: one for one in planned}
    pairs: dict[str, str] = {}
    for one in replaced:
        old, into = _one(known, one.old), _one(known, one.into)
        if old and into and old != into:
            pairs[old] = into
    # One who is replaced by somebody who is replaced in turn comes to the last.
    ended = {old: _last(pairs, old) for old in pairs}
    return tuple((old, into) for old, into in ended.items() if old != into)


def _one(known: dict[str, Patient], names: Sequence[str]) -> str:
    """The id of the only patient who goes by one of these names, or empty."""
    found = {
        one.id
        for one in known.values()
        if one.id in names or any("/" in name and is_called(one, name) for name in names)
    }
    return found.pop() if len(found) == 1 else ""


def _last(pairs: dict[str, str], old: str) -> str:
    into, seen = pairs[old], {old}
    while into in pairs and into not in seen:
        seen.add(into)
        into = pairs[into]
    return old if into in seen and into != pairs[old] else into

"""FHIR R4 references (http://hl7.org/fhir/R4/references.html): which Patient of a file is meant."""

from __future__ import annotations

from typing import Any

from inbox.patient import Patient
from tui.importing.entry import Entry, Reader
from tui.importing.own import list_in, object_in

Resource = dict[str, Any]
"""One FHIR resource, as JSON."""


class People:
    """The Patients of a file, found by what other resources call them."""

    def __init__(self) -> None:
        self._by_key: dict[str, list[str]] = {}
        self._urls: dict[str, str] = {}

    def add(self, at: str, number: str, url: str, record: str) -> None:
        """Keep a Patient with resource id, `fullUrl` and medical record number."""
        for key in (number and f"Patient/{number}", url, record and f"MR {record}"):
            if key:
                self._by_key.setdefault(key, []).append(at)
        self._urls[at] = url

    def find(self, one: Resource, url: str, read: Reader) -> tuple[str, Entry | None]:
        """The key of whom a resource is about, and an entry when they are not in the file.

        FHIR R4 Bundle 3.2.4 (resolving references): a relative reference starts from where the
        resource itself is; the same id at another server is somebody else.
        """
        patient = object_in(read, "patient", one.get("patient"))
        reference = str(patient.get("reference") or "").partition("/_history/")[0]
        record = record_number({"identifier": [patient.get("identifier")]}, read)
        if not (reference or record):
            read.wrong("patient", "names no patient")
            return "", None
        found = self._referred(reference, url) or (
            self._by_key.get(f"MR {record}", []) if record else []
        )
        if len(set(found)) > 1:
            read.wrong("patient", "could be more than one patient of the file")
            return "", None
        if found:
            return found[0], None
        stored = Entry(
            read.row,
            Patient(record, "", ""),
            frozenset(),
            read.resource,
            whole=False,
            adds_proxies=True,
            about="" if record else whole_reference(reference, url),
        )
        return f"?{record or stored.about}", stored

    def _referred(self, reference: str, url: str) -> list[str]:
        if not reference:
            return []
        whole = whole_reference(reference, url)
        if whole in self._by_key:
            return self._by_key[whole]
        tail = "/".join(reference.split("/")[-2:])
        return [
            at
            for at in self._by_key.get(tail, ())
            if not ("://" in whole and "://" in self._urls[at])
        ]


def whole_reference(reference: str, url: str) -> str:
    """A relative reference as seen from a resource at `url`."""
    base = "/".join(url.split("/")[:-2])
    return f"{base}/{reference}" if "://" in base and ":" not in reference else reference


def record_number(one: Resource, read: Reader) -> str:
    """The medical record number (v2-0203 MR) that is in use, or empty."""
    for identifier in list_in(read, "identifier", one.get("identifier")):
        if is_object(identifier) and is_object(identifier.get("type")):
            codes = {str(coding.get("code")) for coding in codings(identifier["type"])}
            used = identifier.get("use") != "old"
            if "MR" in codes and used and identifier.get("value"):
                return read.word("identifier.value", identifier["value"])
    return ""


def is_object(value: Any) -> bool:
    """Whether it is a JSON object."""
    return isinstance(value, dict)


def codings(concept: Resource) -> list[Resource]:
    """The codings of a CodeableConcept."""
    found = concept.get("coding")
    return [one for one in found if is_object(one)] if isinstance(found, list) else []

"""Patients from JSON: our own format, and FHIR R4 as resource, array, Bundle and NDJSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from inbox.errors import TwowayError
from tui.importing.entry import Entry, Reader, Reading
from tui.importing.fhir import read_fhir
from tui.importing.own import OWN_KEYS, read_own
from tui.importing.spreadsheet import decoded


def read_json(content: bytes, country: str, today: date | None = None) -> Reading:
    """Read a JSON file.

    Args:
        content: A list of patients in our own format (`sample_data/patients.json`), or FHIR R4
            Patient, RelatedPerson and Consent resources: one, an array, a Bundle, or one a line.
        country: For phone numbers without country code.
        today: For what has not begun yet or is over; None: nothing is.

    Raises:
        TwowayError: it is not JSON, or holds no patients.
    """
    found = list(_listed(_parsed(decoded(content))))
    if any(isinstance(one, dict) and "resourceType" in one for one, _ in found):
        return read_fhir(found, country, today)
    entries = list[Entry]()
    reading = Reading(entries)
    unknown: dict[str, None] = {}
    for row, (one, _) in enumerate(found, start=1):
        read = Reader(row, country, today=today)
        if not isinstance(one, dict):
            read.wrong("(entry)", "must be an object")
        else:
            unknown.update(dict.fromkeys(key for key in one if key not in OWN_KEYS))
            entry = read_own(one, read)
            if not (entry.patient.given or entry.patient.family):
                read.wrong("given", "is empty")
            entries += [] if read.troubles else [entry]
        reading.note(read)
    reading.ignored += unknown
    return reading


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            return [json.loads(line) for line in lines]
        except ValueError:
            where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
            raise TwowayError(
                f"The file is not valid JSON{where}.", "Export it again, or use CSV."
            ) from None
    except RecursionError:
        raise TwowayError("The file is nested too deeply.", "Export it again.") from None


def _listed(data: Any) -> Iterator[tuple[Any, str]]:
    """Each patient or resource with its `fullUrl`, where a Bundle gives one."""
    if isinstance(data, dict):
        data = data.get("patients", [data])
    if not isinstance(data, list) or not data:
        raise TwowayError(
            "The file holds no patients.",
            "Expected a list of patients, or FHIR Patients, alone or in a Bundle.",
        )
    for one in data:
        if isinstance(one, dict) and one.get("resourceType") == "Bundle":
            entries = one.get("entry")
            for entry in entries if isinstance(entries, list) else []:
                if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
                    yield entry["resource"], str(entry.get("fullUrl", ""))
        else:
            yield one, ""

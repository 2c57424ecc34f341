"""Patients from JSON: our own format, and FHIR R4 Patient, Bundle and NDJSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from inbox.address import Address, AddressSystem
from inbox.errors import TwowayError
from inbox.patient import Confidant, ContactPoint, Patient, PointUse, PrivacyForm, Proxy
from tui.importing.entry import Entry, Reader, Trouble, made_up_id
from tui.importing.spreadsheet import decoded

_OWN_KEYS = {
    "id", "given", "family", "birth_date", "contact", "preferred_channel", "language",
    "proxies", "privacy_form",
}  # fmt: skip
_FORM_KEYS = {
    "form_date", "voicemail", "sms", "email", "portal", "confidential", "may_tell",
}  # fmt: skip
_CONTACT_SYSTEMS = {"email": AddressSystem.EMAIL, "portal": AddressSystem.PORTAL}
_USES = {use.value: use for use in PointUse}


def read_json(content: bytes, country: str) -> tuple[list[Entry], list[Trouble], list[str]]:
    """Read a JSON file.

    Args:
        content: A list of patients in our own format (`sample_data/patients.json`), a FHIR Patient,
            a FHIR Bundle with Patients, or one Patient a line (NDJSON).
        country: For phone numbers without country code.

    Returns:
        Patients, problems, and keys that were not understood.

    Raises:
        TwowayError: it is not JSON, or holds no patients.
    """
    entries, troubles, unknown = list[Entry](), list[Trouble](), dict[str, None]()
    for row, (one, is_fhir) in enumerate(_patients(_parsed(decoded(content))), start=1):
        read = Reader(row, country)
        if not isinstance(one, dict):
            read.wrong("(entry)", "must be an object")
        else:
            if not is_fhir:
                unknown.update(dict.fromkeys(key for key in one if key not in _OWN_KEYS))
            make: Callable[[dict[str, Any], Reader], Entry] = _fhir if is_fhir else _own
            entry = make(one, read)
            if not (entry.patient.given or entry.patient.family):
                read.wrong("name" if is_fhir else "given", "is empty")
            entries += [] if read.troubles else [entry]
        troubles += read.troubles
    return entries, troubles, list(unknown)


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


def _patients(data: Any) -> Iterator[tuple[Any, bool]]:
    """Each patient, and whether it is FHIR."""
    if isinstance(data, dict):
        if data.get("resourceType") == "Bundle":
            entries = data.get("entry")
            data = [
                entry.get("resource")
                for entry in (entries if isinstance(entries, list) else [])
                if isinstance(entry, dict)
                and isinstance(entry.get("resource"), dict)
                and entry["resource"].get("resourceType") == "Patient"
            ]
        elif "patients" in data:
            data = data["patients"]
        else:
            data = [data]
    if not isinstance(data, list) or not data:
        raise TwowayError(
            "The file holds no patients.",
            "Expected a list of patients, a FHIR Patient, or a FHIR Bundle with Patients.",
        )
    for one in data:
        yield one, isinstance(one, dict) and one.get("resourceType") == "Patient"


# ---------------------------------------------------------------- our own format


def _own(one: dict[str, Any], read: Reader) -> Entry:
    given, family = read.word("given", one.get("given")), read.word("family", one.get("family"))
    born = read.day("birth_date", one.get("birth_date"))
    form = _object(read, "privacy_form", one.get("privacy_form"))
    patient = Patient(
        id=read.word("id", one.get("id")) or made_up_id(given, family, born),
        given=given,
        family=family,
        birth_date=born,
        points=_points(read, "contact", one.get("contact")),
        proxies=tuple(
            _proxy(read, at, proxy)
            for at, proxy in enumerate(_list(read, "proxies", one.get("proxies")), start=1)
        ),
        form=_form(read, form),
        preferred_channel=read.channel("preferred_channel", one.get("preferred_channel")),
        language=read.word("language", one.get("language")),
    )
    speaks_of = {"points" if key == "contact" else key for key in one if key in _OWN_KEYS}
    speaks_of = speaks_of - {"privacy_form"} | {key for key in form if key in _FORM_KEYS}
    return Entry(read.row, patient, frozenset(speaks_of | {"id"}))


def _points(read: Reader, column: str, value: Any) -> tuple[ContactPoint, ...]:
    found: tuple[ContactPoint, ...] = ()
    for at, one in enumerate(_list(read, column, value), start=1):
        point = _object(read, f"{column}[{at}]", one)
        system = _CONTACT_SYSTEMS.get(str(point.get("system")), AddressSystem.PHONE)
        use = _USES.get(str(point.get("use", "home")), PointUse.HOME)
        rank = point.get("rank") if isinstance(point.get("rank"), int) else at
        found += read.point(f"{column}[{at}]", system, point.get("value"), use, int(rank or at))
    return found


def _proxy(read: Reader, at: int, value: Any) -> Proxy:
    column = f"proxies[{at}]"
    one = _object(read, column, value)
    contact = one.get("contact")
    if isinstance(contact, str):
        system = AddressSystem.EMAIL if "@" in contact else AddressSystem.PHONE
        points = read.point(f"{column}.contact", system, contact, PointUse.HOME, 1)
    else:
        points = _points(read, f"{column}.contact", contact)
    return Proxy(
        name=read.word(f"{column}.name", one.get("name")),
        relation=read.word(f"{column}.relation", one.get("relation")),
        points=points,
        until=read.day(f"{column}.until", one.get("until")),
    )


def _form(read: Reader, form: dict[str, Any]) -> PrivacyForm:
    empty = PrivacyForm()
    confidential = form.get("confidential")
    address: Address | None = None
    if isinstance(confidential, dict):
        confidential = confidential.get("address")
    if confidential:
        system = AddressSystem.EMAIL if "@" in str(confidential) else AddressSystem.PHONE
        points = read.point("privacy_form.confidential", system, confidential, PointUse.HOME, 1)
        address = points[0].address if points else None
    told = _list(read, "privacy_form.may_tell", form.get("may_tell"))
    return PrivacyForm(
        form_date=read.day("privacy_form.form_date", form.get("form_date")),
        voicemail=read.voicemail("privacy_form.voicemail", form.get("voicemail"))
        or empty.voicemail,
        sms=read.consent("privacy_form.sms", form.get("sms")) or empty.sms,
        email=read.consent("privacy_form.email", form.get("email")) or empty.email,
        portal=read.consent("privacy_form.portal", form.get("portal")) or empty.portal,
        confidential=address,
        may_tell=tuple(Confidant(read.word("privacy_form.may_tell", one)) for one in told),
    )


# ---------------------------------------------------------------- FHIR R4


def _fhir(one: dict[str, Any], read: Reader) -> Entry:
    """A FHIR R4 Patient (http://hl7.org/fhir/R4/patient.html)."""
    names = [name for name in _list(read, "name", one.get("name")) if isinstance(name, dict)]
    official = next((name for name in names if name.get("use") in {"official", "usual"}), None)
    name = official or (names[0] if names else {})
    given = " ".join(str(part) for part in _list(read, "name.given", name.get("given")))
    family = read.word("name.family", name.get("family"))
    if not given and not family:
        given, _, family = str(name.get("text", "")).rpartition(" ")
    born = read.day("birthDate", one.get("birthDate"))
    points: tuple[ContactPoint, ...] = ()
    for at, telecom in enumerate(_list(read, "telecom", one.get("telecom")), start=1):
        point = _object(read, f"telecom[{at}]", telecom)
        system = {"email": AddressSystem.EMAIL, "phone": AddressSystem.PHONE}.get(
            "phone" if point.get("system") == "sms" else str(point.get("system"))
        )
        if system is not None and point.get("value"):
            use = _USES.get(str(point.get("use", "home")), PointUse.HOME)
            rank = point.get("rank") if isinstance(point.get("rank"), int) else at
            column = f"telecom[{at}].value"
            points += read.point(column, system, point["value"], use, int(rank or at))
    patient = Patient(
        id=_fhir_id(one, read) or made_up_id(given, family, born),
        given=read.word("name.given", given),
        family=family,
        birth_date=born,
        points=points,
        language=_fhir_language(one),
    )
    speaks_of = {"id", "given", "family"} | ({"birth_date"} if born else set())
    speaks_of |= {"points"} if points else set()
    speaks_of |= {"language"} if patient.language else set()
    return Entry(read.row, patient, frozenset(speaks_of))


def _fhir_id(one: dict[str, Any], read: Reader) -> str:
    """The medical record number (v2-0203 MR), else the resource's id."""
    for identifier in _list(read, "identifier", one.get("identifier")):
        if isinstance(identifier, dict) and isinstance(identifier.get("type"), dict):
            codings = identifier["type"].get("coding") or []
            if any(isinstance(code, dict) and code.get("code") == "MR" for code in codings):
                return read.word("identifier.value", identifier.get("value"))
    return read.word("id", one.get("id"))


def _fhir_language(one: dict[str, Any]) -> str:
    try:
        spoken = one["communication"]
        chosen = next((entry for entry in spoken if entry.get("preferred")), spoken[0])
        return str(chosen["language"]["coding"][0]["code"])[:35]
    except (KeyError, IndexError, TypeError, AttributeError):
        return ""


# ---------------------------------------------------------------- kinds


def _list(read: Reader, column: str, value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        read.wrong(column, "must be a list")
        return []
    return value


def _object(read: Reader, column: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        read.wrong(column, "must be an object")
        return {}
    return value

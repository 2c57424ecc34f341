"""FHIR R4 Patient and RelatedPerson (http://hl7.org/fhir/R4/patient.html, relatedperson.html)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from inbox.address import AddressSystem
from inbox.patient import ContactPoint, Patient, PointUse, Proxy
from tui.importing.agreement import read_consent
from tui.importing.entry import Entry, Reader, Reading, made_up_id
from tui.importing.own import list_in, object_in

Resource = dict[str, Any]
"""One FHIR resource, as JSON."""

_USES = {use.value: use for use in PointUse}
_SYSTEMS = {
    "email": AddressSystem.EMAIL, "phone": AddressSystem.PHONE, "sms": AddressSystem.PHONE,
}  # fmt: skip
_READ = {
    "Patient": {
        "resourceType", "id", "meta", "text", "identifier", "active", "name", "telecom",
        "birthDate", "address", "communication", "deceasedBoolean", "deceasedDateTime",
    },
    "RelatedPerson": {
        "resourceType", "id", "meta", "text", "identifier", "active", "patient", "relationship",
        "name", "telecom", "period",
    },
    "Consent": {
        "resourceType", "id", "meta", "text", "identifier", "status", "scope", "category",
        "patient", "dateTime", "performer", "organization", "sourceAttachment", "sourceReference",
        "policy", "policyRule", "verification", "provision",
    },
}  # fmt: skip
"""Elements that are read, or that say nothing of ours; all others are reported."""
_PARTIAL = re.compile(r"^\d{4}(-\d{2})?$")
_ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_RELATIONS = {
    "MTH": "mother", "NMTH": "mother", "FTH": "father", "NFTH": "father", "PRN": "parent",
    "GUARD": "guardian", "POWATT": "power of attorney", "HPOWATT": "power of attorney",
    "SPS": "spouse", "WIFE": "wife", "HUSB": "husband", "SIGOTHR": "partner", "DOMPART": "partner",
    "CHILD": "child", "SON": "son", "DAU": "daughter", "SIB": "sibling", "SIS": "sister",
    "BRO": "brother", "GRPRN": "grandparent", "GRMTH": "grandmother", "GRFTH": "grandfather",
    "AUNT": "aunt", "UNCLE": "uncle", "FRND": "friend", "N": "next of kin",
}  # fmt: skip
"""Codes of v3-RoleCode, and of v2-0131 the only one that may speak for a patient."""


def read_fhir(found: Sequence[tuple[Any, str]], country: str, today: date | None = None) -> Reading:
    """Read resources; RelatedPerson and Consent may stand before the Patient they are about.

    Args:
        found: Each resource with its `fullUrl`, or empty.
        country: For phone numbers without country code.
        today: For what has not begun yet or is over; None: nothing is.
    """
    reading = Reading([])
    kept: dict[str, Entry] = {}
    ignored: Counter[str] = Counter()
    ids: dict[str, str] = {}
    for row, (one, url) in enumerate(found, start=1):
        if not isinstance(one, dict):
            read = Reader(row, country)
            read.wrong("(entry)", "must be a resource")
            reading.note(read)
        elif one.get("resourceType") == "Patient":
            read = _reader(row, one, country, ignored)
            entry = _patient(one, read)
            reading.note(read)
            for key in (f"Patient/{one.get('id', '')}", url):
                ids.setdefault(key, f"#{row}")
            if entry is not None and not read.troubles:
                kept[f"#{row}"] = entry
    for row, (one, _) in enumerate(found, start=1):
        if not isinstance(one, dict) or one.get("resourceType") == "Patient":
            continue
        kind = str(one.get("resourceType", "no resource"))
        if kind not in {"RelatedPerson", "Consent"}:
            ignored[kind] += 1
            continue
        read = _reader(row, one, country, ignored)
        _about(one, read, kept, ids, today)
        reading.note(read)
    reading.entries += kept.values()
    reading.ignored += [path if n == 1 else f"{path} ({n} times)" for path, n in ignored.items()]
    return reading


def _reader(row: int, one: Resource, country: str, ignored: Counter[str]) -> Reader:
    kind = str(one["resourceType"])
    read = Reader(row, country, f"{kind}/{one.get('id') or row}")
    if "modifierExtension" in one or "implicitRules" in one:
        # FHIR R4 2.4.0.2: who does not know a modifier must not use what it modifies.
        read.wrong("modifierExtension", "changes the meaning in a way that is not known")
    known = _READ.get(kind)
    for name in one if known else ():
        if known and name not in known and not name.startswith("_"):
            ignored[f"{kind}.{name}"] += 1
    return read


def _about(
    one: Resource, read: Reader, kept: dict[str, Entry], ids: dict[str, str], today: date | None
) -> None:
    """Add what a RelatedPerson or a Consent says to the patient it is about."""
    reference = str(object_in(read, "patient", one.get("patient")).get("reference", ""))
    if not reference:
        read.wrong("patient", "names no patient")
        return
    at = ids.get(reference) or next(
        (ids[key] for key in ids if key and reference.endswith(f"/{key}")), f"?{reference}"
    )
    if at.startswith("#") and at not in kept:
        read.left_out("patient", "is about a patient of this file who is not taken")
        return
    stored = Entry(
        read.row,
        Patient(reference.rpartition("/")[2].removeprefix("urn:uuid:"), "", ""),
        frozenset(),
        read.resource,
        whole=False,
        adds_proxies=True,
    )
    entry = kept.get(at, stored)
    if one["resourceType"] == "RelatedPerson":
        proxy = _proxy(one, read, today)
        if proxy is None or read.troubles:
            return
        patient = replace(entry.patient, proxies=(*entry.patient.proxies, proxy))
        kept[at] = replace(entry, patient=patient, speaks_of=entry.speaks_of | {"proxies"})
        return
    said = read_consent(one, read, today)
    if said and not read.troubles:
        # The latest one counts; a form has one date.
        signed = entry.patient.form.form_date
        if signed is not None and said.get("form_date", signed) < signed:
            read.left_out("dateTime", "is older than another Consent of the same patient")
            return
        form = replace(entry.patient.form, **said)
        kept[at] = replace(
            entry,
            patient=replace(entry.patient, form=form),
            speaks_of=entry.speaks_of | said.keys(),
        )


def _patient(one: Resource, read: Reader) -> Entry | None:
    if one.get("active") is False:
        read.left_out("active", "is false: the patient is not taken")
        return None
    if one.get("deceasedBoolean") is True or one.get("deceasedDateTime"):
        read.left_out("deceased", "is said: the patient is not taken")
        return None
    given, family = _name(one, read)
    if not (given or family):
        read.wrong("name", "is empty")
    born = _birth(one, read)
    points = _points(one, read)
    language = _language(one)
    postal_code, state = _place(one, read)
    patient = Patient(
        id=_id(one, read) or made_up_id(given, family, born),
        given=given,
        family=family,
        birth_date=born,
        points=points,
        language=language,
        postal_code=postal_code,
        state=state,
    )
    speaks_of = {"id", "given", "family"} | {
        name
        for name in ("birth_date", "points", "language", "postal_code", "state")
        if getattr(patient, name)
    }
    return Entry(read.row, patient, frozenset(speaks_of), read.resource, adds_proxies=True)


def _proxy(one: Resource, read: Reader, today: date | None) -> Proxy | None:
    if one.get("active") is False:
        read.left_out("active", "is false: not taken as a proxy")
        return None
    period = object_in(read, "period", one.get("period"))
    until = _whole_day(read, "period.end", period.get("end"))
    begins = read.word("period.start", period.get("start"))[:10]
    if today is not None and begins > today.isoformat()[: len(begins)]:
        read.left_out("period.start", "lies ahead: not taken as a proxy")
        return None
    relation = _relation(one, read)
    given, family = _name(one, read)
    if not (given or family):
        read.wrong("name", "is empty")
    if relation is None:
        return None
    return Proxy(f"{given} {family}".strip(), relation, _points(one, read), until)


def _relation(one: Resource, read: Reader) -> str | None:
    """In words; None for whom a practice only calls or bills, who speaks for nobody."""
    concepts = [c for c in list_in(read, "relationship", one.get("relationship")) if _is(c)]
    codings = [coding for concept in concepts for coding in _codings(concept)]
    for coding in sorted(codings, key=lambda code: code.get("system") != _ROLES):
        known = _RELATIONS.get(str(coding.get("code")))
        if known is not None:
            return known
    words = next((str(c["text"]) for c in concepts if c.get("text")), "")
    if codings and all("0131" in str(coding.get("system")) for coding in codings):
        read.left_out("relationship", "does not speak for the patient: not taken as a proxy")
        return None
    words = words or next((str(c["display"]) for c in codings if c.get("display")), "")
    if not words:
        read.left_out("relationship", "is not known; the proxy is taken without it")
    return read.word("relationship", words)


# ---------------------------------------------------------------- elements of both


def _is(value: Any) -> bool:
    return isinstance(value, dict)


def _codings(concept: Resource) -> list[Resource]:
    found = concept.get("coding")
    return [one for one in found if _is(one)] if isinstance(found, list) else []


def _name(one: Resource, read: Reader) -> tuple[str, str]:
    names: list[Resource] = [n for n in list_in(read, "name", one.get("name")) if _is(n)]
    by_use: Iterable[Resource] = (
        name for use in ("official", "usual") for name in names if name.get("use") == use
    )
    name = next(iter(by_use), names[0] if names else {})
    given = " ".join(str(part) for part in list_in(read, "name.given", name.get("given")))
    family = read.word("name.family", name.get("family"))
    if not given and not family:
        given, _, family = read.word("name.text", name.get("text")).rpartition(" ")
    return read.word("name.given", given), family


def _birth(one: Resource, read: Reader) -> date | None:
    said = read.word("birthDate", one.get("birthDate"))
    if _PARTIAL.match(said):
        read.left_out("birthDate", "has no day")
        return None
    return read.day("birthDate", said)


def _whole_day(read: Reader, path: str, value: Any) -> date | None:
    """A date; of a year or a month alone nothing is guessed."""
    said = read.word(path, value)
    if _PARTIAL.match(said):
        read.wrong(path, "has no day; write 2026-03-02")
        return None
    return read.day(path, said)


def _points(one: Resource, read: Reader) -> tuple[ContactPoint, ...]:
    points: tuple[ContactPoint, ...] = ()
    seen: set[tuple[AddressSystem, str]] = set()
    for at, telecom in enumerate(list_in(read, "telecom", one.get("telecom")), start=1):
        point = object_in(read, f"telecom[{at}]", telecom)
        system = _SYSTEMS.get(str(point.get("system")))
        if system is None:
            if point.get("value"):
                read.left_out(f"telecom[{at}].system", "is no way to write or call")
            continue
        use = _USES.get(str(point.get("use", "home")), PointUse.HOME)
        ended = isinstance(point.get("period"), dict) and point["period"].get("end")
        use = PointUse.OLD if ended else use
        path = f"telecom[{at}].value"
        rank = point.get("rank") if isinstance(point.get("rank"), int) else at
        apart = Reader(read.row, read.country, read.resource)
        made = apart.point(path, system, point.get("value"), use, int(rank or at))
        if use is PointUse.OLD and apart.troubles:
            read.left_out(path, "is old, and no address")
            continue
        read.troubles += apart.troubles
        fresh = [one for one in made if (one.system, one.address.key) not in seen]
        seen.update((one.system, one.address.key) for one in fresh)
        points += tuple(fresh)
    return points


def _id(one: Resource, read: Reader) -> str:
    """The medical record number (v2-0203 MR), else the resource's id."""
    for identifier in list_in(read, "identifier", one.get("identifier")):
        if _is(identifier) and _is(identifier.get("type")):
            codes = {str(coding.get("code")) for coding in _codings(identifier["type"])}
            if "MR" in codes and identifier.get("value"):
                return read.word("identifier.value", identifier["value"])
    return read.word("id", one.get("id"))


def _language(one: Resource) -> str:
    try:
        spoken = one["communication"]
        chosen = next((entry for entry in spoken if entry.get("preferred")), spoken[0])
        return str(chosen["language"]["coding"][0]["code"])[:35]
    except (KeyError, IndexError, TypeError, AttributeError):
        return ""


def _place(one: Resource, read: Reader) -> tuple[str, str]:
    """ZIP code and state of the home address."""
    places = [a for a in list_in(read, "address", one.get("address")) if _is(a)]
    lived = [a for a in places if a.get("use") not in {"old", "billing"}]
    home = next((a for a in lived if a.get("use") == "home"), lived[0] if lived else {})
    state = read.word("address.state", home.get("state"))
    return read.word("address.postalCode", home.get("postalCode")), (
        state.upper() if re.fullmatch(r"[A-Za-z]{2}", state) else ""
    )

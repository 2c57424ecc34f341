"""FHIR R4 Patient and RelatedPerson (http://hl7.org/fhir/R4/patient.html, relatedperson.html)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from inbox.address import AddressSystem
from inbox.patient import Consent, ContactPoint, Patient, PointUse, Proxy
from tui.importing.agreement import read_consent
from tui.importing.entry import Entry, Reader, Reading, made_up_id, spoken_of
from tui.importing.own import list_in, object_in
from tui.importing.precedence import later
from tui.importing.reference import People, codings, is_object, record_number
from tui.importing.replacing import read_replaced

Resource = dict[str, Any]
"""One FHIR resource, as JSON."""

_USES = {use.value: use for use in PointUse}
_SYSTEMS = {
    "email": AddressSystem.EMAIL, "phone": AddressSystem.PHONE, "sms": AddressSystem.PHONE,
}  # fmt: skip
_READ = {
    "Patient": {
        "resourceType", "id", "meta", "text", "identifier", "active", "name", "telecom",
        "birthDate", "address", "communication", "deceasedBoolean", "deceasedDateTime", "link",
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
    people = People()
    for row, (one, url) in enumerate(found, start=1):
        if not isinstance(one, dict):
            read = Reader(row, country, today=today)
            read.wrong("(entry)", "must be a resource")
            reading.note(read)
        elif one.get("resourceType") == "Patient":
            read = _reader(row, one, country, ignored, today)
            replaced = read_replaced(one, url, read)
            reading.replaced += [replaced] if replaced is not None else []
            entry = _patient(one, read, url) if replaced is None else None
            reading.note(read)
            people.add(f"#{row}", str(one.get("id") or ""), url, record_number(one, read))
            if entry is not None and not read.troubles:
                kept[f"#{row}"] = entry
    doubtful = set[str]()
    for row, (one, url) in enumerate(found, start=1):
        if not isinstance(one, dict) or one.get("resourceType") == "Patient":
            continue
        kind = str(one.get("resourceType", "no resource"))
        if kind not in {"RelatedPerson", "Consent"}:
            ignored[kind] += 1
            continue
        read = _reader(row, one, country, ignored, today)
        at = _about(one, read, kept, people.find(one, url, read))
        if kind == "Consent" and read.troubles:
            doubtful.add(at)
        reading.note(read)
    for at in doubtful & kept.keys():
        # What cannot be read might have been a no.
        kept[at] = _without_permits(kept[at])
    reading.entries += kept.values()
    reading.ignored += [path if n == 1 else f"{path} ({n} times)" for path, n in ignored.items()]
    return reading


def _without_permits(entry: Entry) -> Entry:
    permits = {
        name for name in entry.said_on if getattr(entry.patient.form, name) is Consent.ACCEPTED
    }
    unknown: dict[str, Any] = dict.fromkeys(permits, Consent.UNKNOWN)
    form = replace(entry.patient.form, **unknown)
    return replace(
        entry,
        patient=replace(entry.patient, form=form),
        speaks_of=entry.speaks_of - permits,
    )


def _reader(
    row: int, one: Resource, country: str, ignored: Counter[str], today: date | None
) -> Reader:
    kind = str(one["resourceType"])
    read = Reader(row, country, f"{kind}/{one.get('id') or row}", today)
    if "modifierExtension" in one or "implicitRules" in one:
        # FHIR R4 2.4.0.2: who does not know a modifier must not use what it modifies.
        read.wrong("modifierExtension", "changes the meaning in a way that is not known")
    known = _READ.get(kind)
    for name in one if known else ():
        if known and name not in known and not name.startswith("_"):
            ignored[f"{kind}.{name}"] += 1
    return read


def _about(
    one: Resource, read: Reader, kept: dict[str, Entry], found: tuple[str, Entry | None]
) -> str:
    """Add what a RelatedPerson or a Consent says to whom it is about; return their key."""
    at, stored = found
    if not at:
        return at
    entry = kept.get(at) or stored
    if entry is None:
        read.left_out("patient", "is about a patient of this file who is not taken")
        return at
    if one["resourceType"] == "RelatedPerson":
        proxy = _proxy(one, read, read.today)
        if proxy is not None and not read.troubles:
            patient = replace(entry.patient, proxies=(*entry.patient.proxies, proxy))
            kept[at] = replace(entry, patient=patient, speaks_of=entry.speaks_of | {"proxies"})
        return at
    said = read_consent(one, read, read.today)
    if said and not read.troubles:
        kept[at] = _agreed(entry, said, read)
    return at


def _agreed(entry: Entry, said: dict[str, Any], read: Reader) -> Entry:
    """The entry with what one more Consent says, channel by channel; the form has its last day."""
    day: date | None = said.pop("form_date", None)
    form, days = entry.patient.form, dict(entry.said_on)
    for name, answer in said.items():
        if name not in days:
            form, days[name] = replace(form, **{name: answer}), day
            continue
        here: Consent = getattr(form, name)
        taken, days[name], why = later(here, days[name], answer, day)
        if why:
            read.left_out("dateTime", why)
        changed: dict[str, Any] = {name: taken}
        form = replace(form, **changed)
    known = [one for one in (form.form_date, *days.values()) if one is not None]
    form = replace(form, form_date=max(known, default=None))
    speaks_of = entry.speaks_of | said.keys() | ({"form_date"} if known else set())
    return replace(
        entry, patient=replace(entry.patient, form=form), speaks_of=speaks_of, said_on=days
    )


def _patient(one: Resource, read: Reader, url: str) -> Entry | None:
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
    record, number = record_number(one, read), read.word("id", one.get("id"))
    sources = (f"Patient/{number}" if number else "", url if "://" in url else "")
    patient = Patient(
        id=record or number or made_up_id(given, family, born),
        given=given,
        family=family,
        birth_date=born,
        points=points,
        language=language,
        postal_code=postal_code,
        state=state,
        sources=tuple(one for one in sources if one),
        identifiers=_identifiers(one, read),
    )
    return Entry(
        read.row,
        patient,
        spoken_of(patient, ()),
        read.resource,
        adds_proxies=True,
        name_only=not (record or number) and born is None,
        foreign_id=not record and bool(number),
    )


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
    concepts = [c for c in list_in(read, "relationship", one.get("relationship")) if is_object(c)]
    codes = [coding for concept in concepts for coding in codings(concept)]
    for coding in sorted(codes, key=lambda code: code.get("system") != _ROLES):
        known = _RELATIONS.get(str(coding.get("code")))
        if known is not None:
            return known
    words = next((str(c["text"]) for c in concepts if c.get("text")), "")
    if codes and all("0131" in str(coding.get("system")) for coding in codes):
        read.left_out("relationship", "does not speak for the patient: not taken as a proxy")
        return None
    words = words or next((str(c["display"]) for c in codes if c.get("display")), "")
    if not words:
        read.left_out("relationship", "is not known; the proxy is taken without it")
    return read.word("relationship", words)


# ---------------------------------------------------------------- elements of both


def _identifiers(one: Resource, read: Reader) -> tuple[str, ...]:
    """What others know them by; a number without its system could be anybody's."""
    found = []
    for part in list_in(read, "identifier", one.get("identifier")):
        if not is_object(part) or part.get("use") == "old":
            continue
        system = read.word("identifier.system", part.get("system"))
        value = read.word("identifier.value", part.get("value"))
        if system and value and not re.search(r"[\s|]", system) and "|" not in value:
            found.append(f"{system}|{value}")
    return tuple(dict.fromkeys(found))


def _name(one: Resource, read: Reader) -> tuple[str, str]:
    names: list[Resource] = [n for n in list_in(read, "name", one.get("name")) if is_object(n)]
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
        use = _USES.get(str(point.get("use", "home")).casefold(), PointUse.HOME)
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


def _language(one: Resource) -> str:
    try:
        spoken = one["communication"]
        chosen = next((entry for entry in spoken if entry.get("preferred")), spoken[0])
        return str(chosen["language"]["coding"][0]["code"])[:35]
    except (KeyError, IndexError, TypeError, AttributeError):
        return ""


def _place(one: Resource, read: Reader) -> tuple[str, str]:
    """ZIP code and state of the home address."""
    places = [a for a in list_in(read, "address", one.get("address")) if is_object(a)]
    lived = [a for a in places if a.get("use") not in {"old", "billing"}]
    home = next((a for a in lived if a.get("use") == "home"), lived[0] if lived else {})
    state = read.word("address.state", home.get("state"))
    return read.word("address.postalCode", home.get("postalCode")), (
        state.upper() if re.fullmatch(r"[A-Za-z]{2}", state) else ""
    )

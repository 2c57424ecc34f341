"""Searches: which resources pass, and in which order.

http://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any, Literal

from demo.portal.holdings import Held, Holdings, Resource, Version
from demo.portal.moment import Span, meets, span
from demo.portal.problem import Problem

Query = Sequence[tuple[str, str]]
"""Parameters of a search in the order they were given; a name may be there more than once."""
Type = Literal["token", "reference", "date", "string"]

_PEOPLE: dict[str, tuple[Type, str]] = {
    "identifier": ("token", "identifier"),
    "active": ("token", "active"),
    "name": ("string", "name.text name.family name.given"),
    "family": ("string", "name.family"),
    "given": ("string", "name.given"),
    "telecom": ("token", "telecom"),
    "phone": ("token", "telecom"),
    "email": ("token", "telecom"),
    "birthdate": ("date", "birthDate"),
}
_EVERYTHING: dict[str, tuple[Type, str]] = {
    "_id": ("token", "id"),
    "_lastUpdated": ("date", "meta.lastUpdated"),
}
PARAMETERS: dict[str, dict[str, tuple[Type, str]]] = {
    "Communication": {
        "identifier": ("token", "identifier"),
        "status": ("token", "status"),
        "category": ("token", "category"),
        "medium": ("token", "medium"),
        "subject": ("reference", "subject"),
        "patient": ("reference", "subject"),
        "sender": ("reference", "sender"),
        "recipient": ("reference", "recipient"),
        "part-of": ("reference", "partOf"),
        "encounter": ("reference", "encounter"),
        "sent": ("date", "sent"),
        "received": ("date", "received"),
    },
    "DocumentReference": {
        "identifier": ("token", "identifier"),
        "status": ("token", "status"),
        "subject": ("reference", "subject"),
        "patient": ("reference", "subject"),
        "date": ("date", "date"),
    },
    "Patient": _PEOPLE,
    "Practitioner": _PEOPLE,
    "RelatedPerson": {**_PEOPLE, "patient": ("reference", "patient")},
    "PractitionerRole": {
        "identifier": ("token", "identifier"),
        "practitioner": ("reference", "practitioner"),
        "organization": ("reference", "organization"),
    },
    "Organization": {"identifier": ("token", "identifier"), "name": ("string", "name")},
    "Group": {"identifier": ("token", "identifier"), "member": ("reference", "member.entity")},
    "Binary": {},
}
"""What each kind of resource can be searched by: the parameter's type, and where to look."""
RESULT = frozenset(
    {"_count", "_sort", "_offset", "_include", "_summary", "_total", "_format", "_getpages"}
    | {"_getpagesoffset"}
)
"""Parameters that say how the answer is to look, not what is in it."""


def found(
    holdings: Holdings,
    kind: str,
    query: Query,
    base_url: str,
    *,
    strict: bool = False,
    unknown: Collection[str] = (),
    late: bool = True,
) -> list[Held]:
    """What passes a search, in the order it came.

    Args:
        holdings: where to look.
        kind: which resources.
        query: the parameters; those of the result are passed over.
        base_url: references may be absolute.
        strict: a parameter that is not known is refused rather than passed over.
        unknown: parameters that are not known although others know them.
        late: what is not indexed yet is not found.

    Raises:
        Problem: a value cannot be read, or a parameter is not known and that is minded.
    """
    known = {**PARAMETERS.get(kind, {}), **_EVERYTHING}
    for name in unknown:
        known.pop(name, None)
    wanted = []
    for name, value in query:
        plain, _, modifier = name.partition(":")
        if plain in RESULT:
            continue
        if plain in known:
            wanted.append((*known[plain], modifier, value))
        elif strict:
            raise Problem("not-supported", f"{kind} cannot be searched by {name}.", 400)
    now, passed = holdings.now, []
    for held in holdings.all(kind):
        version = held.known(now) if late else held.now
        if version is not None and all(_passes(version, *one, base_url=base_url) for one in wanted):
            passed.append(held)
    return passed


def in_order(items: list[Held], sort: str) -> list[Held]:
    """Sorted by `_sort`: names with a comma between them, a dash before those that go down.

    Raises:
        Problem: something cannot be sorted by.
    """
    for key in reversed([one for one in sort.split(",") if one]):
        name = key.removeprefix("-")
        if name not in {"_lastUpdated", "_id", "sent", "received", "date"}:
            raise Problem("not-supported", f"The search cannot be sorted by {name}.", 400)
        items = sorted(items, key=lambda one: _key(one, name), reverse=key.startswith("-"))
    return items


def _key(held: Held, name: str) -> tuple[Any, ...]:
    if name == "_lastUpdated":
        return (held.now.at,)
    if name == "_id":
        return (held.id,)
    value = held.resource.get(name)
    return (span(str(value)).low.isoformat(),) if value else ("",)


def _passes(
    version: Version, kind: Type, path: str, modifier: str, value: str, *, base_url: str
) -> bool:
    values = list(_values(version, path))
    if modifier == "missing":
        return (not values) == (value == "true")
    choices = value.split(",")
    if kind == "date":
        # A value per parameter: a comma in a date would be an either-or of two dates.
        return any(
            meets(one, choice) for one in _spans(version, path, values) for choice in choices
        )
    if kind == "reference":
        names = {_relative(str(one.get("reference", "")), base_url) for one in values}
        asked = {_relative(choice, base_url) for choice in choices}
        return bool(names & asked) or bool({name.partition("/")[2] for name in names} & asked)
    if kind == "string":
        return any(str(one).lower().startswith(c.lower()) for one in values for c in choices)
    hit = any(_is_token(one, choice) for one in values for choice in choices)
    return not hit if modifier == "not" else hit


def _spans(version: Version, path: str, values: list[Any]) -> list[Span]:
    if path == "meta.lastUpdated":
        return [Span(version.at, version.at + timedelta(milliseconds=1))]
    return [span(str(value)) for value in values]


def _is_token(value: Any, wanted: str) -> bool:
    if isinstance(value, dict):
        system, value = value.get("system"), value.get("value", value.get("code"))
        if "|" in wanted:
            asked, _, wanted = wanted.partition("|")
            if (system or "") != asked:
                return False
            if not wanted:
                return True
    if isinstance(value, bool):
        value = str(value).lower()
    return bool(value == wanted)


def _values(version: Version, path: str) -> Iterator[Any]:
    for way in path.split():
        yield from _below(version.resource, way.split("."))


def _below(value: Any, way: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _below(one, way)
    elif not way:
        # A CodeableConcept is found by any of its codings.
        if isinstance(value, dict) and "coding" in value:
            yield from value["coding"]
        else:
            yield value
    elif isinstance(value, dict) and way[0] in value:
        yield from _below(value[way[0]], way[1:])


def _relative(reference: str, base_url: str) -> str:
    return reference.removeprefix(base_url).lstrip("/").partition("/_history/")[0]


def references(resource: Resource, path: str, base_url: str) -> list[str]:
    """The relative references below a path such as `sender` or `payload.contentReference`."""
    return [
        _relative(str(one["reference"]), base_url)
        for one in _below(resource, path.split("."))
        if isinstance(one, dict) and "reference" in one
    ]

"""Reading FHIR resources without trust in their form: references, names, identifiers, times.

Everything here is pure and takes what it finds: a part that is missing or of another type than
FHIR R4 has it reads as if it were not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import urlsplit

from adapters.portal.page import Record
from inbox.plain import plain_line

OURS = frozenset(
    {
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "HealthcareService",
        "CareTeam",
        "Group",
        "Device",
    }
)
"""Who writes on our side."""
THEIRS = frozenset({"Patient", "RelatedPerson"})
"""Who writes on the other side; a RelatedPerson is a proxy."""
REFERENCE = re.compile(r"([A-Z][A-Za-z]{1,60})/([A-Za-z0-9.-]{1,64})\Z")
"""A reference to a resource of the same server."""

_TAIL = re.compile(r"([A-Z][A-Za-z]{1,60})/([A-Za-z0-9.-]{1,64})(?:/_history/[^/]*)?\Z")
_PARTIAL = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?\Z")
_BAD_USES = {"old", "temp"}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as FHIR writes it."""

    at: datetime
    """Aware, in UTC."""
    offset: bool = True
    """False: it said neither an offset nor a time zone."""


def moment(value: object, zone: tzinfo = UTC) -> Moment | None:
    """A dateTime or instant; None when there is none that can be read.

    Args:
        value: `2026-03-02T09:00:00-06:00`; a year, a month or a day stand for their beginning.
        zone: What times without an offset are read in.
    """
    if not isinstance(value, str) or not 4 <= len(value) <= 40:
        return None
    partial = _PARTIAL.match(value)
    try:
        if partial is not None:
            year, month, day = (int(one or 1) for one in partial.groups())
            return Moment(datetime(year, month, day, tzinfo=zone).astimezone(UTC), offset=False)
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            return Moment(at.replace(tzinfo=zone).astimezone(UTC), offset=False)
        return Moment(at.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def last_updated(resource: Any) -> datetime | None:
    """When the server last changed a resource; None when it does not say, or not with an offset."""
    found = moment(part(resource, "meta").get("lastUpdated"))
    return found.at if found is not None and found.offset else None


def instant(at: datetime) -> str:
    """A time as FHIR wants it, in UTC, to the millisecond or finer if it is finer."""
    finest = "microseconds" if at.microsecond % 1000 else "milliseconds"
    return at.astimezone(UTC).isoformat(timespec=finest).replace("+00:00", "Z")


def part(resource: Any, name: str) -> Record:
    """An object inside an object; empty when there is none."""
    found = resource.get(name) if isinstance(resource, dict) else None
    return found if isinstance(found, dict) else {}


def parts(resource: Any, name: str) -> list[Record]:
    """The objects of a list; a single one counts as a list of one."""
    found = resource.get(name) if isinstance(resource, dict) else None
    if isinstance(found, dict):
        return [found]
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def word(resource: Any, name: str, limit: int = 1000) -> str:
    """A text inside an object, on one line and safe to show; empty when there is none."""
    found = resource.get(name) if isinstance(resource, dict) else None
    return plain_line(found, limit) if isinstance(found, str) else ""


def concept(resource: Any, name: str) -> str:
    """What a CodeableConcept says, in words."""
    for one in parts(resource, name):
        said = word(one, "text") or next(
            (shown for coding in parts(one, "coding") if (shown := word(coding, "display"))), ""
        )
        if said:
            return said
    return ""


def codes(resource: Any, name: str) -> frozenset[str]:
    """Every code of CodeableConcepts."""
    return frozenset(
        word(coding, "code") for one in parts(resource, name) for coding in parts(one, "coding")
    )


# ---- references ------------------------------------------------------------------------------


def reference(holder: Any, base: str) -> str:
    """What a Reference points to: `Patient/12` on the same server, else as it is written.

    Args:
        holder: The Reference.
        base: The server's base; an absolute URL below it becomes relative.
    """
    written = holder.get("reference") if isinstance(holder, dict) else None
    if not isinstance(written, str) or len(written) > 2000:
        return ""
    if REFERENCE.match(written) is not None:
        return written
    written = written.strip()
    if base and written.startswith(base + "/"):
        written = written[len(base) + 1 :]
    if not re.match(r"[a-z][a-z0-9+.-]*:", written, re.IGNORECASE):
        found = _TAIL.match(written.lstrip("/"))
        if found is not None:
            return f"{found.group(1)}/{found.group(2)}"
    return plain_line(written)


def references(resource: Any, name: str, base: str) -> tuple[str, ...]:
    """Every Reference of an element, each once."""
    found = (reference(one, base) for one in parts(resource, name))
    return tuple(dict.fromkeys(one for one in found if one))


def kind(holder: Any, base: str, resource: Any = None) -> str:
    """Of what type the one is that a Reference points to; empty when nothing tells.

    Args:
        holder: The Reference.
        base: The server's base.
        resource: What it points to, where that is at hand.
    """
    told = word(resource, "resourceType")
    if told and told != "OperationOutcome":
        return told
    found = _TAIL.search(urlsplit_path(reference(holder, base)))
    return found.group(1) if found is not None else word(holder, "type", 100).rpartition("/")[2]


def urlsplit_path(written: str) -> str:
    """The path of a URL, or of a relative reference."""
    with suppress(ValueError):
        return urlsplit(written).path
    return ""


def pointed(
    holder: Any, base: str, context: Mapping[str, Any], contained: Iterable[Any]
) -> Record | None:
    """The resource a Reference points to, where it is at hand.

    Args:
        holder: The Reference.
        base: The server's base.
        context: Resources by reference.
        contained: What the resource that has the Reference contains.
    """
    name = reference(holder, base)
    if name.startswith("#"):
        return next(
            (one for one in contained if isinstance(one, dict) and one.get("id") == name[1:]), None
        )
    found = context.get(name)
    known = isinstance(found, dict) and found.get("resourceType") != "OperationOutcome"
    return found if known else None


# ---- people ----------------------------------------------------------------------------------


def name_of(resource: Any) -> str:
    """What a person, a role or a group is called; empty when nothing tells."""
    said = word(resource, "name")
    if said:
        return said
    names = parts(resource, "name")
    ranks = {"official": 0, "usual": 1, "": 2, "nickname": 4, "maiden": 5, "temp": 6, "old": 7}
    for one in sorted(names, key=lambda name: ranks.get(word(name, "use"), 3)):
        whole = word(one, "text")
        if not whole:
            given = one.get("given")
            pieces = [*given] if isinstance(given, list) else [given]
            whole = plain_line(
                " ".join(piece for piece in (*pieces, one.get("family")) if isinstance(piece, str))
            )
        if whole:
            return whole
    return (
        word(part(resource, "practitioner"), "display")
        or next((word(one, "name") for one in parts(resource, "deviceName")), "")
        or concept(resource, "code")
        or word(part(resource, "organization"), "display")
    )


def identifiers_of(resource: Any) -> tuple[str, ...]:
    """What others call somebody, as `system|value`: medical record numbers first, none retired."""
    found: list[tuple[int, str]] = []
    for one in parts(resource, "identifier"):
        said = identifier(one)
        if said and word(one, "use") not in _BAD_USES:
            record = "MR" in codes(one, "type")
            official = word(one, "use") in {"official", "usual"}
            found.append((0 if record else 1 if official else 2, said))
    return tuple(dict.fromkeys(said for _, said in sorted(found, key=lambda one: one[0])))


def identifier(one: Record) -> str:
    """One Identifier as `system|value`; empty when it has no value."""
    value = word(one, "value", 300)
    return f"{word(one, 'system', 300)}|{value}" if value else ""

"""The record of portal messages: the portal's own references beside what we call things.

Every reference is a whole URL at the portal's server (FHIR R4 2.3.0.1, absolute references), so
that it means the same wherever the record is read; the subject stays the practice's own patient.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from inbox.address import Address
from inbox.message import Direction, Message

Resource = dict[str, Any]
"""A FHIR resource as JSON."""

_URLS: Final = "urn:ietf:rfc:3986"
_WRITERS: Final = frozenset(
    {
        "Device",
        "HealthcareService",
        "Organization",
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "RelatedPerson",
    }
)
"""What may send (http://hl7.org/fhir/R4/communication.html)."""
_READERS: Final = _WRITERS | {"CareTeam", "Group"}
"""What may receive."""
_REFERENCE: Final = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}")
"""A relative reference (http://hl7.org/fhir/R4/references.html#literal)."""
_SERVER: Final = re.compile(r"https?://[!-~]+")


def add_portal(resource: Resource, message: Message, server: str) -> None:
    """Add to the entry of a portal message what the portal calls it and everybody in it.

    Args:
        resource: The Communication made so far; it is changed.
        message: The stored message.
        server: The portal's base URL; empty while its line is not set up.
    """
    if _SERVER.fullmatch(server) is None:
        return
    server = server.rstrip("/")
    if _kind(message.message_id) == "Communication":
        own = next(one for one in resource["identifier"] if one["value"] == message.message_id)
        own |= {"system": _URLS, "value": f"{server}/{message.message_id}"}
    if _kind(message.thread_key) == "Communication" and message.thread_key != message.message_id:
        resource["partOf"] = [{"reference": f"{server}/{message.thread_key}"}]
    answered = [name for name in message.in_reply_to if _kind(name) == "Communication"]
    if answered:
        resource["inResponseTo"] = [{"reference": f"{server}/{name}"} for name in answered]
    else:
        resource.pop("inResponseTo", None)
    if message.direction is Direction.INBOUND and message.sender is not None:
        resource["sender"] = _person(message.sender, server, _WRITERS)
    if message.direction is Direction.OUTBOUND and message.to:
        people = (*message.to, *message.cc)
        resource["recipient"] = [_person(one, server, _READERS) for one in people]


def add_retracted(resource: Resource, message: Message, recorded_at: datetime) -> None:
    """Say that the author took it back; what was said stays in the entry, and does not count."""
    who = "We" if message.direction is Direction.OUTBOUND else "Its author"
    words = f"{who} took it back."
    if message.status_text:
        words += f" {message.status_text[:1].upper()}{message.status_text[1:]}."
    note = {"time": recorded_at.isoformat(timespec="milliseconds"), "text": words}
    resource.setdefault("note", []).append(note)


def _person(address: Address, server: str, known: frozenset[str]) -> Resource:
    kind = _kind(address.value)
    if kind not in known:
        return {"display": str(address)}
    person = {"reference": f"{server}/{address.value}", "type": kind}
    return {**person, "display": address.name} if address.name else person


def _kind(name: str) -> str:
    """What kind of resource a relative reference leads to; empty when it is none."""
    found = _REFERENCE.fullmatch(name)
    return found[1] if found is not None else ""

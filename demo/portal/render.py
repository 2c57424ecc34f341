"""Resources as the portal's own programs write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from demo.portal.holdings import Resource
from demo.portal.moment import instant

MRN = "https://lakeside.example/fhir/mrn"
"""The system of the practice's medical record numbers."""
CAN_REPLY = "https://twoway.example/fhir/can-reply"
"""On a thread's header: whether the portal lets the patient answer."""
_MODES = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"
_ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


@dataclass(frozen=True, slots=True)
class Words:
    """One message."""

    say: str
    sender: str
    """A reference, such as `Patient/1011`."""
    to: tuple[str, ...]
    about: str
    """The patient."""
    thread: str = ""
    """The header; empty: none."""
    answers: str = ""
    """The message it is an answer to; empty: none."""
    again: tuple[str, ...] = ()
    """Earlier words that this portal repeats below the new ones."""
    files: tuple[Resource, ...] = ()
    """Further payloads."""
    names: dict[str, str] = field(default_factory=dict)
    """What people are called, by reference."""


def communication(words: Words, at: datetime) -> Resource:
    """A message somebody wrote in the portal, or that was released there, at a time."""
    resource: Resource = {
        "resourceType": "Communication",
        "status": "completed",
        "medium": [{"coding": [{"system": _MODES, "code": "ONLINEWRIT"}]}],
        "subject": reference(words.about, words.names),
        "sender": reference(words.sender, words.names),
        "recipient": [reference(one, words.names) for one in words.to],
        "sent": instant(at),
        "received": instant(at),
        "payload": [
            *({"contentString": said} for said in (words.say, *words.again)),
            *words.files,
        ],
    }
    if words.thread:
        resource["partOf"] = [{"reference": words.thread}]
    if words.answers:
        resource["inResponseTo"] = [{"reference": words.answers}]
    return resource


def header(
    topic: str,
    about: str,
    people: Iterable[str],
    names: dict[str, str],
    *,
    can_reply: bool | None,
    name: str = "",
) -> Resource:
    """What holds a thread together: whom it is between and about, and what.

    Args:
        topic: its subject line.
        about: the patient.
        people: everybody who takes part.
        names: what people are called.
        can_reply: whether the patient can answer; None: nothing is said.
        name: its id; empty: the server's choice.
    """
    resource: Resource = {
        "resourceType": "Communication",
        "status": "in-progress",
        "topic": {"text": topic},
        "subject": reference(about, names),
        "recipient": [reference(one, names) for one in people],
    }
    if name:
        resource["id"] = name
    if can_reply is not None:
        resource["extension"] = [{"url": CAN_REPLY, "valueBoolean": can_reply}]
    return resource


def reference(to: str, names: dict[str, str]) -> Resource:
    """A reference, with the name where there is one."""
    shown: Resource = {"reference": to}
    if names.get(to):
        shown["display"] = names[to]
    return shown


def patient(name: str, mrn: str, known: dict[str, Any]) -> Resource:
    """A Patient, from what `patients.json` says of them.

    Args:
        name: the id on the portal.
        mrn: the medical record number.
        known: `given`, `family`, `birth_date`, `contact`.
    """
    given, family = str(known["given"]), str(known["family"])
    resource: Resource = {
        "resourceType": "Patient",
        "id": name,
        "active": True,
        "identifier": [{"system": MRN, "value": mrn}],
        "name": [{"text": f"{given} {family}", "family": family, "given": given.split()}],
        "birthDate": known["birth_date"],
    }
    telecom = [
        {"system": point["system"], "value": point["value"], "use": point["use"]}
        for point in known.get("contact", [])
        # An account in the portal is no ContactPoint of FHIR.
        if point["system"] != "portal"
    ]
    if telecom:
        resource["telecom"] = telecom
    return resource


def related_person(name: str, about: str, called: str, relation: str) -> Resource:
    """A RelatedPerson: somebody who writes for a patient."""
    codes = {"mother": "MTH", "father": "FTH", "son": "SON", "daughter": "DAU", "spouse": "SPS"}
    meant: Resource = {"text": relation}
    if relation in codes:
        meant["coding"] = [{"system": _ROLES, "code": codes[relation]}]
    return {
        "resourceType": "RelatedPerson",
        "id": name,
        "active": True,
        "patient": {"reference": about},
        "relationship": [meant],
        "name": [{"text": called}],
    }


def practitioner(name: str, called: str) -> Resource:
    """A Practitioner."""
    return {"resourceType": "Practitioner", "id": name, "active": True, "name": [{"text": called}]}


def organization(name: str, called: str) -> Resource:
    """An Organization."""
    return {"resourceType": "Organization", "id": name, "active": True, "name": called}


def group(name: str, called: str, members: Sequence[str]) -> Resource:
    """A Group: several people who read one inbox."""
    return {
        "resourceType": "Group",
        "id": name,
        "active": True,
        "type": "practitioner",
        "actual": True,
        "name": called,
        "member": [{"entity": {"reference": one}} for one in members],
    }


def document(
    name: str, about: str, title: str, content_type: str, binary: str, size: int, at: datetime
) -> Resource:
    """A DocumentReference that says where a file is."""
    return {
        "resourceType": "DocumentReference",
        "id": name,
        "status": "current",
        "subject": {"reference": about},
        "date": instant(at),
        "description": title,
        "content": [
            {
                "attachment": {
                    "contentType": content_type,
                    "url": binary,
                    "title": title,
                    "size": size,
                }
            }
        ],
    }

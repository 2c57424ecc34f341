"""Matching: which patient a message is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inbox.address import Address
from inbox.patient import Patient


@dataclass(frozen=True, slots=True)
class Match:
    """Whom a message is about, and why."""

    patient_id: str | None
    """None: a person has to say."""
    reason: str
    """Shown beside the message."""


def match(
    address: Address | None, candidates: Sequence[Patient], conversation_patient: str | None
) -> Match:
    """Decide whom a message is about by the address of the other end.

    Nobody: unknown. One: linked. Several (a family shares the address): whom the conversation is
    about, when a person has said so; otherwise a person has to choose.

    Args:
        address: Who wrote it, or for a message of ours who it went to.
        candidates: Everybody the address belongs to.
        conversation_patient: Whom the conversation it joins is about, or None.
    """
    ids = [patient.id for patient in candidates]
    if conversation_patient is not None and (not ids or conversation_patient in ids):
        return Match(conversation_patient, "as this conversation")
    if address is None or not ids:
        return Match(None, "nobody with this address")
    if len(ids) > 1:
        return Match(None, f"{len(ids)} patients share this address")
    patient = candidates[0]
    if any(point.address.key == address.key for point in patient.points):
        return Match(patient.id, f"matched by {_kind(address)}")
    for proxy in patient.proxies:
        if any(point.address.key == address.key for point in proxy.points):
            return Match(patient.id, f"matched by {_kind(address)} of their {proxy.relation}")
    return Match(patient.id, f"matched by {_kind(address)}")


def likeliest(address: Address | None, candidates: Sequence[Patient]) -> Patient | None:
    """Whom to preselect among several: the one whose name the sender goes by, or None."""
    if address is None or not address.name:
        return None
    said = set(address.name.casefold().replace(",", " ").split())
    named = [
        patient
        for patient in candidates
        if patient.given.split() and patient.given.split()[0].casefold() in said
    ]
    return named[0] if len(named) == 1 else None


def _kind(address: Address) -> str:
    return {"email": "e-mail address", "phone": "phone number", "portal": "portal account"}[
        address.system.value
    ]

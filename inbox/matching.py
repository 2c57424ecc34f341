"""Matching: which patient a message is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from inbox.address import Address, AddressSystem
from inbox.patient import Patient, Proxy
from inbox.storage.signal import AddressChoice

_WORD: Final = re.compile(r"[^\W\d_]+")
_LOOKED_AT: Final = 4_000
NOBODY: Final = "nobody with this address"
"""Why a message is about nobody: what it came from belongs to no patient."""
FOLLOWS: Final = "as this conversation"
"""Why a message is about somebody of whom it says nothing itself."""
FORMER: Final = "no longer theirs whose address it was"
"""Why a message from an address that changed its owner is about nobody known."""


@dataclass(frozen=True, slots=True)
class Match:
    """Whom a message is about, and why."""

    patient_id: str | None
    """None: a person has to say."""
    reason: str
    """Shown beside the message."""


def match(
    address: Address | None,
    candidates: Sequence[Patient],
    conversation_patient: str | None,
    day: date | None = None,
    remembered: AddressChoice | None = None,
    *,
    former: bool = False,
) -> Match:
    """Decide whom a message is about by the address of the other end.

    Nobody: unknown. One: linked. Several (a family shares the address): whom the conversation is
    about, when a person has said so; else whom a person said it is always about; otherwise a person
    has to choose. A proxy whose access has ended is nobody's voice any more: a person has to
    choose, whatever was so before.

    Args:
        address: Who wrote it, or for a message of ours who it went to.
        candidates: Everybody the address belongs to.
        conversation_patient: Whom the conversation it joins is about, or None.
        day: The day it arrived, where the practice is; None: no access has ended.
        remembered: Whom a person last said this address is about, or None.
        former: It was somebody's, who has another one now.
    """
    if address is not None and day is not None:
        ended = {one.id: proxy for one in candidates if (proxy := one.ended_proxy_at(address, day))}
        candidates = [one for one in candidates if one.id not in ended]
        if ended and (not candidates or conversation_patient in ended):
            return Match(None, f"{access_words(next(iter(ended.values())))}: choose")
    ids = [patient.id for patient in candidates]
    if conversation_patient is not None and (not ids or conversation_patient in ids):
        return Match(conversation_patient, FOLLOWS)
    if address is None or not ids:
        return Match(None, FORMER if former else NOBODY)
    if len(ids) > 1:
        if remembered is not None and remembered.always and remembered.patient_id in ids:
            return Match(remembered.patient_id, f"always for this address, says {remembered.by}")
        return Match(None, f"{len(ids)} patients share this address")
    patient = candidates[0]
    if any(point.address.key == address.key for point in patient.points):
        return Match(patient.id, f"matched by {_kind(address)}")
    for proxy in patient.proxies:
        if any(point.address.key == address.key for point in proxy.points):
            return Match(patient.id, f"matched by {_kind(address)} of their {proxy.relation}")
    return Match(patient.id, f"matched by {_kind(address)}")


def match_identifiers(
    identifiers: Sequence[str],
    candidates: Sequence[Patient],
    chosen: str | None,
    writer: Address | None,
    day: date,
) -> Match | None:
    """Decide whom a portal message is about by what others call them; None: no identifier tells.

    One patient who bears one of them: linked. Two: a person has to choose, unless one has done so
    in the same thread. That the one who wrote has no access any more is said beside it.

    Args:
        identifiers: `system|value`, best first.
        candidates: Everybody who bears one of them.
        chosen: Whom a person said another message of the thread is about, or None.
        writer: Who wrote it; None: nobody says.
        day: The day it arrived, where the practice is.
    """
    ids = {patient.id for patient in candidates}
    if not ids:
        return None
    if len(ids) > 1:
        if chosen in ids:
            return Match(chosen, FOLLOWS)
        return Match(None, f"{len(ids)} patients have its identifiers")
    patient = candidates[0]
    by = next((one for one in identifiers if one in patient.identifiers), identifiers[0])
    reason = f"matched by identifier {by.rpartition('|')[2]}"
    ended = patient.ended_proxy_at(writer, day) if writer is not None else None
    return Match(patient.id, f"{reason}; {access_words(ended)}" if ended is not None else reason)


def is_called(patient: Patient, reference: str, server: str) -> bool:
    """Whether another system's reference is known to mean this patient.

    The same id at another server is somebody else (FHIR R4 2.3.0.1).

    Args:
        patient: Whose sources are looked at.
        reference: `Patient/12`.
        server: The URL that the reference is relative to, without a slash at its end.
    """
    whole = [one for one in patient.sources if "://" in one and one.endswith(f"/{reference}")]
    return f"{server}/{reference}" in whole if whole else reference in patient.sources


def likeliest(
    address: Address | None,
    candidates: Sequence[Patient],
    remembered: AddressChoice | None = None,
    text: str = "",
) -> Patient | None:
    """Whom to preselect among several, or None.

    The one who is named in the text, else the one whose name the sender goes by, else the one whom
    this address was about the last time.
    """
    for names in (_words(text), _words(address.name if address else "")):
        named = [
            patient
            for patient in candidates
            if patient.given.split() and patient.given.split()[0].casefold() in names
        ]
        if len(named) == 1:
            return named[0]
    last = remembered.patient_id if remembered is not None else ""
    return next((patient for patient in candidates if patient.id == last), None)


def writer_relation(address: Address | None, patient: Patient, day: date) -> str:
    """What the one behind an address is to a patient: `mother`; empty for the patient themself."""
    if address is None or any(point.address.key == address.key for point in patient.points):
        return ""
    for proxy in patient.proxies_on(day):
        if any(point.address.key == address.key for point in proxy.points):
            return proxy.relation
    if address.system is AddressSystem.PORTAL and address.name:
        # A portal says by name who writes for a patient, and vouches for it.
        called = address.name.casefold()
        named = (one for one in patient.proxies_on(day) if one.name.casefold() == called)
        return next((proxy.relation for proxy in named), "")
    return ""


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text[:_LOOKED_AT].casefold()))


def access_words(proxy: Proxy) -> str:
    """That a proxy's access ended: `mother's access ended 2026-01-02`."""
    until = f" {proxy.until.isoformat()}" if proxy.until else ""
    return f"{proxy.relation or 'proxy'}'s access ended{until}"


def _kind(address: Address) -> str:
    return {"email": "e-mail address", "phone": "phone number", "portal": "portal account"}[
        address.system.value
    ]

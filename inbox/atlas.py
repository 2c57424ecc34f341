"""Where a reader may be: what the patient's record says, else the ZIP code, else the number.

Where only the number tells, every place it may belong to counts: a mobile number moves with its
owner, and some area codes lie in two time zones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from inbox.address import Address, AddressSystem
from inbox.patient import Patient
from inbox.quiet import Place

_SHORT_CODE: Final = 6
"""A number of so few digits is a service's, wherever it is."""


class Atlas(Protocol):
    """What is known of postal codes, states and numbers; empty answers for what is not known."""

    def of_postal_code(self, postal_code: str) -> tuple[Place, ...]:
        """Every place a postal code may lie in."""
        ...

    def of_state(self, state: str) -> tuple[Place, ...]:
        """Every zone of a state or province, by two letters."""
        ...

    def of_number(self, number: str) -> tuple[Place, ...]:
        """Every place a phone number (E.164) may belong to."""
        ...


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Knows no place."""

    def of_postal_code(self, postal_code: str) -> tuple[Place, ...]:
        """None."""
        return ()

    def of_state(self, state: str) -> tuple[Place, ...]:
        """None."""
        return ()

    def of_number(self, number: str) -> tuple[Place, ...]:
        """None."""
        return ()


def places_of(
    address: Address, patients: Sequence[Patient], known: Atlas, own: Place
) -> tuple[Place, ...]:
    """Where the one who reads what is sent to a phone number may be.

    Args:
        address: The number.
        patients: Everybody it belongs to, as a patient or through a proxy.
        known: Postal codes, states and numbers.
        own: The practice's, which stands for a place that nothing tells.
    """
    if address.system is not AddressSystem.PHONE:
        return ()
    by_number = _by_number(address, known)
    found: list[Place] = []
    for patient in patients:
        theirs = any(point.address.key == address.key for point in patient.points)
        # A proxy may live elsewhere: their number says more than the patient's own place.
        found += _by_record(patient, known) if theirs or not by_number else by_number
    return _each_once(found) or by_number or (own,)


def _by_record(patient: Patient, known: Atlas) -> tuple[Place, ...]:
    state = patient.state.strip().upper()
    by_code = known.of_postal_code(patient.postal_code) if patient.postal_code else ()
    if patient.timezone:
        return (Place(patient.timezone, state or _only(place.state for place in by_code)),)
    if state and by_code:
        return tuple(place for place in by_code if place.state == state) or known.of_state(state)
    return by_code or (known.of_state(state) if state else ())


def _by_number(address: Address, known: Atlas) -> tuple[Place, ...]:
    digits = "".join(letter for letter in address.value if letter.isdigit())
    return known.of_number(address.value) if len(digits) > _SHORT_CODE else ()


def _only(states: Iterable[str]) -> str:
    """The one state there is, or empty."""
    found = set(states)
    return found.pop() if len(found) == 1 else ""


def _each_once(places: Iterable[Place]) -> tuple[Place, ...]:
    return tuple(dict.fromkeys(places))

"""At which addresses a patient is reached on a channel, a portal's account among them."""

from __future__ import annotations

from inbox.address import Address, ChannelKind
from inbox.patient import Patient
from inbox.practice import Practice


def addresses_on(kind: ChannelKind, patient: Patient, practice: Practice) -> list[Address]:
    """A patient's addresses on a channel.

    In a portal a patient may be known by its own name for them without having told it to anybody.
    """
    found = [
        Address(point.system, point.value, patient.name)
        for point in patient.points
        if point.system is kind.system
    ]
    if kind is ChannelKind.PORTAL and not found:
        from inbox.suggesting import portal_account

        account = portal_account(patient, practice)
        found += [account] if account is not None else []
    return found

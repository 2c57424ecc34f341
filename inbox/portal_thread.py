"""Threading of portal messages: by the portal's own thread, then by what they answer.

Both are names on one line. Whether two messages belong together depends on these names alone, so
the order of arrival does not change the result. What a person parted stays parted: only
conversations that nothing joined before are made one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inbox.address import Address, AddressSystem
from inbox.line import Line
from inbox.message import Arrival
from inbox.patient import Patient, PointUse
from inbox.storage.portal import ThreadMember

PATIENT: Final = "Patient/"
"""How the reference of a patient begins (FHIR R4 Patient)."""


def join_thread(arrival: Arrival, members: Sequence[ThreadMember]) -> tuple[int, ...]:
    """The conversations an arrival joins: the first is kept, the others become part of it.

    Args:
        arrival: What arrived.
        members: Stored messages of its line that its names lead to, oldest first.
    """
    own, key = arrival.message_id, arrival.thread_key
    answered = [one for one in members if one.provider_id in arrival.in_reply_to]
    in_thread = [one for one in members if key and key in {one.thread_key, one.provider_id}]
    answering = [one for one in members if own and (own in one.parents or one.thread_key == own)]
    known = {one.message_id for one in in_thread}
    joined = {one.conversation_id for one in in_thread}
    if len(joined) > 1:
        # A person parted the thread: it goes where what it answers is, else where it went on.
        near = [one for one in answered if one.message_id in known] or in_thread
        joined = {near[-1].conversation_id}
    # Nothing but this arrival shows that these belong together.
    joined |= {
        one.conversation_id for one in (*answered, *answering) if one.message_id not in known
    }
    return tuple(sorted(joined))


def about_reference(
    line: Line, patient: Patient | None, thread: Address | None, to: Sequence[Address]
) -> str:
    """The portal's reference of the patient a message of ours is about; empty: not known.

    Args:
        line: The portal.
        patient: Whom it is about; None: nobody says.
        thread: Whom the thread it continues is about; None: it begins one.
        to: Whom it goes to.
    """
    named = [one.value for one in (thread, *to) if one is not None]
    known = references_of(line, patient) if patient is not None else ()
    fitting = (one for one in named if one in known)
    patients = (one for one in named if one.startswith(PATIENT))
    return next(fitting, None) or next(iter(known), None) or next(patients, "")


def references_of(line: Line, patient: Patient) -> tuple[str, ...]:
    """What a portal calls a patient: `Patient/12`, the likeliest first."""
    points = sorted(
        (
            point
            for point in patient.points
            if point.system is AddressSystem.PORTAL and point.use is not PointUse.OLD
        ),
        key=lambda point: point.rank,
    )
    server = f"{line.address.rstrip('/')}/"
    known = [
        *(point.value for point in points),
        *(one.removeprefix(server) for one in patient.sources if one.startswith(server)),
    ]
    return tuple(dict.fromkeys(one for one in known if one.startswith(PATIENT)))

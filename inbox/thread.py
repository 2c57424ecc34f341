"""Threading: which conversation an e-mail joins.

An arrival joins the conversations of the messages it names (References, In-Reply-To) and of the
messages that name it, wherever the person behind the answer takes part in what is answered. Whether
two messages belong together depends on these two alone, never on what else is stored, so the
order of arrival does not change the result. Nothing joins by its subject.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from inbox.address import Address, is_no_reply
from inbox.message import Arrival, Direction, Nature
from inbox.repository import Relative


@dataclass(frozen=True, slots=True)
class Joining:
    """Which conversations an arrival joins."""

    conversations: tuple[int, ...] = ()
    """The first is kept, the others become part of it; none means a new one."""
    suggested: int | None = None
    """A conversation that was named, but by somebody who takes no part in it."""


def participants(arrival: Arrival) -> frozenset[str]:
    """Address keys of everybody an arrival is from or goes to."""
    people: Iterable[Address] = (*arrival.to, *arrival.cc, *arrival.reply_to)
    keys = {person.key for person in people}
    if arrival.sender is not None:
        keys.add(arrival.sender.key)
    return frozenset(keys)


def join(
    arrival: Arrival, direction: Direction, relatives: Iterable[Relative], own: frozenset[str]
) -> Joining:
    """Decide which conversations an arrival joins.

    Args:
        arrival: What arrived.
        direction: Whether it is ours.
        relatives: Stored messages that it names or that name it.
        own: Address keys of the practice's own lines.
    """
    people = participants(arrival)
    behind = _behind(arrival.sender.key if arrival.sender else "", people, direction, own)
    joined: set[int] = set()
    suggested: set[int] = set()
    for relative in relatives:
        answers = relative.rfc_id in arrival.parents or (
            arrival.report is not None and relative.rfc_id == arrival.report.original_message_id
        )
        together = answers and bool(behind & relative.participants)
        # A delivery report comes from a machine that takes part in nothing; it joins what is ours.
        bounced = answers and arrival.nature is Nature.BOUNCE
        together |= bounced and relative.direction is Direction.OUTBOUND
        if arrival.message_id and arrival.message_id in relative.parents:
            child = _behind(relative.sender, relative.participants, relative.direction, own)
            together |= bool(child & people)
        elif not answers:
            # It names the arrival without answering it: a delivery report that came before it.
            together |= direction is Direction.OUTBOUND
        together |= bool(arrival.list_id) and arrival.list_id == relative.list_id
        if together:
            joined.add(relative.conversation_id)
        elif answers:
            suggested.add(relative.conversation_id)
    others = sorted(suggested - joined)
    return Joining(tuple(sorted(joined)), others[0] if others and not joined else None)


def _behind(
    sender: str, people: frozenset[str], direction: Direction, own: frozenset[str]
) -> frozenset[str]:
    """Whose part in the matter counts: the writer, or for a message of ours those it goes to."""
    if direction is Direction.INBOUND:
        return frozenset({sender} if sender else ())
    outside = people - own
    return outside or people


def other_end(arrival: Arrival, direction: Direction, own: frozenset[str]) -> Address | None:
    """Who is at the other end of a message: the writer, or for one of ours who it goes to."""
    if direction is Direction.INBOUND:
        sender = arrival.sender
        if sender is not None and is_no_reply(sender.value):
            outside = [address for address in arrival.reply_to if address.key not in own]
            return outside[0] if outside else sender
        return sender
    return next((address for address in (*arrival.to, *arrival.cc) if address.key not in own), None)

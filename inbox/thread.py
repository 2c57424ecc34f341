"""Threading: which conversation an e-mail joins.

An arrival joins the conversations of the messages it names (References, In-Reply-To) and of the
messages that name it, wherever the person behind the answer takes part in what is answered; and of
messages of the same person that name the same id, whether or not what bore it is stored. Whether
two messages belong together depends on these two alone, never on what else is stored, so the
order of arrival does not change the result. Nothing joins by its subject. One thing is stronger:
what a person parted stays apart, and what names both sides joins the one it names nearest.

An id that several different mails bear says little. It counts for those only whose subject is the
answer's own; which of them came first can then matter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from inbox.address import Address, is_no_reply
from inbox.message import Arrival, Direction, Nature
from inbox.repository import Relative

LONGEST: Final = 1000
"""How many of the ids it names count; of a longer list the nearest and the first one."""
_PREFIX: Final = re.compile(
    r"^(?:\s*(?:re|fwd?|aw|wg|sv|rv|tr)\s*(?:\[\d+\])?\s*:)+", re.IGNORECASE
)


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


def named(arrival: Arrival) -> tuple[str, ...]:
    """The ids an arrival names that count: what it answers, and what a delivery report is about."""
    told = arrival.report.original_message_id if arrival.report is not None else ""
    every = [one for one in dict.fromkeys((*arrival.parents, told)) if one]
    every = [one for one in every if one != arrival.message_id]
    return tuple(every if len(every) <= LONGEST else [*every[: LONGEST - 1], every[-1]])


def behind(arrival: Arrival, direction: Direction, own: frozenset[str]) -> frozenset[str]:
    """Whose part in the matter counts: the writer, or for a message of ours those it goes to."""
    sender = arrival.sender.key if arrival.sender else ""
    return _behind(sender, participants(arrival), direction, own)


def open_ends(
    arrival: Arrival, direction: Direction, relatives: Iterable[Relative], own: frozenset[str]
) -> tuple[str, ...]:
    """Ids it names whose bearers it does not join, or that nothing stored bears.

    What names the same one of them, and has the same person behind it, belongs with it. What is
    no Message-ID at all (RFC 5322 section 3.6.4: there is an `@` in one) says nothing.
    """
    people = behind(arrival, direction, own)
    joined = {one.rfc_id for one in relatives if people & one.participants}
    return tuple(id_ for id_ in named(arrival) if "@" in id_ and id_ not in joined)


def join(
    arrival: Arrival,
    direction: Direction,
    relatives: Iterable[Relative],
    own: frozenset[str],
    siblings: Iterable[Relative] = (),
    former: frozenset[str] = frozenset(),
) -> Joining:
    """Decide which conversations an arrival joins.

    Args:
        arrival: What arrived.
        direction: Whether it is ours.
        relatives: Stored messages that it names, that name it, or that bear its own id.
        own: Address keys of the practice's own lines.
        siblings: Stored messages that name an id it names too.
        former: Ids of patients whose address the sender's was: whoever writes from there now takes
            no part in what is about them.
    """
    relatives = list(relatives)
    people = participants(arrival)
    mine = behind(arrival, direction, own)
    ids = {id_: place for place, id_ in enumerate(named(arrival))}
    bearers = Counter(relative.rfc_id for relative in relatives if relative.rfc_id)
    matter = _matter(arrival.subject)
    joined: dict[int, _Near] = {}
    suggested: set[int] = set()
    for relative in relatives:
        answers = relative.rfc_id in ids
        answered = bool(arrival.message_id) and arrival.message_id in relative.parents
        if relative.rfc_id == arrival.message_id and not answered:
            continue
        # Several mails bear the id: the one that is meant has the same subject.
        same = matter == _matter(relative.subject)
        answers = answers and (same or bearers[relative.rfc_id] < 2)
        answered = answered and (same or not bearers[arrival.message_id])
        together = answers and bool(mine & relative.participants)
        # A delivery report comes from a machine that takes part in nothing; it joins what is ours.
        bounced = answers and arrival.nature is Nature.BOUNCE
        together |= bounced and relative.direction is Direction.OUTBOUND
        if answered:
            child = _behind(relative.sender, relative.participants, relative.direction, own)
            together |= bool(child & people)
        elif arrival.message_id not in relative.parents and relative.rfc_id not in ids:
            # It names the arrival without answering it: a delivery report that came before it.
            together |= direction is Direction.OUTBOUND
        listed = bool(arrival.list_id) and arrival.list_id == relative.list_id
        together |= listed and (answers or answered)
        together &= relative.patient_id is None or relative.patient_id not in former
        if together:
            _nearer(joined, relative, ids.get(relative.rfc_id, LONGEST))
        elif answers:
            suggested.add(relative.conversation_id)
    for relative in siblings:
        theirs = _behind(relative.sender, relative.participants, relative.direction, own)
        same_list = bool(arrival.list_id) and arrival.list_id == relative.list_id
        shared = [ids[id_] for id_ in relative.parents if "@" in id_ and id_ in ids]
        gone = relative.patient_id is not None and relative.patient_id in former
        if shared and (mine & theirs or same_list) and not gone:
            _nearer(joined, relative, min(shared) + LONGEST)
    kept = _unparted(joined)
    others = sorted(suggested - joined.keys())
    return Joining(kept, others[0] if others and not kept else None)


@dataclass(frozen=True, slots=True)
class _Near:
    """How near a conversation is to what arrived, and what a person parted it from."""

    place: int
    parted: frozenset[int]


def _nearer(joined: dict[int, _Near], relative: Relative, place: int) -> None:
    before = joined.get(relative.conversation_id)
    if before is None or place < before.place:
        joined[relative.conversation_id] = _Near(place, relative.parted)


def _unparted(joined: Mapping[int, _Near]) -> tuple[int, ...]:
    """All of them but what a person parted from a nearer one; the oldest is first."""
    kept: list[int] = []
    for one in sorted(joined, key=lambda id_: (joined[id_].place, id_)):
        if joined[one].parted.isdisjoint(kept):
            kept.append(one)
    return tuple(sorted(kept))


def nearest(parents: Sequence[str], places: Mapping[str, int]) -> int | None:
    """Where the nearest of the ids that a message names is, or None."""
    return next((places[id_] for id_ in parents if id_ in places), None)


def _matter(subject: str) -> str:
    """A subject without what answering puts before it."""
    return " ".join(_PREFIX.sub("", subject).casefold().split())


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

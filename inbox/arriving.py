"""What an arrival is by its raw item: whose, when, and whether it is another copy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from inbox.channel import RawItem
from inbox.line import Line
from inbox.message import Arrival, Direction, Message, Nature

_FIRST = datetime(1982, 8, 13, tzinfo=UTC)
"""Before RFC 822 there was no such mail."""
_AHEAD = timedelta(days=366)
"""A server's clock may be wrong by hours or a time zone; by more than a year it names no time."""


def direction_of(arrival: Arrival, item: RawItem, own: frozenset[str]) -> tuple[Direction, Arrival]:
    """Ours when it lies in the Sent folder or is from one of our lines to somebody else.

    What comes from ourselves to ourselves is a form on the practice's web site or the like: the one
    who waits for an answer stands in Reply-To.
    """
    if item.ours:
        return Direction.OUTBOUND, arrival
    if arrival.sender is None or arrival.sender.key not in own:
        return Direction.INBOUND, arrival
    if arrival.nature is Nature.PROBE:
        return Direction.OUTBOUND, arrival
    named = {address.key for address in (*arrival.to, *arrival.cc)}
    writers = [address for address in arrival.reply_to if address.key not in own]
    # Anybody can write our address as their own. What is addressed to us and does not lie in the
    # Sent folder is read as theirs: a needless "needs reply" harms nobody, a missed one does.
    if not writers and not named & own and named:
        return Direction.OUTBOUND, arrival
    return Direction.INBOUND, replace(arrival, sender=writers[0]) if writers else arrival


def when(arrival: Arrival, direction: Direction, item: RawItem, now: datetime) -> datetime:
    """When it happened by our server's clock; a copy of ours by the clock it was sent by.

    A mailbox that was moved carelessly names times in 1970 or 2099. There nobody would look, or
    nothing else would ever be on top: the sender's clock counts then, and without it the present.
    """
    told = [
        at
        for at in (item.received_at, arrival.sent_at)
        if at is not None and _FIRST <= at <= now + _AHEAD
    ]
    if not told:
        return now
    return min(told) if direction is Direction.OUTBOUND else told[0]


def addressed_to(line: Line, arrival: Arrival) -> bool:
    """Whether an arrival shows that the line receives: it was sent to it, and not by us."""
    named = {address.key for address in (*arrival.to, *arrival.cc)}
    named |= {value.casefold() for value in arrival.received.delivered_to}
    return bool(named & line.keys) and arrival.nature is not Nature.PROBE


def same_words(stored: Message, arrival: Arrival) -> bool:
    """Whether a stored message and an arrival say the same."""
    return stored.text.split() == arrival.text.split() or (
        stored.whole.split() == arrival.whole.split()
    )


def same_message(stored: Message, arrival: Arrival) -> bool:
    """Whether they are two copies of one message."""
    senders = stored.sender is not None and arrival.sender is not None
    return (
        senders
        and stored.sender is not None
        and arrival.sender is not None
        and stored.sender.key == arrival.sender.key
        and stored.subject == arrival.subject
        and same_words(stored, arrival)
    )

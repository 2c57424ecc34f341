"""Threading of texts and calls: by the pair of our number and theirs.

Nothing in a text says what it answers, so the pair stands for that: an arrival joins the open
conversation that was last used on its pair, as things stood at the time of the arrival. What counts
is when messages happened and never when they were fetched, so the order of arrival does not change
the result.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from inbox.address import Address, ChannelKind

PAIRED: Final = frozenset({ChannelKind.SMS, ChannelKind.PHONE})
"""Channels whose messages are threaded by their numbers."""
ANSWERS_WITHIN: Final = timedelta(hours=72)
"""How long what comes from a shared number is taken to answer what a person wrote there."""


@dataclass(frozen=True, slots=True)
class PairUse:
    """A message on a pair of numbers, and the conversation it is in."""

    conversation_id: int
    at: datetime
    patient_id: str | None
    """Whom the conversation is about."""
    closed_at: datetime | None
    """When a person closed it; None while it is open."""
    chosen: str | None = None
    """Whom the message is about, when a person said so."""


def pair_key(one: Address, other: Address) -> str:
    """The name of a pair of numbers, whichever comes first."""
    return " ".join(sorted({one.key, other.key}))


def about_by_answer(uses: Sequence[PairUse], at: datetime, among: Collection[str]) -> str | None:
    """Whom an arrival from a number that several share answers, or None.

    Somebody, when all that people said and wrote on the pair within three days before it is about
    one and the same of them; nobody is guessed.

    Args:
        uses: Messages on the pair.
        at: When it arrived.
        among: Ids of the patients who share the number.
    """
    chosen = {use.chosen for use in uses if use.chosen and at - ANSWERS_WITHIN <= use.at <= at}
    found = chosen.pop() if len(chosen) == 1 else None
    return found if found in among else None


def join_pair(
    uses: Sequence[PairUse], at: datetime, among: Collection[str | None] | None
) -> int | None:
    """The conversation an arrival on a pair joins, or None for another.

    Args:
        uses: Messages on the pair around that time.
        at: When it arrived.
        among: Whom the conversation may be about (None: nobody yet); None: anybody.
    """
    fitting = [
        use
        for use in uses
        if (use.closed_at is None or use.closed_at >= at)
        and (among is None or use.patient_id in among)
    ]
    before = [use for use in fitting if use.at <= at]
    if before:
        return max(before, key=lambda use: use.at).conversation_id
    return min(fitting, key=lambda use: use.at).conversation_id if fitting else None

"""When a message could leave instead: somebody answers the phones, and nobody is woken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from inbox.address import ChannelKind
from inbox.finding import Fix
from inbox.quiet import Place
from inbox.rules.asking import phones_named
from inbox.situation import Situation
from inbox.words import clock_words

READ_WITHIN: Final = timedelta(minutes=30)
"""A message is read within half an hour or so: what it asks for must be possible then."""
_TRIES: Final = 16


def phones_answer(situation: Situation) -> bool:
    """Whether somebody answers the phones while the message is likely to be read."""
    leaves = situation.leaves_at
    until = phones_named(situation).open_until(leaves)
    return until is not None and until - leaves >= READ_WITHIN


def places(situation: Situation) -> tuple[Place, ...]:
    """Where its readers may be."""
    return tuple(place for recipient in situation.recipients for place in recipient.places)


def next_answering(situation: Situation) -> datetime | None:
    """The first moment from which the phones are answered while it is likely to be read."""
    return phones_named(situation).next_opening(situation.leaves_at, READ_WITHIN)


def leave_at_opening(situation: Situation) -> tuple[Fix, ...]:
    """The way out of letting it leave when the phones are answered and its readers are awake."""
    moment = next_answering(situation)
    for _ in range(_TRIES):
        if moment is None:
            return ()
        awake = _awake(situation, moment)
        if awake is None:
            return ()
        if awake == moment:
            return (Fix(f"Let it leave {_when(situation, moment)}", send_at=moment),)
        moment = phones_named(situation).next_opening(awake, READ_WITHIN)
    return ()


def leave_in_the_morning(situation: Situation) -> Fix | None:
    """The way out of letting it leave when its readers are awake, wherever they may be."""
    moment = situation.practice.quiet.next_allowed(situation.leaves_at, places(situation))
    if moment is None:
        return None
    return Fix(f"Let it leave {_when(situation, moment)}", send_at=moment)


def _awake(situation: Situation, moment: datetime) -> datetime | None:
    if situation.draft.channel not in {ChannelKind.SMS, ChannelKind.PHONE}:
        return moment
    return situation.practice.quiet.next_allowed(moment, places(situation))


def _when(situation: Situation, moment: datetime) -> str:
    return clock_words(moment, situation.now, situation.practice)

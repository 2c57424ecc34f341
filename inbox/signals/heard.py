"""What the inbound rules look at: one arrival, without quoted history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from inbox.address import ChannelKind
from inbox.message import Nature

_MOST: Final = 50_000
"""Characters that are looked at; nobody writes longer by hand."""
_AROUND: Final = 100
"""Characters; what matches a pattern begins and ends within as many of one of its roots."""
_PHRASE: Final = 80
"""Characters that a whole message may have to be a phrase."""
_EDGES: Final = re.compile(r"^[\W_]+|[\W_]+$")
_GAPS: Final = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Heard:
    """One arrival as the inbound rules look at it."""

    text: str
    """What the author wrote this time; quoted history is not theirs."""
    channel: ChannelKind = ChannelKind.SMS
    nature: Nature = Nature.PERSONAL
    sender: str = ""
    """The address it came from, as written."""
    files: int = 0
    """How many attachments it has."""
    names: frozenset[str] = frozenset()
    """First and last names of the writer, the patients they may be, and the staff; folded."""
    opted_out_ago: timedelta | None = None
    """How long writing to this address on this channel has been declined; None when it is not."""
    waited: timedelta = timedelta()
    """How long they have waited for an answer, in staffed time."""
    answer_within: timedelta | None = None
    """How soon the practice wants to answer, in staffed time; None: it set no limit."""


def plain_words(text: str) -> str:
    """A text as the patterns expect it: bounded, with straight apostrophes."""
    return text[:_MOST].replace("’", "'").replace("‘", "'")


def found_near(
    pattern: re.Pattern[str], roots: tuple[str, ...], text: str
) -> Iterator[re.Match[str]]:
    """Matches of a pattern in the surroundings of words it cannot do without, in their order.

    Patterns with many ways are slow, and most texts hold none of the words.

    Args:
        pattern: No match of it is longer than what is looked at around a root.
        roots: In lower case; each match holds one of them.
        text: As `plain_words` gives it.
    """
    folded = text.lower()
    places = set()
    for root in roots:
        at = folded.find(root)
        while at >= 0:
            places.add(at // _AROUND)
            at = folded.find(root, (at // _AROUND + 1) * _AROUND)
    for start, end in _surroundings(sorted(places)):
        # A word that is cut in two at the edge is not one: go on to its end.
        while end < len(text) and not text[end].isspace() and end % _AROUND < _AROUND - 1:
            end += 1
        yield from pattern.finditer(text, start, end)


def _surroundings(places: list[int]) -> list[tuple[int, int]]:
    """Stretches of text around places, those that touch as one."""
    found: list[tuple[int, int]] = []
    for place in places:
        start, end = max(0, place - 1) * _AROUND, (place + 2) * _AROUND
        if found and start <= found[-1][1]:
            start = found.pop()[0]
        found.append((start, end))
    return found


def whole_words(text: str) -> str:
    """A short text as one phrase: folded, without what stands around it, one space between."""
    if len(text) > _PHRASE:
        return ""
    return _GAPS.sub(" ", _EDGES.sub("", plain_words(text))).casefold()


def shown_words(found: re.Match[str]) -> str:
    """What matched, on one line and short."""
    return " ".join(found.group().split())[:80]

"""What the inbound rules look at: one arrival, without quoted history."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from inbox.address import ChannelKind
from inbox.message import Nature

_MOST: Final = 50_000
"""Characters that are looked at; nobody writes longer by hand."""
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


def whole_words(text: str) -> str:
    """A short text as one phrase: folded, without what stands around it, one space between."""
    if len(text) > 200:
        return ""
    return _GAPS.sub(" ", _EDGES.sub("", plain_words(text))).casefold()


def shown_words(found: re.Match[str]) -> str:
    """What matched, on one line and short."""
    return " ".join(found.group().split())[:80]

"""What the inbound rules look at: one arrival, without quoted history."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final

from inbox.address import ChannelKind
from inbox.message import Nature

_BEGINNING, _END = 9_000, 3_000
"""Characters of a very long text that are looked at; nobody writes longer by hand."""
_AROUND: Final = 100
"""Characters; what matches a pattern begins and ends within as many of one of its roots."""
_MOST_PLACES: Final = 40
"""The most hundreds of characters with a root that are looked at, half of them from each end."""
_PHRASE: Final = 80
"""Characters that a whole message may have to be a phrase."""
_KEPT: Final = 4
"""Texts that are kept in the forms the rules ask for: each rule asks for the same again."""
_EDGES: Final = re.compile(r"^[\W_]+|[\W_]+$")
_GAPS: Final = re.compile(r"[\s_-]+")
_SIGNATURE: Final = re.compile(
    r"(?:sent (?:from|via|with|using)|get outlook|enviado desde|von meinem)\b.{0,60}", re.IGNORECASE
)
"""What telephones and mail programs write below a message."""
_CUT: Final = re.compile(r"(?:--|__+|- -)\s*")
"""The line that stands before a signature (RFC 3676 section 4.3)."""
_MOST_LINES: Final = 12
"""A message of more lines is no phrase with a signature."""


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
    subject: str = ""
    """The subject, where the author wrote it this time: not that of an answer."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Subject and text, each by itself, as the patterns expect them."""
        said = [plain_words(self.text)]
        return (*([plain_words(self.subject)] if self.subject else []), *said)


@lru_cache(maxsize=_KEPT)
def plain_words(text: str) -> str:
    """A text as the patterns expect it: bounded, straight apostrophes, single blanks and lines."""
    if len(text) > _BEGINNING + _END:
        text = f"{text[:_BEGINNING]}\n{text[-_END:]}"
    # `İ` alone grows by becoming small.
    text = text.replace("’", "'").replace("‘", "'").replace("İ", "I")
    return "\n".join(" ".join(line.split()) for line in text.split("\n") if line.strip())


def found_near(
    pattern: re.Pattern[str], roots: tuple[str, ...], text: str, *, folded: bool = True
) -> Iterator[re.Match[str]]:
    """Matches of a pattern in the surroundings of words it cannot do without, in their order.

    Patterns with many ways are slow, and most texts hold none of the words. Of a text that holds
    them everywhere, what is nearest to both ends is looked at.

    Args:
        pattern: No match of it is longer than what is looked at around a root.
        roots: In lower case; each match holds one of them.
        text: As `plain_words` gives it.
        folded: The pattern is in lower case, and so is the text of its matches; places are the
            same.
    """
    small = _small(text)
    found = set()
    for root in [root for root in roots if root in small]:
        at = small.find(root)
        while at >= 0:
            found.add(at // _AROUND)
            at = small.find(root, (at // _AROUND + 1) * _AROUND)
    places = sorted(found)
    if len(places) > _MOST_PLACES:
        places = places[: _MOST_PLACES // 2] + places[-_MOST_PLACES // 2 :]
    for start, end in _surroundings(places):
        # A word that is cut in two at the edge is not one: go on to its end.
        while end < len(text) and not text[end].isspace() and end % _AROUND < _AROUND - 1:
            end += 1
        yield from pattern.finditer(small if folded else text, start, end)


@lru_cache(maxsize=_KEPT)
def _small(text: str) -> str:
    return text.lower()


def _surroundings(places: list[int]) -> list[tuple[int, int]]:
    """Stretches of text around places, those that touch as one."""
    found: list[tuple[int, int]] = []
    for place in places:
        start, end = max(0, place - 1) * _AROUND, (place + 2) * _AROUND
        if found and start <= found[-1][1]:
            start = found.pop()[0]
        found.append((start, end))
    return found


@lru_cache(maxsize=_KEPT)
def whole_words(text: str) -> str:
    """A short text as one phrase: folded, without what stands around it, one space between."""
    if len(text) > _PHRASE:
        return ""
    # Some keyboards write Latin letters in full width.
    said = unicodedata.normalize("NFKC", plain_words(text))
    return _GAPS.sub(" ", _EDGES.sub("", said)).casefold()


@lru_cache(maxsize=_KEPT)
def unsigned(text: str, names: frozenset[str]) -> str:
    """A short message without what stands below it: a signature, a name that is known.

    Args:
        text: As it arrived.
        names: Folded names that may stand below it.
    """
    if len(text) > 10 * _PHRASE:
        return text
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) > _MOST_LINES:
        return text
    cut = next((at for at, line in enumerate(lines) if at and _CUT.fullmatch(line)), len(lines))
    lines = lines[:cut]
    while len(lines) > 1 and (_SIGNATURE.fullmatch(lines[-1]) or _is_name(lines[-1], names)):
        lines.pop()
    return "\n".join(lines)


def _is_name(line: str, names: frozenset[str]) -> bool:
    words = re.findall(r"[^\W\d_]+", line.casefold())
    return bool(words) and all(word in names for word in words)


def shown_words(found: re.Match[str], text: str = "") -> str:
    """What matched, on one line and short.

    Args:
        found: The match.
        text: Where its words stand as they were written, at the same places.
    """
    return " ".join((text or found.string)[found.start() : found.end()].split())[:80]

"""What a text promises: “I'm here until 5:30”, “we'll get back to you by noon”.

A text is read sentence by sentence: first who says that they are there or will answer, then the
time behind it. However long or odd a text is, only a bounded number of sentences is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from inbox.hours import Hours
from inbox.promise import PromiseKind, Said
from inbox.spoken_date import MONTH_FIRST
from inbox.wall_clock import TillWhen, Wall, day_before, read_day_count, read_span, read_when

_MOST: Final = 5
"""The most promises of one text."""
_BEGINNING, _END = 6_000, 2_000
"""Characters of a very long text that are looked at, from its beginning and before its end."""
_MOST_SENTENCES: Final = 60
"""The most sentences of one text that are looked at."""
_SHORTEST, _LONGEST = 8, 400
"""Characters of a sentence: shorter ones promise nothing, of longer ones the beginning counts."""
_MOST_TRIED: Final = 4
"""The most times that are tried behind one “I'll call you”, and the most of those in a sentence."""

_BE: Final = r"\b(?:i|we)(?:'m|'re|\ am|\ are|m|'ll\ be|\ will\ be|\ shall\ be)"
_STILL: Final = r"(?:\ (?:still|also|usually|back|working|right|always|sitting))*"
_HERE: Final = re.compile(
    rf"""{_BE}{_STILL}\ (?:here|available|around|reachable|free|on\ duty|by\ (?:the|my)\ phone
        |in\ (?:the|my|our)\ (?:office|practice|clinic)
        |in(?=\ (?:until|till|til|today|tomorrow|all|for|through|from))
        |(?:at|near)\ (?:my|the|our)\ (?:desk|front\ desk|phone|telephone|office|practice|computer)
        |on\ (?:the|my|this)\ (?:phone|line|direct\ line))\b
    |\b(?:reach|call|catch|get|find|write|e-?mail|text)(?:\ to|\ hold\ of)?\ me\b
    |\bi\ (?:leave|go\ home)\ no\ earlier\ than(?=\ )""",
    re.VERBOSE,
)
_TILL: Final = re.compile(r"\b(?:until|till|til|through|up to|from [\w:. ]{1,12}? to|than) ")
_FOR: Final = re.compile(r" (?:for )?")
_ALL_DAY: Final = re.compile(r" (?P<part>all (?:day|morning|afternoon))\b")

_WHO: Final = r"""\b(?:i|we|she|he|they|dr\ +\w{2,20}|somebody|someone|one\ of\ us
    |(?:the|our|a|one\ of\ (?:the|our))\ (?:nurse|doctor|provider|physician|assistant|office|team
        |colleague|front\ desk|practice)s?)"""
_WILL: Final = r"""(?:'ll|\ will|\ shall|(?:'m|\ am|'re|\ are|'s|\ is)\ going\ to|\ promise\ to
    |\ can|\ will\ be\ able\ to)"""
_ADVERBS: Final = r"(?:\ (?:definitely|certainly|also|then|personally|gladly|either|both|try\ to))*"
_TELL: Final = r"""(?:call|phone|ring|text|e-?mail|write|message|tell|contact|update|answer|reply
    |get\ back|come\ back|let|respond|follow\ up|give|send|reach\ out|check\ in
    |be\ (?:back\ )?in\ touch|be\ back\ (?:to|with)|be\ getting\ back|be\ calling
    |have\ (?:it|this|that|an\ answer|the\ \w+|your\ \w+)\ (?:ready|for\ you))\b"""
_ANSWER: Final = re.compile(
    rf"""{_WHO}{_WILL}{_ADVERBS}\ {_TELL}
    |\bback\ (?:with|to)\ you\b
    |\byou(?:'ll|\ will|\ should|\ can\ expect\ to)\ hear\b
    |\byou(?:'ll|\ will|\ should)\ (?:have|get|receive)\ (?:a|an|the|our|my|your)\ (?:\w+\ )?
        (?:answer|reply|results?|call|callback|letter|form|response|message|e-?mail|text|word)\b
    |\bexpect\ (?:my|our|a|an)\ (?:\w+\ )?(?:call|answer|reply|e-?mail|message|text|response)\b
    |\blet\ me\ (?:get\ back|call|phone|ring)\b
    |\bwill\ (?:call|phone|ring|text|e-?mail|get\ back\ to|let|be\ in\ touch\ with|reply\ to)\ you\b
    |\bgive\ (?:me|us)(?=\ (?:until|till|til)\ )""",
    re.VERBOSE,
)
_BY: Final = re.compile(
    r"\b(?:by|before|no later than|not later than|until|till|til|latest) (?:about |around )?"
)
_AT: Final = re.compile(
    r"(?:\b(?:at|on|around|about|first thing|later|between) |\b(?=today|tomorrow|tonight|this |mon|"
    r"tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))"
)
_NEAR: Final = 30
"""Characters between “I'll call you” and a time that only says “at” or names a day."""
_ENDS: Final = re.compile(
    r"\s*(?:$|[,.!?;:()—–-]|(?:and|then|so|when|if|as|with|to|once|after|or|at|but|for|about|"
    r"regarding|because|from|on|between)\b)"
)
_IN: Final = re.compile(r"\b(?:in|within) ")
_NOT_MEANT: Final = re.compile(
    r"(?:\b(?:if|unless|whether|should|could|not sure|when|until|in case|did|was)"
    r"|(?:n't|not) (?:think|believe|expect|know)(?: that| if| when)?)\s*$"
)
_ABOUT_OTHERS: Final = re.compile(
    r"\b(?:pharmacy|insurance|insurer|hospital|laborator\w+|lab|specialist|school|bank|court|"
    r"company|carrier|you|mother|father|son|daughter|husband|wife)\s*$"
)

_QUOTED_LINE: Final = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_QUOTED_REST: Final = re.compile(
    r"^-{2,} ?(?:original|forwarded) message|^on .{4,160}\bwrote:[ \t]*$", re.MULTILINE
)
# Each is replaced by as many characters, so that places in the text stay where they are.
_ABBREVIATED: Final = re.compile(r"\b(?:([ap])(?:\. ?m\b\.?|m\.)|(?:dr|ext|approx|tel|no)\.)")
_SENTENCE: Final = re.compile(r"(?:[^.!?;\n]++|\.(?=\d)|\n(?=[^\n]))+")
_WORTH: Final = (
    "here", "available", "around", "reach", "free", " in ", " me ", "desk", "office", "on ", "by ",
    "back", "hear", "expect", "let me", "give", "'ll", "will", "going to", "promise", "phone",
    "shall", "you",
)  # fmt: skip
_WHEN_WORDS: Final = re.compile(
    r"until|till?\b|through|up to|\bby\b|before|later|latest|\bfor\b|\ball\b|\bat\b|\bon\b|\bin\b|"
    r"within|around|day\b|tomorrow|tonight|this |\bto\b|than|first thing"
)


def find_promises(text: str, now: datetime, hours: Hours, country: str = "US") -> tuple[Said, ...]:
    """The promises an outgoing text makes, in the order of the text.

    One whose time is over already is among them, so that the writer can be told. What a quoted
    message said is not.

    Args:
        text: What is said.
        now: When it is said (aware).
        hours: The practice's hours: its time zone, and what “end of the day” means.
        country: Where it is (ISO 3166, two letters): how dates are written there.
    """
    wall = Wall(hours, country in MONTH_FIRST)
    found: dict[tuple[PromiseKind, datetime], Said] = {}
    if len(text) > _BEGINNING + _END:
        text = f"{text[:_BEGINNING]}\n\n{text[-_END:]}"
    for start, sentence in _sentences(text):
        for kind, first, last, due in _in_sentence(sentence, now, wall):
            words = " ".join(text[start + first : start + last].split()).rstrip(" ,.;:")
            found.setdefault((kind, due), Said(kind, words, due))
            if len(found) == _MOST:
                return tuple(found.values())
    return tuple(found.values())


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    """Sentences that may hold a promise, each with its place, in small letters."""
    small = small_letters(text)
    if ">" in small:
        small = _QUOTED_LINE.sub(lambda line: "\n" * len(line.group()), small)
    rest = _QUOTED_REST.search(small)
    if rest is not None:
        small = small[: rest.start()]
    if "." in small:
        small = _ABBREVIATED.sub(_spelt, small)
    looked = 0
    for match in _SENTENCE.finditer(small):
        sentence = match.group()[:_LONGEST]
        if (
            len(sentence) < _SHORTEST
            or not any(word in sentence for word in _WORTH)
            or not _WHEN_WORDS.search(sentence)
        ):
            continue
        looked += 1
        if looked > _MOST_SENTENCES:
            return
        yield match.start(), sentence.replace("\n", " ").replace("\t", " ")


def small_letters(text: str) -> str:
    """A text in small letters and plain apostrophes, each character at its place."""
    # `İ` alone grows by becoming small.
    return text.replace("İ", "I").replace("’", "'").replace("\u00a0", " ").lower()


def _spelt(match: re.Match[str]) -> str:
    letter = match.group(1)
    return (f"{letter}m" if letter else match.group()[:-1]).ljust(len(match.group()))


def _in_sentence(
    sentence: str, now: datetime, wall: Wall
) -> Iterator[tuple[PromiseKind, int, int, datetime]]:
    """Kind, first and last character, and due time of each promise in one sentence."""
    for kind, pattern in ((PromiseKind.HERE, _HERE), (PromiseKind.ANSWER, _ANSWER)):
        taken = 0
        for head in islice(pattern.finditer(sentence), _MOST_TRIED):
            before = sentence[max(0, head.start() - 40) : head.start()]
            if head.start() < taken or _NOT_MEANT.search(before):
                continue
            if head.group().startswith("will") and _ABOUT_OTHERS.search(before):
                continue
            read = _here if kind is PromiseKind.HERE else _answer
            when = read(sentence, head.end(), now, wall)
            if when is not None:
                taken = when.end
                yield kind, head.start(), when.end, when.due


def _here(sentence: str, at: int, now: datetime, wall: Wall) -> TillWhen | None:
    """Until when somebody is there; `at` is behind the words that say so."""
    behind = _FOR.match(sentence, at)
    span = read_span(sentence, behind.end(), now, wall.hours.zone) if behind else None
    if span is not None:
        return span
    whole = _ALL_DAY.match(sentence, at)
    if whole is not None:
        return read_when(sentence, whole.start("part"), now, wall)
    for till in islice(_TILL.finditer(sentence, at, at + 90), _MOST_TRIED):
        day = day_before(sentence, at, till.start(), now, wall)
        when = read_when(sentence, till.end(), now, wall, day)
        if when is not None and when.timed:
            return when
    named = read_when(sentence, at + 1, now, wall)
    if named is not None and not named.timed:
        whole = _ALL_DAY.match(sentence, named.end)
        return read_when(sentence, whole.start("part"), now, wall, named.day) if whole else None
    return None


def _answer(sentence: str, at: int, now: datetime, wall: Wall) -> TillWhen | None:
    """By when we answer; `at` is behind the words that say that we do."""
    for by in islice(_BY.finditer(sentence, at, at + 120), _MOST_TRIED):
        day = day_before(sentence, at, by.start(), now, wall)
        when = read_when(sentence, by.end(), now, wall, day)
        if when is not None:
            return when
    for inside in islice(_IN.finditer(sentence, at, at + 80), _MOST_TRIED):
        span = read_span(sentence, inside.end(), now, wall.hours.zone)
        if span is not None:
            return span
        counted = read_day_count(sentence, inside.end(), now, wall)
        if counted is not None:
            return counted
    for near in islice(_AT.finditer(sentence, at, at + _NEAR), _MOST_TRIED):
        when = read_when(sentence, near.end(), now, wall)
        if when is not None and _ENDS.match(sentence, when.end):
            return when
    return None

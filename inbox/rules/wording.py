"""The words of a draft, prepared once for all the rules that look into them.

Every rule runs at each key, and a text may be long and made to be slow. So a text is folded once,
and a pattern is tried only where a word stands without which it cannot match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from typing import Final

_HEADS: Final = re.compile("«([^»]*)»")
_LOOK_BACK: Final = 32
"""Characters before a match that may speak for or against it."""
_NEVER: Final = re.compile(r"(?!)")
_ALWAYS: Final = re.compile("")


@dataclass(frozen=True, slots=True)
class Part:
    """One way of saying something."""

    anchors: tuple[str, ...]
    """At least one of these stands in every text that the pattern matches."""
    pattern: str

    def first(self, text: str, unless_after: str, only_after: str = "") -> re.Match[str] | None:
        """The first match that nothing before it speaks against, and something speaks for."""
        pattern = _compiled(self.pattern)
        if not unless_after and not only_after:
            return pattern.search(text)
        against = _compiled(unless_after) if unless_after else _NEVER
        speaks_for = _compiled(only_after) if only_after else _ALWAYS
        # The same words stand before it again and again in a text that is made to be slow.
        seen: set[str] = set()
        for found in pattern.finditer(text):
            start = found.start()
            before = text[start - _LOOK_BACK if start > _LOOK_BACK else 0 : start]
            if before in seen:
                continue
            if not against.search(before) and speaks_for.search(before):
                return found
            seen.add(before)
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """Something a text may say, in any of several ways."""

    parts: tuple[Part, ...]
    unless_after: str = ""
    """What makes a match mean something else when it stands directly before it."""
    only_after: str = ""
    """What must stand directly before a match, unless nothing has to."""
    exact: bool = False
    """Matched against the text as written; else against the folded text: lower case, straight
    apostrophes."""


def phrase(
    *parts: Part, unless_after: str = "", only_after: str = "", exact: bool = False
) -> Phrase:
    """Make a phrase; `unless_after` and `only_after` are written as the pattern of a `way`."""
    return Phrase(parts, standing_before(unless_after), standing_before(only_after), exact)


def standing_before(written: str) -> str:
    """The regular expression of what stands at the end of a text, written as for a `way`."""
    return rf"(?:{_pattern(written)})\s*+\Z" if written else ""


def way(anchors: str, pattern: str) -> Part:
    """One way of saying something.

    Args:
        anchors: Plain words with `|` between them.
        pattern: A regular expression in which a blank stands for any white space, and `«call|ring»`
            for words that begin where a word begins. One that begins with these is found the
            fastest.
    """
    return Part(tuple(anchors.split("|")), _pattern(pattern))


def form(anchors: str, pattern: str) -> Part:
    """One way of writing something: `pattern` is a regular expression and no more."""
    return Part(tuple(anchors.split("|")), pattern)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Made when a text first needs it: most never do, and nobody waits for all of them."""
    return re.compile(pattern)


def _pattern(written: str) -> str:
    return _HEADS.sub(lambda found: _heads(found.group(1)), written.replace(" ", r"\s++"))


def _heads(words: str) -> str:
    # The boundary is looked at behind the first letter: a pattern that begins with a letter is
    # searched for by that letter, one that begins with a boundary is tried everywhere.
    if words.isalpha():
        # A whole word is searched for the fastest.
        return rf"{words}(?<!\w{words})"
    by_letter: dict[str, list[str]] = {}
    for word in _split(words):
        by_letter.setdefault(word[0], []).append(word[1:])
    rests = ((letter, "|".join(rest)) for letter, rest in by_letter.items())
    return "(?:" + "|".join(rf"{letter}(?<!\w{letter})(?:{rest})" for letter, rest in rests) + ")"


def _split(words: str) -> Iterator[str]:
    """The alternatives of a group; those inside of brackets belong together."""
    depth, begin = 0, 0
    for at, char in enumerate(words):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "|" and not depth:
            yield words[begin:at]
            begin = at + 1
    yield words[begin:]


class Wording:
    """A text and what is found in it; each phrase is looked for once."""

    __slots__ = ("_anchors", "_dialled", "_found", "_numbers", "folded", "text")

    def __init__(self, text: str) -> None:
        """Take the text as written."""
        self.text = text
        self.folded = fold(text)
        """As long as the text, letter by letter."""
        self._found: dict[Phrase, re.Match[str] | None] = {}
        self._numbers: tuple[str, ...] | None = None
        self._anchors: dict[tuple[str, bool], bool] = {}
        self._dialled: tuple[tuple[int, int], ...] | None = None

    def find(self, wanted: Phrase) -> re.Match[str] | None:
        """The first place that says it, or None; positions are those of the text."""
        if wanted not in self._found:
            self._found[wanted] = min(
                self._matches(wanted), key=lambda found: found.start(), default=None
            )
        return self._found[wanted]

    def says(self, wanted: Phrase) -> bool:
        """Whether the text says it."""
        return self.find(wanted) is not None

    def quote(self, found: re.Match[str]) -> str:
        """What was found as it is written, on one line."""
        return " ".join(self.text[found.start() : found.end()].split())

    def numbers(self) -> tuple[str, ...]:
        """The phone numbers in the text as they are written, each once."""
        if self._numbers is None:
            some = any(one in self.text for one in "0123456789") and _PHONE_END.search(self.text)
            self._numbers = tuple(dict.fromkeys(_PHONE.findall(self.text))) if some else ()
        return self._numbers

    def dialled(self) -> tuple[tuple[int, int], ...]:
        """Where phone numbers begin and end, those written as bare digits too; not all of many."""
        if self._dialled is None:
            found = list(islice(_PHONE.finditer(self.text), _MOST)) if self.numbers() else []
            if any(self._has(word, self.folded) for word in _DIALS) and _TEN.search(self.text):
                found += islice(_BARE.finditer(self.text), _MOST)
            self._dialled = tuple(sorted(one.span() for one in found))
        return self._dialled

    def _has(self, anchor: str, text: str) -> bool:
        """Whether a word stands anywhere; many parts ask for the same ones."""
        key = (anchor, text is self.text)
        if key not in self._anchors:
            self._anchors[key] = anchor in text
        return self._anchors[key]

    def _matches(self, wanted: Phrase) -> Iterator[re.Match[str]]:
        """The first match of each part that counts."""
        text = self.text if wanted.exact else self.folded
        for part in wanted.parts:
            if any(self._has(anchor, text) for anchor in part.anchors):
                found = part.first(text, wanted.unless_after, wanted.only_after)
                if found is not None:
                    yield found


@lru_cache(maxsize=4)
def wording(text: str) -> Wording:
    """The wording of a draft's text or subject; the rules of one look share it."""
    return Wording(text)


def fold(text: str) -> str:
    """A text in lower case and with straight apostrophes, exactly as long as it was."""
    # Lower case makes two characters of this one letter, and positions would shift.
    text = text.replace("\u0130", "I").lower()
    return text.replace("\u2019", "'").replace("\u2018", "'").replace("\u02bc", "'")


_MOST: Final = 100
"""The most numbers that are looked at where they stand."""
_DIALS: Final = ("call", "phone", "question", "reach", "contact", "dial", "llam", "marque", "line")
"""Where none of these stands, ten digits are no phone number."""
_TEN: Final = re.compile(r"[0-9]{10}")
_BARE: Final = re.compile(r"[+2-9](?<![\w/.@#-][+2-9])(?:(?<=\+)1[2-9])?[0-9]{9}(?![\w/@-])")
"""The same as ten digits in a row, which may be something else."""
_PHONE_END: Final = re.compile(r"[0-9]{3}[\s.-][0-9]{4}")
_PHONE: Final = re.compile(
    r"""[+(0-9](?<![\w/.-][+(0-9])
    (?: (?: (?<=\+)1[\s.-]?\(?[0-9]{3}
          | (?<=\()[0-9]{3}
          | (?<=1)[\s.-]?\(?[0-9]{3}
          | (?<=[0-9])[0-9]{2} )
        \)?[\s.-]{0,2}[0-9]{3}[\s.-][0-9]{4}
      | (?<=[0-9])[0-9]{2}-[0-9]{4}
    )(?![\d-])""",
    re.VERBOSE,
)
"""A North American phone number as people write it."""

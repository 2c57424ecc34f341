"""Some words around what a search found, on one line, with the matches marked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

OPEN: Final = "\ue000"
CLOSE: Final = "\ue001"
"""Between these two stands what matched."""

_WORD: Final = re.compile(r"[^\W_]+")
_MARKS: Final = re.compile(f"[{OPEN}{CLOSE}]")
_LOOKED_AT: Final = 50_000
_BEFORE: Final = 40
_LENGTH: Final = 160


def snippet(texts: Iterable[str], wanted: Sequence[str]) -> str:
    """The words around the first match.

    Args:
        texts: Where to look, one after the other; the first is shown when nothing matches.
        wanted: What was looked for, as typed; each word matches as a beginning.
    """
    stems = [word for term in wanted for word in (fold(w) for w in _WORD.findall(term))]
    fallback = None
    for text in texts:
        line = " ".join(_MARKS.sub("", text[:_LOOKED_AT]).split())
        fallback = line if fallback is None else fallback
        spans = [found.span() for found in _WORD.finditer(line) if _matches(found.group(), stems)]
        if spans:
            return _marked(line, spans)
    return _cut(fallback or "", 0)


def fold(word: str) -> str:
    """A word without case and accents, as the index sees it."""
    return word.casefold() if word.isascii() else _fold(word)


@lru_cache(maxsize=4096)
def _fold(word: str) -> str:
    plain = (c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    return "".join(plain).casefold()


def _matches(word: str, stems: Sequence[str]) -> bool:
    folded = fold(word)
    return any(folded.startswith(stem) for stem in stems)


def _marked(line: str, spans: Sequence[tuple[int, int]]) -> str:
    first = spans[0][0]
    start = 0 if first <= _BEFORE else line.rfind(" ", 0, first - _BEFORE // 2) + 1
    end = min(len(line), start + _LENGTH)
    pieces, at = ["…" if start else ""], start
    for left, right in spans:
        if right > end:
            break
        pieces += [line[at:left], OPEN, line[left:right], CLOSE]
        at = right
    pieces += [line[at:end], "…" if end < len(line) else ""]
    return "".join(pieces)


def _cut(line: str, start: int) -> str:
    end = start + _LENGTH
    return line[start:end] + ("…" if end < len(line) else "")

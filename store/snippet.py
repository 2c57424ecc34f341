"""Some words around what a search found, on one line, with the matches marked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from inbox.search.query import Term, Where
from store.search_words import aligned, pattern

OPEN: Final = "\ue000"
CLOSE: Final = "\ue001"
"""Between these two stands what matched."""

Span = tuple[int, int, int]
"""Where a match begins and ends, and which term it is of."""

_MARKS: Final = re.compile(f"[{OPEN}{CLOSE}]")
_BEFORE: Final = 40
_LENGTH: Final = 160
_SHORT: Final = 80
_MOST: Final = 100
"""Matches of a term that are considered."""


def snippet(parts: Iterable[tuple[Where, str]], wanted: Sequence[Term]) -> str:
    """The words around the matches.

    Args:
        parts: What to look in, the text of the message first. Where the best match is in another
            part, that part is shown with the beginning of the text.
        wanted: What was looked for; it is marked where it was looked for only.
    """
    patterns = [(term.where, pattern(term)) for term in wanted]
    best: list[Span] = []
    shown = text = ""
    for number, (where, part) in enumerate(parts):
        line = " ".join(_MARKS.sub("", part).split())
        line = line if line.isascii() else unicodedata.normalize("NFC", line)
        if number == 0:
            shown = text = line
        plain = aligned(line)
        spans = [
            (*found.span(), at)
            for at, (asked, one) in enumerate(patterns)
            if _counts(asked, where)
            for found, _ in zip(one.finditer(plain), range(_MOST), strict=False)
        ]
        if len({span[2] for span in spans}) > len({span[2] for span in best}):
            shown, best = line, sorted(spans)
    if not best:
        return _cut(text, _LENGTH)
    if shown is text:
        return _marked(text, best, _LENGTH)
    beginning = _cut(text, _LENGTH - _SHORT)
    return _marked(shown, best, _SHORT) + (f" · {beginning}" if beginning else "")


def _counts(asked: Where, where: Where) -> bool:
    """Whether a word that is asked for somewhere counts in a part."""
    if asked is Where.ABOUT:
        return where in {Where.ABOUT, Where.PATIENT}
    return asked in {Where.ANYWHERE, where}


def _marked(line: str, spans: Sequence[Span], length: int) -> str:
    first = max(spans, key=lambda span: (_together(spans, span[0], length), -span[0]))[0]
    start = 0 if first <= _BEFORE else line.rfind(" ", 0, first - _BEFORE // 2) + 1
    start = max(start, first - _BEFORE)
    end = min(len(line), start + length)
    pieces, at = ["…" if start else ""], start
    for left, right, _ in spans:
        if left < at:
            continue
        if left >= end:
            break
        pieces += [line[at:left], OPEN, line[left : min(right, end)], CLOSE]
        at = min(right, end)
    pieces += [line[at:end], "…" if end < len(line) else ""]
    return "".join(pieces)


def _together(spans: Sequence[Span], first: int, length: int) -> int:
    """How many of the terms are seen when the line is shown from about here."""
    return len({at for left, right, at in spans if first <= left and right <= first + length})


def _cut(line: str, length: int) -> str:
    return line[:length] + ("…" if length < len(line) else "")

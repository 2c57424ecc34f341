"""Taking a sentence out of a text, or adding one."""

from __future__ import annotations

import re
from typing import Final

_SENTENCE_END: Final = re.compile(
    r"(?:[!?]|(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bMrs)(?<!\bSt)\.)(?=\s|$)|\n"
)
_NEAR: Final = 1000
"""A sentence is rarely longer; what is far away is not looked through."""


def without_sentence(text: str, start: int, end: int) -> str:
    """The text without the sentence that holds the part from `start` to `end`."""
    first = max(0, start - _NEAR)
    before = [found.end() for found in _SENTENCE_END.finditer(text, first, start)]
    begin = before[-1] if before else first
    after = _SENTENCE_END.search(text, max(end - 1, start))
    stop = after.end() if after else len(text)
    left, right = text[:begin].rstrip(" "), text[stop:]
    return (left + right).strip() if not left else (left + right).rstrip()


def with_sentence(text: str, sentence: str) -> str:
    """The text with a sentence at its end."""
    stripped = text.rstrip()
    return f"{stripped} {sentence}" if stripped else sentence

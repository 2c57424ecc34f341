"""Short names: of lines and of staff, made out of what people are called."""

from __future__ import annotations

import re
from collections.abc import Collection


def identifier(word: str, taken: Collection[str]) -> str:
    """A name that the configuration takes and nobody has yet."""
    plain = re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") or "line"
    number = 2
    found = plain
    while found in taken:
        found, number = f"{plain}-{number}", number + 1
    return found


def wrong_id(word: str, taken: Collection[str]) -> str:
    """What is wrong with a name; empty when nothing is."""
    if not re.match(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", word):
        return "Letters, digits, - and _ only."
    return "It is taken already." if word in taken else ""

"""Phone numbers as people read them, without a library: the plan of country codes is enough."""

from __future__ import annotations

import re
from typing import Final

_E164: Final = re.compile(r"\+?[0-9]{8,15}")
_NORTH_AMERICAN: Final = re.compile(r"(?:\+?1)?([2-9][0-9]{2})([0-9]{3})([0-9]{4})")
# ITU-T E.164 (list of assigned country codes): 1 and 7 have one digit, these two, all others three.
_TWO_DIGITS: Final = re.compile(
    r"2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]",
)


def number_words(value: str) -> str:
    """A number as people write it; anything that is none stays as it is.

    `(555) 010-7701` in North America (country code 1), else in groups: `+44 207 946 0123`.
    """
    value = value.strip()
    if not _E164.fullmatch(value):
        return value
    found = _NORTH_AMERICAN.fullmatch(value)
    if found is not None:
        return "({}) {}-{}".format(*found.groups())
    if not value.startswith("+"):
        return value
    digits = value[1:]
    size = 1 if digits[0] in "17" else 2 if _TWO_DIGITS.match(digits) else 3
    code, rest = digits[:size], digits[size:]
    groups = [rest[at : at + 3] for at in range(0, len(rest), 3)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        # Nobody reads a single digit by itself.
        groups[-2:] = [groups[-2] + groups[-1]]
    return " ".join((f"+{code}", *groups))


def digits_only(text: str) -> str:
    """Every digit of a text, one after the other."""
    return re.sub(r"\D", "", text)


def digits(text: str) -> str:
    """The last ten digits of a phone number, or the fewer there are."""
    return digits_only(text)[-10:]

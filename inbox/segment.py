"""How a text message is cut into parts (3GPP TS 23.038, TS 23.040)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("^{}\\[~]|€\f")
"""Each takes two places."""
_GSM_ONE, _GSM_MANY = 160, 153
_UCS_ONE, _UCS_MANY = 70, 67


# What word processors write, as GSM-7 has it.
_PLAIN: Final = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"',
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2026": "...",
        "\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2009": " ", "\u202f": " ", "\u2022": "-",
        "\t": " ",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """What a text takes."""

    segments: int
    gsm: bool
    """GSM-7 does; otherwise UCS-2, in 16-bit units."""
    units: int
    """Septets or 16-bit units."""
    offending: str = ""
    """The first character that GSM-7 does not have; empty when there is none."""

    @property
    def each(self) -> int:
        """How many characters one part takes."""
        one, many = (_GSM_ONE, _GSM_MANY) if self.gsm else (_UCS_ONE, _UCS_MANY)
        return one if self.segments <= 1 else many

    @property
    def words(self) -> str:
        """`1 text (up to 160)`, `2 texts (67 characters each, because of “’”)`."""
        because = f", because of “{self.offending}”" if self.offending else ""
        if self.segments <= 1:
            return f"1 text (up to {self.each}{because})"
        return f"{self.segments} texts ({self.each} characters each{because})"


def characters_words(text: str) -> str:
    """How long a text is: `1 character`, `1,601 characters`."""
    return "1 character" if len(text) == 1 else f"{len(text):,} characters"


def with_plain_characters(text: str) -> str:
    """The text with typographic quotes, dashes and spaces as GSM-7 has them."""
    return text.translate(_PLAIN)


def measure(text: str) -> Size:
    """In how many parts a text is sent, and why.

    Parts never cut a character that takes two places.
    """
    offending = next((char for char in text if char not in _BASIC and char not in _EXTENDED), "")
    gsm = not offending
    widths = [
        (2 if char in _EXTENDED else 1) if gsm else (2 if ord(char) > 0xFFFF else 1)
        for char in text
    ]
    units = sum(widths)
    one, many = (_GSM_ONE, _GSM_MANY) if gsm else (_UCS_ONE, _UCS_MANY)
    if units <= one:
        return Size(1 if text else 0, gsm, units, offending)
    segments, used = 1, 0
    for width in widths:
        if used + width > many:
            segments, used = segments + 1, 0
        used += width
    return Size(segments, gsm, units, offending)

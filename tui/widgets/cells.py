"""Text measured in terminal cells: cut, padded and wrapped so that columns stay aligned."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size

from inbox.plain import plain_line, plain_text

# Joiners and variation selectors make terminals disagree about widths; without them each
# character stands alone and every terminal agrees.
_UNSTEADY = re.compile("[\u200c\u200d\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff]")
_WORD = re.compile(r"\S+\s*")
_TAB = 4


def one_line(text: str, limit: int = 300) -> str:
    """A text from outside as one safe line whose width every terminal agrees on."""
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    return _UNSTEADY.sub("", plain_line(text, limit))


def many_lines(text: str) -> str:
    """A text from outside, safe, with its line feeds, tabs widened."""
    safe = _UNSTEADY.sub("", plain_text(text))
    return safe.expandtabs(_TAB) if "\t" in safe else safe


def fit(text: str, width: int) -> str:
    """Exactly `width` cells: padded with blanks, or cut with `…`."""
    if width <= 0:
        return ""
    if text.isascii():
        size = len(text)
        if size <= width:
            return text + " " * (width - size)
        return text[: width - 1] + "…"
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…"


def cut(text: str, width: int) -> str:
    """At most `width` cells, cut with `…`."""
    return text if cell_len(text) <= width else fit(text, width)


def wrap(text: str, width: int) -> list[str]:
    """Break a safe text into lines of at most `width` cells, at blanks where there are any."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        paragraph = paragraph.rstrip()
        if paragraph.isascii() and len(paragraph) <= width:
            lines.append(paragraph)
        else:
            lines.extend(_wrap_paragraph(paragraph, max(1, width)))
    return lines


def _wrap_paragraph(paragraph: str, width: int) -> Iterator[str]:
    indent = paragraph[: len(paragraph) - len(paragraph.lstrip())]
    line, used = indent, cell_len(indent)
    if used >= width:
        line, used = "", 0
    for found in _WORD.finditer(paragraph):
        word = found.group()
        bare = word.rstrip()
        size = cell_len(bare)
        if used and used + size > width and line.strip():
            yield line.rstrip()
            line, used = "", 0
        while used + size > width:
            head = _head(bare, width - used)
            if not head and line:
                yield line.rstrip()
                line, used = "", 0
                continue
            # One character may be wider than the whole line: then it stands alone.
            head = head or bare[0]
            yield line + head
            bare, line, used = bare[len(head) :], "", 0
            word = bare + word[len(word.rstrip()) :]
            size = cell_len(bare)
        line += word
        used += cell_len(word)
    yield line.rstrip()


def _head(text: str, width: int) -> str:
    """The longest beginning of `text` that takes at most `width` cells."""
    if text.isascii():
        return text[:width]
    used = 0
    for index, character in enumerate(text):
        used += cell_len(character)
        if used > width:
            return text[:index]
    return text

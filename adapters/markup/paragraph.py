"""Lines of text put together from the pieces of a marked-up document."""

from __future__ import annotations

import re

_BLANKS = re.compile(r"[ \t\n\r\f\v\xa0\u2002-\u200a\u202f\u205f\u3000]+")
_MAX_PREFIXES = 12


class Paragraphs:
    """Collects pieces of text into lines, with quoting, indenting and blanks between blocks."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._blank_wanted = False
        self._prefixes: list[str] = []
        self._marker = ""
        self._depth = 0
        self._spaced = True
        self.kept = 0
        """Above zero, blanks and line ends count as written."""
        self.inline = 0
        """Above zero, blocks are set into the line (the cells of a table row)."""

    def text(self, piece: str) -> None:
        """Add text; runs of blanks become one, unless they count as written."""
        if self.kept:
            first, *rest = piece.replace("\xa0", " ").split("\n")
            self._add(first)
            for line in rest:
                self.line_end()
                self._add(line)
            return
        piece = _BLANKS.sub(" ", piece)
        if self._spaced:
            piece = piece.lstrip(" ")
        if piece:
            self._add(piece)
            self._spaced = piece.endswith(" ")

    def _add(self, piece: str) -> None:
        if piece:
            self._line.append(piece)
            self._spaced = False

    @property
    def at_line_start(self) -> bool:
        """Whether the line holds nothing yet."""
        return not self._line

    @property
    def last_lines(self) -> str:
        """The last few lines so far, without their quoting, for a look back."""
        tail = [line.lstrip("> ") for line in self._lines[-4:]]
        return "\n".join([*tail, "".join(self._line)]).strip()

    def line_end(self) -> None:
        """End the line, even an empty one."""
        if self.inline:
            self.text(" ")
            return
        self._flush("".join(self._line))

    def block(self, *, apart: bool = False) -> None:
        """End the line if it holds something; `apart` asks for a blank line before what follows."""
        if self.inline:
            self.text(" ")
            return
        if self._line and "".join(self._line).strip():
            self._flush("".join(self._line))
        self._line.clear()
        self._spaced = True
        self._blank_wanted = self._blank_wanted or apart

    def _flush(self, line: str) -> None:
        line = line.rstrip()
        self._line.clear()
        self._spaced = True
        if self._blank_wanted and line:
            if self._lines and self._lines[-1].strip("> "):
                self._lines.append(("> " * min(self._depth, self._quotes())).rstrip())
            self._blank_wanted = False
        prefix = self._prefix()
        self._depth = self._quotes()
        if self._marker and line:
            # The marker stands in the place of the last prefix, which indents the lines below it.
            prefix = prefix[: len(prefix) - len(self._marker)] + self._marker
            self._marker = ""
        self._lines.append((prefix + line).rstrip())

    def _prefix(self) -> str:
        return "".join(self._prefixes[:_MAX_PREFIXES])

    def _quotes(self) -> int:
        return self._prefixes[:_MAX_PREFIXES].count("> ")

    def push(self, prefix: str, marker: str = "") -> None:
        """Begin lines with `prefix`; the first of them with `marker`, of the same length."""
        self._prefixes.append(prefix)
        if len(self._prefixes) <= _MAX_PREFIXES:
            self._marker = marker

    def pop(self) -> None:
        """Take back the last prefix."""
        self._prefixes.pop()
        self._marker = ""

    def mark(self) -> tuple[int, int]:
        """A place to compare with later."""
        return len(self._lines), len(self._line)

    def since(self, place: tuple[int, int]) -> str:
        """What was added since a place, on one line."""
        lines, pieces = place
        if len(self._lines) == lines:
            return "".join(self._line[pieces:]).strip()
        tail = " ".join(line.lstrip("> ") for line in self._lines[lines:])
        return f"{tail} {''.join(self._line)}".strip()

    def result(self) -> str:
        """Everything, without blank lines at the ends and never more than one between."""
        self.inline = 0
        self.block()
        out: list[str] = []
        for line in self._lines:
            if line or (out and out[-1]):
                out.append(line)
        return "\n".join(out).strip("\n")

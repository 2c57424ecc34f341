"""What a command prints: plain lines for people, one JSON document for programs.

Texts that others wrote are made safe for the terminal here, whoever made them safe before.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from inbox.errors import Blocked, Held, TwowayError
from inbox.finding import Finding
from inbox.plain import plain_text

_NOT_ASCII = re.compile("[^\x00-\x7e]")


class Output:
    """Where a command's words go."""

    def __init__(self, *, as_json: bool) -> None:
        """Print lines, or with `as_json` one document."""
        self.as_json = as_json
        self._told: Any = None

    def line(self, text: str = "") -> None:
        """One line (or several) for people; nothing when JSON is asked for."""
        if not self.as_json:
            sys.stdout.write(plain_text(text) + "\n")

    def document(self, document: Any) -> None:
        """The JSON document; nothing when lines are asked for."""
        if self.as_json:
            text = json.dumps(document, ensure_ascii=False, indent=2)
            sys.stdout.write(_NOT_ASCII.sub(lambda found: _shown(found.group()), text) + "\n")

    def progress(self, text: str) -> None:
        """What is going on, on standard error, so that the result stays clean."""
        sys.stderr.write(plain_text(text) + "\n")
        sys.stderr.flush()

    def error(self, sentence: str, hint: str = "") -> None:
        """What went wrong and what to do about it."""
        sys.stderr.write(f"twoway: {plain_text(sentence)}\n")
        if hint:
            sys.stderr.write(f"  {plain_text(hint)}\n")


def tell_error(error: TwowayError, output: Output) -> int:
    """Say what went wrong; returns the exit status."""
    for sentence, hint in getattr(error, "problems", ((error.sentence, error.hint),)):
        output.error(sentence, hint)
    if isinstance(error, Held):
        return 3
    return 4 if isinstance(error, Blocked) else 1


def tell_findings(findings: tuple[Finding, ...], output: Output) -> None:
    """The findings, one below the other, for people."""
    for finding in findings:
        output.line(f"  {finding.severity.value:<5} {finding.rule}  {finding.reason}")
        if finding.fix is not None:
            output.line(f"              → {finding.fix.label}")


def stamp(moment: datetime | None, zone: tzinfo) -> str | None:
    """A moment in RFC 3339 with the practice's offset; None stays None."""
    return None if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")


def table(rows: list[tuple[str, ...]], gap: str = "  ") -> list[str]:
    """Rows as lines, each column as wide as its widest cell; the last one is not padded."""
    if not rows:
        return []
    widths = [max(_cells(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        gap.join(cell + " " * (widths[at] - _cells(cell)) for at, cell in enumerate(row)).rstrip()
        for row in rows
    ]


def _cells(text: str) -> int:
    """How many cells of a terminal a text takes (UAX 11): wide letters two, marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


@lru_cache(maxsize=4096)
def _shown(letter: str) -> str:
    """A letter as it is, or escaped when it could act on a terminal."""
    if plain_text(letter) == letter and letter not in "\u200c\u200d\x7f":
        return letter
    number = ord(letter)
    if number < 0x10000:
        return f"\\u{number:04x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"

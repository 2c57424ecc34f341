"""What the tests over public test material share."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any


def cases(file: Path) -> list[dict[str, Any]]:
    """The cases of one JSON-lines file."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def squeezed(text: str | None) -> str:
    """Text with every run of white space as one blank."""
    return " ".join((text or "").split())


def written_lines(text: str) -> list[str]:
    """The lines that hold something, white space squeezed."""
    return [line for line in map(squeezed, text.splitlines()) if line]


UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff"
    "\ud800-\udfff]"
)
"""What must never reach a terminal: controls, bidi marks, invisible characters."""

"""Where a key stands in a TOML text, so that an error can name the line."""

from __future__ import annotations

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]
"""Keys and positions from the top: `("line", 0, "imap", "port")`."""

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[^=\s]+)*)\s*=""")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_FENCE = re.compile(r'"""|' + r"'''")


def line_of(text: str, path: Path) -> int:
    """The number of the line that holds a key, or the nearest thing above it; 0 when unknown.

    Inline tables are found by the line they begin on.
    """
    best, number = 0, 0
    for here, at in _entries(text):
        if here == path[: len(here)] and len(here) > best:
            best, number = len(here), at
    return number


def words_of(path: Path) -> str:
    """A key as a person would point at it: `line[1].imap.port`, the first of a list being 1."""
    words = ""
    for step in path:
        words += f"[{step + 1}]" if isinstance(step, int) else ("." if words else "") + step
    return words


def _entries(text: str) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    counts: dict[Path, int] = {}
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        fences = len(_FENCE.findall(line))
        if fenced:
            fenced = fences % 2 == 0
            continue
        fenced = fences % 2 == 1
        header = _HEADER.match(line)
        if header:
            table = _resolve(_split(header.group(2)), counts, new=header.group(1) == "[[")
            yield table, number
            continue
        assignment = _ASSIGNMENT.match(line)
        if assignment:
            yield (*table, *_split(assignment.group(1))), number


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(key.strip("\"'") for key in _KEY.findall(dotted))


def _resolve(keys: tuple[str, ...], counts: dict[Path, int], *, new: bool) -> Path:
    """The path of a header, with the position of each list of tables on the way."""
    path: Path = ()
    for depth, key in enumerate(keys):
        path = (*path, key)
        if new and depth == len(keys) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path

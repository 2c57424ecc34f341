"""Fold away quoted history, and never a line that the author wrote.

Where it is not certain that lines are quoted, they stay visible. Signatures stay, and so does
everything that the author forwards.
"""

from __future__ import annotations

import re

from adapters.markup.attribution import (
    announces_answers_below,
    attribution_at,
    header_block_at,
    is_forward,
    is_separator,
    shared_line,
)

MAX_TEXT = 400_000
"""Longer texts (in characters) are shown as they are."""

GAP = "[…]"
"""Stands where quoted lines were folded between lines of the author."""

_QUOTED = re.compile(r"^[ \t]{0,4}>")
_RULE = re.compile(r"^\s*[-_=*—–]{5,}\s*$")
_HYPHENS = re.compile(r"^\s*-{8,}\s*$")
_WORDS = re.compile(r"\w")


def fold(text: str, *, reply: bool = True, forwarded: bool = False) -> tuple[str, str]:
    """Split a text into what the author wrote this time and the whole.

    Args:
        text: Lines ended by line feeds; quoted lines begin with `>`.
        reply: Whether the message answers another (its header says so). If not, lines that begin
            with `>` but are not announced as a quotation are the author's own.
        forwarded: Whether the message is passed on: then everything in it is what the author sends.

    Returns:
        The visible text and the whole text; equal when nothing is folded.
    """
    if forwarded or len(text) > MAX_TEXT:
        return text, text
    lines = text.split("\n")
    shown: list[str | None] = list(lines)
    _hide(lines, shown, reply=reply)
    if None not in shown and shown == lines:
        return text, text
    visible = _compose(shown)
    if not _WORDS.search(visible) or announces_answers_below(visible):
        return text, text
    return visible, text


def _hide(lines: list[str], shown: list[str | None], *, reply: bool) -> None:
    """Put None in the place of each quoted line."""
    at, announced = 0, False
    while at < len(lines):
        line = lines[at]
        if is_forward(line):
            return
        if _QUOTED.match(line):
            end = _quoted_until(lines, at)
            if announced or _is_quotation(lines[at:end], reply=reply):
                _blank(lines, shown, at, end)
            at = end
            continue
        found = attribution_at(lines, at)
        if found is not None:
            below = _next_written(lines, at + found.length)
            if below < len(lines) and _QUOTED.match(lines[below]):
                end = _quoted_until(lines, below)
                _blank(lines, shown, at, end)
                at, announced = end, True
                continue
            if found.certain and below < len(lines):
                _blank(lines, shown, at, len(lines))
                return
        block = header_block_at(lines, at)
        if block and _pasted(lines, at):
            return
        if block or is_separator(line):
            _blank(lines, shown, at, len(lines))
            return
        _split_shared(lines, shown, at)
        at += 1


def _pasted(lines: list[str], at: int) -> bool:
    """Whether a header block stands below a row of hyphens, as in a message pasted by hand."""
    above = at - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    return above >= 0 and _HYPHENS.match(lines[above]) is not None


def _split_shared(lines: list[str], shown: list[str | None], at: int) -> None:
    """Cut a line that holds both the author's words and an announcement of the lines below."""
    below = _next_written(lines, at + 1)
    if below >= len(lines) or not _QUOTED.match(lines[below]):
        return
    own = shared_line(lines[at])
    if own is None:
        return
    shown[at] = own
    end = _quoted_until(lines, below)
    _blank(lines, shown, at + 1, end)
    lines[at + 1 : end] = [""] * (end - at - 1)


def _quoted_until(lines: list[str], at: int) -> int:
    """Where the quotation that begins at `at` ends; blank lines inside belong to it."""
    end = at
    while at < len(lines):
        if _QUOTED.match(lines[at]):
            end = at + 1
        elif lines[at].strip():
            break
        at += 1
    return end


def _next_written(lines: list[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


def _is_quotation(lines: list[str], *, reply: bool) -> bool:
    """Whether lines with `>` are quoted, where no line before them says so."""
    inner = [line.strip().lstrip("> ") for line in lines]
    written = [line for line in inner if line]
    if any(line.endswith("<<") for line in written):
        return False
    announced = any(
        attribution_at(inner, at) is not None or header_block_at(inner, at)
        for at in range(min(len(inner), 6))
    )
    if announced:
        return not any(is_forward(line) for line in inner[:3])
    return reply and len(written) >= 2


def _blank(lines: list[str], shown: list[str | None], at: int, end: int) -> None:
    """Hide the lines, and with them a rule that was drawn above them."""
    above = at - 1
    while above >= 0 and (not lines[above].strip() or _RULE.match(lines[above])):
        if lines[above].strip():
            shown[above] = None
            break
        above -= 1
    for index in range(at, end):
        shown[index] = None


def _compose(shown: list[str | None]) -> str:
    """The visible lines, with a sign where something was folded between two of them."""
    out: list[str] = []
    gap = False
    for line in shown:
        if line is None:
            gap = True
            continue
        if gap and line.strip():
            while out and not out[-1].strip():
                out.pop()
            if out:
                out += ["", GAP, ""]
            gap = False
        if line.strip() or (out and not gap):
            out.append(line)
    while out and not out[-1].strip():
        out.pop()
    return "\n".join(out)

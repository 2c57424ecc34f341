"""How mail programs quote what they answer: the same reply in six handwritings."""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Program = Literal["gmail", "apple", "iphone", "outlook", "bottom", "bare"]
"""A handwriting: web mail, desktop, telephone, office, below the quote, no quote at all."""

WIDTH = 76
"""Columns of a wrapped plain-text line, before any quote mark."""


@dataclass(frozen=True, slots=True)
class Original:
    """The mail that is answered."""

    name: str
    """Its author's display name."""
    address: str
    """Its author's address."""
    to: str
    """Whom it was addressed to."""
    subject: str
    """Its subject, decoded."""
    at: datetime
    """When it was sent, in the answering person's own time zone."""
    text: str
    """Its visible text, with whatever it quotes itself."""


def clock(at: datetime) -> str:
    """Twelve-hour clock without a leading zero: ``3:12 PM``."""
    return f"{at.hour % 12 or 12}:{at:%M} {'AM' if at.hour < 12 else 'PM'}"


def attribution(program: Program, original: Original) -> str:
    """The line (or block) that introduces the quoted text."""
    who, at = f"{original.name} <{original.address}>", original.at
    if program == "outlook":
        return "\n".join(
            [
                "________________________________",
                f"From: {who}",
                f"Sent: {at:%A}, {at:%B} {at.day}, {at.year} {clock(at)}",
                f"To: {original.to}",
                f"Subject: {original.subject}",
            ]
        )
    if program in {"apple", "iphone"}:
        return f"On {at:%b} {at.day}, {at.year}, at {clock(at)}, {who} wrote:"
    line = f"On {at:%a}, {at:%b} {at.day}, {at.year} at {clock(at)} {who} wrote:"
    if len(line) <= WIDTH + 2:
        return line
    # Web mail folds a long one before the address.
    return line.replace(f" <{original.address}>", f"\n<{original.address}>")


def reply_text(program: Program, text: str, original: Original | None) -> str:
    """The plain text of a reply: what was written and, in this program's manner, the original."""
    words = wrap(text)
    if original is None or program == "bare":
        return words + ("\n\nSent from my iPhone\n" if program == "iphone" else "\n")
    lead, quoted = attribution(program, original), quote(original.text)
    if program == "outlook":
        return f"{words}\n\n{lead}\n\n{original.text.rstrip()}\n"
    if program == "iphone":
        return f"{words}\n\nSent from my iPhone\n\n> {lead}\n> \n{quoted}\n"
    if program == "bottom":
        return f"{lead}\n{quoted}\n\n{words}\n"
    return f"{words}\n\n{lead}\n\n{quoted}\n"


def reply_html(program: Program, text: str, original: Original | None) -> str:
    """The HTML of the same reply, as web mail and office programs mark it up."""
    words = _paragraphs(text)
    if original is None or program == "bare":
        return f'<div dir="ltr">{words}</div>\n'
    lead = html.escape(attribution(program, original)).replace("\n", "<br>\n")
    quoted = _paragraphs(original.text)
    if program == "outlook":
        rest = lead.partition("<br>\n")[2]
        return (
            f'<div class="WordSection1">{words}</div>\n<hr style="width:98%">\n'
            f'<div id="divRplyFwdMsg">{rest}</div>\n<div>{quoted}</div>\n'
        )
    return (
        f'<div dir="ltr">{words}</div><br>\n<div class="gmail_quote">\n'
        f'<div dir="ltr" class="gmail_attr">{lead}<br></div>\n'
        '<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;'
        f'border-left:1px solid #ccc;padding-left:1ex">\n{quoted}</blockquote>\n</div>\n'
    )


def wrap(text: str) -> str:
    """Plain text with long lines folded at word ends; lines already short stay as they are."""
    lines: list[str] = []
    for line in text.strip("\n").split("\n"):
        if len(line) <= WIDTH or line.startswith(">"):
            lines.append(line)
        else:
            lines += textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def quote(text: str) -> str:
    """Text with a quote mark before every line."""
    return "\n".join(
        f">{line}" if line.startswith(">") else f"> {line}".rstrip() + ("" if line else " ")
        for line in text.rstrip("\n").split("\n")
    )


def _paragraphs(text: str) -> str:
    return "".join(
        f"<div>{html.escape(line)}</div>\n" if line.strip() else "<div><br></div>\n"
        for line in text.strip("\n").split("\n")
    )

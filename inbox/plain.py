"""What others wrote is data: text made safe to put on a terminal.

Escape sequences, control characters, bidirectional overrides and invisible characters are taken out
or made visible; letters of every script stay as they are.
"""

from __future__ import annotations

import re
import unicodedata

# C0 and C1 controls except line feed and tab; DEL; bidi embeddings, overrides and isolates (UAX 9);
# zero-width and other invisible format characters; line and paragraph separators; tags; specials.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_ESCAPE_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)"
    r"|[PX^_][^\x1b]{0,2000}\x1b\\|[ -/]*[0-~])"
)
_JOINERS = re.compile("[\u200c\u200d]")
_MAX_MARKS = 6
_MARK_RUN = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
    f"{{{_MAX_MARKS + 1},}}"
)


def plain_text(text: str) -> str:
    """Make a text of several lines safe to show; line feeds and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    text = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\u2028", "\n")
        .replace("\u2029", "\n")
    )
    text = _ESCAPE_SEQUENCE.sub("", text)
    text = _UNSAFE.sub("", text)
    text = _JOINERS.sub(_keep_joiner, text) if _JOINERS.search(text) else text
    return _MARK_RUN.sub(lambda run: run.group()[:_MAX_MARKS], text)


def plain_line(text: str, limit: int = 1000) -> str:
    """Make a text safe to show on one line: every kind of space becomes one blank.

    Args:
        text: Anything; a subject, a name, a file name.
        limit: The most characters to keep.
    """
    cleaned = " ".join(plain_text(text[: limit * 4]).split())
    return cleaned if len(cleaned) <= limit else cleaned[: limit - 1] + "…"


def _keep_joiner(found: re.Match[str]) -> str:
    """Keep a joiner only where scripts and emoji need it; elsewhere it hides text."""
    text, at = found.string, found.start()
    if at == 0 or at + 1 >= len(text):
        return ""
    before, after = unicodedata.category(text[at - 1]), unicodedata.category(text[at + 1])
    needed = {"Lo", "Mn", "Mc", "So", "Sk"}
    # The variation selector (Mn) stands between an emoji and its joiner.
    return found.group() if before in needed and after in needed else ""


def file_name(text: str, fallback: str = "attachment") -> str:
    """A file name that is safe to show and to save: no path, no leading dot."""
    cleaned = plain_line(text.replace("\\", "/").rsplit("/", 1)[-1], 120)
    cleaned = re.sub(r'[<>:"|?*]', "_", cleaned).strip(" .")
    return cleaned or fallback

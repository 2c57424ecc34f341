"""What a Communication says: its texts, what of them is new, and the files inside.

Some servers repeat in each message what was said before, as further payloads or below the text.
That is shown once: what is new is the text, and everything is the whole text.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.markup.attribution import attribution_at, header_block_at, is_separator
from adapters.portal.page import Record
from adapters.portal.resource import concept, part, parts, word
from inbox.plain import plain_text

_MARKUP = re.compile(
    r"<(?:!doctype\s|/?(?:html|body|head|p|div|br|span|b|i|u|a|ul|ol|li|table|tr|td|strong|em"
    r"|h[1-6]|font|pre|blockquote)\b[^<>]*>)",
    re.IGNORECASE,
)
_TEXT_TYPES = {"text/plain", "text/html", "application/xhtml+xml"}
_SHORT = 12
"""Characters from which on a repeated text is known for what it is."""
_LONG = 500
"""Characters of a single line in which something may be repeated."""
_LEAD = 5
"""Lines that may announce what is repeated."""


@dataclass(frozen=True, slots=True)
class InlineFile:
    """A file inside a payload."""

    part: str
    """The number of the payload."""
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says."""

    text: str
    """What is new in it."""
    whole: str
    """Everything."""


def media_type(attachment: Record) -> str:
    """The media type an Attachment claims, in lower case and without parameters."""
    return word(attachment, "contentType", 200).partition(";")[0].strip().lower()


def is_text(attachment: Record) -> bool:
    """Whether an Attachment is the message itself and no file: text that has no name."""
    return (
        media_type(attachment) in _TEXT_TYPES
        and isinstance(attachment.get("data"), str)
        and not word(attachment, "title")
    )


def texts(resource: Any) -> list[str]:
    """The text of each payload that has one, readable and safe to show."""
    found = []
    for payload in parts(resource, "payload"):
        said = _text(payload)
        if said.strip():
            found.append(said.strip("\n"))
    return found


def strings(resource: Any) -> list[str]:
    """The texts of the payloads as they were written, those in attachments left out."""
    found = (payload.get("contentString") for payload in parts(resource, "payload"))
    return [one for one in found if isinstance(one, str) and one.strip()]


def may_repeat(resource: Any) -> bool:
    """Whether a message may hold what was said before it; a line or two of plain text does not."""
    found = strings(resource)
    longer = any("\n" in one or "<" in one or len(one) > _LONG for one in found)
    inside = any(is_text(part(one, "contentAttachment")) for one in parts(resource, "payload"))
    return len(found) > 1 or longer or inside


def _text(payload: Record) -> str:
    string = payload.get("contentString")
    if isinstance(string, str):
        return plain_text(_readable(string) if _MARKUP.search(string) else string)
    attachment = part(payload, "contentAttachment")
    if is_text(attachment):
        data = decoded(attachment.get("data"))
        charset = "latin-1" if "8859-1" in word(attachment, "contentType").lower() else "utf-8"
        string = (data or b"").decode(charset, "replace")
        plain = media_type(attachment) == "text/plain"
        return plain_text(string if plain else _readable(string))
    # FHIR R5, and servers that translate from it, say short things by a concept.
    return concept(payload, "contentCodeableConcept")


def _readable(markup: str) -> str:
    from adapters.markup.html import readable  # a compiled parser, not needed for plain text

    return readable(markup)


def files(resource: Any) -> list[InlineFile]:
    """The files that lie inside the payloads."""
    found = []
    for place, payload in enumerate(parts(resource, "payload")):
        attachment = part(payload, "contentAttachment")
        if "data" not in attachment or is_text(attachment):
            continue
        content = decoded(attachment.get("data"))
        if content is not None:
            name = word(attachment, "title", 200)
            found.append(InlineFile(str(place), name, media_type(attachment), content))
    return found


def decoded(data: object) -> bytes | None:
    """The bytes of base64, which may be broken into lines; None when it is none."""
    if not isinstance(data, str):
        return None
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


# ---- what is new -----------------------------------------------------------------------------


def say(resource: Any, earlier: Iterable[Any]) -> Said:
    """What a message says, and what of it is new.

    Args:
        resource: The message.
        earlier: What was said before it, as Communications.
    """
    own = texts(resource)
    whole = "\n\n".join(own)
    said_before = [texts(one) for one in earlier]
    known = {_plain(text) for one in said_before for text in (*one, "\n\n".join(one))}
    fresh = [
        text
        for place, text in enumerate(own)
        if _plain(text) not in known
        and _plain(text) not in {_plain(above) for above in own[:place]}
    ]
    if not fresh:
        return Said(whole, whole)
    before = sorted({"\n\n".join(one) for one in said_before if one}, key=len, reverse=True)
    before += [text for one in said_before for text in one if len(one) > 1]
    return Said("\n\n".join(_without(text, before) for text in fresh), whole)


def _without(text: str, before: Sequence[str]) -> str:
    """A text without what was said before it, above or below; all of it when nothing would stay."""
    lines = text.split("\n")
    again = True
    while again:
        again = False
        for one in before:
            cut = _cut(lines, [_plain(line) for line in one.split("\n") if line.strip()])
            if cut is not None and any(line.strip() for line in cut):
                lines, again = cut, True
                break
    return "\n".join(lines).strip("\n")


def _cut(lines: list[str], known: list[str]) -> list[str] | None:
    """The lines without the known ones at their end or at their beginning; None: not there."""
    if sum(map(len, known)) < _SHORT:
        return None
    places = [place for place, line in enumerate(lines) if _bare(line)]
    words = [_bare(lines[place]) for place in places]
    if len(words) <= len(known):
        return None
    if words[-len(known) :] == known:
        return _without_lead(lines[: places[-len(known)]])
    if words[: len(known)] == known:
        rest = lines[places[len(known) - 1] + 1 :]
        while rest and (not _bare(rest[0]) or _is_rule(rest[0])):
            rest = rest[1:]
        return rest
    return None


def _without_lead(lines: list[str]) -> list[str]:
    """The lines without the words at their end that announce what is repeated below."""
    while lines and (not _bare(lines[-1]) or _is_rule(lines[-1])):
        lines = lines[:-1]
    for at in range(max(0, len(lines) - _LEAD), len(lines)):
        found = attribution_at(lines, at)
        if found is not None and at + found.length >= len(lines):
            return _trimmed(lines[:at])
        block = header_block_at(lines, at)
        if block and at + block >= len(lines):
            return _trimmed(lines[:at])
    return lines


def _trimmed(lines: list[str]) -> list[str]:
    while lines and (not _bare(lines[-1]) or _is_rule(lines[-1])):
        lines = lines[:-1]
    return lines


def _is_rule(line: str) -> bool:
    return is_separator(line) or re.fullmatch(r"[\s>]*[-_=*–—]{3,}\s*", line) is not None


def _bare(line: str) -> str:
    return _plain(line.lstrip("> \t|"))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()

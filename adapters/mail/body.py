"""Which parts of a message are its text, and which lie beside it (RFC 8621 section 4.1.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from adapters.mail.part import Part

_INLINE_MEDIA = ("image/", "audio/", "video/")


@dataclass(slots=True)
class Body:
    """Which parts are to be read, and which lie beside them."""

    plain: list[Part] = field(default_factory=list)
    """What to show when plain text is preferred; may hold HTML where there is nothing else."""
    html: list[Part] = field(default_factory=list)
    """What to show when HTML is preferred; may hold plain text where there is nothing else."""
    attachments: list[Part] = field(default_factory=list)


def sort_parts(root: Part) -> Body:
    """Tell the text of a message from its attachments."""
    body = Body()
    _sort([root], "mixed", body, in_alternative=False, plain=True, html=True)
    return body


def _sort(
    parts: Sequence[Part],
    kind: str,
    body: Body,
    *,
    in_alternative: bool,
    plain: bool,
    html: bool,
) -> None:
    """Put each part where it belongs; `plain` and `html` say which of the two lists are open."""
    plain_before, html_before = len(body.plain), len(body.html)
    for index, part in enumerate(parts):
        if part.children:
            subtype = part.message.get_content_subtype()
            inside = in_alternative or subtype == "alternative"
            _sort(part.children, subtype, body, in_alternative=inside, plain=plain, html=html)
        elif not _is_inline(part, index, kind):
            body.attachments.append(part)
        elif kind == "alternative":
            _choose(part, body, plain=plain, html=html)
        else:
            if in_alternative:
                plain = plain and part.media_type != "text/html"
                html = html and part.media_type != "text/plain"
            _show(part, body, plain=plain, html=html)
    if kind == "alternative" and plain and html:
        # Only one of the two forms was there: it serves for both.
        if len(body.plain) == plain_before:
            body.plain.extend(body.html[html_before:])
        elif len(body.html) == html_before:
            body.html.extend(body.plain[plain_before:])


def _choose(part: Part, body: Body, *, plain: bool, html: bool) -> None:
    """One of several forms of the same."""
    if part.media_type == "text/plain" and plain:
        body.plain.append(part)
    elif part.media_type == "text/html" and html:
        body.html.append(part)
    else:
        body.attachments.append(part)


def _show(part: Part, body: Body, *, plain: bool, html: bool) -> None:
    """One part after the other."""
    if plain:
        body.plain.append(part)
    if html:
        body.html.append(part)
    if not (plain or html) or part.media_type.startswith(_INLINE_MEDIA):
        body.attachments.append(part)


def _is_inline(part: Part, index: int, kind: str) -> bool:
    if part.disposition == "attachment":
        return False
    beside = kind == "related" or bool(part.written_name)
    if part.media_type in {"text/plain", "text/html"}:
        return index == 0 or not beside
    return part.media_type.startswith(_INLINE_MEDIA) and index > 0 and not beside

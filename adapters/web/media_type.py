"""What a file is, whatever it claims to be."""

from __future__ import annotations

import re

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_SUSPECT = (b"<!doctype", b"<html", b"<script", b"<svg", b"MZ", b"\x7fELF", b"PK\x03\x04", b"#!")


def sniff(content: bytes, declared: str) -> str:
    """The media type to believe, by the first bytes (WHATWG MIME Sniffing, in small).

    A picture that is a picture of another kind is called by its kind; what claims to be a picture
    and is a page, a program or an archive is `application/octet-stream`.
    """
    if not re.fullmatch(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,60}", declared):
        declared = "application/octet-stream"
    for magic, media_type in _MAGIC:
        if content.startswith(magic):
            return media_type
    head = content[:64].lstrip().lower()
    if any(head.startswith(magic.lower()) for magic in _SUSPECT):
        return "application/octet-stream"
    known = {media_type for _, media_type in _MAGIC}
    return "application/octet-stream" if content and declared in known else declared

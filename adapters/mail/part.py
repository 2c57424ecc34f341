"""The parts of a message: its leaves, their bytes and their texts.

Sources: RFC 2045 and RFC 2046 (MIME), RFC 2183 (disposition), RFC 3676 (flowed text).
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.generator import BytesGenerator
from email.message import Message
from functools import cached_property
from io import BytesIO
from typing import TypeVar

from adapters.mail.charset import decode_text
from adapters.mail.header import Fields, base64_bytes, decode_words, parameters
from adapters.mail.tree import cut
from inbox.plain import file_name

MAX_DEPTH = 40
"""Deeper nesting than this is an attack, not a message."""

_TYPE = re.compile(r"^\s*([A-Za-z0-9!#$&^_.+-]{1,80})\s*/\s*([A-Za-z0-9!#$&^_.+-]{1,120})")
_DEEP = re.compile(
    rb"^content-type:[ \t]*message/|boundary[ \t]*=[ \t]*\"?([^\"\r\n;]{1,200})"
    rb"|^--([^\r\n]{1,200})",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
_SPACED_NAME = re.compile(rb"^([!-9;-~]{1,70})[ \t]{1,70}:", re.MULTILINE)
_BREAK = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_PIECE = 1 << 20
"""Bytes of a large message that are looked at together."""
_BLANKS = b" \t\r\n"
_T = TypeVar("_T")
_EXTENSIONS = {
    "application/ics": "ics",
    "application/ms-tnef": "dat",
    "application/msword": "doc",
    "application/pdf": "pdf",
    "application/pgp-signature": "asc",
    "application/pkcs7-mime": "p7m",
    "application/pkcs7-signature": "p7s",
    "application/zip": "zip",
    "audio/mpeg": "mp3",
    "audio/x-wav": "wav",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/tiff": "tiff",
    "message/delivery-status": "txt",
    "message/rfc822": "eml",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
}


class MailMessage(Message):
    """A parsed message that gives its body as written, and whose boundary may be folded."""

    _payload: object

    def get_boundary(  # type: ignore[override]  # the base's overloads say the same
        self, failobj: _T | None = None
    ) -> str | _T | None:
        """The boundary, on one line even where the header breaks inside it."""
        found = super().get_boundary()
        return failobj if found is None else _BREAK.sub(" ", found)

    @property
    def view(self) -> memoryview | None:
        """The body as it came, where it is large enough to be left in the raw message."""
        return self._payload if isinstance(self._payload, memoryview) else None

    @property
    def written(self) -> bytes:
        """The body as it came, transfer encoding not undone; empty for a multipart.

        `get_payload` would replace the eight-bit characters of a charset it does not know.
        """
        if isinstance(self._payload, memoryview):
            return bytes(self._payload)
        if isinstance(self._payload, str):
            return self._payload.encode("utf-8", "surrogateescape")
        return b""


@dataclass(frozen=True)
class Part:
    """One leaf of a message, or one multipart; the bytes are decoded when they are asked for."""

    path: str
    """Where it lies: `1`, `2.1`, numbered as IMAP does (RFC 9051 section 6.4.5)."""
    message: MailMessage = field(repr=False)
    parent: str = ""
    """The subtype of the multipart it lies in: `mixed`, `alternative`, ... or empty."""
    children: tuple[Part, ...] = field(default=(), repr=False)

    @cached_property
    def fields(self) -> Fields:
        """Its header."""
        return Fields(self.message)

    @cached_property
    def _parameters(self) -> dict[str, str]:
        return parameters(self.fields.raw("content-type"))

    @cached_property
    def media_type(self) -> str:
        """`type/subtype` in lower case; `text/plain` when it says nothing that can be read."""
        if self.children:
            return self.message.get_content_type()
        value = self.fields.raw("content-type")
        found = _TYPE.match(decode_words(value))
        if found:
            kind = f"{found.group(1)}/{found.group(2)}".lower()
            # A multipart without parts holds what is meant to be read.
            return "text/plain" if kind.startswith("multipart/") else kind
        if value:
            return {"html": "text/html"}.get(self.fields.word("content-type"), "text/plain")
        return "message/rfc822" if self.parent == "digest" else "text/plain"

    def parameter(self, name: str) -> str:
        """A parameter of its Content-Type, decoded; empty when not given."""
        return self._parameters.get(name, "")

    @cached_property
    def disposition(self) -> str:
        """`attachment`, `inline` or another word, in lower case; empty when not given."""
        return self.fields.word("content-disposition")

    @cached_property
    def written_name(self) -> str:
        """The file name that came along, as written, or empty."""
        named = parameters(self.fields.raw("content-disposition"))
        return named.get("filename") or named.get("name") or self._parameters.get("name", "")

    @property
    def name(self) -> str:
        """A file name, safe to show and to save; never empty."""
        if self.written_name:
            return file_name(self.written_name)
        kind = self.media_type
        if kind == "message/rfc822" and self.nested is not None:
            subject = Fields(self.nested).text("subject", 80)
            if subject:
                return file_name(subject.replace("/", "_").replace("\\", "_") + ".eml")
        if kind == "message/external-body":
            return file_name(self._parameters.get("name", ""), "external.txt")
        extension = _EXTENSIONS.get(kind)
        return f"attachment.{extension}" if extension else "attachment"

    @property
    def nested(self) -> MailMessage | None:
        """The message inside a `message/*` part, or None."""
        payload = self.message.get_payload()
        if not isinstance(payload, list) or not payload or not isinstance(payload[0], MailMessage):
            return None
        # A message is not to be encoded (RFC 2046 section 5.2.1), and sometimes is.
        if self.fields.word("content-transfer-encoding") in {"base64", "quoted-printable"}:
            return message_from_bytes(self.content(), _class=MailMessage)
        return payload[0]

    def content(self) -> bytes:
        """The bytes with the transfer encoding undone; broken encodings yield what can be had."""
        if self.message.is_multipart():
            payload = self.message.get_payload()
            out = b"".join(_flat(one) for one in payload if isinstance(one, MailMessage))
        else:
            out = self.message.written
        return _undo(out, self.fields.word("content-transfer-encoding"))

    def measure(self) -> tuple[int, str]:
        """How many bytes `content` is, and their SHA-256; a large part is not held in memory."""
        view = self.message.view
        if view is not None and self.fields.word("content-transfer-encoding") == "base64":
            with suppress(binascii.Error):
                return _measure_base64(view)
        data = self.content()
        return len(data), hashlib.sha256(data).hexdigest()

    def text(self) -> str:
        """The text of a text part, line ends as line feeds, flowed lines joined; not made safe."""
        told = self._parameters
        html = self.media_type == "text/html"
        text = decode_text(self.content(), told.get("charset", ""), html=html)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if self.media_type == "text/plain" and told.get("format", "").lower() == "flowed":
            return unflow(text, delete_space=told.get("delsp", "").lower() == "yes")
        return text


def _measure_base64(written: memoryview) -> tuple[int, str]:
    """Length and SHA-256 of what is base64 by the letter, decoded a piece at a time.

    Raises:
        binascii.Error: it is not.
    """
    size, digest, rest = 0, hashlib.sha256(), b""
    for start in range(0, len(written), _PIECE):
        rest += bytes(written[start : start + _PIECE]).translate(None, _BLANKS)
        whole = len(rest) // 4 * 4
        if b"=" in rest[:whole] and start + _PIECE < len(written):
            raise binascii.Error("padding before the end")
        data = binascii.a2b_base64(rest[:whole], strict_mode=True)
        digest.update(data)
        size, rest = size + len(data), rest[whole:]
    if rest:
        raise binascii.Error("a piece is missing")
    return size, digest.hexdigest()


def _flat(message: MailMessage) -> bytes:
    out = BytesIO()
    generator = BytesGenerator(out, mangle_from_=False, maxheaderlen=0)
    try:
        generator.flatten(message, unixfrom=False)
    except (UnicodeError, LookupError, ValueError, AttributeError, TypeError, KeyError):
        # What the parser took apart and cannot put together again.
        return message.written
    return out.getvalue()


def _undo(data: bytes, encoding: str) -> bytes:
    encoding = encoding.strip("\"'")
    if encoding == "base64":
        return base64_bytes(data)
    if encoding in {"quoted-printable", "quotedprintable", "qp", "quoted_printable"}:
        return binascii.a2b_qp(data)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return _undo_uuencode(data)
    return data


def _undo_uuencode(data: bytes) -> bytes:
    """The bytes between `begin` and `end`; lines that break the rules give what they can."""
    out, inside = bytearray(), False
    for line in data.splitlines():
        if not inside:
            inside = line.startswith(b"begin ")
        elif line.strip() in {b"end", b"`", b""}:
            if line.strip() == b"end":
                break
        else:
            try:
                out += binascii.a2b_uu(line)
            except binascii.Error:
                # Some programs write the length of the padded line.
                size = (((line[0] - 32) & 63) * 4 + 5) // 3
                try:
                    out += binascii.a2b_uu(line[:size])
                except binascii.Error:
                    continue
    return bytes(out) if inside else data


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Join the lines of a flowed text (RFC 3676), each paragraph on one line.

    Args:
        text: The text, its lines ended by line feeds.
        delete_space: The `DelSp=yes` form: the blank at the end of a line is not part of the text.
    """
    out: list[str] = []
    paragraph: list[str] = []
    depth = 0

    def finish() -> None:
        if paragraph:
            out.append((">" * depth + " " if depth else "") + "".join(paragraph))
            paragraph.clear()

    for line in text.split("\n"):
        body = line.lstrip(">")
        here = len(line) - len(body)
        body = body.removeprefix(" ")
        if here != depth:
            finish()
            depth = here
        if body.endswith(" ") and body != "-- ":
            paragraph.append(body[:-1] if delete_space else body)
            continue
        if body == "-- ":
            finish()
        paragraph.append(body)
        finish()
    finish()
    return "\n".join(out)


def too_deep(raw: bytes) -> bool:
    """Whether the message nests deeper than any honest one, found without parsing it.

    The parser's time grows with the depth for every line, so this has to be known beforehand.
    """
    # Counted a piece at a time; the pieces overlap, so a word may count twice but is not missed.
    pieces = (raw[at : at + _PIECE + 8].lower() for at in range(0, len(raw), _PIECE))
    if sum(one.count(b"boundary") + one.count(b"message/") for one in pieces) <= MAX_DEPTH:
        return False
    open_parts: list[bytes] = []
    for found in _DEEP.finditer(raw):
        declared, line = found.group(1), found.group(2)
        if line is not None:
            mark = line.rstrip()
            for name in (mark, mark.removesuffix(b"--")):
                if name in open_parts:
                    del open_parts[open_parts.index(name) + (name == mark) :]
                    break
            continue
        open_parts.append(declared.strip() if declared is not None else b"\n")
        if len(open_parts) > MAX_DEPTH:
            return True
    return False


def read_parts(message: MailMessage, path: str = "", parent: str = "") -> Part:
    """The tree of parts of a parsed message; nested messages are leaves."""
    payload = message.get_payload()
    is_multipart = isinstance(payload, list) and message.get_content_maintype() == "multipart"
    if not is_multipart or not payload:
        return Part(path or "1", message, parent)
    subtype = message.get_content_subtype()
    prefix = f"{path}." if path else ""
    children = tuple(
        read_parts(one, f"{prefix}{number}", subtype)
        for number, one in enumerate((p for p in payload if isinstance(p, MailMessage)), 1)
    )
    return Part(path, message, parent, children)


def leaves(part: Part, *, deep: bool = False) -> Iterator[Part]:
    """The leaves in order.

    Args:
        part: Where to begin.
        deep: Also open messages inside messages, instead of taking each as one leaf.
    """
    for child in part.children:
        yield from leaves(child, deep=deep)
    if part.children:
        return
    nested = part.nested if deep and part.media_type == "message/rfc822" else None
    if nested is None:
        yield part
    else:
        inner = read_parts(nested, f"{part.path}.1")
        yield from leaves(inner, deep=deep)


def parse(raw: bytes) -> Part:
    """The tree of parts of a raw message."""
    raw = tidy(raw)
    message = cut(raw, MailMessage)
    return read_parts(message_from_bytes(raw, _class=MailMessage) if message is None else message)


def tidy(raw: bytes) -> bytes:
    """The message without blank lines before it or blanks before the colons of its header.

    The latter are allowed (RFC 5322 section 4.5), and the parser does not know them.
    """
    raw = raw.lstrip(b"\r\n") if raw[:1] in b"\r\n" else raw
    end = _HEADER_END.search(raw)
    header = raw[: end.start()] if end else raw[:100_000]
    if not _SPACED_NAME.search(header):
        return raw
    return _SPACED_NAME.sub(rb"\1:", header) + raw[len(header) :]

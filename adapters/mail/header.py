"""Header fields: encoded words, parameters, message ids and dates, however badly they are written.

Sources: RFC 5322 (fields, ids, dates), RFC 2047 (encoded words), RFC 2231 (parameters), RFC 6532
(UTF-8 in headers).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message
from email.utils import parsedate_tz
from urllib.parse import unquote_to_bytes

from adapters.mail.charset import codec_name, decode_text, guess_text
from inbox.plain import plain_line

MAX_REFERENCES = 100
"""How many of the newest references are kept, beside the first."""
_MAX_VALUE = 1_000_000
_MAX_ID = 998
_MAX_WORDS = 20_000
"""Encoded words are looked for in this many characters of a field; no honest one is longer."""

_WORD = re.compile(r"=\?([^?*\s=]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?(.{0,2000}?)\?=", re.DOTALL)
_FOLD = re.compile(r"\r?\n[ \t]*|\r")
_ANGLED = re.compile(r"<([^<>]*)>")
_PARAMETER = re.compile(
    r""";?\s*([^\s=;"]{1,80})\s*=\s*(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^;]*))""", re.DOTALL
)
_SECTION = re.compile(r"^(.+?)\*(?:(\d{1,4})(\*)?)?$")
_COMMENT = re.compile(r"\([^()]*\)")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


class Fields:
    """The header of a message or part: every field in order, values as the bytes were."""

    def __init__(self, message: Message) -> None:
        """Take the fields of a message that was parsed with the `compat32` policy."""
        self._values: dict[str, list[str]] = {}
        self._unfolded: dict[str, list[str]] = {}
        for name, value in message.raw_items():
            self._values.setdefault(name.strip().lower(), []).append(str(value)[:_MAX_VALUE])

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __len__(self) -> int:
        return len(self._values)

    def raw(self, name: str) -> str:
        """The first value of a field that says something, unfolded but not decoded."""
        return next((value for value in self.all(name) if value), "")

    def all(self, name: str) -> list[str]:
        """Each value of a field, unfolded, eight-bit characters decoded, encoded words not."""
        found = self._unfolded.get(name)
        if found is None:
            values = self._values.get(name, ())
            found = [_FOLD.sub(" ", eight_bit(value)).strip() for value in values]
            self._unfolded[name] = found
        return found

    def text(self, name: str, limit: int = 1000) -> str:
        """A field to show: decoded, on one line, safe."""
        return plain_line(decode_words(self.raw(name)), limit)

    def word(self, name: str) -> str:
        """The first word of a field in lower case, without comments or parameters."""
        value = _COMMENT.sub(" ", self.raw(name)).split(";", 1)[0].split()
        return value[0].lower() if value else ""


def eight_bit(value: str) -> str:
    """Text of a header whose bytes were read as surrogate escapes (UTF-8, else windows-1252)."""
    if value.isascii():
        return value
    return guess_text(value.encode("utf-8", "surrogateescape"))


def decode_words(value: str) -> str:
    """Text with its encoded words decoded (RFC 2047).

    Neighbours in the same charset are joined before they are decoded, because many programs cut
    multi-byte characters in two. What cannot be decoded stays as it is.
    """
    if "=?" not in value:
        return value
    if len(value) > _MAX_WORDS:
        return decode_words(value[:_MAX_WORDS]) + value[_MAX_WORDS:]
    out: list[str] = []
    pending, charset, end = b"", "", 0
    for found in _WORD.finditer(value):
        data = _word_bytes(found.group(2), found.group(3))
        if data is None:
            continue
        between = value[end : found.start()]
        if not pending or between.strip() or charset != found.group(1).lower():
            if pending:
                out.append(decode_text(pending, charset))
            # Blanks between two encoded words are not part of the text.
            if not (end and pending and not between.strip()):
                out.append(between)
            pending, charset = b"", found.group(1).lower()
        pending += data
        end = found.end()
    if pending:
        out.append(decode_text(pending, charset))
    out.append(value[end:])
    return "".join(out)


def _word_bytes(how: str, text: str) -> bytes | None:
    """The bytes of one encoded word, or None when they cannot be made out."""
    data = text.encode("utf-8", "surrogateescape")
    if how in "qQ":
        return binascii.a2b_qp(data.replace(b" ", b"_"), header=True)
    return base64_bytes(data)


_SENTENCE = re.compile(rb"[A-Za-z0-9] [A-Za-z0-9(]+ [A-Za-z0-9(]")
_SIGN = re.compile(rb"[^A-Za-z0-9+/=\s]")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")


def base64_bytes(data: bytes) -> bytes:
    """Decode base64 however it is broken: foreign characters, wrong or early padding."""
    try:
        return binascii.a2b_base64(data.translate(None, b" \t\r\n"), strict_mode=True)
    except binascii.Error:
        pass
    # What stands behind the padding on the same line is a remark, not data.
    data = re.sub(rb"=[ \t]+[^\r\n]*", b"=", data)
    if _SENTENCE.search(data[:2000]) and _SIGN.search(data[:2000]):
        # Words with blanks and signs between them: labelled base64, and never encoded.
        return data
    data = _NOT_BASE64.sub(b"", data)
    out = bytearray()
    # Padding in the middle: several encoded pieces were put one behind the other.
    for piece in re.split(rb"=+", data):
        if len(piece) % 4 == 1:
            piece = piece[:-1]
        out += binascii.a2b_base64(piece + b"=" * (-len(piece) % 4))
    return bytes(out)


def parameters(value: str) -> dict[str, str]:
    """The parameters of a Content-Type or Content-Disposition, decoded (RFC 2231, RFC 2047).

    Also takes what mail programs really write: encoded words inside the quotes, raw eight-bit
    characters, missing quotes, blanks around the equals sign. The first of a name wins.
    """
    _, _, rest = value.partition(";")
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for found in _PARAMETER.finditer(" ".join(rest[:20_000].split())):
        name = found.group(1).lower()
        text = found.group(3)
        text = (
            re.sub(r"\\(.)", r"\1", found.group(2)) if text is None else text.strip().strip("\"'")
        )
        part = _SECTION.match(name)
        if part is None:
            plain.setdefault(name, decode_words(text))
        else:
            encoded = part.group(2) is None or part.group(3) is not None
            pieces = sections.setdefault(part.group(1), {})
            pieces.setdefault(int(part.group(2) or 0), (encoded, text))
    for name, pieces in sections.items():
        # The extended form is the better one when both are given (RFC 6266 section 4.3).
        plain[name] = _join_sections(pieces)
    return plain


def _join_sections(pieces: dict[int, tuple[bool, str]]) -> str:
    """One parameter value from its numbered, perhaps percent-encoded pieces (RFC 2231)."""
    charset, data = "", b""
    for index, (number, (encoded, text)) in enumerate(sorted(pieces.items())):
        if encoded and index == 0 and number == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        data += unquote_to_bytes(text) if encoded else text.encode("utf-8", "surrogateescape")
    return decode_words(decode_text(data, charset if codec_name(charset) else ""))


def message_ids(value: str) -> tuple[str, ...]:
    """The message ids in a field, in order, each once, without angle brackets.

    Ids without brackets count when they hold an `@`. The first is kept, and `MAX_REFERENCES` of
    the last.
    """
    found = [_clean_id(text) for text in _ANGLED.findall(value)]
    if not any(found):
        found = [_clean_id(word.strip("<>,;")) for word in value.split() if "@" in word]
    ids = list(dict.fromkeys(one for one in found if one))
    if len(ids) > MAX_REFERENCES + 1:
        ids = [ids[0], *ids[-MAX_REFERENCES:]]
    return tuple(ids)


def message_id(value: str) -> str:
    """The one id of a message, without angle brackets; without any, whatever single word it is."""
    ids = message_ids(value)
    if ids:
        return ids[0]
    words = value.strip("<> ").split()
    return _clean_id(words[0]) if len(words) == 1 else ""


def _clean_id(text: str) -> str:
    """An id that is safe to store and to show; empty when it is none."""
    cleaned = plain_line("".join(text.split()), _MAX_ID)
    return cleaned if len(text) <= _MAX_ID else ""


def date(values: Iterable[str]) -> datetime | None:
    """The first date that can be read, aware; without a zone it is taken as UTC; else None."""
    for value in values:
        found = _one_date(value)
        if found is not None:
            return found
    return None


def _one_date(value: str) -> datetime | None:
    value = decode_words(value[:300]).strip()
    try:
        if _ISO_DATE.match(value):
            read = datetime.fromisoformat(value)
            return read if read.tzinfo else read.replace(tzinfo=UTC)
        fields = parsedate_tz(value)
        if fields is None:
            return None
        zone = UTC if not fields[9] else timezone(timedelta(seconds=fields[9]))
        read = datetime(*fields[:6], tzinfo=zone)
        # The whole program counts in UTC: what falls off the calendar there is no date.
        read.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return read

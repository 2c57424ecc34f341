"""The parts of an ordinary message, taken apart at its boundaries instead of line by line.

`email` reads every line of a mail in Python, and compiles a pattern a multipart. What is as the
standards want it (RFC 5322, RFC 2046) can be cut at once, with the very same result; for everything
else `None` is the answer, and `email` with its patience for broken mail does it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from itertools import pairwise
from typing import TypeVar

LARGE = 1_000_000
"""Bytes from which on a body is not copied: it is a view of the message."""

_HEADER = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*(?=\r?\n)")
_FIELD = re.compile(rb"([!-9;-~]+):([^\n]*)\n((?:[ \t][^\n]*\n)*)")
_REST = re.compile(rb"(--)?[ \t]*(\r?\n|\Z)")
_CR, _LF = b"\r\n"
_PLAIN_ENCODINGS = {"7bit", "8bit", "binary"}
_MESSAGE = TypeVar("_MESSAGE", bound=Message)


class _Unusual(Exception):
    """Something that `email` has to judge."""


def cut(raw: bytes, kind: type[_MESSAGE]) -> _MESSAGE | None:
    """What `email.message_from_bytes` makes of a message; None for one that is not ordinary.

    Args:
        raw: The message; of which the caller knows that it is not nested too deep.
        kind: The class of the messages.
    """
    if raw.count(b"\r") != raw.count(b"\r\n"):
        return None
    try:
        return _cut(raw, 0, len(raw), kind, inside=False)
    except _Unusual:
        return None


def _cut(raw: bytes, start: int, end: int, kind: type[_MESSAGE], *, inside: bool) -> _MESSAGE:
    found = _HEADER.match(raw, start, end)
    if found is None:
        raise _Unusual
    message = kind()
    for field in _FIELD.finditer(raw, start, found.end()):
        name, value, more = field.groups()
        if more:
            written = _text(field.group())
            lines = written.splitlines(keepends=True)
            if len(lines) != written.count("\n"):
                raise _Unusual
            message.set_raw(*message.policy.header_source_parse(lines))
        else:
            message.set_raw(_text(name), _text(value.lstrip(b" \t").rstrip(b"\r\n")))
    begin = raw.index(b"\n", found.end()) + 1
    main = message.get_content_maintype()
    if main == "message":
        raise _Unusual
    if main != "multipart":
        end = _before_end(raw, begin, end) if inside else end
        if end - begin < LARGE:
            message.set_payload(_text(raw[begin:end]))
        else:
            view = memoryview(raw)[begin:end]
            message.set_payload(view)  # type: ignore[call-overload]  # as it is
        return message
    message.epilogue = _cut_parts(message, raw, begin, end, kind)
    if inside:
        message.epilogue = _without_end(message.epilogue) if message.epilogue else None
    return message


def _cut_parts(message: _MESSAGE, raw: bytes, begin: int, end: int, kind: type[_MESSAGE]) -> str:
    """Attach the parts of a multipart; return what stands behind them."""
    boundary = message.get_boundary()
    encoding = str(message.get("content-transfer-encoding", "8bit")).lower()
    ordinary = encoding in _PLAIN_ENCODINGS and message.get_content_subtype() != "digest"
    if not boundary or "\n" in boundary or not ordinary:
        raise _Unusual
    try:
        mark = f"--{boundary}".encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        raise _Unusual from None
    edges = list(_edges(raw, mark, begin, end))
    if len(edges) < 2 or not edges[-1][2]:
        raise _Unusual
    if edges[0][0] > begin:
        message.preamble = _text(raw[begin : _before_end(raw, begin, edges[0][0])])
    for (_, first, _), (last, _, _) in pairwise(edges):
        if first == last:
            raise _Unusual
        message.attach(_cut(raw, first, last, kind, inside=True))
    return _text(raw[edges[-1][1] : end])


def _edges(raw: bytes, mark: bytes, begin: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Lines that part one part from the next, up to the last: from, to, and whether it is that."""
    at = raw.find(mark, begin, end)
    while at >= 0:
        if at == begin or raw[at - 1] == _LF:
            rest = _REST.match(raw, at + len(mark), end)
            if rest is not None:
                yield at, rest.end(), bool(rest.group(1))
                if rest.group(1):
                    return
        at = raw.find(mark, at + len(mark), end)


def _text(raw: bytes) -> str:
    return raw.decode("ascii", "surrogateescape")


def _without_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


def _before_end(raw: bytes, begin: int, end: int) -> int:
    """Where a line end begins that belongs to the boundary behind it (RFC 2046 section 5.1.1)."""
    if end > begin and raw[end - 1] == _LF:
        end -= 1
        if end > begin and raw[end - 1] == _CR:
            end -= 1
    return end

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

_HEADER = re.compile(r"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*(?=\r?\n)")
_FIELD = re.compile(r"([!-9;-~]+):([^\n]*)\n((?:[ \t][^\n]*\n)*)")
_REST = re.compile(r"(--)?[ \t]*(\r?\n|\Z)")
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
    text = raw.decode("ascii", "surrogateescape")
    if text.count("\r") != text.count("\r\n"):
        return None
    try:
        return _cut(text, 0, len(text), kind, inside=False)
    except _Unusual:
        return None


def _cut(text: str, start: int, end: int, kind: type[_MESSAGE], *, inside: bool) -> _MESSAGE:
    found = _HEADER.match(text, start, end)
    if found is None:
        raise _Unusual
    message = kind()
    for field in _FIELD.finditer(text, start, found.end()):
        name, value, more = field.groups()
        if more:
            lines = field.group().splitlines(keepends=True)
            if len(lines) != field.group().count("\n"):
                raise _Unusual
            message.set_raw(*message.policy.header_source_parse(lines))
        else:
            message.set_raw(name, value.lstrip(" \t").rstrip("\r\n"))
    begin = text.index("\n", found.end()) + 1
    main = message.get_content_maintype()
    if main == "message":
        raise _Unusual
    if main != "multipart":
        message.set_payload(text[begin : _before_end(text, begin, end) if inside else end])
        return message
    message.epilogue = _cut_parts(message, text, begin, end, kind)
    if inside:
        message.epilogue = _without_end(message.epilogue) if message.epilogue else None
    return message


def _cut_parts(message: _MESSAGE, text: str, begin: int, end: int, kind: type[_MESSAGE]) -> str:
    """Attach the parts of a multipart; return what stands behind them."""
    boundary = message.get_boundary()
    encoding = str(message.get("content-transfer-encoding", "8bit")).lower()
    ordinary = encoding in _PLAIN_ENCODINGS and message.get_content_subtype() != "digest"
    if not boundary or "\n" in boundary or not ordinary:
        raise _Unusual
    edges = list(_edges(text, f"--{boundary}", begin, end))
    if len(edges) < 2 or not edges[-1][2]:
        raise _Unusual
    if edges[0][0] > begin:
        message.preamble = _without_end(text[begin : edges[0][0]])
    for (_, first, _), (last, _, _) in pairwise(edges):
        if first == last:
            raise _Unusual
        message.attach(_cut(text, first, last, kind, inside=True))
    return text[edges[-1][1] : end]


def _edges(text: str, mark: str, begin: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Lines that part one part from the next, up to the last: from, to, and whether it is that."""
    at = text.find(mark, begin, end)
    while at >= 0:
        if at == begin or text[at - 1] == "\n":
            rest = _REST.match(text, at + len(mark), end)
            if rest is not None:
                yield at, rest.end(), bool(rest.group(1))
                if rest.group(1):
                    return
        at = text.find(mark, at + len(mark), end)


def _without_end(text: str) -> str:
    return text[: _before_end(text, 0, len(text))]


def _before_end(text: str, begin: int, end: int) -> int:
    """Where a line end begins that belongs to the boundary behind it (RFC 2046 section 5.1.1)."""
    if end > begin and text[end - 1] == "\n":
        end -= 1
        if end > begin and text[end - 1] == "\r":
            end -= 1
    return end

"""The raw items of the portal, and how they are kept.

A raw item is one JSON object: `communication` is the resource as the server gave it, unknown fields
and all; `context` holds the resources that are needed to read it, by reference, with an
OperationOutcome for one that could not be had; `files` is what its payloads point to, each with its
bytes in base64, or with a `problem` in place of them. What is no Communication is kept as it came.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.portal.page import Record
from adapters.portal.payload import files, is_text
from adapters.portal.resource import part, parts, word
from inbox.errors import ServerRefused

UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading a raw item raises that is not in a form we know."""
MOST_FILE = 10_000_000
"""Bytes of one file that are kept at once; a larger one is fetched when somebody asks for it."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that a payload points to, or the reason why it is not here."""

    part: str
    """The number of the payload, and of the file where it points to several: `2`, `2.1`."""
    name: str
    media_type: str
    content: bytes = b""
    problem: str = ""
    """Why there are no bytes, one sentence; empty when there are."""
    passing: bool = False
    """The reason may pass: the file can be asked for again."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A raw item, opened."""

    communication: Record
    context: Mapping[str, Any]
    files: tuple[Record, ...]
    base: str
    """The base of the server it came from, without a slash at its end."""


def write_item(
    communication: Record, context: Mapping[str, Any], fetched: Sequence[File], base: str
) -> bytes:
    """A Communication as a raw item."""
    return _dump(
        {
            "base": base,
            "communication": communication,
            "context": dict(context),
            "files": [
                {
                    "part": one.part,
                    "name": one.name,
                    "type": one.media_type,
                    "problem": one.problem,
                    "content": base64.b64encode(one.content).decode("ascii"),
                }
                for one in fetched
            ],
        }
    )


def write_strange(found: Any) -> bytes:
    """Something else than a Communication as a raw item: as it came."""
    return found if isinstance(found, bytes) else _dump(found)


def open_item(raw: bytes) -> Envelope:
    """A raw item, opened.

    Raises:
        UNREADABLE: it is none, or holds something else than a Communication.
    """
    item = json.loads(raw)
    communication = item["communication"]
    if communication.get("resourceType") != "Communication":
        raise TypeError("no Communication")
    context = item.get("context", {})
    base = item.get("base", "")
    if not isinstance(context, dict) or not isinstance(base, str):
        raise TypeError("no envelope")
    return Envelope(communication, context, tuple(parts(item, "files")), base.rstrip("/"))


def read_attachment(raw: bytes, wanted: str) -> bytes:
    """The bytes of one file of a message.

    Raises:
        ServerRefused: there is none of that number.
    """
    missing = ServerRefused("The message has no such attachment.", "")
    try:
        item = open_item(raw)
        for one in item.files:
            if one.get("part") == wanted:
                if one.get("problem"):
                    raise ServerRefused(word(one, "problem"), "")
                return base64.b64decode(one["content"], validate=True)
        return next(one.content for one in files(item.communication) if one.part == wanted)
    except (*UNREADABLE, StopIteration) as error:
        raise missing from error


def without_large(communication: Record, most: int) -> tuple[Record, list[File]]:
    """A Communication without the files in it that are too large to keep, and what was left out."""
    left_out: list[File] = []
    payloads = parts(communication, "payload")
    for place, payload in enumerate(payloads):
        attachment = part(payload, "contentAttachment")
        data = attachment.get("data")
        if not isinstance(data, str) or len(data) * 3 // 4 <= most or is_text(attachment):
            continue
        name, claimed = word(attachment, "title", 200), word(attachment, "contentType", 200)
        problem = too_large(name, most)
        left_out.append(File(str(place), name, claimed, problem=problem, passing=True))
        kept = {key: value for key, value in attachment.items() if key != "data"}
        payloads[place] = {**payload, "contentAttachment": kept}
    return ({**communication, "payload": payloads} if left_out else communication), left_out


def too_large(name: str, most: int) -> str:
    """The problem with a file that is not fetched at once."""
    called = f" ({name})" if name else ""
    return (
        f"A file that came with the message{called} is larger than {most // 1_000_000} MB; "
        "ask for the whole message."
    )


def size_of(communication: Record) -> int:
    """Bytes of a Communication as JSON, with everything in it."""
    return len(_dump(communication))


def digest(found: Any) -> str:
    """A short name for something as it is now."""
    return hashlib.sha256(write_strange(found)).hexdigest()[:20]


def _dump(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")

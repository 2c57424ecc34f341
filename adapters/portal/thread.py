"""Threads of a portal: what belongs to which, and whether the patient can answer in it.

Most servers keep a header for a thread, a Communication without payload that the messages are
`partOf`. Where there is none, `inResponseTo` leads back to the first message, whose name the thread
then bears.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.portal.page import Record
from adapters.portal.resource import parts, reference, references, word

CAN_REPLY = "https://twoway.example/fhir/can-reply"
"""Our own extension, valueBoolean: whether the patient can answer."""
LONGEST = 60
"""Steps back that are followed at most."""

_CLOSED = {"stopped", "entered-in-error", "not-done"}
_YES_OR_NO = {CAN_REPLY: True}
_TAILS = {"can-reply": True, "reply-allowed": True, "no-reply": False, "no-reply-allowed": False}
_REPLY_TO = "/reply-to"


def is_header(resource: Any) -> bool:
    """Whether a Communication only names a thread and says nothing itself."""
    return not (
        parts(resource, "payload")
        or parts(resource, "inResponseTo")
        or _communications(resource, "partOf", "")
    )


def before(resource: Any, base: str) -> str:
    """What a Communication follows: its header, or else what it answers; empty for the first."""
    above = _communications(resource, "partOf", base)
    if above:
        return above[0]
    answered = _communications(resource, "inResponseTo", base)
    return answered[0] if answered else ""


def chain(resource: Any, base: str, context: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Everything a Communication follows, nearest first, with None for what is not at hand."""
    seen: set[str] = set()
    name = before(resource, base)
    while name and name not in seen and len(seen) < LONGEST:
        seen.add(name)
        found = context.get(name)
        known = found if word(found, "resourceType") == "Communication" else None
        yield name, known
        name = before(known, base) if known is not None else ""


def thread_of(resource: Any, own: str, base: str, context: Mapping[str, Any]) -> tuple[str, Any]:
    """The name of the thread, and the Communication that bears it, None when it is not at hand.

    Args:
        resource: The message.
        own: Its own reference.
        base: The server's base.
        context: Resources by reference.
    """
    last: tuple[str, Any] = (own, resource)
    for last in chain(resource, base, context):  # noqa: B007 - only where it ends matters
        pass
    return last


def can_reply(resource: Record, first: Any) -> bool | None:
    """Whether the patient can answer, as the message and its thread say; None: they do not.

    A header that is `completed` is told by itself (`is_completed`): some servers close a thread by
    it, others make everything so that is ever created.

    Args:
        resource: The message.
        first: What the thread is named after: its header, or its first message.
    """
    said = [said_by_extension(resource), said_by_extension(first)]
    if False in said:
        return False
    if _status(_header(resource, first)) in _CLOSED:
        return False
    if True in said:
        return True
    return True if _has_reply_to(resource) or _has_reply_to(first) else None


def is_completed(resource: Record, first: Any) -> bool | None:
    """Whether the header of the thread is `completed`; None where it has none, or none at hand.

    Args:
        resource: The message.
        first: What the thread is named after.
    """
    header = _header(resource, first)
    return _status(header) == "completed" if _status(header) else None


def _header(resource: Record, first: Any) -> Any:
    """The header of the thread, if what it is named after is one."""
    return first if isinstance(first, dict) and is_header(first) else None


def said_by_extension(resource: Any) -> bool | None:
    """Whether the patient can answer, as extensions say in so many words; None: they do not."""
    for one in _extensions(resource):
        url, value = one.get("url"), one.get("valueBoolean")
        if isinstance(url, str) and isinstance(value, bool):
            meant = _YES_OR_NO.get(url, _TAILS.get(url.rstrip("/").rpartition("/")[2]))
            if meant is not None:
                return value is meant
    return None


def _has_reply_to(resource: Any) -> bool:
    """Whether it says where answers go (Oracle Health's extension `reply-to`)."""
    return any(
        str(one.get("url", "")).endswith(_REPLY_TO) and isinstance(one.get("valueReference"), dict)
        for one in _extensions(resource)
    )


def _extensions(resource: Any) -> list[Record]:
    return [*parts(resource, "extension"), *parts(resource, "modifierExtension")]


def _status(resource: Any) -> str:
    return word(resource, "status", 40)


def _communications(resource: Any, name: str, base: str) -> tuple[str, ...]:
    found = references(resource, name, base)
    if base:
        return tuple(one for one in found if one.startswith("Communication/"))
    return tuple(one for one in found if "Communication/" in one)


def answered(resource: Any, base: str) -> str:
    """The first message that a Communication answers; empty when it answers none."""
    return next(iter(answered_by(resource, base)), "")


def answered_by(resource: Any, base: str) -> tuple[str, ...]:
    """What a Communication answers, by its own word."""
    return tuple(
        name
        for one in parts(resource, "inResponseTo")
        if (name := reference(one, base)).startswith("Communication/")
    )

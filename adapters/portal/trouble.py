"""What goes wrong between us and a portal, as errors. Nothing here quotes what a server wrote.

An OperationOutcome may repeat what was sent, so only its codes are read, never its words.
"""

from __future__ import annotations

import re
from typing import Any

from inbox.errors import (
    AuthenticationFailed,
    ChannelError,
    ConnectionLost,
    NotSent,
    OutcomeUnknown,
    ServerRefused,
)

AGAIN = "It is tried again by itself."

_PATH = re.compile(r"[A-Z][A-Za-z]{1,40}(?:\.[A-Za-z]{1,40}(?:\[\d{1,4}\])?){0,6}\Z")
_SEVERE = {"error", "fatal"}
_CODES = {
    "invalid": "it is not in the form that the portal wants",
    "structure": "it is not in the form that the portal wants",
    "required": "something that the portal wants is missing",
    "value": "it holds a value that the portal does not take",
    "invariant": "it goes against a rule of the portal",
    "security": "we may not do that there",
    "login": "we are not logged in",
    "unknown": "the portal does not know who we are",
    "expired": "our login has expired",
    "forbidden": "we may not do that there",
    "suppressed": "the portal hides it from us",
    "processing": "the portal could not carry it out",
    "not-supported": "the portal cannot do that",
    "duplicate": "the portal has it already",
    "multiple-matches": "the portal has it more than once",
    "not-found": "somebody or something it names is not there",
    "deleted": "somebody or something it names was deleted",
    "too-long": "it is too large for the portal",
    "code-invalid": "it holds a code that the portal does not know",
    "extension": "it holds an extension that the portal does not know",
    "too-costly": "that is too much for the portal at once",
    "business-rule": "it goes against a rule of the portal",
    "conflict": "somebody else changed it meanwhile",
    "transient": "the portal is busy",
    "lock-error": "the portal is busy",
    "no-store": "the portal could not keep it",
    "exception": "the portal has trouble of its own",
    "timeout": "the portal took too long",
    "incomplete": "the portal could not give all of it",
    "throttled": "the portal asks to slow down",
}
"""http://hl7.org/fhir/R4/valueset-issue-type.html, for somebody at the front desk."""


def why(outcome: Any) -> str:
    """What an OperationOutcome says, as the end of a sentence; empty when it says nothing.

    The path of an element of the resource is added where there is one (`Communication.sender`).
    """
    for issue in issues(outcome):
        words = _CODES.get(str(issue.get("code")), "")
        if str(issue.get("severity")) in _SEVERE and words:
            paths = issue.get("expression")
            path = paths[0] if isinstance(paths, list) and paths else ""
            return f"{words} ({path})" if isinstance(path, str) and _PATH.match(path) else words
    return ""


def is_severe(outcome: Any) -> bool:
    """Whether an OperationOutcome speaks of something that failed, not only of a hint."""
    return any(str(issue.get("severity")) in _SEVERE for issue in issues(outcome))


def issues(outcome: Any) -> list[dict[str, Any]]:
    """The issues of an OperationOutcome; none where it is none."""
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return []
    found = outcome.get("issue")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


class Forbidden(AuthenticationFailed):
    """We are known, and may not do that (HTTP 403)."""


class SentElsewhere(ServerRefused):
    """The answer leads to another address (HTTP 3xx)."""


def reading_trouble(status: int, outcome: Any) -> ChannelError:
    """What a refused question means.

    Args:
        status: The HTTP status, not 2xx.
        outcome: What the answer held.
    """
    if status == 401:
        return AuthenticationFailed(
            "The portal did not accept who we say we are.",
            "Ask the vendor whether our access has ended; check the key or the token of this line.",
        )
    if status == 403:
        return Forbidden(
            "The portal does not let us read that.",
            "Ask the vendor to allow this line what it needs (its scopes).",
        )
    if status == 429:
        return ConnectionLost("The portal asks to slow down.", AGAIN)
    if status >= 500:
        return ConnectionLost("The portal has trouble of its own.", AGAIN)
    if status in {404, 410}:
        return ServerRefused(
            "The portal does not have what was asked for.", "Check the base_url of this line."
        )
    if 300 <= status < 400:
        return SentElsewhere(
            "The portal sends us to another address.", "Ask the vendor for the right base_url."
        )
    told = why(outcome)
    return ServerRefused(
        f"The portal refused the question: {told}."
        if told
        else f"The portal refused the question ({status}).",
        "Run `twoway doctor`.",
    )


def sending_trouble(status: int, outcome: Any, to: tuple[str, ...] = ()) -> ChannelError:
    """What it means that a message was not taken with 2xx.

    A server error after the message was handed over says nothing: it may be there.
    """
    if status >= 500 and status != 501:
        return OutcomeUnknown(
            "The portal answered with an error of its own after the message was handed over.", ""
        )
    if status < 400 or status == 408:
        return OutcomeUnknown("The portal's answer to the message could not be read.", "")
    if status == 429:
        return NotSent("The portal asks to slow down.", AGAIN, temporary=True)
    if status == 413:
        return NotSent(
            "The message is too large for the portal.", "Send smaller files, or fewer of them."
        )
    if status in {401, 403}:
        return NotSent(
            "The portal does not let this line send.",
            "Ask the vendor to allow this line to create messages (its scopes).",
            sender_refused=True,
        )
    told = why(outcome)
    gone = any(issue.get("code") in {"not-found", "deleted"} for issue in issues(outcome))
    return NotSent(
        f"The portal did not take the message: {told}."
        if told
        else f"The portal did not take the message ({status}).",
        "Look at the patient's entry in the portal, or reach them another way.",
        recipients=to if gone else (),
    )


def incomplete(outcome: Any) -> ServerRefused:
    """The error for a list of which the server itself says that something is missing."""
    told = why(outcome) or "it does not say why"
    return ServerRefused(
        f"The portal could not list all of its messages: {told}.",
        "What it gave is here; it is tried again by itself.",
    )


def lost(host: str) -> ConnectionLost:
    """The error for a connection that broke or was never made."""
    return ConnectionLost(f"{host} does not answer.", AGAIN)


def strange_answer(media_type: str, body: bytes) -> ConnectionLost:
    """The error for an answer that is no FHIR: a page of a proxy, JSON that ends in the middle."""
    if "html" in media_type or body[:200].lstrip().startswith(b"<"):
        return ConnectionLost(
            "The portal answered with a web page instead of data.",
            "Check the base_url of this line and the internet connection; it is tried again.",
        )
    return ConnectionLost(
        "The portal's answer cannot be read: it is no whole JSON.",
        "It is tried again by itself; if that goes on, tell the vendor.",
    )


def too_large() -> ServerRefused:
    """The error for an answer that is larger than anything we would keep."""
    return ServerRefused(
        "The portal's answer is too large.", "Set page_size of this line to a smaller number."
    )

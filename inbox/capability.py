"""What a channel can do, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do; "no" is an answer, never an exception."""

    sends: bool = True
    receives: bool = True
    subject: bool = False
    """Messages carry a subject."""
    attachments: bool = False
    """Files can be sent."""
    copies: bool = False
    """Cc exists."""
    max_characters: int | None = None
    """Longest text it takes."""
    max_bytes: int | None = None
    """Largest message with attachments it takes, in bytes."""
    delivery_reports: bool = False
    """It tells later whether a message arrived."""
    proves_itself: bool = False
    """A round trip through the line itself is possible."""
    pushes: bool = False
    """`wait` returns early when something arrives."""
    by_hand: bool = False
    """Nothing leaves from here and nothing is read: a person makes and takes the calls, and logs
    them. That the line can be called is the practice's word, which nobody can prove."""
    answerable: bool | None = None
    """Whether patients can answer what it sends, as its settings or its server say; None when
    neither does. A portal may show messages and take no answer."""
    retracts: bool = False
    """What left can be marked as entered in error; the channel is a `Retracts`."""
    deaf_because: str = ""
    """Why the line cannot receive although it sends, as the provider tells it: an alphanumeric
    sender, a short code, a messaging service without inbound set-up. Empty when it can."""

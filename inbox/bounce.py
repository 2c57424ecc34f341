"""Bounces: what a delivery report for an e-mail says of the message it speaks of."""

from __future__ import annotations

from inbox.message import FailedRecipient, Message, MessageStatus
from inbox.repository import StatusChange

_UNKNOWN_ADDRESS_STATUSES = ("5.1.", "5.4.")


def status_change(message: Message, recipient: FailedRecipient) -> StatusChange | None:
    """The new state of a message by the word on one of its recipients; None: nothing new."""
    code = f" ({recipient.status})" if recipient.status else ""
    if recipient.action == "delivered":
        if message.status in {MessageStatus.SENT, MessageStatus.UNKNOWN}:
            return StatusChange(message.id, MessageStatus.DELIVERED, "delivered")
        return None
    if recipient.action == "delayed":
        return StatusChange(message.id, message.status, f"delayed, still being tried{code}")
    if recipient.action == "failed":
        return StatusChange(message.id, MessageStatus.FAILED, _why(recipient) + code)
    return None


def _why(recipient: FailedRecipient) -> str:
    for beginning, words in (
        ("5.1.", "there is no such address"),
        ("5.2.2", "the mailbox is full"),
        ("4.2.2", "the mailbox is full"),
        ("5.2.", "the mailbox does not take mail"),
        ("5.3.4", "the message is too large for them"),
        ("5.4.", "their mail server cannot be reached"),
        ("4.4.", "their mail server cannot be reached"),
        ("5.7.", "their mail server refused it"),
    ):
        if recipient.status.startswith(beginning):
            return words
    return "it came back"


def is_unknown_address(recipient: FailedRecipient) -> bool:
    """Whether it says that there is no such address."""
    return not recipient.status or recipient.status.startswith(_UNKNOWN_ADDRESS_STATUSES)

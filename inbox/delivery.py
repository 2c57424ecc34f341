"""Delivery of texts: what a provider tells of one, and the state that follows.

Lists lag behind and are read again, so words come late, twice and in any order: the furthest one
counts, whichever comes first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from inbox.address import Address, ChannelKind
from inbox.message import FailedRecipient, MessageStatus
from inbox.patient import Consent
from inbox.storage.consent import ConsentEntry

TRY_LATER: Final = timedelta(minutes=30)
"""When a text is tried once more after their phone was off or out of reach."""
TRIED_LATER: Final = "It is tried once more later; call them if it is urgent."
"""What to do meanwhile."""
WORTH_TRYING: Final = timedelta(hours=12)
"""What is told later than this after a text left is no reason to try it again."""

_RANKS: Final = {"relayed": 1, "delayed": 2, "failed": 3, "delivered": 4}
_SETTLED: Final = frozenset(
    {MessageStatus.SENT, MessageStatus.UNKNOWN, MessageStatus.FAILED, MessageStatus.DELIVERED}
)


def rank_of(action: str) -> int:
    """How far along a word is (the actions of RFC 3464 section 2.3.3); 0 for an unknown one."""
    return _RANKS.get(action, 0)


def status_after(status: MessageStatus, action: str) -> MessageStatus | None:
    """The state of a text by the furthest word on it; None: it stays as it is.

    Args:
        status: What is known so far. While it is being sent, the word waits.
        action: The furthest word.
    """
    if status not in _SETTLED:
        return None
    told = {
        "relayed": MessageStatus.SENT,
        "delayed": MessageStatus.SENT,
        "failed": MessageStatus.FAILED,
        "delivered": MessageStatus.DELIVERED,
    }.get(action)
    if told is None or told is status:
        return None
    if told is MessageStatus.SENT and status is not MessageStatus.UNKNOWN:
        return None
    if told is MessageStatus.FAILED and status is MessageStatus.DELIVERED:
        return None
    return told


def words_of(word: FailedRecipient) -> str:
    """Why a text is what it is, for people."""
    if word.action == "delivered":
        return "delivered"
    return word.diagnostic.rstrip(".") if word.action == "failed" else ""


def stopped_entry(address: Address, at: datetime, message_id: int | None = None) -> ConsentEntry:
    """What is kept of somebody whom the carrier lets us text no more."""
    return ConsentEntry(
        address=address,
        channel=ChannelKind.SMS,
        consent=Consent.DECLINED,
        at=at,
        by="carrier",
        method="the carrier says they texted STOP",
        message_id=message_id,
    )

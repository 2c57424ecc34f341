"""What became of a call of ours, in words: pure functions for the conversation."""

from __future__ import annotations

from inbox.message import Message, MessageStatus
from inbox.outgoing import CallOutcome, WayBack

_MADE = {MessageStatus.SENT, MessageStatus.DELIVERED}


def call_words(message: Message) -> tuple[str, str] | None:
    """(words, role) of a call of ours; None where its status says all there is to say."""
    call = message.call
    if call is None or message.status not in _MADE:
        return None
    if call.outcome is None:
        return "! not finished: how did it end? c says it", "trouble"
    if message.heads_up is not None and message.heads_up not in _MADE:
        waits = message.heads_up in {MessageStatus.QUEUED, MessageStatus.SENDING}
        then = "it is on its way" if waits else "c sends it again"
        return f"! left message · not finished: heads-up not sent, {then}", "trouble"
    if call.outcome is CallOutcome.REACHED:
        return "✓ reached", "good"
    if call.outcome is CallOutcome.LEFT_MESSAGE:
        ways = ", ".join(way.value for way in WayBack if way in call.ways)
        return f"✓ left message · they can answer: {ways}", "good"
    return f"· {call.outcome.value}", "quiet"

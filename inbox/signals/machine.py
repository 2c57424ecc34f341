"""IN05: what a machine wrote waits for no answer."""

from __future__ import annotations

import re
from typing import Final

from inbox.address import ChannelKind
from inbox.message import Arrival, Nature
from inbox.signals.heard import Heard, plain_words
from inbox.signals.rule import inbound_rule

_SHORT_CODE: Final = re.compile(r"\+?1?\D?\d{3,6}")
"""Numbers of five or six digits send, and nobody reads what is sent to them."""
_AUTOMATIC: Final = re.compile(
    r"^\W{0,3}(?:auto(?:matic|mated)?[\s-]?(?:reply|response|message)\b"
    r"|i'?m\s+driving\s+(?:with|right\s+now|and\s+can)|i\s+am\s+driving\b"
    r"|i'?m\s+not\s+receiving\s+notifications\b|this\s+is\s+an\s+auto)",
    re.IGNORECASE,
)
"""How phones answer for their owners."""
_MACHINES: Final = {
    Nature.BULK: "list mail",
    Nature.AUTO_REPLY: "automatic reply",
    Nature.BOUNCE: "delivery report",
    Nature.RECEIPT: "receipt",
    Nature.PROBE: "our own test",
}


@inbound_rule("IN05", "A machine wrote it")
def machine(heard: Heard) -> str:
    """Delivery reports, receipts, automatic replies, newsletters, and texts from short codes.

    On every channel they are told apart before anything else is read in them: they are shown, but
    put no conversation into “Needs reply”, and none of the other rules listens to them. For e-mail
    the headers tell (RFC 3464, RFC 3834, RFC 8098, RFC 2369); for texts the number and the
    telephone's own phrases do. A portal says it itself.
    """
    return _MACHINES.get(heard.nature, "")


def nature_of(arrival: Arrival) -> Nature:
    """What is behind an arrival, where the adapter took it for a person's."""
    if arrival.channel is not ChannelKind.SMS or arrival.nature is not Nature.PERSONAL:
        return arrival.nature
    if arrival.sender is not None and _SHORT_CODE.fullmatch(arrival.sender.value.strip()):
        return Nature.BULK
    if _AUTOMATIC.match(plain_words(arrival.text[:200])):
        return Nature.AUTO_REPLY
    return arrival.nature

"""IN05: what a machine wrote waits for no answer."""

from __future__ import annotations

import re
from typing import Final

from inbox.address import ChannelKind
from inbox.message import Arrival, Nature
from inbox.signals.crisis import crisis
from inbox.signals.heard import Heard, plain_words
from inbox.signals.rule import inbound_rule

_SHORT_CODE: Final = re.compile(r"\+?1?\D?\d{3,6}")
"""Numbers of five or six digits send, and nobody reads what is sent to them."""
_AUTOMATIC: Final = re.compile(
    r"""\W{0,3}(?:
      (?:i'm|i\sam)\sdriving\swith\s(?:(?:the\s)?do\snot\sdisturb(?:\swhile\sdriving)?|(?:driving\s)?
        focus|android\sauto)(?:\sturned)?(?:\son)?[.!]?
        (?:\si(?:'ll|\swill)\ssee\syour\smessage\swhen\si\sget\swhere\si'?\s?a?m\sgoing[.!]?)?
        (?:\s\W?(?:i'm\snot\sreceiving\snotifications|if\sthis\sis\surgent)\b[^?]{0,200})?
    | i'm\snot\sreceiving\snotifications\.\sif\sthis\sis\surgent,?\sreply\b[^?]{0,200}
    | (?:sorry,?\s)?(?:i'm|i\sam)\sdriving(?:\sright\snow|\sat\sthe\smoment)?\s?[.,;–-]\s?
        (?:i'll|i\swill)\s(?:get\sback\sto|call|text|reply\sto|message)\syou\s
        (?:back\s)?(?:later|soon|shortly|when\si\s(?:arrive|stop|can))[.!]?
    | auto(?:matic|mated)?[\s-]?(?:reply|response|message)\s?[\]):–-].*
    | this\sis\san\sauto(?:matic|mated)?[\s-]?(?:reply|response|message)[.!:].*
    )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
"""What phones answer for their owners, each as a whole message: a person may be driving too."""
_LONGEST: Final = 400
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
    telephone's own phrases do, where they are the whole message and nothing in it sounds like an
    emergency. A portal says it itself.
    """
    return _MACHINES.get(heard.nature, "")


def nature_of(arrival: Arrival) -> Nature:
    """What is behind an arrival, where the adapter took it for a person's."""
    if arrival.channel is not ChannelKind.SMS or arrival.nature is not Nature.PERSONAL:
        return arrival.nature
    if arrival.sender is not None and _SHORT_CODE.fullmatch(arrival.sender.value.strip()):
        return Nature.BULK
    # Whoever is in danger is a person, whatever else they say.
    if _is_automatic(arrival.text) and not crisis(Heard(arrival.text)):
        return Nature.AUTO_REPLY
    return arrival.nature


def _is_automatic(text: str) -> bool:
    return len(text) <= _LONGEST and _AUTOMATIC.fullmatch(plain_words(text)) is not None

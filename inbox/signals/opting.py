"""IN02, IN03, IN07: who no longer wants to be written to, and who wants to again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from inbox.address import ChannelKind
from inbox.signals.heard import Heard, found_near, plain_words, shown_words, whole_words
from inbox.signals.rule import inbound_rule

_FLAGS: Final = re.IGNORECASE | re.VERBOSE
STOP_WORDS: Final = frozenset(
    ("stop", "quit", "end", "revoke", "opt out", "optout", "cancel", "unsubscribe", "stop all",
     "stopall")
)  # fmt: skip
"""The words of 47 CFR 64.1200(a)(10), and what carriers take for the same."""
START_WORDS: Final = frozenset(("start", "unstop"))
YES_WITHIN: Final = timedelta(days=1)
"""A bare “yes” later than this after an opt-out answers something else."""

_POLITE: Final = re.compile(
    r"""(?:please\s+|pls\s+|just\s+)*(?:stop|quit|unsubscribe|remove|opt\s+out|alto|parar?|baja)
        (?:\s+(?:please|pls|now|it|all|this|me|texts?|messages?|thanks?|thank\s+you|
        por\s+favor))*""",
    _FLAGS,
)
_LATER: Final = (
    r"(?!\s+(?:\w+\s+)?(?:before|after|until|between|during|while|if|unless|"
    r"at\s+(?:work|night|home|school|lunch|\d)|the\s+result|with\s+the\s+result|about))"
)
_LOOSE: Final = re.compile(
    rf"""
      \b(?:stop|quit|cease)\s+(?:text(?:ing)?|e-?mail(?:ing)?|messag(?:e|ing)|contact(?:ing)?|
        call(?:ing)?|
        writ(?:e|ing)|send(?:ing)?|bother(?:ing)?|spam(?:ming)?)
        (?:\s+(?:to\s+)?(?:me|us|this\s+(?:number|phone|address)|my\s+\w+)
        |\s+(?:me\s+)?(?:these|those|any|your|all|more|so\s+many|so\s+much)\b){_LATER}
    | \b(?:do\s+not|don'?t|never)\s+(?:ever\s+)?(?:text|e-?mail|message|contact|call|write)\s+
        (?:(?:to\s+)?me|us|this\s+(?:number|phone|address)|my\s+(?:phone|cell|number))\b
        (?:\s+(?:any\s?more|again|ever))?{_LATER}
    | \b(?:do\s+not|don'?t|never)\s+send\s+(?:me|us)\s+(?:any|these|more|your|texts?|e-?mails?|
        messages?)\b
    | \b(?:take|remove|delete|drop|get)\s+(?:me|us|my\s+(?:number|e-?mail|address|name|
        phone)(?:\s+number)?|
        this\s+(?:number|address))\s+(?:off|out|from)\b
    | \b(?:unsubscribe|opt)\s+(?:me|us|this\s+number|my\s+\w+)\b
    | \b(?:want|like|wish)\s+to\s+(?:unsubscribe|opt\s+out|be\s+(?:removed|taken\s+off))\b
    | \bno\s+(?:more|further)\s+(?:texts?|messages?|e-?mails?|texting|reminders?)\b
    | \b(?:do\s+not|don'?t)\s+(?:want|need|wish)\s+(?:to\s+(?:get|
        receive)\s+)?(?:any\s+(?:more\s+)?|more\s+|your\s+|these\s+)*
        (?:texts?|e-?mails?|text\s+messages?|messages|reminders)\b
    | \bleave\s+me\s+alone\b | \blose\s+my\s+number\b
    | \b(?:no|dejen?\s+de)\s+(?:me\s+)?(?:mand(?:en?|ar)|env[ií](?:en?|ar)|escrib(?:an?|
        ir))(?:me)?\b
    """,
    _FLAGS,
)
_ROOTS: Final = (
    "stop", "quit", "cease", "not ", "n't", "dont", "never", "take", "remov", "delet", "drop",
    "get ", "subscrib", "opt", "more", "further", "alone", "number", "mand", "env", "escrib",
    "alto", "para", "baja",
)  # fmt: skip
_CHANNELS: Final = (
    (ChannelKind.SMS, re.compile(r"\btext|\bsms\b", re.IGNORECASE)),
    (ChannelKind.EMAIL, re.compile(r"\be-?mail", re.IGNORECASE)),
    (ChannelKind.PHONE, re.compile(r"\bcall", re.IGNORECASE)),
)


@inbound_rule("IN02", "Opted out")
def opted_out(heard: Heard) -> str:
    """The whole message is STOP, QUIT, END, REVOKE, OPT OUT, CANCEL or UNSUBSCRIBE.

    47 CFR 64.1200(a)(10) names these words, and carriers act on them. By text it takes effect at
    once, for the number and so for everybody who shares it: TW19 blocks every text to it from then
    on. By e-mail, and in texts that are older than the first start, it is proposed to a person.
    """
    if heard.channel not in {ChannelKind.SMS, ChannelKind.EMAIL}:
        return ""
    said = whole_words(heard.text)
    return said.upper() if said in STOP_WORDS else ""


@inbound_rule("IN03", "Asks us to stop")
def asks_to_stop(heard: Heard) -> str:
    """Says in words of their own that they no longer want to be written to.

    “Please stop texting me”, “don't email me anymore”, “take me off your list”: what a reasonable
    person understands counts (47 CFR 64.1200(a)(10)). A person decides, by one key; until then
    nothing that a list makes goes to that address (TW43).
    """
    text = plain_words(heard.text)
    whole = whole_words(text)
    if whole in STOP_WORDS and heard.channel in {ChannelKind.SMS, ChannelKind.EMAIL}:
        return ""
    if whole and _POLITE.fullmatch(whole):
        return whole[:80]
    found = next(found_near(_LOOSE, _ROOTS, text), None)
    return shown_words(found) if found else ""


@inbound_rule("IN07", "Wants messages again")
def opts_in(heard: Heard) -> str:
    """START, UNSTOP, or YES within a day, from somebody who has opted out.

    START and UNSTOP take back an opt-out they made by text themselves, as carriers do; where the
    privacy form said no, a person decides. YES is proposed only, and only within a day of the
    opt-out. From anybody else these are ordinary words: “yes” confirms a visit.
    """
    if heard.channel is not ChannelKind.SMS or heard.opted_out_ago is None:
        return ""
    said = whole_words(heard.text)
    wanted = said in START_WORDS or (said == "yes" and heard.opted_out_ago <= YES_WITHIN)
    return said.upper() if wanted else ""


def may_opt_in(text: str) -> bool:
    """Whether it is worth looking up if this writer has opted out."""
    said = whole_words(text)
    return said in START_WORDS or said == "yes"


def unwanted_channel(words: str, arrived: ChannelKind) -> ChannelKind:
    """Which channel somebody speaks of who asks us to stop: the one they name, else the one used.

    Args:
        words: What they said (the signal's words).
        arrived: The channel they said it on.
    """
    named = [kind for kind, pattern in _CHANNELS if pattern.search(words)]
    return named[0] if len(named) == 1 else arrived

"""IN04: whoever reads this address is not who we think."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from inbox.signals.heard import Heard, found_near, shown_words
from inbox.signals.rule import inbound_rule

_NAME: Final = r"(?-i:[A-Z][a-z]{1,20}(?:\s[A-Z][a-z]{1,20})?)(?!'s?\b)"
_STRANGER: Final = re.compile(
    r"""\b(?:
      wrong\s(?:number|phone(?:\snumber)?|person|guy|lady|e-?mail(?:\saddress)?|address|
        patient|people)\b
        (?!'s|\s(?:of|on\s(?:the\s)?file|for\s(?:me|my|us|him|her)|in\s(?:my|the|your)))
    | no\ssuch\s(?:person|patient|one|name)\b
    | (?:no\s?(?:one|body)|there'?s\sno|there\sis\sno|no)\s(?:here\s|at\sthis\snumber\s)?
        (?:by|with|goes\sby|has|of)\s(?:that|this)\sname\b
    | (?:no\s?(?:one|body))\s(?:here\s)?(?:named|called)\b
    | (?:do\snot|don'?t)\sknow\s(?:any(?:one|body)?|who)\s(?:named|called|by)\b
    | (?:i'?m|i\sam)\snot\s(?:a|your|the|one\sof\syour)\spatients?\b
    | (?:i'?m|i\sam)\snot\s(?:this|that|the\sright)\sperson\b
    | (?:not|isn'?t)\s(?:his|her|their)\s(?:number|phone|e-?mail|address)(?:\sany\s?more)?\b
    | (?:no\slonger|not)\s(?:has|have|uses?|at|using)\sthis\s(?:number|phone|e-?mail|
        address)\b
    | (?:new|different)\sowner\sof\sthis\s(?:number|phone)\b
    | just\sgot\sthis\s(?:phone\s)?number\b
    | (?:n[uú]mero|persona)\sequivocad[oa]\b
    )""",
    re.VERBOSE,
)
_NO_ONE: Final = re.compile(
    rf"""\b(?:
      there'?s\sno\s{_NAME}\s(?:here|at)\b | there\sis\sno\s{_NAME}\s(?:here|at)\b
    | (?:do\snot|don'?t)\sknow\s(?:any(?:one|body)?|who)\s{_NAME}\s?(?:is\b|$)
    | who\sis\s{_NAME}\s?\?
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_NOT_THEM: Final = re.compile(
    r"\b(?:(?:this|that)(?:'s|\s+is)\s+not|(?:this|that)\s+isn'?t|i'm\s+not|i\s+am\s+not|not)\s+"
    r"(?P<name>[^\W\d_]{2,20})\b(?!')",
    re.IGNORECASE,
)
_BARE_NOT: Final = re.compile(r"^not\b", re.IGNORECASE)
_NO_NAMES: Final = frozenset(
    ("sure", "able", "feeling", "the", "my", "a", "an", "it", "monday", "tuesday", "wednesday",
     "thursday", "friday", "saturday", "sunday", "good", "ok", "okay", "working", "going", "what",
     "sick", "covid", "today", "tomorrow", "available", "fine", "well", "happy", "spanish",
     "english", "medicare", "medicaid")
)  # fmt: skip
_THEIRS: Final = re.compile(
    r"\b(?:pharmacy|lab|insurance|hospital|school|they|system|chart|file|he|she|it|website)"
    r"(?:'ve|'s|\s+(?:has|had|have|got|gave|put|wrote|called|dialed|listed|entered))\s+"
    r"(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
"""Directly before it: somebody else has the wrong number of somebody."""
_NOTS: Final = ("not", "n't", "isnt")
_ROOTS: Final = (
    "wrong", "such", "name", "called", "know", "patient", "person", "his ", "her ", "their ",
    "this ", "owner", "just got", "equivocad",
)  # fmt: skip
_NO_ONE_ROOTS: Final = ("there's no ", "theres no ", "there is no ", "know", "who is")
_MOST: Final = 50
"""Matches of one text that are weighed."""


@inbound_rule("IN04", "Wrong person")
def wrong_person(heard: Heard) -> str:
    """“Wrong number”, “this isn't Ann”, “no such person here”, “I'm not your patient”.

    The address belongs to somebody else now. It is proposed to mark it as no longer the patient's;
    until a person decided, nothing goes there without a reason, and nothing with the patient's name
    at all (TW44). Once confirmed, a note in the conversation says what to check: what was sent
    there since they had it (45 CFR 164.402).
    """
    for text in heard.parts:
        if words := _said(text, heard.names):
            return words
    return ""


def _said(text: str, names: frozenset[str]) -> str:
    found: re.Match[str] | None
    for found in islice(found_near(_STRANGER, _ROOTS, text), _MOST):
        if not _THEIRS.search(text[max(0, found.start() - 40) : found.start()]):
            return shown_words(found, text)
    found = next(found_near(_NO_ONE, _NO_ONE_ROOTS, text, folded=False), None)
    if found is not None:
        return shown_words(found)
    for found in islice(found_near(_NOT_THEM, _NOTS, text, folded=False), _MOST):
        name = found["name"]
        known = name.casefold() in names
        # A capital letter makes a name, but not behind a bare “not”: “not Thursday please”.
        named = name[0].isupper() and name[1:].islower() and name.casefold() not in _NO_NAMES
        if known or (named and not _BARE_NOT.match(found.group())):
            return shown_words(found)
    return ""

"""IN01: words of an emergency."""

from __future__ import annotations

import re
from typing import Final

from inbox.signals.heard import Heard, found_near, plain_words, shown_words
from inbox.signals.rule import inbound_rule

_FLAGS: Final = re.IGNORECASE | re.VERBOSE
_SELF: Final = r"(?:my|him|her|them|your|our)sel(?:f|ves)"
_MY: Final = r"(?:my|his|her|their|the)"
_CANNOT: Final = (
    r"(?:can'?t|can\s?not|couldn'?t|could\s+not|unable\s+to|hard\s+to|harder\s+to|trouble|"
    r"difficulty|struggling\s+to|barely|hardly)"
)

_CRISIS: Final = re.compile(
    rf"""
      \bsuicid(?:e|al)\b(?!\s+prevention\s+(?:walk|month|week|day|training|run))
    | \bkill(?:ing)?\s+{_SELF}\b | \b(?:hurt(?:ing)?|harm(?:ing)?|cutting)\s+{_SELF}\b
    | \bself[\s-]?harm
    | \b(?:want(?:s|ed)?|wish(?:es)?|ready|going|rather|plan(?:s|ning)?)\s+(?:to\s+|i\s+(?:was|
        were)\s+)?
        (?:die|be\s+dead|dead|end\s+(?:it\s+all|everything|it\s+now))\b
        (?!\s+(?:of|from|with)\s+(?:embarrassment|laughter|laughing|shame|boredom|joy))
    | \b(?:end(?:ing)?|take|taking)\s+(?:my|his|her|their)\s+(?:own\s+)?life\b
    | \bbetter\s+off\s+(?:dead|without\s+me)\b | \bno\s+reason\s+to\s+live\b
    | \b(?:do\s+not|don'?t|doesn'?t|does\s+not)\s+want\s+to\s+(?:live|be\s+alive|wake\s+up|
        go\s+on\s+living)\b
    | \b(?:think|feels?\s+like|believe|afraid)\s+(?:that\s+)?(?:i'?m|i\s+am|he'?s|she'?s|he\s+is|
        she\s+is)\s+dying\b
    | \b(?:going\s+to|gonna|trying\s+to|threaten(?:s|ed|ing)\s+to)\s+kill\s+(?:me|him|her|them|us)\b
    | \bchest\s+(?:is\s+|feels\s+)?(?:pains?|pressure|tight(?:ness)?|hurt(?:s|ing)?|heav(?:y|
        iness)|aches?)\b
    | \b(?:pains?|pressure|tightness|heaviness)\s+in\s+(?:{_MY}\s+)?chest\b
    | \bheart\s+attack\b
    | \b{_CANNOT}\s+(?:\w+\s+)?breath(?:e|ing)?\b | \bcatch\s+(?:my|his|her)\s+breath\b
    | \b(?:short(?:ness)?\s+of|out\s+of)\s+breath\b
    | \b(?:not|isn'?t|stopped|stops|aren'?t)\s+breathing\b | \bgasping\b
    | \b(?:is|am|i'?m|he'?s|she'?s|was)\s+choking\b
    | \b(?:lips?|face|turn(?:ed|ing|s)|skin)\s+(?:\w+\s+)?blue\b
    | \boverdos(?:e|ed|ing)\b(?!\s+(?:on|of)\s+(?:chocolate|cookies|candy|coffee|sugar|cake|tv))
    | \b(?:took|taken|swallow(?:ed)?|takes)\s+(?:\w+\s+)?(?:too\s+many|a\s+whole\s+bottle|
        all)\s+(?:of\s+)?
        (?:\w+\s+)?(?:pills?|tablets?|meds|medication|medicine|doses?)\b
    | \b(?:swallow(?:ed)?|drank|drunk|ate|eaten)\s+(?:\w+\s+){{0,3}}(?:bleach|poison|antifreeze|
        detergent|batter(?:y|ies))\b
    | \bpoisoned\b
    | \b(?:a|the|mini|having|had|another)[\s-]+stroke\b(?!\s+of\s+(?:luck|genius|the))
    | \bstroke\s+(?:symptoms?|signs?)\b
    | \b(?:face|mouth|eyelid)\s+(?:is\s+|was\s+|looks\s+)?droop(?:s|ing|y|ed)?\b
    | \bslurr(?:ed|ing|s)\b
    | \b{_CANNOT}\s+(?:move|feel|lift|raise)\s+{_MY}\s+(?:\w+\s+)?(?:arms?|legs?|face|hands?|side|
        body)\b
    | \b(?:one|left|right)\s+side\s+(?:of\s+\w+\s+(?:body|face)\s+)?(?:is\s+|went\s+|
        feels\s+)?(?:numb|weak|paraly[sz]ed)\b
    | \b(?:won'?t|can'?t|cannot|can\s+not|doesn'?t|not|
        didn'?t)\s+stop(?:ping)?\s+(?:the\s+)?bleeding\b
    | \bbleeding\s+(?:\w+\s+)?(?:heavily|badly|a\s+lot|out|won'?t\s+stop|doesn'?t\s+stop|through)\b
    | \b(?:cough|vomit|throw|spit)(?:ing|s)?\s+(?:up\s+)?blood\b
    | \bunconscious\b | \bunresponsive\b | \bpass(?:ed|ing|es)\s+out\b | \bcollaps(?:ed|ing)\b
    | \b(?:won'?t|not|can'?t|cannot|isn'?t)\s+(?:wak(?:e|ing)(?:\s+\w+)?\s+up|
        respond(?:ing)?\s+to\s+(?:me|us))\b
    | \bseizures?\b | \bseizing\b | \bconvuls(?:ion|ions|ing)\b
    | \banaphyla\w{{1,6}}\b
    | \b(?:throat|tongue|airway)\s+(?:is\s+|feels\s+like\s+it'?s\s+)?(?:closing|swelling|swollen|
        swelled)\b
    | \b(?:this\s+is|it'?s|it\s+is|have|having)\s+an\s+emergency\b | \b(?:called|calling)\s+911\b
    | \b(?:quiero|quiere)\s+morir(?:me|se)?\b | \bmatar(?:me|se)\b | \bquitar(?:me|se)\s+la\s+vida\b
    | \bsuicidi\w{{1,4}}\b | \bdolor\s+(?:de|en\s+el)\s+pecho\b | \bno\s+pued[eo]\s+respirar\b
    | \bsobredosis\b | \binfarto\b | \bderrame\s+cerebral\b | \bataque\s+(?:al|de)\s+coraz[oó]n\b
    | \binconsciente\b | \bconvulsi[oó]n(?:es)?\b | \bes\s+una\s+emergencia\b
    """,
    _FLAGS,
)
_ROOTS: Final = (
    "suicid", "kill", "hurt", " harm", "-harm", "selfharm", "cutting", " die", "dead", "end it",
    "end every", "life",
    "better off", "reason to live", "live", "alive", "wake", "wak", "dying", "chest", "pecho",
    "heart", "breath", "gasping", "choking", "blue", "overdos", "pill", "tablet", "meds", "medic",
    "dose", "bleach", "poison", "antifreeze", "detergent", "batter", "stroke", "droop", "slurr",
    "can't", "cant", "cannot", "can not", "unable", " side", "bleeding", "blood", "unconscious",
    "unresponsive", "pass", "collaps", "respond", "seiz", "convuls", "anaphyla", "throat", "tongue",
    "airway", "emergenc", "911", "morir", "matar", "quitar", "respirar", "sobredosis", "infarto",
    "derrame", "ataque", "inconsciente",
)  # fmt: skip
"""One of these is in every text the pattern can match; most texts hold none."""

_DENIED: Final = re.compile(
    r"(?:\b(?:no|without|denies|deny|never\s+(?:had|have)|nor|not)(?:\s+(?:any|more|further|a))?|"
    r"\b(?:do\s+not|don'?t|doesn'?t|does\s+not|didn'?t|did\s+not|haven'?t|hasn'?t)\s+"
    r"(?:have|had|having|feel|felt)(?:\s+(?:any|an?|more))?)\s+$",
    re.IGNORECASE,
)
"""Directly before it: they say that it is not so."""
_JOKE: Final = re.compile(
    r"\b(?:g[ai]ve|gives|giving)\s+(?:\w+\s+){1,3}(?:near(?:ly)?\s+)?an?\s+$", re.IGNORECASE
)
"""“The bill gave me a heart attack”: directly before it."""
_BEFORE: Final = 40


@inbound_rule("IN01", "Sounds like an emergency")
def crisis(heard: Heard) -> str:
    """Words of an emergency: suicide, chest pain, no breath, an overdose, signs of a stroke, ...

    The conversation goes to the very top of every list, marked URGENT, every screen says so, and it
    stays there until a person marks it as looked after; their name and the time are kept. Call
    them, or send 911. Twoway answers nothing by itself.

    A needless alert costs a look, a missed one a life: history (“a heart attack in 2019”) alerts
    too. What somebody says they do not have (“no chest pain”), and figures of speech that are
    plainly so (“this is killing me”), do not.
    """
    text = plain_words(heard.text)
    for found in found_near(_CRISIS, _ROOTS, text):
        before = text[max(0, found.start() - _BEFORE) : found.start()]
        if not _DENIED.search(before) and not _JOKE.search(before):
            return shown_words(found)
    return ""

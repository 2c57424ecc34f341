"""What the rules look for in words. Every pattern is bounded: no text makes it slow."""

from __future__ import annotations

import re
from typing import Final

from inbox.rules.wording import Phrase, form, phrase, way

_PORTAL: Final = "(?:(?:the|your|our|my) )?(?:patient )?(?:portal|mychart)"

PORTAL_LOGIN: Final = phrase(
    way(
        "portal|account|chart",
        r"«log|sign»(?:ging|ing)?[\s-]*+(?:in(?:to)?|on(?:to)?) (?:to )?"
        rf"(?:{_PORTAL}|(?:(?:the|your|our|my) )?(?:account|chart))\b",
    ),
    way(
        "portal|mychart",
        rf"«visit|check|open|go to|use|see|view it (?:in|on)» {_PORTAL}\b",
    ),
    way("portal", rf"«new» message (?:is waiting )?(?:in|on) {_PORTAL}\b"),
    way("portal", r"«inicie» sesi[oó]n en (?:el|su) portal\b"),
)
"""Sends the reader to the portal."""

REMINDER: Final = phrase(
    way(
        "appointment|visit|check-up|checkup|physical|screening",
        r"«upcoming|your|an|a|the» (?:\w{1,30}+ ){0,2}?"
        r"(?:appointment|visit|check-?up|physical|screening)\b",
    ),
    way(
        "shot|vaccin|booster",
        r"«flu|covid|tetanus|shingles|pneumonia» (?:shot|vaccine|booster|vaccination)s?\b",
    ),
    way("due|time", r"«due|time» for (?:your|an?)\b"),
    way("reminder|recordatorio|cita", r"«reminder|recordatorio|cita m[eé]dica»\b"),
)
"""Speaks of an appointment or of something that is due."""

RESULTS: Final = phrase(
    way(
        "result|report|finding|back",
        "«test|lab|laboratory|blood|biopsy|mri|x-?ray|ct|pap|culture|scan|ultrasound|imaging|urine"
        "|pathology|mammogram|a1c|hiv|std|sti|pregnancy|covid|strep» (?:work )?"
        r"(?:results?|reports?|findings?|came back|is back|are back)\b",
    ),
    way(
        "positive|negative|abnormal",
        r"«tested|came back|results? (?:is|are|was|were)|is|are» (?:positive|negative|abnormal)\b",
    ),
    way("positive|negative", r"«positive|negative» for\b"),
    way("result", r"«results?» (?:are|is) (?:in|back|normal|abnormal|attached)\b"),
    way("resultado", r"«resultados?» de\b"),
    way("diagnos", r"«diagnos»(?:is|ed|tic)\b"),
)
"""Speaks of a finding."""

_ILLNESSES: Final = (
    r"hiv|aids|std|sti|chlamydia|gonorrh\w{1,6}|syphilis|herpes|hepatitis|cancer|tumor|tumour"
    r"|biopsy|oncolog\w{1,5}|chemo\w{0,8}|pregnan\w{2,4}|miscarriage|abortion|contracepti\w{2,3}"
    r"|depression|depressed|anxiety|bipolar|schizophren\w{1,4}|psychiatr\w{1,4}|suicid\w{1,4}"
    r"|addiction|opioid|methadone|suboxone|rehab|detox|viagra|erectile|infertil\w{1,4}|dementia"
    r"|alzheimer\w{0,3}|epilep\w{2,4}|diabet\w{2,3}|insulin"
)
SENSITIVE: Final = phrase(
    *(way(word.partition("\\")[0], rf"«{word}»\b") for word in _ILLNESSES.split("|"))
)
"""Names an illness or a treatment that says much about a person."""

SSN: Final = phrase(
    form(
        "0|1|2|3|4|5|6|7|8|9",
        r"[0-8](?<![0-9-][0-8])(?:(?<=0)(?!00)|(?<=6)(?!66)|(?<=[1-578]))[0-9]{2}"
        r"(?P<gap>[- \u2010-\u2013])(?!00)[0-9]{2}(?P=gap)(?!0000)[0-9]{4}(?![0-9-])",
    ),
)
"""A US social security number, written with dashes or gaps."""
BIRTH_DATE: Final = phrase(
    way(
        "dob|d.o.b|birth|born",
        r"«d\.?o\.?b\b\.?|date of birth|birth\s*+date|born»(?: on)?\W{0,3}+"
        r"(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2}|[a-z]{3,9}\.? \d{1,2},? \d{4})",
    ),
)
"""A date of birth that says it is one."""
RECORD_NUMBER: Final = phrase(
    way(
        "mrn|medical|chart|member",
        r"«mrn|medical record (?:number|no\.?)|chart (?:number|no\.?)|member id»"
        r"\W{0,3}+(?=[a-z-]{0,19}+[0-9])[a-z0-9-]{4,20}+\b",
    ),
)
"""A medical record number that says it is one."""

INVITES_REPLY: Final = phrase(
    way("reply|respond|answer|conteste", r"«reply|respond|answer|responda|conteste»\b"),
    way(
        "write|text|mail|message",
        r"«write (?:back|us|to us|me)|text (?:back|us|me)|e-?mail (?:us|me|back)|message us»\b",
    ),
    way(
        "let|tell|send",
        r"«let (?:us|me) know|tell (?:us|me)|send (?:us|me) a»\b",
    ),
)
"""Says that an answer to this very message is welcome."""
LINK: Final = phrase(form("http", r"https?://[^\s<>\"')]{4,300}"))
_SHORTENERS: Final = (
    "bit.ly|tinyurl.com|t.co|goo.gl|ow.ly|is.gd|buff.ly|rebrand.ly|cutt.ly|shorturl.at|rb.gy"
    "|tiny.cc|lnkd.in"
)
SHORTENER: Final = phrase(
    way(_SHORTENERS, rf"«{_SHORTENERS.replace('.', '[.]')}»/[\w./?=&%-]{{1,100}}")
)
"""A public link shortener: carriers filter them, and nobody sees where they lead."""
OPT_OUT_WORDS: Final = phrase(
    way("stop", r"«reply|text|send|respond» [\"'“]?stop\b"),
    way("stop", "«stop» to (?:opt|end|unsubscribe)"),
)
VAGUE: Final = phrase(
    way(
        "about|regarding|concerning",
        "«call|contact|reach» (?:us|(?:our|the) (?:office|clinic)) "
        "(?:back )?(?:about|regarding|concerning) "
        r"(?:your )?(?:appointment|account|visit|results?|chart|matter)\b",
    ),
    way("at your earliest convenience", "at your earliest convenience"),
)
"""Asks for a call and says nothing that could be decided."""
GREETING: Final = re.compile(
    r"\s*+(?:hi|hello|dear|hey|hola|estimad[oa]|good\s++(?:morning|afternoon|evening))[\s,]++"
    r"(?P<title>(?:mr|mrs|ms|miss|dr|sr|sra)\b\.?\s*+)?(?P<name>[^\W\d_][\w'-]{1,30})"
)
"""The name a message greets; at the beginning of a folded text."""

SAYS_MUCH: Final[tuple[Phrase, ...]] = (SSN, BIRTH_DATE, RECORD_NUMBER, RESULTS, SENSITIVE)
"""What says something of a person's health or identity."""

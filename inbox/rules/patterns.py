"""What the rules look for in words. Every pattern is bounded: no text makes it slow."""

from __future__ import annotations

import re
from typing import Final

_FLAGS: Final = re.IGNORECASE | re.VERBOSE
_OFFICE: Final = (
    r"(?:us|me|the|our|your|my|this|that|dr\.?|doctor)(?:\s+[\w.'’-]{1,20}){0,2}?\s*"
    r"(?:office|clinic|practice|front\s+desk|reception|phones?|number|desk|nurse\s+line|line)"
)

CALL_OFFICE: Final = re.compile(
    rf"""
      \b(?:call|phone|ring|telephone|dial)\s+(?:back\s+)?(?:us|{_OFFICE})\b
    | \bcontact\s+(?:us\s+by\s+phone|us\s+at|{_OFFICE})\b
    | \bgive\s+(?:us|the\s+office|our\s+office|the\s+clinic)\s+a\s+(?:call|ring|buzz)\b
    | \b(?:please|kindly)\s+(?:call|phone|ring)\b(?!\s+(?:911|them|him|her|it|for\s+help))
    | \breach\s+us\s+(?:at|by\s+phone|on)\b
    | \b(?:ll[aá]me(?:nos)?|llamar)\s+(?:a\s+)?(?:la\s+(?:oficina|cl[ií]nica)|nuestra|nos|al)\b
    | \bll[aá]menos\b
    """,
    _FLAGS,
)
"""Asks the reader to call the practice."""
WE_CALL: Final = re.compile(
    r"(?:\b(?:we|i|she|he|they|nurse|doctor)(?:['’](?:ll|ve|d)|\s+(?:will|can|may|could|would|did|do|"
    r"have|had|tried\s+to))?|\b(?:not|need\s+to|have\s+to|instead\s+of|without|before\s+you)|n['’]t)"
    r"\s*$",
    re.IGNORECASE,
)
"""Directly before it: it is we who call, or nobody has to."""

PORTAL_LOGIN: Final = re.compile(
    r"""
      \b(?:log|sign)(?:ging|ing)?[\s-]*(?:in(?:to)?|on(?:to)?)\s+(?:to\s+)?(?:(?:the|your|our|my)\s+)?
        (?:patient\s+)?(?:portal|account|mychart|chart)\b
    | \b(?:visit|check|open|go\s+to|use|see|view\s+it\s+(?:in|on))\s+(?:(?:the|your|our)\s+)?
        (?:patient\s+)?(?:portal|mychart)\b
    | \bnew\s+message\s+(?:is\s+waiting\s+)?(?:in|on)\s+
        (?:(?:the|your|our)\s+)?(?:patient\s+)?portal\b
    | \binicie\s+sesi[oó]n\s+en\s+(?:el|su)\s+portal\b
    """,
    _FLAGS,
)
"""Sends the reader to the portal."""

REMINDER: Final = re.compile(
    r"""
      \b(?:upcoming|your|an?|the)\s+(?:\w+\s+){0,2}(?:appointment|visit|check-?up|physical|screening)\b
    | \b(?:flu|covid|tetanus|shingles|pneumonia)\s+(?:shot|vaccine|booster|vaccination)s?\b
    | \b(?:due|time)\s+for\s+(?:your|a|an)\b
    | \breminder\b | \brecordatorio\b | \bcita\s+m[eé]dica\b
    """,
    _FLAGS,
)
"""Speaks of an appointment or of something that is due."""

RESULTS: Final = re.compile(
    r"""
      \b(?:test|lab|laboratory|blood|biopsy|mri|x-?ray|ct|pap|culture|scan|ultrasound|imaging|urine|
         pathology|mammogram|a1c|hiv|std|sti|pregnancy|covid|strep)\s+(?:work\s+)?
         (?:results?|reports?|findings?|came\s+back|is\s+back|are\s+back)\b
    | \b(?:tested|came\s+back|results?\s+(?:is|are|was|were)|is|are)\s+
        (?:positive|negative|abnormal)\b
    | \b(?:positive|negative)\s+for\b
    | \bresults?\s+(?:are|is)\s+(?:in|back|normal|abnormal|attached)\b
    | \bdiagnos(?:is|ed|tic)\b | \bresultados?\s+de\b
    """,
    _FLAGS,
)
"""Speaks of a finding."""

SENSITIVE: Final = re.compile(
    r"""
      \b(?:hiv|aids|std|sti|chlamydia|gonorrh\w{1,6}|syphilis|herpes|hepatitis|cancer|tumou?r|biopsy|
         oncolog\w{1,5}|chemo\w{0,8}|pregnan\w{2,4}|miscarriage|abortion|contracepti\w{2,3}|
         depress(?:ion|ed)|anxiety|bipolar|schizophren\w{1,4}|psychiatr\w{1,4}|suicid\w{1,4}|
         addiction|opioid|methadone|suboxone|rehab|detox|viagra|erectile|infertil\w{1,4}|
         dementia|alzheimer\w{0,3}|epilep\w{2,4}|diabet\w{2,3}|insulin)\b
    """,
    _FLAGS,
)
"""Names an illness or a treatment that says much about a person."""

SSN: Final = re.compile(r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
"""A US social security number, written with dashes."""
BIRTH_DATE: Final = re.compile(
    r"\b(?:d\.?o\.?b\.?|date\s+of\s+birth|birth\s*date|born(?:\s+on)?)\W{0,3}"
    r"(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2}|[a-z]{3,9}\.?\s+\d{1,2},?\s+\d{4})",
    re.IGNORECASE,
)
"""A date of birth that says it is one."""
RECORD_NUMBER: Final = re.compile(
    r"\b(?:mrn|medical\s+record\s+(?:number|no\.?)|chart\s+(?:number|no\.?)|member\s+id)"
    r"\W{0,3}(?=\w*\d)[a-z0-9-]{4,20}\b",
    re.IGNORECASE,
)
"""A medical record number that says it is one."""

INVITES_REPLY: Final = re.compile(
    r"""
      \b(?:reply|respond|answer|write\s+back|text\s+back|text\s+us|e-?mail\s+(?:us|me|back)|
         write\s+(?:us|to\s+us|me)|message\s+us)\b
    | \b(?:let\s+(?:us|me)\s+know|tell\s+(?:us|me)|send\s+(?:us|me)\s+a)\b
    | \breply\s+(?:c|y|yes|r|1|stop)\b | \bresponda\b | \bconteste\b
    """,
    _FLAGS,
)
"""Says that an answer to this very message is welcome."""
LINK: Final = re.compile(r"https?://[^\s<>\"')]{4,300}", re.IGNORECASE)
SHORTENER: Final = re.compile(
    r"\b(?:https?://)?(?:bit\.ly|tinyurl\.com|t\.co|goo\.gl|ow\.ly|is\.gd|buff\.ly|rebrand\.ly|"
    r"cutt\.ly|shorturl\.at|rb\.gy|tiny\.cc|lnkd\.in)/[\w./?=&%-]{1,100}",
    re.IGNORECASE,
)
"""A public link shortener: carriers filter them, and nobody sees where they lead."""
PHONE: Final = re.compile(
    r"(?<![\w/.-])(?:\+?1[\s.-]?)?\(?\d{3}\)?[\s.-]{0,2}\d{3}[\s.-]\d{4}(?![\d-])|(?<![\w/.-])\d{3}-\d{4}(?![\d-])"
)
"""A North American phone number as people write it."""
OPT_OUT_WORDS: Final = re.compile(
    r"\b(?:reply|text|send|respond)\s+[\"'“]?stop\b|\bstop\s+to\s+(?:opt|end|unsubscribe)",
    re.IGNORECASE,
)
VAGUE: Final = re.compile(
    r"\b(?:call|contact|reach)\s+(?:us|our\s+office|the\s+office)\s+(?:about|regarding|concerning)\s+"
    r"(?:your\s+)?(?:appointment|account|visit|results?|chart|matter)\b",
    re.IGNORECASE,
)
GREETING: Final = re.compile(
    r"^\s*(?:hi|hello|dear|hey|hola|estimad[oa]|good\s+(?:morning|afternoon|evening))[\s,]+"
    r"(?P<title>(?:mr|mrs|ms|miss|dr|sr|sra)\.?\s+)?(?P<name>[^\W\d_][\w'’-]{1,30})",
    re.IGNORECASE,
)
"""The name a message greets."""


def call_to_office(text: str) -> re.Match[str] | None:
    """The first place that asks the reader to call the practice, or None."""
    for found in CALL_OFFICE.finditer(text):
        if not WE_CALL.search(text[max(0, found.start() - 24) : found.start()]):
            return found
    return None


def digits(text: str) -> str:
    """The last ten digits of a phone number, or the seven there are."""
    return re.sub(r"\D", "", text)[-10:]

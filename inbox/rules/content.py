"""Rules about the words of a message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inbox.finding import Finding, Fix, Severity
from inbox.rules.patterns import PHONE, digits
from inbox.rules.rule import rule
from inbox.rules.sentence import without_sentence
from inbox.situation import Situation

_THIS: Final = r"(?:this|these|our|the)\s+(?:automated\s+)?"
_MAIL: Final = (
    r"(?:e-?mails?|messages?|texts?|sms|notifications?|notices?|reminders?"
    r"|address|number|inbox|mailbox|account)"
)
_NEG: Final = r"(?:do\s+not|don['’]?t|cannot|can['’]?t|can\s+not|are\s+unable\s+to)"
_ANSWERS: Final = r"(?:replies|responses|answers)"
_READ: Final = r"(?:monitored|read|seen|checked|received|answered|attended)"
_NOREPLY_TEXT: Final = re.compile(
    rf"""
      \b{_NEG}\s+(?:reply|respond|answer|write\s+back)\s+
        (?:(?:directly\s+)?(?:to|by|via)\s+)?{_THIS}{_MAIL}\b
    | \b(?:please\s+)?(?:do\s+not|don['’]?t)\s+(?:reply|respond)\s*(?:[.!)]|$)
    | \bno[-\s]?reply\b(?!@)
    | {_THIS}{_MAIL}\s+(?:is|are)\s+(?:not|un)[-\s]?(?:being\s+)?{_READ}\b
    | \b(?:unmonitored|unattended)\s+(?:e-?mail\s+)?{_MAIL}
    | \b{_ANSWERS}\s+(?:to\s+{_THIS}{_MAIL}\s+)?
        (?:are|will|can)\s*(?:not|n['’]t)\s+(?:be\s+)?{_READ}\b
    | \bwe\s+{_NEG}\s+(?:read|receive|see|monitor|accept)\s+{_ANSWERS}\b
    | \bno\s+(?:responda|conteste|responder|contestar)\s+
        (?:a\s+)?(?:este|esta|al?)\s+(?:correo|mensaje|e-?mail|texto)
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_UNFILLED: Final = re.compile(
    r"\{\{[^{}\n]{1,60}\}\}|\{[a-z_]{2,30}(?:\.[a-z_]{2,30})?\}|<<[^<>\n]{1,60}>>"
    r"|\[(?!(?:EXTERNAL|EXT|SPAM|SECURE|CONFIDENTIAL|SIC|URGENT)\])[A-Z][A-Z _/-]{2,30}\]"
    r"|_{4,}|\bLorem ipsum\b|\bTODO\b|\bXXX+\b"
)
_ATTACHED: Final = re.compile(
    r"\b(?:i(?:['’]?ve|\s+have|\s+am)?\s+attach(?:ed|ing)?|(?:is|are)\s+attached(?!\s+to\s+(?!this))"
    r"|attached\s+(?:is|are|you|please)|see\s+(?:the\s+)?attach(?:ed|ment)"
    r"|please\s+find\s+attached|enclosed\s+(?:is|please))\b",
    re.IGNORECASE,
)


@rule("TW06", "Tells people not to answer")
def do_not_reply(situation: Situation) -> Iterator[Finding]:
    """A message must not tell its reader not to answer.

    The line is read and answers are wanted. One key takes the sentence out.
    """
    text = situation.draft.text
    found = _NOREPLY_TEXT.search(text)
    if found is None:
        return
    said = " ".join(found.group().split())
    yield Finding(
        "TW06",
        Severity.BLOCK,
        f"It tells the reader not to answer (“{said}”). Answers are read here.",
        Fix("Take the sentence out", text=without_sentence(text, found.start(), found.end())),
    )


@rule("TW34", "Something is not filled in")
def unfilled(situation: Situation) -> Iterator[Finding]:
    """Placeholders must be filled in before a message leaves.

    Blanks like `{{name}}`, `[DATE]` or `____` are left from a template.
    """
    draft = situation.draft
    found = _UNFILLED.search(draft.text) or re.search(r"\{\{[^{}\n]{1,60}\}\}", draft.subject)
    if found is not None:
        yield Finding("TW34", Severity.BLOCK, f"“{found.group()}” is not filled in yet.")
    elif not draft.text.strip() and not draft.attachments:
        yield Finding("TW34", Severity.BLOCK, "There is nothing in it yet.")


@rule("TW35", "Speaks of an attachment")
def attachment_forgotten(situation: Situation) -> Iterator[Finding]:
    """A message that speaks of an attachment should have one."""
    draft = situation.draft
    if not draft.attachments and _ATTACHED.search(draft.text):
        yield Finding("TW35", Severity.WARN, "It speaks of an attachment, but nothing is attached.")


@rule("TW40", "A number that is not the practice's")
def foreign_number(situation: Situation) -> Iterator[Finding]:
    """A phone number in the text that is none of the practice's may be a slip of the finger.

    Numbers that somebody wrote in this conversation's patient card count as known.
    """
    own = {digits(number) for number in _known_numbers(situation) if number}
    for found in PHONE.finditer(situation.draft.text):
        said = digits(found.group())
        if not any(number.endswith(said) for number in own):
            yield Finding(
                "TW40",
                Severity.WARN,
                f"{found.group()} is none of the practice's numbers. Is it right?",
            )
            return


def _known_numbers(situation: Situation) -> Iterator[str]:
    practice = situation.practice
    yield from (member.direct_line for member in practice.staff)
    yield from (line.address for line in practice.lines if "@" not in line.address)
    if practice.answering_service is not None:
        yield practice.answering_service.number
    if situation.patient is not None:
        yield from (point.value for point in situation.patient.points if "@" not in point.value)

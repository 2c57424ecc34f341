"""Rules about the words of a message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inbox.address import AddressSystem, ChannelKind
from inbox.finding import Finding, Fix, Severity
from inbox.number import digits, number_words
from inbox.rules.refusing import NO_REPLY_WANTED, NOT_MONITORED
from inbox.rules.rule import rule
from inbox.rules.sentence import without_sentence
from inbox.rules.wording import form, phrase, way, wording
from inbox.situation import Situation

_UNFILLED: Final = phrase(
    form("{{", r"\{\{[^{}\n]{1,60}\}\}"),
    form("{", r"\{[a-z_]{2,30}(?:\.[a-z_]{2,30})?\}"),
    form("<<", r"<<[^<>\n]{1,60}>>"),
    form(
        "[",
        r"\[(?!(?:EXTERNAL|EXT|SPAM|SECURE|CONFIDENTIAL|SIC|URGENT)\])[A-Z][A-Z _/-]{2,30}\]",
    ),
    form("____", "_{4,}+"),
    way("Lorem ipsum|TODO|XXX", r"«Lorem ipsum|TODO|XXX+»\b"),
    exact=True,
)
_ATTACHED: Final = phrase(
    way("attach", r"«i»(?:'ve|'m| have| am)? (?:also )?attach(?:ed|ing)?\b"),
    way("attached", r"«is|are» attached\b(?! to (?!this))"),
    way("attached", r"«attached» (?:is|are|you|please|form|file|letter|document|copy|pdf)\b"),
    way("attach", r"«see|find» (?:the )?attach(?:ed|ments?)\b"),
    way("attachment", r"«in» the attachments?\b"),
    way("enclosed", r"«enclosed» (?:is|are|please|you)\b"),
)


@rule("TW06", "Tells people not to answer", core=True)
def do_not_reply(situation: Situation) -> Iterator[Finding]:
    """A message must not tell its reader not to answer.

    The line is read and answers are wanted. One key takes the sentence out.
    """
    text = situation.draft.text
    words = wording(text)
    found = words.find(NO_REPLY_WANTED) or words.find(NOT_MONITORED)
    if found is None:
        return
    said = words.quote(found)
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
    for text in (draft.text, draft.subject):
        found = wording(text).find(_UNFILLED)
        if found is not None:
            said = wording(text).quote(found)
            yield Finding("TW34", Severity.BLOCK, f"“{said}” is not filled in yet. Fill it in.")
            return
    if not draft.text.strip() and not draft.attachments:
        yield Finding("TW34", Severity.BLOCK, "There is nothing in it yet. Write it.", firm=True)


@rule("TW35", "Speaks of an attachment")
def attachment_forgotten(situation: Situation) -> Iterator[Finding]:
    """A message that speaks of an attachment should have one, where its channel carries files.

    A text carries none: one key takes the files off, or answer by e-mail or in the portal.
    """
    draft, capabilities = situation.draft, situation.capabilities
    carries = capabilities.attachments if capabilities else draft.channel is not ChannelKind.SMS
    if draft.attachments and not carries:
        yield Finding(
            "TW35",
            Severity.BLOCK,
            f"A {draft.channel.words} message carries no files. Take them off, or send it another"
            " way.",
            Fix("Take the files off", attachments=()),
            firm=True,
        )
    elif not draft.attachments and wording(draft.text).says(_ATTACHED):
        yield Finding("TW35", Severity.WARN, "It speaks of an attachment, but nothing is attached.")


@rule("TW45", "It has no subject")
def no_subject(situation: Situation) -> Iterator[Finding]:
    """A new e-mail should have a subject; without one it looks like junk, and many filters agree.

    One key writes a neutral one. An answer keeps the subject of what it answers.
    """
    draft = situation.draft
    if draft.channel is ChannelKind.EMAIL and draft.answers is None and not draft.subject.strip():
        yield Finding(
            "TW45",
            Severity.INFO,
            "It has no subject. Write a neutral one.",
            Fix("Write a neutral subject", subject=f"A message from {situation.practice.name}"),
        )


@rule("TW40", "A number that is not the practice's")
def foreign_number(situation: Situation) -> Iterator[Finding]:
    """A phone number in the text that is none of the practice's may be a slip of the finger.

    Numbers that somebody wrote in this conversation's patient card count as known.
    """
    written = wording(situation.draft.text).numbers()
    own = {digits(number) for number in _known_numbers(situation)} if written else set()
    for number in written:
        said = digits(number)
        if any(known.endswith(said) for known in own):
            continue
        meant = [known for known in sorted(own) if _nearly(known[-len(said) :], said)]
        ways = tuple(
            Fix(
                f"Write {number_words(known)}",
                text=situation.draft.text.replace(number, number_words(known)),
            )
            for known in meant[:3]
        )
        yield Finding(
            "TW40",
            Severity.WARN,
            f"{number} is none of the practice's numbers. Is it right?",
            ways[0] if ways else None,
            ways[1:],
        )
        return


def _nearly(known: str, said: str) -> bool:
    """Whether one digit is wrong, or two neighbours are swapped."""
    if len(known) != len(said):
        return False
    wrong = [at for at in range(len(said)) if known[at] != said[at]]
    if len(wrong) == 2:
        first, second = wrong
        return second == first + 1 and known[first] == said[second] and known[second] == said[first]
    return len(wrong) == 1


def _known_numbers(situation: Situation) -> Iterator[str]:
    practice, patient = situation.practice, situation.patient
    yield from (member.direct_line for member in practice.staff if member.direct_line)
    if practice.answering_service is not None:
        yield practice.answering_service.number
    addresses = [line.as_address for line in practice.lines]
    addresses += [recipient.address for recipient in situation.recipients]
    if patient is not None:
        points = (*patient.points, *(point for one in patient.proxies for point in one.points))
        addresses += [point.address for point in points]
    yield from (one.value for one in addresses if one.system is AddressSystem.PHONE)

"""Rules about what may be said where, and to whom."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

from inbox.address import AddressSystem, ChannelKind
from inbox.finding import Finding, Fix, Severity
from inbox.outgoing import Category
from inbox.patient import Consent
from inbox.rules.greeting import greeted
from inbox.rules.patterns import GREETING, SAYS_MUCH, SSN
from inbox.rules.rule import rule
from inbox.rules.sentence import without_sentence
from inbox.rules.ways import AGREED, other_channels
from inbox.rules.wording import wording
from inbox.situation import Situation

_PREVIEW: Final = 40
"""Characters of a text message that a locked phone shows."""
_WRITTEN: Final = (ChannelKind.EMAIL, ChannelKind.SMS)


def says_much(text: str) -> str:
    """What first says something of a person's health or identity, or nothing."""
    said = wording(text)
    for one in SAYS_MUCH:
        found = said.find(one)
        if found is not None:
            return said.quote(found)
    return ""


@rule("TW15", "Health information without consent", core=True)
def health_information(situation: Situation) -> Iterator[Finding]:
    """E-mail and texts are not private: say nothing of health there unless the patient agreed.

    They were warned and accepted, or they wrote that way first. A social security number is never
    written. Use the portal, or ask for consent first.
    """
    draft = situation.draft
    if draft.channel not in _WRITTEN:
        return
    secret = wording(draft.text).find(SSN)
    if secret is not None or wording(draft.subject).says(SSN):
        yield Finding(
            "TW15",
            Severity.BLOCK,
            "A social security number does not belong into a message. Take it out.",
            Fix("Take it out", text=without_sentence(draft.text, secret.start(), secret.end()))
            if secret is not None
            else Fix("Take the subject out", subject=""),
        )
        return
    if all(recipient.consent in AGREED for recipient in situation.recipients):
        return
    said = says_much(draft.text) or says_much(draft.subject)
    if not said and draft.category is not Category.RESULT:
        return
    about = f"“{said}”" if said else "a result"
    ways = other_channels(situation, agreed=True)
    yield Finding(
        "TW15",
        Severity.BLOCK,
        f"It speaks of {about}, and they have not agreed to that by {draft.channel.words}."
        " Use the portal, or ask them first.",
        ways[0] if ways else None,
        ways[1:],
    )


@rule("TW16", "Health information where others see it")
def health_in_subject(situation: Situation) -> Iterator[Finding]:
    """A subject, and the beginning of a text, show on locked phones and shared screens.

    Keep them neutral: what is to be done, not what it is about.
    """
    draft = situation.draft
    if draft.channel is ChannelKind.SMS:
        shown, where = draft.text[:_PREVIEW], "The first words of a text show on a locked phone"
    else:
        shown, where = draft.subject, "A subject shows on locked phones"
    # What they wrote as the subject themselves is no news to whoever sees their phone.
    if says_much(shown) and not (shown.casefold().startswith("re:") and draft.answers):
        yield Finding("TW16", Severity.HOLD, f"{where}: keep it neutral.", _neutral(situation))


def _neutral(situation: Situation) -> Fix | None:
    draft, name = situation.draft, situation.practice.name
    if draft.channel is not ChannelKind.SMS:
        return Fix("Make the subject neutral", subject=f"A message from {name}")
    text = f"{name}: we have a message for you. {draft.text}"
    return None if says_much(text[:_PREVIEW]) else Fix("Begin with who writes", text=text)


@rule("TW20", "Nobody asked whether they agree", law="78 FR 5634")
def consent_unknown(situation: Situation) -> Iterator[Finding]:
    """Before the practice writes first by e-mail or text, the patient should have agreed to it.

    An answer to somebody who wrote that way needs no more. Otherwise note the consent in the
    privacy form, or give the reason. 78 FR 5634: they are to be told of the risk first.
    """
    draft = situation.draft
    if draft.channel not in _WRITTEN or situation.patient is None:
        return
    if any(recipient.consent is Consent.UNKNOWN for recipient in situation.recipients):
        ways = other_channels(situation, agreed=True)
        yield Finding(
            "TW20",
            Severity.HOLD,
            f"Nothing says that this patient agreed to be written to by {draft.channel.words}.",
            ways[0] if ways else None,
            ways[1:],
        )


@rule("TW32", "Nobody knows whom it is about")
def unlinked(situation: Situation) -> Iterator[Finding]:
    """What says something about a person's health must be about a patient we know.

    Link the conversation first; asking a stranger who they are needs no link.
    """
    if situation.patient is None and says_much(situation.draft.text):
        yield Finding(
            "TW32",
            Severity.HOLD,
            "It speaks of somebody's health, but no patient is chosen. Choose whom it is about.",
        )


@rule("TW36", "Greets somebody else")
def wrong_name(situation: Situation) -> Iterator[Finding]:
    """The name in the greeting is neither the patient's nor the reader's.

    A message to the wrong person starts like this, with “Hi” or with the bare name.
    """
    patient, text = situation.patient, situation.draft.text
    found = greeted(text)
    if found is None or patient is None:
        return
    start, end = found.span("name")
    name = found["name"].casefold()
    if name in _ALL or name in _plain(situation.practice.name) or _known(name, situation):
        return
    own = {point.address.key for point in patient.points}
    to_patient = all(address.key in own for address in situation.draft.recipients)
    yield Finding(
        "TW36",
        # A word and a comma may be no name at all.
        Severity.HOLD if found.re is GREETING else Severity.WARN,
        f"It greets “{text[start:end]}”, but this is about {patient.given}.",
        Fix(f"Greet {patient.given}", text=f"{text[:start]}{patient.given}{text[end:]}")
        if to_patient and patient.given and not found["title"]
        else None,
    )


_ALL: Final = frozenset(
    ("all", "there", "everyone", "everybody", "both", "team", "parents", "parent", "family",
     "patient", "patients", "sir", "madam", "again", "from", "and", "this", "thanks", "thank", "to",
     "folks", "neighbor", "we", "it", "just", "your", "the", "our", "you")
)  # fmt: skip
_NICKNAME: Final = 3
"""A name that begins with as many letters of another may be short for it."""


def _known(said: str, situation: Situation) -> bool:
    """Whether a name, or each part of it, is one of the people it is about or goes to."""
    names = _known_names(situation)
    return all(
        any(
            part == name
            or (min(len(part), len(name)) >= _NICKNAME and (part.startswith(name)))
            or (len(part) >= _NICKNAME and name.startswith(part))
            for name in names
        )
        for part in _plain(said).replace("-", " ").split()
    )


def _known_names(situation: Situation) -> frozenset[str]:
    patient = situation.patient
    today = situation.now.astimezone(situation.practice.timezone).date()
    people = [recipient.address.name for recipient in situation.recipients]
    if patient is not None:
        people += [patient.name, *(proxy.name for proxy in patient.proxies_on(today))]
    people += [
        recipient.address.value.partition("@")[0].replace(".", " ")
        for recipient in situation.recipients
        if recipient.address.system is AddressSystem.EMAIL
    ]
    words = _plain(" ".join(people)).replace(",", " ").replace("-", " ").split()
    return frozenset(words)


def _plain(name: str) -> str:
    """In lower case and without accents: `José` is greeted as `Jose` too."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))

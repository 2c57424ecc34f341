"""Rules about what may be said where, and to whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inbox.address import AddressSystem, ChannelKind
from inbox.finding import Finding, Fix, Severity
from inbox.outgoing import Category
from inbox.patient import Consent
from inbox.rules.patterns import (
    BIRTH_DATE,
    GREETING,
    RECORD_NUMBER,
    RESULTS,
    SENSITIVE,
    SSN,
)
from inbox.rules.rule import rule
from inbox.rules.sentence import without_sentence
from inbox.situation import Situation

_PREVIEW: Final = 40
"""Characters of a text message that a locked phone shows."""
_WRITTEN: Final = (ChannelKind.EMAIL, ChannelKind.SMS)
_AGREED: Final = (Consent.ACCEPTED, Consent.IMPLIED)


def says_much(text: str) -> re.Match[str] | None:
    """The first place that says something of a person's health or identity, or None."""
    for pattern in (SSN, BIRTH_DATE, RECORD_NUMBER, RESULTS, SENSITIVE):
        found = pattern.search(text)
        if found is not None:
            return found
    return None


@rule("TW15", "Health information without consent", core=True)
def health_information(situation: Situation) -> Iterator[Finding]:
    """E-mail and texts are not private: say nothing of health there unless the patient agreed.

    They were warned and accepted, or they wrote that way first. A social security number is never
    written. Use the portal, or ask for consent first.
    """
    draft = situation.draft
    if draft.channel not in _WRITTEN:
        return
    secret = SSN.search(draft.text) or SSN.search(draft.subject)
    if secret is not None:
        yield Finding(
            "TW15",
            Severity.BLOCK,
            "A social security number does not belong into a message.",
            Fix("Take it out", text=without_sentence(draft.text, secret.start(), secret.end()))
            if secret.string is draft.text
            else None,
        )
        return
    said = says_much(draft.text)
    if said is None and draft.category is not Category.RESULT:
        return
    if all(recipient.consent in _AGREED for recipient in situation.recipients):
        return
    about = f"“{' '.join(said.group().split())}”" if said else "a result"
    yield Finding(
        "TW15",
        Severity.BLOCK,
        f"It speaks of {about}, and they have not agreed to that by {draft.channel.words}."
        " Use the portal, or ask them first.",
        Fix("Send it through the portal", channel=ChannelKind.PORTAL)
        if any(line.channel is ChannelKind.PORTAL for line in situation.practice.lines)
        else None,
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
        yield Finding("TW16", Severity.HOLD, f"{where}: keep it neutral.")


@rule("TW20", "Nobody asked whether they agree")
def consent_unknown(situation: Situation) -> Iterator[Finding]:
    """Before the practice writes first by e-mail or text, the patient should have agreed to it.

    An answer to somebody who wrote that way needs no more. Otherwise note the consent in the
    privacy form, or give the reason.
    """
    draft = situation.draft
    if draft.channel not in _WRITTEN or situation.patient is None:
        return
    if any(recipient.consent is Consent.UNKNOWN for recipient in situation.recipients):
        yield Finding(
            "TW20",
            Severity.HOLD,
            f"Nothing says that this patient agreed to be written to by {draft.channel.words}.",
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

    A message to the wrong person starts like this.
    """
    found = GREETING.match(situation.draft.text)
    if found is None or situation.patient is None:
        return
    said = found["name"].casefold()
    if said in _ALL or said in _known_names(situation):
        return
    yield Finding(
        "TW36",
        Severity.HOLD,
        f"It greets “{found['name']}”, but this is about {situation.patient.given}.",
    )


_ALL: Final = frozenset(
    ("all", "there", "everyone", "both", "team", "parents", "parent", "family", "patient", "sir",
     "madam", "again", "from", "and", "this", "thanks", "thank", "to", "folks", "neighbor")
)  # fmt: skip


def _known_names(situation: Situation) -> frozenset[str]:
    patient = situation.patient
    people = [] if patient is None else [patient.name, *(proxy.name for proxy in patient.proxies)]
    people += [recipient.address.name for recipient in situation.recipients]
    people += [
        recipient.address.value.partition("@")[0].replace(".", " ")
        for recipient in situation.recipients
        if recipient.address.system is AddressSystem.EMAIL
    ]
    words = " ".join(people).replace(",", " ").casefold().split()
    return frozenset(words)

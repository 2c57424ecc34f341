"""Rules about who it goes to: may we write there, and does it arrive?"""

from __future__ import annotations

from collections.abc import Iterator

from inbox.address import AddressSystem, ChannelKind, is_no_reply
from inbox.finding import Finding, Fix, Severity
from inbox.number import number_words
from inbox.outgoing import Category
from inbox.patient import NO_TEXTS, Consent, ContactPoint, Patient, PointHealth, PointUse
from inbox.rules.privacy import says_much
from inbox.rules.rule import rule
from inbox.rules.ways import call_instead, confidential_only, other_channels, other_points
from inbox.situation import Recipient, Situation

_MOST_RECIPIENTS = 10


@rule("TW19", "Asked not to be written to", core=True)
def opted_out(situation: Situation) -> Iterator[Finding]:
    """Nobody who asked not to be written to on a channel is written to on it.

    The privacy form says so, or they opted out. Use another channel that they allow.
    """
    channel = situation.draft.channel
    chosen = () if situation.patient is None else (situation.patient,)
    for recipient in situation.recipients:
        # An opt-out belongs to the address: whoever shares it is not written to there either. What
        # a form declines, a later acceptance for this very address lifts.
        forms = (one.form.consent(channel) for one in (*recipient.patients, *chosen))
        if recipient.consent is Consent.DECLINED or (
            recipient.consent is not Consent.ACCEPTED and Consent.DECLINED in forms
        ):
            ways = other_channels(situation)
            yield Finding(
                "TW19",
                Severity.BLOCK,
                f"They asked not to be written to by {channel.words}. Choose another channel.",
                ways[0] if ways else None,
                ways[1:],
            )
            return


@rule("TW21", "Confidential channel", core=True)
def confidential(situation: Situation) -> Iterator[Finding]:
    """A patient who asked to be reached at one address only is reached there and nowhere else.

    45 CFR 164.522(b): a reasonable request for confidential communications is kept, no reason
    asked.
    """
    chosen = situation.patient
    if chosen is not None and chosen.form.confidential is not None:
        wanted = chosen.form.confidential
        if any(address.key != wanted.key for address in situation.draft.recipients):
            yield Finding(
                "TW21",
                Severity.BLOCK,
                "This patient asked for confidential communication: write only to"
                f" {wanted.value}, nowhere else.",
                confidential_only(situation, wanted),
            )
        return
    for recipient in situation.recipients if chosen is None else ():
        if any(_elsewhere(patient, recipient) for patient in recipient.patients):
            yield Finding(
                "TW21",
                Severity.BLOCK,
                f"{recipient.address.value} is not where its patient asked to be written to."
                " Choose whom it is about first.",
            )
            return


def _elsewhere(patient: Patient, recipient: Recipient) -> bool:
    wanted = patient.form.confidential
    return wanted is not None and wanted.key != recipient.address.key


@rule("TW23", "It would not arrive")
def bad_contact(situation: Situation) -> Iterator[Finding]:
    """A message must go to an address that works.

    The address is a no-reply one, is marked as old, or bounced before. Use another contact point. A
    number that takes no texts can be called.
    """
    if not situation.draft.recipients:
        said = "It has no recipient yet. Say whom it goes to."
        yield Finding("TW23", Severity.BLOCK, said, firm=True)
        return
    if len(situation.draft.recipients) > _MOST_RECIPIENTS:
        yield Finding(
            "TW23",
            Severity.BLOCK,
            f"It goes to {len(situation.draft.recipients)} people; each would see the others."
            " Write to them one by one.",
            firm=True,
        )
        return
    for recipient in situation.recipients:
        yield from _judge(situation, recipient)


@rule("TW22", "The address is shared", core=True)
def shared_contact(situation: Situation) -> Iterator[Finding]:
    """Where several patients share an address, say whom the message is about.

    Families share addresses. Choose the patient first, so that it is kept in the right record. What
    is for the patient alone does not go to an address that others read too; what says much of their
    health needs a second look, in an answer as well. So does an address that is another patient's,
    and an answer to a parent who asked about another child last: write that one a message of its
    own.
    """
    patient, draft = situation.patient, situation.draft
    other = situation.newest_about
    if other is not None:
        yield Finding(
            "TW22",
            Severity.HOLD,
            f"What they wrote last is about {other.given}, and this is about"
            f" {patient.given if patient else 'somebody else'}. Is it the right person?",
        )
    for recipient in situation.recipients:
        others = [one for one in recipient.patients if patient is None or one.id != patient.id]
        if draft.confidential and (recipient.proxies_share or len(others) > (patient is None)):
            yield Finding(
                "TW22",
                Severity.BLOCK,
                "It is for the patient alone, but others read what is sent to this address."
                " Choose an address that is theirs alone.",
            )
        elif patient is None and len(others) > 1:
            names = ", ".join(one.given for one in others[:4])
            yield Finding(
                "TW22",
                Severity.BLOCK,
                f"This address belongs to several patients ({names}). Choose whom it is about.",
            )
        elif patient is not None and others:
            yield from _others_read(situation, recipient, others)


def _others_read(
    situation: Situation, recipient: Recipient, others: list[Patient]
) -> Iterator[Finding]:
    patient, draft = situation.patient, situation.draft
    names = ", ".join(one.given for one in others[:4])
    if len(others) == len(recipient.patients):
        yield Finding(
            "TW22",
            Severity.HOLD,
            f"{recipient.address.value} belongs to {names}, and this is about"
            f" {patient.given if patient else 'somebody else'}. Is it the right person?",
        )
    # An answer too: whoever asked from there is not the only one who reads there.
    elif draft.category is Category.RESULT or says_much(draft.text) or says_much(draft.subject):
        yield Finding(
            "TW22",
            Severity.HOLD,
            f"It says much of their health, and {names} may read it at {recipient.address.value}.",
        )


def _called(situation: Situation, point: ContactPoint) -> bool:
    """A landline takes no texts, and is called all the same."""
    return situation.draft.channel is ChannelKind.PHONE and NO_TEXTS in point.health_reason


def _judge(situation: Situation, recipient: Recipient) -> Iterator[Finding]:
    address, point = recipient.address, recipient.point
    severity, said = Severity.HOLD, ""
    called: tuple[Fix, ...] = ()
    if address.system is AddressSystem.EMAIL and is_no_reply(address.value):
        severity = Severity.BLOCK
        said = f"{address.value} does not read what is sent to it. Write to a person's address."
    elif point is not None and point.use is PointUse.OLD:
        said = f"{number_words(address.value)} is marked as no longer theirs."
    elif point is not None and point.health is PointHealth.BAD and not _called(situation, point):
        why = f" ({point.health_reason.rstrip('.')})" if point.health_reason else ""
        said = f"The last message to {number_words(address.value)} did not arrive{why}."
        if NO_TEXTS in point.health_reason:
            called = call_instead(situation, address)
    if not said:
        return
    ways = (*called, *other_points(situation, address), *other_channels(situation))
    yield Finding("TW23", severity, said, ways[0] if ways else None, ways[1:])

"""Rules about who it goes to: may we write there, and does it arrive?"""

from __future__ import annotations

from collections.abc import Iterator

from inbox.address import AddressSystem, is_no_reply
from inbox.finding import Finding, Severity
from inbox.patient import Consent, PointHealth, PointUse
from inbox.rules.rule import rule
from inbox.situation import Recipient, Situation

_MOST_RECIPIENTS = 10


@rule("TW19", "Asked not to be written to", core=True)
def opted_out(situation: Situation) -> Iterator[Finding]:
    """Nobody who asked not to be written to on a channel is written to on it.

    The privacy form says so, or they opted out. Use another channel that they allow.
    """
    channel = situation.draft.channel
    for recipient in situation.recipients:
        # An opt-out belongs to the address: whoever shares it is not written to there either. What
        # a form declines, a later acceptance for this very address lifts.
        forms = (patient.form.consent(channel) for patient in recipient.patients)
        if recipient.consent is Consent.DECLINED or (
            recipient.consent is not Consent.ACCEPTED and Consent.DECLINED in forms
        ):
            yield Finding(
                "TW19",
                Severity.BLOCK,
                f"They asked not to be written to by {channel.words}. Choose another channel.",
            )
            return


@rule("TW21", "Confidential channel", core=True)
def confidential(situation: Situation) -> Iterator[Finding]:
    """A patient who asked to be reached at one address only is reached there and nowhere else.

    45 CFR 164.522(b): a reasonable request for confidential communications is kept, no reason
    asked.
    """
    patient = situation.patient
    if patient is None or patient.form.confidential is None:
        return
    wanted = patient.form.confidential
    if any(address.key != wanted.key for address in situation.draft.recipients):
        yield Finding(
            "TW21",
            Severity.BLOCK,
            "This patient asked for confidential communication: write only to"
            f" {wanted.value}, nowhere else.",
        )


@rule("TW23", "It would not arrive")
def bad_contact(situation: Situation) -> Iterator[Finding]:
    """A message must go to an address that works.

    The address is a no-reply one, is marked as old, or bounced before. Use another contact point.
    """
    if not situation.draft.recipients:
        yield Finding("TW23", Severity.BLOCK, "It has no recipient yet.")
        return
    if len(situation.draft.recipients) > _MOST_RECIPIENTS:
        yield Finding(
            "TW23",
            Severity.BLOCK,
            f"It goes to {len(situation.draft.recipients)} people; each would see the others."
            " Write to them one by one.",
        )
        return
    for recipient in situation.recipients:
        yield from _judge(recipient)


@rule("TW22", "The address is shared", core=True)
def shared_contact(situation: Situation) -> Iterator[Finding]:
    """Where several patients share an address, say whom the message is about.

    Families share addresses. Choose the patient first, so that it is kept in the right record. What
    is for the patient alone does not go to an address that others read too.
    """
    if situation.patient is not None:
        shared = (one for one in situation.recipients if len(one.patients) > 1 or one.proxies_share)
        if situation.draft.confidential and any(shared):
            yield Finding(
                "TW22",
                Severity.BLOCK,
                "It is for the patient alone, but others read what is sent to this address.",
            )
        return
    for recipient in situation.recipients:
        if len(recipient.patients) > 1:
            names = ", ".join(patient.given for patient in recipient.patients[:4])
            yield Finding(
                "TW22",
                Severity.BLOCK,
                f"This address belongs to several patients ({names}). Choose whom it is about.",
            )
            return


def _judge(recipient: Recipient) -> Iterator[Finding]:
    address, point = recipient.address, recipient.point
    if address.system is AddressSystem.EMAIL and is_no_reply(address.value):
        yield Finding(
            "TW23",
            Severity.BLOCK,
            f"{address.value} does not read what is sent to it. Write to a person's address.",
        )
    elif point is not None and point.use is PointUse.OLD:
        yield Finding("TW23", Severity.HOLD, f"{address.value} is marked as no longer theirs.")
    elif point is not None and point.health is PointHealth.BAD:
        why = f" ({point.health_reason})" if point.health_reason else ""
        yield Finding(
            "TW23", Severity.HOLD, f"The last message to {address.value} did not arrive{why}."
        )

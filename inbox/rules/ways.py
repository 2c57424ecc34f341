"""Ways out that several rules offer: another channel, another address, another line."""

from __future__ import annotations

from typing import Final

from inbox.address import Address, AddressSystem, ChannelKind, is_no_reply
from inbox.finding import Fix
from inbox.number import number_words
from inbox.patient import Consent, ContactPoint, Patient, PointHealth, PointUse
from inbox.reply_path import Plan
from inbox.situation import Situation

AGREED: Final = (Consent.ACCEPTED, Consent.IMPLIED)
_MOST: Final = 3


def other_line(plan: Plan) -> Fix | None:
    """Send from another line of the channel, which is proven."""
    if not plan.alternatives:
        return None
    other = plan.alternatives[0]
    return Fix(f"Send from {number_words(other.address)}, which is proven", line_id=other.id)


def other_channels(situation: Situation, *, agreed: bool = False) -> tuple[Fix, ...]:
    """Send it another way that the patient allows, the one they prefer first.

    Args:
        situation: The draft and what is known.
        agreed: Only ways they agreed to, or the portal; else all they did not decline.
    """
    patient = situation.patient
    if patient is None or patient.form.confidential is not None:
        return ()
    ours = {line.channel for line in situation.practice.lines}
    found = []
    for kind in sorted(ChannelKind, key=lambda one: one is not patient.preferred_channel):
        if kind in {situation.draft.channel, ChannelKind.PHONE} or kind not in ours:
            continue
        consent = patient.form.consent(kind)
        if consent is Consent.DECLINED or (
            agreed and kind is not ChannelKind.PORTAL and consent not in AGREED
        ):
            continue
        points = working_points(patient, kind.system)
        if points:
            where = "through the portal" if kind is ChannelKind.PORTAL else f"by {kind.words}"
            to = Address(points[0].system, points[0].value, patient.name)
            found.append(Fix(f"Send it {where} instead", channel=kind, to=(to,), cc=()))
    return tuple(found)


def call_instead(situation: Situation, number: Address) -> tuple[Fix, ...]:
    """Call a number that takes no texts, where calls are made here at all."""
    draft, patient = situation.draft, situation.patient
    wanted = patient.form.confidential if patient is not None else None
    elsewhere = wanted is not None and wanted.key != number.key
    known = patient is not None or draft.conversation_id is not None
    ours = any(line.channel is ChannelKind.PHONE for line in situation.practice.lines)
    if draft.channel is not ChannelKind.SMS or draft.automatic or not (known and ours) or elsewhere:
        return ()
    label = f"Call {number_words(number.value)} instead"
    return (Fix(label, channel=ChannelKind.PHONE, to=(number,), cc=()),)


def confidential_only(situation: Situation, wanted: Address) -> Fix | None:
    """Write to the one address the patient asked for, and to nobody else."""
    draft = situation.draft
    kinds = [line.channel for line in situation.practice.lines]
    there = [kind for kind in kinds if kind.system is wanted.system and kind.value != "phone"]
    if draft.channel.system is wanted.system:
        channel = draft.channel
    elif there:
        channel = there[0]
    else:
        return None
    return Fix(f"Write to {number_words(wanted.value)} only", channel=channel, to=(wanted,), cc=())


def other_points(situation: Situation, bad: Address) -> tuple[Fix, ...]:
    """Write to another contact point of the patient's in place of a bad one, by rank."""
    patient, draft = situation.patient, situation.draft
    if patient is None or patient.form.confidential is not None:
        return ()
    used = {address.key for address in draft.recipients}
    fixes = []
    for point in working_points(patient, bad.system):
        if point.address.key in used:
            continue
        other = Address(point.system, point.value, patient.name)
        to, cc = (
            tuple(other if address.key == bad.key else address for address in addresses)
            for addresses in (draft.to, draft.cc)
        )
        fixes.append(Fix(f"Write to {number_words(point.value)}", to=to, cc=cc))
    return tuple(fixes[:_MOST])


def working_points(patient: Patient, system: AddressSystem) -> list[ContactPoint]:
    """The patient's own contact points of a kind that are known to work, by rank."""
    return sorted(
        (
            point
            for point in patient.points
            if point.system is system
            and point.use is not PointUse.OLD
            and point.health is not PointHealth.BAD
            and not (system is AddressSystem.EMAIL and is_no_reply(point.value))
        ),
        key=lambda point: point.rank,
    )

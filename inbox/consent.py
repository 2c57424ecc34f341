"""What was said about writing to one address: the address's own word, else the privacy forms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Final

from inbox.address import Address, ChannelKind
from inbox.message import Message
from inbox.number import digits
from inbox.patient import Consent, Patient, VoicemailConsent
from inbox.storage.consent import ConsentEntry

STRICTEST_FIRST: Final = (Consent.DECLINED, Consent.UNKNOWN, Consent.IMPLIED, Consent.ACCEPTED)
THEMSELVES: Final = frozenset({"patient", "carrier"})
"""Who keeps what is said of an address when nobody of the practice does."""
_EXPLICIT: Final = (Consent.ACCEPTED, Consent.DECLINED)


def consent_for(
    channel: ChannelKind,
    entry: ConsentEntry | None,
    sharing: Sequence[Patient],
    about: str | None,
    zone: tzinfo,
) -> Consent:
    """What holds for an address on a channel, as far as somebody said it.

    An opt-out stays with the address, whoever shares it, until a later acceptance lifts it (47 CFR
    64.1200(a)(10)). A form that was signed after what was said of the address counts more; on the
    same day the stricter of both does. A form's “no” is outdone by a later acceptance only where a
    person kept it and the address is nobody else's: START of one in a family speaks for no other.

    Args:
        channel: The channel.
        entry: What was said last about this very address on it.
        sharing: Everybody the address belongs to.
        about: Id of the patient a message is about: another's yes does not speak for them.
        zone: The practice's time zone, for comparing moments with the dates of forms.
    """
    if entry is not None and entry.consent is Consent.DECLINED:
        return Consent.DECLINED
    shared = len(sharing) > 1
    said = {patient.id: _said(patient, channel, entry, zone, shared) for patient in sharing}
    if not said:
        return entry.consent if entry is not None else Consent.UNKNOWN
    if Consent.DECLINED in said.values():
        return Consent.DECLINED
    return said[about] if about in said else _strictest(said.values())


def voicemail_at(patient: Patient | None, numbers: Iterable[Address]) -> VoicemailConsent:
    """What may be said to the voicemail of these numbers, as the patient's form has it.

    A form may speak of some numbers only: on any other, no details are left.
    """
    if patient is None:
        return VoicemailConsent.UNKNOWN
    consent, named = patient.form.voicemail, patient.form.voicemail_on
    if named and consent is not VoicemailConsent.NONE:
        known = {digits(number) for number in named}
        if any(digits(number.value) not in known for number in numbers):
            return VoicemailConsent.CALLBACK_ONLY
    return consent


def wrote_first(address: Address, channel: ChannelKind, newest: Message | None) -> bool:
    """Whether the newest message of a conversation came from this address on this channel."""
    if newest is None or newest.sender is None or newest.channel is not channel:
        return False
    return address.key in {newest.sender.key, *(other.key for other in newest.reply_to)}


def _said(
    patient: Patient, channel: ChannelKind, entry: ConsentEntry | None, zone: tzinfo, shared: bool
) -> Consent:
    """What one patient's form says, or what was said of the address since."""
    form = patient.form
    answer = form.consent(channel)
    if entry is None:
        return answer
    if entry.consent not in _EXPLICIT:
        # Having written, or having been asked in vain, takes nothing of an answer back.
        return entry.consent if answer is Consent.UNKNOWN else answer
    if answer is Consent.DECLINED and (shared or entry.by in THEMSELVES):
        return answer
    said_on = entry.at.astimezone(zone).date()
    if answer is Consent.UNKNOWN or form.form_date is None or said_on > form.form_date:
        return entry.consent
    return answer if said_on < form.form_date else _strictest((answer, entry.consent))


def _strictest(answers: Iterable[Consent]) -> Consent:
    return min(answers, key=STRICTEST_FIRST.index)

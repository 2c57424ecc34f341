"""What a privacy form cannot say at once, and values that cannot be; each with a way out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.patient import (
    Consent,
    ContactPoint,
    Patient,
    PointUse,
    PortalState,
    VoicemailConsent,
)
from inbox.storage.consent import ConsentEntry, ConsentKey

_NUMBER: Final = re.compile(r"^\+[1-9][0-9]{6,14}$")
_BY: Final = {
    ChannelKind.EMAIL: "e-mails",
    ChannelKind.SMS: "texts",
    ChannelKind.PHONE: "calls",
    ChannelKind.PORTAL: "portal messages",
}
_MAIL: Final = re.compile(r"^[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+$")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that cannot stand; it holds nothing of the patient's, so it may be logged."""

    field: str
    """Id of the answer, or `contact 2`, `proxy 1`, `birth_date`."""
    sentence: str
    hint: str


def contradictions(
    patient: Patient, consents: Mapping[ConsentKey, ConsentEntry], today: date
) -> list[Contradiction]:
    """Everything that speaks against keeping this form.

    Args:
        patient: As they would be kept.
        consents: What was said about their addresses.
        today: In the practice's time zone.
    """
    return [
        *_dates(patient, today),
        *_points(patient),
        *_confidential(patient, consents),
        *_voicemail(patient),
        *_channels(patient),
        *_place(patient),
    ]


def _usable(patient: Patient, system: AddressSystem) -> list[ContactPoint]:
    """Contact points, own and of proxies, that are not marked as old."""
    points = [*patient.points, *(point for proxy in patient.proxies for point in proxy.points)]
    return [one for one in points if one.system is system and one.use is not PointUse.OLD]


def _dates(patient: Patient, today: date) -> Iterator[Contradiction]:
    form = patient.form
    for field, what, day in (
        ("birth_date", "The date of birth", patient.birth_date),
        ("form_date", "The date of the form", form.form_date),
        ("email_warned", "The date of the e-mail warning", _on(form.email_warned)),
        ("sms_warned", "The date of the text warning", _on(form.sms_warned)),
    ):
        if day is not None and day > today:
            yield Contradiction(field, f"{what} lies ahead.", "Look at the year.")


def _on(warned: object) -> date | None:
    found = getattr(warned, "on", None)
    return found if isinstance(found, date) else None


def _points(patient: Patient) -> Iterator[Contradiction]:
    seen: set[tuple[AddressSystem, str]] = set()
    for number, point in enumerate(patient.points, start=1):
        field = f"contact {number}"
        key = (point.system, point.address.key)
        if key in seen:
            yield Contradiction(
                field, f"Contact point {number} is there twice.", "Take one of them away."
            )
        seen.add(key)
        named = f"Contact point {number} ({point.value[:60]})"
        yield from _valid(field, named, point.address)
    for number, proxy in enumerate(patient.proxies, start=1):
        field = f"proxy {number}"
        if not proxy.name.strip():
            yield Contradiction(field, f"Proxy {number} has no name.", "Write who it is.")
        for point in proxy.points:
            yield from _valid(field, f"A contact point of proxy {number}", point.address)


def _valid(field: str, what: str, address: Address) -> Iterator[Contradiction]:
    if address.system is AddressSystem.PHONE and not _NUMBER.match(address.key):
        yield Contradiction(
            field,
            f"{what} is not a phone number with country code.",
            "Write it like +15550107811.",
        )
    elif address.system is AddressSystem.EMAIL and not _MAIL.match(address.value):
        yield Contradiction(
            field, f"{what} is not an e-mail address.", "Write it like ann@example.com."
        )


def _confidential(
    patient: Patient, consents: Mapping[ConsentKey, ConsentEntry]
) -> Iterator[Contradiction]:
    wanted = patient.form.confidential
    if wanted is None:
        return
    yield from _valid("confidential", "The confidential address", wanted)
    old = (one for one in patient.points if one.use is PointUse.OLD)
    if any(one.address.key == wanted.key for one in old):
        yield Contradiction(
            "confidential",
            "The confidential address is marked as old.",
            "Choose another address, or say that it works again.",
        )
    ways = {
        AddressSystem.EMAIL: (ChannelKind.EMAIL,),
        AddressSystem.PHONE: (ChannelKind.SMS, ChannelKind.PHONE),
        AddressSystem.PORTAL: (ChannelKind.PORTAL,),
    }[wanted.system]
    for channel in ways:
        if channel is ChannelKind.SMS and patient.preferred_channel is ChannelKind.PHONE:
            continue
        said = consents.get((wanted.key, channel))
        if said is not None and said.consent is Consent.DECLINED:
            yield Contradiction(
                "confidential",
                f"The confidential address opted out of {_BY[channel]}, so it cannot be the only"
                " one.",
                "Choose another address, or note that they accept it again."
                if channel is not ChannelKind.SMS
                else "Choose another address, prefer calls, or note that they accept texts again.",
            )
        elif channel is not ChannelKind.SMS and patient.form.consent(channel) is Consent.DECLINED:
            yield Contradiction(
                "confidential",
                f"The form declines {_BY[channel]}, and that is where it asks to write only.",
                "Ask which of the two holds.",
            )


def _voicemail(patient: Patient) -> Iterator[Contradiction]:
    form = patient.form
    if form.voicemail_on and form.voicemail is VoicemailConsent.NONE:
        yield Contradiction(
            "voicemail_on",
            "The form says no voicemail, and names numbers for it.",
            "Take the numbers away, or choose what may be left there.",
        )
    known = {point.address.key for point in _usable(patient, AddressSystem.PHONE)}
    for number in form.voicemail_on:
        if Address(AddressSystem.PHONE, number).key not in known:
            yield Contradiction(
                "voicemail_on",
                "A number for voicemail is not one of the patient's.",
                "Add it as a contact point first.",
            )


def _channels(patient: Patient) -> Iterator[Contradiction]:
    form = patient.form
    for field, what, system in (
        ("sms", "texts, but no phone number is known", AddressSystem.PHONE),
        ("email", "e-mail, but no e-mail address is known", AddressSystem.EMAIL),
    ):
        accepted = getattr(form, field) is Consent.ACCEPTED
        elsewhere = form.confidential is not None and form.confidential.system is system
        if accepted and not elsewhere and not _usable(patient, system):
            yield Contradiction(
                field, f"The form accepts {what}.", "Add it as a contact point first."
            )
    preferred = patient.preferred_channel
    if preferred is not None and form.consent(preferred) is Consent.DECLINED:
        yield Contradiction(
            "preferred_channel",
            f"The form declines {_BY[preferred]}, and prefers them.",
            "Choose another channel, or ask which of the two holds.",
        )
    if preferred is ChannelKind.PORTAL and form.portal_state is PortalState.NONE:
        yield Contradiction(
            "preferred_channel",
            "The portal is preferred, but there is no account.",
            "Choose another channel, or invite them.",
        )


def _place(patient: Patient) -> Iterator[Contradiction]:
    if patient.timezone and not known_zone(patient.timezone):
        yield Contradiction(
            "timezone",
            "There is no such time zone.",
            "Write it like America/Chicago.",
        )


def known_zone(name: str) -> bool:
    """Whether a time zone has this name (IANA)."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True

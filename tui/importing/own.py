"""Patients from JSON in our own format, as `sample_data/patients.json` has it."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from inbox.address import Address, AddressSystem
from inbox.patient import (
    Confidant,
    Consent,
    ContactPoint,
    Patient,
    PointUse,
    PrivacyForm,
    Proxy,
    RiskWarning,
)
from inbox.repository import ConsentEntry
from tui.importing.entry import Entry, Reader, emptied, made_up_id, spoken_of

OWN_KEYS = {
    "id", "given", "family", "birth_date", "contact", "preferred_channel", "language", "timezone",
    "postal_code", "state", "best_time", "proxies", "privacy_form", "consents", "identifiers",
}  # fmt: skip
_FORM_KEYS = {
    "form_date", "version", "voicemail", "voicemail_on", "sms", "sms_warned", "email",
    "email_warned", "portal", "portal_state", "confidential", "may_tell",
}  # fmt: skip
_CONTACT_SYSTEMS = {
    "email": AddressSystem.EMAIL, "portal": AddressSystem.PORTAL, "phone": AddressSystem.PHONE,
    "sms": AddressSystem.PHONE,
}  # fmt: skip
_USES = {use.value: use for use in PointUse}
_MIDNIGHT, _NOON = time(0), time(12)


def read_own(one: dict[str, Any], read: Reader) -> Entry:
    """One patient in our own format; null and empty say nothing, `none` and `unknown` do."""
    form = object_in(read, "privacy_form", one.get("privacy_form"))
    gone = {key for key in one.keys() & OWN_KEYS if emptied(key, one[key])}
    gone |= {key for key in form.keys() & _FORM_KEYS if emptied(key, form[key])}
    one = {key: value for key, value in one.items() if not emptied(key, value)}
    form = {key: value for key, value in form.items() if not emptied(key, value)}
    given, family = read.word("given", one.get("given")), read.word("family", one.get("family"))
    born, number = read.day("birth_date", one.get("birth_date")), read.word("id", one.get("id"))
    for name in form:
        if name not in _FORM_KEYS:
            read.left_out(f"privacy_form.{name}", "is not a question of the privacy form")
    patient = Patient(
        id=number or made_up_id(given, family, born),
        given=given,
        family=family,
        birth_date=born,
        points=_points(read, "contact", one.get("contact")),
        proxies=tuple(
            _proxy(read, at, proxy)
            for at, proxy in enumerate(list_in(read, "proxies", one.get("proxies")), start=1)
        ),
        form=_form(read, form),
        preferred_channel=read.channel("preferred_channel", one.get("preferred_channel")),
        language=read.word("language", one.get("language")),
        timezone=read.zone("timezone", one.get("timezone")),
        postal_code=read.word("postal_code", one.get("postal_code")),
        state=read.word("state", one.get("state")),
        best_time=read.word("best_time", one.get("best_time")),
        identifiers=read.identifiers("identifiers", one.get("identifiers")),
    )
    said = list_in(read, "consents", one.get("consents"))
    return Entry(
        read.row,
        patient,
        spoken_of(patient, gone),
        name_only=not number and born is None,
        consents=tuple(
            entry
            for at, part in enumerate(said, start=1)
            for entry in _consent(read, f"consents[{at}]", part)
        ),
    )


def _points(read: Reader, column: str, value: Any) -> tuple[ContactPoint, ...]:
    found: tuple[ContactPoint, ...] = ()
    for at, one in enumerate(list_in(read, column, value), start=1):
        point = object_in(read, f"{column}[{at}]", one)
        system = _CONTACT_SYSTEMS.get(str(point.get("system") or "phone").casefold())
        use = _USES.get(str(point.get("use") or "home").casefold())
        if system is None or use is None:
            said = "system" if system is None else "use"
            read.left_out(f"{column}[{at}].{said}", "is not known: not taken")
            continue
        rank = point.get("rank") if isinstance(point.get("rank"), int) else at
        found += read.point(f"{column}[{at}]", system, point.get("value"), use, int(rank or at))
    return found


def _proxy(read: Reader, at: int, value: Any) -> Proxy:
    column = f"proxies[{at}]"
    one = object_in(read, column, value)
    contact = one.get("contact")
    if isinstance(contact, str):
        system = AddressSystem.EMAIL if "@" in contact else AddressSystem.PHONE
        points = read.point(f"{column}.contact", system, contact, PointUse.HOME, 1)
    else:
        points = _points(read, f"{column}.contact", contact)
    return Proxy(
        name=read.word(f"{column}.name", one.get("name")),
        relation=read.word(f"{column}.relation", one.get("relation")),
        points=points,
        until=read.day(f"{column}.until", one.get("until")),
    )


def _form(read: Reader, form: dict[str, Any]) -> PrivacyForm:
    empty = PrivacyForm()
    confidential = form.get("confidential")
    if isinstance(confidential, dict):
        confidential = confidential.get("address")
    address = _address(read, "privacy_form.confidential", confidential)
    told = list_in(read, "privacy_form.may_tell", form.get("may_tell"))
    numbers = list_in(read, "privacy_form.voicemail_on", form.get("voicemail_on"))
    phones = (read.phone("privacy_form.voicemail_on", one) for one in numbers)
    return PrivacyForm(
        form_date=read.past("privacy_form.form_date", form.get("form_date")),
        voicemail=read.voicemail("privacy_form.voicemail", form.get("voicemail"))
        or empty.voicemail,
        sms=read.consent("privacy_form.sms", form.get("sms")) or empty.sms,
        email=read.consent("privacy_form.email", form.get("email")) or empty.email,
        portal=read.consent("privacy_form.portal", form.get("portal")) or empty.portal,
        confidential=address,
        may_tell=tuple(_confidant(read, at, one) for at, one in enumerate(told, start=1)),
        voicemail_on=tuple(number for number in phones if number),
        version=read.word("privacy_form.version", form.get("version")),
        email_warned=_warned(read, "email_warned", form),
        sms_warned=_warned(read, "sms_warned", form),
        portal_state=read.portal("privacy_form.portal_state", form.get("portal_state"))
        or empty.portal_state,
    )


def _warned(read: Reader, name: str, form: dict[str, Any]) -> RiskWarning | None:
    """`{"on": "2026-03-02", "version": "2"}`, or the date alone."""
    value, column = form.get(name), f"privacy_form.{name}"
    if not isinstance(value, dict):
        return read.warned(column, value)
    return read.warned(column, value.get("on"), value.get("version"))


def _confidant(read: Reader, at: int, value: Any) -> Confidant:
    """`{"name": "Luis", "relation": "spouse", "detail": true}`, or the name alone."""
    column = f"privacy_form.may_tell[{at}]"
    if not isinstance(value, dict):
        return Confidant(read.word(column, value))
    detail = value.get("detail", True)
    if not isinstance(detail, bool):
        read.wrong(f"{column}.detail", "must be true or false")
    return Confidant(
        read.word(f"{column}.name", value.get("name")),
        read.word(f"{column}.relation", value.get("relation")),
        bool(detail),
    )


def _address(read: Reader, column: str, value: Any) -> Address | None:
    if not value:
        return None
    system = AddressSystem.EMAIL if "@" in str(value) else AddressSystem.PHONE
    points = read.point(column, system, value, PointUse.HOME, 1)
    return points[0].address if points else None


def _consent(read: Reader, column: str, value: Any) -> tuple[ConsentEntry, ...]:
    """What was said about one address on a day: an acceptance as it began, all else at noon."""
    one = object_in(read, column, value)
    address = _address(read, f"{column}.address", one.get("address"))
    channel = read.channel(f"{column}.channel", one.get("channel"))
    consent = read.consent(f"{column}.consent", one.get("consent"))
    begun = len(read.troubles)
    day = read.past(f"{column}.at", one.get("at"))
    if len(read.troubles) > begun:
        return ()
    if address is None or channel is None or consent is None or day is None:
        read.wrong(column, "must name address, channel, consent and at")
        return ()
    if channel.system is not address.system:
        read.wrong(f"{column}.channel", "does not reach such an address")
    return (
        ConsentEntry(
            address=address,
            channel=channel,
            consent=consent,
            at=datetime.combine(day, _MIDNIGHT if consent is Consent.ACCEPTED else _NOON, UTC),
            by=read.word(f"{column}.by", one.get("by")) or "patient",
            method=read.word(f"{column}.how", one.get("how")) or "import",
            warned_on=read.past(f"{column}.warned_on", one.get("warned_on")),
            warning=read.word(f"{column}.warning", one.get("warning")),
        ),
    )


def list_in(read: Reader, column: str, value: Any) -> list[Any]:
    """A list, or a problem."""
    if value is None:
        return []
    if not isinstance(value, list):
        read.wrong(column, "must be a list")
        return []
    return value


def object_in(read: Reader, column: str, value: Any) -> dict[str, Any]:
    """An object, or a problem."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        read.wrong(column, "must be an object")
        return {}
    return value

"""Privacy forms by command: show, change, what was changed, what was said of an address."""

from __future__ import annotations

from argparse import Namespace
from datetime import date, tzinfo
from typing import TYPE_CHECKING

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.answer import ANSWERS, answer, read_day
from inbox.difference import Difference, point_words, proxy_words
from inbox.errors import ConfigurationError, NotFound
from inbox.patient import Consent, Patient
from inbox.reaching import add_point, add_proxy, end_proxy, mark_old, mark_works
from tui.commandline import shapes
from tui.commandline.output import Output, stamp, table
from tui.commandline.session import with_office
from tui.commandline.writing import patient_named
from tui.phone_number import international
from tui.wiring import PracticeOffice

if TYPE_CHECKING:
    from inbox.repository import ConsentEntry
    from inbox.storage.patient import FormChange
    from tui.commandline.shapes import Document

_NUMBERS = {"voicemail_on", "confidential"}


def form(options: Namespace, output: Output) -> int:
    """`twoway patients form`: exit status 1 when it is refused or somebody else was quicker."""

    async def work(office: PracticeOffice) -> int:
        desk = office.desk
        named = await patient_named(office, options.patient)
        base = (await desk.forms.open(named.id)).patient
        changed = _changed(base, options, desk.practice.country)
        differences = await desk.forms.save(changed, base, "command") if changed != base else []
        view = await desk.forms.view(named.id)
        output.document(
            {
                **shapes.patient(view.patient),
                "changed": [_difference(one) for one in differences],
                "consents": [
                    _consent(one, desk.practice.timezone) for one in view.consents.values()
                ],
                "shared_with": [
                    {"address": one.address.value, "patient": one.patient_id} for one in view.shared
                ],
            }
        )
        for one in differences:
            output.line(f"{one.field}: {one.old or 'nothing'} → {one.new or 'nothing'}")
        if not differences:
            _print(view.patient, output)
            for said in view.consents.values():
                output.line(f"  {_consent_words(said)}")
        return 0

    return with_office(options, work)


def history(options: Namespace, output: Output) -> int:
    """`twoway patients history`."""

    async def work(office: PracticeOffice) -> int:
        desk = office.desk
        named = await patient_named(office, options.patient)
        found = await desk.forms.history(named.id, options.limit)
        zone = desk.practice.timezone
        output.document([_change(one, zone) for one in found])
        rows: list[tuple[str, ...]] = [
            (
                one.at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
                one.by,
                one.how,
                f"{one.field}: {one.old or 'nothing'} → {one.new or 'nothing'}",
            )
            for one in found
        ]
        for line in table(rows):
            output.line(line)
        if not found:
            output.line("Nothing was changed yet.")
        return 0

    return with_office(options, work)


def consent(options: Namespace, output: Output) -> int:
    """`twoway patients consent`."""

    async def work(office: PracticeOffice) -> int:
        desk = office.desk
        entry = await desk.forms.consent(
            _address(options.address, desk.practice.country),
            ChannelKind(options.channel),
            Consent(options.consent),
            options.how,
            warned_on=_day("--warned-on", options.warned_on),
            warning=options.warning,
        )
        output.document(_consent(entry, desk.practice.timezone))
        output.line(_consent_words(entry))
        return 0

    return with_office(options, work)


# ------------------------------------------------------------ what is to change


def _changed(patient: Patient, options: Namespace, country: str) -> Patient:
    """The patient with everything the options set, contact points before what names them.

    Raises:
        ConfigurationError: an option cannot be used.
    """
    for value in options.add_contact:
        patient = add_point(patient, _value(value, country))
    for value in options.mark_old:
        patient = mark_old(patient, _value(value, country))
    for value in options.mark_works:
        patient = mark_works(patient, _value(value, country))
    for spoken in options.add_proxy:
        name, relation, contact, until = _parts("--add-proxy", spoken)
        contact = _value(contact, country) if contact else ""
        patient = add_proxy(patient, name, relation, contact, _day("--add-proxy", until))
    for spoken in options.end_proxy:
        name, _, until = spoken.rpartition("=")
        if not name:
            raise ConfigurationError("--end-proxy wants NAME=DATE.", "Like “Mia Lee=2026-03-02”.")
        patient = end_proxy(patient, name, _day("--end-proxy", until))
    for spoken in options.set:
        patient = _set(patient, spoken, country)
    return patient


def _set(patient: Patient, spoken: str, country: str) -> Patient:
    id_, equals, value = spoken.partition("=")
    try:
        one = answer(id_.strip())
    except KeyError:
        known = ", ".join(each.id for each in ANSWERS)
        raise ConfigurationError(
            f"The form has no answer “{id_.strip()}”.", f"It has: {known}."
        ) from None
    if not equals:
        raise ConfigurationError("--set wants ANSWER=VALUE.", "Like voicemail=detailed.")
    if one.id in _NUMBERS:
        parts = value.replace(";", ",").split(",")
        value = ", ".join(_value(part, country) for part in parts if part.strip())
    try:
        return one.write(patient, value)
    except ValueError as error:
        raise ConfigurationError(
            f"{one.id} {error}.", f"{one.title.strip()}: {_how(one.id)}."
        ) from None


def _how(id_: str) -> str:
    one = answer(id_)
    return ", ".join(value or "(empty)" for value, _ in one.choices) if one.choices else one.hint


def _value(text: str, country: str) -> str:
    """An address as it is kept: phone numbers with their country code."""
    text = text.strip()
    return text if "@" in text else international(text, country) or text


def _address(text: str, country: str) -> Address:
    system = AddressSystem.EMAIL if "@" in text else AddressSystem.PHONE
    value = _value(text, country)
    if system is AddressSystem.PHONE and not value.startswith("+"):
        raise NotFound("That is no phone number.", "Write it like +15550107811.")
    return Address(system, value)


def _parts(option: str, spoken: str) -> tuple[str, str, str, str]:
    """`Mia Lee; mother; mia@example.com; 2026-12-31`, the last two optional."""
    parts = [part.strip() for part in spoken.split(";")]
    if not 2 <= len(parts) <= 4 or not parts[0]:
        raise ConfigurationError(
            f"{option} wants NAME; RELATION; CONTACT; DATE.",
            "Contact and last day may be left out.",
        )
    name, relation, contact, until = (*parts, "", "")[:4]
    return name, relation, contact, until


def _day(option: str, text: str) -> date | None:
    try:
        return read_day(text)
    except ValueError as error:
        raise ConfigurationError(f"The date of {option} {error}.", "Or leave it out.") from None


# ------------------------------------------------------------ shapes and words


def _print(patient: Patient, output: Output) -> None:
    output.line(f"{patient.name} ({patient.id})")
    rows: list[tuple[str, ...]] = [(f"  {one.id}", one.words(patient) or "—") for one in ANSWERS]
    rows += [(f"  contact {point.value}", point_words(point)) for point in patient.points]
    rows += [(f"  proxy {proxy.name}", proxy_words(proxy)) for proxy in patient.proxies]
    for line in table(rows):
        output.line(line)


def _difference(one: Difference) -> Document:
    return {"field": one.field, "old": one.old or None, "new": one.new or None}


def _change(one: FormChange, zone: tzinfo) -> Document:
    return {
        "at": stamp(one.at, zone),
        "by": one.by,
        "how": one.how,
        "field": one.field,
        "old": one.old or None,
        "new": one.new or None,
    }


def _consent(one: ConsentEntry, zone: tzinfo) -> Document:
    return {
        "address": one.address.value,
        "channel": one.channel.value,
        "consent": one.consent.value,
        "at": stamp(one.at, zone),
        "by": one.by,
        "how": one.method,
        "warned_on": one.warned_on.isoformat() if one.warned_on else None,
        "warning": one.warning or None,
        "message": one.message_id,
    }


def _consent_words(one: ConsentEntry) -> str:
    return (
        f"{one.address.value} by {one.channel.words}: {one.consent.value}, {one.method},"
        f" {one.at:%Y-%m-%d}"
    )

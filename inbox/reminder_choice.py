"""Choosing for a reminder: by which way it goes, and which template says it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Final

from inbox.address import Address, ChannelKind
from inbox.appointment import Appointment, AppointmentRow, RowTrouble
from inbox.outgoing import Category
from inbox.patient import Patient, PointHealth, PointUse
from inbox.template import Shelf, Template

USUAL: Final = "appointment-reminder"
"""The family of templates for a row whose kind fits no other."""
_CHANNELS: Final = (ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.PORTAL)
"""The channels a reminder can go by: it is written."""
_NEEDS_DAY: Final = frozenset({"appointment.date", "reply_by"})
_PLAIN_WORDS: Final = frozenset({"appointment", "reminder", "visit", "a", "the", "for", "with"})


def ways(patient: Patient, today: date) -> Iterator[tuple[ChannelKind, Address]]:
    """Channels and addresses to write to, the preferred ones first.

    A confidential address is the only way (45 CFR 164.522(b)). Who has no address of their own is
    reached through those who may be written to about them.
    """
    wanted = patient.form.confidential
    if wanted is not None:
        yield from ((kind, wanted) for kind in _CHANNELS if kind.system is wanted.system)
        return
    own = [(point, patient.name) for point in patient.points]
    theirs = [(point, proxy.name) for proxy in patient.proxies_on(today) for point in proxy.points]
    for points in (own, theirs):
        ways = [
            (kind, point, name)
            for point, name in points
            if point.use is not PointUse.OLD
            for kind in _CHANNELS
            if kind.system is point.system
        ]
        ways.sort(
            key=lambda way: (
                way[1].health is PointHealth.BAD,
                way[0] is not patient.preferred_channel,
                way[1].rank,
            )
        )
        yield from ((kind, Address(point.system, point.value, name)) for kind, point, name in ways)
        if ways:
            return


# ---------------------------------------------------------------- which template


def family(shelf: Shelf, name: str, appointment: Appointment) -> tuple[Template, ...]:
    """The templates that say the same on different channels; the named one comes first."""
    if name:
        chosen = shelf.named(name)
        family = chosen.family if chosen is not None else name
    else:
        family = by_kind(shelf, appointment.kind)
    members = [one for one in shelf.templates if one.family == family]
    return tuple(sorted(members, key=lambda one: (one.name != name, one.name)))


def by_kind(shelf: Shelf, kind: str) -> str:
    """The family whose name shares most words with a kind of appointment, else the usual one."""
    said = name_words(kind.replace("-", " ").replace("_", " ")) - _PLAIN_WORDS
    families = {
        one.family: len(said & (set(one.family.split("-")) - _PLAIN_WORDS))
        for one in shelf.templates
        if one.category is Category.REMINDER
    }
    best = max(families, key=lambda family: families[family], default=USUAL)
    return best if families.get(best) else USUAL


def lacking(row: AppointmentRow, template: Template) -> RowTrouble | None:
    """What the template needs and the row does not have."""
    appointment = row.appointment
    if appointment.day is None and template.fields & _NEEDS_DAY:
        return RowTrouble(row.row, row.column("date"), "is empty; a reminder of a visit needs it")
    if appointment.at is None and "appointment.time" in template.fields:
        return RowTrouble(row.row, row.column("time"), "is empty; a reminder of a visit needs it")
    return None


def name_words(text: str) -> frozenset[str]:
    """The words of a name without regard to case, accents and order."""
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)
    )
    return frozenset(re.findall(r"\w+", plain.casefold()))

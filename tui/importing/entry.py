"""One patient of an import file, and how it changes what is stored.

Problems name row and column, never the value: it is a patient's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any, TypeVar

from inbox.address import AddressSystem, ChannelKind
from inbox.answer import read_confidants
from inbox.contradiction import known_zone
from inbox.patient import (
    Confidant,
    Consent,
    ContactPoint,
    Patient,
    PointUse,
    PortalState,
    PrivacyForm,
    Proxy,
    RiskWarning,
    VoicemailConsent,
)
from inbox.plain import plain_line
from inbox.repository import ConsentEntry
from tui.config.reading import is_mail_address
from tui.phone_number import international

T = TypeVar("T")

_NORTH_AMERICA = {"US", "CA", "PR"}
_DATES = (
    (re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$"), "ymd"),
    (re.compile(r"^(\d{4})(\d{2})(\d{2})$"), "ymd"),
    (re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$"), "dmy"),
    (re.compile(r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$"), ""),
)
_IDENTIFIER = re.compile(r"[^\s|]+\|[^|]+\Z")
_CONSENT = {
    Consent.ACCEPTED: "accepted warned_accepted opted_in opt_in yes y true 1 ok allowed",
    Consent.DECLINED: "declined opted_out opt_out no n false 0 refused stop",
    Consent.IMPLIED: "implied",
    Consent.UNKNOWN: "unknown ?",
}
_VOICEMAIL = {
    VoicemailConsent.DETAILED: "detailed full yes y true 1",
    VoicemailConsent.CALLBACK_ONLY: "callback_only callback name_and_number limited",
    VoicemailConsent.NONE: "none no n false 0",
    VoicemailConsent.UNKNOWN: "unknown ?",
}
_PORTAL = {
    PortalState.ACTIVE: "active enrolled registered yes y true 1",
    PortalState.INVITED: "invited pending",
    PortalState.NONE: "none no n false 0 declined",
    PortalState.UNKNOWN: "unknown ?",
}
_CHANNELS = {
    ChannelKind.EMAIL: "email e_mail mail",
    ChannelKind.SMS: "sms text texts text_message",
    ChannelKind.PHONE: "phone call calls voice telephone",
    ChannelKind.PORTAL: "portal",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something in the file that cannot be used."""

    row: int
    """The row (CSV, the header being row 1) or the number of the entry (JSON, from 1)."""
    column: str
    """The column or key."""
    what: str
    """What is wrong and what was expected."""
    resource: str = ""
    """The FHIR resource, `Patient/12`; empty for other files."""

    @property
    def place(self) -> str:
        """Where it is, in words: `Row 4, Email`."""
        return f"{self.resource or f'Row {self.row}'}, {self.column}"


class Reader:
    """Collects what is wrong with one row while its values are read."""

    def __init__(
        self, row: int, country: str, resource: str = "", today: date | None = None
    ) -> None:
        """Read row number `row`, or a FHIR resource, of a practice in `country`.

        Without `today`, no date lies ahead.
        """
        self.row = row
        self.country = country
        self.resource = resource
        self.today = today
        self.troubles: list[Trouble] = []
        self.notes: list[Trouble] = []

    def wrong(self, column: str, what: str) -> None:
        """Note a problem: the row cannot be taken."""
        self.troubles.append(Trouble(self.row, column, what, self.resource))

    def left_out(self, column: str, what: str) -> None:
        """Note what was not understood; the rest of the row can be taken."""
        self.notes.append(Trouble(self.row, column, what, self.resource))

    def confidants(self, column: str, value: Any) -> tuple[Confidant, ...]:
        """Who may be told: `Luis (spouse); Ana: call-back only`."""
        try:
            return read_confidants(self.word(column, value))
        except ValueError as error:
            self.wrong(column, str(error))
            return ()

    def zone(self, column: str, value: Any) -> str:
        """A time zone, or empty."""
        text = self.word(column, value)
        if text and not known_zone(text):
            self.wrong(column, "is not a time zone; write America/Chicago")
            return ""
        return text

    def warned(self, column: str, value: Any, version: Any = None) -> RiskWarning | None:
        """When they were warned that a channel is not private."""
        day = self.past(column, value)
        return RiskWarning(day, self.word(column, version)) if day else None

    def portal(self, column: str, value: Any) -> PortalState | None:
        """Whether they have a portal account."""
        return self.choice(column, value, _PORTAL)

    def numbers(self, column: str, value: Any) -> tuple[str, ...]:
        """Several phone numbers in one cell."""
        parts = re.split(r"[;,/|]", self.word(column, value))
        found = (self.phone(column, part.strip()) for part in parts if part.strip())
        return tuple(number for number in found if number)

    def word(self, column: str, value: Any) -> str:
        """A short text, safe to show; empty for nothing."""
        if value is None:
            return ""
        if not isinstance(value, str | int) or isinstance(value, bool):
            self.wrong(column, "must be text")
            return ""
        return plain_line(str(value), 200)

    def day(self, column: str, value: Any) -> date | None:
        """A date; 04/12/1961 is April in North America and December elsewhere."""
        text = self.word(column, value)
        if not text:
            return None
        for pattern, order in _DATES:
            found = pattern.match(text)
            if found:
                order = order or ("mdy" if self.country in _NORTH_AMERICA else "dmy")
                parts = dict(zip(order, (int(part) for part in found.groups()), strict=True))
                try:
                    return date(parts["y"], parts["m"], parts["d"])
                except ValueError:
                    break
        self.wrong(column, "is not a date; write 1961-04-12")
        return None

    def past(self, column: str, value: Any) -> date | None:
        """The date of something that has happened."""
        day = self.day(column, value)
        if day is not None and self.today is not None and day > self.today:
            self.wrong(column, "lies ahead; look at the year")
            return None
        return day

    def mail(self, column: str, value: Any) -> str:
        """An e-mail address, or empty."""
        text = self.word(column, value)
        if text and not is_mail_address(text):
            self.wrong(column, "is not an e-mail address")
            return ""
        return text

    def phone(self, column: str, value: Any) -> str:
        """A phone number with country code where it is known, or empty."""
        text = self.word(column, value)
        if not text:
            return ""
        number = international(text, self.country)
        if not number:
            self.wrong(column, "is not a phone number; write +15550107811")
        return number

    def choice(self, column: str, value: Any, choices: Mapping[T, str]) -> T | None:
        """One of several words; None for nothing."""
        text = re.sub(r"[^a-z0-9?]+", "_", self.word(column, value).casefold()).strip("_")
        if not text:
            return None
        for choice, words in choices.items():
            if text in words.split():
                return choice
        known = ", ".join(words.split()[0] for words in choices.values())
        self.wrong(column, f"is not one of {known}")
        return None

    def consent(self, column: str, value: Any) -> Consent | None:
        """What the form says of a channel."""
        return self.choice(column, value, _CONSENT)

    def voicemail(self, column: str, value: Any) -> VoicemailConsent | None:
        """What the form says of voicemail."""
        return self.choice(column, value, _VOICEMAIL)

    def channel(self, column: str, value: Any) -> ChannelKind | None:
        """A preferred channel."""
        return self.choice(column, value, _CHANNELS)

    def identifiers(self, column: str, value: Any) -> tuple[str, ...]:
        """Numbers that others know them by: `system|value`, as a list or separated by `;`."""
        parts = value.split(";") if isinstance(value, str) else list_of(value)
        found = []
        for part in parts:
            text = self.word(column, part)
            if text and not _IDENTIFIER.match(text):
                self.wrong(column, "is not system|value; write https://ehr.example/mrn|1011")
            elif text:
                found.append(text)
        return tuple(dict.fromkeys(found))

    def point(
        self, column: str, system: AddressSystem, value: Any, use: PointUse, rank: int
    ) -> tuple[ContactPoint, ...]:
        """A contact point, or nothing."""
        read: dict[AddressSystem, Callable[[str, Any], str]] = {
            AddressSystem.EMAIL: self.mail,
            AddressSystem.PHONE: self.phone,
            AddressSystem.PORTAL: self.word,
        }
        text = read[system](column, value)
        return (ContactPoint(system, text, use, max(1, rank)),) if text else ()


_MERGED = frozenset({"id", "points", "form", "proxies", "sources", "identifiers"})
"""Fields of a patient of which what is stored is not simply replaced."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One patient as the file has it, and which fields it speaks of."""

    row: int
    patient: Patient
    speaks_of: frozenset[str]
    """Names of fields of Patient and PrivacyForm; of the others nothing is known here."""
    resource: str = ""
    """The FHIR resource, `Patient/12`; empty for other files."""
    whole: bool = True
    """The file has the patient; otherwise it only adds to one who is stored already."""
    adds_proxies: bool = False
    """Its proxies come to those that are stored; otherwise they take their place."""
    consents: tuple[ConsentEntry, ...] = ()
    """What was said about addresses."""
    about: str = ""
    """The FHIR reference to the patient, when they are not in the file."""
    said_on: Mapping[str, date | None] = field(default_factory=dict)
    """The days of single answers; all others are of the form's."""
    name_only: bool = False
    """Neither an id nor a birth date: it could be anybody of that name."""
    foreign_id: bool = False
    """The id is one that another system made up, not a number of the practice."""

    def trouble(self, column: str, what: str) -> Trouble:
        """Something that is wrong with it, or is left out of it."""
        return Trouble(self.row, column, what, self.resource)

    def onto(self, stored: Patient | None) -> Patient:
        """The patient once this entry is taken over.

        What the file does not speak of stays. Of each kind of address (e-mail, phone) that it
        brings, it brings all; whether an address is known to work stays known.
        """
        if stored is None:
            return self.patient
        form_names = {one.name for one in fields(PrivacyForm)}
        form = replace(
            stored.form,
            **{name: getattr(self.patient.form, name) for name in self.speaks_of & form_names},
        )
        mine = {name: getattr(self.patient, name) for name in self.speaks_of - form_names - _MERGED}
        return replace(
            stored,
            **mine,
            form=form,
            points=self._points(stored),
            proxies=self._proxies(stored),
            sources=tuple(dict.fromkeys((*stored.sources, *self.patient.sources))),
            identifiers=tuple(dict.fromkeys((*stored.identifiers, *self.patient.identifiers))),
        )

    def _proxies(self, stored: Patient) -> tuple[Proxy, ...]:
        if "proxies" not in self.speaks_of:
            return stored.proxies
        ends = {proxy.name.casefold(): proxy.until for proxy in stored.proxies}
        # An access that ends stays so until a file names another day.
        came = tuple(
            replace(proxy, until=proxy.until or ends.get(proxy.name.casefold()))
            for proxy in self.patient.proxies
        )
        brought = {proxy.name.casefold(): proxy for proxy in came}
        if not self.adds_proxies:
            return came
        known = {proxy.name.casefold() for proxy in stored.proxies}
        kept = tuple(brought.get(proxy.name.casefold(), proxy) for proxy in stored.proxies)
        return kept + tuple(proxy for name, proxy in brought.items() if name not in known)

    def _points(self, stored: Patient) -> tuple[ContactPoint, ...]:
        if "points" not in self.speaks_of:
            return stored.points
        known = {(point.system, point.address.key): point for point in stored.points}
        systems = {point.system for point in self.patient.points}
        brought = tuple(
            replace(point, health=old.health, health_reason=old.health_reason)
            if (old := known.get((point.system, point.address.key)))
            else point
            for point in self.patient.points
        )
        return brought + tuple(point for point in stored.points if point.system not in systems)


@dataclass(frozen=True, slots=True)
class Replaced:
    """A patient whom another one replaces (FHIR R4 Patient.link)."""

    old: tuple[str, ...]
    """The id here, and what other systems call them: `Patient/12`."""
    into: tuple[str, ...]
    """The same of the one who stays."""


@dataclass(slots=True)
class Reading:
    """What a file holds, as far as it was understood."""

    entries: list[Entry]
    troubles: list[Trouble] = field(default_factory=list)
    """Why rows cannot be taken."""
    notes: list[Trouble] = field(default_factory=list)
    """What was not understood of rows that can."""
    ignored: list[str] = field(default_factory=list)
    """Columns and keys that were not understood at all."""
    replaced: list[Replaced] = field(default_factory=list)
    """Who is somebody else in the file's system now."""

    def note(self, read: Reader) -> None:
        """Take over what a reader noted."""
        self.troubles += read.troubles
        self.notes += read.notes


def list_of(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty one, anything else alone."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


_NOBODY = Patient("", "", "")
_UNKNOWN = frozenset({"voicemail", "sms", "email", "portal", "portal_state"})
_NONE = frozenset({
    "birth_date", "preferred_channel", "language", "timezone", "postal_code", "state", "best_time",
    "proxies", "proxy_name", "version", "voicemail_on", "confidential", "may_tell", "email_warned",
    "sms_warned",
})  # fmt: skip


def emptied(name: str, value: Any) -> bool:
    """Whether a file empties a field on purpose: `none`, or `unknown` where there is a choice."""
    word = value.strip().casefold() if isinstance(value, str) else ""
    return (word == "none" and name in _NONE) or (word in {"unknown", "?"} and name in _UNKNOWN)


def spoken_of(patient: Patient, emptied_names: Collection[str]) -> frozenset[str]:
    """The fields that a file says something of: those with a value, and those it empties."""
    told = {"id", *emptied_names}
    for whole, none in ((patient, _NOBODY), (patient.form, _NOBODY.form)):
        told |= {
            one.name for one in fields(whole) if getattr(whole, one.name) != getattr(none, one.name)
        }
    return frozenset(told - {"form", "proxy_name"})


def made_up_id(given: str, family: str, born: date | None) -> str:
    """A stable id for a patient whose file has none; it does not hold the name."""
    key = f"{given.casefold()}\0{family.casefold()}\0{born.isoformat() if born else ''}"
    return "p-" + hashlib.sha256(key.encode("utf-8")).hexdigest()[:12]

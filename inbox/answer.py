"""The answers of the privacy form, each declared once: how it is read, written and said.

The screen, `twoway patients form --set` and the history of changes all go by this table, so that a
value has one name and one spelling everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeVar

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.patient import (
    Confidant,
    Consent,
    ContactPoint,
    Patient,
    PortalState,
    RiskWarning,
    VoicemailConsent,
)

E = TypeVar("E", bound=StrEnum)

_CALL_BACK: Final = "call-back only"
_CONFIDANT: Final = re.compile(r"^(?P<name>[^(),;]+?)\s*(?:\((?P<relation>[^()]*)\))?\s*$")
_CODED: Final = re.compile(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")
_NUMBER: Final = re.compile(r"^\+[1-9][0-9]{6,14}$")
_LONG: Final = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing the form says."""

    id: str
    """Stable and public: `voicemail`."""
    title: str
    """A few words for the screen."""
    read: Callable[[Patient], str]
    """The value as text; empty for none."""
    write: Callable[[Patient, str], Patient]
    """Set it from text; raises ValueError with what was expected."""
    choices: tuple[tuple[str, str], ...] = ()
    """Every value with its words; empty: free text."""
    hint: str = ""
    """How to write it, with an example."""

    def words(self, patient: Patient) -> str:
        """The value as the screen says it."""
        value = self.read(patient)
        return dict(self.choices).get(value, value)


def _on_form(name: str, value: Any) -> Callable[[Patient], Patient]:
    return lambda patient: replace(patient, form=replace(patient.form, **{name: value}))


def _chosen(kind: type[E], text: str, shown: Mapping[str, E]) -> E:
    """What a person typed: the value itself, or the words that are shown for it."""
    said = " ".join(text.split()).casefold()
    if said in shown:
        return shown[said]
    try:
        return kind(said.replace("-", "_").replace(" ", "_"))
    except ValueError:
        words = {one: word for word, one in shown.items()}
        known = "; ".join(
            one.value if words[one] == one.value else f"{one.value} ({words[one]})" for one in kind
        )
        raise ValueError(f"must be one of: {known}") from None


def _choice(id_: str, title: str, kind: type[StrEnum], words: Iterable[str]) -> Answer:
    choices = tuple(zip(kind, words, strict=True))
    shown = {word: one for one, word in choices}
    return Answer(
        id_,
        title,
        lambda patient: str(getattr(patient.form, id_).value),
        lambda patient, text: _on_form(id_, _chosen(kind, text, shown))(patient),
        tuple((one.value, word) for one, word in choices),
    )


def _text(id_: str, title: str, hint: str, pattern: re.Pattern[str] | None = None) -> Answer:
    def write(patient: Patient, text: str) -> Patient:
        said = " ".join(text.split())[:_LONG]
        if said and pattern is not None and not pattern.match(said):
            raise ValueError(f"must look like {hint}")
        changed: dict[str, Any] = {id_: said}
        return replace(patient, **changed)

    return Answer(id_, title, lambda patient: str(getattr(patient, id_)), write, hint=hint)


def read_day(text: str) -> date | None:
    """A date as the form has it, `2026-03-02`; None for nothing.

    Raises:
        ValueError: it is none.
    """
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("must be a date like 2026-03-02") from None


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""


def _warned(id_: str, title: str) -> Answer:
    def read(patient: Patient) -> str:
        warned: RiskWarning | None = getattr(patient.form, id_)
        return f"{_day(warned.on)} {warned.version}".strip() if warned else ""

    def write(patient: Patient, text: str) -> Patient:
        day, _, version = text.strip().partition(" ")
        warned = RiskWarning(read_day(day), " ".join(version.split())[:40]) if day else None
        return _on_form(id_, warned)(patient)

    return Answer(id_, title, read, write, hint="2026-03-02, then the version if there is one")


def confidant_words(one: Confidant) -> str:
    """`Luis (spouse)`, or `Luis (spouse): call-back only`."""
    relation = f" ({one.relation})" if one.relation else ""
    return f"{one.name}{relation}" + ("" if one.detail else f": {_CALL_BACK}")


def read_confidants(text: str) -> tuple[Confidant, ...]:
    """`Luis (spouse); Ana: call-back only`.

    Raises:
        ValueError: a part of it is no name.
    """
    found = []
    for part in text.split(";"):
        if not part.strip():
            continue
        name, _, may = part.partition(":")
        may = may.strip().casefold().replace("callback", "call-back")
        person = _CONFIDANT.match(name.strip())
        if person is None or may not in {"", _CALL_BACK, "everything"}:
            raise ValueError("must look like: Luis (spouse); Ana (sister): call-back only")
        found.append(
            Confidant(person["name"], (person["relation"] or "").strip(), may != _CALL_BACK)
        )
    return tuple(found)


def known_point(patient: Patient, text: str) -> ContactPoint | None:
    """The contact point, own or of a proxy, that a text names as a whole; or None."""
    points = [*patient.points, *(point for proxy in patient.proxies for point in proxy.points)]
    for point in points:
        if point.address.key == Address(point.system, text).key:
            return point
    return None


def _address(patient: Patient, text: str) -> Address:
    known = known_point(patient, text)
    if known is not None:
        return known.address
    text = text.strip()
    if "@" in text:
        return Address(AddressSystem.EMAIL, text)
    if _NUMBER.match(text):
        return Address(AddressSystem.PHONE, text)
    raise ValueError("must be one of their contact points, an e-mail address, or +15550107811")


def _set_confidential(patient: Patient, text: str) -> Patient:
    address = _address(patient, text) if text.strip() else None
    return _on_form("confidential", address)(patient)


def _set_voicemail_on(patient: Patient, text: str) -> Patient:
    numbers = []
    for part in text.replace(";", ",").split(","):
        if part.strip():
            known = known_point(patient, part.strip())
            numbers.append(known.value if known else part.strip())
    return _on_form("voicemail_on", tuple(dict.fromkeys(numbers)))(patient)


def _set_preferred(patient: Patient, text: str) -> Patient:
    shown = {one.words: one for one in ChannelKind}
    chosen = _chosen(ChannelKind, text, shown) if text.strip() else None
    return replace(patient, preferred_channel=chosen)


def _set_version(patient: Patient, text: str) -> Patient:
    return _on_form("version", " ".join(text.split())[:40])(patient)


_CONSENT_WORDS: Final = ("not asked", "they began it", "accepted", "declined")

ANSWERS: Final[tuple[Answer, ...]] = (
    Answer(
        "form_date",
        "Form signed on",
        lambda patient: _day(patient.form.form_date),
        lambda patient, text: _on_form("form_date", read_day(text))(patient),
        hint="2026-03-02",
    ),
    Answer(
        "form_version",
        "Version of the form",
        lambda patient: patient.form.version,
        _set_version,
        hint="what is printed on it",
    ),
    _choice(
        "voicemail",
        "Voicemail",
        VoicemailConsent,
        ("not asked", "no voicemail", "call-back only", "details allowed"),
    ),
    Answer(
        "voicemail_on",
        "  on which numbers",
        lambda patient: ", ".join(patient.form.voicemail_on),
        _set_voicemail_on,
        hint="+15550107811, +15550107812; empty: all of them",
    ),
    Answer(
        "may_tell",
        "May be told",
        lambda patient: "; ".join(confidant_words(one) for one in patient.form.may_tell),
        lambda patient, text: _on_form("may_tell", read_confidants(text))(patient),
        hint="Luis (spouse); Ana (sister): call-back only",
    ),
    _choice("email", "E-mail", Consent, _CONSENT_WORDS),
    _warned("email_warned", "  warned on, version"),
    _choice("sms", "Texts", Consent, _CONSENT_WORDS),
    _warned("sms_warned", "  warned on, version"),
    _choice("portal", "Portal messages", Consent, _CONSENT_WORDS),
    _choice(
        "portal_state", "Portal account", PortalState, ("not known", "none", "invited", "active")
    ),
    Answer(
        "confidential",
        "Write ONLY to",
        lambda patient: patient.form.confidential.value if patient.form.confidential else "",
        _set_confidential,
        hint="one address that beats everything else; empty: none",
    ),
    Answer(
        "preferred_channel",
        "Prefers",
        lambda patient: patient.preferred_channel.value if patient.preferred_channel else "",
        _set_preferred,
        (("", "no preference"), *((one.value, one.words) for one in ChannelKind)),
    ),
    _text("best_time", "Best time", "mornings before ten"),
    _text("language", "Language", "es", _CODED),
    _text("timezone", "Time zone", "America/Chicago; empty: from ZIP code or number"),
)
"""Every answer, in the order the screen shows them."""

_BY_ID: Final = {one.id: one for one in ANSWERS}


def answer(id_: str) -> Answer:
    """The answer with this id.

    Raises:
        KeyError: there is none.
    """
    return _BY_ID[id_]

"""Patients, their contact points, their proxies, and what their privacy form allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from inbox.address import Address, AddressSystem, ChannelKind


class VoicemailConsent(StrEnum):
    """What may be said to the patient's voicemail."""

    UNKNOWN = "unknown"
    NONE = "none"
    CALLBACK_ONLY = "callback_only"
    DETAILED = "detailed"


class Consent(StrEnum):
    """What the patient said about being written to on a channel."""

    UNKNOWN = "unknown"
    IMPLIED = "implied"
    """The patient began it on this channel."""
    ACCEPTED = "accepted"
    """Warned of the risk, and accepted."""
    DECLINED = "declined"
    """Asked not to be written to this way; includes opting out."""


class PortalState(StrEnum):
    """Whether the patient can read and write in the portal."""

    UNKNOWN = "unknown"
    NONE = "none"
    """They have no account and want none."""
    INVITED = "invited"
    """They were sent an invitation and have not used it."""
    ACTIVE = "active"


class PointUse(StrEnum):
    """What a contact point is for (FHIR ContactPoint.use)."""

    HOME = "home"
    WORK = "work"
    MOBILE = "mobile"
    TEMP = "temp"
    OLD = "old"
    """No longer this person's."""


class PointHealth(StrEnum):
    """Whether messages to a contact point are known to arrive."""

    GOOD = "good"
    BAD = "bad"
    """A permanent failure was reported: unknown user, wrong number, ..."""


NO_TEXTS = "takes no texts"
"""Stands in the reason why a number is bad that can be called and not texted."""


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """One way to reach a person (FHIR ContactPoint)."""

    system: AddressSystem
    value: str
    use: PointUse = PointUse.HOME
    rank: int = 1
    """1 is tried first."""
    health: PointHealth = PointHealth.GOOD
    health_reason: str = ""
    """Why it is bad, in words."""

    @property
    def address(self) -> Address:
        """As an address without a name."""
        return Address(self.system, self.value)


@dataclass(frozen=True, slots=True)
class Proxy:
    """Somebody who may write and be written to about a patient (FHIR RelatedPerson)."""

    name: str
    relation: str
    """`mother`, `guardian`, `spouse`, ..."""
    points: tuple[ContactPoint, ...] = ()
    until: date | None = None
    """The last day of the access."""

    def ended_by(self, day: date) -> bool:
        """Whether the access is over on `day`."""
        return self.until is not None and self.until < day


@dataclass(frozen=True, slots=True)
class Confidant:
    """Somebody a message may be left with (45 CFR 164.510(b))."""

    name: str
    relation: str = ""
    detail: bool = True
    """They may be told what it is about; otherwise only that the practice called."""


@dataclass(frozen=True, slots=True)
class RiskWarning:
    """That the patient was warned that a channel is not private (78 FR 5634)."""

    on: date | None = None
    version: str = ""
    """Which wording of the warning."""


@dataclass(frozen=True, slots=True)
class PrivacyForm:
    """What the patient allowed (45 CFR 164.522(b); no field asks for a reason)."""

    form_date: date | None = None
    voicemail: VoicemailConsent = VoicemailConsent.UNKNOWN
    sms: Consent = Consent.UNKNOWN
    email: Consent = Consent.UNKNOWN
    portal: Consent = Consent.UNKNOWN
    confidential: Address | None = None
    """Write only here: beats every preference."""
    may_tell: tuple[Confidant, ...] = ()
    """Who may be told, and what."""
    voicemail_on: tuple[str, ...] = ()
    """The phone numbers whose voicemail the answer is about; empty: all of them."""
    version: str = ""
    """Which printing of the form was signed."""
    email_warned: RiskWarning | None = None
    """The warning that came before the answer about e-mail; None: not noted."""
    sms_warned: RiskWarning | None = None
    """The warning that came before the answer about texts; None: not noted."""
    portal_state: PortalState = PortalState.UNKNOWN

    def consent(self, channel: ChannelKind) -> Consent:
        """What the form says about writing on this channel; calls need no consent of their own."""
        by_channel = {
            ChannelKind.EMAIL: self.email,
            ChannelKind.SMS: self.sms,
            ChannelKind.PORTAL: self.portal,
        }
        return by_channel.get(channel, Consent.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Patient:
    """A person the practice cares for (FHIR Patient)."""

    id: str
    """The practice's own identifier; stable, never shown to others."""
    given: str
    family: str
    birth_date: date | None = None
    points: tuple[ContactPoint, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    form: PrivacyForm = PrivacyForm()
    preferred_channel: ChannelKind | None = None
    language: str = ""
    """BCP 47, e.g. `es`."""
    timezone: str = ""
    """IANA name, when the practice knows it; empty: worked out from the ZIP code or the number."""
    postal_code: str = ""
    state: str = ""
    """Two letters (US), or empty."""
    best_time: str = ""
    """When they like to be reached, in words: `mornings before ten`."""
    sources: tuple[str, ...] = ()
    """What other systems call them: `Patient/12`, or its whole URL (FHIR R4 Reference)."""
    identifiers: tuple[str, ...] = ()
    """Numbers that others know them by, as `system|value` (FHIR R4 Identifier)."""

    @property
    def name(self) -> str:
        """Given name and family name."""
        return f"{self.given} {self.family}".strip()

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Every address it is about: own points, those of proxies, the confidential one."""
        points = [*self.points, *(point for proxy in self.proxies for point in proxy.points)]
        found = [point.address for point in points]
        if self.form.confidential is not None:
            found.append(Address(self.form.confidential.system, self.form.confidential.value))
        return tuple(dict.fromkeys(found))

    def proxies_on(self, day: date) -> tuple[Proxy, ...]:
        """The proxies whose access has not ended by `day`."""
        return tuple(proxy for proxy in self.proxies if not proxy.ended_by(day))

    def ended_proxy_at(self, address: Address, day: date) -> Proxy | None:
        """The proxy whose access has ended and whose address this is; None when others have it."""
        if self.point_at(address, day) is not None:
            return None
        return next(
            (
                proxy
                for proxy in self.proxies
                if proxy.ended_by(day)
                and any(point.address.key == address.key for point in proxy.points)
            ),
            None,
        )

    def point_at(self, address: Address, day: date) -> ContactPoint | None:
        """The contact point, own or of a proxy with access, that is this address; or None."""
        own = (point for point in self.points if point.address.key == address.key)
        theirs = (
            point
            for proxy in self.proxies_on(day)
            for point in proxy.points
            if point.address.key == address.key
        )
        return next(own, None) or next(theirs, None)

    def first_names(self) -> frozenset[str]:
        """First names that a greeting may use: the patient's and the proxies'."""
        names = (self.given, *(proxy.name for proxy in self.proxies))
        return frozenset(name.split()[0].casefold() for name in names if name.split())

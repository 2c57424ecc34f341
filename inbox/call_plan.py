"""A call before it is made: whom, at which number, what may be said, and how they can answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.call_script import (
    GAP,
    direct_words,
    here_words,
    service_words,
    spoken_time,
    voicemail_words,
)
from inbox.consent import voicemail_at
from inbox.finding import Finding
from inbox.line import Line
from inbox.number import digits, digits_only, number_words
from inbox.outgoing import CallOutcome, Draft, WayBack
from inbox.patient import Patient, PointHealth, PointUse, VoicemailConsent
from inbox.practice import Practice, StaffMember
from inbox.situation import Situation

OF_THE_LINE: Final = frozenset({"TW01", "TW02", "TW03"})
"""Rules about the line something leaves from; a call by hand leaves from a telephone."""
OF_THE_LOG: Final = frozenset({"TW11", "TW13", "TW17"})
"""Rules that speak against keeping a log; what all others say of a call made is kept with it."""


@dataclass(frozen=True, slots=True)
class CallNumber:
    """One number somebody can be called at."""

    address: Address
    use: str = ""
    """`mobile`, `work`, ...; empty when it is none of the patient's."""
    whose: str = ""
    """`Luis Jimenez, spouse` when it is a proxy's; empty for the patient's own."""
    old: bool = False
    """It is marked as no longer theirs."""
    bad: str = ""
    """Why it is known not to work; empty when it may."""
    confidential: bool = False
    """It is where they asked to be reached, and nowhere else."""

    @property
    def words(self) -> str:
        """`(555) 010-2231 mobile`, with what speaks against it."""
        marks = [self.use] if self.use and not self.old else []
        marks += [self.whose] if self.whose else []
        marks += ["OLD: no longer theirs"] if self.old else []
        marks += [f"BAD: {self.bad}"] if self.bad else []
        marks += ["confidential: only here"] if self.confidential else []
        return " · ".join((number_words(self.address.value), *marks))

    @property
    def doubtful(self) -> bool:
        """Whether somebody else may pick up, or nobody."""
        return self.old or bool(self.bad)


@dataclass(frozen=True, slots=True)
class WayOffer:
    """One of the four ways to answer, and whether it can be given here."""

    way: WayBack
    words: str
    """What it is here: `direct line (555) 010-7701`."""
    refused: str = ""
    """Why it cannot be given; empty when it can."""


@dataclass(frozen=True, slots=True)
class CallPlan:
    """All that is to be known before dialling."""

    draft: Draft
    """The call to be made; its text is the script."""
    situation: Situation
    person: str
    """Whom to ask for."""
    patient: Patient | None
    number: CallNumber
    others: tuple[CallNumber, ...]
    """Other numbers, the likeliest first."""
    line: Line
    """The number of ours they see."""
    dials: bool
    """The call is made from here, and rings the caller's own phone first; else it is by hand."""
    voicemail: VoicemailConsent
    """What may be left at this number."""
    may_tell: tuple[str, ...]
    quiet: bool
    """It is a time to rest where they may be."""
    phones_until: datetime | None
    """When the phones go off; None: nobody answers them now."""
    minutes_left: int
    """Whole minutes until then; 0 when they are off."""
    caller: StaffMember
    script: str
    """What to say to a voicemail; empty: leave no message."""
    until: datetime
    """Until when the caller is likely to be there."""
    watchable: tuple[Line, ...]
    """Lines that can be watched after the phones are off, the likeliest first."""
    ways: tuple[WayOffer, ...]
    heads_up: str
    """What the answering service would be told."""
    findings: tuple[Finding, ...]
    """What the gate says, the most severe first."""
    kept: Draft | None = None
    """The log of this call as it was filled in before."""

    @property
    def direct_line(self) -> str:
        """The caller's own number, as people write it; empty without one."""
        return number_words(self.caller.direct_line)

    @property
    def voicemail_words(self) -> str:
        """What the form says of this number's voicemail."""
        return voicemail_words(self.voicemail)

    def offer(self, way: WayBack) -> WayOffer:
        """What is said of one way."""
        return next(one for one in self.ways if one.way is way)


def numbers_of(patient: Patient, today: date) -> list[CallNumber]:
    """Every number a patient can be called at, those that work first, by rank.

    Who asked to be reached at one address only is called there, or not at all (45 CFR 164.522(b)).
    """
    wanted = patient.form.confidential
    found = [
        CallNumber(
            Address(point.system, point.value, patient.name),
            point.use.value,
            whose,
            point.use is PointUse.OLD,
            (point.health_reason or "it did not work") if point.health is PointHealth.BAD else "",
            wanted is not None and wanted.key == point.address.key,
        )
        for whose, points in (
            ("", patient.points),
            *((f"{one.name}, {one.relation}", one.points) for one in patient.proxies_on(today)),
        )
        for point in sorted(points, key=lambda point: point.rank)
        if point.system is AddressSystem.PHONE
    ]
    if wanted is not None and wanted.system is AddressSystem.PHONE:
        known = [one for one in found if one.confidential]
        alone = CallNumber(Address(wanted.system, wanted.value, patient.name), confidential=True)
        return known or [alone]
    return sorted(found, key=lambda one: one.doubtful)


def choose_number(
    numbers: Sequence[CallNumber], wanted: Address | None, called: Address | None
) -> tuple[CallNumber | None, tuple[CallNumber, ...]]:
    """The number to call, and the others.

    Args:
        numbers: The patient's, the likeliest first.
        wanted: The one a person chose.
        called: The one they called us from last.
    """
    by_key = {one.address.key: one for one in numbers}
    chosen: CallNumber | None = None
    if wanted is not None:
        chosen = by_key.get(wanted.key) or CallNumber(wanted)
    elif called is not None and (not numbers or _usable(by_key.get(called.key))):
        chosen = by_key.get(called.key) or CallNumber(called)
    elif numbers:
        chosen = numbers[0]
    others = tuple(one for one in numbers if chosen is None or one != chosen)
    return chosen, others


def _usable(number: CallNumber | None) -> bool:
    return number is not None and not number.doubtful


def ways_of(
    practice: Practice,
    caller: StaffMember,
    patient: Patient | None,
    number: CallNumber,
    watchable: Sequence[Line],
) -> tuple[WayOffer, ...]:
    """The four ways to answer a message that is left, each with why it cannot be given here."""
    direct, service = number_words(caller.direct_line), practice.answering_service
    deaf = ""
    if service is None:
        deaf = "the practice has no answering service"
    elif not service.takes_messages:
        deaf = "the answering service takes no messages"
    elif service.heads_up_channel is None:
        deaf = "nothing says how the answering service is told (heads_up)"
    form = voicemail_at(patient, (number.address,))
    return (
        WayOffer(
            WayBack.DIRECT_LINE,
            f"my direct line {direct}".rstrip(),
            "" if direct else "you have no direct line in the configuration",
        ),
        WayOffer(
            WayBack.HERE_UNTIL,
            "here until a time, then an address that I watch",
            "" if watchable else "no e-mail or portal line is proven to receive",
        ),
        WayOffer(WayBack.SERVICE, "the answering service, which gets a heads-up", deaf),
        WayOffer(
            WayBack.INFORMATION,
            "the information itself",
            ""
            if form is VoicemailConsent.DETAILED
            else "nobody has asked them yet whether it may be left"
            if form is VoicemailConsent.UNKNOWN
            else f"the privacy form says: {voicemail_words(form)}",
        ),
    )


def watchable_lines(
    practice: Practice, proven: frozenset[str], patient: Patient | None, used: Sequence[str]
) -> tuple[Line, ...]:
    """Lines that can be watched in place of the phones: written ones that are proven."""
    has_portal = patient is not None and any(
        point.system is AddressSystem.PORTAL for point in patient.points
    )
    written = [
        line
        for line in practice.lines
        if line.id in proven
        and (
            line.channel is ChannelKind.EMAIL or (line.channel is ChannelKind.PORTAL and has_portal)
        )
    ]
    return tuple(sorted(written, key=lambda line: line.id not in used))


def completed(draft: Draft, plan: CallPlan, practice: Practice) -> Draft:
    """The log with the words of each chosen way in what was said, where they are not in it yet."""
    call = draft.call
    if call is None or call.outcome is not CallOutcome.LEFT_MESSAGE:
        return draft
    text, direct = draft.text.strip(), digits(plan.caller.direct_line)
    if WayBack.INFORMATION not in call.ways:
        text = text.replace(GAP, "")
    more = []
    if WayBack.DIRECT_LINE in call.ways and direct and direct not in digits_only(text):
        more.append(direct_words(plan.caller))
    if WayBack.HERE_UNTIL in call.ways and draft.promises:
        until = draft.promises[0].due
        if spoken_time(until, practice) not in text:
            watched = next((one for one in plan.watchable if one.id == call.watched), None)
            more.append(here_words(until, watched, practice))
    if WayBack.SERVICE in call.ways and "answering service" not in text:
        more.append(service_words())
    return replace(draft, text=" ".join((text, *more)).strip())


def said_too_little(draft: Draft, plan: CallPlan) -> str:
    """What a log lacks that no rule speaks of; empty when it can be kept."""
    call = draft.call
    if call is None or call.outcome is None:
        return "Say how the call ended."
    if call.outcome is CallOutcome.REACHED and not draft.text.strip():
        return "Write down what was agreed."
    if call.outcome is not CallOutcome.LEFT_MESSAGE:
        return ""
    for way in WayBack:
        refused = plan.offer(way).refused if way in call.ways else ""
        if refused:
            return f"“{way.value}” cannot be used: {refused}."
    if not draft.text.strip() or GAP.strip() in draft.text:
        return "Write down what was said."
    if WayBack.HERE_UNTIL in call.ways:
        if not draft.promises:
            return "Until when are you there? Give the time that was said."
        if call.watched not in {line.id for line in plan.watchable}:
            return "Which e-mail or portal line is watched afterwards? Choose one that is proven."
    return ""

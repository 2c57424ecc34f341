"""People, moments and words that the examples of the rules are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.finding import Severity
from inbox.line import LineHealth, LineState
from inbox.outgoing import Call, CallOutcome, WayBack
from inbox.patient import (
    Consent,
    Patient,
    PrivacyForm,
    Proxy,
    VoicemailConsent,
)
from inbox.practice import AnsweringService
from inbox.promise import DraftPromise, PromiseKind
from inbox.quiet import Place
from inbox.reply_path import Plan, ProofState
from inbox.situation import Recipient, Situation
from tests.inbox.making import (
    ANN,
    FRONT_DESK,
    NOW,
    NURSE,
    draft,
    proof,
    situation,
)


@dataclass(frozen=True)
class Examples:
    """Of one rule."""

    fires: tuple[tuple[Severity, Situation], ...]
    silent: tuple[Situation, ...] = ()


PROMISED = DraftPromise(PromiseKind.HERE, "", NOW + timedelta(hours=1), "sam")


def says(*texts: str) -> tuple[Situation, ...]:
    """Situations that differ in what the draft says."""
    return tuple(situation(draft(text)) for text in texts)


def blocks(*situations: Situation) -> tuple[tuple[Severity, Situation], ...]:
    """Each must block."""
    return tuple((Severity.BLOCK, one) for one in situations)


def plan_of(state: ProofState) -> Plan:
    return Plan(
        FRONT_DESK, proof(state=state, age=timedelta(days=40)), "they wrote to it", (NURSE,)
    )


def health_of(minutes: int) -> LineHealth:
    return LineHealth(FRONT_DESK.id, LineState.READY, NOW - timedelta(minutes=minutes))


def form_with(**changes: object) -> PrivacyForm:
    return replace(ANN.form, **changes)  # type: ignore[arg-type]  # names come from the examples


DECLINED = replace(ANN, form=form_with(email=Consent.DECLINED))
CONFIDENTIAL = replace(ANN, form=form_with(confidential=email("private@example.com")))
POINT = ANN.points[0]
HERE = email("ann@example.com")


def sent_to(*people: Recipient) -> Situation:
    return situation(draft(to=tuple(person.address for person in people)), recipients=tuple(people))


def says_at(moment: datetime, *texts: str) -> tuple[Situation, ...]:
    """The same at another time."""
    return tuple(replace(one, now=moment) for one in says(*texts))


def voicemail_for(consent: VoicemailConsent, *numbers: str) -> Patient:
    return replace(ANN, form=form_with(voicemail=consent, voicemail_on=numbers))


def guarded(until: date | None) -> Patient:
    """A patient whose guardian has the address that is written to."""
    return replace(ANN, points=(), proxies=(Proxy("Mia Lee", "mother", ANN.points, until),))


def being_in(*zones: str) -> Recipient:
    return Recipient(PHONE, (ANN,), None, Consent.ACCEPTED, tuple(Place(zone) for zone in zones))


PHONE = Address(AddressSystem.PHONE, "+15550107811", "Ann Lee")
LATE = datetime(2026, 3, 4, 23, 4, tzinfo=UTC)
"""17:04 in Chicago: the phones went off at 17:00."""
ALMOST = datetime(2026, 3, 4, 22, 50, tzinfo=UTC)
"""16:50: they go off before it is read."""
LUNCH = datetime(2026, 3, 4, 18, 30, tzinfo=UTC)
EVENING = datetime(2026, 3, 5, 2, 30, tzinfo=UTC)
"""20:30 in Chicago, 21:30 in New York."""
NIGHT = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
MORNING = datetime(2026, 3, 5, 15, 0, tzinfo=UTC)
CALLS = (
    "We need to reschedule. Please call the office.",
    "Call us back when you get this.",
    "Please contact our front desk.",
    "Give us a call.",
    "You can reach us at 555-010-7700.",
    "Por favor llame a la oficina.",
    "Please call Dr. Lee's office.",
)
NO_CALLS = (
    "We will call you on Friday.",
    "I tried to call you this morning.",
    "There is no need to call us.",
    "If it gets worse, call 911.",
    "The pharmacy will call them.",
    "Thank you for the phone number.",
)
SENSITIVE = (
    "Your lab results are back.",
    "You tested positive.",
    "Your date of birth: 01/02/1980 is on file.",
    "MRN 4455667 is yours.",
    "This is about your HIV medication.",
)
LEFT = Call(CallOutcome.LEFT_MESSAGE, frozenset({WayBack.DIRECT_LINE}))
SERVICE_TOLD = Call(CallOutcome.LEFT_MESSAGE, frozenset({WayBack.SERVICE}), heads_up_sent=True)
HEADS_UP = replace(SERVICE_TOLD, heads_up_sent=False, heads_up="Somebody may call back.")
DEAF_SERVICE = AnsweringService("+15550107790", takes_messages=False)
TEXTED_SERVICE = AnsweringService("+15550107790", True, ChannelKind.SMS, "+15550107791")
CALLED_SERVICE = replace(TEXTED_SERVICE, heads_up_channel=ChannelKind.PHONE)

DOUBTED = (
    Recipient(
        Address(AddressSystem.PHONE, "+15550107811"),
        (ANN,),
        None,
        Consent.ACCEPTED,
        doubts=frozenset({"IN03"}),
    ),
)
STRANGERS = tuple(replace(one, doubts=frozenset({"IN04"})) for one in DOUBTED)

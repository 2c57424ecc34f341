"""Small makers of plain, good things, to be changed in one respect by a test."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.capability import Capabilities
from inbox.hours import DAYS, Hours, parse_spans
from inbox.line import Line, LineHealth, LineState
from inbox.outgoing import Call, Draft, Outgoing
from inbox.patient import Consent, ContactPoint, Patient, PrivacyForm
from inbox.practice import AnsweringService, Practice, StaffMember
from inbox.reply_path import Plan, Proof, ProofState
from inbox.situation import Recipient, Situation

ZONE = ZoneInfo("America/Chicago")
NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
"""A Wednesday, 10:00 in Chicago."""

FRONT_DESK = Line("front-desk", ChannelKind.EMAIL, "frontdesk@lakeside.example", "Front desk")
NURSE = Line("nurse", ChannelKind.EMAIL, "nurse@lakeside.example", "Nurse")
NO_REPLY = Line("reminders", ChannelKind.EMAIL, "noreply@lakeside.example")
DANA = StaffMember("dana", "Dana Reyes", "+15550107701", "dana@lakeside.example")
ANN = Patient(
    id="p1",
    given="Ann",
    family="Lee",
    birth_date=date(1980, 1, 2),
    points=(ContactPoint(AddressSystem.EMAIL, "ann@example.com"),),
    form=PrivacyForm(email=Consent.ACCEPTED),
)
BEN = replace(ANN, id="p2", given="Ben")


def week(text: str = "08:00-12:00, 13:00-17:00") -> Hours:
    """The same hours from Monday to Friday."""
    spans = tuple(parse_spans(text, day) if day not in {"sat", "sun"} else () for day in DAYS)
    return Hours(spans, ZONE)


SERVICE = AnsweringService("+15550107790", takes_messages=True)
TEXTS = Line("texts", ChannelKind.SMS, "+15550107788", "Lakeside texts")
PHONE = Line("main-phone", ChannelKind.PHONE, "+15550107700")
PORTAL = Line("portal", ChannelKind.PORTAL, "https://ehr.example/fhir")


def practice(**changes: Any) -> Practice:
    """Lakeside, with three e-mail lines and Dana."""
    plain = Practice(
        name="Lakeside Family Practice",
        timezone=ZONE,
        hours=week(),
        staff=(DANA,),
        lines=(FRONT_DESK, NURSE, NO_REPLY),
        scheduling_url="https://lakeside.example/book",
        answering_service=SERVICE,
    )
    return replace(plain, **changes)


def proof(
    line: Line = FRONT_DESK, state: ProofState = ProofState.PROVEN, age: timedelta = timedelta()
) -> Proof:
    """A line's proof."""
    return Proof(line.id, state, NOW - age, "round trip")


def draft(text: str = "Hello Ann, Thursday at ten is fine. Dana", **changes: Any) -> Draft:
    """An answer to Ann that nothing speaks against."""
    plain = Draft(
        channel=ChannelKind.EMAIL,
        line_id=FRONT_DESK.id,
        to=(email("ann@example.com", "Ann Lee"),),
        text=text,
        subject="Re: Thursday",
        conversation_id=1,
        patient_id="p1",
        begun_at=NOW,
        seen_message_id=7,
    )
    return replace(plain, **changes)


def situation(the_draft: Draft | None = None, **changes: Any) -> Situation:
    """The situation of that answer."""
    the_draft = the_draft or draft()
    plain = Situation(
        draft=the_draft,
        practice=practice(),
        now=NOW,
        staff_id="dana",
        plan=Plan(FRONT_DESK, proof(), "they wrote to it", (NURSE,)),
        health=LineHealth(FRONT_DESK.id, LineState.READY, NOW - timedelta(seconds=12)),
        patient=ANN,
        recipients=tuple(
            Recipient(address, (ANN,), ANN.points[0], Consent.ACCEPTED)
            for address in the_draft.recipients
        ),
        newest_inbound_id=7,
        newest_inbound_at=NOW - timedelta(hours=1),
    )
    return replace(plain, **changes)


def outgoing(the_draft: Draft | None = None, **changes: Any) -> Outgoing:
    """What that answer becomes."""
    the_draft = the_draft or draft()
    plain = Outgoing(
        outbox_id=1,
        uuid="8e9a4a4e-0000-4000-8000-000000000001",
        line=FRONT_DESK,
        to=the_draft.to,
        cc=the_draft.cc,
        subject=the_draft.subject,
        text=the_draft.text,
        message_id="1@lakeside.example",
        created_at=NOW,
    )
    return replace(plain, **changes)


def text(said: str, **changes: Any) -> Situation:
    """The situation of a text to Ann's phone, which nothing speaks against."""
    known = {one for one in Situation.__dataclass_fields__ if one in changes}
    to = Address(AddressSystem.PHONE, "+15550107811", "Ann Lee")
    the_draft = draft(
        said,
        **{
            "channel": ChannelKind.SMS,
            "line_id": TEXTS.id,
            "to": (to,),
            "subject": "",
            **{name: value for name, value in changes.items() if name not in known},
        },
    )
    facts: dict[str, Any] = {
        "plan": Plan(TEXTS, proof(TEXTS), "they wrote to it"),
        "recipients": (Recipient(to, (ANN,), None, Consent.ACCEPTED),),
        "capabilities": Capabilities(max_characters=1600),
        "practice": practice(lines=(FRONT_DESK, TEXTS, PHONE, PORTAL)),
    }
    return situation(the_draft, **{**facts, **{name: changes[name] for name in known}})


def call(said: str, made: Call, **changes: Any) -> Situation:
    """The situation of a call to Ann."""
    one = text(said, channel=ChannelKind.PHONE, line_id=PHONE.id, call=made)
    plan = Plan(PHONE, proof(PHONE), "they called it")
    return replace(one, plan=plan, **changes)

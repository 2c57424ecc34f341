"""For every rule: situations in which it must fire, and some in which it must not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from inbox.address import email
from inbox.finding import Severity
from inbox.line import LineHealth, LineState
from inbox.message import MessageStatus
from inbox.patient import Consent, PointHealth, PointUse, PrivacyForm
from inbox.reply_path import Plan, ProofState
from inbox.situation import Earlier, Recipient, Situation
from tests.inbox.making import (
    ANN,
    BEN,
    FRONT_DESK,
    NO_REPLY,
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


def says(*texts: str) -> tuple[Situation, ...]:
    """Situations that differ in what the draft says."""
    return tuple(situation(draft(text)) for text in texts)


def blocks(*situations: Situation) -> tuple[tuple[Severity, Situation], ...]:
    """Each must block."""
    return tuple((Severity.BLOCK, one) for one in situations)


def _plan(state: ProofState) -> Plan:
    return Plan(
        FRONT_DESK, proof(state=state, age=timedelta(days=40)), "they wrote to it", (NURSE,)
    )


def _health(minutes: int) -> LineHealth:
    return LineHealth(FRONT_DESK.id, LineState.READY, NOW - timedelta(minutes=minutes))


def _form(**changes: object) -> PrivacyForm:
    return replace(ANN.form, **changes)  # type: ignore[arg-type]  # names come from the examples


_DECLINED = replace(ANN, form=_form(email=Consent.DECLINED))
_CONFIDENTIAL = replace(ANN, form=_form(confidential=email("private@example.com")))
_POINT = ANN.points[0]
_HERE = email("ann@example.com")


def _to(*people: Recipient) -> Situation:
    return situation(draft(to=tuple(person.address for person in people)), recipients=tuple(people))


EXAMPLES: dict[str, Examples] = {
    "TW01": Examples(
        fires=(
            (Severity.BLOCK, situation(plan=None, plan_problem="No line.")),
            (Severity.BLOCK, situation(plan=_plan(ProofState.FAILED))),
            (Severity.BLOCK, situation(plan=_plan(ProofState.UNVERIFIED))),
            (Severity.BLOCK, situation(plan=Plan(NO_REPLY, proof(NO_REPLY), "chosen by hand"))),
            (Severity.HOLD, situation(plan=_plan(ProofState.STALE))),
            (Severity.HOLD, situation(plan=_plan(ProofState.PROVING))),
        ),
        silent=(situation(),),
    ),
    "TW03": Examples(
        fires=(
            (Severity.HOLD, situation(health=_health(16))),
            (Severity.HOLD, situation(health=None)),
            (Severity.HOLD, situation(health=LineHealth(FRONT_DESK.id, LineState.CONNECTING))),
        ),
        silent=(situation(health=_health(14)),),
    ),
    "TW06": Examples(
        fires=blocks(
            *says(
                "Your visit is on Friday. Please do not reply to this email.",
                "This mailbox is not monitored.",
                "Don't respond to these messages; call our clinic instead.",
                "Replies to this message are not read.",
                "NOTE: this is an unmonitored inbox",
                "This is a no-reply message",
                "Please do not respond.",
                "We cannot receive replies at this address.",
                "Por favor, no responda a este correo.",
                "The inbox is unattended.",
            )
        ),
        silent=says(
            "If you do not reply by Friday we will give the slot to somebody else.",
            "You do not have to answer every question on the form.",
            "I could not reply earlier, sorry.",
            "Please reply to this message with a time that works.",
            "norah.eply@example.com wrote to us about your visit.",
            "The pharmacy's fax is not working; we read your message this morning.",
            "I do not answer the phone while I see patients.",
        ),
    ),
    "TW19": Examples(
        fires=blocks(
            situation(recipients=(Recipient(_HERE, (_DECLINED,), _POINT),)),
            situation(recipients=(Recipient(_HERE, (BEN, _DECLINED), _POINT),)),
        ),
        silent=(situation(),),
    ),
    "TW21": Examples(
        fires=blocks(
            situation(patient=_CONFIDENTIAL),
            situation(
                draft(cc=(email("private@example.com"), _HERE)),
                patient=_CONFIDENTIAL,
            ),
        ),
        silent=(
            situation(draft(to=(email("Private@Example.com"),)), patient=_CONFIDENTIAL),
            situation(),
        ),
    ),
    "TW22": Examples(
        fires=blocks(
            situation(patient=None, recipients=(Recipient(_HERE, (ANN, BEN), _POINT),)),
        ),
        silent=(
            situation(patient=ANN, recipients=(Recipient(_HERE, (ANN, BEN), _POINT),)),
            situation(patient=None, recipients=(Recipient(_HERE),)),
        ),
    ),
    "TW23": Examples(
        fires=(
            (Severity.BLOCK, _to(Recipient(email("noreply@pharmacy.example")))),
            (Severity.BLOCK, situation(draft(to=()), recipients=())),
            (
                Severity.BLOCK,
                _to(*(Recipient(email(f"a{number}@example.com")) for number in range(11))),
            ),
            (Severity.HOLD, _to(Recipient(_HERE, (ANN,), replace(_POINT, use=PointUse.OLD)))),
            (Severity.HOLD, _to(Recipient(_HERE, (ANN,), replace(_POINT, health=PointHealth.BAD)))),
        ),
        silent=(situation(), _to(Recipient(email("norah.eply@example.com")))),
    ),
    "TW30": Examples(
        fires=(
            (
                Severity.HOLD,
                situation(
                    earlier=(Earlier(3, NOW - timedelta(minutes=5), MessageStatus.SENT, True),)
                ),
            ),
            (
                Severity.HOLD,
                situation(
                    earlier=(Earlier(3, NOW - timedelta(days=5), MessageStatus.UNKNOWN, False),)
                ),
            ),
        ),
        silent=(
            situation(earlier=(Earlier(3, NOW, MessageStatus.SENT, False),)),
            situation(earlier=(Earlier(3, NOW, MessageStatus.FAILED, True),)),
        ),
    ),
    "TW31": Examples(
        fires=((Severity.HOLD, situation(newest_inbound_id=8)),),
        silent=(situation(), situation(draft(conversation_id=None), newest_inbound_id=8)),
    ),
    "TW34": Examples(
        fires=blocks(
            *says(
                "Dear {{first_name}}, see you on Friday.",
                "Dear [NAME], see you on [DATE].",
                "See you on ____ at ten.",
                "Hello {patient.first_name}",
                "Lorem ipsum dolor",
                "   \n ",
            ),
            situation(draft(subject="Visit on {{date}}")),
        ),
        silent=says(
            "See you on Friday [sic] at ten.",
            "The subject said [EXTERNAL] but it is ours.",
            "Use 5_000 units; the file is called lab_result_2.",
        ),
    ),
    "TW35": Examples(
        fires=tuple(
            (Severity.WARN, one)
            for one in says("I have attached the form.", "Please find attached your letter.")
        ),
        silent=says("We are attached to our patients.", "The form you sent has arrived."),
    ),
}

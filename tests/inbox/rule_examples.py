"""For every rule: situations in which it must fire, and some in which it must not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from inbox.address import ChannelKind, email
from inbox.capability import Capabilities
from inbox.finding import Severity
from inbox.line import LineHealth, LineState
from inbox.message import MessageStatus
from inbox.outgoing import Call, CallOutcome, Category, WayBack
from inbox.patient import (
    PointHealth,
    PointUse,
)
from inbox.reply_path import Plan, ProofState
from inbox.situation import Earlier, Recipient
from tests.inbox.making import (
    ANN,
    BEN,
    FRONT_DESK,
    NO_REPLY,
    NOW,
    TEXTS,
    call,
    draft,
    practice,
    proof,
    situation,
    text,
)
from tests.inbox.rule_examples_later import LATER
from tests.inbox.rule_scenes import (
    ALMOST,
    CALLED_SERVICE,
    CALLS,
    CONFIDENTIAL,
    DEAF_SERVICE,
    DECLINED,
    HEADS_UP,
    HERE,
    LATE,
    LUNCH,
    MORNING,
    NO_CALLS,
    POINT,
    PROMISED,
    SERVICE_TOLD,
    TEXTED_SERVICE,
    Examples,
    blocks,
    guarded,
    health_of,
    plan_of,
    says,
    says_at,
    sent_to,
)

EXAMPLES: dict[str, Examples] = {
    "TW01": Examples(
        fires=(
            (Severity.BLOCK, situation(plan=None, plan_problem="No line.")),
            (Severity.BLOCK, situation(plan=plan_of(ProofState.FAILED))),
            (Severity.BLOCK, situation(plan=plan_of(ProofState.UNVERIFIED))),
            (Severity.BLOCK, situation(plan=Plan(NO_REPLY, proof(NO_REPLY), "chosen by hand"))),
            (Severity.HOLD, situation(plan=plan_of(ProofState.STALE))),
            (Severity.HOLD, situation(plan=plan_of(ProofState.PROVING))),
        ),
        silent=(situation(),),
    ),
    "TW03": Examples(
        fires=(
            (Severity.HOLD, situation(health=health_of(16))),
            (Severity.HOLD, situation(health=None)),
            (Severity.HOLD, situation(health=LineHealth(FRONT_DESK.id, LineState.CONNECTING))),
        ),
        silent=(situation(health=health_of(14)),),
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
            situation(recipients=(Recipient(HERE, (DECLINED,), POINT),)),
            situation(recipients=(Recipient(HERE, (BEN, DECLINED), POINT),)),
        ),
        silent=(situation(),),
    ),
    "TW21": Examples(
        fires=blocks(
            situation(patient=CONFIDENTIAL),
            situation(
                draft(cc=(email("private@example.com"), HERE)),
                patient=CONFIDENTIAL,
            ),
        ),
        silent=(
            situation(draft(to=(email("Private@Example.com"),)), patient=CONFIDENTIAL),
            situation(),
        ),
    ),
    "TW22": Examples(
        fires=blocks(
            situation(patient=None, recipients=(Recipient(HERE, (ANN, BEN), POINT),)),
        ),
        silent=(
            situation(patient=ANN, recipients=(Recipient(HERE, (ANN, BEN), POINT),)),
            situation(patient=None, recipients=(Recipient(HERE),)),
        ),
    ),
    "TW23": Examples(
        fires=(
            (Severity.BLOCK, sent_to(Recipient(email("noreply@pharmacy.example")))),
            (Severity.BLOCK, situation(draft(to=()), recipients=())),
            (
                Severity.BLOCK,
                sent_to(*(Recipient(email(f"a{number}@example.com")) for number in range(11))),
            ),
            (Severity.HOLD, sent_to(Recipient(HERE, (ANN,), replace(POINT, use=PointUse.OLD)))),
            (
                Severity.HOLD,
                sent_to(Recipient(HERE, (ANN,), replace(POINT, health=PointHealth.BAD))),
            ),
        ),
        silent=(situation(), sent_to(Recipient(email("norah.eply@example.com")))),
    ),
    "TW41": Examples(
        fires=blocks(situation(patient=guarded(date(2026, 3, 3)), recipients=(Recipient(HERE),))),
        silent=(
            # The last day of the access is a day of access.
            situation(patient=guarded(date(2026, 3, 4))),
            situation(patient=guarded(None)),
            situation(patient=replace(guarded(date(2026, 1, 2)), points=ANN.points)),
            situation(draft(patient_id=None), patient=None, recipients=(Recipient(HERE),)),
            situation(draft(to=(email("ben@example.com"),)), patient=guarded(date(2026, 1, 2))),
        ),
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
            situation(draft(subject="Your visit on {appointment.date}")),
        ),
        silent=says(
            "See you on Friday [sic] at ten.",
            "The subject said [EXTERNAL] but it is ours.",
            "Use 5_000 units; the file is called lab_result_2.",
        ),
    ),
    "TW02": Examples(
        fires=blocks(
            text("Hi", plan=Plan(replace(TEXTS, address="LAKESIDE"), proof(TEXTS), "x")),
            text("Hi", plan=Plan(replace(TEXTS, address="55512"), proof(TEXTS), "x")),
            text("Hi", capabilities=Capabilities(deaf_because="no inbound is set up")),
            text("Hi", capabilities=Capabilities(receives=False)),
        ),
        silent=(text("Hi"), situation()),
    ),
    "TW04": Examples(
        fires=blocks(
            *says_at(LATE, *CALLS),
            *says_at(ALMOST, "Please call us about the form."),
            *says_at(LUNCH, "Give us a call."),
            text("Please call the office.", now=LATE),
        ),
        silent=(
            *says_at(LATE, *NO_CALLS),
            *says(*CALLS),
            situation(draft("Please call the office.", send_at=MORNING), now=LATE),
        ),
    ),
    "TW05": Examples(
        fires=(
            *((Severity.WARN, one) for one in says("Call our office when you can.")),
            (Severity.HOLD, text("Please call us.")),
        ),
        silent=(
            *says(
                "Call us or just reply to this e-mail.",
                "Please call my direct line 555-010-7701, that is our front desk phone.",
                "We will call you.",
            ),
            *says_at(LATE, "Call our office when you can."),
        ),
    ),
    "TW07": Examples(
        fires=tuple(
            (Severity.HOLD, one)
            for one in (
                *says(
                    "You have an upcoming appointment. Log in to the portal to see it.",
                    "It is time for your flu shot. Please sign in to your patient portal.",
                ),
                situation(draft("Log in to the portal to view it.", category=Category.REMINDER)),
            )
        ),
        silent=says(
            "Your MRI report is in. Log in to the portal to read it.",
            "Your appointment is on Friday at ten at our office.",
            "Please sign in at the front desk when you arrive for your visit.",
        ),
    ),
    "TW08": Examples(
        fires=tuple(
            (Severity.INFO, one)
            for one in says("Your MRI report is in. Log in to the portal to read it.")
        ),
        silent=says(
            "Your MRI report is in the portal: log in to the portal, or just reply here.",
            "You have an upcoming appointment. Log in to the portal to see it.",
        ),
    ),
    "TW09": Examples(
        fires=tuple(
            (Severity.WARN, one)
            for one in (
                situation(draft("Your visit is on Friday at ten.", category=Category.REMINDER)),
            )
        ),
        silent=(
            situation(
                draft(
                    "Your visit is on Friday. To change it: https://lakeside.example/book",
                    category=Category.REMINDER,
                )
            ),
            situation(draft("Friday at ten. Reply C to confirm.", category=Category.REMINDER)),
            *says("Your visit is on Friday at ten."),
        ),
    ),
    "TW10": Examples(
        fires=(
            (Severity.BLOCK, text("Hi", channel=ChannelKind.PORTAL, can_reply=False)),
            (Severity.HOLD, text("Hi", channel=ChannelKind.PORTAL, can_reply=None)),
        ),
        silent=(text("Hi", channel=ChannelKind.PORTAL, can_reply=True), text("Hi")),
    ),
    "TW11": Examples(
        fires=blocks(call("Please call us back.", Call(CallOutcome.LEFT_MESSAGE))),
        silent=(
            call("555-010-7701", Call(CallOutcome.LEFT_MESSAGE, frozenset({WayBack.DIRECT_LINE}))),
            call("Hello", Call(CallOutcome.REACHED)),
            call("Hello", Call(CallOutcome.NO_ANSWER)),
        ),
    ),
    "TW12": Examples(
        fires=(
            (Severity.WARN, call("", Call(), now=ALMOST, staff_id="lee")),
            (Severity.WARN, call("", Call(), now=LATE, staff_id="lee")),
        ),
        silent=(
            call("", Call(), now=ALMOST),
            call("", Call(), staff_id="lee"),
            call("", Call(CallOutcome.REACHED), now=LATE, staff_id="lee"),
        ),
    ),
    "TW13": Examples(
        fires=blocks(
            call("Hi", SERVICE_TOLD, practice=practice(answering_service=None)),
            call("Hi", SERVICE_TOLD, practice=practice(answering_service=DEAF_SERVICE)),
            call("Hi", replace(SERVICE_TOLD, heads_up_sent=False)),
            # A heads-up that has nowhere to go, or only a telephone to be told by.
            call("Hi", HEADS_UP),
            call("Hi", HEADS_UP, practice=practice(answering_service=CALLED_SERVICE)),
        ),
        silent=(
            call("Hi", SERVICE_TOLD),
            call("Hi", Call(CallOutcome.LEFT_MESSAGE)),
            call("Hi", HEADS_UP, practice=practice(answering_service=TEXTED_SERVICE)),
        ),
    ),
    "TW14": Examples(
        fires=(
            *(
                (Severity.INFO, one)
                for one in says(
                    "I'm here until 11:30.", "We'll call you back by noon.", "I'm here until 6 pm."
                )
            ),
            (Severity.INFO, situation(draft("Hello.", promises=(PROMISED,)))),
            # The time is over; it is over when it leaves, which it does late or by choice.
            *((Severity.HOLD, one) for one in says("I'm here until 9:30 am.")),
            *(
                (Severity.HOLD, situation(draft(said, promises=(PROMISED,), outbox_id=5), now=late))
                for said in ("Hello.", "I'm here until 11.")
                for late in (PROMISED.due, NOW + timedelta(hours=3, minutes=1))
            ),
            (
                Severity.HOLD,
                situation(draft("Hello.", promises=(PROMISED,), send_at=NOW + timedelta(hours=3))),
            ),
            # Nobody works on Sunday; nobody is there before eight.
            *((Severity.WARN, one) for one in says("I'll call you on Sunday by 10.")),
            (
                Severity.WARN,
                situation(draft("I'll write to you by 7 am."), now=NOW.replace(hour=12)),
            ),
        ),
        silent=(
            *says("You were here until noon.", "Can I be there by noon?", "> I'm here until 11."),
            situation(draft("I'm here until 11:30.", not_promised=("I'm here until 11:30",))),
        ),
    ),
    **LATER,
}

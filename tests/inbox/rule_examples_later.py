"""The second half of the examples: privacy, texts, and what arrivals asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from inbox.address import ChannelKind
from inbox.finding import Severity
from inbox.outgoing import Call, CallOutcome, Category, WayBack
from inbox.patient import (
    Consent,
    VoicemailConsent,
)
from inbox.situation import Recipient
from tests.inbox.making import (
    ANN,
    call,
    draft,
    situation,
    text,
)
from tests.inbox.rule_scenes import (
    DOUBTED,
    EVENING,
    HERE,
    LEFT,
    NIGHT,
    POINT,
    SENSITIVE,
    STRANGERS,
    Examples,
    being_in,
    blocks,
    says,
    voicemail_for,
)

LATER: dict[str, Examples] = {
    "TW15": Examples(
        fires=blocks(
            *(
                situation(draft(said), recipients=(Recipient(HERE, (ANN,), POINT),))
                for said in SENSITIVE
            ),
            situation(draft("Your number 123-45-6789 is on file.")),
            situation(
                draft("It is attached.", category=Category.RESULT),
                recipients=(Recipient(HERE, (ANN,), POINT),),
            ),
        ),
        silent=(
            *says(*SENSITIVE),
            situation(
                draft("Your visit is on Friday at ten."),
                recipients=(Recipient(HERE, (ANN,), POINT),),
            ),
            text("Your lab results are back", channel=ChannelKind.PORTAL, recipients=()),
        ),
    ),
    "TW16": Examples(
        fires=(
            (Severity.HOLD, situation(draft(subject="Your HIV test results"))),
            (Severity.HOLD, text("Your biopsy results are in, we will call you.")),
        ),
        silent=(
            situation(draft(subject="Re: my biopsy", answers=3)),
            situation(draft(subject="Your visit on Friday")),
            text("Lakeside: hello Ann, we have news for you. The lab results are in."),
        ),
    ),
    "TW17": Examples(
        fires=blocks(
            call("Your test results are back.", LEFT),
            call("Hello", replace(LEFT, ways=frozenset({WayBack.INFORMATION}))),
            call("Hello", LEFT, patient=voicemail_for(VoicemailConsent.NONE)),
            call(
                "Your test results are back.",
                LEFT,
                patient=voicemail_for(VoicemailConsent.DETAILED, "+15550109999"),
            ),
        ),
        silent=(
            call("This is Dana from Dr. Lee's office for Ann.", LEFT),
            call(
                "Your test results are back.",
                LEFT,
                patient=voicemail_for(VoicemailConsent.DETAILED),
            ),
            call("Your test results are back.", Call(CallOutcome.REACHED)),
            situation(draft("Your test results are back.")),
        ),
    ),
    "TW18": Examples(
        fires=(
            (Severity.HOLD, text("Hi", now=NIGHT, recipients=(being_in("America/Chicago"),))),
            (
                Severity.HOLD,
                text(
                    "Hi",
                    now=EVENING,
                    recipients=(being_in("America/Chicago", "America/New_York"),),
                ),
            ),
            (Severity.HOLD, call("", Call(), now=NIGHT, recipients=(being_in("America/Chicago"),))),
            # Somebody wrote, but not from this number, or too long ago, or not all of them did.
            (
                Severity.HOLD,
                text(
                    "Hi",
                    now=NIGHT,
                    newest_inbound_at=NIGHT - timedelta(minutes=20),
                    recipients=(being_in("America/Chicago"),),
                ),
            ),
            *(
                (Severity.HOLD, text("Hi", now=NIGHT, recipients=people))
                for people in (
                    (replace(being_in("America/Chicago"), wrote_at=NIGHT - timedelta(minutes=61)),),
                    (
                        replace(being_in("America/Chicago"), wrote_at=NIGHT - timedelta(minutes=5)),
                        being_in("America/Chicago"),
                    ),
                )
            ),
        ),
        silent=(
            text("Hi", recipients=(being_in("America/Chicago"),)),
            text("Hi", now=EVENING, recipients=(being_in("America/Chicago"),)),
            text(
                "Hi",
                now=NIGHT,
                recipients=(
                    replace(being_in("America/Chicago"), wrote_at=NIGHT - timedelta(minutes=20)),
                ),
            ),
            situation(now=NIGHT, recipients=(being_in("America/Chicago"),)),
        ),
    ),
    "TW20": Examples(
        fires=((Severity.HOLD, situation(recipients=(Recipient(HERE, (ANN,), POINT),))),),
        silent=(
            situation(),
            situation(recipients=(Recipient(HERE, (ANN,), POINT, Consent.IMPLIED),)),
            situation(patient=None, recipients=(Recipient(HERE),)),
        ),
    ),
    "TW24": Examples(
        fires=tuple((Severity.WARN, one) for one in says("See https://bit.ly/3abcd for it.")),
        silent=says("See https://lakeside.example/book for it.", "He said t.co is a site."),
    ),
    "TW25": Examples(
        fires=(
            (Severity.INFO, text("x" * 161)),
            (Severity.INFO, text("It’s " + "x" * 70)),
            (Severity.WARN, text("x" * 500)),
            (Severity.BLOCK, text("x" * 1601)),
        ),
        silent=(text("x" * 160), situation(draft("x" * 500))),
    ),
    "TW26": Examples(
        fires=((Severity.WARN, text("Hi Ann", first_contact=True)),),
        silent=(
            text("Lakeside Family Practice: hi Ann", first_contact=True),
            text("Hi Ann"),
            situation(first_contact=True),
        ),
    ),
    "TW27": Examples(
        fires=(
            (Severity.WARN, text("Hi Ann", first_contact=True)),
            (Severity.WARN, text("Your visit is on Friday", automatic=True)),
        ),
        silent=(text("Hi Ann. Reply STOP to opt out.", first_contact=True), text("Hi Ann")),
    ),
    "TW28": Examples(
        fires=(
            (Severity.HOLD, text("Hi", automatic=True, automatic_today=1, automatic_week=1)),
            (Severity.HOLD, text("Hi", automatic=True, automatic_week=3)),
        ),
        silent=(
            text("Hi", automatic=True, automatic_week=2),
            text("Hi", automatic_today=4, automatic_week=9),
        ),
    ),
    "TW32": Examples(
        fires=(
            (
                Severity.HOLD,
                situation(
                    draft("Your lab results are back."),
                    patient=None,
                    recipients=(Recipient(HERE),),
                ),
            ),
        ),
        silent=(
            situation(draft("Who are you?"), patient=None, recipients=(Recipient(HERE),)),
            situation(draft("Your lab results are back.")),
        ),
    ),
    "TW36": Examples(
        fires=tuple((Severity.HOLD, one) for one in says("Hi Bob, see you on Friday.")),
        silent=(
            *says(
                "Hi Ann, see you.",
                "Dear Ms. Lee, see you.",
                "Hello there, see you.",
                "Good morning! See you.",
                "Hi",
            ),
            situation(draft("Hi Bob"), patient=None),
        ),
    ),
    "TW37": Examples(
        fires=tuple(
            (Severity.WARN, situation(draft(said, category=Category.AFTER_HOURS)))
            for said in (
                "Our phones are off. We answer you tomorrow at 8:00 AM.",
                "In an emergency call 911. Somebody will write to you.",
                "In an emergency call 911. We are back on Monday at 8:00 AM.",
            )
        ),
        silent=(
            situation(
                draft(
                    "We are back tomorrow at 8:00 AM and answer you here. If it cannot wait, call"
                    " 911 in an emergency.",
                    category=Category.AFTER_HOURS,
                )
            ),
            *says("Our phones are off."),
        ),
    ),
    "TW38": Examples(
        fires=tuple((Severity.INFO, one) for one in says("Please call us about your appointment.")),
        silent=says("Please call us: we have Friday at ten or Monday at nine."),
    ),
    "TW40": Examples(
        fires=tuple((Severity.WARN, one) for one in says("My direct line is 555-010-7710.")),
        silent=says(
            "My direct line is (555) 010-7701.",
            "Call the answering service, 555-010-7790.",
            "Your order 2026-03-0415 has come.",
        ),
    ),
    "TW35": Examples(
        fires=tuple(
            (Severity.WARN, one)
            for one in says("I have attached the form.", "Please find attached your letter.")
        ),
        silent=says("We are attached to our patients.", "The form you sent has arrived."),
    ),
    "TW43": Examples(
        fires=(
            (Severity.HOLD, text("Your flu shot is due.", automatic=True, recipients=DOUBTED)),
            (
                Severity.HOLD,
                text(
                    "Your flu shot is due.",
                    automatic=True,
                    recipients=tuple(replace(one, doubts=frozenset({"IN02"})) for one in DOUBTED),
                ),
            ),
        ),
        silent=(
            text("I have taken you off the list. Dana", recipients=DOUBTED),
            text("Your flu shot is due.", automatic=True),
        ),
    ),
    "TW44": Examples(
        fires=(
            (Severity.HOLD, text("Who is this, please?", recipients=STRANGERS)),
            (Severity.BLOCK, text("Is this Ann's phone?", recipients=STRANGERS)),
            (Severity.BLOCK, text("Hello Mrs. LEE", recipients=STRANGERS)),
        ),
        silent=(text("Hello Ann, Friday at ten is fine. Dana"),),
    ),
    "TW45": Examples(
        fires=(
            (Severity.INFO, situation(draft(subject=""))),
            (Severity.INFO, situation(draft(subject="  "))),
            (Severity.INFO, situation(draft(subject="", conversation_id=None))),
        ),
        silent=(
            situation(),
            situation(draft(subject="", answers=7)),
            text("Friday at ten is fine."),
            situation(draft(subject="Thursday")),
        ),
    ),
}

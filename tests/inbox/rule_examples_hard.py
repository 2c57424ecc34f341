"""Further situations for the rules: broken lines, odd quotes, capital letters, near misses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.capability import Capabilities
from inbox.finding import Severity
from inbox.line import LineHealth, LineState
from inbox.message import MessageStatus
from inbox.outgoing import Call, CallOutcome, Category, DraftAttachment, WayBack
from inbox.patient import Consent, ContactPoint, PointHealth, VoicemailConsent
from inbox.situation import Earlier, Recipient, Situation
from tests.inbox.making import (
    ANN,
    BEN,
    FRONT_DESK,
    NOW,
    call,
    draft,
    situation,
    text,
)
from tests.inbox.rule_examples import EXAMPLES
from tests.inbox.rule_scenes import (
    ALMOST,
    LATE,
    LEFT,
    LUNCH,
    Examples,
    blocks,
    says,
    says_at,
)

_HERE = email("ann@example.com")
_POINT = ANN.points[0]
_FILE = DraftAttachment("form.pdf", "application/pdf", 10, "0" * 64)
_UNASKED = Recipient(_HERE, (ANN,), _POINT)
_NUMBER = Address(AddressSystem.PHONE, "+15550107811", "Ann Lee")


def _all(severity: Severity, *situations: Situation) -> tuple[tuple[Severity, Situation], ...]:
    return tuple((severity, one) for one in situations)


def _reminder(said: str) -> Situation:
    return situation(draft(said, category=Category.REMINDER))


def _private(address: Address) -> Situation:
    return situation(patient=replace(ANN, form=replace(ANN.form, confidential=address)))


def _stopped(minutes: int) -> LineHealth:
    return LineHealth(FRONT_DESK.id, LineState.STOPPED, NOW - timedelta(minutes=minutes))


NO_NAMES = (
    *("Yes", "No", "Thanks", "Sorry", "Sure", "Great", "Hello", "Please", "Also", "Well", "Okay"),
    *("Unfortunately", "Fortunately", "Tomorrow", "Today", "Monday", "Sunday", "January", "May"),
    *("First", "Finally", "Good", "However", "Actually", "Regarding", "Once", "Perfect", "Gracias"),
    *("Lakeside", "Again", "Reminder", "Update", "Note", "Directions"),
)
"""Words that begin a message and greet nobody."""
_FAMILY = Recipient(_HERE, (ANN, BEN), _POINT, Consent.ACCEPTED)


def _instead(id_: str, *words: str) -> tuple[tuple[Severity, Situation], ...]:
    """The first of a rule's usual examples with other words."""
    severity, one = EXAMPLES[id_].fires[0]
    return tuple((severity, replace(one, draft=replace(one.draft, text=said))) for said in words)


HARD: dict[str, Examples] = {
    "TW01": Examples((), (text("Hi"), call("Hi", Call(CallOutcome.REACHED)))),
    "TW02": Examples(
        (),
        (
            text("Hi", capabilities=None),
            call("Hi", Call(CallOutcome.REACHED), capabilities=Capabilities()),
        ),
    ),
    "TW03": Examples(
        _all(Severity.HOLD, situation(health=_stopped(1))),
        (
            situation(plan=None, health=None),
            situation(health=LineHealth(FRONT_DESK.id, LineState.RETRYING, NOW)),
        ),
    ),
    "TW04": Examples(
        blocks(
            *says_at(
                LATE,
                "Please call\nthe office.",
                "PLEASE CALL OUR OFFICE",
                "Please call Dr.\nLee's office about this.",
                "Can you give the office a quick call?",
            ),
            *says_at(ALMOST, "Call  us\tback, please"),
            *says_at(LUNCH, "Kindly phone the front\n desk"),
        ),
        says_at(
            LATE,
            "You don’t need to call us.",
            "We’ll call your office.",
            "Call my direct line 555-010-7701 until 5:30.",
            "Nobody has to call the office: just reply here.",
            "Recall that your visit is on Friday.",
        ),
    ),
    "TW05": Examples(
        (
            *_all(Severity.WARN, *says("CALL US, please", "Give us a ring tomorrow")),
            *_all(Severity.HOLD, text("Please phone the clinic\nabout the form.")),
        ),
    ),
    "TW06": Examples(
        blocks(
            *says(
                "PLEASE DO NOT REPLY TO THIS MESSAGE",
                "Please don’t reply\nto this email.",
                "Replies to this address won’t be read.",
                "This inbox is not currently monitored.",
                "This mailbox isn't being monitored.",
                "Please refrain from replying.",
                "This is an automated message, do not reply",
                "Do not respond\n\nDana",
            )
        ),
        says(
            "If you do not reply to this message by Friday, the slot is gone.",
            "If you do not reply\nby Friday we will call you.",
            "There was no reply to my question from the pharmacy.",
            "Their address is no-reply@pharmacy.example, do write to the other one.",
            "When you don’t respond, I worry.",
            "I saw your message: the number is read out at the desk.",
        ),
    ),
    "TW07": Examples(
        _all(
            Severity.HOLD,
            *says("REMINDER: your visit is near. LOG INTO THE PORTAL", "Flu shots! Open MyChart"),
            _reminder("You have a new message. Log in to\nyour patient portal to view it."),
        ),
    ),
    "TW08": Examples(
        _all(
            Severity.INFO,
            *says("A document is ready. Sign in to the portal.", "Open the portal for your letter"),
        ),
        says("We moved. The port in the harbour is near.") + says("Hello Ann"),
    ),
    "TW09": Examples(
        _all(Severity.WARN, _reminder("Your flu shot is due."), _reminder("Friday at ten!")),
    ),
    "TW10": Examples(
        (
            *blocks(text("See you", channel=ChannelKind.PORTAL, can_reply=False)),
            *_all(Severity.HOLD, text("Hello", channel=ChannelKind.PORTAL)),
        ),
        (situation(can_reply=False),),
    ),
    "TW11": Examples(
        blocks(
            call("Please call back.", Call(CallOutcome.LEFT_MESSAGE, heads_up_sent=True)),
            call("It is Dana, call the office when you can.", Call(CallOutcome.LEFT_MESSAGE)),
        ),
    ),
    "TW12": Examples(_all(Severity.WARN, call("", Call(), now=LUNCH, staff_id="lee"))),
    "TW13": Examples((), (call("Hi", LEFT), call("Hi", Call(CallOutcome.NO_ANSWER)))),
    "TW15": Examples(
        blocks(
            situation(draft("YOUR BIOPSY\nRESULTS ARE IN"), recipients=(_UNASKED,)),
            situation(draft("See you", subject="Your cancer screening"), recipients=(_UNASKED,)),
            situation(draft("SSN 123 45 6789, is that right?")),
        ),
        (
            situation(draft("My number is 555-45-67890."), recipients=(_UNASKED,)),
            situation(draft("The still life tested my patience."), recipients=(_UNASKED,)),
        ),
    ),
    "TW16": Examples(_all(Severity.HOLD, situation(draft(subject="RE: YOUR HIV\nTEST RESULTS")))),
    "TW18": Examples((), (call("", Call(), recipients=()),)),
    "TW17": Examples(
        blocks(
            call("Your INSULIN is here.", LEFT),
            call("About the biopsy\nresults", replace(LEFT, outcome=None)),
        ),
        (
            call(
                "Hello",
                replace(LEFT, ways=frozenset({WayBack.INFORMATION})),
                patient=replace(ANN, form=replace(ANN.form, voicemail=VoicemailConsent.DETAILED)),
            ),
        ),
    ),
    "TW19": Examples(
        blocks(
            situation(recipients=(Recipient(_HERE, (), None, Consent.DECLINED),)),
            situation(
                patient=replace(ANN, form=replace(ANN.form, email=Consent.DECLINED)),
                recipients=(Recipient(_HERE),),
            ),
        ),
        (
            situation(recipients=(Recipient(_HERE, (ANN,), _POINT, Consent.UNKNOWN),)),
            situation(recipients=(Recipient(_HERE, (ANN,), _POINT, Consent.IMPLIED),)),
        ),
    ),
    "TW20": Examples(
        _all(
            Severity.HOLD,
            text("Hi", recipients=(Recipient(_NUMBER, (ANN,)),)),
            situation(recipients=(_UNASKED, Recipient(_HERE, (ANN,), _POINT, Consent.ACCEPTED))),
        ),
    ),
    "TW21": Examples(
        blocks(
            _private(email("ann.private@example.com")),
            _private(Address(AddressSystem.PORTAL, "Patient/ann")),
            situation(
                patient=None,
                recipients=(
                    Recipient(
                        _HERE,
                        (replace(ANN, form=replace(ANN.form, confidential=email("x@y.example"))),),
                    ),
                ),
            ),
        ),
        (_private(email("ANN@example.com")),),
    ),
    "TW22": Examples(
        (
            *blocks(
                situation(draft(confidential=True), recipients=(_FAMILY,)),
                situation(
                    draft(confidential=True),
                    patient=None,
                    recipients=(Recipient(_HERE, (ANN,), proxies_share=True),),
                ),
            ),
            *_all(
                Severity.HOLD,
                situation(recipients=(Recipient(_HERE, (BEN,), _POINT, Consent.ACCEPTED),)),
                situation(draft(answers=7), newest_about=BEN),
                situation(draft("Your lab results are back."), recipients=(_FAMILY,)),
                situation(draft("Your lab results are back.", answers=7), recipients=(_FAMILY,)),
                situation(
                    draft("Hi Ann. Your PSA test result is positive.", answers=7),
                    recipients=(_FAMILY,),
                ),
                situation(
                    draft("It is good.", answers=7, category=Category.RESULT),
                    recipients=(_FAMILY,),
                ),
            ),
        ),
        (
            situation(draft("Thursday at ten is fine.", answers=7), recipients=(_FAMILY,)),
            situation(draft("Your lab results are back.", answers=7)),
            situation(draft(confidential=True)),
        ),
    ),
    "TW23": Examples(
        _all(
            Severity.HOLD,
            text(
                "Hi",
                recipients=(
                    Recipient(
                        _NUMBER,
                        (ANN,),
                        ContactPoint(_NUMBER.system, _NUMBER.value, health=PointHealth.BAD),
                    ),
                ),
            ),
        ),
        (text("Hi"),),
    ),
    "TW24": Examples(
        _all(Severity.WARN, *says("HTTPS://BIT.LY/3ABC", "at\ntinyurl.com/book now")),
        says("See https://orbit.ly.example/x", "Write to dot.com/pany"),
    ),
    "TW25": Examples((), (text("It’s fine"), text(""), call("x" * 500, Call()))),
    "TW26": Examples(
        _all(
            Severity.WARN,
            text("Lakeside: hi Ann", first_contact=True),
            text("", first_contact=True),
        ),
        (text("hi from LAKESIDE family practice", first_contact=True),),
    ),
    "TW27": Examples(
        _all(Severity.WARN, text("Stop by on Friday", first_contact=True)),
        (text("Text STOP to end.", first_contact=True), situation(draft(automatic=True))),
    ),
    "TW28": Examples(
        _all(Severity.HOLD, situation(draft(automatic=True), automatic_today=2)),
        (situation(draft(automatic=True)),),
    ),
    "TW30": Examples(
        _all(Severity.HOLD, situation(earlier=(Earlier(3, NOW, MessageStatus.DELIVERED, True),))),
        (situation(),),
    ),
    "TW31": Examples(
        _all(
            Severity.HOLD,
            situation(newest_inbound_id=9, newest_inbound_at=None),
            text("Hi", newest_inbound_id=8),
        ),
        (situation(newest_inbound_id=0),),
    ),
    "TW32": Examples(
        _all(
            Severity.HOLD,
            situation(draft("About your\nMRI results"), patient=None),
            situation(draft("MRN: 4455667"), patient=None),
        ),
        (situation(draft("We close at five."), patient=None),),
    ),
    "TW35": Examples(
        (
            *_all(Severity.WARN, *says("I’ve attached\nthe form", "SEE ATTACHED")),
            *blocks(text("Here it is", attachments=(_FILE,))),
        ),
        (
            situation(draft("I have attached the form.", attachments=(_FILE,))),
            *says("We grew attached to the old office."),
        ),
    ),
    "TW36": Examples(
        (
            *_all(Severity.HOLD, *says("HI BOB!", "Dear\nBob,", "Good morning Bob,")),
            *_all(
                Severity.WARN,
                *says(
                    "Rosa, water only before the blood test.",
                    "  Rosa , see you on Friday.",
                    "Rosa\n\nWater only before the blood test.",
                    "José, nos vemos el viernes.",
                    "Mary-Lou, see you on Friday.",
                ),
            ),
        ),
        says(
            *("HI ANN", "Hi Annie,", "Dear Ann-Lee,", "Hola Ann"),
            *("Ann, see you on Friday.", "Annie,\nsee you.", "Ann\nSee you.", "Lee, it is fine."),
            *(f"{word}, see you at ten." for word in NO_NAMES),
            *(f"{word}\nSee you at ten." for word in NO_NAMES[-4:]),
            *("Rosa will see you at ten.", "rosa, water only", "Rosa", "Rosa: at ten", "MRI, then"),
        ),
    ),
    "TW38": Examples(
        _all(
            Severity.INFO,
            *says(
                "CALL US REGARDING YOUR ACCOUNT",
                "Contact the office\nabout results.",
                "Call at your earliest convenience.",
            ),
        ),
        says("We write about your appointment on Friday at ten.", "Hello Ann"),
    ),
    "TW40": Examples(
        _all(
            Severity.WARN,
            *says("Call (555) 010-9999", "Fax: 555.010.1234", "+1 555 010 7771 is the nurse"),
        ),
        (
            text("Is (555) 010-7811 still your number?"),
            *says("Your code is 1234567890."),
        ),
    ),
    "TW34": Examples((), (text("Use {} or [] as you like"),)),
    "TW37": Examples((), (situation(),)),
    "TW41": Examples(_instead("TW41", "HELLO\nANN", "Hello")),
    "TW43": Examples(_instead("TW43", "REMINDER:\nFriday at ten"), (situation(),)),
    "TW44": Examples((), (situation(), text("HELLO ANN"))),
}

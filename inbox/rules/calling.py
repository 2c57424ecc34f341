"""Rules about asking people to call: only when somebody answers, and with a number that does."""

from __future__ import annotations

from collections.abc import Iterator

from inbox.address import ChannelKind
from inbox.consent import voicemail_at
from inbox.finding import Finding, Fix, Severity
from inbox.number import number_words
from inbox.outgoing import CallOutcome, WayBack
from inbox.patient import VoicemailConsent
from inbox.rules.asking import asks_to_call, somebody_answers
from inbox.rules.leaving import READ_WITHIN, leave_at_opening, next_answering, phones_answer
from inbox.rules.patterns import (
    INVITES_REPLY,
    RESULTS,
    SENSITIVE,
    VAGUE,
)
from inbox.rules.rule import rule
from inbox.rules.sentence import with_sentence, without_sentence
from inbox.rules.wording import wording
from inbox.situation import Situation
from inbox.words import clock_words


@rule("TW04", "Asks to call while nobody answers")
def call_when_closed(situation: Situation) -> Iterator[Finding]:
    """Do not ask people to call when the phones are off, or go off before they can have read it.

    They would reach an answering service or nobody. Invite an answer to this very message, give the
    link to schedule, or let it leave at opening. A direct line of one of the staff is fine, and so
    is an answering service that takes messages.

    A number to call asks for a call as well; that of our phones does so by itself, unless an answer
    is invited or it stands in the signature of an e-mail.
    """
    draft = situation.draft
    if draft.channel is ChannelKind.PHONE or phones_answer(situation):
        return
    found = asks_to_call(situation, bare=True)
    if found is None or somebody_answers(situation):
        return
    opens = next_answering(situation)
    when = f" until {clock_words(opens, situation.now, situation.practice)}" if opens else ""
    direct = _direct_line(situation)
    said = f"My direct line is {direct}."
    yield Finding(
        "TW04",
        Severity.BLOCK,
        f"It asks them to call, but nobody answers the phones when they read it{when}.",
        _invite_instead(situation, *found),
        others=(
            *leave_at_opening(situation),
            *(
                (Fix("Add your direct line", text=with_sentence(draft.text, said)),)
                if direct
                else ()
            ),
        ),
    )


@rule("TW05", "Asks to call and offers nothing else")
def call_when_open(situation: Situation) -> Iterator[Finding]:
    """Calling the front desk is a queue and a phone tree: offer an answer here, or a direct line.

    Somebody who was written to would rather write back. One key adds the direct line and the
    invitation.
    """
    draft = situation.draft
    if draft.channel is ChannelKind.PHONE or not phones_answer(situation):
        return
    if wording(draft.text).says(INVITES_REPLY) or somebody_answers(situation):
        return
    if asks_to_call(situation) is None:
        return
    severity = Severity.HOLD if draft.channel is ChannelKind.SMS else Severity.WARN
    yield Finding(
        "TW05",
        severity,
        "It asks them to call and gives no other way to answer.",
        Fix("Add a way to answer", text=with_sentence(draft.text, _way_to_answer(situation))),
    )


@rule("TW11", "A message left without a way to answer", core=True)
def voicemail_no_path(situation: Situation) -> Iterator[Finding]:
    """Leaving a message is only worth something if the patient can answer it.

    Say a direct line or extension; or how long you are there and the e-mail or portal you watch
    afterwards; or leave word with the answering service, which has been told; or, where the privacy
    form allows it, the information itself.
    """
    call = situation.draft.call
    if call is None or call.outcome is not CallOutcome.LEFT_MESSAGE or call.ways:
        return
    yield Finding(
        "TW11",
        Severity.BLOCK,
        "You left a message: how can they answer it? Choose one of the four ways.",
    )


@rule("TW12", "The phones go off soon")
def late_call(situation: Situation) -> Iterator[Finding]:
    """Before a call late in the day: whoever calls back reaches the answering service.

    Have a direct line in your profile, or say until when you are there and where you can be
    written.
    """
    call = situation.draft.call
    if call is None or call.outcome is not None or _direct_line(situation):
        return
    plan = situation.plan
    line = plan.line.id if plan is not None and plan.line.channel is ChannelKind.PHONE else ""
    hours = situation.practice.hours_of(line) if line else situation.practice.phone_hours
    until = hours.open_until(situation.now)
    if until is not None and until - situation.now >= READ_WITHIN:
        return
    if until is None:
        said = "The phones are off: they cannot call you back."
    else:
        left = int((until - situation.now).total_seconds() // 60)
        said = f"The phones go off in {left} minutes, and you have no direct line."
    yield Finding("TW12", Severity.WARN, f"{said} Say where they can answer.")


@rule("TW13", "The answering service does not know", core=True)
def service_deaf(situation: Situation) -> Iterator[Finding]:
    """Leave people to the answering service only if it takes messages and has been told.

    The heads-up is a message of its own; the log stays open until it has left.
    """
    call = situation.draft.call
    if call is None or WayBack.SERVICE not in call.ways:
        return
    service = situation.practice.answering_service
    if service is None or not service.takes_messages:
        yield Finding(
            "TW13", Severity.BLOCK, "The answering service takes no messages. Choose another way."
        )
    elif not call.heads_up_sent and not call.heads_up.strip():
        yield Finding(
            "TW13",
            Severity.BLOCK,
            "The answering service has not been told yet. Send the heads-up.",
        )
    elif not call.heads_up_sent and service.heads_up_channel in {None, ChannelKind.PHONE}:
        yield Finding(
            "TW13",
            Severity.BLOCK,
            "Nothing says how the answering service is told. Call them and tell them, or name their"
            " text number or e-mail address in the configuration.",
        )


@rule("TW17", "Too much for a voicemail", core=True)
def voicemail_detail(situation: Situation) -> Iterator[Finding]:
    """A voicemail says no more than the privacy form allows.

    Without `detailed` on the form: the practice's name, yours, and how to answer; no result, no
    illness, no specialty. With `none`: no message at all.
    """
    draft, patient = situation.draft, situation.patient
    call = draft.call
    leaving = call is not None and call.outcome in {None, CallOutcome.LEFT_MESSAGE}
    if draft.channel is not ChannelKind.PHONE or not leaving or call is None:
        return
    consent = voicemail_at(patient, draft.to)
    if consent is VoicemailConsent.NONE and call.outcome is CallOutcome.LEFT_MESSAGE:
        yield Finding(
            "TW17",
            Severity.BLOCK,
            "The privacy form says: leave no voicemail. Write, or call again.",
        )
        return
    if consent is VoicemailConsent.DETAILED:
        return
    said = wording(draft.text)
    found = said.find(RESULTS) or said.find(SENSITIVE)
    if found is not None or WayBack.INFORMATION in call.ways:
        yield Finding(
            "TW17",
            Severity.BLOCK,
            "The privacy form does not allow details on this voicemail. Leave a call-back only.",
            Fix(
                "Take the sentence out",
                text=without_sentence(draft.text, found.start(), found.end()),
            )
            if found is not None
            else None,
        )


@rule("TW38", "Says nothing of what it is about")
def vague(situation: Situation) -> Iterator[Finding]:
    """“Call us about your appointment” makes people worry and call for nothing.

    Say what it is, and give the choices: new times, what is missing, what happens next.
    """
    if wording(situation.draft.text).says(VAGUE):
        yield Finding("TW38", Severity.INFO, "Say what it is about, and give the choices.")


def _direct_line(situation: Situation) -> str:
    member = situation.practice.member(situation.staff_id)
    return number_words(member.direct_line) if member else ""


def _way_to_answer(situation: Situation) -> str:
    line = _direct_line(situation)
    answer = {ChannelKind.SMS: "reply to this text", ChannelKind.PORTAL: "answer here"}.get(
        situation.draft.channel, "reply to this e-mail"
    )
    if line:
        return f"My direct line is {line}, or just {answer}."
    return f"Or just {answer}."


def _invite_instead(situation: Situation, start: int, end: int) -> Fix:
    url = situation.practice.scheduling_url
    invitation = "Please reply here with a time that works for you"
    sentence = f"{invitation}, or choose one at {url}" if url else f"{invitation}."
    text = with_sentence(without_sentence(situation.draft.text, start, end), sentence)
    return Fix("Invite an answer here instead", text=text)

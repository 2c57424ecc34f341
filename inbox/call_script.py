"""What is said on a call: words for a voicemail that fit the privacy form, and for the service."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from inbox.line import Line
from inbox.number import number_words
from inbox.patient import Patient, VoicemailConsent
from inbox.practice import Practice, StaffMember

NO_MESSAGE: Final = ""
"""The script where the form says: leave no message."""
GAP: Final = " I call about …"
"""Where the form allows details, the script leaves room for them."""
_STEP: Final = timedelta(minutes=30)
_SOONEST: Final = timedelta(minutes=15)

_VOICEMAIL: Final = {
    VoicemailConsent.NONE: "leave no message",
    VoicemailConsent.CALLBACK_ONLY: "call-back only",
    VoicemailConsent.DETAILED: "details allowed",
    VoicemailConsent.UNKNOWN: "nobody asked: call-back only",
}


def voicemail_words(consent: VoicemailConsent) -> str:
    """What the form says of a number's voicemail: `call-back only`."""
    return _VOICEMAIL[consent]


def may_tell_words(patient: Patient | None) -> tuple[str, ...]:
    """Whom a message may be left with: `Luis (spouse), details`."""
    if patient is None:
        return ()
    return tuple(
        f"{one.name}{f' ({one.relation})' if one.relation else ''}, "
        + ("details" if one.detail else "only that we called")
        for one in patient.form.may_tell
    )


def spoken_time(moment: datetime, practice: Practice) -> str:
    """A time as it is said: `5:30 pm`."""
    local = moment.astimezone(practice.timezone)
    hour = local.hour % 12 or 12
    return f"{hour}:{local.minute:02d} {'am' if local.hour < 12 else 'pm'}"


def likely_until(now: datetime, practice: Practice) -> datetime:
    """Until when a caller is likely to be there: the next half hour that is worth waiting for."""
    local = now.astimezone(practice.timezone)
    past = timedelta(minutes=local.minute % 30, seconds=local.second, microseconds=now.microsecond)
    at = now - past + _STEP
    return at if at - now >= _SOONEST else at + _STEP


def watched_words(line: Line) -> str:
    """How somebody writes to a line: `e-mail frontdesk@lakeside.example`."""
    return f"e-mail me at {line.address}" if "@" in line.address else "write to me in the portal"


def here_words(until: datetime, watched: Line | None, practice: Practice) -> str:
    """How long the caller is there, and where they look afterwards."""
    said = f"I'm here until {spoken_time(until, practice)}."
    if watched is None:
        return said
    return f"{said} After that please {watched_words(watched)}: I am watching it."


def direct_words(caller: StaffMember) -> str:
    """The caller's direct line."""
    return f"You can call me back on my direct line, {number_words(caller.direct_line)}."


def service_words() -> str:
    """That the answering service knows."""
    return "You can leave word with our answering service: they know that you may call."


def voicemail_script(
    practice: Practice,
    caller: StaffMember,
    patient: Patient | None,
    consent: VoicemailConsent,
    way: str,
    *,
    named: bool = True,
) -> str:
    """What to say to a voicemail; empty where the form says: no message.

    Args:
        practice: Who calls.
        caller: Who of them.
        patient: Whom they want; None while nobody knows.
        consent: What the form allows at this number.
        way: How they can answer, in a sentence or two.
        named: The practice is named; its name may say what it is about.
    """
    if consent is VoicemailConsent.NONE:
        return NO_MESSAGE
    who = f" for {patient.name}" if patient is not None else ""
    whence = f" from {practice.name}" if named else ""
    about = GAP if consent is VoicemailConsent.DETAILED else ""
    return f"Hello, this is {caller.name}{whence} with a message{who}.{about} {way}".strip()


def heads_up_words(
    practice: Practice, caller: StaffMember, patient: Patient | None, now: datetime
) -> str:
    """What the answering service is told; never what it is about."""
    service = practice.answering_service
    named = service is not None and service.names_patients and patient is not None
    who = patient.name if named and patient is not None else "Somebody"
    reached = number_words(caller.direct_line) or practice.name
    return (
        f"{practice.name}: {who} was called at {spoken_time(now, practice)} and may call back."
        f" Please take their name and number and pass them on to {caller.name}, {reached}."
    )

"""What the call screen shows of a plan and of a log: pure functions to content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from textual.content import Content

from inbox.call_plan import CallPlan
from inbox.call_script import spoken_time
from inbox.finding import Severity
from inbox.number import number_words
from inbox.outgoing import Call, CallOutcome, Draft, WayBack
from inbox.patient import VoicemailConsent
from inbox.practice import Practice
from tui.commands import command, shown_key
from tui.widgets.cells import one_line, wrap

if TYPE_CHECKING:
    from inbox.repository import OutboxRow

_LABEL: Final = 11
_MOST_FINDINGS: Final = 3
_SIGNS: Final = {
    Severity.BLOCK: ("✗", "bold $error"),
    Severity.HOLD: ("!", "bold $warning"),
    Severity.WARN: ("!", "$warning"),
}
_WAY_COMMANDS: Final = {
    WayBack.DIRECT_LINE: "way-direct-line",
    WayBack.HERE_UNTIL: "way-here-until",
    WayBack.SERVICE: "way-service",
    WayBack.INFORMATION: "way-information",
}
OUTCOMES: Final = {
    "call-reached": CallOutcome.REACHED,
    "call-left-message": CallOutcome.LEFT_MESSAGE,
    "call-no-answer": CallOutcome.NO_ANSWER,
    "call-busy": CallOutcome.BUSY,
    "call-wrong-number": CallOutcome.WRONG_NUMBER,
}
"""The commands that say how a call ended."""
_ASKS: Final = {
    CallOutcome.REACHED: "Reached. What was agreed?",
    CallOutcome.LEFT_MESSAGE: "Left a message. What did you say?",
    CallOutcome.NO_ANSWER: "No answer. Anything to note? It may stay empty.",
    CallOutcome.BUSY: "Busy. Anything to note? It may stay empty.",
    CallOutcome.WRONG_NUMBER: "Wrong number. Anything to note? It may stay empty.",
}
Spans = list[tuple[str, str]]


def facts_of(plan: CallPlan, practice: Practice, width: int, *, brief: bool) -> Content:
    """What is to be known: the number, the form's words, the phones, the caller, the script.

    Args:
        plan: The call.
        practice: For the times.
        width: Cells to break words for.
        brief: Only what matters while the log is written.
    """
    spans: Spans = []
    _row(spans, "Number", plan.number.words, "bold $error" if plan.number.doubtful else "", width)
    sharing = _sharing(plan)
    if sharing:
        _row(spans, "Shared", f"{sharing} can be reached at this number too", "$warning", width)
    _row(spans, "Voicemail", *_voicemail(plan), width)
    _row(spans, "Phones", *_phones(plan, practice), width)
    if brief:
        return Content.assemble(*spans)
    line = number_words(plan.line.address)
    how = "your phone rings first" if plan.dials else "dial by hand"
    direct = f"direct line {plan.direct_line}" if plan.direct_line else "no direct line"
    _row(spans, "You", f"{direct} · {how}", "", width)
    _row(spans, "They see", line, "", width)
    findings = [one for one in plan.findings if one.severity is not Severity.INFO]
    for finding in findings[:_MOST_FINDINGS]:
        sign, style = _SIGNS[finding.severity]
        words = f"{sign} {one_line(finding.reason, 300)}  {finding.rule}"
        spans.append(("\n".join(wrap(words, width)) + "\n", style))
    more = len(findings) - _MOST_FINDINGS
    if more > 0:
        spans.append((f"and {more} more\n", "$quiet"))
    if not plan.script:
        spans.append(("\nLeave no message: the privacy form says so.\n", "bold $warning"))
    else:
        spans.append(("\nTo a voicemail, say:\n", "$quiet"))
        spans.append(("\n".join(wrap(plan.script, width)) + "\n", "bold"))
    return Content.assemble(*spans)


def outcome_lines(keymap: Mapping[str, str], *, dialled: bool) -> Content:
    """The keys that say how the call ended."""
    title = "How did it end?" if dialled else "After the call:"
    spans: Spans = [(f"{title}\n", "$quiet")]
    for command_id, outcome in OUTCOMES.items():
        spans.append((shown_key(command(command_id), keymap), "bold $accent"))
        spans.append((f" {outcome.value}  ", ""))
    return Content.assemble(*spans)


def asked(outcome: CallOutcome) -> Content:
    """What is asked of a call that ended so."""
    return Content.styled(_ASKS[outcome], "bold")


def untold(heads_up: OutboxRow | None) -> Content:
    """That the answering service does not know yet, and why."""
    why = one_line(heads_up.status_text, 200) if heads_up is not None else ""
    words = "The answering service has not been told" + (f": {why}" if why else ".")
    return Content.styled(f"! {words}", "bold $error")


def ways_lines(
    plan: CallPlan, log: Draft, practice: Practice, width: int, keymap: Mapping[str, str]
) -> Content:
    """The four ways with their keys, which are chosen, and why others cannot be."""
    call = log.call or Call()
    spans: Spans = [("How can they answer?\n", "bold")]
    for offer in plan.ways:
        chosen = offer.way in call.ways
        words = offer.words
        if offer.way is WayBack.HERE_UNTIL and chosen and log.promises:
            watched = next((one.address for one in plan.watchable if one.id == call.watched), "")
            until = spoken_time(log.promises[0].due, practice)
            words = f"here until {until}, then {watched}, which you watch"
        sign = "●" if chosen else "✗" if offer.refused else "○"
        said = f"{words}: {offer.refused}" if offer.refused else words
        style = "bold" if chosen else "$quiet" if offer.refused else ""
        key = shown_key(command(_WAY_COMMANDS[offer.way]), keymap)
        spans.append((f"{key} ", "bold $accent"))
        spans.append((("\n   ").join(wrap(f"{sign} {said}", width - 3)) + "\n", style))
    return Content.assemble(*spans)


def _sharing(plan: CallPlan) -> str:
    """Other patients who have the number, by name; empty while nobody is chosen."""
    if plan.patient is None:
        return ""
    found = (one for person in plan.situation.recipients for one in person.patients)
    return ", ".join(one_line(one.name, 40) for one in found if one.id != plan.patient.id)


def _voicemail(plan: CallPlan) -> tuple[str, str]:
    words = " · ".join((plan.voicemail_words, *(f"may tell: {one}" for one in plan.may_tell)))
    none = plan.voicemail is VoicemailConsent.NONE
    return words, "bold $error" if none else "bold"


def _phones(plan: CallPlan, practice: Practice) -> tuple[str, str]:
    service = practice.answering_service
    takes = ""
    if service is not None:
        takes = " · the answering service " + (
            "takes messages" if service.takes_messages else "takes NO messages"
        )
    quiet = " · QUIET HOURS there" if plan.quiet else ""
    if plan.phones_until is None:
        return f"off now{takes}{quiet}", "$warning"
    soon = plan.minutes_left < 30
    local = plan.phones_until.astimezone(practice.timezone)
    return f"staffed for {plan.minutes_left} min, until {local:%H:%M}{takes}{quiet}", (
        "$warning" if soon or plan.quiet else ""
    )


def _row(spans: Spans, label: str, words: str, style: str, width: int) -> None:
    lines = wrap(one_line(words, 600), width - _LABEL) or [""]
    spans.append((f"{label:<{_LABEL}}", "$quiet"))
    spans.append((("\n" + " " * _LABEL).join(lines) + "\n", style))

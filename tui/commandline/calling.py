"""Calls: what to know before one, dialling it, and keeping what became of it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Awaitable, Callable
from dataclasses import replace

from inbox.call_plan import CallPlan
from inbox.errors import Held, NotFound, Refused, TwowayError
from inbox.message import MessageStatus
from inbox.number import number_words
from inbox.outgoing import Call, CallOutcome, Draft, WayBack
from inbox.promise import DraftPromise, PromiseKind
from inbox.repository import OutboxRow
from tui.commandline import shapes
from tui.commandline.output import Output, stamp, tell_error, tell_findings
from tui.commandline.session import with_office
from tui.commandline.writing import as_moment, patient_named, read_first, until_settled
from tui.wiring import PracticeOffice

_LOG, _TELL = "log", "tell"


def call(options: Namespace, output: Output) -> int:
    """`twoway call`, `twoway call log`, `twoway call tell`."""
    named = options.who if options.about is None else options.about
    action = options.who if options.about is not None else ""
    if action not in {"", _LOG, _TELL}:
        raise TwowayError(
            f"“{action}” is nothing to do with a call.", "Use: twoway call [log|tell] CONVERSATION"
        )
    if options.about is None and named in {_LOG, _TELL}:
        raise TwowayError("Nobody said which call.", f"Use: twoway call {named} CONVERSATION")
    work = {"": _show, _LOG: _log, _TELL: _tell}[action]
    return with_office(options, lambda office: work(office, named, options, output))


# ---------------------------------------------------------------- before the call


async def _show(office: PracticeOffice, named: str, options: Namespace, output: Output) -> int:
    plan = await _planned(office, named, options)
    if not options.dial:
        output.document(_plan_document(office, plan))
        _tell_plan(office, plan, output)
        return 0
    await read_first(office, plan.line.id)

    async def attempt() -> OutboxRow:
        again = await _planned(office, named, options)
        row = await office.desk.calling.dial(again, options.because)
        return await until_settled(office, row, options.timeout)

    row, status = await _attempted(attempt, output)
    if row is None:
        return status
    output.document(
        {
            **_plan_document(office, plan),
            "outbox_id": row.id,
            "state": row.status.value,
            "problem": row.status_text or None,
        }
    )
    output.line(f"{row.status.value.capitalize()}: outbox {row.id}.")
    if row.status in {MessageStatus.SENT, MessageStatus.DELIVERED}:
        output.line(f"Your phone rings first, {plan.direct_line}.")
        output.line(f"When it is over: twoway call log {row.conversation_id} --outcome …")
        return 0
    output.error(row.status_text or f"It is {row.status.value}.", row.hint)
    return 1


async def _planned(office: PracticeOffice, named: str, options: Namespace) -> CallPlan:
    """The plan for a conversation's number or a patient's id or name.

    Raises:
        NotFound: there is none, or the number is none.
    """
    number = ""
    if options.number:
        from tui.phone_number import international

        number = international(options.number, office.desk.practice.country)
        if not number:
            raise NotFound(f"“{options.number}” is no phone number.", "Like: +15550107811.")
    # What lines can do is known once their adapters are there.
    await office.back_office()
    if named.isdigit():
        return await office.desk.calling.prepare(int(named), number)
    patient = await patient_named(office, named)
    return await office.desk.calling.prepare(patient.id, number)


def _plan_document(office: PracticeOffice, plan: CallPlan) -> shapes.Document:
    practice = office.desk.practice
    service = practice.answering_service
    return {
        "conversation": plan.draft.conversation_id,
        "patient": plan.patient.id if plan.patient else None,
        "person": plan.person,
        "number": plan.number.address.value,
        "number_words": plan.number.words,
        "others": [
            {"number": one.address.value, "words": one.words, "doubtful": one.doubtful}
            for one in plan.others
        ],
        "line": plan.line.id,
        "from": plan.line.address,
        "dials": plan.dials,
        "voicemail": plan.voicemail.value,
        "voicemail_words": plan.voicemail_words,
        "may_tell": list(plan.may_tell),
        "quiet_hours": plan.quiet,
        "phones_until": stamp(plan.phones_until, practice.timezone),
        "minutes_left": plan.minutes_left,
        "direct_line": plan.caller.direct_line or None,
        "service_takes_messages": service.takes_messages if service else None,
        "ways": [
            {"way": one.way.value, "words": one.words, "refused": one.refused or None}
            for one in plan.ways
        ],
        "script": plan.script or None,
        "heads_up": plan.heads_up,
        "findings": [shapes.finding(one) for one in plan.findings],
    }


def _tell_plan(office: PracticeOffice, plan: CallPlan, output: Output) -> None:
    practice = office.desk.practice
    output.line(f"Call {plan.person}: {plan.number.words}")
    output.line(f"Voicemail: {plan.voicemail_words}")
    for told in plan.may_tell:
        output.line(f"May tell: {told}")
    if plan.phones_until is None:
        output.line("Phones: off now")
    else:
        local = plan.phones_until.astimezone(practice.timezone)
        output.line(f"Phones: staffed for {plan.minutes_left} min, until {local:%H:%M}")
    service = practice.answering_service
    if service is not None:
        takes = "takes messages" if service.takes_messages else "takes NO messages"
        output.line(f"Answering service: {takes}")
    output.line(f"Your direct line: {plan.direct_line or 'none'}")
    how = "rings your phone first (--dial)" if plan.dials else "dial by hand"
    output.line(f"They see {number_words(plan.line.address)}; {how}")
    tell_findings(plan.findings, output)
    output.line("Leave no message." if not plan.script else f"To a voicemail: {plan.script}")
    output.line("How they can answer a message:")
    for way in plan.ways:
        output.line(f"  {way.way.value}: " + (f"NOT: {way.refused}" if way.refused else way.words))


# ---------------------------------------------------------------- after it


async def _log(office: PracticeOffice, named: str, options: Namespace, output: Output) -> int:
    if not options.outcome:
        raise TwowayError("Nobody said how the call ended.", "Give --outcome.")
    calling = office.desk.calling
    plan = await _planned(office, named, options)
    dialled = None
    if plan.draft.conversation_id is not None:
        waiting = await calling.unfinished(plan.draft.conversation_id)
        dialled = next((one.row.id for one in waiting if one.heads_up is None), None)
    draft = replace(_drafted(office, plan, options), outbox_id=dialled)
    row, status = await _attempted(lambda: calling.log(plan, draft, options.because), output)
    if row is None:
        return status
    return await _say_logged(office, row, output)


def _drafted(office: PracticeOffice, plan: CallPlan, options: Namespace) -> Draft:
    """The log as the options describe it."""
    ways = frozenset(WayBack(way) for way in options.way)
    watched = options.watch
    if not watched and WayBack.HERE_UNTIL in ways and len(plan.watchable) == 1:
        watched = plan.watchable[0].id
    promises: tuple[DraftPromise, ...] = ()
    if options.until:
        due = as_moment(options.until, office)
        promises = (DraftPromise(PromiseKind.HERE, "", due),)
    heads_up = ""
    if WayBack.SERVICE in ways and not options.heads_up_sent:
        heads_up = options.heads_up or plan.heads_up
    outcome = CallOutcome(options.outcome)
    text = options.text or ""
    if not text and outcome is CallOutcome.LEFT_MESSAGE and WayBack.INFORMATION not in ways:
        text = plan.script
    return replace(
        plan.draft,
        text=text,
        call=Call(outcome, ways, options.heads_up_sent, heads_up, watched),
        promises=promises,
    )


async def _say_logged(office: PracticeOffice, row: OutboxRow, output: Output) -> int:
    desk = office.desk
    message = await desk.repository.conversations.message(row.message_id)
    promised = await office.repository.promises.of_outbox(row.id)
    call_ = message.call or Call()
    unfinished = [
        one for one in await desk.calling.unfinished(row.conversation_id) if one.row.id == row.id
    ]
    told = unfinished[0].heads_up if unfinished else None
    output.document(
        {
            "outbox_id": row.id,
            "conversation": row.conversation_id,
            "message": row.message_id,
            "state": row.status.value,
            "outcome": call_.outcome.value if call_.outcome else None,
            "ways": [way.value for way in WayBack if way in call_.ways],
            "number": message.to[0].value if message.to else None,
            "text": message.text,
            "finished": not unfinished,
            "heads_up": None
            if told is None
            else {
                "outbox_id": told.id,
                "state": told.status.value,
                "to": [one.value for one in told.draft.to],
                "text": told.draft.text,
            },
            "promises": [
                shapes.promise(one, desk.clock(), desk.practice.timezone) for one in promised
            ],
            "findings": list(row.findings),
        }
    )
    ended = call_.outcome.value if call_.outcome else ""
    output.line(f"Kept: conversation {row.conversation_id}, outbox {row.id}: {ended}.")
    for promise in promised:
        output.line(f"  {desk.promises.words(promise)}.")
    if told is not None:
        output.line(f"  The answering service is told: {told.draft.text}")
        output.line("  Not finished until that has left: an open Twoway sends it now, else run")
        output.line("  `twoway sync --once`.")
    return 0


async def _tell(office: PracticeOffice, named: str, options: Namespace, output: Output) -> int:
    if not named.isdigit():
        raise TwowayError("Which conversation?", "Use: twoway call tell CONVERSATION")
    calling = office.desk.calling
    waiting = [one for one in await calling.unfinished(int(named)) if one.heads_up is not None]
    if not waiting or waiting[0].heads_up is None:
        raise TwowayError("No heads-up is missing there.", "`twoway show` tells how calls ended.")
    text = options.heads_up or waiting[0].heads_up.draft.text
    row, status = await _attempted(
        lambda: calling.tell_service(waiting[0], text, options.because), output
    )
    if row is None:
        return status
    return await _say_logged(office, waiting[0].row, output)


async def _attempted(
    attempt: Callable[[], Awaitable[OutboxRow]], output: Output
) -> tuple[OutboxRow | None, int]:
    """Try it; where the gate objects, say why, with the exit status."""
    try:
        return await attempt(), 0
    except Refused as error:
        state = "held" if isinstance(error, Held) else "blocked"
        output.document(
            {
                "outbox_id": None,
                "state": state,
                "findings": [shapes.finding(one) for one in error.findings],
            }
        )
        tell_findings(error.findings, output)
        if isinstance(error, Held):
            hint = 'Use --because "the reason" to do it all the same.'
            error = Held(error.sentence, hint, error.findings)
        return None, tell_error(error, output)

"""Sending: reply, send, undo, retry. Same desk, same gate as the screen."""

from __future__ import annotations

import asyncio
import mimetypes
from argparse import Namespace
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.errors import Blocked, Held, NotFound, Refused, TwowayError
from inbox.finding import Finding
from inbox.message import MessageStatus
from inbox.outgoing import Draft
from inbox.patient import Patient, PointHealth
from inbox.plain import file_name
from inbox.repository import OutboxRow
from inbox.view import Preview
from inbox.words import leaves_words, left_from_words
from tui.commandline import shapes
from tui.commandline.output import Output, stamp, tell_error, tell_findings
from tui.commandline.promises import promising
from tui.commandline.session import with_office, words
from tui.commandline.times import moment_of
from tui.config.reading import is_mail_address
from tui.files import read_bytes
from tui.reach import addresses_on
from tui.wiring import PracticeOffice

if TYPE_CHECKING:
    from inbox.notice import Sent

_FRESH = timedelta(minutes=2)
"""A line that was read this recently is being read by somebody."""
_LOOK_EVERY = 0.1
_PLACES = {
    ChannelKind.EMAIL: "e-mail address here",
    ChannelKind.SMS: "phone number here",
    ChannelKind.PHONE: "phone number here",
    ChannelKind.PORTAL: "portal account that is known here",
}
_SETTLED = {
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.FAILED,
    MessageStatus.UNKNOWN,
    MessageStatus.CANCELLED,
}


def reply(options: Namespace, output: Output) -> int:
    """`twoway reply`."""
    text = words(options.text)

    async def work(office: PracticeOffice) -> int:
        desk = office.desk
        key = f"c{(await desk.repository.conversations.row(options.conversation)).id}"
        kept = await desk.repository.drafts.load(key, desk.member.id)
        if kept is not None and not options.drop_draft:
            raise TwowayError(
                "You have begun a draft in this conversation, which sending would replace.",
                "Send it from the screen, or use --drop-draft to forget it.",
            )
        channel = ChannelKind(options.channel) if options.channel else None
        draft = await desk.reply_draft(options.conversation, channel, fresh=True)
        if options.seen is not None:
            draft = replace(draft, seen_message_id=options.seen)
        status = await _send(office, replace(draft, text=text), options, output)
        if kept is not None:
            await desk.drop_draft(kept)
        return status

    return with_office(options, work)


def send(options: Namespace, output: Output) -> int:
    """`twoway send`."""
    text = words(options.text)

    async def work(office: PracticeOffice) -> int:
        channel = ChannelKind(options.channel)
        to, patient_id = await recipient_named(office, options.to, channel)
        draft = await office.desk.new_draft(to, channel, patient_id)
        return await _send(office, replace(draft, text=text), options, output)

    return with_office(options, work)


def undo(options: Namespace, output: Output) -> int:
    """`twoway undo`."""

    async def work(office: PracticeOffice) -> int:
        taken_back = await office.desk.undo(options.outbox_id)
        if taken_back is None:
            raise TwowayError(
                "It is too late: the message has left, or is leaving.",
                "`twoway show` tells what became of it.",
            )
        output.document({"outbox_id": options.outbox_id, "state": "cancelled"})
        output.line("Taken back; its text is kept as your draft.")
        return 0

    return with_office(options, work)


def retry(options: Namespace, output: Output) -> int:
    """`twoway retry`."""

    async def work(office: PracticeOffice) -> int:
        if options.wait:
            row = await office.repository.outbox.get(options.outbox_id)
            await read_first(office, row.draft.line_id)
        from inbox.notice import Sent

        row = await office.desk.retry(options.outbox_id, options.because)
        return await _follow(office, Sent(row), (), options, output)

    return with_office(options, work)


# ---------------------------------------------------------------- one way to send


async def _send(office: PracticeOffice, draft: Draft, options: Namespace, output: Output) -> int:
    desk = office.desk
    if options.subject is not None:
        draft = replace(draft, subject=options.subject)
    draft = replace(draft, send_at=_send_at(office, draft, options))
    if options.line:
        draft = from_line(office, draft, options.line)
    draft = replace(draft, confidential=draft.confidential or options.confidential)
    draft = promising(office, draft, options)
    for name in options.attach:
        content = await asyncio.to_thread(read_bytes, name)
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        added = await desk.attach(file_name(Path(name).name), media_type, content)
        draft = replace(draft, attachments=(*draft.attachments, added))
    if options.wait:
        await read_first(office, draft.line_id)
    preview = desk.judge(await desk.situation(draft), draft)
    try:
        sent = await _queue(office, preview.draft, options)
    except Refused as error:
        return _refused(office, preview, error, output)
    return await _follow(office, sent, preview.verdict.findings, options, output)


async def _queue(office: PracticeOffice, draft: Draft, options: Namespace) -> Sent:
    """Queue a draft, with a notice beside it when that is asked for."""
    from inbox.notice import Sent

    desk = office.desk
    if not options.notice:
        return Sent(await desk.send(draft, options.because, undo=False))
    if draft.channel is not ChannelKind.PORTAL:
        raise TwowayError(
            "A notice goes with a portal message only.", "Leave --notice out, or use the portal."
        )
    return await desk.noticing.send(draft, options.because, undo=False)


def _send_at(office: PracticeOffice, draft: Draft, options: Namespace) -> datetime | None:
    """When it is to leave, by the options.

    Raises:
        TwowayError: the time is over, or the phones are never staffed.
    """
    desk = office.desk
    now = desk.clock()
    if options.at_opening:
        from inbox.rules.leaving import READ_WITHIN

        # A message that leaves a minute before closing is read behind it.
        opens = desk.practice.phone_hours.next_opening(now, READ_WITHIN)
        if opens is None:
            raise TwowayError(
                "Nobody is there within two weeks.", "Look at [hours], or use --send-at."
            )
        return opens if opens > now else None
    if not options.send_at:
        return draft.send_at
    moment = moment_of(options.send_at, now, desk.practice.timezone)
    if moment <= now:
        raise TwowayError("This time is over.", "Give one that is ahead, or leave --send-at out.")
    return moment


def _refused(office: PracticeOffice, preview: Preview, error: Refused, output: Output) -> int:
    state = "held" if isinstance(error, Held) else "blocked"
    output.document(
        {
            "outbox_id": None,
            "state": state,
            **leaving(office, preview),
            "findings": [shapes.finding(one) for one in error.findings],
        }
    )
    output.line(preview.from_words)
    tell_findings(error.findings, output)
    _tell_call(preview.draft, error.findings, output)
    hint = 'Use --because "the reason" to send it all the same.' if state == "held" else error.hint
    kind = Held if state == "held" else Blocked
    return tell_error(kind(error.sentence, hint, error.findings), output)


def _tell_call(draft: Draft, findings: tuple[Finding, ...], output: Output) -> None:
    """The command for a call in the place of a text."""
    fixes = (fix for one in findings for fix in one.fixes if fix.channel is ChannelKind.PHONE)
    called = next(fixes, None)
    about = draft.conversation_id or draft.patient_id
    if called is not None and called.to and about:
        output.line(f"twoway call {about} --number {called.to[0].value} calls them instead.")


async def _follow(
    office: PracticeOffice,
    sent: Sent,
    findings: tuple[Finding, ...],
    options: Namespace,
    output: Output,
) -> int:
    """Wait when asked to, then say what became of a queued message and of its notice."""
    row, notice = sent.row, sent.notice
    if options.wait:
        row = await until_settled(office, row, options.timeout)
        if notice is not None:
            notice = await until_settled(office, notice, options.timeout)
    desk = office.desk
    proofs = {view.line.id: view.proof for view in await desk.lines()}
    promised = await office.repository.promises.of_outbox(row.id)
    output.document(
        {
            "outbox_id": row.id,
            "state": row.status.value,
            "channel": row.draft.channel.value,
            "line": row.draft.line_id,
            "from": row.line_address,
            "to": [address.value for address in row.draft.recipients],
            "conversation": row.conversation_id,
            "message": row.message_id,
            "message_id": row.rfc_id,
            "leaves_at": stamp(row.leaves_at, desk.practice.timezone),
            "proof": shapes.proof(proofs.get(row.draft.line_id), desk.practice.timezone),
            "problem": row.status_text or None,
            "promises": [
                shapes.promise(one, desk.clock(), desk.practice.timezone) for one in promised
            ],
            "findings": [shapes.finding(one) for one in findings],
            "notice": _notice(notice),
            "notice_problem": sent.why_not or None,
        }
    )
    left = left_from_words(desk.practice, row.draft.line_id, row.line_address)
    output.line(
        f"{row.status.value.capitalize()}: conversation {row.conversation_id}, outbox {row.id}, "
        f"from {left} ({row.proof})."
    )
    if notice is not None:
        to = ", ".join(address.words for address in notice.draft.recipients)
        output.line(f"  Notice by {notice.draft.channel.words} to {to}: {notice.draft.text}")
    if sent.why_not:
        output.line(f"  {sent.why_not}")
    for promise in promised:
        output.line(f"  {desk.promises.words(promise)}.")
    tell_findings(findings, output)
    leaves = leaves_words(row.leaves_at, desk.clock(), desk.practice)
    if leaves:
        output.line(f"It {leaves}, while Twoway is open; twoway undo {row.id} takes it back.")
        return 0
    if not options.wait:
        output.line("An open Twoway sends it now; else run `twoway sync --once`.")
        return 0
    if row.status in {MessageStatus.SENT, MessageStatus.DELIVERED}:
        return 0
    if row.status is MessageStatus.QUEUED:
        output.error(row.status_text or "It has not left yet.", "`twoway outbox` follows it.")
    else:
        output.error(row.status_text or f"It is {row.status.value}.", row.hint)
    return 1


def _notice(row: OutboxRow | None) -> shapes.Document | None:
    """The notice that went with a portal message."""
    if row is None:
        return None
    return {
        "outbox_id": row.id,
        "state": row.status.value,
        "channel": row.draft.channel.value,
        "from": row.line_address,
        "to": [address.value for address in row.draft.recipients],
        "text": row.draft.text,
        "problem": row.status_text or None,
    }


async def read_first(office: PracticeOffice, line_id: str) -> None:
    """Make sure that the line is being read, so that what arrived meanwhile is known."""
    health = (await office.repository.lines.health()).get(line_id)
    polled = health.last_poll_at if health else None
    if polled is None or office.desk.clock() - polled > _FRESH:
        await (await office.back_office()).sync_once()


async def until_settled(office: PracticeOffice, row: OutboxRow, seconds: float) -> OutboxRow:
    """Send what is due, here or in the process that has the folder open, and wait for the end."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    await (await office.back_office()).deliver_due()
    while True:
        row = await office.repository.outbox.get(row.id)
        # What is tried again, or leaves later, is not waited for.
        later = row.leaves_at is not None and row.leaves_at > office.desk.clock()
        waits_long = row.status is MessageStatus.QUEUED and (row.automatic_retry or later)
        if row.status in _SETTLED or waits_long or loop.time() >= until:
            return row
        await asyncio.sleep(_LOOK_EVERY)


def leaving(office: PracticeOffice, preview: Preview) -> shapes.Document:
    """Where a draft leaves from and to, and how it is answered."""
    plan = preview.plan
    return {
        "channel": preview.draft.channel.value,
        "line": plan.line.id if plan else None,
        "from": plan.line.address if plan else None,
        "to": [address.value for address in preview.draft.recipients],
        "proof": shapes.proof(plan.proof if plan else None, office.desk.practice.timezone),
        "answers": preview.answer_words,
    }


def from_line(office: PracticeOffice, draft: Draft, line_id: str) -> Draft:
    """The draft on a line that was named.

    Raises:
        NotFound: there is no such line on its channel.
    """
    line = office.desk.practice.line(line_id)
    lines = office.desk.practice.lines
    usable = [one.id for one in lines if one.channel is draft.channel]
    if line is None or line.id not in usable:
        raise NotFound(
            f"There is no {draft.channel.words} line “{line_id}”.",
            f"Known: {', '.join(usable) or 'none'}.",
        )
    return replace(draft, line_id=line_id, line_chosen=True)


async def recipient_named(
    office: PracticeOffice, named: str, channel: ChannelKind
) -> tuple[Address, str | None]:
    """The address that `--to` means: an address, a patient's id, or a patient's name."""
    if "@" in named:
        if channel is not ChannelKind.EMAIL or not is_mail_address(named):
            raise TwowayError(
                f"“{named}” is not an address for {channel.words}.",
                "Give one e-mail address, or a patient's id.",
            )
        return email(named), None
    if named.startswith("+") and named[1:].isdigit():
        if channel.system is not AddressSystem.PHONE:
            raise TwowayError(
                f"A phone number cannot be written to by {channel.words}.", "Use --channel sms."
            )
        return Address(AddressSystem.PHONE, named), None
    patient = await patient_named(office, named)
    points = sorted(
        (point for point in patient.points if point.system is channel.system),
        key=lambda point: (point.health is PointHealth.BAD, point.rank),
    )
    if points:
        return Address(points[0].system, points[0].value, patient.name), patient.id
    known = addresses_on(channel, patient, office.desk.practice)
    if not known:
        raise NotFound(
            f"Patient {patient.id} has no {_PLACES[channel]}.",
            "Choose another channel, or give the address itself.",
        )
    return known[0], patient.id


async def patient_named(office: PracticeOffice, named: str) -> Patient:
    """The patient of an id, or the only one of a name.

    Raises:
        NotFound: none, or several.
    """
    patients = office.repository.patients
    try:
        return await patients.get(named)
    except NotFound:
        found = await patients.find(named, 6)
    if len(found) == 1:
        return found[0]
    ids = ", ".join(patient.id for patient in found[:5])
    raise NotFound(
        "Several patients have this name." if found else "There is no such patient.",
        f"Use one of these ids: {ids}." if found else "`twoway patients list` shows them.",
    )


def as_moment(text: str, office: PracticeOffice) -> datetime:
    """A moment somebody wrote, in the practice's time."""
    return moment_of(text, office.desk.clock(), office.desk.practice.timezone)

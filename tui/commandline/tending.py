"""Tending conversations: note, assign, snooze, done, reopen, look, link, audit."""

from __future__ import annotations

import contextlib
from argparse import Namespace
from collections.abc import Awaitable, Callable

from inbox.errors import NotFound, StoreError
from inbox.linking import alike_words
from tui.commandline import shapes
from tui.commandline.output import Output, stamp, table
from tui.commandline.session import with_office, words
from tui.commandline.writing import as_moment, patient_named
from tui.wiring import PracticeOffice

_NOBODY = {"nobody", "-", "none"}


def note(options: Namespace, output: Output) -> int:
    """`twoway note`."""
    text = words(options.text)
    return _tend(options, output, lambda office: office.desk.note(options.conversation, text))


def assign(options: Namespace, output: Output) -> int:
    """`twoway assign`."""
    to = "" if options.to in _NOBODY else options.to
    return _tend(options, output, lambda office: office.desk.assign(options.conversation, to))


def snooze(options: Namespace, output: Output) -> int:
    """`twoway snooze`; `now` wakes it."""

    async def work(office: PracticeOffice) -> None:
        until = None if options.until == "now" else as_moment(options.until, office)
        await office.desk.snooze(options.conversation, until)

    return _tend(options, output, work)


def done(options: Namespace, output: Output) -> int:
    """`twoway done`."""
    return _tend(
        options, output, lambda office: office.desk.done(options.conversation, options.because)
    )


def reopen(options: Namespace, output: Output) -> int:
    """`twoway reopen`."""
    return _tend(options, output, lambda office: office.desk.reopen(options.conversation))


def look(options: Namespace, output: Output) -> int:
    """`twoway look`."""

    async def work(office: PracticeOffice) -> None:
        if options.read_again:
            await office.read_again(options.conversation)
        else:
            await office.desk.looking.set_aside(options.conversation, options.because)

    return _tend(options, output, work)


def link(options: Namespace, output: Output) -> int:
    """`twoway link`; with `--message` for one message of the conversation."""

    async def work(office: PracticeOffice) -> None:
        linking, patient_id = office.desk.linking, None
        if options.patient not in _NOBODY:
            patient_id = (await patient_named(office, options.patient)).id
        if options.message is None:
            row = await office.repository.conversations.row(options.conversation)
            alike = await linking.alike(row)
            await linking.link(options.conversation, patient_id, always=options.always)
            if alike.messages and patient_id is not None and options.alike:
                await linking.link_alike(row.id, alike, patient_id)
            elif alike.messages and patient_id not in {None, row.patient_id}:
                output.line(f"{alike_words(alike)}: --alike links them too.")
            return
        message = await office.repository.conversations.message(options.message)
        row = await office.repository.conversations.row(options.conversation)
        if message.conversation_id != row.id:
            raise NotFound("This message is not in that conversation.", "Look at `twoway show`.")
        if patient_id is None:
            raise NotFound("A single message needs a patient.", "Name the patient's id.")
        await linking.link_message(message.id, patient_id)

    return _tend(options, output, work)


def accept(options: Namespace, output: Output) -> int:
    """`twoway accept`."""
    return _tend(
        options,
        output,
        lambda office: office.desk.attention.accept(options.conversation, options.rule),
    )


def dismiss(options: Namespace, output: Output) -> int:
    """`twoway dismiss`."""
    return _tend(
        options,
        output,
        lambda office: office.desk.attention.dismiss(options.conversation, options.rule),
    )


def audit(options: Namespace, output: Output) -> int:
    """`twoway audit`."""

    async def work(office: PracticeOffice) -> int:
        zone = office.desk.practice.timezone
        entries = await office.repository.audit.latest(options.limit, options.patient)
        output.document(
            [
                {"at": stamp(at, zone), "staff": staff, "action": action, "detail": detail}
                for at, staff, action, detail in entries
            ]
        )
        rows: list[tuple[str, ...]] = [
            (f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}", staff, action, detail)
            for at, staff, action, detail in entries
        ]
        for line in table(rows):
            output.line(line)
        return 0

    return with_office(options, work)


def _tend(
    options: Namespace, output: Output, act: Callable[[PracticeOffice], Awaitable[object]]
) -> int:
    """Do one thing to a conversation and show how it is now."""

    async def work(office: PracticeOffice) -> int:
        desk = office.desk
        # An unknown number is an error before anything is written.
        await desk.repository.conversations.row(options.conversation)
        # What waits to be recorded keeps a conversation from being closed; the desk says so.
        with contextlib.suppress(StoreError):
            await office.record()
        await act(office)
        with contextlib.suppress(StoreError):
            await office.record()
        row = await desk.repository.conversations.row(options.conversation)
        output.document(shapes.conversation(row, desk.clock(), desk.practice))
        parts = [row.state.value]
        if row.assigned_to:
            parts.append(f"assigned to {row.assigned_to}")
        if row.snoozed_until:
            until = row.snoozed_until.astimezone(desk.practice.timezone)
            parts.append(f"snoozed until {until:%Y-%m-%d %H:%M}")
        parts.append(f"about {row.patient_id}" if row.patient_id else "about nobody known")
        output.line(f"Conversation {row.id}: {', '.join(parts)}.")
        return 0

    return with_office(options, work)

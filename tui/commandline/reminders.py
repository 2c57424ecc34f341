"""Reminders from a list of appointments. Same desk, same gate as a message written by hand."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection

from inbox.errors import Refused, Stale, TwowayError
from inbox.reminder_report import Became, Outcome, Report, outcome_of, queued, refused
from inbox.reminding import Reminder, ReminderState
from tui.commandline import shapes
from tui.commandline.output import Output
from tui.commandline.session import with_office
from tui.files import read_bytes, write_new
from tui.importing.appointments import AppointmentList, read_appointments
from tui.wiring import PracticeOffice

_TELL_EVERY = 100


def remind(options: Namespace, output: Output) -> int:
    """`twoway remind`: 0 all done, 1 rows not understood, 3 some held, 4 some blocked."""
    wanted = _numbers(options.only)
    sends = bool(options.all or wanted) and not options.dry_run

    async def work(office: PracticeOffice) -> int:
        read = _read(office, options.file)
        there = {one.row for one in read.rows} | {one.row for one in read.troubles}
        missing = wanted - there
        if missing:
            named = ", ".join(str(one) for one in sorted(missing))
            raise TwowayError(f"The file has no row {named}.", "The header is row 1.")
        report = Report([outcome_of(one) for one in read.troubles if _is(one.row, wanted)])
        rows = [one for one in read.rows if _is(one.row, wanted)]
        reminding, shelf = office.desk.reminding, await office.desk.templating.shelf()
        done = 0
        async for found in reminding.reminders(rows, shelf, options.template):
            outcome = outcome_of(found)
            if sends and isinstance(found, Reminder):
                outcome = await _send(office, found, options.because)
            report.add(outcome)
            done += 1
            if done % _TELL_EVERY == 0:
                output.progress(f"{done} of {len(rows)} rows.")
        _print(report, read, output, sent=sends)
        if options.report:
            path = write_new(options.report, report.csv())
            output.progress(f"Written to {path}.")
        return _status(report)

    return with_office(options, work)


def _read(office: PracticeOffice, file: str) -> AppointmentList:
    practice = office.desk.practice
    return read_appointments(
        read_bytes(file), practice.country, practice.timezone, office.desk.clock()
    )


async def _send(office: PracticeOffice, reminder: Reminder, because: str) -> Outcome:
    """Queue what may leave; a reason is for what is held, never for what is blocked."""
    held = reminder.state is ReminderState.HELD
    if reminder.state is not ReminderState.READY and not (held and because.strip()):
        return outcome_of(reminder)
    try:
        row = await office.desk.reminding.send(reminder, because if held else "")
    except (Refused, Stale) as error:
        return refused(reminder, error)
    return queued(reminder, row)


def _print(report: Report, read: AppointmentList, output: Output, *, sent: bool) -> None:
    output.document(
        {
            "dry_run": not sent,
            **report.counts(),
            "unknown_columns": list(read.unknown),
            "rows": [
                {
                    "row": one.row,
                    "patient": one.patient_id or None,
                    "state": one.state,
                    "template": one.template or None,
                    "channel": one.channel.value if one.channel else None,
                    "to": one.to or None,
                    "appointment_at": one.appointment or None,
                    "outbox_id": one.outbox_id,
                    "column": one.column or None,
                    "reason": one.reason or None,
                    "way_out": one.way_out or None,
                    "subject": one.subject,
                    "text": one.text,
                    "findings": [shapes.finding(each) for each in one.findings],
                }
                for one in report.outcomes
            ],
        }
    )
    for one in report.outcomes:
        output.line(one.words)
    output.line(report.summary())
    if not sent and report.count(Became.READY):
        output.line("Nothing was sent. --all sends what may leave, --only 2,5 these rows.")
    elif sent and report.count(Became.QUEUED):
        output.line("An open Twoway sends them now; else run `twoway sync --once`.")


def _status(report: Report) -> int:
    if report.count(Became.BLOCKED):
        return 4
    if report.count(Became.HELD):
        return 3
    return 1 if report.count(Became.NOT_UNDERSTOOD) else 0


def _is(row: int, wanted: Collection[int]) -> bool:
    return not wanted or row in wanted


def _numbers(text: str) -> frozenset[int]:
    """The rows of `--only`: `2,5` or `2-9`.

    Raises:
        TwowayError: these are no numbers.
    """
    found = set[int]()
    for part in (one.strip() for one in text.split(",") if one.strip()):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise TwowayError(f"“{part}” is no row of a file.", "Write --only 2,5 or 2-9.")
        found.update(range(int(first), min(int(last or first), int(first) + 100_000) + 1))
    return frozenset(found)

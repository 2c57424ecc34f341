"""The lines: doctor, sync."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from argparse import Namespace

from inbox.errors import ConfigurationError
from inbox.events import ChangeKind
from inbox.line import FolderCount
from inbox.number import number_words
from inbox.plain import plain_line
from inbox.words import ago_words, health_words, uncopied_words
from tui.commandline import shapes
from tui.commandline.calendar import tell_hours
from tui.commandline.output import Output, stamp
from tui.commandline.session import with_office
from tui.doctor import FolderReport, LineReport, examine_folder, examine_lines, progress
from tui.folders import data_folder
from tui.reading_day import read_day
from tui.wiring import PracticeOffice

_ANSWERS = {True: "yes", False: "no", None: "unknown"}


def doctor(options: Namespace, output: Output) -> int:
    """`twoway doctor`: exit status 1 when a line or the data folder is not well."""
    if options.portal_key is not None:
        from tui.commandline.portal import show_key

        return show_key(options, output)
    if options.offline and options.prove:
        raise ConfigurationError("--prove needs connections.", "Leave --offline out.")

    async def work(office: PracticeOffice) -> int:
        reports = await examine_lines(
            office,
            prove=options.prove,
            offline=options.offline,
            patience=options.patience,
            tell=output.progress,
        )
        folder = await examine_folder(office, str(data_folder(options.data)))
        output.document([_line_document(report, office) for report in reports])
        for report in reports:
            _print_line(report, office, output)
        _print_folder(folder, office, output)
        await tell_hours(office, output)
        await _tell_templates(office, output)
        if output.as_json and folder.problem:
            output.error(folder.problem)
        return 0 if all(report.ok for report in reports) and not folder.problem else 1

    return with_office(options, work)


def sync(options: Namespace, output: Output) -> int:
    """`twoway sync`: without --once it goes on until it is interrupted."""
    day = read_day(options.since) if options.since else None
    ends = options.once or options.fetch_missing or day is not None
    if output.as_json and not ends:
        raise ConfigurationError("--json needs --once here.", "Without it, sync does not end.")

    async def once(office: PracticeOffice) -> int:
        back = await office.back_office()
        async with progress(office, output.progress):
            if day is not None:
                for line_id in back.limited:
                    await office.repository.lines.read_from(line_id, day)
            unread = await back.sync_once(thorough=options.fetch_missing)
            sent = await back.deliver_due()
        reports = await examine_lines(office, offline=True, unread=unread, tell=output.progress)
        output.document([_line_document(report, office) for report in reports])
        for report in reports:
            count = report.completeness
            output.line(
                f"{report.line.id}: {count.server} on the server, {count.stored} stored, "
                f"{count.quarantined} to look at{_missing(count)}"
            )
        if sent:
            output.line(f"{sent} messages left the outbox; `twoway outbox` shows what did not.")
        failed = [report for report in reports if not report.is_read]
        for report in failed:
            output.error(f"{report.line.id}: {report.problem}", report.hint)
        return 1 if failed else 0

    return with_office(options, once if ends else lambda office: _stay(office, output))


async def _tell_templates(office: PracticeOffice, output: Output) -> None:
    """The templates that cannot be used, or could only be sent against the rules."""
    from tui.commandline.templates import tell_bad

    shelf = await office.desk.templating.shelf()
    for report in await office.desk.templating.reports(shelf):
        if report.words:
            output.line(f"template {report.template.name}: {report.words}")
    tell_bad(shelf, output)


async def _stay(office: PracticeOffice, output: Output) -> int:
    """Read and send until told to end; say what happens, by number and never by name."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, over.set)
    office.on_trouble = lambda error: output.error(error.sentence, error.hint)
    await office.start()
    output.progress("Reading and sending until interrupted (Ctrl-C).")
    told = asyncio.create_task(_tell(office, output))
    working = asyncio.create_task(office.finished())
    ending = asyncio.create_task(over.wait())
    tasks: set[asyncio.Task[object]] = {told, working, ending}
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
    return 0


async def _tell(office: PracticeOffice, output: Output) -> None:
    words: dict[str, str] = {}
    async for changes in office.repository.changes():
        now = office.desk.clock()
        clock = f"{now.astimezone(office.desk.practice.timezone):%H:%M:%S}"
        for change in {(one.kind, one.subject_id): one for one in changes}.values():
            if change.kind is ChangeKind.CONVERSATION:
                output.line(f"{clock}  conversation {change.subject_id} changed")
            elif change.kind is ChangeKind.OUTBOX:
                row = await office.repository.outbox.get(int(change.subject_id))
                output.line(f"{clock}  outbox {row.id} is {row.status.value} {row.status_text}")
            elif change.kind is ChangeKind.LINE:
                health = (await office.repository.lines.health()).get(change.subject_id)
                word = health.sentence or health.state.value if health else ""
                if word and words.get(change.subject_id) != word:
                    words[change.subject_id] = word
                    output.line(f"{clock}  {change.subject_id}: {word}")


def _line_document(report: LineReport, office: PracticeOffice) -> shapes.Document:
    zone, count = office.desk.practice.timezone, report.completeness
    return {
        "line": report.line.id,
        "channel": report.line.channel.value,
        "address": report.line.address,
        "ok": report.ok,
        "sends": report.sends,
        "receives": report.receives,
        "by_hand": report.by_hand,
        "proof": shapes.proof(report.proof, zone),
        "completeness": {
            "server": count.server,
            "stored": count.stored,
            "quarantined": count.quarantined,
            "missing": count.missing,
            "older": count.older,
            "checked_at": stamp(count.checked_at, zone),
            "folders": [
                {
                    "folder": folder.folder,
                    "server": folder.server,
                    "stored": folder.stored,
                    "quarantined": folder.quarantined,
                    "missing": folder.missing,
                    "older": folder.older,
                    "checked_at": stamp(folder.checked_at, zone),
                }
                for folder in (report.health.folders if report.health else ())
            ],
        },
        "read_at": stamp(report.health.last_poll_at if report.health else None, zone),
        "uncopied": report.uncopied.count if report.uncopied else 0,
        "patients_can_answer": _ANSWERS[report.answers.can_reply] if report.answers else None,
        "problem": report.problem or None,
        "hint": report.hint or None,
    }


def _print_line(report: LineReport, office: PracticeOffice, output: Output) -> None:
    count, now = report.completeness, office.desk.clock()
    name = f"  {report.line.name}" if report.answers is not None and report.line.name else ""
    output.line(
        f"{'ok ' if report.ok else 'NOT'}  {report.line.id}  {report.line.channel.words}{name}"
        f"  {number_words(report.line.address)}"
    )
    if report.by_hand:
        output.line(f"     {report.proof_words}")
        return
    output.line(
        f"     sends: {'yes' if report.sends else 'NO'}"
        f" · is read: {'yes' if report.is_read else 'NO'} ({health_words(report.health, now)})"
    )
    output.line(f"     {report.proof_words}")
    output.line(
        f"     server {count.server} = stored {count.stored} + to look at {count.quarantined}"
        f"{_older(count)} · missing {count.missing}"
    )
    for folder in report.health.folders if report.health else ():
        checked = "never compared item by item"
        if folder.checked_at is not None:
            checked = f"every item compared {ago_words(folder.checked_at, now)}"
        output.line(
            f"       {plain_line(folder.folder)}: server {folder.server} = stored {folder.stored}"
            f" + to look at {folder.quarantined}{_older(folder)}{_missing(folder)} · {checked}"
        )
    if report.answers is not None:
        can = report.answers.can_reply
        output.line(f"     patients can answer: {_ANSWERS[can]} ({report.answers.words})")
        if can is None:
            output.line(
                "     → Ask the portal's vendor, then write what they say into this line of the"
                ' configuration: replies = "yes" or replies = "no".'
            )
        elif not can:
            output.line("     → Nothing leaves from here; write to them another way.")
    if report.uncopied:
        output.line(f"     {uncopied_words(report.uncopied)}")
    if report.problem:
        output.line(f"     {report.problem}")
        if report.hint:
            output.line(f"     → {report.hint}")


def _older(count: FolderCount) -> str:
    return f" + older {count.older}" if count.older else ""


def _missing(count: FolderCount) -> str:
    return f", {count.missing} MISSING" if count.missing else ""


def _print_folder(folder: FolderReport, office: PracticeOffice, output: Output) -> None:
    output.line(f"{'NOT' if folder.problem else 'ok '}  data folder  {folder.path}")
    output.line(
        f"     {folder.record_files} record files, {len(folder.broken)} not whole, "
        f"{folder.waiting} to write · {folder.free_bytes // 1_000_000_000} GB free"
    )
    volume = folder.volume
    output.line(
        f"     {volume.items:,} messages of {volume.item_bytes / 1e6:,.1f} MB take"
        f" {volume.database_bytes / 1e6:,.1f} MB, index and all: {volume.bytes_each:,} bytes each"
    )
    if folder.problem:
        output.line(f"     {folder.problem}")
    output.line(f"     configuration  {office.configuration.path}")

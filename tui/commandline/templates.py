"""Message templates: list, show, fields, copy."""

from __future__ import annotations

from argparse import Namespace

from inbox.filling import sample_appointment
from inbox.patient import Patient
from inbox.template import FIELDS, Shelf
from inbox.template_lint import LintReport
from tui.commandline.output import Output, table
from tui.commandline.session import configuration_of, with_office
from tui.commandline.shapes import Document
from tui.commandline.writing import patient_named
from tui.templates.reading import FOLDER, copy_shipped
from tui.wiring import PracticeOffice

_SAMPLE = Patient("sample", "Ann", "Lee")


def listing(options: Namespace, output: Output) -> int:
    """`twoway templates list`: exit status 1 when one cannot be used or can never be sent."""

    async def work(office: PracticeOffice) -> int:
        shelf = await office.desk.templating.shelf()
        reports = await office.desk.templating.reports(shelf)
        output.document(
            {
                "folder": shelf.place,
                "shipped": shelf.shipped,
                "templates": [document(report) for report in reports],
                "bad": bad_documents(shelf),
            }
        )
        where = "come with Twoway; `twoway templates copy` puts them there to edit"
        output.line(f"{shelf.place}" + (f": none, these {where}." if shelf.shipped else ""))
        rows: list[tuple[str, ...]] = [
            (
                report.template.name,
                report.template.title,
                report.template.category.value,
                ", ".join(channel.value for channel in report.template.channels),
            )
            for report in reports
        ]
        for line, report in zip(table(rows), reports, strict=True):
            output.line(f"  {line}")
            if report.words:
                output.line(f"    {'✗' if report.never else '!'} {report.words}")
            for finding in report.remarks:
                output.line(f"    · {finding.reason} ({finding.rule})")
        tell_bad(shelf, output)
        return 1 if shelf.bad or any(report.never for report in reports) else 0

    return with_office(options, work)


def show(options: Namespace, output: Output) -> int:
    """`twoway templates show`."""

    async def work(office: PracticeOffice) -> int:
        desk = office.desk
        template = await desk.templating.named(options.name)
        patient = await patient_named(office, options.to) if options.to else _SAMPLE
        appointment = sample_appointment(desk.clock(), desk.practice)
        filled = desk.templating.fill(template, patient, appointment)
        output.document(
            {
                "name": template.name,
                "title": template.title,
                "category": template.category.value,
                "channels": [channel.value for channel in template.channels],
                "subject": filled.subject,
                "text": filled.text,
                "gaps": list(filled.gaps),
            }
        )
        if filled.subject:
            output.line(f"Subject: {filled.subject}\n")
        output.line(filled.text)
        if filled.gaps:
            names = ", ".join(f"{{{name}}}" for name in filled.gaps)
            output.error(f"Without a value now: {names}.", "It cannot leave before it has one.")
        return 0

    return with_office(options, work)


def fields(_: Namespace, output: Output) -> int:
    """`twoway templates fields`."""
    output.document([{"field": name, "meaning": words} for name, words in FIELDS.items()])
    for line in table([(f"{{{name}}}", words) for name, words in FIELDS.items()]):
        output.line(line)
    output.line("{{ and }} stand for single braces.")
    return 0


def copy(options: Namespace, output: Output) -> int:
    """`twoway templates copy`: a file that is there stays as it is."""
    folder = configuration_of(options).path.parent / FOLDER
    written, kept = copy_shipped(folder)
    output.document({"folder": str(folder), "written": written, "kept": kept})
    for name in written:
        output.line(f"  written  {name}")
    for name in kept:
        output.line(f"  kept     {name} (it was there already)")
    output.line(f"{folder}: {len(written)} written, {len(kept)} left as they were.")
    return 0


def document(report: LintReport) -> Document:
    """One template for `--json`."""
    template = report.template
    return {
        "name": template.name,
        "title": template.title,
        "category": template.category.value,
        "channels": [channel.value for channel in template.channels],
        "file": template.origin,
        "fields": sorted(template.fields),
        "never": report.never,
        "refused": [
            {
                "channel": one.channel.value,
                "hours": one.hours.value,
                "rule": one.finding.rule,
                "severity": one.finding.severity.value,
                "reason": one.finding.reason,
            }
            for one in report.refusals
        ],
    }


def bad_documents(shelf: Shelf) -> list[Document]:
    """The files that cannot be used."""
    return [{"file": one.name, "problem": one.sentence, "hint": one.hint} for one in shelf.bad]


def tell_bad(shelf: Shelf, output: Output) -> None:
    """Say which files cannot be used, and why."""
    for one in shelf.bad:
        output.error(one.sentence, one.hint)

"""`twoway patients import`: what a file would change, then all of it or nothing."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui.commandline.output import Output
from tui.commandline.session import with_office
from tui.files import read_bytes
from tui.importing.entry import Trouble
from tui.importing.taking import Kept, Plan, Planned, plan_import, take
from tui.wiring import PracticeOffice

if TYPE_CHECKING:
    from tui.commandline.shapes import Document

_MOST = 50
"""How many lines of one kind are printed; `--json` has all of them."""


def import_file(options: Namespace, output: Output) -> int:
    """Exit status 1 when anything is wrong; then nothing was taken."""

    async def work(office: PracticeOffice) -> int:
        content = await asyncio.to_thread(read_bytes, options.file)
        plan = await plan_import(
            office.desk,
            content,
            Path(options.file).name,
            skip_bad=options.skip_bad,
            overwrite=options.overwrite,
        )
        _tell(plan, output)
        taken = False
        if not plan.refused and not options.dry_run:
            taken = await _agreed(plan, options, output)
            if taken:
                await take(office.desk, plan)
        output.document({**document(plan), "dry_run": options.dry_run, "taken": taken})
        return _outcome(plan, output, taken=taken, dry_run=options.dry_run)

    return with_office(options, work)


async def _agreed(plan: Plan, options: Namespace, output: Output) -> bool:
    """Ask somebody who sits at a terminal; a script has said what it wants."""
    asked = sys.stdin.isatty() and not (options.yes or output.as_json)
    if not asked or not (plan.added or plan.changed or plan.united):
        return True
    sys.stderr.write("Take it? [y/N] ")
    sys.stderr.flush()
    answer = await asyncio.to_thread(sys.stdin.readline)
    return answer.strip().casefold() in {"y", "yes"}


def _outcome(plan: Plan, output: Output, *, taken: bool, dry_run: bool) -> int:
    if plan.refused:
        count = len(plan.troubles)
        output.error(
            f"Nothing was taken: {count} {'problem' if count == 1 else 'problems'}.",
            "Correct the file and import it again, or leave those rows out with --skip-bad.",
        )
        return 1
    counts = (
        f"{len(plan.added)} patients {{}}added, {len(plan.changed)} changed,"
        f" {len(plan.unchanged)} as they were"
    )
    if plan.troubles:
        counts += f", {len({one.row for one in plan.troubles})} left out"
    if dry_run:
        output.line(counts.format("would be ") + ". Nothing was changed.")
    elif taken:
        output.line(counts.format("") + ".")
    else:
        output.line("Nothing was taken.")
    return 0


def _tell(plan: Plan, output: Output) -> None:
    _lines(output, [f"{one.place}: {one.what}." for one in plan.troubles])
    if plan.ignored:
        output.progress(f"Not understood and left out: {', '.join(plan.ignored)}.")
    _lines(output, [f"{one.place}: {one.what}." for one in plan.notes])
    if plan.refused:
        return
    _lines(output, [f"add     {one.patient.id}" for one in plan.added])
    changes = [
        f"change  {one.patient.id}  {change.field}: {_said(change.old)} → {_said(change.new)}"
        for one in plan.changed
        for change in one.changes
    ]
    _lines(output, changes)
    _lines(output, [f"merge   {old}  into {into}" for old, into in plan.united])
    said = [
        f"note    {one.patient.id}  {each.address.value}, {each.channel.words}:"
        f" {each.consent.value} ({each.method})"
        for one in plan.planned
        for each in one.said
    ]
    _lines(output, said)
    for words, kept in (("keep  ", _kept(plan)), ("UNDO  ", _undone(plan))):
        _lines(
            output,
            [
                f"{words}  {one.patient.id}  {each.field}: {each.by} set it to"
                f" {_said(each.here)} on {each.at}; the file says {_said(each.file)}"
                for one, each in kept
            ],
        )
    if _kept(plan):
        output.line("What staff changed stays; --overwrite takes what the file says.")


def _lines(output: Output, lines: Sequence[str]) -> None:
    for line in lines[:_MOST]:
        output.line(line)
    if len(lines) > _MOST:
        output.line(f"… and {len(lines) - _MOST} more; --json lists them all.")


def _said(value: str) -> str:
    return f"“{value}”" if value else "nothing"


def _kept(plan: Plan) -> list[tuple[Planned, Kept]]:
    return [(one, each) for one in plan.planned for each in one.kept]


def _undone(plan: Plan) -> list[tuple[Planned, Kept]]:
    return [(one, each) for one in plan.planned for each in one.undone]


def document(plan: Plan) -> Document:
    """The JSON shape of a plan."""
    return {
        "refused": plan.refused,
        "added": 0 if plan.refused else len(plan.added),
        "changed": 0 if plan.refused else len(plan.changed),
        "unchanged": 0 if plan.refused else len(plan.unchanged),
        "left_out": len({one.row for one in plan.troubles}) if plan.skip_bad else 0,
        "ignored": list(plan.ignored),
        "merged": [{"old": old, "into": into} for old, into in plan.united],
        "problems": [_trouble(one) for one in plan.troubles],
        "not_understood": [_trouble(one) for one in plan.notes],
        "patients": [_planned(one) for one in plan.planned],
    }


def _trouble(one: Trouble) -> Document:
    return {
        "row": one.row,
        "resource": one.resource or None,
        "column": one.column,
        "problem": one.what,
    }


def _planned(one: Planned) -> Document:
    changed = one.patient != one.stored or bool(one.said)
    return {
        "id": one.patient.id,
        "row": one.entry.row,
        "will": "add" if one.stored is None else "change" if changed else "leave",
        "changes": [
            {"field": change.field, "old": change.old or None, "new": change.new or None}
            for change in one.changes
        ],
        "kept": [_each(each) for each in one.kept],
        "undoes": [_each(each) for each in one.undone],
        "consents": [
            {
                "address": each.address.value,
                "channel": each.channel.value,
                "consent": each.consent.value,
                "at": each.at.isoformat(),
                "how": each.method,
            }
            for each in one.said
        ],
    }


def _each(one: Kept) -> Document:
    return {
        "field": one.field,
        "here": one.here or None,
        "file": one.file or None,
        "by": one.by,
        "on": one.at,
    }

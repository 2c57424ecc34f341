"""`twoway lint`: what the gate says of words, for people, scripts and checks. Nothing is sent."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from inbox.address import ChannelKind
from inbox.gate import Verdict
from inbox.outgoing import Call, CallOutcome, Category, Draft, WayBack
from inbox.segment import characters_words, measure
from inbox.situation import Situation
from inbox.view import Preview
from inbox.wording import ABOUT_THE_READER, on_a_good_line
from tui.commandline import shapes
from tui.commandline.output import Output, stamp, tell_findings
from tui.commandline.session import clock_of, configuration_of, with_office, words
from tui.commandline.times import moment_of
from tui.commandline.writing import from_line, leaving, recipient_named
from tui.wiring import PracticeOffice

if TYPE_CHECKING:
    from inbox.suggesting import Suggestion

_SAID = {"allow": "It may leave.", "hold": "Held.", "block": "Blocked."}


def lint(options: Namespace, output: Output) -> int:
    """Judge a text; exit status 0 allow, 3 hold, 4 block.

    With `--to` or `--line` the line is looked at as it is now; without, the words alone. `--at`
    moves nothing but the clock that the words are read by.
    """
    text = words(options.text)
    practice = configuration_of(options).practice
    at = moment_of(options.at, clock_of(options)(), practice.timezone) if options.at else None

    async def work(office: PracticeOffice) -> int:
        draft = _draft(options, text)
        alone = not (options.to or options.line)
        if options.to:
            address, patient_id = await recipient_named(office, options.to, draft.channel)
            begun = await office.desk.new_draft(address, draft.channel, patient_id)
            draft = replace(draft, to=begun.to, patient_id=patient_id, line_id=begun.line_id)
        if options.line:
            draft = from_line(office, draft, options.line)
        when = at or office.desk.clock()
        situation = await _situation(office, draft, when, alone=alone)
        preview = office.desk.judge(situation, draft, at=when)
        verdict = preview.verdict
        if not options.to:
            # Nobody was named on purpose; that it has no reader yet is no word on the text.
            verdict = Verdict(
                tuple(one for one in verdict.findings if one.rule not in ABOUT_THE_READER)
            )
        suggestion = None if alone else await office.desk.suggesting.suggest(situation)
        return _say(
            office, preview, verdict, when, output, alone=alone, to=bool(options.to),
            suggestion=suggestion,
        )  # fmt: skip

    return with_office(options, work)


def _size(draft: Draft) -> dict[str, object] | None:
    """Of a text, in how many parts it is sent and why; null for what is no text."""
    if draft.channel is not ChannelKind.SMS:
        return None
    size = measure(draft.text)
    return {
        "characters": len(draft.text),
        "texts": size.segments,
        "characters_each": size.each,
        "because": size.offending or None,
    }


def _draft(options: Namespace, text: str) -> Draft:
    channel = ChannelKind(options.channel)
    call = None
    if channel is ChannelKind.PHONE:
        call = Call(
            CallOutcome(options.outcome) if options.outcome else None,
            frozenset(WayBack(way) for way in options.way),
            options.heads_up_sent,
        )
    return Draft(
        channel,
        "",
        (),
        text,
        subject=options.subject,
        category=Category(options.category),
        automatic=options.automatic,
        call=call,
    )


async def _situation(
    office: PracticeOffice, draft: Draft, when: datetime, *, alone: bool
) -> Situation:
    desk = office.desk
    if alone:
        return on_a_good_line(draft, desk.practice, when, desk.member.id)
    situation = await desk.situation(draft)
    health = situation.health
    if health is not None and health.last_poll_at is not None:
        # Whether the line is read is asked for now, not for a moment that was made up.
        moved = health.last_poll_at + (when - desk.clock())
        situation = replace(situation, health=replace(health, last_poll_at=moved))
    return situation


def _say(
    office: PracticeOffice,
    preview: Preview,
    verdict: Verdict,
    when: datetime,
    output: Output,
    *,
    alone: bool,
    to: bool,
    suggestion: Suggestion | None,
) -> int:
    word = "block" if verdict.blocked else "hold" if verdict.held else "allow"
    where = leaving(office, preview)
    if alone:
        where |= {"line": None, "from": None, "proof": None}
    output.document(
        {
            "verdict": word,
            "at": stamp(when, office.desk.practice.timezone),
            **where,
            "suggestion": {"channel": suggestion.channel.value, "why": suggestion.why}
            if suggestion
            else None,
            "size": _size(preview.draft),
            "findings": [shapes.finding(one) for one in verdict.findings],
        }
    )
    output.line(_SAID[word])
    if alone:
        output.line("  The words alone were looked at; --to and --line name a reader and a line.")
    else:
        output.line(f"  {preview.from_words}")
    if to:
        output.line(f"  {preview.answer_words}")
    if suggestion is not None:
        output.line(f"  → {suggestion.why} (--channel {suggestion.channel.value})")
    if preview.draft.channel is ChannelKind.SMS:
        text = preview.draft.text
        output.line(f"  {characters_words(text)}: {measure(text).words}")
    tell_findings(verdict.findings, output)
    return 4 if verdict.blocked else 3 if verdict.held else 0

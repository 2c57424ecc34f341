"""The rule about what we say we will do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from inbox.finding import Finding, Severity
from inbox.line import LineState
from inbox.promise import PromiseKind
from inbox.rules.rule import rule
from inbox.said import find_promises
from inbox.situation import Situation
from inbox.words import clock_words


@rule("TW14", "It makes a promise")
def promise(situation: Situation) -> Iterator[Finding]:
    """“I'm here until 5:30” and “I'll call you back by noon” are promises, and are watched.

    When it leaves, the promise stands on the screen under your name until it is kept. One that
    cannot be kept is pointed out before: nobody works that day, or the line that the patient would
    answer on is not being read. One whose time is over when the message leaves, because it waited
    or is to leave later, holds it.
    """
    practice, stands = situation.practice, _promises(situation)
    if not stands:
        return
    kept = []
    for (kind, due), owner in stands.items():
        if due <= situation.leaves_at:
            yield Finding("TW14", Severity.HOLD, _over(situation, kind, due))
            continue
        problem = _problem(situation, kind, due)
        if problem:
            yield Finding("TW14", Severity.WARN, problem)
        else:
            member = practice.member(owner or situation.staff_id)
            who = "you" if member is None or member.id == situation.staff_id else member.first_name
            kept.append(f"{kind.words} {clock_words(due, situation.now, practice)} ({who})")
    if kept:
        yield Finding("TW14", Severity.INFO, f"Promises: {', '.join(kept)}. Twoway watches it.")
    if situation.health is not None and situation.health.state is LineState.STOPPED:
        yield Finding(
            "TW14",
            Severity.WARN,
            "It promises something, but nobody would see the answer: the line is not being read.",
        )


def _promises(situation: Situation) -> dict[tuple[PromiseKind, datetime], str]:
    """What the draft promises, with who keeps it: as confirmed, and what else is in the text."""
    draft = situation.draft
    settled = {*draft.not_promised, *(one.said for one in draft.promises)}
    practice = situation.practice
    found = find_promises(draft.text, situation.leaves_at, practice.hours, practice.country)
    return {
        **{(one.kind, one.due): "" for one in found if one.said not in settled},
        **{(one.kind, one.due): one.owner for one in draft.promises},
    }


def _over(situation: Situation, kind: PromiseKind, due: datetime) -> str:
    """Says that a promise runs out before its message leaves."""
    when, leaves = (
        clock_words(one, situation.now, situation.practice) for one in (due, situation.leaves_at)
    )
    what = f"you are here until {when}" if kind is PromiseKind.HERE else f"an answer by {when}"
    return f"It promises {what}, and leaves at {leaves}. Say the day, or a later time."


def _problem(situation: Situation, kind: PromiseKind, due: datetime) -> str:
    """Why a promise cannot be kept; empty when it can."""
    practice, hours, at = situation.practice, situation.practice.hours, situation.leaves_at
    when = clock_words(due, situation.now, practice)
    if not any(hours.week):
        return ""
    day = due.astimezone(hours.zone).date()
    line = practice.hours_of(situation.plan.line.id) if situation.plan else hours
    if not hours.spans(day) and not line.spans(day):
        return f"It promises something until {when}, a day on which nobody works."
    opens = hours.next_opening(at)
    if kind is PromiseKind.ANSWER and opens is not None and due <= opens:
        opened = clock_words(opens, situation.now, practice)
        return f"It promises an answer by {when}, but nobody is there before {opened}."
    return ""

"""Rules about the line a message leaves from: can it be answered at all?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from inbox.address import AddressSystem, is_no_reply
from inbox.finding import Finding, Severity
from inbox.line import LineState
from inbox.number import number_words
from inbox.reply_path import ProofState
from inbox.rules.rule import rule
from inbox.rules.ways import other_line
from inbox.situation import Situation
from inbox.words import ago_words, proof_words

POLL_MAY_BE_OLD: Final = timedelta(minutes=15)


@rule("TW01", "No reply path", core=True)
def no_reply_path(situation: Situation) -> Iterator[Finding]:
    """The line must be proven to receive replies.

    A line proves itself by a test message that comes home unchanged, or by real mail that arrives
    on it. Without that, an answer may reach nobody, so nothing leaves from it: choose a proven
    line, or let this one prove itself (`twoway doctor --prove`). An address that says no-reply is
    never used.
    """
    plan = situation.plan
    if plan is None:
        problem = situation.plan_problem or "There is no line to use. Set one up, or prove one."
        yield Finding("TW01", Severity.BLOCK, problem)
        return
    if plan.line.as_address.system is AddressSystem.EMAIL and is_no_reply(plan.line.address):
        yield Finding(
            "TW01",
            Severity.BLOCK,
            f"{plan.line.address} tells people not to reply. They must be able to answer.",
            other_line(plan),
        )
        return
    state = plan.proof.state
    if state is ProofState.PROVEN:
        return
    known, ours = proof_words(plan.proof, situation.now), number_words(plan.line.address)
    if state in {ProofState.FAILED, ProofState.UNVERIFIED}:
        yield Finding(
            "TW01",
            Severity.BLOCK,
            f"An answer to {ours} may reach nobody: {known}. Choose a proven line,"
            " or let this one prove itself.",
            other_line(plan),
        )
    else:
        yield Finding(
            "TW01",
            Severity.HOLD,
            f"It is not certain that an answer to {ours} arrives: {known}."
            " With a reason it waits here until the line is proven.",
            other_line(plan),
        )


@rule("TW03", "Replies are not being read", core=True)
def stale_poller(situation: Situation) -> Iterator[Finding]:
    """The line must have been read within the last fifteen minutes.

    A proven line is of no use while nobody reads it: the connection may be down, or the server no
    longer takes the password. Wait until the status bar says that the line is connected again, or
    give a reason.
    """
    if situation.plan is None:
        return
    health = situation.health
    polled = health.last_poll_at if health else None
    stopped = health is not None and health.state is LineState.STOPPED
    if polled is not None and situation.now - polled <= POLL_MAY_BE_OLD and not stopped:
        return
    when = f"since {ago_words(polled, situation.now)}" if polled else "yet"
    yield Finding(
        "TW03",
        Severity.HOLD,
        f"Replies to {situation.plan.line.address} are not being read right now"
        f" (nothing fetched {when}).",
    )

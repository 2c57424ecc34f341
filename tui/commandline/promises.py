"""Promises: what was told to patients, who keeps it, and what became of it."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from datetime import datetime
from itertools import islice

from inbox.outgoing import Draft
from inbox.promise import DraftPromise, Promise, PromiseKind, PromiseState
from inbox.words import promise_words
from tui.commandline import shapes
from tui.commandline.output import Output, table
from tui.commandline.session import with_office
from tui.commandline.times import moment_of
from tui.wiring import PracticeOffice

_STANDING = "standing"
_MOST_STANDING = 5_000


def promises(options: Namespace, output: Output) -> int:
    """`twoway promises`."""

    async def work(office: PracticeOffice) -> int:
        desk = office.desk
        now = desk.clock()
        if options.state == _STANDING:
            standing = await desk.promises.live(_MOST_STANDING)
            mine = (one for one in standing if not options.mine or desk.promises.concerns(one))
            shown = list(islice(mine, options.limit))
        else:
            wanted = options.state.replace("-", " ")
            state = None if wanted == "all" else PromiseState(wanted)
            shown = await desk.promises.latest(options.limit, state, mine=options.mine)
        output.document([shapes.promise(one, now, desk.practice.timezone) for one in shown])
        for line in table([_row(one, office) for one in shown]):
            output.line(line)
        if not shown:
            output.line("Nothing is promised." if options.state == _STANDING else "Nothing here.")
        return 0

    return with_office(options, work)


def add(options: Namespace, output: Output) -> int:
    """`twoway promises add`."""

    async def work(office: PracticeOffice) -> int:
        promise = await office.desk.promises.add(
            options.conversation,
            PromiseKind(options.kind),
            _moment(options.until, office),
            owner=options.owner,
        )
        return _tell(promise, office, output)

    return with_office(options, work)


def withdraw(options: Namespace, output: Output) -> int:
    """`twoway promises withdraw`."""

    async def work(office: PracticeOffice) -> int:
        promise = await office.desk.promises.withdraw(options.promise, options.because)
        return _tell(promise, office, output)

    return with_office(options, work)


def promising(office: PracticeOffice, draft: Draft, options: Namespace) -> Draft:
    """The draft with what the options of `reply` and `send` say about promises.

    What is found in its words is watched without any option.
    """
    by_hand = []
    for given in options.promise:
        kind, _, when = given.rpartition(" ")
        asked = PromiseKind.ANSWER if kind.strip() == "answer" else PromiseKind.HERE
        words = when if kind.strip() in {"", "answer", "here"} else given
        by_hand.append(DraftPromise(asked, "", _moment(words, office)))
    if options.no_promise:
        declined = tuple(one.said for one in office.desk.promises.unconfirmed(draft))
        draft = replace(draft, not_promised=(*draft.not_promised, *declined))
    return replace(draft, promises=(*draft.promises, *by_hand))


def _moment(text: str, office: PracticeOffice) -> datetime:
    return moment_of(text, office.desk.clock(), office.desk.practice.timezone)


def _tell(promise: Promise, office: PracticeOffice, output: Output) -> int:
    desk = office.desk
    output.document(shapes.promise(promise, desk.clock(), desk.practice.timezone))
    output.line(f"Promise {promise.id}, conversation {promise.conversation_id}:")
    output.line(f"  {desk.promises.words(promise)}.")
    return 0


def _row(promise: Promise, office: PracticeOffice) -> tuple[str, ...]:
    practice, now = office.desk.practice, office.desk.clock()
    member = practice.member(promise.owner)
    owner = "everybody" if promise.everybodys_at else member.first_name if member else promise.owner
    asked = ", they wrote" if promise.has_news else ""
    sign = "! " if promise.state(now) is PromiseState.BROKEN else ""
    return (
        str(promise.id),
        f"conversation {promise.conversation_id}",
        promise.person,
        owner,
        f"{sign}{promise_words(promise, now, practice)}{asked}",
    )

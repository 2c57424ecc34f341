"""Confirming what a message promises, setting a promise by hand, taking one back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from inbox.conversation import ConversationRow
from inbox.desk import Desk
from inbox.outgoing import Draft
from inbox.promise import DraftPromise, Promise, PromiseKind, Said
from inbox.words import clock_words, promise_words
from tui.screens.ask import AskLine
from tui.screens.choose import Choice, Choose
from tui.screens.moment import read_moment
from tui.screens.sending import NO_REASON
from tui.screens.telling import tell
from tui.typed_time import EXAMPLES
from tui.widgets.cells import one_line

_TIMES = f"Like: {EXAMPLES}, 2026-08-03 09:00"


class AskPromise(ModalScreen[str]):
    """Asks about words that sound like a promise; gives `watch`, `change`, `none`, or `` back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "dismiss('watch')", "Watch"),
        Binding("e", "dismiss('change')", "Another time or person"),
        Binding("x", "dismiss('none')", "No promise"),
        Binding("escape", "dismiss('')", "Back"),
    ]

    def __init__(self, said: str, question: str) -> None:
        """Ask `question` about the words `said`."""
        super().__init__()
        self._said = said
        self._question = question

    def compose(self) -> ComposeResult:
        """The words, the question, the keys."""
        with Vertical(classes="box"):
            yield Static(f"You promise “{self._said}”.", classes="title", markup=False)
            yield Static(self._question, markup=False)
            yield Static(
                "Enter watches it · e another time or person · x it is no promise · Esc goes back",
                classes="quiet",
                markup=False,
            )


async def settle_promises(screen: Screen[Any], desk: Desk, draft: Draft) -> Draft | None:
    """Ask about each promise of a draft that nobody has spoken of; None when sending is given up.

    Args:
        screen: Over which to ask.
        desk: Who sends.
        draft: What is to be sent.
    """
    for said in desk.promises.unconfirmed(draft):
        when = clock_words(said.due, desk.clock(), desk.practice)
        here = said.kind is PromiseKind.HERE
        verb = "Watch every channel" if here else "Remind you and watch every channel"
        words = one_line(said.said, 120)
        answer = await screen.app.push_screen_wait(AskPromise(words, f"{verb} until {when}?"))
        if answer == "none":
            draft = replace(draft, not_promised=(*draft.not_promised, said.said))
            continue
        made: DraftPromise | None = DraftPromise(said.kind, said.said, said.due)
        if answer == "change":
            made = await _changed(screen, desk, said)
        if made is None or not answer:
            return None
        draft = replace(draft, promises=(*draft.promises, made))
    return draft


async def promise_by_hand(screen: Screen[Any], desk: Desk, draft: Draft) -> Draft | None:
    """Set a promise that no words of the draft make, or take one off; None when nothing changed."""
    choices = [*_kinds()]
    for one in draft.promises:
        when = clock_words(one.due, desk.clock(), desk.practice)
        choices.append(Choice(one, f"Take off: {one.kind.words} {when}", one_line(one.said, 60)))
    chosen = await screen.app.push_screen_wait(Choose("What does it promise?", choices))
    if chosen is None:
        return None
    if isinstance(chosen.value, DraftPromise):
        left = tuple(one for one in draft.promises if one != chosen.value)
        declined = (chosen.value.said,) if chosen.value.said else ()
        return replace(draft, promises=left, not_promised=(*draft.not_promised, *declined))
    asked = await _ask(screen, desk, chosen.value)
    if asked is None:
        return None
    due, owner = asked
    return replace(draft, promises=(*draft.promises, DraftPromise(chosen.value, "", due, owner)))


async def tend_promises(screen: Screen[Any], desk: Desk, row: ConversationRow) -> None:
    """Withdraw a promise of a conversation with a reason, or set one by hand."""
    now = desk.clock()
    choices = [
        Choice(one, f"Withdraw: {promise_words(one, now, desk.practice)}", one_line(one.said, 60))
        for one in await desk.promises.of_conversation(row.id)
        if one.state(now).is_live
    ]
    chosen = await screen.app.push_screen_wait(Choose("Promises", [*choices, *_kinds()]))
    if chosen is None:
        return
    if isinstance(chosen.value, Promise):
        explain = ["The reason is kept. An answer closes a promise by itself."]
        asked_why = AskLine("Why is it withdrawn?", explain, empty=NO_REASON)
        because = await screen.app.push_screen_wait(asked_why)
        if because is not None:
            await desk.promises.withdraw(chosen.value.id, because)
            tell(screen.app, "Withdrawn; the reason is kept.")
        return
    asked = await _ask(screen, desk, chosen.value)
    if asked is not None:
        due, owner = asked
        promise = await desk.promises.add(row.id, chosen.value, due, owner=owner)
        tell(screen.app, f"{desk.promises.words(promise)}.")


def _kinds() -> list[Choice[Any]]:
    return [
        Choice(PromiseKind.HERE, "Here until …", "somebody is there and sees what they write"),
        Choice(PromiseKind.ANSWER, "Answer by …", "we call or write by then"),
    ]


async def _changed(screen: Screen[Any], desk: Desk, said: Said) -> DraftPromise | None:
    local = said.due.astimezone(desk.practice.timezone)
    asked = await _ask(screen, desk, said.kind, f"{local:%Y-%m-%d %H:%M}")
    return None if asked is None else DraftPromise(said.kind, said.said, asked[0], asked[1])


async def _ask(
    screen: Screen[Any], desk: Desk, kind: PromiseKind, value: str = ""
) -> tuple[datetime, str] | None:
    """Until when, and who keeps it; None when it was given up."""
    question = f"{kind.words[0].upper()}{kind.words[1:]} when?"
    typed = await screen.app.push_screen_wait(AskLine(question, [_TIMES], value=value))
    if typed is None:
        return None
    due = read_moment(typed, desk.clock(), desk)
    if due is None:
        tell(screen.app, "That is no time ahead.", _TIMES, trouble=True)
        return None
    me = desk.member.id
    staff = sorted(desk.practice.staff, key=lambda one: (one.id != me, one.name))
    if len(staff) < 2:
        return due, me
    choices = [Choice(one.id, one.name, "me" if one.id == me else one.id) for one in staff]
    chosen = await screen.app.push_screen_wait(Choose("Who keeps it?", choices))
    return None if chosen is None else (due, chosen.value)

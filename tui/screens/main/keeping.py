"""Promises on the screen: the countdown, the alert that cannot be missed, what is broken on top."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from textual.screen import Screen

from inbox.conversation import ConversationRow
from inbox.desk import Desk
from inbox.errors import NotFound
from inbox.promise import Promise, PromiseKind, PromiseState
from inbox.words import clock_words, promise_words
from tui.screens.main.listing import Listing
from tui.screens.main.reading import Reading
from tui.screens.telling import guarded
from tui.widgets.alert_bar import AlertBar
from tui.widgets.cells import one_line
from tui.widgets.conversation_list import ConversationList
from tui.widgets.status_bar import StatusBar

_MOST_ON_TOP = 10
_NAMELESS = "A promise of yours was called on."
Alert = tuple[int, str, datetime | None]
"""A promise's id, what there is to say of it (`broken`, `asked`, `soon`), and when they wrote."""


class Keeping:
    """Follows the promises that stand; paints only when a word of them changes."""

    def __init__(
        self,
        desk: Desk,
        screen: Screen[Any],
        listing: Listing,
        reading: Reading,
        open_: Callable[[int], Awaitable[object]],
        key: str,
    ) -> None:
        """Show the promises of `desk`; `open_` opens a conversation, `key` is what does so."""
        self._desk = desk
        self._screen = screen
        self._list = screen.query_one(ConversationList)
        self._listing = listing
        self._reading = reading
        self._open = open_
        self._key = key
        self._live: tuple[Promise, ...] = ()
        self._shown: object = None
        self._on_top: frozenset[int] = frozenset()
        self._seen: set[Alert] = set()
        self._rung: set[Alert] = set()
        self._alerts: tuple[tuple[Alert, Promise, str], ...] = ()
        self._bar = ""

    def start(self) -> None:
        """Count down until the screen goes."""
        self._screen.set_interval(1, self._tick)

    async def refresh(self) -> None:
        """Read what stands again."""
        self._live = tuple(await self._desk.promises.live())
        await self._put_on_top()
        self._paint()

    def acknowledge(self, conversation_id: int) -> None:
        """Somebody opened this conversation: what was to be said of it has been seen."""
        for alert, promise, _ in self._alerts:
            if promise.conversation_id == conversation_id:
                self._seen.add(alert)
                if promise.is_due_soon(self._desk.clock()):
                    self._seen.add((promise.id, "soon", None))
        self._paint()

    async def open_next(self) -> bool:
        """Open the conversation that is most urgent; False when nothing is."""
        now = self._desk.clock()
        mine = [one for one in self._live if self._desk.promises.concerns(one)]
        waiting = [one for _, one, _ in self._alerts] or [
            one for one in mine if one.state(now) is not PromiseState.OPEN
        ]
        if not waiting:
            return False
        await self._open(waiting[0].conversation_id)
        return True

    # ------------------------------------------------------------ inside

    def _tick(self) -> None:
        if not self._live and not self._bar:
            return
        now = self._desk.clock()
        broken = {
            one.conversation_id for one in self._live if one.state(now) is PromiseState.BROKEN
        }
        ended = any(not one.state(now).is_live for one in self._live)
        if ended or not broken <= self._on_top:
            self._screen.run_worker(guarded(self._screen.app, self._run_out()), group="promises")
        self._paint()

    async def _run_out(self) -> None:
        await self.refresh()
        await self._listing.refresh()
        await self._listing.counts()

    async def _put_on_top(self) -> None:
        """What is broken stands on top of every list, for everybody."""
        now = self._desk.clock()
        ids = dict.fromkeys(
            one.conversation_id for one in self._live if one.state(now) is PromiseState.BROKEN
        )
        rows: list[ConversationRow] = []
        for conversation_id in list(ids)[:_MOST_ON_TOP]:
            try:
                rows.append(await self._desk.repository.conversations.row(conversation_id))
            except NotFound:
                continue
        self._listing.on_top = tuple(rows)
        self._on_top = frozenset(ids)

    def _paint(self) -> None:
        now, practice = self._desk.clock(), self._desk.practice
        standing = [one for one in self._live if one.state(now).is_live]
        words = {one.id: promise_words(one, now, practice) for one in standing}
        self._alert(standing)
        shown = (tuple(words.items()), tuple(one.everybodys_at for one in standing))
        if shown != self._shown:
            self._shown = shown
            by_conversation: dict[int, Promise] = {}
            for one in standing:
                by_conversation.setdefault(one.conversation_id, one)
            self._list.promises = by_conversation
            self._list.forget_times()
            self._reading.show_promises(tuple(standing))
        status = self._status(standing)
        for screen in self._screen.app.screen_stack:
            for bar in screen.query(StatusBar):
                bar.promises = status

    def _status(self, standing: list[Promise]) -> tuple[str, bool]:
        """Words for the status bar, and whether one is broken."""
        if not standing:
            return "", False
        now, practice = self._desk.clock(), self._desk.practice
        broken = sum(1 for one in standing if one.state(now) is PromiseState.BROKEN)
        if broken:
            return f"! {broken} promise{'s' * (broken > 1)} broken", True
        due = clock_words(standing[0].due, now, practice)
        return f"Promises {len(standing)}, next {due}", False

    # ------------------------------------------------------------ the alert

    def _alert(self, standing: list[Promise]) -> None:
        said = [found for one in standing if (found := self._said_of(one)) is not None]
        said.sort(key=lambda found: ("broken", "asked", "soon").index(found[0][1]))
        self._alerts = tuple(found for found in said if found[0] not in self._seen)
        fresh = {alert for alert, _, _ in self._alerts} - self._rung
        if fresh:
            self._rung |= fresh
            self._screen.app.bell()
        more = f" (and {len(self._alerts) - 1} more)" if len(self._alerts) > 1 else ""
        self._bar = f"{self._alerts[0][2]}{more}" if self._alerts else ""
        self._show_bar()

    def _said_of(self, promise: Promise) -> tuple[Alert, Promise, str] | None:
        """What its owner has to be told of a promise; None when there is nothing."""
        if not self._desk.promises.concerns(promise):
            return None
        now, practice = self._desk.clock(), self._desk.practice
        name = one_line(promise.person, 40)
        state, words = promise.state(now), promise_words(promise, now, practice)
        if state is PromiseState.BROKEN:
            owner = practice.member(promise.owner)
            other = owner is not None and owner.id != self._desk.member.id
            whose = f" ({owner.first_name})" if owner is not None and other else ""
            return (promise.id, "broken", None), promise, f"BROKEN: {name} waits: {words}{whose}"
        # Somebody who is there hears of everything; of what is due by then, once is enough.
        here = promise.kind is PromiseKind.HERE
        asked = (promise.id, "asked", promise.wrote_at if here else None)
        if promise.has_news and asked not in self._seen:
            return asked, promise, f"{name} wrote: you promised {words}"
        if promise.is_due_soon(now):
            return (promise.id, "soon", None), promise, f"{name}: {words}"
        return None

    def _show_bar(self) -> None:
        """On the screen that is in front, whichever it is; without a name while all is hidden."""
        from tui.screens.privacy import PrivacyScreen

        stack = self._screen.app.screen_stack
        for screen in stack:
            for bar in screen.query(AlertBar):
                if not self._bar or screen is not stack[-1]:
                    bar.remove()
                else:
                    bar.words = _NAMELESS if isinstance(screen, PrivacyScreen) else self._bar
        if self._bar and not stack[-1].query(AlertBar):
            bar = AlertBar(self._key)
            bar.words = _NAMELESS if isinstance(stack[-1], PrivacyScreen) else self._bar
            stack[-1].mount(bar, before=0 if stack[-1].children else None)

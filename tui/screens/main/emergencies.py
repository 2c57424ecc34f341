"""Emergencies on the screen: an alarm on every screen until a person has looked after them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from textual.screen import Screen

from inbox.desk import Desk
from inbox.signals.signal import Signal
from tui.widgets.emergency_bar import EmergencyBar


class Emergencies:
    """Follows what sounds like an emergency; rings once for each message."""

    def __init__(
        self,
        desk: Desk,
        screen: Screen[Any],
        open_: Callable[[int], Awaitable[object]],
        key: str,
    ) -> None:
        """Watch the signals of `desk`; `open_` opens a conversation, `key` is what does so."""
        self._desk = desk
        self._screen = screen
        self._open = open_
        self._key = key
        self._urgent: tuple[Signal, ...] = ()
        self._rung: set[int] = set()
        self._opened = -1

    def start(self) -> None:
        """Keep the alarm on whichever screen is in front."""
        self._screen.set_interval(0.5, self._show)

    async def refresh(self) -> None:
        """Read again what nobody has looked after."""
        self._urgent = tuple(await self._desk.repository.signals.urgent())
        fresh = {one.message_id for one in self._urgent} - self._rung
        if fresh:
            self._rung |= fresh
            self._screen.app.bell()
        self._show()

    async def open_next(self) -> bool:
        """Open the next conversation of them, one after the other; False when there is none."""
        ids = list(dict.fromkeys(one.conversation_id for one in self._urgent))
        if not ids:
            return False
        at = ids.index(self._opened) + 1 if self._opened in ids else 0
        self._opened = ids[at % len(ids)]
        await self._open(self._opened)
        return True

    def _show(self) -> None:
        count = len({one.conversation_id for one in self._urgent})
        stack = self._screen.app.screen_stack
        for screen in stack:
            for bar in screen.query(EmergencyBar):
                if not count or screen is not stack[-1]:
                    bar.remove()
                else:
                    bar.count = count
        if count and not stack[-1].query(EmergencyBar):
            bar = EmergencyBar(self._key)
            bar.count = count
            stack[-1].mount(bar, before=0 if stack[-1].children else None)

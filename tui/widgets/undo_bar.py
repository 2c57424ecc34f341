"""Counts down the seconds in which a sent message can be taken back."""

from __future__ import annotations

import math
from datetime import datetime

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from inbox.clock import Clock


class UndoBar(Widget):
    """`Sending in 8 s`, with the key that takes it back; absent otherwise."""

    until: reactive[datetime | None] = reactive(None, layout=True)
    outbox_id: int = 0

    def __init__(self, clock: Clock, key: str, *, id_: str | None = None) -> None:
        """Count by `clock`; `key` is what to press, in words."""
        super().__init__(id=id_)
        self._clock = clock
        self._key = key
        self.display = False

    def begin(self, outbox_id: int, until: datetime) -> None:
        """Start counting for one message."""
        self.outbox_id, self.until = outbox_id, until

    def end(self) -> None:
        """Stop counting."""
        self.outbox_id, self.until = 0, None

    def on_mount(self) -> None:
        """Count each second."""
        self.set_interval(0.25, self._tick)

    def watch_until(self, until: datetime | None) -> None:
        """Take no room when there is nothing to take back."""
        self.display = until is not None

    def _tick(self) -> None:
        if self.until is None:
            return
        if self._clock() >= self.until:
            self.end()
        else:
            self.refresh()

    def render(self) -> Content:
        """The words."""
        if self.until is None:
            return Content("")
        left = max(0, math.ceil((self.until - self._clock()).total_seconds()))
        return Content.assemble(
            (f" Sending in {left} s", "bold"), " · ", (self._key, "bold"), " takes it back"
        )

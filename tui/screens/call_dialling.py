"""Dialling from the call screen: what becomes of the call while nobody has said how it ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from inbox.call_plan import CallPlan
from inbox.desk import Desk
from inbox.message import MessageStatus
from inbox.number import number_words
from tui.screens.telling import guarded, tell
from tui.widgets.cells import one_line

if TYPE_CHECKING:
    from inbox.repository import OutboxRow

_LOOK_EVERY = 0.5


class Dialling:
    """The call of one call screen, dialled once however often the key is pressed."""

    def __init__(self, desk: Desk, screen: Screen[Any], changed: Callable[[], None]) -> None:
        """Dial on `screen`; `changed` is told when there is something new to say."""
        self._desk = desk
        self._screen = screen
        self._changed = changed
        self._looking = False
        self.row_id: int | None = None
        """The row of the outbox it was dialled by; None before that."""
        self.words = ""
        """How it stands, in a few words; empty before it was dialled."""
        self.failed = ""
        """Why it did not ring, with what to do; empty while it may have."""

    async def dial(self, plan: CallPlan) -> bool:
        """Ring the caller's phone, then theirs; whether there is a new row to be sent."""
        number = number_words(plan.number.address.value)
        if not plan.dials:
            tell(self._screen.app, f"Dial {number} on your phone.", "Then say here how it ended.")
            return False
        if self.row_id is not None and not self.failed:
            tell(self._screen.app, "It was dialled.", "Say first how it ended: 1 to 5.")
            return False
        from tui.screens.sending import send_or_ask

        before = self.row_id

        async def attempt(because: str) -> OutboxRow:
            if before is not None:
                return await self._desk.retry(before, because)
            return await self._desk.calling.dial(plan, because)

        row = await send_or_ask(
            self._screen,
            attempt,
            "It cannot be dialled",
            question="Call all the same?",
            way_out="l says whom it is about; n calls another number.",
        )
        if row is None:
            return False
        self.row_id, self.failed = row.id, ""
        self.words = _words(row.status, plan)
        self._changed()
        if not self._looking:
            self._looking = True
            self._screen.set_interval(_LOOK_EVERY, lambda: self._look(plan))
        return True

    def _look(self, plan: CallPlan) -> None:
        if self.row_id is not None:
            work = guarded(self._screen.app, self._follow(self.row_id, plan))
            self._screen.run_worker(work, group="look")

    async def _follow(self, row_id: int, plan: CallPlan) -> None:
        row = await self._desk.repository.outbox.get(row_id)
        failed = ""
        if row.status is MessageStatus.FAILED:
            failed = " ".join(one_line(one, 200) for one in (row.status_text, row.hint) if one)
        words = _words(row.status, plan)
        if (words, failed) != (self.words, self.failed):
            self.words, self.failed = words, failed
            self._changed()


def _words(status: MessageStatus, plan: CallPlan) -> str:
    return {
        MessageStatus.QUEUED: f"your phone rings first, {plan.direct_line}",
        MessageStatus.SENDING: "dialling …",
        MessageStatus.SENT: "it rings; say how it ended",
        MessageStatus.FAILED: "✗ it did not ring",
        MessageStatus.UNKNOWN: "? it may or may not ring",
    }.get(status, "")

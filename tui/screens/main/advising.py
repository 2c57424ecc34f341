"""What stands beside a draft besides the gate's words: a better channel, and a neutral notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inbox.address import ChannelKind
from inbox.desk import Desk
from inbox.outgoing import Draft
from inbox.repository import OutboxRow
from inbox.situation import Situation

if TYPE_CHECKING:
    from inbox.notice import Notice
    from inbox.suggesting import Suggestion


@dataclass(frozen=True, slots=True)
class Advice:
    """What was found for one draft."""

    suggestion: Suggestion | None = None
    """Another channel; None: none is better."""
    notice: Notice | None = None
    """What could go beside a portal message; None: it is no portal message."""


class Advising:
    """Looks for advice on the draft that is written, and remembers what was chosen."""

    def __init__(self, desk: Desk) -> None:
        """Ask `desk`."""
        self._desk = desk
        self.advice = Advice()
        self.noticed = False
        """Whether a notice is to go with it."""
        self.why_not = ""
        """Why the last message left without the notice it was to have, in one sentence."""

    def forget(self) -> None:
        """Another draft: nothing was chosen for it yet."""
        self.advice, self.noticed = Advice(), False

    async def look(self, situation: Situation) -> Advice:
        """What there is to say of a draft, as things stand."""
        suggestion = await self._desk.suggesting.suggest(situation)
        notice = None
        if situation.draft.channel is ChannelKind.PORTAL:
            notice = await self._desk.noticing.plan(situation)
        self.advice = Advice(suggestion, notice)
        return self.advice

    def toggle(self) -> str:
        """Choose the notice, or leave it out again; why it cannot be chosen, or empty."""
        notice = self.advice.notice
        if not self.noticed:
            if notice is None:
                return "A notice goes with a portal message only."
            if notice.draft is None:
                return notice.why_not
        self.noticed = not self.noticed
        return ""

    async def send(self, draft: Draft, because: str) -> OutboxRow:
        """Queue a draft, and its notice where one was chosen.

        Raises:
            Held, Blocked: nothing was queued.
        """
        self.why_not = ""
        if not self.noticed or draft.channel is not ChannelKind.PORTAL:
            return await self._desk.send(draft, because)
        sent = await self._desk.noticing.send(draft, because)
        self.why_not = sent.why_not
        return sent.row

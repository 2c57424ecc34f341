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
    """Looks for advice on the draft that is written, and sends it by what was chosen."""

    def __init__(self, desk: Desk) -> None:
        """Ask `desk`."""
        self._desk = desk
        self.advice = Advice()
        self.why_not = ""
        """Why the last message left without the notice it was to have, in one sentence."""

    def forget(self) -> None:
        """Another draft: nothing was found for it yet."""
        self.advice = Advice()

    async def look(self, situation: Situation) -> Advice:
        """What there is to say of a draft, as things stand."""
        suggestion = await self._desk.suggesting.suggest(situation)
        notice = None
        if situation.draft.channel is ChannelKind.PORTAL:
            notice = await self._desk.noticing.plan(situation)
        self.advice = Advice(suggestion, notice)
        return self.advice

    def against_notice(self) -> str:
        """Why no notice can go with the draft; empty when one can."""
        notice = self.advice.notice
        if notice is None:
            return "A notice goes with a portal message only."
        return notice.why_not if notice.draft is None else ""

    async def send(self, draft: Draft, because: str) -> OutboxRow:
        """Queue a draft, and its notice where one was chosen.

        Raises:
            Held, Blocked: nothing was queued.
        """
        self.why_not = ""
        if not draft.notice or draft.channel is not ChannelKind.PORTAL:
            return await self._desk.send(draft, because)
        sent = await self._desk.noticing.send(draft, because)
        self.why_not = sent.why_not
        return sent.row

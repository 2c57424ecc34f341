"""The storage contract of retractions: messages of ours that somebody wants taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Retraction:
    """That a message that left is to be marked as entered in error."""

    message_id: int
    line_id: str
    provider_id: str
    """The portal's name for the message."""
    staff_id: str
    """Who asked for it."""
    asked_at: datetime
    next_at: datetime | None
    """When it is tried next; None: it is done, or given up."""
    done_at: datetime | None = None
    """When the portal had marked it."""
    tries: int = 0
    trouble: str = ""
    """Why it is not done, in one sentence."""


class RetractionStore(Protocol):
    """What is to be taken back, and what became of it."""

    async def ask(
        self, message_id: int, provider_id: str, staff_id: str, now: datetime
    ) -> Retraction:
        """Keep that a message is to be taken back, now; asking again after it failed tries again.

        Raises:
            NotFound: no such message.
            Stale: it is being taken back already, or has been.
        """
        ...

    async def of(self, message_id: int) -> Retraction | None:
        """How the retraction of a message stands; None: nobody asked for it."""
        ...

    async def due(self, now: datetime, limit: int) -> list[Retraction]:
        """Those that are to be tried, the longest due first."""
        ...

    async def done(self, message_id: int, now: datetime, words: str) -> None:
        """The portal has marked it: it answers nothing any more, and the record says so."""
        ...

    async def not_done(self, message_id: int, trouble: str, again_at: datetime | None) -> None:
        """It has not, for this reason; it is tried again then. None: a person has to."""
        ...

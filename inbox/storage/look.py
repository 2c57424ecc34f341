"""The storage contract of what could not be read, and what somebody did about it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class LookStore(Protocol):
    """Messages that a person had to look at."""

    async def set_aside(
        self, conversation_id: int, staff_id: str, because: str, now: datetime
    ) -> int:
        """Nobody needs to look at what is unreadable in a conversation now; return how many.

        Each stays where it is, with its raw text and the reason.
        """
        ...

    async def again(self, conversation_id: int) -> int:
        """Let what is unreadable in a conversation be read and filed anew; return how many."""
        ...

"""The storage contract of what is still to be done once a message was handed over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inbox.storage.outbox import OutboxRow


@dataclass(frozen=True, slots=True)
class Uncopied:
    """What a line sent and could not put into its folder of sent messages so far."""

    line_id: str
    count: int
    """How many messages; 100 stands for any more."""
    why: str
    """What the server said last, in one sentence."""


class HandedOverStore(Protocol):
    """Unknown outcomes are looked up, copies are put where other programs see them."""

    async def to_look_up(self, now: datetime, limit: int) -> list[tuple[OutboxRow, int]]:
        """UNKNOWN rows that are due for a look, the longest due first, and the looks so far."""
        ...

    async def looked(self, outbox_id: int, looks: int, again_at: datetime | None) -> None:
        """Keep how often a row was looked up, and when it is again; None: not by itself."""
        ...

    async def to_copy(self, now: datetime, limit: int) -> list[OutboxRow]:
        """Rows that left and whose copy is due for a look, the longest due first."""
        ...

    async def copied(self, outbox_id: int) -> None:
        """The copy of a row lies in the folder of sent messages."""
        ...

    async def not_copied(self, outbox_id: int, why: str, again_at: datetime | None) -> None:
        """It does not, for this reason; it is tried again then. None: not by itself."""
        ...

    async def uncopied(self) -> list[Uncopied]:
        """The lines whose copies failed so far; one that was not tried yet has not failed."""
        ...

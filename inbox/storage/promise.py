"""The storage contract of promises."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from inbox.promise import NewPromise, Promise, PromiseState


class PromiseStore(Protocol):
    """What was promised; when it was asked for and kept follows from the messages.

    The promises of a message are stored with its outbox row (`NewOutbox.promises`).
    """

    async def add(self, new: NewPromise) -> Promise:
        """Keep a promise that no message of the outbox makes. Raises NotFound."""
        ...

    async def get(self, promise_id: int) -> Promise:
        """One promise. Raises NotFound."""
        ...

    async def live(self, now: datetime, limit: int = 200) -> list[Promise]:
        """Those that are OPEN, CALLED_ON or BROKEN at `now`, the soonest due first."""
        ...

    async def latest(self, limit: int, before: int | None = None) -> list[Promise]:
        """All, the newest first; those before promise `before`."""
        ...

    async def of_conversation(self, conversation_id: int, limit: int = 50) -> list[Promise]:
        """Those made in a conversation, the newest first."""
        ...

    async def of_outbox(self, outbox_id: int) -> list[Promise]:
        """Those that a message makes, in its order."""
        ...

    async def withdraw(
        self, promise_id: int, now: datetime, staff_id: str, because: str
    ) -> Promise:
        """Close a promise that still stands.

        Raises:
            NotFound: there is none.
            Stale: it was kept, taken back or withdrawn before.
        """
        ...

    async def ended(self, now: datetime, limit: int = 50) -> list[Promise]:
        """Those that were kept or broken since the audit was last told."""
        ...

    async def mark_audited(self, promise_id: int, state: PromiseState) -> bool:
        """The audit is told of this end; False when somebody told it before."""
        ...

    async def make_everybodys(self, promise_id: int, now: datetime) -> bool:
        """Take it, and its conversation, from its owner; False when somebody did so before."""
        ...

"""The storage contract of calls: a call that was made is a settled row of the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from inbox.address import Address
from inbox.storage.outbox import NewOutbox, OutboxRow


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call whose log is not finished."""

    row: OutboxRow
    heads_up: OutboxRow | None = None
    """The heads-up that has not left; None: nobody said yet how the call ended."""


class CallStore(Protocol):
    """What became of calls, and what is left to do about them."""

    async def log(
        self, new: NewOutbox, *, dialled: int | None = None, heads_up: NewOutbox | None = None
    ) -> OutboxRow:
        """Keep what became of a call, with the heads-up that goes with it, in one transaction.

        Args:
            new: The call; its status says whether it reached them (DELIVERED) or not (SENT).
            dialled: The outbox row by which it was dialled from here, which then stands for it;
                None: it was made by hand.
            heads_up: What the answering service is told; it is queued, and its conversation, when
                it waited for nothing before, stays closed.

        Raises:
            NotFound: no such row.
            Stale: it was logged already, or is on its way.
        """
        ...

    async def tell_again(self, call: int, heads_up: NewOutbox) -> OutboxRow:
        """Queue another heads-up for a call whose first one did not leave; that one is forgotten.

        Raises:
            NotFound: no such call.
            Stale: its heads-up has left, or is on its way.
        """
        ...

    async def unfinished(self, conversation_id: int) -> list[OpenCall]:
        """Calls of a conversation whose log is not finished, the latest first, at most 20."""
        ...

    async def told_in(self, service: Address) -> int | None:
        """The conversation in which a heads-up went to this address last; None: none did."""
        ...

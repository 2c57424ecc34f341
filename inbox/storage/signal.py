"""The storage contract of signals, and of whom a shared address was said to be about."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inbox.address import Address
from inbox.signals.signal import Signal, SignalState


class SignalStore(Protocol):
    """What arrivals say between their lines; filing adds to it, people decide."""

    async def of_conversation(self, conversation_id: int) -> list[Signal]:
        """The signals of a conversation, oldest first; at most the newest 200."""
        ...

    async def urgent(self) -> list[Signal]:
        """Emergencies that nobody has looked after yet, oldest first; at most 50."""
        ...

    async def open_at(self, addresses: Collection[Address]) -> Mapping[str, frozenset[str]]:
        """Rules with an open signal from each of these addresses, by the address's key."""
        ...

    async def decide(
        self,
        conversation_id: int,
        rule: str,
        state: SignalState,
        staff_id: str,
        now: datetime,
        only: Collection[int] | None = None,
    ) -> list[Signal]:
        """A person decides every open signal of a rule in a conversation; what was decided.

        Args:
            conversation_id: The conversation.
            rule: The rule.
            state: What is decided.
            staff_id: Who decides.
            now: When.
            only: Ids of the messages it is decided for; None: all of them.

        Raises:
            Stale: none is open any more.
        """
        ...

    async def line_began(self, line_id: str, now: datetime) -> datetime:
        """When a line was read for the first time; `now` when this is it."""
        ...


@dataclass(frozen=True, slots=True)
class AddressChoice:
    """Whom a shared address was about when a person last said so."""

    patient_id: str
    always: bool
    """Link what comes from there by itself."""
    by: str
    """Staff id of who said it."""
    at: datetime


class ChoiceStore(Protocol):
    """Whom shared addresses were said to be about."""

    async def of(self, address: Address) -> AddressChoice | None:
        """What was said last about this address, or None."""
        ...

    async def remember(self, address: Address, choice: AddressChoice) -> None:
        """Keep what was said, in the place of what was said before."""
        ...

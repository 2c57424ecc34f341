"""The storage contract of merges, splits and moves, and of what is needed to undo them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from inbox.address import Address


class MovingKind(StrEnum):
    """What was done."""

    MERGE = "merge"
    """Two conversations became one."""
    SPLIT = "split"
    """The later part of a conversation became another."""
    MOVE = "move"
    """A message went to another conversation."""
    LINK = "link"
    """Messages were linked to another patient in one step."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that was done, and can be undone."""

    id: int
    kind: MovingKind
    from_id: int
    """The conversation that messages left; of a merge the one that is no more."""
    to_id: int
    at: datetime
    by: str
    """Staff id; empty when an arrival named both."""
    messages: int
    """How many messages it was about."""
    patients: tuple[str, ...] = ()
    """Ids of whom the conversations are about."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """A message that was matched as another one was: the same address, patient and reason."""

    message_id: int
    conversation_id: int


class MovingStore(Protocol):
    """Merges, splits and moves by people; each can be undone, the last one first."""

    async def merge(self, kept_id: int, merged_id: int, staff_id: str, reason: str) -> Moved:
        """Move everything of one conversation into another.

        Where one of them is about a patient, messages about nobody follow, with `reason`.

        Raises:
            NotFound: no such conversation.
            TwowayError: they are one already.
        """
        ...

    async def part(
        self,
        conversation_id: int,
        message_ids: Sequence[int],
        to_id: int | None,
        kind: MovingKind,
        staff_id: str,
        reason: str,
    ) -> Moved:
        """Move messages to another conversation, or to a new one; no arrival joins them again.

        The new one is about the same patient and stands as the old one does. What is about the
        patient of the old one, or about nobody, is about the patient of the other, with `reason`.

        Raises:
            NotFound: no such conversation, or messages that are not in it.
            TwowayError: nothing would stay behind, or a message has not left yet.
        """
        ...

    async def last(self, conversation_id: int) -> Moved | None:
        """The last thing that was done with a conversation and is not undone."""
        ...

    async def undo(self, moving_id: int, reason: str) -> None:
        """Put everything back as it was; what arrived since goes with what it answers.

        Of a merge that an arrival made, the two stay apart from now on.

        Raises:
            Stale: it was undone already, or something later must be undone first.
        """
        ...

    async def dismiss(self, conversation_id: int) -> None:
        """Take away that it may belong to another conversation."""
        ...

    async def siblings(
        self, address: Address, patient_id: str | None, reason: str, besides: int
    ) -> list[Sibling]:
        """Messages from an address that were matched alike, in other conversations than `besides`.

        At most 500, the newest ones.
        """
        ...

    async def relink(
        self,
        conversation_id: int,
        message_ids: Sequence[int],
        patient_id: str,
        staff_id: str,
        reason: str,
    ) -> Moved:
        """Link messages of other conversations to another patient in one step.

        The record files follow. It is undone from `conversation_id`, which was linked before.
        A conversation that was about the patient they were about follows as a whole.
        """
        ...

"""The storage contract of the portal: its threads, and messages as the portal names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inbox.address import Address
from inbox.message import Message


@dataclass(frozen=True, slots=True)
class ThreadMember:
    """A stored portal message that an arrival belongs to, or that belongs to the arrival."""

    message_id: int
    provider_id: str
    """The portal's name for it: `Communication/12`; empty while it has none."""
    thread_key: str
    conversation_id: int
    at: datetime
    parents: tuple[str, ...]
    """The portal's names of what it answers."""
    patient_id: str | None
    chosen: bool
    """A person said whom it is about."""
    ours: bool
    """It was sent from here, and `at` is by our clock."""


@dataclass(frozen=True, slots=True)
class PortalThread:
    """What is known of a thread of a portal."""

    subject: str = ""
    can_reply: bool | None = None
    """Whether the portal lets the patient answer in it; None: it does not say."""
    completed: bool | None = None
    """Its header is marked as completed; None: it has none, or it was not seen."""
    keeps_open: bool = False
    """The portal has headers that are not completed, so that one that is has been closed."""
    answered: bool = False
    """They wrote in it after a message of ours."""
    about: Address | None = None
    """Whom the latest message of a patient or proxy in it is about, by the portal's reference."""


class PortalStore(Protocol):
    """What the portal's messages are looked up by. Every name is one on its line only."""

    async def members(
        self, line_id: str, thread_keys: Sequence[str], provider_id: str, parents: Sequence[str]
    ) -> list[ThreadMember]:
        """Portal messages of a line that an arrival is threaded by, oldest first.

        Those of the threads (of each the latest 50), those that bear one of the ids `parents`, and
        those that answer `provider_id`.
        """
        ...

    async def known(self, line_id: str, provider_id: str) -> Message | None:
        """The message of a line that bears this name; None when there is none."""
        ...

    async def ours(self, line_id: str, uuid: str) -> Message | None:
        """The message of the outbox with this `Outgoing.uuid`, when it is that line's; or None."""
        ...

    async def thread(self, line_id: str, thread_key: str) -> PortalThread:
        """What is known of a thread; nothing when it is not known."""
        ...

    async def current_thread(self, conversation_id: int, line_id: str) -> str:
        """The thread that a conversation was last continued in on a line; empty: none."""
        ...

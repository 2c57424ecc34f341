"""A server in memory, which a test fills, breaks and looks into."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from inbox.outgoing import Outgoing

ARRIVED = "messages"
"""The folder of what arrives."""
SENT = "sent"
"""The folder of what was sent."""


class Trouble(StrEnum):
    """What can go wrong while sending."""

    REFUSED = "refused"
    """The server says no, for good."""
    BUSY = "busy"
    """The server says: not now."""
    SENDER_REFUSED = "sender-refused"
    """The server does not take our address."""
    LOST_BEFORE = "lost-before"
    """The connection breaks before anything was handed over."""
    LOST_UNTAKEN = "lost-untaken"
    """It breaks while handing over, and the message did not get through."""
    LOST_TAKEN = "lost-taken"
    """It breaks while handing over, but the message did get through."""


@dataclass(slots=True)
class Folder:
    """One folder: items by number, and the epoch in which the numbers hold."""

    epoch: int = 1
    last: int = 0
    items: dict[int, tuple[bytes, datetime]] = field(default_factory=dict)

    def add(self, content: bytes, at: datetime) -> str:
        """Add an item and give its number."""
        self.last += 1
        self.items[self.last] = (content, at)
        return str(self.last)


class MemoryServer:
    """What the memory channel talks to; share one between a channel and a test.

    All of it belongs to one event loop.
    """

    def __init__(self) -> None:
        self.folders: dict[str, Folder] = {ARRIVED: Folder(), SENT: Folder()}
        """Everything there is."""
        self.sent: list[Outgoing] = []
        """What was taken, in order."""
        self.refuses: set[str] = set()
        """Recipients that are refused, by address."""
        self.down = False
        """Whether nobody can connect."""
        self._troubles: list[Trouble] = []
        self._change = asyncio.Event()

    # ---- what a test does --------------------------------------------------------------------

    def deliver(self, sender: str, text: str, **more: Any) -> str:
        """Let a message arrive and give its number.

        Args:
            sender: Their address.
            text: What they wrote.
            more: Further keys of the JSON object: `name`, `to`, `subject`, `at`, `id`,
                `in_reply_to`, `references`, `nature`, `attachments`, and of a call `ending`,
                `seconds`.
        """
        item = {"from": sender, "text": text, **more}
        return self.put(json.dumps(item).encode())

    def put(self, content: bytes, at: datetime | None = None, folder: str = ARRIVED) -> str:
        """Put any bytes into a folder and give their number."""
        number = self.folders[folder].add(content, at or datetime.now(UTC))
        self.announce()
        return number

    def expunge(self, numbers: Iterable[str], folder: str = ARRIVED) -> None:
        """Remove items."""
        for number in numbers:
            del self.folders[folder].items[int(number)]

    def renumber(self, folder: str = ARRIVED) -> None:
        """Give every item a new number in a new epoch."""
        old = self.folders[folder]
        new = Folder(epoch=old.epoch + 1, last=500)
        for content, at in old.items.values():
            new.add(content, at)
        self.folders[folder] = new
        self.announce()

    def fail(self, *troubles: Trouble) -> None:
        """Let the next messages go wrong, one trouble each."""
        self._troubles.extend(troubles)

    def drop(self) -> None:
        """Be gone, also for those who wait, until `down` is False again."""
        self.down = True
        self.announce()

    # ---- what the channel does ---------------------------------------------------------------

    def next_trouble(self) -> Trouble | None:
        """What goes wrong now, if anything."""
        return self._troubles.pop(0) if self._troubles else None

    def announce(self) -> None:
        """Wake everybody who waits."""
        self._change.set()
        self._change = asyncio.Event()

    async def changed(self) -> None:
        """Return at the next change."""
        await self._change.wait()

"""What the screen needs from the outside: an office whose doors open after the first paint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Protocol, TypeAlias

from inbox.desk import Desk
from inbox.message import Attachment, Message


class Office(Protocol):
    """The services behind the screen; opening one touches the disk only, never the network."""

    @property
    def desk(self) -> Desk:
        """What a staff member can do."""
        ...

    async def start(self) -> None:
        """Open the connections in the background; called after the first list is painted."""
        ...

    async def close(self) -> None:
        """Stop everything and let go of the data folder."""
        ...

    def wake(self) -> None:
        """Something was queued: look at the outbox now."""
        ...

    async def fetch_whole(self, message: Message) -> None:
        """Fetch the rest of a message of which only the header is here.

        Raises:
            ChannelError: the server cannot give it.
        """
        ...

    async def attachment(self, message: Message, attachment: Attachment) -> bytes:
        """The bytes of an attachment.

        Raises:
            TwowayError: it is not there.
        """
        ...

    async def prove(self, line_id: str) -> None:
        """Send a line's own test message now.

        Raises:
            TwowayError: it cannot be sent.
        """
        ...

    async def read_again(self, conversation_id: int) -> int:
        """Read anew what could not be read in a conversation; return how many messages.

        Raises:
            TwowayError: no such conversation.
        """
        ...

    async def read_back(self, line_id: str, day: date | None) -> None:
        """Read a line back to a day; None stops that. `date.min` is the beginning.

        Raises:
            TwowayError: the line cannot be read, or all of it is read anyway.
        """
        ...

    async def fetch_missing(self, line_id: str) -> None:
        """Compare all of a line with the server, and fetch what is not here.

        Raises:
            TwowayError: the line cannot be read.
        """
        ...


OpenOffice: TypeAlias = Callable[[], Awaitable[Office]]
"""Opens the database and nothing else."""

"""A desk phone: calls are made and taken by hand, and logged; nothing is read and nothing sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from inbox.channel import (
    Batch,
    Capabilities,
    Census,
    HandingOver,
    RawItem,
    Receipt,
    RemoteId,
    Whereabouts,
)
from inbox.clock import Clock
from inbox.errors import NotSent, ServerRefused
from inbox.gate import Permit
from inbox.inspection import Inspection
from inbox.line import Line
from inbox.message import Arrival, MessageKind, Nature
from inbox.outgoing import Outgoing

BY_HAND = Capabilities(sends=False, by_hand=True)
"""What a desk phone can do: nothing leaves from here, and who calls it back is heard."""


class ManualChannel:
    """A number that rings on a desk; see `inbox.channel.Channel`.

    That it can be called back is what the practice says of it: nobody else can be asked.
    """

    def __init__(self, line: Line, clock: Clock) -> None:
        """Stand for the calls of `line`."""
        self._line = line
        self._clock = clock

    @property
    def line(self) -> Line:
        """The line it belongs to."""
        return self._line

    @property
    def capabilities(self) -> Capabilities:
        """Nothing leaves from here; answers ring on the desk."""
        return BY_HAND

    @property
    def inspection(self) -> Inspection | None:
        """What the practice says of the number."""
        return Inspection(self._clock(), checked=("the configuration",), how="rings on the desk")

    async def inspect(self) -> Inspection:
        """What the practice says of the number."""
        return Inspection(self._clock(), checked=("the configuration",), how="rings on the desk")

    async def fetch(self, cursors: Mapping[str, str]) -> AsyncIterator[Batch]:
        """Nothing: calls are logged by hand."""
        nothing: tuple[Batch, ...] = ()
        for batch in nothing:
            yield batch

    def convert(self, raw: RawItem) -> Arrival:
        """There is nothing to read; whatever it is, it is kept to be looked at."""
        text = raw.content.decode("utf-8", "replace")
        return Arrival(
            channel=self._line.channel,
            kind=MessageKind.CALL,
            sender=None,
            text=text,
            whole=text,
            nature=Nature.UNREADABLE,
        )

    def attachment(self, raw: bytes, part: str) -> bytes:
        """There is none. Raises ServerRefused."""
        raise ServerRefused("A call that was logged by hand has no recording.", "")

    async def fetch_whole(self, remote: RemoteId) -> RawItem:
        """There is none. Raises ServerRefused."""
        raise ServerRefused("A call that was logged by hand is nowhere else.", "")

    async def census(self) -> tuple[Census, ...]:
        """Nothing to count."""
        return ()

    async def wait(self, seconds: float) -> None:
        """Nothing comes."""
        await asyncio.sleep(seconds)

    async def send(self, outgoing: Outgoing, permit: Permit, handing_over: HandingOver) -> Receipt:
        """Nothing leaves from here. Raises NotSent."""
        permit.check(outgoing)
        raise NotSent("This phone is dialled by hand.", "Dial it, and log the call here.")

    async def locate(self, outgoing: Outgoing) -> Whereabouts:
        """Nothing left."""
        return Whereabouts(found=False)

    async def close(self) -> None:
        """Nothing is open."""

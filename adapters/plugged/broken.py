"""A line whose adapter could not be had: it says why, and keeps what it was given."""

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
from inbox.errors import ConfigurationError, NotSent, ServerRefused
from inbox.gate import Permit
from inbox.line import Line
from inbox.message import Arrival
from inbox.outgoing import Outgoing


class BrokenChannel:
    """See `inbox.channel.Channel`; every look at it tells the trouble, every other line goes on."""

    def __init__(self, line: Line, trouble: ConfigurationError) -> None:
        """Stand for the channel of `line`, which could not be made."""
        self._line = line
        self._trouble = trouble

    @property
    def line(self) -> Line:
        """The line it belongs to."""
        return self._line

    @property
    def capabilities(self) -> Capabilities:
        """Nothing, until it is put right."""
        return Capabilities(sends=False, receives=False)

    async def fetch(self, cursors: Mapping[str, str]) -> AsyncIterator[Batch]:
        """Say what is wrong. Raises ConfigurationError."""
        nothing: tuple[Batch, ...] = ()
        for batch in nothing:
            yield batch
        raise self._again()

    def convert(self, raw: RawItem) -> Arrival:
        """Say what is wrong: what was fetched earlier waits for its adapter, unfiled.

        Raises:
            ConfigurationError: always.
        """
        raise self._again()

    def attachment(self, raw: bytes, part: str) -> bytes:
        """Say what is wrong. Raises ServerRefused."""
        raise ServerRefused(self._trouble.sentence, self._trouble.hint)

    async def fetch_whole(self, remote: RemoteId) -> RawItem:
        """Say what is wrong. Raises ServerRefused."""
        raise ServerRefused(self._trouble.sentence, self._trouble.hint)

    async def census(self) -> tuple[Census, ...]:
        """Say what is wrong. Raises ConfigurationError."""
        raise self._again()

    async def wait(self, seconds: float) -> None:
        """Nothing comes."""
        await asyncio.sleep(seconds)

    async def send(self, outgoing: Outgoing, permit: Permit, handing_over: HandingOver) -> Receipt:
        """Nothing leaves from here. Raises NotSent."""
        permit.check(outgoing)
        raise NotSent(self._trouble.sentence, self._trouble.hint, temporary=True)

    async def locate(self, outgoing: Outgoing) -> Whereabouts:
        """Nobody can be asked. Raises ServerRefused."""
        raise ServerRefused(self._trouble.sentence, self._trouble.hint)

    async def close(self) -> None:
        """Nothing is open."""

    def _again(self) -> ConfigurationError:
        return ConfigurationError(self._trouble.sentence, self._trouble.hint)

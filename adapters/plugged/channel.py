"""A channel that somebody else has made, held to the contract.

Whatever it does wrong is trouble of its own line, told in a sentence: an error of any kind, a batch
that is none, words that are not safe to show, a message that was not checked. An OSError is a
connection that is lost, and what `convert` cannot read is shown as it came. Where an adapter fails
after it began to hand a message over, nobody says that the message did not leave.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from adapters.plugged.checking import checked_batch, checked_item, is_census, is_receipt
from adapters.plugged.reading import safe_arrival, unreadable
from inbox.channel import (
    Batch,
    Capabilities,
    Census,
    Channel,
    HandingOver,
    KeepsCopies,
    RawItem,
    Receipt,
    RemoteId,
    Retracts,
    Whereabouts,
)
from inbox.errors import (
    ChannelError,
    ConfigurationError,
    ConnectionLost,
    NotSent,
    OutcomeUnknown,
    ServerRefused,
    TwowayError,
)
from inbox.gate import Permit
from inbox.inspection import Inspection, Inspects
from inbox.line import Line
from inbox.message import Arrival
from inbox.outgoing import Outgoing

ADVICE = "Ask whoever made it. Your other lines are not affected."
_SHORTEST_WAIT = 0.2
"""Seconds between two looks, whatever the adapter thinks."""

Tell = Callable[[BaseException], None]
"""Is told what the adapter raised, for whoever writes it."""


def plugged(line: Line, name: str, made: Channel, tell: Tell) -> Channel:
    """The channel `made` by the adapter `name`, held to the contract.

    Args:
        line: The line it was made for.
        name: What the configuration calls the adapter.
        made: What it made.
        tell: Gets each error that is none of the contract's.
    """
    asked: object = made
    can = [part for protocol, part in _OPTIONAL if isinstance(asked, protocol)]
    kind: type[PluggedChannel] = type("PluggedChannel", (*can, PluggedChannel), {})
    return kind(line, name, made, tell)


class PluggedChannel:
    """See `inbox.channel.Channel`; `plugged` makes one."""

    def __init__(self, line: Line, name: str, made: Channel, tell: Tell) -> None:
        """Stand before `made`."""
        self._line = line
        self._name = name
        self._made = made
        self._tell = tell

    @property
    def line(self) -> Line:
        """The line it was made for, whatever the adapter says."""
        return self._line

    @property
    def capabilities(self) -> Capabilities:
        """What the adapter says that it can do; nothing when it cannot say."""
        try:
            said: object = self._made.capabilities
        except Exception as error:  # noqa: BLE001 - others wrote it: anything may come
            self._tell(error)
            said = None
        return said if isinstance(said, Capabilities) else Capabilities(sends=False)

    async def fetch(self, cursors: Mapping[str, str]) -> AsyncIterator[Batch]:
        """What the adapter reads, as long as it gives batches."""
        with self._guarded("reading"):
            batches = self._made.fetch(cursors)
            try:
                async for batch in batches:
                    yield checked_batch(batch)
            finally:
                close = getattr(batches, "aclose", None)
                if close is not None:
                    await close()

    def convert(self, raw: RawItem) -> Arrival:
        """What the adapter makes of an item, made safe; unreadable when it cannot."""
        try:
            return safe_arrival(self._made.convert(raw), self._line.channel)
        except Exception as error:  # noqa: BLE001 - what cannot be read is shown, never dropped
            self._tell(error)
            return unreadable(raw, self._line.channel, self._name)

    def attachment(self, raw: bytes, part: str) -> bytes:
        """The bytes of an attachment, as the adapter finds them."""
        with self._guarded("reading an attachment"):
            found: object = self._made.attachment(raw, part)
            if not isinstance(found, bytes):
                raise TypeError
            return found

    async def fetch_whole(self, remote: RemoteId) -> RawItem:
        """The whole of an item."""
        with self._guarded("reading"):
            return checked_item(await self._made.fetch_whole(remote))

    async def census(self) -> tuple[Census, ...]:
        """What the server holds, as the adapter counts it."""
        with self._guarded("counting"):
            counted = tuple(await self._made.census())
            if not all(is_census(one) for one in counted):
                raise TypeError
            return counted

    async def wait(self, seconds: float) -> None:
        """Until the adapter thinks that something is new; a moment at least."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        with self._guarded("waiting"):
            await self._made.wait(seconds)
        await asyncio.sleep(max(0.0, min(seconds, _SHORTEST_WAIT) - (loop.time() - begun)))

    async def send(self, outgoing: Outgoing, permit: Permit, handing_over: HandingOver) -> Receipt:
        """Hand a message over through the adapter, once it is sure that it was checked."""
        permit.check(outgoing)
        handing = _Handing(handing_over)
        try:
            receipt: object = await self._made.send(outgoing, permit, handing)
        except Exception as error:
            # That the state could not be kept is no word of the adapter's, however it wraps it.
            if handing.failure is not None:
                raise handing.failure from None
            if isinstance(error, NotSent | OutcomeUnknown):
                raise
            raise self._not_sent(error, handed=handing.done) from None
        if not is_receipt(receipt):
            raise OutcomeUnknown(f"The adapter “{self._name}” did not say what became of it.")
        return receipt

    async def locate(self, outgoing: Outgoing) -> Whereabouts:
        """Whether a message has left after all."""
        with self._guarded("looking for a message"):
            where: object = await self._made.locate(outgoing)
            if not isinstance(where, Whereabouts):
                raise TypeError
            if where.receipt is not None and not is_receipt(where.receipt):
                raise TypeError
            return where

    async def close(self) -> None:
        """Let go, whatever the adapter does."""
        try:
            await self._made.close()
        except Exception as error:  # noqa: BLE001 - it is over either way
            self._tell(error)

    def _not_sent(self, error: Exception, *, handed: bool) -> TwowayError:
        sentence, hint = self._words(error, "sending")
        if handed:
            return OutcomeUnknown(sentence, hint)
        # What may not be written to today may not be written to in a minute either.
        again = isinstance(error, ConnectionLost | OSError) and not isinstance(
            error, PermissionError
        )
        return NotSent(sentence, hint, temporary=again)

    @contextmanager
    def _guarded(self, what: str) -> Iterator[None]:
        """Let errors of the contract pass; say of any other that the adapter failed."""
        try:
            yield
        except (ChannelError, ConfigurationError):
            raise
        except OSError as error:
            raise ConnectionLost(*self._words(error, what)) from None
        except Exception as error:  # noqa: BLE001 - others wrote it: anything may come
            raise ServerRefused(*self._words(error, what)) from None

    def _words(self, error: Exception, what: str) -> tuple[str, str]:
        if isinstance(error, TwowayError):
            return error.sentence, error.hint
        self._tell(error)
        # What a foreign error says can hold a patient's words; its kind cannot.
        kind = type(error).__name__
        return f"The adapter “{self._name}” failed while {what} ({kind}).", ADVICE


class _Handing:
    """Passes the point of no return on, once, and remembers how that went."""

    def __init__(self, handing_over: HandingOver) -> None:
        self._handing_over = handing_over
        self.done = False
        self.failure: Exception | None = None

    async def __call__(self) -> None:
        if self.done:
            return
        try:
            await self._handing_over()
        except Exception as error:
            self.failure = error
            raise
        self.done = True


class _KeepingCopies(PluggedChannel):
    """One that keeps copies (`inbox.channel.KeepsCopies`)."""

    async def ensure_copy(self, message_id: str, raw: bytes) -> None:
        """Put the copy of a message where the practice's other programs see it."""
        asked: object = self._made
        with self._guarded("keeping a copy"):
            if isinstance(asked, KeepsCopies):
                await asked.ensure_copy(message_id, raw)


class _Retracting(PluggedChannel):
    """One that can take back what it sent (`inbox.channel.Retracts`)."""

    async def retract(self, provider_id: str) -> None:
        """Mark a message as a mistake of its author."""
        asked: object = self._made
        with self._guarded("retracting"):
            if isinstance(asked, Retracts):
                await asked.retract(provider_id)


class _Inspecting(PluggedChannel):
    """One that knows how its number is set up (`inbox.inspection.Inspects`)."""

    @property
    def inspection(self) -> Inspection | None:
        """What was found last."""
        asked: object = self._made
        with suppress(Exception):
            said: object = asked.inspection if isinstance(asked, Inspects) else None
            return said if isinstance(said, Inspection) else None
        return None

    async def inspect(self) -> Inspection:
        """Look now."""
        asked: object = self._made
        with self._guarded("looking at the number"):
            found: object = await asked.inspect() if isinstance(asked, Inspects) else None
            if not isinstance(found, Inspection):
                raise TypeError
            return found


_OPTIONAL = ((KeepsCopies, _KeepingCopies), (Retracts, _Retracting), (Inspects, _Inspecting))

"""Adapters that misbehave: trouble of their own line, in a sentence, and nobody else's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from adapters.memory.channel import MemoryChannel
from adapters.memory.server import MemoryServer
from adapters.plugged.channel import ADVICE, plugged
from inbox.address import Address, AddressSystem, ChannelKind
from inbox.channel import Batch, Channel, KeepsCopies, RawItem, Receipt, RemoteId, Retracts
from inbox.errors import (
    AuthenticationFailed,
    Blocked,
    ConfigurationError,
    ConnectionLost,
    NotSent,
    OutcomeUnknown,
    ServerRefused,
    Stale,
)
from inbox.inspection import Inspects
from inbox.line import Line
from inbox.message import Arrival, MessageKind, MessageStatus, Nature
from inbox.outgoing import Outgoing
from tests.adapters.handle import NOW, collect, make_outgoing, make_permit

LINE = Line("shelf", ChannelKind.PORTAL, "lakeside")
ROSA = Address(AddressSystem.PORTAL, "rosa")


class Unwell(MemoryChannel):
    """A channel of which each test spoils one method."""

    def __init__(self) -> None:
        self.there = MemoryServer()
        super().__init__(LINE, self.there, lambda: NOW)


def held(made: Channel, told: list[str] | None = None) -> Channel:
    kinds: list[str] = [] if told is None else told
    return plugged(LINE, "shelf-kit", made, lambda error: kinds.append(type(error).__name__))


def spoil(made: Unwell, name: str, by: Callable[..., Any]) -> Channel:
    setattr(made, name, by)
    return held(made)


async def nothing() -> None:
    """A handing over that works."""


def outgoing() -> Outgoing:
    return make_outgoing(LINE, ROSA, "See you Thursday.")


def raising(error: Exception) -> Callable[..., Any]:
    def act(*_: object, **__: object) -> Any:
        raise error

    return act


def araising(error: Exception) -> Callable[..., Any]:
    async def act(*_: object, **__: object) -> Any:
        raise error

    return act


async def test_any_error_while_reading_is_a_sentence() -> None:
    told: list[str] = []
    made = Unwell()
    made.fetch = raising(KeyError("Rosa Jimenez"))  # type: ignore[method-assign] # spoiled
    with pytest.raises(ServerRefused) as caught:
        await collect(held(made, told))
    assert caught.value.sentence == "The adapter “shelf-kit” failed while reading (KeyError)."
    assert caught.value.hint == ADVICE
    assert told == ["KeyError"]


@pytest.mark.parametrize("error", [AuthenticationFailed("No."), ConfigurationError("No.", "Do.")])
async def test_errors_of_the_contract_pass(error: Exception) -> None:
    made = Unwell()
    channel = spoil(made, "census", araising(error))
    with pytest.raises(type(error)) as caught:
        await channel.census()
    assert caught.value is error


async def test_an_os_error_is_a_lost_connection() -> None:
    with pytest.raises(ConnectionLost, match="TimeoutError"):
        await spoil(Unwell(), "census", araising(TimeoutError())).census()


def good_item() -> RawItem:
    return RawItem(RemoteId("arrived", "1", "1"), b"{}", NOW, 2)


@pytest.mark.parametrize(
    "batch",
    [
        {"folder": "arrived"},
        Batch("arrived", "1", ({"id": 1},), ""),  # type: ignore[arg-type] # no raw item
        Batch("arrived", "1", (replace(good_item(), content="text"),), ""),  # type: ignore[arg-type] # no bytes
        Batch("arrived", "1", (replace(good_item(), received_at=datetime(2026, 3, 2)),), ""),  # noqa: DTZ001 - that is what is wrong
        Batch("arrived", "1", (replace(good_item(), remote=RemoteId("arrived", "1", 7)),), ""),  # type: ignore[arg-type] # a number
        Batch("arrived", "1", (), None),  # type: ignore[arg-type] # no cursor
    ],
)
async def test_what_is_no_batch_reaches_no_disk(batch: Any) -> None:
    async def fetch(_: object) -> AsyncIterator[Any]:
        yield batch

    with pytest.raises(ServerRefused, match="failed while reading \\(TypeError\\)"):
        await collect(spoil(Unwell(), "fetch", fetch))


async def test_the_reader_s_own_error_stays_what_it_is() -> None:
    made = Unwell()
    made.there.deliver("rosa", "one")
    channel = held(made)

    async def store() -> None:
        async for _ in channel.fetch({}):
            raise ValueError("the disk")

    with pytest.raises(ValueError, match="the disk"):
        await store()


@pytest.mark.parametrize("answer", [None, "text", {"text": "x"}])
def test_what_is_no_arrival_is_shown_as_it_came(answer: object) -> None:
    channel = spoil(Unwell(), "convert", lambda _: answer)
    arrival = channel.convert(RawItem(RemoteId("a", "1", "1"), b"Can I\x1b[2J come?", NOW, 9))
    assert arrival.nature is Nature.UNREADABLE
    assert arrival.text == "Can I come?"
    assert arrival.channel is ChannelKind.PORTAL


def test_what_others_wrote_is_made_safe_whatever_the_adapter_left() -> None:
    bad = "a\x1b]0;x\x07b\u202ec\nd"
    naive = datetime(2026, 3, 2)  # noqa: DTZ001 - that is what is wrong
    said = Arrival(
        ChannelKind.EMAIL, MessageKind.EMAIL, Address(AddressSystem.PORTAL, "r\n", bad), text=bad,
        subject=bad, thread_key=bad, sent_at=naive, identifiers=(bad,),
    )  # fmt: skip
    arrival = spoil(Unwell(), "convert", lambda _: said).convert(good_item())
    assert arrival.sender == Address(AddressSystem.PORTAL, "r", "abc d")
    assert (arrival.text, arrival.whole, arrival.subject) == ("abc\nd", "abc\nd", "abc d")
    assert (arrival.thread_key, arrival.identifiers) == ("abc d", ("abc d",))
    assert (arrival.channel, arrival.kind) == (ChannelKind.PORTAL, MessageKind.PORTAL)
    assert arrival.sent_at is None
    assert arrival.defects


async def test_what_was_not_checked_does_not_reach_the_adapter() -> None:
    other = make_outgoing(LINE, ROSA, "not checked")
    channel = spoil(Unwell(), "send", araising(AssertionError("it was asked to send")))
    with pytest.raises(Blocked):
        await channel.send(other, make_permit(outgoing()), nothing)


@pytest.mark.parametrize(
    ("error", "temporary"),
    [
        (KeyError("x"), False),
        (OSError(), True),
        (PermissionError(), False),
        (ConnectionLost("No."), True),
        (AuthenticationFailed("No."), False),
    ],
)
async def test_before_it_hands_over_nothing_has_left(error: Exception, temporary: bool) -> None:
    with pytest.raises(NotSent) as caught:
        await spoil(Unwell(), "send", araising(error)).send(
            outgoing(), make_permit(outgoing()), nothing
        )
    assert caught.value.temporary is temporary


@pytest.mark.parametrize(
    "error", [KeyError("x"), OSError(), ConnectionLost("No."), ServerRefused("No.")]
)
async def test_after_it_handed_over_nobody_knows(error: Exception) -> None:
    async def send(_: Outgoing, __: object, handing_over: Callable[[], Any]) -> Receipt:
        await handing_over()
        raise error

    with pytest.raises(OutcomeUnknown):
        await spoil(Unwell(), "send", send).send(outgoing(), make_permit(outgoing()), nothing)


async def test_its_own_certainty_is_believed() -> None:
    async def send(_: Outgoing, __: object, handing_over: Callable[[], Any]) -> Receipt:
        await handing_over()
        raise NotSent("The portal said no.")

    with pytest.raises(NotSent, match="said no"):
        await spoil(Unwell(), "send", send).send(outgoing(), make_permit(outgoing()), nothing)


@pytest.mark.parametrize("wrapped", [True, False])
async def test_a_state_that_could_not_be_kept_is_not_the_adapter_s_word(wrapped: bool) -> None:
    async def send(_: Outgoing, __: object, handing_over: Callable[[], Any]) -> Receipt:
        try:
            await handing_over()
        except Stale:
            if wrapped:
                raise NotSent("I think it failed.") from None
            raise
        raise AssertionError

    with pytest.raises(Stale):
        await spoil(Unwell(), "send", send).send(
            outgoing(), make_permit(outgoing()), araising(Stale("another has it"))
        )


async def test_the_point_of_no_return_is_passed_once() -> None:
    passed: list[int] = []

    async def handing() -> None:
        passed.append(1)

    async def send(_: Outgoing, __: object, handing_over: Callable[[], Any]) -> Receipt:
        await handing_over()
        await handing_over()
        return Receipt(MessageStatus.SENT, NOW)

    await spoil(Unwell(), "send", send).send(outgoing(), make_permit(outgoing()), handing)
    assert passed == [1]


@pytest.mark.parametrize(
    "receipt",
    [
        None,
        Receipt(MessageStatus.FAILED, NOW),
        Receipt(MessageStatus.SENT, datetime(2026, 3, 2)),  # noqa: DTZ001 - that is what is wrong
        Receipt(MessageStatus.SENT, NOW, "1", "rosa"),  # type: ignore[arg-type] # no tuple
    ],
)
async def test_a_receipt_that_says_nothing_is_an_unknown_outcome(receipt: Any) -> None:
    async def send(*_: object) -> Any:
        return receipt

    with pytest.raises(OutcomeUnknown):
        await spoil(Unwell(), "send", send).send(outgoing(), make_permit(outgoing()), nothing)


async def test_waiting_that_never_waits_does_not_spin() -> None:
    async def wait(_: float) -> None:
        """Return at once."""

    channel, begun = spoil(Unwell(), "wait", wait), time.monotonic()
    for _ in range(3):
        await channel.wait(20)
    assert 0.5 < time.monotonic() - begun < 5


async def test_closing_never_fails() -> None:
    await spoil(Unwell(), "close", araising(ValueError())).close()


async def test_being_cancelled_is_no_failure() -> None:
    waiting = asyncio.create_task(held(Unwell()).wait(20))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_what_it_says_it_can_do_is_taken_only_if_it_says_it_well() -> None:
    class Mute(Unwell):
        @property
        def capabilities(self) -> Any:
            raise ValueError

    assert not held(Mute()).capabilities.sends


async def test_what_it_can_do_besides_is_asked_for() -> None:
    retracted: list[str] = []

    class Able(Unwell):
        async def retract(self, provider_id: str) -> None:
            retracted.append(provider_id)

        async def ensure_copy(self, message_id: str, raw: bytes) -> None:
            raise KeyError

    able: object = held(Able())
    assert isinstance(able, Retracts)
    await able.retract("Communication/1")
    assert retracted == ["Communication/1"]
    assert isinstance(able, KeepsCopies)
    with pytest.raises(ServerRefused):
        await able.ensure_copy("x", b"")
    assert not isinstance(able, Inspects)
    plain: object = held(Unwell())
    assert not isinstance(plain, KeepsCopies | Inspects)

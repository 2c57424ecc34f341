"""The memory channel passes the contract, as a line of every kind."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from adapters.memory.channel import MemoryChannel
from adapters.memory.server import MemoryServer, Trouble
from inbox.address import Address, ChannelKind
from inbox.channel import Channel
from inbox.line import Line
from tests.adapters.contract import ChannelContract
from tests.adapters.handle import Channels, Failure, Taken
from tests.clock import FakeClock

_TROUBLES = {
    Failure.REFUSES: Trouble.REFUSED,
    Failure.LOST_BEFORE: Trouble.LOST_BEFORE,
    Failure.LOST_UNTAKEN: Trouble.LOST_UNTAKEN,
    Failure.LOST_TAKEN: Trouble.LOST_TAKEN,
}
_ADDRESSES = {
    ChannelKind.EMAIL: ("frontdesk@lakeside.example", "rosa@example.com"),
    ChannelKind.SMS: ("+15550107788", "+15550100101"),
    ChannelKind.PHONE: ("+15550107700", "+15550100101"),
    ChannelKind.PORTAL: ("Organization/1", "Patient/12"),
}


class MemoryHandle:
    """A test's hand on a memory server."""

    def __init__(self, kind: ChannelKind) -> None:
        own, theirs = _ADDRESSES[kind]
        self.line = Line("main", kind, own)
        self.patient = Address(kind.system, theirs)
        self.server = MemoryServer()

    def deliver(self, text: str) -> str:
        return self.server.deliver(self.patient.value, text, to=[self.line.address])

    def put(self, content: bytes) -> str:
        return self.server.put(content)

    def expunge(self, items: Iterable[str]) -> None:
        self.server.expunge(items)

    def renumber(self) -> None:
        self.server.renumber()

    def drop(self) -> None:
        self.server.drop()

    def restore(self) -> None:
        self.server.down = False

    def fail(self, failure: Failure) -> None:
        self.server.fail(_TROUBLES[failure])

    def taken(self) -> list[Taken]:
        copies = [raw for raw, _ in self.server.folders["sent"].items.values()]
        return [
            Taken(one.line.address, tuple(to.value for to in (*one.to, *one.cc)), raw)
            for one, raw in zip(self.server.sent, copies, strict=True)
        ]

    def reveal(self) -> None:
        """What was taken can be seen at once."""


class TestMemoryChannel(ChannelContract):
    @pytest.fixture(params=ChannelKind)
    def server(self, request: pytest.FixtureRequest) -> MemoryHandle:
        return MemoryHandle(request.param)

    @pytest.fixture
    def channels(self, server: MemoryHandle, clock: FakeClock) -> Channels:
        def make() -> Channel:
            return MemoryChannel(server.line, server.server, clock, batch=self.small_batches)

        return make

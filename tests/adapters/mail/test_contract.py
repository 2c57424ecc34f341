"""The mail channel passes the contract against real servers on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inbox.channel import Channel
from tests.adapters.contract import ChannelContract
from tests.adapters.handle import Channels
from tests.adapters.mail.world import MailHandle
from tests.clock import FakeClock


class TestMailChannel(ChannelContract):
    @pytest.fixture
    def server(self, clock: FakeClock) -> Iterator[MailHandle]:
        with MailHandle(clock) as handle:
            yield handle

    @pytest.fixture
    def channels(self, server: MailHandle, monkeypatch: pytest.MonkeyPatch) -> Channels:
        monkeypatch.setattr("adapters.mail.reading.BATCH_ITEMS", self.small_batches)

        def make() -> Channel:
            return server.channel()

        return make

"""The text channel passes the contract against a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inbox.channel import Channel
from tests.adapters.contract import ChannelContract
from tests.adapters.handle import (
    Channels,
    Handover,
    ServerHandle,
    arrived,
    collect,
    make_outgoing,
    make_permit,
    numbers,
    stored,
)
from tests.adapters.phone.world import PhoneHandle
from tests.clock import FakeClock


class TestSmsChannel(ChannelContract):
    @pytest.fixture
    def server(self, clock: FakeClock) -> Iterator[PhoneHandle]:
        with PhoneHandle(clock) as handle:
            yield handle

    @pytest.fixture
    def channels(self, server: PhoneHandle, monkeypatch: pytest.MonkeyPatch) -> Channels:
        monkeypatch.setattr("adapters.phone.folder.BATCH_ITEMS", self.small_batches)
        monkeypatch.setattr("adapters.phone.folder.GLANCE_EVERY", 0.0)
        # The suite puts items in order by their number; SIDs have none, but they came in order.
        monkeypatch.setattr("tests.adapters.contract.int", server.delivered.index, raising=False)

        def make() -> Channel:
            return server.channel()

        return make

    async def test_a_new_epoch_is_fetched_afresh(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        # SIDs are given once and for all: the epoch is the account, and in another account there
        # is nothing of what was.
        there = [server.deliver(f"message {place}") for place in range(3)]
        before = await collect(channel)
        (epoch,) = {item.remote.epoch for item in arrived(before)}
        cursors = {
            folder: cursor.replace(epoch, "AC" + "0" * 32)
            for folder, cursor in stored(before).items()
        }
        assert cursors != stored(before)
        after = await collect(channel, cursors)
        assert numbers(arrived(after)) == there[::-1]

    async def test_what_was_sent_comes_back_as_ours(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        # A text has no room for an id of ours; it is known by the SID of the receipt.
        outgoing = make_outgoing(channel.line, server.patient, "See you Thursday.")
        receipt = await channel.send(outgoing, make_permit(outgoing), Handover(server))
        items = [item for batch in await collect(channel) for item in batch.items]
        assert [item.ours for item in items] == [True]
        assert channel.convert(items[0]).message_id == receipt.provider_id

    async def test_removal_during_a_sync_loses_nothing_else(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        # A page holds its texts in full, so what is on a page cannot go away while it is read.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("adapters.phone.folder.PAGE", self.small_batches)
            await super().test_removal_during_a_sync_loses_nothing_else(server, channel)

"""The portal channel passes the contract against a real FHIR server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inbox.channel import Channel, RawItem, RemoteId
from inbox.message import MessageStatus
from tests.adapters.contract import ChannelContract
from tests.adapters.handle import (
    NOW,
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
from tests.adapters.portal.world import PortalHandle
from tests.clock import FakeClock


class TestPortalChannel(ChannelContract):
    @pytest.fixture
    def server(self, clock: FakeClock) -> Iterator[PortalHandle]:
        with PortalHandle(clock) as handle:
            yield handle

    @pytest.fixture
    def channels(self, server: PortalHandle, monkeypatch: pytest.MonkeyPatch) -> Channels:
        monkeypatch.setattr("adapters.portal.folder.BATCH_ITEMS", self.small_batches)
        monkeypatch.setattr("adapters.portal.folder.GLANCE_EVERY", 0.0)

        def make() -> Channel:
            return server.channel()

        return make

    async def test_a_new_epoch_is_fetched_afresh(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        # An id is given once and for all: the epoch is the server, and on another one there is
        # nothing of what was.
        there = [server.deliver(f"message {place}") for place in range(3)]
        before = await collect(channel)
        (epoch,) = {item.remote.epoch for item in arrived(before)}
        cursors = {
            folder: cursor.replace(epoch, "https://other.example/fhir")
            for folder, cursor in stored(before).items()
        }
        assert cursors != stored(before)
        after = await collect(channel, cursors)
        assert numbers(arrived(after)) == there[::-1]

    async def test_sends_what_was_frozen_once(self, server: ServerHandle, channel: Channel) -> None:
        # The copy bears the name the portal gave it; ours is the identifier in it.
        outgoing = make_outgoing(channel.line, server.patient, "See you Thursday at 9:00.")
        handover = Handover(server)
        receipt = await channel.send(outgoing, make_permit(outgoing), handover)
        assert receipt.status is MessageStatus.SENT
        assert handover.taken_before == [0]
        (taken,) = server.taken()
        assert taken.sender == channel.line.address
        assert taken.recipients == (server.patient.value,)
        assert receipt.copy_raw is not None
        item = RawItem(RemoteId("", "", ""), receipt.copy_raw, NOW, len(receipt.copy_raw))
        arrival = channel.convert(item)
        assert arrival.text == "See you Thursday at 9:00."
        assert (arrival.message_id, arrival.own_uuid) == (receipt.provider_id, outgoing.uuid)
        assert arrival.sender is not None
        assert arrival.sender.key == channel.line.as_address.key

    async def test_what_was_sent_comes_back_as_ours(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        # The header of the new thread comes back too.
        outgoing = make_outgoing(channel.line, server.patient, "See you Thursday.")
        receipt = await channel.send(outgoing, make_permit(outgoing), Handover(server))
        items = [item for batch in await collect(channel) for item in batch.items]
        assert [item.ours for item in items] == [True, True]
        (arrival,) = (one for item in items if (one := channel.convert(item)).text)
        assert (arrival.message_id, arrival.own_uuid) == (receipt.provider_id, outgoing.uuid)
        assert {channel.convert(item).thread_key for item in items} == {receipt.thread_key}

    async def test_removal_during_a_sync_loses_nothing_else(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        # A page holds its messages in full, so what is on a page cannot go away while it is read.
        assert isinstance(server, PortalHandle)
        small = server.channel(server.settings(page_size=self.small_batches))
        await super().test_removal_during_a_sync_loses_nothing_else(server, small)
        await small.close()

"""The text channel and the voice channel pass the contract against a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inbox.channel import Batch, Channel
from inbox.errors import NotSent
from inbox.message import MessageKind
from tests.adapters.contract import ChannelContract
from tests.adapters.handle import (
    Channels,
    Failure,
    Handover,
    ServerHandle,
    arrived,
    collect,
    make_outgoing,
    make_permit,
    numbers,
    stored,
)
from tests.adapters.phone.world import PhoneHandle, VoiceHandle
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


class TestVoiceChannel(ChannelContract):
    """Voicemails are what arrives, and a call is what leaves."""

    @pytest.fixture
    def server(self, clock: FakeClock) -> Iterator[VoiceHandle]:
        with VoiceHandle(clock) as handle:
            yield handle

    @pytest.fixture
    def channels(self, server: VoiceHandle, monkeypatch: pytest.MonkeyPatch) -> Channels:
        monkeypatch.setattr("adapters.phone.callfolder.BATCH_ITEMS", self.small_batches)
        monkeypatch.setattr("tests.adapters.contract.int", server.delivered.index, raising=False)

        def make() -> Channel:
            return server.voice()

        return make

    async def test_items_are_what_the_sender_wrote(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        # What a machine wrote down is never shown as if the caller had written it.
        server.deliver("Can I move Thursday's visit?")
        (item,) = arrived(await collect(channel))
        arrival = channel.convert(item)
        assert arrival.text == (
            "Voicemail, 20 s.\n\nAuto-transcribed, may be wrong:\nCan I move Thursday's visit?"
        )
        assert arrival.sender is not None
        assert arrival.sender.key == server.patient.key
        assert arrival.kind is MessageKind.VOICEMAIL

    async def test_what_arrives_during_a_sync_goes_first(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        # Calls are few: what comes meanwhile is told by the next look, and not lost.
        there = [server.deliver(f"message {place}") for place in range(3 * self.small_batches)]
        seen: list[Batch] = []
        async for batch in channel.fetch({}):
            seen.append(batch)
            if len(seen) == 1:
                there.append(server.deliver("just now"))
        seen += await collect(channel, stored(seen))
        assert sorted(numbers(arrived(seen))) == sorted(there)

    async def test_a_new_epoch_is_fetched_afresh(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        there = [server.deliver(f"message {place}") for place in range(3)]
        before = await collect(channel)
        (epoch,) = {item.remote.epoch for item in arrived(before)}
        cursors = {
            folder: cursor.replace(epoch, "AC" + "0" * 32)
            for folder, cursor in stored(before).items()
        }
        assert numbers(arrived(await collect(channel, cursors))) == there[::-1]

    async def test_removal_during_a_sync_loses_nothing_else(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("adapters.phone.callfolder.PAGE", self.small_batches)
            await super().test_removal_during_a_sync_loses_nothing_else(server, channel)

    async def test_what_was_sent_comes_back_as_ours(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        outgoing = make_outgoing(channel.line, server.patient, "Call me back, please.")
        receipt = await channel.send(outgoing, make_permit(outgoing), Handover(server))
        assert isinstance(server, VoiceHandle)
        server.clock.advance(minutes=5)
        items = [item for batch in await collect(channel) for item in batch.items]
        assert [item.ours for item in items] == [True]
        arrival = channel.convert(items[0])
        assert arrival.message_id == receipt.provider_id
        assert [one.key for one in arrival.to] == [server.patient.key]

    @pytest.mark.parametrize("failure", [Failure.LOST_BEFORE, Failure.REFUSES])
    async def test_certain_failure_says_so(
        self, server: ServerHandle, channel: Channel, failure: Failure
    ) -> None:
        # No call is ever made again by itself, so there is no passing failure.
        outgoing = make_outgoing(channel.line, server.patient, "text")
        server.fail(failure)
        with pytest.raises(NotSent) as caught:
            await channel.send(outgoing, make_permit(outgoing), Handover(server))
        assert server.taken() == []
        assert not caught.value.temporary
        assert not (await channel.locate(outgoing)).found
        assert server.patient.value not in str(caught.value)
        await channel.send(outgoing, make_permit(outgoing), Handover(server))
        assert len(server.taken()) == 1

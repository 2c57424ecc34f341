"""What every adapter has to pass: inherit `ChannelContract` and give it a server.

A subclass gives two fixtures: `server`, a `ServerHandle` on a running server, and `channels`, a
factory of channels to it, so that a test can throw one away and go on with another.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from inbox.address import ChannelKind
from inbox.channel import Batch, Census, Channel, RawItem, RemoteId, Tallies
from inbox.errors import Blocked, ConnectionLost, NotSent, OutcomeUnknown, ServerRefused
from inbox.gate import Gate
from inbox.message import Arrival, MessageStatus, Nature
from inbox.outgoing import Outgoing, OutgoingAttachment
from tests.adapters.handle import (
    NOW,
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

QUICK = 1.0
"""Seconds within which what happens at once has happened, on a busy machine."""

GARBAGE = (
    b"",
    b"\x00",
    b"\n\n\n",
    b"{",
    b"[]",
    b'{"from": 3, "to": 5}',
    b"\xff\xfe\x00\x1b[2J\x1b]0;x\x07",
    b"From: \xff\xff <@\r\nContent-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
    b"Content-Type: text/plain; charset=nonsense\r\n\r\n\x80\x81",
    b"Content-Transfer-Encoding: base64\r\n\r\n====%%%",
    b": \r\n :\r\nSubject: =?utf-8?b?////?= =?x?q?=?=\r\n\r\n",
)


def known_again(arrival: Arrival, outgoing: Outgoing) -> bool:
    """Whether a copy of ours tells which message it is of; a portal names messages itself."""
    if arrival.channel is ChannelKind.PORTAL:
        return arrival.own_uuid == outgoing.uuid
    return arrival.message_id == outgoing.message_id


class ChannelContract:
    """The suite. Every test gets a running server and throws its channels away."""

    small_batches = 4
    """The most items a channel from `channels` puts into one batch."""

    @pytest.fixture
    def server(self) -> ServerHandle:
        raise NotImplementedError

    @pytest.fixture
    def channels(self, server: ServerHandle) -> Channels:
        raise NotImplementedError

    @pytest.fixture
    async def channel(self, channels: Channels) -> AsyncIterator[Channel]:
        made = channels()
        yield made
        await made.close()

    # ---- fetching ----------------------------------------------------------------------------

    async def test_fetches_everything_newest_first(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        there = [server.deliver(f"message {place}") for place in range(9)]
        batches = await collect(channel)
        items = arrived(batches)
        assert numbers(items) == there[::-1]
        assert all(item.complete and item.size == len(item.content) for item in items)
        assert all(item.received_at.tzinfo is not None for item in items)
        assert {len(batch.items) <= self.small_batches for batch in batches} == {True}
        steps = [(batch.done, batch.total) for batch in batches if batch.items]
        assert steps[-1] == (9, 9)
        assert [total for _, total in steps] == [9] * len(steps)

    async def test_items_are_what_the_sender_wrote(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        server.deliver("Can I move Thursday's visit?")
        (item,) = arrived(await collect(channel))
        arrival = channel.convert(item)
        assert arrival.text.strip() == "Can I move Thursday's visit?"
        assert arrival.sender is not None
        assert arrival.sender.key == server.patient.key
        assert arrival.channel is channel.line.channel
        assert arrival.nature is Nature.PERSONAL

    async def test_a_cursor_leaves_only_what_is_new(
        self, server: ServerHandle, channel: Channel, channels: Channels
    ) -> None:
        for place in range(6):
            server.deliver(f"old {place}")
        cursors = stored(await collect(channel))
        new = [server.deliver("new 1"), server.deliver("new 2")]
        again = await collect(channel, cursors)
        assert numbers(arrived(again)) == new[::-1]
        another = channels()
        assert numbers(arrived(await collect(another, cursors))) == new[::-1]
        assert arrived(await collect(another, stored(again, cursors))) == []
        await another.close()

    async def test_nothing_new_moves_no_cursor(
        self, server: ServerHandle, channel: Channel, channels: Channels
    ) -> None:
        server.deliver("old")
        cursors = stored(await collect(channel))
        for one in (channel, channel, channels()):
            batches = await collect(one, cursors)
            assert [batch.items for batch in batches if batch.items] == []
            assert stored(batches, cursors) == cursors
            await one.close() if one is not channel else None

    async def test_an_empty_folder_is_no_trouble(self, channel: Channel) -> None:
        assert arrived(await collect(channel)) == []

    @pytest.mark.parametrize("survived", [1, 2, 3])
    async def test_a_sync_that_was_killed_goes_on_with_what_is_missing(
        self, server: ServerHandle, channels: Channels, survived: int
    ) -> None:
        there = [server.deliver(f"message {place}") for place in range(4 * self.small_batches)]
        first = channels()
        kept: list[Batch] = []
        async for batch in first.fetch({}):
            if batch.items and len(kept) == survived:
                break
            kept.append(batch)
        await first.close()
        there.append(server.deliver("arrived while nobody was here"))
        second = channels()
        rest = await collect(second, stored(kept))
        await second.close()
        assert numbers(arrived(rest))[0] == there[-1]
        both = numbers(arrived(kept)) + numbers(arrived(rest))
        assert sorted(both, key=int) == there

    async def test_what_arrives_during_a_sync_goes_first(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        there = [server.deliver(f"message {place}") for place in range(3 * self.small_batches)]
        seen: list[Batch] = []
        async for batch in channel.fetch({}):
            seen.append(batch)
            if len(seen) == 1:
                there.append(server.deliver("just now"))
        items = numbers(arrived(seen))
        assert items[self.small_batches] == there[-1]
        assert sorted(items, key=int) == there

    async def test_a_new_epoch_is_fetched_afresh(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        for place in range(3):
            server.deliver(f"message {place}")
        before = await collect(channel)
        server.renumber()
        with suppress(ConnectionLost):  # a server may cut those who have the folder open
            await channel.census()
        after = await collect(channel, stored(before))
        assert {item.remote.epoch for item in arrived(after)}.isdisjoint(
            {item.remote.epoch for item in arrived(before)}
        )
        assert sorted(item.content for item in arrived(after)) == sorted(
            item.content for item in arrived(before)
        )

    async def test_what_was_removed_is_not_fetched(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        there = [server.deliver(f"message {place}") for place in range(5)]
        server.expunge(there[1:3])
        assert numbers(arrived(await collect(channel))) == [there[4], there[3], there[0]]

    async def test_removal_during_a_sync_loses_nothing_else(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        there = [server.deliver(f"message {place}") for place in range(3 * self.small_batches)]
        seen: list[Batch] = []
        async for batch in channel.fetch({}):
            seen.append(batch)
            if len(seen) == 1:
                server.expunge(there[:2])
        items = numbers(arrived(seen))
        assert sorted(items, key=int) == there[2:]

    async def test_the_census_equals_what_is_there(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        there = [server.deliver(f"message {place}") for place in range(5)]
        server.expunge(there[:1])
        batches = await collect(channel)
        counted = {one.folder: one for one in await channel.census()}
        fetched: dict[str, set[str]] = {folder: set() for folder in counted}
        for batch in batches:
            fetched[batch.folder] |= set(numbers(batch.items))
            assert counted[batch.folder].epoch == batch.epoch
        assert {folder: one.items for folder, one in counted.items()} == fetched
        assert there[4] in set().union(*(one.items for one in counted.values()))
        assert all(isinstance(one, Census) for one in counted.values())

    async def test_the_tally_equals_the_census(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        asked: object = channel
        if not isinstance(asked, Tallies):
            pytest.skip("this channel counts by listing")
        there = [server.deliver(f"message {place}") for place in range(5)]
        server.expunge(there[:2])
        for _ in range(2):
            tallies = await asked.tally()
            listed = [(one.folder, one.epoch, len(one.items)) for one in await channel.census()]
            assert tallies is not None
            assert [(one.folder, one.epoch, one.count) for one in tallies] == listed
            await collect(channel)
            server.deliver("one more")

    async def test_a_whole_item_can_be_asked_for(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        server.deliver("one")
        gone = server.deliver("two")
        items = arrived(await collect(channel))
        again = await channel.fetch_whole(items[1].remote)
        assert (again.content, again.remote) == (items[1].content, items[1].remote)
        server.expunge([gone])
        with pytest.raises(ServerRefused):
            await channel.fetch_whole(items[0].remote)
        other = RemoteId(items[1].remote.folder, "7", items[1].remote.item)
        with pytest.raises(ServerRefused):
            await channel.fetch_whole(other)

    # ---- converting --------------------------------------------------------------------------

    async def test_garbage_is_fetched_and_converted(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        there = [server.put(content) for content in GARBAGE if content]
        items = arrived(await collect(channel))
        assert numbers(items) == there[::-1]
        for item in items:
            assert channel.convert(item) == channel.convert(item)

    async def test_converting_never_raises(self, channel: Channel) -> None:
        dice = random.Random(7)
        for content in (*GARBAGE, *(dice.randbytes(dice.randrange(400)) for _ in range(60))):
            for complete in (True, False):
                remote = RemoteId("x", "1", "1")
                item = RawItem(remote, content, NOW, len(content), complete=complete)
                arrival = channel.convert(item)
                assert arrival.channel is channel.line.channel
                assert "\x1b" not in arrival.text + arrival.whole + arrival.subject

    async def test_an_attachment_that_is_not_there_is_refused(self, channel: Channel) -> None:
        with pytest.raises(ServerRefused):
            channel.attachment(b"", "99")

    # ---- waiting -----------------------------------------------------------------------------

    async def test_waiting_ends_when_something_arrives(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        if not channel.capabilities.pushes:
            pytest.skip("this channel is polled")
        await collect(channel)
        waiting = asyncio.create_task(channel.wait(20))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        begun = time.monotonic()
        server.deliver("here")
        await waiting
        assert time.monotonic() - begun < QUICK

    async def test_what_came_before_waiting_is_not_missed(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        cursors = stored(await collect(channel))
        server.deliver("between fetching and waiting")
        begun = time.monotonic()
        await channel.wait(20 if channel.capabilities.pushes else 0.1)
        assert time.monotonic() - begun < QUICK
        cursors = stored(await collect(channel, cursors), cursors)
        begun = time.monotonic()
        await channel.wait(0.1)
        assert time.monotonic() - begun >= 0.09

    async def test_waiting_can_be_cancelled_at_once(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        await collect(channel)
        waiting = asyncio.create_task(channel.wait(20))
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        there = server.deliver("afterwards")
        assert numbers(arrived(await collect(channel))) == [there]
        assert time.monotonic() - begun < QUICK

    async def test_a_server_that_goes_away_is_noticed_and_found_again(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        await collect(channel)
        waiting = asyncio.create_task(channel.wait(20))
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        server.drop()
        with pytest.raises(ConnectionLost):
            await waiting
        with pytest.raises(ConnectionLost):
            await collect(channel)
        assert time.monotonic() - begun < QUICK
        server.restore()
        there = server.deliver("back again")
        assert numbers(arrived(await collect(channel))) == [there]

    # ---- sending -----------------------------------------------------------------------------

    async def test_sends_what_was_frozen_once(self, server: ServerHandle, channel: Channel) -> None:
        outgoing = make_outgoing(channel.line, server.patient, "See you Thursday at 9:00.")
        handover = Handover(server)
        receipt = await channel.send(outgoing, make_permit(outgoing), handover)
        assert receipt.status in {MessageStatus.SENT, MessageStatus.DELIVERED}
        assert receipt.at.tzinfo is not None
        assert receipt.refused == ()
        assert handover.taken_before == [0]
        (taken,) = server.taken()
        assert taken.sender == channel.line.address
        assert taken.recipients == (server.patient.value,)
        if receipt.copy_raw is not None:
            assert taken.raw in {receipt.copy_raw, None}
            item = RawItem(RemoteId("", "", ""), receipt.copy_raw, NOW, len(receipt.copy_raw))
            arrival = channel.convert(item)
            assert arrival.text.strip() == "See you Thursday at 9:00."
            assert known_again(arrival, outgoing)
            assert arrival.sender is not None
            assert arrival.sender.key == channel.line.as_address.key

    async def test_what_was_sent_comes_back_as_ours(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        outgoing = make_outgoing(channel.line, server.patient, "See you Thursday.")
        await channel.send(outgoing, make_permit(outgoing), Handover(server))
        server.reveal()
        items = [item for batch in await collect(channel) for item in batch.items]
        assert [item.ours for item in items] == [True]
        arrival = channel.convert(items[0])
        assert known_again(arrival, outgoing)

    async def test_attachments_arrive_whole(self, server: ServerHandle, channel: Channel) -> None:
        if not channel.capabilities.attachments:
            pytest.skip("this channel sends no files")
        content = bytes(range(256)) * 40
        file = OutgoingAttachment("map to the practice.pdf", "application/pdf", content)
        outgoing = make_outgoing(channel.line, server.patient, "The map.", attachments=(file,))
        receipt = await channel.send(outgoing, make_permit(outgoing), Handover(server))
        assert receipt.copy_raw is not None
        item = RawItem(RemoteId("", "", ""), receipt.copy_raw, NOW, len(receipt.copy_raw))
        (attachment,) = channel.convert(item).attachments
        assert (attachment.name, attachment.size) == (file.name, len(content))
        assert channel.attachment(receipt.copy_raw, attachment.part) == content

    async def test_a_permit_for_another_message_opens_nothing(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        outgoing = make_outgoing(channel.line, server.patient, "checked")
        other = make_outgoing(channel.line, server.patient, "not checked")
        handover = Handover(server)
        with pytest.raises(Blocked):
            await channel.send(other, make_permit(outgoing), handover)
        assert (handover.times, server.taken()) == (0, [])

    @pytest.mark.parametrize("failure", [Failure.LOST_BEFORE, Failure.REFUSES])
    async def test_certain_failure_says_so(
        self, server: ServerHandle, channel: Channel, failure: Failure
    ) -> None:
        outgoing = make_outgoing(channel.line, server.patient, "text")
        server.fail(failure)
        with pytest.raises(NotSent) as caught:
            await channel.send(outgoing, make_permit(outgoing), Handover(server))
        assert server.taken() == []
        assert caught.value.temporary is (failure is Failure.LOST_BEFORE)
        assert not (await channel.locate(outgoing)).found
        assert server.patient.value not in str(caught.value)
        receipt = await channel.send(outgoing, make_permit(outgoing), Handover(server))
        assert receipt.status is MessageStatus.SENT
        assert len(server.taken()) == 1

    async def test_not_handed_over_when_the_state_cannot_be_kept(
        self, server: ServerHandle, channel: Channel
    ) -> None:
        outgoing = make_outgoing(channel.line, server.patient, "text")

        async def disk_full() -> None:
            raise OSError("no space left")

        with pytest.raises(OSError, match="no space left"):
            await channel.send(outgoing, make_permit(outgoing), disk_full)
        assert server.taken() == []

    @pytest.mark.parametrize("failure", [Failure.LOST_UNTAKEN, Failure.LOST_TAKEN])
    async def test_an_unknown_outcome_is_unknown_until_it_is_located(
        self, server: ServerHandle, channel: Channel, failure: Failure
    ) -> None:
        outgoing = make_outgoing(channel.line, server.patient, "text")
        handover = Handover(server)
        server.fail(failure)
        with pytest.raises(OutcomeUnknown):
            await channel.send(outgoing, make_permit(outgoing), handover)
        assert handover.times == 1
        assert len(server.taken()) == (failure is Failure.LOST_TAKEN)
        server.reveal()
        found = await channel.locate(outgoing)
        assert found.found is (failure is Failure.LOST_TAKEN)
        assert len(server.taken()) == (failure is Failure.LOST_TAKEN)

    async def test_the_round_trip_comes_home(self, server: ServerHandle, channel: Channel) -> None:
        if not channel.capabilities.proves_itself:
            pytest.skip("this channel cannot write to itself")
        line = channel.line
        probe = make_outgoing(line, line.as_address, "A test of this line.", probe_token="t0k3n")
        await collect(channel)
        permit = Gate([]).permit_probe(probe, NOW)
        await channel.send(probe, permit, Handover(server))
        await channel.wait(5)
        home = [channel.convert(item) for item in arrived(await collect(channel))]
        assert [(one.nature, one.received.probe_token) for one in home] == [(Nature.PROBE, "t0k3n")]
        assert home[0].received.from_ == line.address

    # ---- letting go --------------------------------------------------------------------------

    async def test_closing_is_quick_and_may_be_repeated(self, channel: Channel) -> None:
        await collect(channel)
        waiting = asyncio.create_task(channel.wait(20))
        await asyncio.sleep(0.05)
        begun = time.monotonic()
        waiting.cancel()
        await channel.close()
        await channel.close()
        assert time.monotonic() - begun < QUICK
        with suppress(asyncio.CancelledError):
            await waiting

    async def test_closing_without_having_connected(self, channels: Channels) -> None:
        channel = channels()
        assert channel.capabilities.receives
        await channel.close()

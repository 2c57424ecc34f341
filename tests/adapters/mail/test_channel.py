"""What the mail channel does beyond the contract: Sent, large mail, budgets, nothing marked."""

from __future__ import annotations

import asyncio
import imaplib
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from imapclient.exceptions import IMAPClientError
from pymap.config import IMAPConfig

from adapters.mail import imap, reading
from adapters.mail.channel import MailChannel
from demo.proxy import Fault
from demo.smtp import Trouble
from inbox.address import email
from inbox.channel import RemoteId
from inbox.errors import ConfigurationError, ConnectionLost, NotSent, OutcomeUnknown, ServerRefused
from inbox.message import MessageStatus
from inbox.outgoing import Outgoing
from tests.adapters.handle import (
    Handover,
    arrived,
    collect,
    make_outgoing,
    make_permit,
    numbers,
    stored,
)
from tests.adapters.mail.world import LINE, USER, MailHandle, plain, write
from tests.clock import FakeClock


@pytest.fixture
async def handle(clock: FakeClock) -> AsyncIterator[MailHandle]:
    with MailHandle(clock) as handle:
        yield handle
        for channel in handle.channels:
            await channel.close()


# ---- reading ---------------------------------------------------------------------------------


async def test_nothing_on_the_server_changes(handle: MailHandle) -> None:
    imap_server = handle.world.imap
    for place in range(3):
        imap_server.deliver(USER, plain(f"message {place}"))
    imap_server.deliver(USER, plain("read elsewhere"), flags=["\\Seen", "\\Flagged"])
    before = imap_server.messages(USER), imap_server.folders(USER)
    channel = handle.channel(handle.settings(oversize=200))
    batches = await collect(channel)
    await channel.fetch_whole(batches[0].items[0].remote)
    await channel.locate(make_outgoing(LINE, handle.patient, "x"))
    await channel.census()
    await channel.wait(0.05)
    await channel.close()
    assert (imap_server.messages(USER), imap_server.folders(USER)) == before


async def test_the_time_is_the_servers(handle: MailHandle) -> None:
    there = datetime(2026, 2, 27, 23, 30, tzinfo=timezone(timedelta(hours=-6)))
    handle.world.imap.deliver(USER, plain("x"), internal_date=there)
    (item,) = arrived(await collect(handle.channel()))
    assert item.received_at == there
    assert item.received_at.tzinfo is UTC


async def test_several_folders_and_sent(handle: MailHandle) -> None:
    server = handle.world.imap
    server.create_folder(USER, "Portal copies")
    server.create_folder(USER, "Übersicht & mehr")
    server.deliver(USER, plain("in the inbox"))
    server.deliver(USER, plain("a copy"), folder="Portal copies")
    server.deliver(USER, plain("umlauts"), folder="Übersicht & mehr")
    server.deliver(USER, plain("sent from a telephone"), folder="Sent")
    folders = ("inbox", "Portal copies", "Übersicht & mehr", "INBOX")
    channel = handle.channel(handle.settings(folders=folders))
    batches = [batch for batch in await collect(channel) if batch.items]
    assert [(batch.folder, batch.items[0].ours) for batch in batches] == [
        ("INBOX", False),
        ("Portal copies", False),
        ("Übersicht & mehr", False),
        ("Sent", True),
    ]
    assert [batch.items[0].remote.folder for batch in batches] == [one.folder for one in batches]
    assert {one.folder for one in await channel.census()} == {one.folder for one in batches}
    cursors = stored(batches)
    new = server.deliver(USER, plain("another copy"), folder="Portal copies")
    assert numbers(arrived(await collect(channel, cursors))) == [str(new)]


async def test_a_sent_folder_that_is_named(handle: MailHandle) -> None:
    handle.world.imap.create_folder(USER, "Ausgang 2026")
    handle.world.imap.deliver(USER, plain("by hand"), folder="Ausgang 2026")
    channel = handle.channel(handle.settings(sent="Ausgang 2026"))
    items = [item for batch in await collect(channel) for item in batch.items]
    assert [(item.remote.folder, item.ours) for item in items] == [("Ausgang 2026", True)]


async def test_very_large_mail_comes_by_its_header_first(
    handle: MailHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK_BYTES", 7_000)
    large = write("large", size=50_000)
    handle.put(plain("small"))
    handle.put(large)
    channel = handle.channel(handle.settings(oversize=20_000))
    items = arrived(await collect(channel))
    assert [item.complete for item in items] == [False, True]
    assert items[0].size == len(large)
    assert items[0].content == large.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    waiting = asyncio.create_task(channel.wait(20))
    whole = await channel.fetch_whole(items[0].remote)
    assert not waiting.done()
    waiting.cancel()
    assert (whole.content, whole.complete, whole.size) == (large, True, len(large))
    assert whole.remote == items[0].remote


async def test_many_repairs_need_one_login(
    handle: MailHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.mail.channel.SPARE_LASTS", 0.1)
    for place in range(5):
        handle.deliver(f"message {place}")
    channel = handle.channel()
    items = arrived(await collect(channel))
    before = handle.world.imap.connections
    both = (channel.fetch_whole(items[0].remote), channel.fetch_whole(items[1].remote))
    assert [item.content for item in await asyncio.gather(*both)] == [
        item.content for item in items[:2]
    ]
    for item in items:
        assert (await channel.fetch_whole(item.remote)).content == item.content
    assert handle.world.imap.connections == before + 1
    await asyncio.sleep(0.3)
    assert [one.name for one in threading.enumerate() if one.name.endswith("-spare")] == []
    assert (await channel.fetch_whole(items[0].remote)).content == items[0].content


async def test_a_size_that_is_a_multiple_of_the_piece(
    handle: MailHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = write("large", size=10_000)
    monkeypatch.setattr(reading, "CHUNK_BYTES", len(large) // 2)
    large = large[: len(large) // 2 * 2]
    handle.put(large)
    channel = handle.channel()
    (item,) = arrived(await collect(channel))
    assert (await channel.fetch_whole(item.remote)).content == large


async def test_a_batch_holds_a_bounded_number_of_bytes(
    handle: MailHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH_BYTES", 30_000)
    there = [handle.put(write(f"{place}", place, size=12_000)) for place in range(5)]
    there.append(handle.put(write("big", size=60_000)))
    there.append(handle.put(plain("last")))
    batches = [batch for batch in await collect(handle.channel()) if batch.items]
    assert [len(batch.items) for batch in batches] == [1, 1, 2, 2, 1]
    assert numbers(arrived(batches)) == there[::-1]
    assert [batch.total for batch in batches] == [7] * 5


async def test_a_mail_the_server_cannot_give_out_is_kept_as_such(
    handle: MailHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = [handle.deliver(f"message {place}") for place in range(4)]
    real = imap.Client.fetch

    def fetch(client: imap.Client, uids: list[int], what: list[str]) -> object:
        # Dovecot says so of a file that cannot be read, and fails the whole command with it.
        if int(there[1]) in uids and "BODY.PEEK[]" in what:
            raise IMAPClientError("fetch failed: [SERVERBUG] Internal error")
        return real(client, uids, what)

    monkeypatch.setattr(imap.Client, "fetch", fetch)
    items = arrived(await collect(handle.channel()))
    assert numbers(items) == there[::-1]
    assert [(item.complete, bool(item.content)) for item in items] == [
        (True, True),
        (True, True),
        (False, False),
        (True, True),
    ]


async def test_a_quiet_folder_costs_one_question(
    handle: MailHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real: Callable[..., object] = imaplib.IMAP4._command  # type: ignore[attr-defined]  # not in typeshed

    def command(wire: imaplib.IMAP4, name: str, *args: object) -> object:
        asked.append(name)
        return real(wire, name, *args)

    monkeypatch.setattr(imaplib.IMAP4, "_command", command)
    handle.deliver("one")
    channel = handle.channel()
    cursors = stored(await collect(channel))
    asked.clear()
    assert await collect(channel, cursors) == []
    assert asked == ["EXAMINE", "STATUS"]
    new = handle.world.imap.deliver(USER, plain("from a telephone"), folder="Sent")
    (batch,) = await collect(channel, cursors)
    assert numbers(batch.items) == [str(new)]
    # A store that lost its cursor gets everything again, whatever this process remembers.
    assert len([item for batch in await collect(channel) for item in batch.items]) == 2


# ---- waiting ---------------------------------------------------------------------------------


async def test_idle_is_renewed(handle: MailHandle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "NOTICE", 0.05)
    channel = handle.channel()
    await collect(channel)
    waiting = asyncio.create_task(channel.wait(20))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    begun = time.monotonic()
    handle.deliver("here")
    await waiting
    assert time.monotonic() - begun < 1.0


async def test_waiting_over_and_over_misses_nothing(handle: MailHandle) -> None:
    channel = handle.channel()
    cursors = stored(await collect(channel))
    there: list[str] = []

    async def deliver() -> None:
        for place in range(20):
            there.append(await asyncio.to_thread(handle.deliver, f"message {place}"))
            await asyncio.sleep(0.01 * (place % 3))

    delivering = asyncio.create_task(deliver())
    seen: list[str] = []
    begun = time.monotonic()
    while len(seen) < 20 and time.monotonic() - begun < 5:
        await channel.wait(5)
        batches = await collect(channel, cursors)
        cursors = stored(batches, cursors)
        seen += numbers(arrived(batches))
    await delivering
    assert sorted(seen, key=int) == there


async def test_a_server_without_idle_is_asked_now_and_then(
    handle: MailHandle, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = IMAPConfig.login_capability.fget  # type: ignore[attr-defined]  # it is a property
    without = property(lambda config: [one for one in offered(config) if one != b"IDLE"])
    monkeypatch.setattr(IMAPConfig, "login_capability", without)
    channel = MailChannel(LINE, handle.settings(), clock, poll=0.05)
    await collect(channel)
    begun = time.monotonic()
    await channel.wait(0.15)
    assert time.monotonic() - begun >= 0.14
    waiting = asyncio.create_task(channel.wait(20))
    await asyncio.sleep(0.12)
    assert not waiting.done()
    there = handle.deliver("here")
    await asyncio.wait_for(waiting, 1)
    assert numbers(arrived(await collect(channel))) == [there]
    await channel.close()


# ---- sending ---------------------------------------------------------------------------------


def question(handle: MailHandle, **more: object) -> Outgoing:
    return make_outgoing(LINE, handle.patient, "See you Thursday.", **more)


async def test_a_copy_lies_in_sent(handle: MailHandle) -> None:
    channel = handle.channel(handle.settings(save_sent=True))
    outgoing = question(handle)
    receipt = await channel.send(outgoing, make_permit(outgoing), Handover(handle))
    await channel.settle()
    (copy,) = handle.world.imap.messages(USER, "Sent")
    assert copy.raw == receipt.copy_raw == handle.taken()[0].raw
    assert copy.flags == ("\\Seen",)
    assert (await channel.locate(outgoing)).found
    assert receipt.copy_due
    handle.drop()
    await channel.ensure_copy(outgoing.message_id, copy.raw)  # known to be there: nobody is asked


async def test_no_second_copy_where_the_provider_keeps_one(handle: MailHandle) -> None:
    channel = handle.channel(handle.settings(save_sent=True))
    await collect(channel)
    outgoing = question(handle)
    permit = make_permit(outgoing)
    # The provider's own copy is there before ours is made: the IMAP side is held up.
    handle.imap_proxy.add(Fault("delay", seconds=0.1))
    await channel.send(outgoing, permit, Handover(handle))
    handle.reveal()
    await channel.settle()
    assert len(handle.world.imap.messages(USER, "Sent")) == 1


async def test_a_copy_that_cannot_be_made_does_not_undo_the_sending(handle: MailHandle) -> None:
    channel = handle.channel(handle.settings(save_sent=True))
    handle.drop()
    outgoing = question(handle)
    receipt = await channel.send(outgoing, make_permit(outgoing), Handover(handle))
    await channel.settle()
    assert (receipt.status, receipt.copy_due) == (MessageStatus.SENT, True)
    assert receipt.copy_raw is not None
    assert len(handle.taken()) == 1
    with pytest.raises(ConnectionLost):
        await channel.ensure_copy(outgoing.message_id, receipt.copy_raw)
    handle.restore()
    for _ in range(2):
        await channel.ensure_copy(outgoing.message_id, receipt.copy_raw)
    (copy,) = handle.world.imap.messages(USER, "Sent")
    assert copy.raw == receipt.copy_raw


async def test_closing_lets_the_copy_through(handle: MailHandle) -> None:
    channel = handle.channel(handle.settings(save_sent=True))
    outgoing = question(handle)
    await channel.send(outgoing, make_permit(outgoing), Handover(handle))
    await channel.close()
    assert len(handle.world.imap.messages(USER, "Sent")) == 1


async def test_the_line_of_the_message_is_the_envelope_sender(handle: MailHandle) -> None:
    channel = handle.channel()
    other = replace(LINE, id="billing", address="billing@lakeside.example")
    outgoing = make_outgoing(other, handle.patient, "x")
    with pytest.raises(NotSent, match="another line"):
        await channel.send(outgoing, make_permit(outgoing), Handover(handle))
    renamed = replace(LINE, address="desk@lakeside.example")
    outgoing = make_outgoing(renamed, handle.patient, "x")
    await channel.send(outgoing, make_permit(outgoing), Handover(handle))
    assert [taken.sender for taken in handle.taken()] == ["desk@lakeside.example"]


async def test_what_stands_in_the_way_before_anything_is_sent(handle: MailHandle) -> None:
    def locked() -> str:
        raise ConfigurationError("The key ring is locked.", "Unlock it.")

    outgoing = question(handle)
    channel = handle.channel(replace(handle.settings(), password=locked))
    with pytest.raises(NotSent, match="key ring") as caught:
        await channel.send(outgoing, make_permit(outgoing), Handover(handle))
    assert caught.value.hint == "Unlock it."
    broken = make_outgoing(LINE, email("rosa@@example..com\r\nBcc: x@example.com"), "x")
    with pytest.raises(NotSent) as caught:
        await handle.channel().send(broken, make_permit(broken), Handover(handle))
    assert (handle.taken(), handle.smtp_proxy.connections) == ([], 0)


async def test_everybody_gets_one(handle: MailHandle) -> None:
    handle.world.add_address("luis@example.com")
    channel = handle.channel()
    outgoing = question(handle, cc=(email("luis@example.com"), handle.patient))
    await channel.send(outgoing, make_permit(outgoing), Handover(handle))
    assert handle.taken()[0].recipients == ("rosa@example.com", "luis@example.com")
    assert len(handle.world.inbox("luis@example.com")) == 1


async def test_some_recipients_refused(handle: MailHandle) -> None:
    handle.world.smtp.script(
        Trouble("rcpt", reply="550 5.1.1 unknown", recipient="luis@example.com")
    )
    channel = handle.channel()
    outgoing = question(handle, cc=(email("luis@example.com"),))
    receipt = await channel.send(outgoing, make_permit(outgoing), Handover(handle))
    assert receipt.refused == ("luis@example.com",)


async def test_the_size_limit_is_known_after_the_first_message(handle: MailHandle) -> None:
    channel = handle.channel()
    assert channel.capabilities.max_bytes is None
    outgoing = question(handle)
    await channel.send(outgoing, make_permit(outgoing), Handover(handle))
    assert channel.capabilities.max_bytes == 35_000_000


async def test_what_the_server_took_without_saying_so_is_found_in_our_own_inbox(
    handle: MailHandle,
) -> None:
    channel = handle.channel()
    outgoing = question(handle, cc=(LINE.as_address,))
    handle.world.smtp.script(Trouble("end", then="drop", accept=True, times=1))
    with pytest.raises(OutcomeUnknown):
        await channel.send(outgoing, make_permit(outgoing), Handover(handle))
    assert len(handle.taken()) == 1
    assert (await channel.locate(outgoing)).found
    other = question(handle, message_id="two.6d0c4f4e@lakeside.example")
    assert not (await channel.locate(other)).found


async def test_a_folder_that_went_away(handle: MailHandle) -> None:
    channel = handle.channel()
    with pytest.raises(ServerRefused):
        await channel.fetch_whole(RemoteId("No such folder", "1", "1"))


@pytest.mark.parametrize("step", [1, 2, 3, 50])
async def test_a_census_in_ranges_leaves_nothing_out(
    handle: MailHandle, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr("adapters.mail.reading.RANGE_ITEMS", step)
    there = [str(handle.world.imap.deliver(USER, plain(f"message {at}"))) for at in range(12)]
    handle.world.imap.expunge(USER, [int(uid) for uid in (*there[:2], *there[5:8])])
    left = {*there[2:5], *there[8:]}
    (census, *_) = await handle.channel(handle.settings()).census()
    assert set(census.items) == left
    assert all(uid in census.items for uid in left)
    assert there[0] not in census.items

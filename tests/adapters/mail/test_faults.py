"""What breaks while reading: connections, logins, certificates, servers."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from adapters.mail.channel import MailChannel
from adapters.mail.settings import ImapSettings, MailSettings, Security, SmtpSettings
from demo.imap import ImapServer
from demo.proxy import Direction, Fault, FaultProxy
from inbox.channel import Batch, Channel
from inbox.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ConnectionLost,
    ServerRefused,
    TlsRefused,
)
from tests.adapters.handle import arrived, collect, numbers, stored
from tests.adapters.mail.world import LINE, PASSWORD, USER, MailHandle, plain
from tests.clock import FakeClock


@pytest.fixture
async def handle(clock: FakeClock) -> AsyncIterator[MailHandle]:
    with MailHandle(clock) as handle:
        yield handle
        for channel in handle.channels:
            await channel.close()


async def keep(channel: Channel, batches: list[Batch]) -> None:
    """Fetch, and keep also what came before an error."""
    async for batch in channel.fetch({}):
        batches.append(batch)  # noqa: PERF401  # a comprehension would lose it


def threads() -> int:
    return sum(thread.name.startswith("imap-") for thread in threading.enumerate())


async def until_no_threads() -> None:
    for _ in range(200):
        if not threads():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("a connection's thread is still there")


# ---- connections -----------------------------------------------------------------------------


@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.parametrize(
    ("seen", "direction"),
    [
        (b"IMAP4rev1", "down"),
        (b"LIST", "up"),
        (b"EXAMINE", "up"),
        (b"SEARCH", "up"),
        (b"SEARCH", "down"),
        (b"RFC822.SIZE", "up"),
        (b"BODY.PEEK", "up"),
        (b"BODY[] {", "down"),
        (b"message 2", "down"),
    ],
)
async def test_a_connection_cut_while_fetching_loses_nothing(
    handle: MailHandle,
    monkeypatch: pytest.MonkeyPatch,
    seen: bytes,
    direction: Direction,
    reset: bool,
) -> None:
    monkeypatch.setattr("adapters.mail.reading.BATCH_ITEMS", 3)
    there = [handle.deliver(f"message {place}") for place in range(8)]
    handle.imap_proxy.add(Fault("cut", direction, after_seen=seen, reset=reset, times=1))
    channel = handle.channel()
    kept: list[Batch] = []
    with pytest.raises(ConnectionLost):
        await keep(channel, kept)
    kept += await collect(channel, stored(kept))
    assert sorted(numbers(arrived(kept)), key=int) == there
    await channel.close()
    await until_no_threads()


async def test_a_connection_cut_while_logging_in_is_no_wrong_password(handle: MailHandle) -> None:
    handle.imap_proxy.add(Fault("cut", after_seen=b"AUTHENTICATE", times=1))
    channel = handle.channel()
    with pytest.raises(ConnectionLost):
        await collect(channel)
    assert await channel.census()
    await channel.close()


@pytest.mark.parametrize("where", ["greeting", "login", "fetch"])
async def test_a_black_hole_ends_after_the_time_set_for_it(handle: MailHandle, where: str) -> None:
    handle.deliver("one")
    channel = handle.channel(handle.settings(timeout=0.3))
    if where == "greeting":
        handle.imap_proxy.black_hole()
    elif where == "login":
        handle.imap_proxy.add(Fault("hole", after_seen=b"AUTHENTICATE"))
    else:
        handle.imap_proxy.add(Fault("hole", after_seen=b"EXAMINE"))
    begun = time.monotonic()
    with pytest.raises(ConnectionLost):
        await collect(channel)
    assert 0.25 < time.monotonic() - begun < 1.3
    handle.imap_proxy.heal()
    assert len(arrived(await collect(channel))) == 1
    await channel.close()


async def test_cancelling_and_closing_do_not_wait_for_a_silent_server(handle: MailHandle) -> None:
    handle.deliver("one")
    channel = handle.channel(handle.settings(timeout=30))
    await collect(channel)
    handle.imap_proxy.black_hole()
    asking = asyncio.create_task(channel.census())
    await asyncio.sleep(0.1)
    begun = time.monotonic()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await channel.close()
    assert time.monotonic() - begun < 1.0
    await until_no_threads()


async def test_closing_does_not_wait_for_a_silent_server_in_idle(handle: MailHandle) -> None:
    channel = handle.channel(handle.settings(timeout=30))
    await collect(channel)
    waiting = asyncio.create_task(channel.wait(60))
    await asyncio.sleep(0.1)
    handle.imap_proxy.black_hole()
    begun = time.monotonic()
    waiting.cancel()
    await channel.close()
    assert time.monotonic() - begun < 1.0
    await until_no_threads()


async def test_closing_while_somebody_waits_tells_them(handle: MailHandle) -> None:
    channel = handle.channel()
    waiting = asyncio.create_task(channel.wait(60))
    await asyncio.sleep(0.15)
    await channel.close()
    await asyncio.wait([waiting], timeout=1)
    assert waiting.done()
    assert waiting.exception() is None or isinstance(waiting.exception(), ConnectionLost)


async def test_a_goodbye_in_idle_is_a_lost_connection(handle: MailHandle) -> None:
    channel = handle.channel()
    await collect(channel)
    waiting = asyncio.create_task(channel.wait(20))
    await asyncio.sleep(0.1)
    handle.world.imap.drop_all()
    with pytest.raises(ConnectionLost):
        await waiting
    await channel.close()


async def test_a_connection_lost_between_two_questions(handle: MailHandle) -> None:
    there = handle.deliver("one")
    channel = handle.channel()
    await channel.census()
    handle.imap_proxy.cut_all()
    with pytest.raises(ConnectionLost):
        await collect(channel)
    assert numbers(arrived(await collect(channel))) == [there]
    await channel.close()


async def test_a_server_that_restarts(handle: MailHandle) -> None:
    handle.deliver("one")
    channel = handle.channel()
    cursors = stored(await collect(channel))
    target = handle.imap_proxy.target
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        handle.imap_proxy.target = nobody.getsockname()[1]
    handle.imap_proxy.cut_all()
    for _ in range(3):
        with pytest.raises(ConnectionLost):
            await collect(channel, cursors)
    handle.imap_proxy.target = target
    new = handle.deliver("two")
    assert numbers(arrived(await collect(channel, cursors))) == [new]
    await channel.close()


async def test_nothing_is_left_behind(handle: MailHandle) -> None:
    handle.imap_proxy.add(Fault("cut", after_seen=b"EXAMINE", times=1))
    channel = handle.channel()
    with pytest.raises(ConnectionLost):
        await collect(channel)
    await collect(channel)
    assert threads() == 1
    await channel.close()
    await until_no_threads()
    del channel
    gc.collect()  # a socket that was never closed would warn here, and warnings are errors


# ---- logins and names ------------------------------------------------------------------------


async def test_a_wrong_password(handle: MailHandle) -> None:
    channel = handle.channel(handle.settings(password="sesame-0815"))
    with pytest.raises(AuthenticationFailed) as caught:
        await collect(channel)
    text = str(caught.value) + repr(caught.value) + repr(caught.value.__cause__)
    assert "sesame" not in text
    assert "password" in caught.value.sentence
    assert caught.value.hint
    await channel.close()


async def test_a_password_that_cannot_be_had(handle: MailHandle) -> None:
    def locked() -> str:
        raise ConfigurationError("The key ring is locked.", "Unlock it.")

    channel = handle.channel(replace(handle.settings(), password=locked))
    with pytest.raises(ConfigurationError, match="key ring"):
        await collect(channel)
    assert handle.world.imap.connections == 0
    await channel.close()


async def test_a_host_that_does_not_exist(clock: FakeClock) -> None:
    settings = MailSettings(
        ImapSettings("imap.nowhere.invalid", 993, "tls", USER),
        SmtpSettings("smtp.nowhere.invalid", 465, "tls"),
        lambda: PASSWORD,
    )
    channel = MailChannel(LINE, settings, clock)
    with pytest.raises(ConnectionLost, match=r"imap\.nowhere\.invalid was not found"):
        await collect(channel)
    await channel.close()


async def test_nobody_listens(handle: MailHandle, clock: FakeClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings = handle.settings()
    channel = handle.channel(replace(settings, imap=replace(settings.imap, port=port)))
    with pytest.raises(ConnectionLost, match=f"does not answer on port {port}"):
        await collect(channel)
    await channel.close()


async def test_something_else_listens(handle: MailHandle) -> None:
    settings = handle.settings(timeout=0.5)
    imap = replace(settings.imap, port=handle.world.smtp.port)
    channel = handle.channel(replace(settings, imap=imap))
    with pytest.raises((ConnectionLost, ServerRefused)):
        await collect(channel)
    await channel.close()


async def test_a_folder_that_is_not_there(handle: MailHandle) -> None:
    there = handle.deliver("one")
    channel = handle.channel(handle.settings(folders=("INBOX", "Portal copies")))
    seen: list[Batch] = []
    with pytest.raises(ServerRefused, match="Portal copies"):
        await keep(channel, seen)
    assert numbers(arrived(seen)) == [there]
    await channel.wait(0.05)
    await channel.close()


# ---- privacy ---------------------------------------------------------------------------------


@pytest.fixture
def cafile(tls_authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    tls_authority.cert_pem.write_to_path(str(path))
    return str(path)


def private(server: ImapServer, security: Security, cafile: str | None) -> MailSettings:
    return MailSettings(
        ImapSettings("localhost", server.port, security, USER, read_timeout=3, connect_timeout=3),
        SmtpSettings("localhost", 1, "none"),
        lambda: PASSWORD,
        tls_cafile=cafile,
    )


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_private_connections(
    security: Security, server_tls: ssl.SSLContext, cafile: str, clock: FakeClock
) -> None:
    with ImapServer(security=security, ssl_context=server_tls) as server:
        server.add_user(USER, PASSWORD)
        there = [str(server.deliver(USER, plain(f"message {place}"))) for place in range(3)]
        channel = MailChannel(LINE, private(server, security, cafile), clock)
        cursors = stored(await collect(channel))
        waiting = asyncio.create_task(channel.wait(20))
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        there.append(str(server.deliver(USER, plain("pushed"))))
        await waiting
        assert time.monotonic() - begun < 1.0
        assert numbers(arrived(await collect(channel, cursors))) == there[3:]
        waiting = asyncio.create_task(channel.wait(20))
        await asyncio.sleep(0.1)
        waiting.cancel()
        assert len(await channel.census()) == 2
        waiting = asyncio.create_task(channel.wait(20))
        await asyncio.sleep(0.1)
        server.drop_all()
        with pytest.raises(ConnectionLost):
            await waiting
        await channel.close()


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_nobody_vouches_for_is_refused(
    security: Security, server_tls: ssl.SSLContext, clock: FakeClock
) -> None:
    with ImapServer(security=security, ssl_context=server_tls) as server:
        server.add_user(USER, PASSWORD)
        channel = MailChannel(LINE, private(server, security, None), clock)
        with pytest.raises(TlsRefused, match="localhost could not prove who it is") as caught:
            await collect(channel)
        assert "tls_cafile" in caught.value.hint
        await channel.close()


async def test_a_certificate_for_another_name_is_refused(
    tls_authority: trustme.CA, cafile: str, clock: FakeClock
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls_authority.issue_cert("imap.elsewhere.example").configure_cert(context)
    with ImapServer(security="tls", ssl_context=context) as server:
        channel = MailChannel(LINE, private(server, "tls", cafile), clock)
        with pytest.raises(TlsRefused, match="could not prove who it is"):
            await collect(channel)
        await channel.close()


async def test_starttls_that_was_taken_out_is_not_done_without(
    imap_server: ImapServer, cafile: str, clock: FakeClock
) -> None:
    imap_server.add_user(USER, PASSWORD)
    with FaultProxy(imap_server.port) as proxy:
        proxy.add(Fault("cut", after_seen=b"LOGIN"))
        proxy.add(Fault("cut", after_seen=b"AUTHENTICATE"))
        channel = MailChannel(LINE, private(imap_server, "starttls", cafile), clock)
        with pytest.raises(TlsRefused, match="STARTTLS"):
            await collect(channel)
        assert len(proxy.faults) == 2
        await channel.close()


async def test_tls_against_a_plain_port(
    imap_server: ImapServer, cafile: str, clock: FakeClock
) -> None:
    channel = MailChannel(LINE, private(imap_server, "tls", cafile), clock)
    with pytest.raises(TlsRefused, match="No private connection"):
        await collect(channel)
    await channel.close()

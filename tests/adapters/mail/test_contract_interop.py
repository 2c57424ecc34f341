"""The mail channel passes the contract against Dovecot and Postfix, and what only they can show."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace

import pytest

from adapters.mail.channel import MailChannel
from adapters.mail.imap import status
from adapters.mail.settings import ImapSettings, MailSettings, SmtpSettings
from demo.proxy import Fault, FaultProxy
from inbox.address import ChannelKind, email
from inbox.channel import Channel
from inbox.errors import AuthenticationFailed, ConnectionLost, NotSent
from inbox.line import Line
from tests.adapters.contract import ChannelContract
from tests.adapters.handle import (
    Channels,
    Failure,
    Handover,
    Taken,
    arrived,
    collect,
    make_outgoing,
    make_permit,
    numbers,
    stored,
)
from tests.adapters.mail.world import plain
from tests.clock import FakeClock
from tests.interop.conftest import dovecot, front_desk, new_account, patient, postfix
from tests.interop.dovecot import DovecotServer
from tests.interop.postfix import PostfixServer
from tests.interop.servers import Account

__all__ = ["dovecot", "front_desk", "new_account", "patient", "postfix"]

pytestmark = pytest.mark.interop


class RealHandle:
    """A test's hand on Dovecot and Postfix; IMAP over TLS, SMTP in clear so that it can be cut."""

    def __init__(
        self, dovecot: DovecotServer, postfix: PostfixServer, own: Account, theirs: Account
    ) -> None:
        self.dovecot, self.postfix, self.own, self.theirs = dovecot, postfix, own, theirs
        self.line = Line("front-desk", ChannelKind.EMAIL, own.address)
        self.patient = email(theirs.address)
        self.imap_proxy = FaultProxy(dovecot.imaps_port)
        self.smtp_proxy = FaultProxy(postfix.mx_port)

    def settings(self) -> MailSettings:
        return MailSettings(
            ImapSettings("localhost", self.imap_proxy.port, "tls", self.own.address),
            SmtpSettings("localhost", self.smtp_proxy.port, "none", save_sent=False),
            lambda: self.own.password,
            tls_cafile=str(self.dovecot.certificate.authority),
        )

    def deliver(self, text: str) -> str:
        return self.put(plain(text).replace(b"rosa@example.com", self.patient.value.encode()))

    def put(self, content: bytes) -> str:
        return str(self.dovecot.append_many(self.own, [content])[0])

    def expunge(self, items: Iterable[str]) -> None:
        for item in items:
            self.dovecot.expunge(self.own.address, int(item))

    def renumber(self) -> None:
        now = self.dovecot.uid_validity(self.own.address)
        self.dovecot.uid_validity(self.own.address, value=now + 1)

    def drop(self) -> None:
        self.imap_proxy.add(Fault("cut"))
        self.imap_proxy.cut_all()

    def restore(self) -> None:
        self.imap_proxy.heal()

    def fail(self, failure: Failure) -> None:
        if failure is Failure.REFUSES:
            pytest.skip("Postfix takes what it can deliver")
        at = {
            Failure.LOST_BEFORE: (b"MAIL FROM", False),
            Failure.LOST_UNTAKEN: (b"DATA\r\n", False),
            Failure.LOST_TAKEN: (b"\r\n.\r\n", True),
        }
        seen, forward = at[failure]
        self.smtp_proxy.add(Fault("cut", after_seen=seen, forward=forward, times=1))

    def taken(self) -> list[Taken]:
        self.postfix.wait_until_idle()
        found = []
        for account in (self.theirs, self.own):
            for raw in self.dovecot.messages(account.address):
                sender = re.match(rb"Return-Path: <(.*?)>", raw)
                if sender and b"lakeside.example>" in sender[0]:
                    found.append(Taken(sender[1].decode(), (account.address,), None))
        return found

    def reveal(self) -> None:
        self.postfix.wait_until_idle()
        for raw in self.dovecot.messages(self.theirs.address):
            self.dovecot.append_many(self.own, [raw], folder="Sent")


@pytest.fixture
def real(
    dovecot: DovecotServer, postfix: PostfixServer, front_desk: Account, patient: Account
) -> Iterator[RealHandle]:
    handle = RealHandle(dovecot, postfix, front_desk, patient)
    with handle.imap_proxy, handle.smtp_proxy:
        yield handle


@pytest.fixture
async def channel(real: RealHandle, clock: FakeClock) -> AsyncIterator[MailChannel]:
    made = MailChannel(real.line, real.settings(), clock)
    yield made
    await made.close()


class TestMailChannelOnDovecotAndPostfix(ChannelContract):
    @pytest.fixture
    def server(self, real: RealHandle) -> RealHandle:
        return real

    @pytest.fixture
    def channels(
        self, server: RealHandle, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> Channels:
        monkeypatch.setattr("adapters.mail.reading.BATCH_ITEMS", self.small_batches)

        def make() -> Channel:
            return MailChannel(server.line, server.settings(), clock)

        return make


async def test_ten_thousand_mails(real: RealHandle, channel: MailChannel) -> None:
    for start in range(0, 10_000, 2_000):
        raws = [plain(f"message {number}") for number in range(start, start + 2_000)]
        real.dovecot.append_many(real.own, raws)
    begun = time.monotonic()
    batches = await collect(channel)
    spent = time.monotonic() - begun
    assert len(arrived(batches)) == len(set(numbers(arrived(batches)))) == 10_000
    (inbox,) = [one for one in await channel.census() if one.folder == "INBOX"]
    assert inbox.items == set(numbers(arrived(batches)))
    begun = time.monotonic()
    assert await collect(channel, stored(batches)) == []
    print(f"\n{10_000 / spent:.0f} mails/s; nothing new in {time.monotonic() - begun:.4f} s")


async def test_condstore_tells_a_quiet_folder(real: RealHandle, channel: MailChannel) -> None:
    real.deliver("one")
    await collect(channel)
    said = await channel._read(lambda client: status(client, "INBOX"))
    assert said is not None
    assert said.modseq > 0


async def test_a_kicked_connection(real: RealHandle, channel: MailChannel) -> None:
    await collect(channel)
    waiting = asyncio.create_task(channel.wait(30))
    await asyncio.sleep(0.3)
    await asyncio.to_thread(real.dovecot.kick, real.own.address)
    with pytest.raises(ConnectionLost):
        await asyncio.wait_for(waiting, 5)
    there = real.deliver("afterwards")
    assert numbers(arrived(await collect(channel))) == [there]


async def test_nothing_is_marked(real: RealHandle, channel: MailChannel) -> None:
    real.deliver("one")
    (item,) = arrived(await collect(channel))
    await channel.fetch_whole(item.remote)
    client = real.dovecot.connect(real.own)
    client.select_folder("INBOX", readonly=True)
    assert client.search(["SEEN"]) == []
    assert client.search(["RECENT"]) != []
    client.logout()


async def test_a_wrong_password(real: RealHandle, clock: FakeClock) -> None:
    channel = MailChannel(real.line, replace(real.settings(), password=lambda: "wrong"), clock)
    with pytest.raises(AuthenticationFailed):
        await collect(channel)
    await channel.close()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_submission_with_a_login_and_a_copy_in_sent(
    real: RealHandle, clock: FakeClock, security: str
) -> None:
    port = {"starttls": real.postfix.submission_port, "tls": real.postfix.submissions_port}
    smtp = SmtpSettings("localhost", port[security], security, real.own.address)  # type: ignore[arg-type]  # one of its kinds
    channel = MailChannel(real.line, replace(real.settings(), smtp=smtp), clock)
    outgoing = make_outgoing(real.line, real.patient, "See you Thursday.")
    receipt = await channel.send(outgoing, make_permit(outgoing), Handover(real))
    assert receipt.provider_id
    await channel.settle()
    assert real.dovecot.messages(real.own.address, "Sent") == [receipt.copy_raw]
    assert (await channel.locate(outgoing)).found
    real.dovecot.wait_for_mail(real.theirs.address)
    not_ours = replace(real.line, address="somebody.else@lakeside.example")
    outgoing = make_outgoing(not_ours, real.patient, "x")
    with pytest.raises(NotSent) as caught:
        await channel.send(outgoing, make_permit(outgoing), Handover(real))
    assert caught.value.sender_refused
    await channel.close()

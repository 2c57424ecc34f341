"""Servers that refuse, lie or are not there: a sentence and a hint, and the other line goes on."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from adapters.mail.settings import ImapSettings, MailSettings, Security, SmtpSettings
from demo.imap import ImapServer
from demo.smtp import SmtpServer
from demo.world import MailWorld
from inbox.address import email
from inbox.line import Line, LineHealth, LineState
from inbox.message import MessageStatus
from inbox.reply_path import Evidence, EvidenceKind
from inbox.words import uncopied_words
from tests.badinput.conftest import ADDRESS
from tests.clock import FakeClock
from tests.demo.fixtures import mail_world, server_tls, tls_authority
from tests.interop.product import (
    Product,
    a_line,
    a_patient,
    mail,
    open_product,
    until,
)

__all__ = ["mail_world", "server_tls", "tls_authority"]

NURSE = Line("nurse", a_line(ADDRESS).channel, "nurse@lakeside.example", "Nurse")


class Practice:
    """A practice with two lines: the front desk, whose servers are in trouble, and the nurse."""

    def __init__(self, world: MailWorld, clock: FakeClock, folder: Path) -> None:
        self.world = world
        self.clock = clock
        self._folder = folder
        self.opened: list[Product] = []
        world.add_user("frontdesk", "secret", ADDRESS)
        world.add_user("nurse", "secret", NURSE.address)
        world.add_address("rosa@example.com")

    def good(self, user: str = "frontdesk") -> MailSettings:
        """Settings that work."""
        return MailSettings(
            ImapSettings("127.0.0.1", self.world.imap.port, "none", user, sent="Sent"),
            SmtpSettings("127.0.0.1", self.world.smtp.port, "none", user),
            lambda: "secret",
        )

    async def open(self, bad: MailSettings) -> Product:
        """The product with these settings for the front desk; the nurse's are good."""
        product = await open_product(
            self._folder,
            self.clock,
            [(a_line(ADDRESS), bad), (NURSE, self.good("nurse"))],
            [a_patient("p-rosa", "Rosa Jimenez", "rosa@example.com")],
        )
        self.opened.append(product)
        return product

    def deliver(self, subject: str, user: str = "frontdesk", to: str = ADDRESS) -> None:
        """Mail from Rosa comes in."""
        raw = mail("Rosa Jimenez <rosa@example.com>", to, subject)
        self.world.imap.deliver(user, raw, "INBOX", self.clock())


@pytest.fixture
async def practice(
    mail_world: MailWorld, clock: FakeClock, tmp_path: Path
) -> AsyncIterator[Practice]:
    made = Practice(mail_world, clock, tmp_path / "data")
    yield made
    for product in made.opened:
        await product.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def imap(
    settings: MailSettings, port: int, security: Security, host: str = "127.0.0.1"
) -> MailSettings:
    """The settings with another IMAP server."""
    changed = replace(settings.imap, host=host, port=port, security=security, connect_timeout=3)
    return replace(settings, imap=changed)


def smtp(
    settings: MailSettings, port: int, security: Security, host: str = "127.0.0.1"
) -> MailSettings:
    """The settings with another SMTP server."""
    changed = replace(settings.smtp, host=host, port=port, security=security, connect_timeout=3)
    return replace(settings, smtp=changed)


async def said_while_running(product: Product, state: LineState) -> LineHealth:
    """What a line in trouble says while the office is at work; the other line works."""

    async def both() -> bool:
        known = await product.repository.lines.health()
        lines = known.get("front-desk"), known.get("nurse")
        return [one.state if one else None for one in lines] == [state, LineState.READY]

    async with product.running():
        await until("both lines to say how they are", both)
        said = await product.health()
    assert said.sentence.endswith(".")
    assert said.hint
    assert "secret" not in said.sentence + said.hint
    return said


async def test_wrong_password(practice: Practice) -> None:
    practice.deliver("For the nurse", "nurse", NURSE.address)
    practice.deliver("For the desk")
    product = await practice.open(replace(practice.good(), password=lambda: "wrong secret"))
    said = await said_while_running(product, LineState.STOPPED)
    assert "password" in said.sentence
    assert await product.subjects() == ["For the nurse"]
    await product.close()
    practice.opened.clear()
    # The password is put right: everything is there.
    product = await practice.open(practice.good())
    await product.sync()
    assert await product.subjects() == ["For the desk", "For the nurse"]
    await product.check()


async def test_a_certificate_nobody_vouches_for(
    practice: Practice, server_tls: ssl.SSLContext, stack: ExitStack
) -> None:
    server = stack.enter_context(ImapServer(security="tls", ssl_context=server_tls))
    server.add_user("frontdesk", "secret")
    product = await practice.open(imap(practice.good(), server.port, "tls"))
    said = await said_while_running(product, LineState.STOPPED)
    assert "could not prove who it is" in said.sentence


async def test_a_certificate_for_another_name(
    practice: Practice, tls_authority: trustme.CA, stack: ExitStack, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls_authority.issue_cert("mail.elsewhere.example").configure_cert(context)
    tls_authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server = stack.enter_context(ImapServer(security="tls", ssl_context=context))
    server.add_user("frontdesk", "secret")
    settings = replace(
        imap(practice.good(), server.port, "tls"), tls_cafile=str(tmp_path / "ca.pem")
    )
    product = await practice.open(settings)
    said = await said_while_running(product, LineState.STOPPED)
    assert "could not prove who it is" in said.sentence


async def test_starttls_that_somebody_took_out(practice: Practice) -> None:
    # The server offers no STARTTLS, as when somebody on the way strips it from the greeting.
    product = await practice.open(imap(practice.good(), practice.world.imap.port, "starttls"))
    said = await said_while_running(product, LineState.STOPPED)
    assert "STARTTLS" in said.sentence


async def test_a_host_that_does_not_exist(practice: Practice) -> None:
    product = await practice.open(imap(practice.good(), 993, "tls", "imap.lakeside.invalid"))
    said = await said_while_running(product, LineState.RETRYING)
    assert "was not found" in said.sentence


async def test_a_port_where_nobody_answers(practice: Practice) -> None:
    product = await practice.open(imap(practice.good(), 1, "none"))
    said = await said_while_running(product, LineState.RETRYING)
    assert "does not answer" in said.sentence


# ---- sending ---------------------------------------------------------------------------------


async def sent(product: Product) -> tuple[MessageStatus, str, str]:
    """Write to Rosa from the front desk; what became of it."""
    for line_id in ("front-desk", "nurse"):
        await product.repository.lines.add_evidence(
            Evidence(line_id, EvidenceKind.ROUND_TRIP, product.clock())
        )
    await product.sync()
    row = await product.write(email("rosa@example.com"), "Your form is ready. Dana")
    return row.status, row.status_text, row.hint


async def test_sending_with_a_wrong_password(practice: Practice) -> None:
    settings = practice.good()
    practice.world.smtp.add_user("frontdesk", "changed")
    status, text, hint = await sent(await practice.open(settings))
    assert status is MessageStatus.FAILED
    assert "password" in text
    assert hint
    assert practice.world.smtp.accepted == []


async def test_sending_over_a_connection_that_is_not_private(
    practice: Practice, server_tls: ssl.SSLContext, stack: ExitStack
) -> None:
    server = stack.enter_context(SmtpServer(security="tls", ssl_context=server_tls))
    bare = stack.enter_context(SmtpServer())
    for port, security, words in (
        (server.port, "tls", "could not prove who it is"),
        (bare.port, "starttls", "STARTTLS"),
    ):
        settings = smtp(practice.good(), port, "tls" if security == "tls" else "starttls")
        product = await practice.open(settings)
        status, text, hint = await sent(product)
        assert status is MessageStatus.FAILED
        assert words in text
        assert hint
        await product.close()
        practice.opened.clear()
        practice.clock.advance(minutes=20)
    assert server.accepted == bare.accepted == []


async def test_sending_while_the_server_is_away_waits_and_leaves_once(practice: Practice) -> None:
    product = await practice.open(smtp(practice.good(), 465, "tls", "smtp.lakeside.invalid"))
    status, text, hint = await sent(product)
    assert status is MessageStatus.QUEUED
    assert "was not found" in text
    assert hint
    await product.close()
    practice.opened.clear()
    product = await practice.open(practice.good())
    await product.back_office.deliver_due()
    assert practice.world.smtp.accepted == []  # not before its time
    practice.clock.advance(minutes=2)
    await product.sync()
    await product.back_office.deliver_due()
    await product.back_office.deliver_due()
    assert len(practice.world.smtp.accepted) == 1
    await product.settle()
    await product.sync()
    await product.check()


async def test_a_copy_that_sent_could_not_take_is_shown_and_made_good(practice: Practice) -> None:
    product = await practice.open(practice.good())
    practice.deliver("Thursday")
    await product.sync()
    row = await product.queue((await product.only()).id, "Yes, at ten.")
    good = practice.good()
    away = replace(good, imap=replace(good.imap, port=1))
    await product.close()
    practice.opened.clear()
    product = await practice.open(away)
    await product.back_office.deliver_due()
    await product.settle()
    assert (await product.repository.outbox.get(row.id)).status is MessageStatus.SENT
    practice.clock.advance(minutes=2)
    await product.sync()
    view = next(one for one in await product.desk.lines() if one.line.id == "front-desk")
    assert view.uncopied is not None
    assert view.uncopied.count == 1
    assert uncopied_words(view.uncopied).startswith("1 sent message is not in the Sent folder yet")
    assert practice.world.imap.messages("frontdesk", "Sent") == []

    await product.close()
    practice.opened.clear()
    product = await practice.open(good)
    practice.clock.advance(hours=1)
    for _ in range(2):
        await product.sync()
    [copy] = practice.world.imap.messages("frontdesk", "Sent")
    [left] = practice.world.smtp.accepted
    assert copy.raw == left.raw
    assert (await product.desk.lines())[0].uncopied is None
    await product.sync()
    await product.check()

"""Dovecot does what the product's interop tests rely on."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from typing import Any

import imapclient
import pytest
from imapclient.exceptions import IMAPClientAbortError, LoginError

from tests.interop.dovecot import DovecotServer
from tests.interop.servers import Account

TEXT = "Can I move Thursday’s visit? — Rosa"


def mail(number: int = 1) -> bytes:
    return (
        "From: Rosa Jimenez <rosa@example.com>\r\n"
        "To: frontdesk@lakeside.example\r\n"
        f"Subject: Visit {number}\r\n"
        f"Message-ID: <visit-{number}@example.com>\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "\r\n"
        f"{TEXT}\r\n"
        ".starts with a dot\r\n"
    ).encode()


@pytest.fixture
def client(dovecot: DovecotServer, front_desk: Account) -> Iterator[Any]:
    client = dovecot.connect(front_desk)
    yield client
    client.shutdown()


def test_offers_what_the_product_can_use(client: Any) -> None:
    offered = set(client.capabilities())
    assert {b"CONDSTORE", b"IDLE", b"UIDPLUS", b"MOVE", b"SPECIAL-USE", b"MULTIAPPEND"} <= offered
    assert client.find_special_folder(b"\\Sent") == "Sent"
    assert client.select_folder("INBOX")[b"UIDVALIDITY"] > 0


def test_starttls_on_the_plain_port(dovecot: DovecotServer, front_desk: Account) -> None:
    client = imapclient.IMAPClient("localhost", dovecot.imap_port, ssl=False, timeout=10)
    client.starttls(dovecot.certificate.trust())
    client.login(front_desk.address, front_desk.password)
    client.logout()


def test_condstore_tells_what_changed(
    dovecot: DovecotServer, front_desk: Account, client: Any
) -> None:
    uids = dovecot.append_many(front_desk, [mail(n) for n in range(3)])
    client.enable("CONDSTORE")
    before = client.select_folder("INBOX")[b"HIGHESTMODSEQ"]
    dovecot.doveadm("flags", "add", "-u", front_desk.address, "\\Answered", "uid", str(uids[1]))
    client.noop()
    assert list(client.search(["MODSEQ", before + 1])) == [uids[1]]


def test_lmtp_delivers_byte_for_byte(dovecot: DovecotServer, front_desk: Account) -> None:
    dovecot.deliver(front_desk.address, mail(), sender="rosa@example.com")
    [stored] = dovecot.wait_for_mail(front_desk.address)
    assert stored.startswith(b"Return-Path: <rosa@example.com>\r\n")
    assert stored.endswith(mail())


def test_lmtp_refuses_whom_it_does_not_know(dovecot: DovecotServer, front_desk: Account) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        dovecot.deliver("nobody@lakeside.example", mail())
    dovecot.deliver(front_desk.address, mail())
    dovecot.remove_user(front_desk)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        dovecot.deliver(front_desk.address, mail())


def test_delivery_reaches_idle(dovecot: DovecotServer, front_desk: Account, client: Any) -> None:
    client.select_folder("INBOX")
    client.idle()
    dovecot.deliver(front_desk.address, mail())
    assert (1, b"EXISTS") in client.idle_check(timeout=5)
    client.idle_done()


def test_kick_ends_the_connection(dovecot: DovecotServer, front_desk: Account, client: Any) -> None:
    client.select_folder("INBOX")
    dovecot.kick(front_desk.address)
    with pytest.raises((IMAPClientAbortError, OSError)):
        client.noop()


def test_uidvalidity_changes_and_uids_stay(
    dovecot: DovecotServer, front_desk: Account, client: Any
) -> None:
    uids = dovecot.append_many(front_desk, [mail(1), mail(2)])
    before = dovecot.uid_validity(front_desk.address)
    assert dovecot.uid_validity(front_desk.address, value=before + 7) == before + 7
    assert client.select_folder("INBOX")[b"UIDVALIDITY"] == before + 7
    assert client.search() == uids


def test_recreated_folder_starts_over(dovecot: DovecotServer, front_desk: Account) -> None:
    dovecot.append_many(front_desk, [mail(1), mail(2)], folder="Sent")
    before = dovecot.uid_validity(front_desk.address, "Sent")
    dovecot.recreate(front_desk.address, "Sent")
    assert dovecot.count(front_desk.address, "Sent") == 0
    assert dovecot.uid_validity(front_desk.address, "Sent") != before


def test_ten_thousand_messages_are_quickly_made(
    dovecot: DovecotServer, front_desk: Account
) -> None:
    started = time.monotonic()
    uids = dovecot.append_many(front_desk, [mail(n) for n in range(10_000)])
    assert len(set(uids)) == dovecot.count(front_desk.address) == 10_000
    assert time.monotonic() - started < 30
    dovecot.expunge(front_desk.address, uids[17])
    assert dovecot.uids(front_desk.address) == uids[:17] + uids[18:]
    assert dovecot.messages(front_desk.address)[-1] == mail(9_999)


def test_wrong_passwords_are_refused_at_once(dovecot: DovecotServer, front_desk: Account) -> None:
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(LoginError, match="AUTHENTICATIONFAILED"):
            dovecot.connect(Account(front_desk.address, "wrong"))
    assert time.monotonic() - started < 3
    changed = dovecot.set_password(front_desk, "another")
    dovecot.connect(changed).logout()


def test_stop_and_start_keep_the_mail(
    dovecot: DovecotServer, front_desk: Account, client: Any
) -> None:
    dovecot.deliver(front_desk.address, mail())
    dovecot.stop()
    with pytest.raises((IMAPClientAbortError, OSError)):
        client.noop()
    with pytest.raises(ConnectionRefusedError):
        dovecot.connect(front_desk)
    dovecot.start()
    assert dovecot.count(front_desk.address) == 1

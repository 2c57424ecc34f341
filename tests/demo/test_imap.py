"""The IMAP server behaves like a real one where it matters."""

from __future__ import annotations

import imaplib
import ssl
import time
from datetime import UTC, datetime

import imapclient
import pytest
from imapclient.exceptions import IMAPClientAbortError, LoginError

from demo.imap import ImapServer
from tests.demo.clients import MAIL, imap


@pytest.fixture
def server(imap_server: ImapServer) -> ImapServer:
    imap_server.add_user("frontdesk", "right")
    return imap_server


@pytest.mark.parametrize(("user", "password"), [("frontdesk", "wrong"), ("nobody", "right")])
def test_wrong_login_is_refused(server: ImapServer, user: str, password: str) -> None:
    with (
        pytest.raises(LoginError, match="AUTHENTICATIONFAILED"),
        imap(server.port, user, password),
    ):
        pass


def test_a_new_password_replaces_the_old(server: ImapServer) -> None:
    server.deliver("frontdesk", MAIL)
    server.add_user("frontdesk", "newer")
    with pytest.raises(LoginError), imap(server.port, "frontdesk", "right"):
        pass
    with imap(server.port, "frontdesk", "newer") as client:
        assert client.select_folder("INBOX")[b"EXISTS"] == 1


def test_users_have_inbox_and_sent_and_what_is_added(server: ImapServer) -> None:
    server.create_folder("frontdesk", "Archive")
    with imap(server.port, "frontdesk", "right") as client:
        assert [name for _, _, name in client.list_folders()] == ["INBOX", "Sent", "Archive"]
    assert server.folders("frontdesk") == ["INBOX", "Sent", "Archive"]


def test_what_is_delivered_is_fetched_byte_for_byte(server: ImapServer) -> None:
    when = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    uid = server.deliver("frontdesk", MAIL, internal_date=when, flags=[r"\Seen", r"\Answered"])
    with imap(server.port, "frontdesk", "right") as client:
        client.normalise_times = False
        client.select_folder("INBOX", readonly=True)
        found = client.fetch([uid], ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])[uid]
    assert found[b"BODY[]"] == MAIL
    assert found[b"INTERNALDATE"] == when
    assert {rb"\Seen", rb"\Answered"} <= set(found[b"FLAGS"])
    assert server.messages("frontdesk") == [(uid, (r"\Answered", r"\Seen"), MAIL)]
    assert server.internal_date("frontdesk", uid) == when


def test_peek_leaves_a_mail_unread_and_a_plain_fetch_does_not(server: ImapServer) -> None:
    uid = server.deliver("frontdesk", MAIL)
    with imap(server.port, "frontdesk", "right") as client:
        client.select_folder("INBOX")
        client.fetch([uid], ["BODY.PEEK[]"])
        assert server.messages("frontdesk")[0].flags == ()
        client.fetch([uid], ["BODY[]"])
        assert server.messages("frontdesk")[0].flags == (r"\Seen",)


def test_idle_announces_what_came_just_before_it(server: ImapServer) -> None:
    # imaplib and not imapclient, whose idle_check overlooks what came with the continuation.
    client = imaplib.IMAP4("127.0.0.1", server.port, timeout=3)
    try:
        client.login("frontdesk", "right")
        client.select()
        server.deliver("frontdesk", MAIL)
        client.send(b"X1 IDLE\r\n")
        assert client.readline().startswith(b"+")
        heard = [client.readline()]
        while b"EXISTS" not in heard[-1]:
            heard.append(client.readline())
        assert heard[-1] == b"* 1 EXISTS\r\n"
        client.send(b"DONE\r\n")
    finally:
        client.shutdown()


def test_idle_announces_what_comes_while_it_lasts(server: ImapServer) -> None:
    with imap(server.port, "frontdesk", "right") as client:
        client.select_folder("INBOX")
        client.idle()
        assert client.idle_check(timeout=0.05) == []
        began = time.monotonic()
        server.deliver("frontdesk", MAIL)
        assert (1, b"EXISTS") in client.idle_check(timeout=3)
        assert time.monotonic() - began < 1
        client.idle_done()


def test_append_to_sent_is_kept(server: ImapServer) -> None:
    with imap(server.port, "frontdesk", "right") as client:
        client.append("Sent", MAIL, flags=[r"\Seen"])
    [stored] = server.messages("frontdesk", "Sent")
    assert (stored.raw, stored.flags) == (MAIL, (r"\Seen",))


def test_an_expunge_by_somebody_else_is_announced(server: ImapServer) -> None:
    uids = [server.deliver("frontdesk", MAIL) for _ in range(3)]
    with imap(server.port, "frontdesk", "right") as client:
        client.select_folder("INBOX")
        server.expunge("frontdesk", uids[:1])
        client.noop()
        assert client.search() == uids[1:]


def test_reset_uidvalidity_renumbers_and_closes_the_connection(server: ImapServer) -> None:
    old_uids = [server.deliver("frontdesk", MAIL, flags=[r"\Seen"]) for _ in range(2)]
    with imap(server.port, "frontdesk", "right") as client:
        before = client.select_folder("INBOX")[b"UIDVALIDITY"]
        assert server.reset_uidvalidity("frontdesk") == before
        with pytest.raises((IMAPClientAbortError, OSError)):
            client.noop()
    with imap(server.port, "frontdesk", "right") as client:
        assert client.select_folder("INBOX")[b"UIDVALIDITY"] > before
        new_uids = client.search()
    assert len(new_uids) == 2
    assert not set(new_uids) & set(old_uids)
    assert [stored.flags for stored in server.messages("frontdesk")] == [(r"\Seen",)] * 2


def test_drop_all_cuts_every_connection(server: ImapServer) -> None:
    with (
        imap(server.port, "frontdesk", "right") as one,
        imap(server.port, "frontdesk", "right") as two,
    ):
        assert server.drop_all() == 2
        for client in (one, two):
            with pytest.raises((IMAPClientAbortError, OSError)):
                client.noop()
    with imap(server.port, "frontdesk", "right") as again:
        assert again.noop()[0] == b"NOOP completed."


def test_tls_from_the_first_byte(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    with ImapServer(security="tls", ssl_context=server_tls) as server:
        server.add_user("frontdesk", "right")
        with imap(server.port, "frontdesk", "right", tls=client_tls) as client:
            assert client.select_folder("INBOX")[b"EXISTS"] == 0
        with pytest.raises(ssl.SSLCertVerificationError):
            imapclient.IMAPClient(
                "127.0.0.1", server.port, ssl_context=ssl.create_default_context(), timeout=5
            )


def test_starttls(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    with ImapServer(security="starttls", ssl_context=server_tls) as server:
        server.add_user("frontdesk", "right")
        client = imapclient.IMAPClient("127.0.0.1", server.port, ssl=False, timeout=5)
        assert client.has_capability("STARTTLS")
        client.starttls(client_tls)
        client.login("frontdesk", "right")
        client.logout()


def test_a_server_with_tls_needs_a_certificate() -> None:
    with pytest.raises(ValueError, match="ssl_context"):
        ImapServer(security="tls")


def test_starting_and_stopping_takes_no_time() -> None:
    began = time.monotonic()
    for _ in range(5):
        with ImapServer() as server:
            server.add_user("frontdesk", "right")
    assert time.monotonic() - began < 1.5

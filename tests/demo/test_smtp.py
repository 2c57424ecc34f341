"""The SMTP server takes mail like a real one and misbehaves as told."""

from __future__ import annotations

import smtplib
import ssl

import pytest

from demo.smtp import SmtpServer, Trouble
from tests.demo.clients import MAIL, smtp, wait_for

FROM = "frontdesk@lakeside.example"
ROSA = "rosa.jimenez@mail.example"
OMAR = "omar.haddad@post.example"


def send(server: SmtpServer, *to: str, raw: bytes = MAIL) -> dict[str, tuple[int, bytes]]:
    with smtp(server.port) as client:
        return client.sendmail(FROM, to or (ROSA,), raw)


def test_what_is_sent_is_recorded(smtp_server: SmtpServer) -> None:
    dotted = MAIL + b"\r\n.\r\n..two\r\nFrom the desk\r\n"
    send(smtp_server, ROSA, OMAR, raw=dotted)
    [taken] = smtp_server.accepted
    assert (taken.sender, taken.recipients, taken.raw) == (FROM, (ROSA, OMAR), dotted)


def test_with_users_one_must_log_in(smtp_server: SmtpServer) -> None:
    smtp_server.add_user("frontdesk", "right")
    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        send(smtp_server)
    assert refused.value.smtp_code == 530
    with (
        pytest.raises(smtplib.SMTPAuthenticationError),
        smtp(smtp_server.port, "frontdesk", "wrong"),
    ):
        pass
    with smtp(smtp_server.port, "frontdesk", "right") as client:
        client.sendmail(FROM, [ROSA], MAIL)
    assert smtp_server.accepted[0].user == "frontdesk"


def test_both_mechanisms_log_in(smtp_server: SmtpServer) -> None:
    smtp_server.add_user("frontdesk", "right")
    with smtp(smtp_server.port) as client:
        client.user, client.password = "frontdesk", "right"
        assert client.auth("LOGIN", client.auth_login)[0] == 235
    with smtp(smtp_server.port) as client:
        client.user, client.password = "frontdesk", "right"
        assert client.auth("PLAIN", client.auth_plain)[0] == 235


@pytest.mark.parametrize(
    ("trouble", "error", "code"),
    [
        (Trouble("mail", reply="451 4.3.0 later"), smtplib.SMTPSenderRefused, 451),
        (Trouble("mail", reply="553 5.7.1 no", sender=FROM), smtplib.SMTPSenderRefused, 553),
        (Trouble("data", reply="421 4.3.2 closing"), smtplib.SMTPDataError, 421),
        (Trouble("end", reply="554 5.6.0 no"), smtplib.SMTPDataError, 554),
    ],
)
def test_a_refusal_says_its_code_and_takes_nothing(
    smtp_server: SmtpServer,
    trouble: Trouble,
    error: type[smtplib.SMTPResponseException],
    code: int,
) -> None:
    smtp_server.script(trouble)
    with pytest.raises(error) as refused:
        send(smtp_server)
    assert refused.value.smtp_code == code
    assert smtp_server.accepted == []
    smtp_server.heal()
    send(smtp_server)
    assert len(smtp_server.accepted) == 1


def test_one_recipient_of_two_is_refused(smtp_server: SmtpServer) -> None:
    smtp_server.script(Trouble("rcpt", reply="550 5.1.1 unknown", recipient=OMAR.upper()))
    assert send(smtp_server, ROSA, OMAR) == {OMAR: (550, b"5.1.1 unknown")}
    assert smtp_server.accepted[0].recipients == (ROSA,)


def test_trouble_for_somebody_else_leaves_one_alone(smtp_server: SmtpServer) -> None:
    smtp_server.script(Trouble("mail", sender="nurse@lakeside.example"))
    smtp_server.script(Trouble("end", recipient=OMAR))
    assert send(smtp_server, ROSA) == {}


def test_trouble_counts_down(smtp_server: SmtpServer) -> None:
    smtp_server.script(Trouble("mail", reply="451 4.3.0 later", times=2))
    for _ in range(2):
        with pytest.raises(smtplib.SMTPSenderRefused):
            send(smtp_server)
    assert send(smtp_server) == {}


@pytest.mark.parametrize("then", ["drop", "hang"])
@pytest.mark.parametrize(("accept", "taken"), [(False, 0), (True, 1)])
def test_a_lost_answer_looks_the_same_whether_the_mail_was_taken_or_not(
    smtp_server: SmtpServer, then: str, accept: bool, taken: int
) -> None:
    smtp_server.script(
        Trouble("end", then="drop" if then == "drop" else "hang", accept=accept, times=1)
    )
    with smtp(smtp_server.port) as client:
        if client.sock is not None:
            client.sock.settimeout(0.3)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.sendmail(FROM, [ROSA], MAIL)
    assert len(smtp_server.accepted) == taken


def test_the_size_limit_is_announced_and_kept() -> None:
    with SmtpServer(size_limit=1000) as server:
        with smtp(server.port) as client:
            assert client.esmtp_features["size"] == "1000"
            with pytest.raises(smtplib.SMTPSenderRefused) as refused:
                client.sendmail(FROM, [ROSA], MAIL + b"x" * 900 + b"\r\n")
            assert refused.value.smtp_code == 552
        # A client that does not say the size finds out at the end.
        with smtp(server.port) as client:
            client.docmd(f"MAIL FROM:<{FROM}>")
            client.docmd(f"RCPT TO:<{ROSA}>")
            assert client.data(MAIL + b"x" * 900 + b"\r\n")[0] == 552
        assert server.accepted == []


def test_drop_all_cuts_open_connections(smtp_server: SmtpServer) -> None:
    with smtp(smtp_server.port) as client:
        assert wait_for(smtp_server.drop_all) == 1
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()


def test_required_starttls(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    with SmtpServer(security="starttls", require_starttls=True, ssl_context=server_tls) as server:
        server.add_user("frontdesk", "right")
        with smtp(server.port) as client:
            assert client.docmd(f"MAIL FROM:<{FROM}>")[0] == 530
            client.starttls(context=client_tls)
            client.login("frontdesk", "right")
            client.sendmail(FROM, [ROSA], MAIL)
            client.quit()
        assert len(server.accepted) == 1


def test_tls_from_the_first_byte(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    with SmtpServer(security="tls", ssl_context=server_tls) as server:
        with smtplib.SMTP_SSL(
            "127.0.0.1", server.port, local_hostname="test.example", context=client_tls, timeout=5
        ) as client:
            client.sendmail(FROM, [ROSA], MAIL)
        assert len(server.accepted) == 1


def test_a_server_with_tls_needs_a_certificate() -> None:
    with pytest.raises(ValueError, match="ssl_context"):
        SmtpServer(security="starttls")

"""Postfix takes from staff and from outside, delivers into Dovecot, and lets nothing leave."""

from __future__ import annotations

import email
import email.policy
import smtplib
from email.message import EmailMessage

import pytest

from tests.interop.dovecot import DovecotServer
from tests.interop.postfix import PostfixServer
from tests.interop.servers import HELLO, Account


def letter(sender: str, recipient: str, subject: str = "Your visit") -> bytes:
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = subject
    message["Message-ID"] = f"<{subject.replace(' ', '-')}@lakeside.example>"
    message.set_content("Thursday at nine works.\n.\nDana\n")
    return message.as_bytes()


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_submitted_mail_arrives_with_its_return_path(
    dovecot: DovecotServer, postfix: PostfixServer, front_desk: Account, patient: Account
) -> None:
    raw = letter(front_desk.address, patient.address)
    postfix.submit(front_desk, [patient.address], raw)
    [stored] = dovecot.wait_for_mail(patient.address)
    arrived = parsed(stored)
    assert arrived["Return-Path"] == f"<{front_desk.address}>"
    assert arrived["From"] == front_desk.address
    assert arrived["Message-ID"] == "<Your-visit@lakeside.example>"
    assert stored.partition(b"\r\n\r\n")[2] == raw.partition(b"\r\n\r\n")[2]


def test_implicit_tls_submits_too(
    dovecot: DovecotServer, postfix: PostfixServer, front_desk: Account, patient: Account
) -> None:
    with smtplib.SMTP_SSL(
        "localhost",
        postfix.submissions_port,
        local_hostname=HELLO,
        context=postfix.certificate.trust(),
    ) as smtp:
        smtp.login(front_desk.address, front_desk.password)
        smtp.sendmail(
            front_desk.address, [patient.address], letter(front_desk.address, patient.address)
        )
    assert len(dovecot.wait_for_mail(patient.address)) == 1


def test_mail_from_outside_arrives(
    dovecot: DovecotServer, postfix: PostfixServer, front_desk: Account
) -> None:
    postfix.arrive(
        "omar@elsewhere.invalid", [front_desk.address], letter("omar@elsewhere.invalid", "you")
    )
    [stored] = dovecot.wait_for_mail(front_desk.address)
    assert parsed(stored)["Return-Path"] == "<omar@elsewhere.invalid>"


def test_unknown_person_makes_a_real_bounce(
    dovecot: DovecotServer, postfix: PostfixServer, front_desk: Account
) -> None:
    raw = letter(front_desk.address, "nobody@example.com", "Results are in")
    postfix.submit(front_desk, ["nobody@example.com"], raw)
    [stored] = dovecot.wait_for_mail(front_desk.address)
    bounce = parsed(stored)
    assert bounce.get_content_type() == "multipart/report"
    assert bounce["Return-Path"] == "<>"
    status = next(p for p in bounce.walk() if p.get_content_type() == "message/delivery-status")
    fields = {k.lower(): v for block in status.get_payload() for k, v in block.items()}  # type: ignore[union-attr] # delivery-status is a list of header blocks
    assert fields["final-recipient"] == "rfc822; nobody@example.com"
    assert fields["status"].startswith("5.1.1")
    assert b"<Results-are-in@lakeside.example>" in stored
    postfix.wait_until_idle()


def test_nothing_leaves(postfix: PostfixServer, front_desk: Account) -> None:
    raw = letter(front_desk.address, "someone@outside.invalid")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        postfix.submit(front_desk, ["someone@outside.invalid"], raw)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        postfix.arrive("omar@elsewhere.invalid", ["someone@outside.invalid"], raw)
    assert postfix.queue() == []


def test_submission_insists_on_tls_and_password(
    postfix: PostfixServer, front_desk: Account, patient: Account
) -> None:
    raw = letter(front_desk.address, patient.address)
    with smtplib.SMTP("localhost", postfix.submission_port, local_hostname=HELLO) as smtp:
        with pytest.raises(smtplib.SMTPSenderRefused, match="STARTTLS"):
            smtp.sendmail(front_desk.address, [patient.address], raw)
        assert not smtp.has_extn("auth")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        postfix.submit(Account(front_desk.address, "wrong"), [patient.address], raw)


def test_another_sender_needs_permission(
    dovecot: DovecotServer, postfix: PostfixServer, front_desk: Account, patient: Account
) -> None:
    raw = letter("noreply@lakeside.example", patient.address)
    with pytest.raises(smtplib.SMTPRecipientsRefused, match="553"):
        postfix.submit(front_desk, [patient.address], raw, sender="noreply@lakeside.example")
    postfix.allow_sender(front_desk, "noreply@lakeside.example")
    postfix.submit(front_desk, [patient.address], raw, sender="noreply@lakeside.example")
    [stored] = dovecot.wait_for_mail(patient.address)
    assert parsed(stored)["Return-Path"] == "<noreply@lakeside.example>"


def test_oversize_is_refused_before_the_data(
    postfix: PostfixServer, front_desk: Account, patient: Account
) -> None:
    with pytest.raises(smtplib.SMTPSenderRefused, match="552"):
        postfix.submit(front_desk, [patient.address], b"Subject: big\r\n\r\n" + b"x" * 11_000_000)


def test_what_dovecot_cannot_take_waits_in_the_queue(
    dovecot: DovecotServer, postfix: PostfixServer, front_desk: Account, patient: Account
) -> None:
    dovecot.stop()
    try:
        raw = letter("omar@elsewhere.invalid", front_desk.address)
        postfix.arrive("omar@elsewhere.invalid", [front_desk.address], raw)
        assert len(postfix.queue()) == 1
    finally:
        dovecot.start()
    assert len(dovecot.wait_for_mail(front_desk.address, seconds=20)) == 1
    postfix.wait_until_idle()


def test_stop_and_start(
    dovecot: DovecotServer, postfix: PostfixServer, front_desk: Account, patient: Account
) -> None:
    postfix.stop()
    with pytest.raises(ConnectionRefusedError):
        postfix.arrive("omar@elsewhere.invalid", [patient.address], b"Subject: x\r\n\r\n")
    postfix.start()
    postfix.submit(front_desk, [patient.address], letter(front_desk.address, patient.address))
    assert len(dovecot.wait_for_mail(patient.address)) == 1

"""Machines are told from people, and what they report is linked to our message."""

from __future__ import annotations

import pytest

from adapters.mail.mime import read_mail
from inbox.message import FailedRecipient, Nature


def dsn(action: str, status: str, extra: str = "") -> bytes:
    return f"""Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example>
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It did not work.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; rosa@example.com
{extra}Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 unknown user

--b
Content-Type: text/rfc822-headers

From: frontdesk@lakeside.example
Message-ID: <our-id@lakeside.example>

--b--
""".encode()


def test_a_failure_names_the_recipient_and_our_message() -> None:
    arrival = read_mail(dsn("failed", "5.1.1"))

    assert arrival.nature is Nature.BOUNCE
    assert arrival.report is not None
    assert arrival.report.original_message_id == "our-id@lakeside.example"
    assert arrival.report.recipients == (
        FailedRecipient("rosa@example.com", "failed", "5.1.1", "550 5.1.1 unknown user"),
    )
    assert arrival.report.recipients[0].permanent


def test_a_delay_is_no_failure() -> None:
    report = read_mail(dsn("delayed", "4.4.1")).report

    assert report is not None
    assert [(one.action, one.permanent) for one in report.recipients] == [("delayed", False)]


def test_the_recipient_is_whom_we_wrote_to() -> None:
    extra = "Original-Recipient: rfc822;rosa.j@example.com\n"
    report = read_mail(dsn("failed", "5.1.1", extra)).report

    assert report is not None
    assert [one.address for one in report.recipients] == ["rosa.j@example.com"]


def test_a_receipt_is_no_bounce() -> None:
    arrival = read_mail(
        b"From: rosa@example.com\nSubject: Read: Thursday\n"
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
        b"--b\n\nread\n--b\nContent-Type: message/disposition-notification\n\n"
        b"Final-Recipient: rfc822;rosa@example.com\nOriginal-Message-ID: <our-id@x.example>\n"
        b"Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n"
    )

    assert arrival.nature is Nature.RECEIPT
    assert arrival.report is not None
    assert arrival.report.original_message_id == "our-id@x.example"


@pytest.mark.parametrize(
    ("header", "nature"),
    [
        (b"Auto-Submitted: auto-replied", Nature.AUTO_REPLY),
        (b"Auto-Submitted: auto-generated (vacation)", Nature.AUTO_REPLY),
        (b"Auto-Submitted: no", Nature.PERSONAL),
        (b"X-Autoreply: yes", Nature.AUTO_REPLY),
        (b"X-Autorespond: x", Nature.AUTO_REPLY),
        (b"Precedence: auto_reply", Nature.AUTO_REPLY),
        (b"X-MS-Exchange-Inbox-Rules-Loop: rosa@example.com", Nature.AUTO_REPLY),
        (b"X-Auto-Response-Suppress: All", Nature.PERSONAL),
        (b"X-Auto-Response-Suppress: All\nSubject: Automatic reply: Thursday", Nature.AUTO_REPLY),
        (b"Subject: Out of office next week", Nature.PERSONAL),
        (b"Subject: Out of office\nPrecedence: bulk", Nature.AUTO_REPLY),
        (b"List-Id: News <news.example.com>", Nature.BULK),
        (b"List-Unsubscribe: <https://x.example>", Nature.BULK),
        (b"Precedence: bulk", Nature.BULK),
        (b"Subject: Re: Undelivered Mail Returned to Sender", Nature.PERSONAL),
        (b"Subject: Delivery of my prescription", Nature.PERSONAL),
        (b"Return-Path: <>", Nature.PERSONAL),
        (b"X-Twoway-Probe: t\nAuto-Submitted: auto-generated", Nature.PROBE),
    ],
)
def test_machines_are_told_from_people(header: bytes, nature: Nature) -> None:
    raw = b"From: Rosa <rosa@example.com>\n" + header + b"\n\nI cannot come on Thursday.\n"

    assert read_mail(raw).nature is nature


def test_an_automatic_reply_names_what_it_answers() -> None:
    arrival = read_mail(
        b"From: rosa@example.com\nAuto-Submitted: auto-replied\nIn-Reply-To: <our@x.example>\n\n"
    )

    assert arrival.report is not None
    assert arrival.report.original_message_id == "our@x.example"


def test_the_list_is_named() -> None:
    arrival = read_mail(b"From: a@example.com\nList-Id: The News <news.example.com>\n\nx")

    assert arrival.list_id == "news.example.com"


def test_a_patient_who_quotes_a_bounce_is_no_bounce() -> None:
    arrival = read_mail(
        b"From: Rosa <rosa@example.com>\nSubject: Re: your mail\n\nI got this:\n\n"
        b"> The following address(es) failed:\n>\n>   rosa@example.com\n>     unknown user\n"
    )

    assert arrival.nature is Nature.PERSONAL

"""Delivery reports as mail systems write them (RFC 3464 in an RFC 6522 multipart/report)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

POSTMASTER = "MAILER-DAEMON@mx.lakeside.example"
"""Who signs the reports; nobody reads what is sent there."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a mail did not reach one recipient."""

    recipient: str
    """The address that failed."""
    status: str = "5.1.1"
    """Enhanced status code (RFC 3463): class.subject.detail."""
    diagnostic: str = "550 5.1.1 <{recipient}>: Recipient address rejected: User unknown"
    """The remote server's words; ``{recipient}`` stands for the address."""

    @property
    def words(self) -> str:
        """The diagnostic with the address filled in."""
        return self.diagnostic.format(recipient=self.recipient)


def bounce(
    *, sender: str, failure: Failure, original: bytes, at: datetime, message_id: str
) -> bytes:
    """A report to the envelope sender that carries the undelivered mail whole.

    Args:
        sender: the envelope sender, who gets the report.
        failure: which recipient, and why.
        original: the mail as submitted; its Message-ID is what links the report to it.
        at: aware time of the report.
        message_id: the report's own id, with angle brackets.
    """
    boundary = f"report-{at.strftime('%H%M%S%f')}.lakeside.example"
    stamp = format_datetime(at)
    lines = [
        "Return-Path: <>",
        f"Date: {stamp}",
        f"From: Mail Delivery System <{POSTMASTER}>",
        f"To: {sender}",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        f"Message-ID: {message_id}",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status;",
        f'\tboundary="{boundary}"',
        "",
        "This is a MIME-encapsulated message.",
        "",
        f"--{boundary}",
        "Content-Description: Notification",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "This is the mail system at host mx.lakeside.example.",
        "",
        "Your message could not be delivered to the address below. The message",
        "itself is attached.",
        "",
        f"<{failure.recipient}>:",
        f"    {failure.words}",
        "",
        f"--{boundary}",
        "Content-Description: Delivery report",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.lakeside.example",
        f"Arrival-Date: {stamp}",
        "",
        f"Final-Recipient: rfc822; {failure.recipient}",
        "Action: failed",
        f"Status: {failure.status}",
        f"Remote-MTA: dns; mx.{failure.recipient.rpartition('@')[2]}",
        f"Diagnostic-Code: smtp; {failure.words}",
        "",
        f"--{boundary}",
        "Content-Description: Undelivered Message",
        "Content-Type: message/rfc822",
        "",
        "",
    ]
    head = "\r\n".join(lines).encode("utf-8")
    return head + original + f"\r\n--{boundary}--\r\n".encode("ascii")

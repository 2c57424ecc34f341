"""A mail world in a box: what is submitted by SMTP arrives by IMAP, or bounces.

Every address of every domain lives here; nothing can leave. Delivery adds the trace headers a
real system adds (RFC 5321 4.4: Return-Path and Received; Delivered-To by custom). What providers
do to mail, such as rewriting From, is scripted per address with a `Treatment`.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Self

from demo.bounce import Failure, bounce
from demo.imap import ImapServer, Security
from demo.loop import LoopThread
from demo.smtp import Accepted, SmtpServer

Clock = Callable[[], datetime]
"""The current time, aware."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """What the provider does to mail of one address.

    The first group acts on mail *from* the address, the second on mail *to* it.
    """

    rewrite_from: str | None = None
    """Submitted mail leaves with this address in From: an alias the provider does not honour."""
    rewrite_reply_to: str | None = None
    """Submitted mail leaves with this Reply-To, whether it had one or not."""
    strip_reply_to: bool = False
    """Submitted mail loses its Reply-To."""
    rewrite_envelope: str | None = None
    """Submitted mail leaves with this envelope sender, and bounces go there."""
    refuse: str | None = None
    """The reply to MAIL FROM, such as ``553 5.7.1 Sender address rejected: not owned``."""

    discard: bool = False
    """Arriving mail is taken and thrown away, without a bounce: nobody can receive there."""
    bounce: Failure | None = None
    """Arriving mail bounces for this reason although the address exists; recipient is ignored."""
    delay: float = 0.0
    """Arriving mail waits this many seconds on its way."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One mail that reached a mailbox, as its listeners are told."""

    recipient: str
    """The address it was delivered to."""
    sender: str
    """The envelope sender; empty for reports."""
    raw: bytes
    """The mail with its trace headers."""


Listener = Callable[[Delivered], None]
"""Called on the world's loop soon after a delivery; it must not block."""


class MailWorld:
    """SMTP in, IMAP out, for every address there is.

    A context manager. Methods may be called from any thread unless they say otherwise.

    Args:
        security: how both servers protect the connection.
        ssl_context: their certificate; required unless security is ``none``.
        clock: the time stamped on what is delivered.
        size_limit: greatest mail in bytes SMTP takes.
    """

    def __init__(
        self,
        *,
        security: Security = "none",
        ssl_context: ssl.SSLContext | None = None,
        clock: Clock | None = None,
        size_limit: int | None = 35_000_000,
    ) -> None:
        self.clock: Clock = clock or (lambda: datetime.now(UTC))
        """The world's time."""
        self.thread = LoopThread("demo-mail")
        """The loop both servers run on."""
        self.imap = ImapServer(security=security, ssl_context=ssl_context, thread=self.thread)
        """Where mail is read."""
        self.smtp = SmtpServer(
            security=security,
            ssl_context=ssl_context,
            size_limit=size_limit,
            receiver=self._receive,
            thread=self.thread,
        )
        """Where mail is submitted."""
        self.bounced: list[Failure] = []
        """Every recipient a report was written for, in order."""
        self._users: dict[str, str] = {}
        self._treatments: dict[str, Treatment] = {}
        self._listeners: dict[str, list[Listener]] = {}
        self._serial = itertools.count(1)
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self) -> Self:
        """Start both servers; returns when clients can connect."""
        self.thread.start()
        self.imap.start()
        self.smtp.start()
        return self

    def stop(self) -> None:
        """Stop both servers and forget mail that is under way."""
        self.smtp.stop()
        self.imap.stop()
        self.thread.stop()

    # ---- who there is ------------------------------------------------------------------------

    def add_user(self, user: str, password: str, *addresses: str) -> None:
        """Add an account that reads by IMAP and sends by SMTP, with the addresses it receives."""
        self.imap.add_user(user, password)
        self.smtp.add_user(user, password)
        for address in addresses:
            self.add_alias(address, user)

    def add_address(self, address: str, password: str | None = None) -> None:
        """Add an account for one outside address, whose user name is the address.

        The password is the address too, unless another is given.
        """
        self.add_user(address, password or address, address)

    def add_alias(self, address: str, user: str) -> None:
        """Let an account receive what is sent to an address."""
        self._users[address.lower()] = user

    def remove_alias(self, address: str) -> None:
        """From now on mail to the address bounces as unknown; harmless when it already does."""
        self._users.pop(address.lower(), None)

    def user_of(self, address: str) -> str | None:
        """Whose mailbox an address leads to; None when nobody has it."""
        return self._users.get(address.lower())

    def treat(self, address: str, treatment: Treatment) -> None:
        """Set what the provider does to mail of an address, in place of what it did."""
        self._treatments[address.lower()] = treatment
        self.smtp.refuse_sender(address, treatment.refuse)

    def listen(self, address: str, listener: Listener) -> None:
        """Have a function called for each mail delivered to an address."""
        self._listeners.setdefault(address.lower(), []).append(listener)

    # ---- what travels ------------------------------------------------------------------------

    def send(self, sender: str, recipients: Iterable[str], raw: bytes) -> None:
        """Hand mail over as an outside system would; returns when it is delivered or bounced."""
        self.thread.call(self.send_soon(sender, tuple(recipients), raw))

    def inbox(self, address: str) -> list[bytes]:
        """The mail in the INBOX an address leads to, oldest first.

        Raises:
            KeyError: nobody has the address.
        """
        return [stored.raw for stored in self.imap.messages(self._users[address.lower()])]

    async def send_soon(self, sender: str, recipients: tuple[str, ...], raw: bytes) -> None:
        """What `send` does, for callers that already run on the world's loop."""
        treated = self._treatments.get(sender.lower(), Treatment())
        envelope = treated.rewrite_envelope if treated.rewrite_envelope is not None else sender
        outgoing = _rewrite(raw, treated)
        for recipient in recipients:
            wait = self._treatments.get(recipient.lower(), Treatment()).delay
            if wait > 0:
                task = asyncio.create_task(self._later(wait, envelope, recipient, outgoing))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            else:
                await self._route(envelope, recipient, outgoing)

    async def _receive(self, mail: Accepted) -> str | None:
        await self.send_soon(mail.sender, mail.recipients, mail.raw)
        return None

    async def _later(self, wait: float, sender: str, recipient: str, raw: bytes) -> None:
        await asyncio.sleep(wait)
        await self._route(sender, recipient, raw)

    async def _route(self, sender: str, recipient: str, raw: bytes) -> None:
        treated = self._treatments.get(recipient.lower(), Treatment())
        user = self.user_of(recipient)
        if treated.discard:
            return
        if treated.bounce is not None or user is None:
            why = treated.bounce or Failure(recipient)
            await self._bounce(sender, Failure(recipient, why.status, why.diagnostic), raw)
            return
        traced = self._trace(sender, recipient) + raw
        await self.imap.deliver_soon(user, traced, internal_date=self.clock())
        delivered = Delivered(recipient, sender, traced)
        for listener in self._listeners.get(recipient.lower(), []):
            # By way of the loop: a listener that fails must not refuse what is delivered.
            asyncio.get_running_loop().call_soon(listener, delivered)

    async def _bounce(self, sender: str, failure: Failure, raw: bytes) -> None:
        self.bounced.append(failure)
        user = self.user_of(sender)
        # A report about a report, or to nobody, ends here (RFC 5321 4.5.5).
        if not sender or user is None or self._treatments.get(sender.lower(), _PLAIN).discard:
            return
        report = bounce(
            sender=sender,
            failure=failure,
            original=raw,
            at=self.clock(),
            message_id=f"<report.{next(self._serial)}@mx.lakeside.example>",
        )
        await self.imap.deliver_soon(user, report, internal_date=self.clock())

    def _trace(self, sender: str, recipient: str) -> bytes:
        lines = [
            f"Return-Path: <{sender}>",
            f"Delivered-To: {recipient}",
            "Received: from mx.lakeside.example (localhost [127.0.0.1])",
            f"\tby mail.lakeside.example with ESMTP id {next(self._serial):06X}",
            f"\tfor <{recipient}>; {format_datetime(self.clock())}",
            "",
        ]
        return "\r\n".join(lines).encode("utf-8")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


_PLAIN = Treatment()

_FROM = re.compile(rb"^From:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n", re.IGNORECASE | re.MULTILINE)
_REPLY_TO = re.compile(
    rb"^Reply-To:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n", re.IGNORECASE | re.MULTILINE
)
_ANGLE = re.compile(rb"[^\s<>,:\"]+@[^\s<>,:\"]+")


def _rewrite(raw: bytes, treated: Treatment) -> bytes:
    """The mail as the provider lets it out."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    head += b"\r\n"
    if treated.rewrite_from is not None:
        address = treated.rewrite_from.encode("utf-8")
        head = _FROM.sub(lambda found: _ANGLE.sub(address, found[0]), head, count=1)
    if treated.strip_reply_to or treated.rewrite_reply_to is not None:
        head = _REPLY_TO.sub(b"", head)
    if treated.rewrite_reply_to is not None:
        head += b"Reply-To: " + treated.rewrite_reply_to.encode("utf-8") + b"\r\n"
    return head.removesuffix(b"\r\n") + gap + body

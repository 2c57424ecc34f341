"""A loopback SMTP submission server that can be told to misbehave.

aiosmtpd 1.4.6 underneath. Authentication is PLAIN or LOGIN; without it MAIL is refused with 530.
Trouble is scripted as data: see `Trouble`.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from demo.imap import Security
from demo.loop import LoopThread

# aiosmtpd warns through this logger of things its own code does; without a handler of its own the
# words would land on the terminal that the screen is drawn on.
logging.getLogger("mail.log").addHandler(logging.NullHandler())

Phase = Literal["mail", "rcpt", "data", "end"]
"""Where trouble strikes: MAIL FROM, RCPT TO, the DATA command, the final dot."""

Then = Literal["reply", "drop", "hang"]
"""What happens: a reply code, a cut connection, silence until the client gives up."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that goes wrong, and for whom.

    ``Trouble("rcpt", reply="451 4.3.0 Try again later", recipient="a@b.example")`` refuses one
    recipient for now; ``Trouble("end", then="drop", accept=True)`` takes the mail and loses the
    answer, which is the case no client can tell from a mail that was never taken.
    """

    at: Phase
    """The step at which it strikes."""
    then: Then = "reply"
    """What the client sees."""
    reply: str = "451 4.3.0 Temporary trouble, try again later"
    """The reply line when ``then`` is ``reply``: code, enhanced code, text."""
    accept: bool = False
    """Only at ``end``: the mail was taken before things went wrong."""
    sender: str | None = None
    """Only for this envelope sender; any when None."""
    recipient: str | None = None
    """Only when this address is among the envelope recipients; any when None."""
    times: int | None = None
    """How often it strikes before it is over; for ever when None."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One mail the server took responsibility for."""

    sender: str
    """Envelope sender (MAIL FROM)."""
    recipients: tuple[str, ...]
    """Envelope recipients (RCPT TO) in order."""
    raw: bytes
    """The mail as it came, CRLF line ends, dots unstuffed."""
    user: str
    """Who was logged in; empty when authentication is off."""


Receiver = Callable[[Accepted], Awaitable[str | None]]
"""Called on the server's loop for each mail before 250 is said; a string is sent instead of 250."""


_NULL = "null@sender.invalid"
"""What ``MAIL FROM:<>`` is called inside, since aiosmtpd takes no empty address."""


class _Protocol(SMTP):
    """aiosmtpd's session with the null sender, and with trouble at the DATA command."""

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by name
        # RFC 5321 4.5.5: reports and automatic answers come from nobody.
        if arg is not None:
            arg = re.sub(r"(?i)^(FROM:\s*)<>", rf"\1<{_NULL}>", arg)
        await super().smtp_MAIL(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  # aiosmtpd finds commands by name
        handler: _Handler = self.event_handler
        envelope: Envelope | None = self.envelope
        if envelope is not None and envelope.rcpt_tos:
            line = await handler.strike(self, "data", envelope, None)
            if line is not None:
                await self.push(line)
                return
        await super().smtp_DATA(arg)


def _sender(envelope: Envelope) -> str:
    """The envelope sender as the client gave it; empty for the null sender."""
    return "" if envelope.mail_from in {None, _NULL} else str(envelope.mail_from)


def _cut(session: SMTP) -> None:
    """Close a session's connection without a word."""
    transport = session.transport
    if isinstance(transport, asyncio.WriteTransport):
        # Until Python 3.11.4 a TLS transport that is closed already could not be aborted.
        with suppress(AttributeError):
            transport.abort()


class _Handler:
    """aiosmtpd's hooks: who may send, what goes wrong, what is kept."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    async def handle_MAIL(  # noqa: N802  # aiosmtpd finds hooks by name
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._server.passwords and not session.authenticated:
            return "530 5.7.0 Authentication required"
        refusal = self._server.refused_senders.get(address.lower())
        if refusal is not None:
            return refusal
        envelope.mail_from = address
        line = await self.strike(smtp, "mail", envelope, None)
        if line is not None:
            envelope.mail_from = None
            return line
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender ok"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd finds hooks by name
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        line = await self.strike(smtp, "rcpt", envelope, address)
        if line is not None:
            return line
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Recipient ok"

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds hooks by name
        self, smtp: SMTP, session: Session, envelope: Envelope
    ) -> str:
        user = cast("str | None", session.auth_data) or ""  # aiosmtpd types it as always None
        mail = Accepted(
            sender=_sender(envelope),
            recipients=tuple(envelope.rcpt_tos),
            raw=envelope.original_content or b"",
            user=user,
        )
        trouble = self._server.take_trouble("end", mail.sender, mail.recipients)
        if trouble is not None and not trouble.accept:
            return await self.suffer(smtp, trouble)
        refusal = await self._server.keep(mail)
        if trouble is not None:
            return await self.suffer(smtp, trouble)
        return refusal or "250 2.0.0 Ok: taken"

    async def handle_exception(self, error: Exception) -> str:
        self._server.failures.append(error)
        return "451 4.3.0 Local error"

    async def strike(
        self, smtp: SMTP, phase: Phase, envelope: Envelope, recipient: str | None
    ) -> str | None:
        """The trouble due now: a reply line, or None when all is well."""
        recipients = (recipient,) if recipient is not None else tuple(envelope.rcpt_tos)
        trouble = self._server.take_trouble(phase, _sender(envelope), recipients)
        return None if trouble is None else await self.suffer(smtp, trouble)

    async def suffer(self, smtp: SMTP, trouble: Trouble) -> str:
        """Let trouble happen; a cut or silent connection never returns."""
        if trouble.then == "reply":
            return trouble.reply
        if trouble.then == "drop":
            _cut(smtp)
        # The session's task is cancelled when the connection ends, on whichever side.
        await asyncio.Event().wait()
        return trouble.reply


class SmtpServer:
    """A submission server on 127.0.0.1, with a port of the system's choosing.

    A context manager. Every method may be called from any thread while it runs. What it takes is
    in `accepted`; nothing goes anywhere unless `receiver` does something with it.

    Args:
        security: ``none``, ``starttls`` (offered), ``tls`` (from the first byte).
        require_starttls: with ``starttls``: refuse everything before it, with 530.
        ssl_context: the server's certificate; required unless security is ``none``.
        size_limit: greatest mail in bytes (RFC 1870 SIZE), None for no limit.
        receiver: called for each mail before it is acknowledged.
        thread: a running loop to share with other servers; by default the server has its own.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        security: Security = "none",
        require_starttls: bool = False,
        ssl_context: ssl.SSLContext | None = None,
        size_limit: int | None = 35_000_000,
        receiver: Receiver | None = None,
        thread: LoopThread | None = None,
    ) -> None:
        if security != "none" and ssl_context is None:
            raise ValueError(f"security {security!r} needs an ssl_context")
        self.security: Security = security
        self.port = 0
        """The TCP port; 0 until started."""
        self.accepted: list[Accepted] = []
        """Every mail taken, in order."""
        self.passwords: dict[str, str] = {}
        """Who may log in. While it is empty, anyone may send without logging in."""
        self.refused_senders: dict[str, str] = {}
        """Envelope senders that may not send, in lower case, and the reply they get."""
        self.failures: list[Exception] = []
        """Errors inside the server: none, if the demo is sound."""
        self._require_starttls = require_starttls
        self._context = ssl_context
        self._size_limit = size_limit
        self._receiver = receiver
        self.thread = thread or LoopThread("demo-smtp")
        self._owns_thread = thread is None
        self._server: asyncio.Server | None = None
        self._sessions: list[SMTP] = []
        self._troubles: list[Trouble] = []

    def start(self) -> Self:
        """Listen; returns when clients can connect."""
        if self._owns_thread:
            self.thread.start()
        self.thread.call(self._start())
        return self

    def stop(self) -> None:
        """Stop listening and cut every connection; harmless when not running."""
        if self._server is not None and self.thread.running:
            self.thread.call(self._stop())
        if self._owns_thread:
            self.thread.stop()

    def add_user(self, user: str, password: str) -> None:
        """Allow a user to log in and send; from now on nobody sends without."""
        self.passwords[user] = password

    def refuse_sender(self, address: str, reply: str | None) -> None:
        """Answer MAIL FROM of an address with a reply line; None lets it send again."""
        if reply is None:
            self.refused_senders.pop(address.lower(), None)
        else:
            self.refused_senders[address.lower()] = reply

    def script(self, *troubles: Trouble) -> None:
        """Add trouble; of several that fit, the one added first strikes."""
        self._troubles.extend(troubles)

    def heal(self) -> None:
        """Forget all trouble."""
        self._troubles.clear()

    def drop_all(self) -> int:
        """Cut every open connection without a word; return how many there were."""
        return self.thread.call(self._drop_all())

    # ---- on the loop -------------------------------------------------------------------------

    def take_trouble(
        self, phase: Phase, sender: str, recipients: tuple[str, ...]
    ) -> Trouble | None:
        """The trouble that strikes now, counted down; None when there is none."""
        addresses = {address.lower() for address in recipients}
        for place, trouble in enumerate(self._troubles):
            if trouble.at != phase:
                continue
            if trouble.sender is not None and trouble.sender.lower() != sender.lower():
                continue
            if trouble.recipient is not None and trouble.recipient.lower() not in addresses:
                continue
            if trouble.times is not None:
                left = replace(trouble, times=trouble.times - 1)
                self._troubles[place : place + 1] = [left] if left.times else []
            return trouble
        return None

    async def keep(self, mail: Accepted) -> str | None:
        """Take a mail and hand it on; the receiver's refusal, if it has one."""
        refusal = await self._receiver(mail) if self._receiver is not None else None
        if refusal is None:
            self.accepted.append(mail)
        return refusal

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._session,
            self.host,
            0,
            ssl=self._context if self.security == "tls" else None,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def _session(self) -> SMTP:
        session = _Protocol(
            _Handler(self),
            hostname="mx.lakeside.example",
            ident="Lakeside mail is ready",
            data_size_limit=self._size_limit,
            enable_SMTPUTF8=True,
            tls_context=self._context if self.security == "starttls" else None,
            require_starttls=self._require_starttls,
            # The client is on this machine: whether the password travels in clear is up to it.
            auth_require_tls=False,
            authenticator=self._authenticate,
            loop=asyncio.get_running_loop(),
        )
        self._sessions = [old for old in self._sessions if old.transport is not None]
        self._sessions.append(session)
        return session

    def _authenticate(
        self, smtp: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        if mechanism not in {"PLAIN", "LOGIN"} or not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        user = data.login.decode("utf-8", "replace")
        password = data.password.decode("utf-8", "replace")
        known = self.passwords.get(user)
        return AuthResult(
            success=known is not None and known == password, handled=False, auth_data=user
        )

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._drop_all()
        # One turn for connection_lost, which cancels each session's task.
        await asyncio.sleep(0)

    async def _drop_all(self) -> int:
        open_ones = [session for session in self._sessions if session.transport is not None]
        for session in open_ones:
            _cut(session)
        return len(open_ones)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

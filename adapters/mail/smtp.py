"""Handing one message to the provider, step by step (RFC 5321, RFC 6409).

The steps are taken one by one, because aiosmtplib's `send` does not tell how far it came. Whatever
fails before DATA has certainly not left; a connection that breaks inside DATA leaves us not
knowing; a clear 4xx or 5xx answer to DATA is a clear no. Nothing is ever tried twice in here.

aiosmtplib is imported when the first message leaves.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.mail.settings import SmtpSettings
from adapters.mail.trouble import network_trouble, server_words
from inbox.channel import HandingOver
from inbox.errors import ConnectionLost, NotSent, OutcomeUnknown

if TYPE_CHECKING:
    from aiosmtplib import SMTP
    from aiosmtplib.errors import SMTPException, SMTPRecipientRefused

HELLO = "[127.0.0.1]"
"""What we call ourselves in EHLO: an address literal (RFC 5321 section 4.1.3), so that no name
server is asked and the workstation's name stays out of the Received lines."""
SLOWEST = 20_000
"""Bytes per second that an upload makes at least; a large message gets its time accordingly."""

_SENDER = re.compile(
    r"\b5\.1\.[78]\b|\b5\.7\.60\b|\bsender\b|\bmail from\b|\bfrom address\b|\bsend as\b"
    r"|\breturn[- ]path\b|\bnot owned\b|\benvelope from\b|\bspoof",
    re.IGNORECASE,
)
_NOT_SENDER = re.compile(
    r"client host|\bIP\b|blacklist|blocklist|block list|spamhaus|\bquota\b|\brate\b|too many"
    r"|\blimit\b|authenticat|log ?in|\bspam\b",
    re.IGNORECASE,
)
_QUEUED = re.compile(r"\bqueued as ([\w.-]{4,})|\bid[=: ]+([\w.-]{6,})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Submitted:
    """The server's word that it took the message."""

    queue_id: str
    """Its own name for it, or empty."""
    refused: tuple[str, ...]
    """Recipients it refused while it took the message for the others."""
    size_limit: int | None
    """The largest message it takes (RFC 1870), in bytes."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who it is from, whom it is for, and the bytes that leave."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


async def submit(
    settings: SmtpSettings,
    envelope: Envelope,
    *,
    password: str | None,
    context: ssl.SSLContext | None,
    handing_over: HandingOver,
) -> Submitted:
    """Hand a message over, at most once.

    Raises:
        NotSent: certain that it did not leave.
        OutcomeUnknown: the connection broke after `handing_over`.
    """
    import aiosmtplib
    from aiosmtplib.errors import SMTPException

    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        local_hostname=HELLO,
        timeout=settings.connect_timeout,
        use_tls=settings.security == "tls",
        start_tls=False,
        tls_context=context,
    )
    try:
        try:
            size_limit = await _enter(client, settings, password, context)
            refused = await _address(client, settings, envelope, size_limit)
        except (SMTPException, OSError) as error:
            raise _lost_before(error, settings) from error
        await handing_over()
        queue_id = await _hand_over(client, settings, envelope)
        with suppress(SMTPException, OSError):
            await client.quit(timeout=1.0)
        return Submitted(queue_id, refused, size_limit)
    finally:
        client.close()


async def _enter(
    client: SMTP, settings: SmtpSettings, password: str | None, context: ssl.SSLContext | None
) -> int | None:
    """Connect, make it private, log in; gives the largest size the server takes."""
    from aiosmtplib.errors import SMTPAuthenticationError, SMTPNotSupported, SMTPResponseException

    await client.connect()
    client.timeout = settings.read_timeout
    await client.ehlo()
    if settings.security == "starttls":
        if not client.supports_extension("starttls"):
            raise NotSent(
                f"{settings.host} does not offer a private connection (STARTTLS).",
                'Ask the provider, or set security = "tls" with port 465.',
            )
        await client.starttls(tls_context=context, timeout=settings.connect_timeout)
        await client.ehlo()
    if settings.user is not None and password is not None:
        if not client.supports_extension("auth") or not client.supported_auth_methods:
            raise NotSent(
                f"{settings.host} does not take passwords.",
                "Ask the provider for an app password or another way to log in.",
            )
        try:
            await client.login(settings.user, password)
        except SMTPAuthenticationError as error:
            # 454: the server cannot check right now (RFC 4954 section 4.7.4).
            raise NotSent(
                f"{settings.host} refused the user name or the password.",
                "Check both; some providers want an app password made on their web page.",
                temporary=400 <= error.code < 500,
            ) from None
        except (SMTPNotSupported, SMTPResponseException, ValueError):
            raise NotSent(
                f"The login at {settings.host} failed.", "Check the user name and the password."
            ) from None
    limit = client.esmtp_extensions.get("size", "")
    return int(limit) if limit.isdigit() and int(limit) > 0 else None


async def _address(
    client: SMTP, settings: SmtpSettings, envelope: Envelope, size_limit: int | None
) -> tuple[str, ...]:
    """MAIL FROM and each RCPT TO; gives the recipients that were refused while others were not."""
    from aiosmtplib.errors import SMTPRecipientRefused, SMTPSenderRefused

    if size_limit is not None and len(envelope.raw) > size_limit:
        raise _too_large(settings, size_limit)
    options, encoding = _options(client, settings, envelope)
    try:
        await client.mail(envelope.sender, options=options, encoding=encoding)
    except SMTPSenderRefused as error:
        raise _sender_refused(settings, error.code, error.message) from error
    refusals: list[SMTPRecipientRefused] = []
    for recipient in envelope.recipients:
        try:
            await client.rcpt(recipient, encoding=encoding)
        except SMTPRecipientRefused as error:
            refusals.append(error)
    if len(refusals) == len(envelope.recipients):
        raise _all_refused(settings, refusals)
    return tuple(error.recipient for error in refusals)


def _options(client: SMTP, settings: SmtpSettings, envelope: Envelope) -> tuple[list[str], str]:
    options: list[str] = []
    if client.supports_extension("size"):
        options.append(f"SIZE={len(envelope.raw)}")
    if not envelope.raw.isascii() and client.supports_extension("8bitmime"):
        options.append("BODY=8BITMIME")
    if all(address.isascii() for address in (envelope.sender, *envelope.recipients)):
        return options, "ascii"
    if not client.supports_extension("smtputf8"):
        raise NotSent(
            f"{settings.host} cannot send to addresses with letters outside a to z.",
            "Use another address of this person.",
            recipients=tuple(one for one in envelope.recipients if not one.isascii()),
        )
    return [*options, "SMTPUTF8"], "utf-8"


async def _hand_over(client: SMTP, settings: SmtpSettings, envelope: Envelope) -> str:
    """DATA: the point of no return. Gives the server's own name for the message, or nothing."""
    from aiosmtplib.errors import SMTPDataError, SMTPException

    patience = settings.data_timeout + len(envelope.raw) / SLOWEST
    try:
        response = await client.data(envelope.raw, timeout=patience)
    except SMTPDataError as error:
        if 400 <= error.code < 600:
            raise _data_refused(settings, error.code, error.message) from error
        raise _unknown(settings) from error
    except (SMTPException, OSError) as error:
        raise _unknown(settings) from error
    found = _QUEUED.search(response.message)
    return (found[1] or found[2]) if found else ""


# ---- what went wrong -------------------------------------------------------------------------


def speaks_of_sender(words: str) -> bool:
    """Whether a refusal is about our address as the sender, in the words of known servers.

    Many servers say it only at RCPT TO or after the message (Postfix by default, Exchange 5.7.60).
    """
    return bool(_SENDER.search(words)) and not _NOT_SENDER.search(words)


def _lost_before(error: SMTPException | OSError, settings: SmtpSettings) -> NotSent:
    """Trouble before DATA: nothing has left."""
    from aiosmtplib.errors import SMTPResponseException, SMTPTimeoutError

    if isinstance(error, SMTPResponseException):
        return NotSent(
            f"{settings.host} said no: {error.code} {server_words(error.message)}.",
            "It is tried again by itself." if error.code < 500 else "Ask the mail provider.",
            temporary=error.code < 500,
        )
    # aiosmtplib wraps what the network said, and some of its own errors are OSErrors too.
    cause: BaseException | None = error
    while cause is not None and not _is_plain(cause):
        cause = cause.__cause__
    if cause is None and isinstance(error, (SMTPTimeoutError, TimeoutError)):
        cause = TimeoutError()
    trouble = network_trouble(
        cause if isinstance(cause, OSError) else ConnectionError(),
        settings.host,
        settings.port,
        connecting=True,
    )
    return NotSent(trouble.sentence, trouble.hint, temporary=isinstance(trouble, ConnectionLost))


def _is_plain(error: BaseException) -> bool:
    """Whether it is the system's own error, with its cause in it."""
    return isinstance(error, OSError) and not type(error).__module__.startswith("aiosmtplib")


def _too_large(settings: SmtpSettings, limit: int | None) -> NotSent:
    most = f" It takes {limit / 1_000_000:.0f} MB at most." if limit else ""
    return NotSent(
        f"The message is too large for {settings.host}.{most}",
        "Take an attachment out, or send it in parts.",
    )


def _sender_refused(settings: SmtpSettings, code: int, message: str) -> NotSent:
    words = server_words(message)
    if code == 552 or "5.3.4" in message:
        return _too_large(settings, None)
    if code in {530, 535}:
        return NotSent(
            f"{settings.host} wants a login before it sends.", "Set the user of this line."
        )
    about_us = code in {550, 551, 553, 554} and not _NOT_SENDER.search(message)
    if code >= 500 and (about_us or speaks_of_sender(message)):
        return _not_as_us(settings, code, words)
    return NotSent(
        f"{settings.host} did not take the message: {code} {words}.",
        "It is tried again by itself." if code < 500 else "Ask the mail provider.",
        temporary=code < 500,
    )


def _not_as_us(settings: SmtpSettings, code: int, words: str) -> NotSent:
    return NotSent(
        f"{settings.host} does not let us send from this address: {code} {words}.",
        "Ask the provider to allow this address for this login.",
        sender_refused=True,
    )


def _all_refused(settings: SmtpSettings, refusals: Sequence[SMTPRecipientRefused]) -> NotSent:
    first = refusals[0]
    words = server_words(first.message)
    if first.code >= 500 and all(speaks_of_sender(one.message) for one in refusals):
        return _not_as_us(settings, first.code, words)
    temporary = all(one.code < 500 for one in refusals)
    who = "the recipient" if len(refusals) == 1 else "every recipient"
    return NotSent(
        f"{settings.host} refused {who}: {first.code} {words}.",
        "It is tried again by itself." if temporary else "Check the address.",
        temporary=temporary,
        recipients=tuple(one.recipient for one in refusals),
    )


def _data_refused(settings: SmtpSettings, code: int, message: str) -> NotSent:
    words = server_words(message)
    if code == 552:
        return _too_large(settings, None)
    if code >= 500 and speaks_of_sender(message):
        return _not_as_us(settings, code, words)
    return NotSent(
        f"{settings.host} did not take the message: {code} {words}.",
        "It is tried again by itself." if code < 500 else "Ask the mail provider.",
        temporary=code < 500,
    )


def _unknown(settings: SmtpSettings) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"The connection to {settings.host} broke while the message was being handed over.",
        "Twoway looks whether it left; nobody has to do anything yet.",
    )

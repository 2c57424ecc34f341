"""What the mail channel needs to know to reach its servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from inbox.errors import ConfigurationError

Security = Literal["tls", "starttls", "none"]
"""TLS from the first byte, TLS on request (enforced), or nothing (loopback only)."""

OVERSIZE = 25_000_000
"""Bytes above which only the header of a mail is fetched at first."""


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """How to read a mailbox (RFC 3501, RFC 8314)."""

    host: str
    port: int
    security: Security
    user: str
    folders: tuple[str, ...] = ("INBOX",)
    """The folders to read; the first one is watched with IDLE."""
    sent: str | None = None
    """The folder of what we sent; None looks for it."""
    since: date | None = None
    """Mail that the server got before this day is left there; None reads everything."""
    connect_timeout: float = 15.0
    """Seconds for the connection, its greeting and the TLS handshake, each."""
    read_timeout: float = 60.0
    """Seconds of silence after which a connection counts as lost."""

    def __post_init__(self) -> None:
        """Refuse what would send a password in the clear."""
        _check(self.host, self.security)
        if not self.folders:
            raise ConfigurationError(
                "No folder is to be read.", 'Set folders = ["INBOX"] or leave it out.'
            )


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """How to hand mail in (RFC 6409)."""

    host: str
    port: int
    security: Security
    user: str | None = None
    """None: the server takes mail without a login."""
    save_sent: bool = True
    """Put a copy into the Sent folder, unless one is there already; False: the provider does it."""
    connect_timeout: float = 15.0
    """Seconds for the connection, its greeting and the TLS handshake, each."""
    read_timeout: float = 60.0
    """Seconds to wait for the answer to a command."""
    data_timeout: float = 300.0
    """Seconds to wait for the answer to the message itself; more is given to large ones."""

    def __post_init__(self) -> None:
        """Refuse what would send a password in the clear."""
        _check(self.host, self.security)


@dataclass(frozen=True, slots=True)
class MailSettings:
    """One mailbox, both ways."""

    imap: ImapSettings
    smtp: SmtpSettings
    password: Callable[[], str] = field(repr=False)
    """Gives the password when it is needed; called in a thread, may raise a TwowayError."""
    oversize: int = OVERSIZE
    """Bytes above which only the header is fetched at first."""
    tls_cafile: str | None = None
    """PEM file of the authorities to trust instead of the system's, for a server of one's own."""


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine by its name or number; nothing is looked up."""
    import ipaddress

    name = host.strip().strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _check(host: str, security: str) -> None:
    if security not in {"tls", "starttls", "none"}:
        raise ConfigurationError(
            f"{security!r} is not a kind of security.", 'Use "tls", "starttls" or "none".'
        )
    if security == "none" and not is_loopback(host):
        raise ConfigurationError(
            f"The connection to {host} would not be private.",
            'Use security = "tls" or "starttls"; "none" is for servers on this machine only.',
        )

"""IMAP on the wire: imapclient with the traps taken out. Nothing else knows imapclient.

All of it blocks and belongs on a thread of its own (`adapters.mail.connection`); this module is
imported there, because its imports are heavy. What differs from plain imapclient 4.1: the
connection underneath (`adapters.mail.wire`), SEARCH answers in several lines, passwords in any
script, and no wire log, since the wire carries patients' mail.
"""

from __future__ import annotations

import logging
import re
import selectors
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from adapters.mail.folder import Listed
from adapters.mail.settings import ImapSettings
from adapters.mail.trouble import dropped, network_trouble, server_words
from adapters.mail.wire import Opened, Wire
from inbox.errors import (
    AuthenticationFailed,
    ChannelError,
    ConnectionLost,
    ServerRefused,
    TlsRefused,
    TwowayError,
)

# At DEBUG imapclient logs what it sends and receives.
logging.getLogger("imapclient").setLevel(logging.WARNING)

NOTICE = 540.0
"""Seconds after which IDLE is renewed: under the 29 minutes of RFC 2177, and soon enough for
routers that forget quiet connections."""

# RFC 5530 codes and common words for "not now", which a wrong password never comes with.
_NOT_NOW = re.compile(
    r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]|too many|try again|temporar|internal error|busy",
    re.IGNORECASE,
)


class Client(IMAPClient):  # type: ignore[misc]  # imapclient ships no types
    """One logged-in IMAP session; blocking, for one thread."""

    def __init__(
        self, settings: ImapSettings, context: ssl.SSLContext | None, opened: Opened
    ) -> None:
        self._opened = opened
        self._implicit = context if settings.security == "tls" else None
        super().__init__(
            settings.host,
            settings.port,
            ssl=False,
            timeout=SocketTimeout(settings.connect_timeout, settings.read_timeout),
        )
        self.normalise_times = False
        self._imap.debug = 0

    def _create_IMAP4(self) -> Wire:  # noqa: N802  # imapclient's own hook
        return Wire(self.host, self.port, self._timeout, self._implicit, self._opened)

    @property
    def wire(self) -> Wire:
        """The connection underneath."""
        wire: Wire = self._imap
        return wire

    def secure(self, context: ssl.SSLContext) -> None:
        """Switch to TLS (RFC 3501 section 6.2.1).

        Raises:
            TlsRefused: the server does not offer it, or somebody spoke in between.
        """
        # A session that begins logged in cannot be made private any more.
        if self.wire.state != "NONAUTH" or not self.has_capability("STARTTLS"):
            raise TlsRefused(
                f"{self.host} does not offer a private connection (STARTTLS).",
                'Ask the provider, or set security = "tls" with port 993.',
            )
        self.wire.sock.settimeout(self._timeout.connect)
        self.starttls(context)
        self._opened(self.wire.sock)
        if self.wire.leftover:
            raise TlsRefused(
                f"Something spoke on the connection to {self.host} before it was private.",
                "Do not use this network; tell whoever looks after it.",
            )
        self.wire.sock.settimeout(self._timeout.read)

    def enter(self, user: str, password: str) -> None:
        """Log in, by AUTHENTICATE PLAIN where offered (any script), else by LOGIN."""
        if self.wire.state == "AUTH":
            return
        if self.has_capability("AUTH=PLAIN"):
            self.plain_login(user, password)
        elif self.has_capability("LOGINDISABLED"):
            raise AuthenticationFailed(
                f"{self.host} does not take passwords.",
                "Ask the provider for an app password or another way to log in.",
            )
        else:
            self.login(_quoted(user), password)
        # What the server can do before the login is not what it can do after.
        self._cached_capabilities = None

    def uids(self, *criteria: str) -> list[int]:
        """UID SEARCH in the open folder, ascending. ASCII criteria, quoted by the caller."""
        typ, lines = self.wire.uid("SEARCH", *criteria)
        self._checkok("search", typ, lines)
        found = (line.partition(b"(")[0].split() for line in lines if isinstance(line, bytes))
        return sorted({int(uid) for words in found for uid in words if uid.isdigit()})

    def with_message_id(self, message_id: str) -> list[int]:
        """UIDs of the messages whose Message-ID header holds this id."""
        return self.uids("HEADER", "Message-ID", _quoted(f"<{message_id}>"))

    def folders(self) -> list[Listed]:
        """Every folder, with special uses where the server knows them (RFC 6154)."""
        found = [_listed(*entry) for entry in self.list_folders()]
        if self.has_capability("SPECIAL-USE") and not _knows_sent(found):
            with suppress(IMAPClientError):
                self.wire._simple_command("LIST", "(SPECIAL-USE)", '""', '"*"')
                _, lines = self.wire._untagged_response("OK", [None], "LIST")
                found = [_listed(*entry) for entry in self._proc_folder_list(lines)] + found
        return found

    def grown(self) -> bool:
        """Ask with NOOP whether the open folder has gained messages since it was last asked."""
        self.noop()
        return self.wire.response("EXISTS")[1] != [None]

    def hang_up(self, *, politely: bool) -> None:
        """Close the connection; with LOGOUT when there is time for it."""
        with suppress(IMAPClientError, OSError, ValueError):
            if politely:
                self.wire.sock.settimeout(1.0)
                self.logout()
        with suppress(OSError, AttributeError):
            self.wire.shutdown()

    # ---- waiting -----------------------------------------------------------------------------

    def await_news(
        self, seconds: float, exists: int, alarm: socket.socket, stop: Callable[[], bool]
    ) -> bool:
        """IDLE (RFC 2177) in the open folder until it grows, `stop` or the time is over.

        Args:
            seconds: The longest time to wait.
            exists: How many messages the folder holds as far as we know.
            alarm: Becomes readable when `stop` is worth asking.
            stop: Whether to leave at once.

        Returns:
            Whether messages were added.

        Raises:
            imaplib.IMAP4.abort, OSError: the connection dropped.
        """
        deadline = time.monotonic() + seconds
        while True:
            round_ends = min(deadline, time.monotonic() + NOTICE)
            self.idle()
            news = self._listen(round_ends, exists, alarm, stop)
            _, said = self.idle_done()
            news = news or _grew(said, exists)
            if news or stop() or time.monotonic() >= deadline:
                return news

    def _listen(
        self, until: float, exists: int, alarm: socket.socket, stop: Callable[[], bool]
    ) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self.wire.sock, selectors.EVENT_READ)
            selector.register(alarm, selectors.EVENT_READ)
            while not stop():
                # Looked at before each wait: what is buffered makes no socket readable.
                while self.wire.arrived():
                    line = self.wire._get_response()
                    if self.wire.untagged_responses.get("BYE"):
                        raise IMAPClientAbortError("the server said goodbye")
                    words = bytes(line or b"").split()
                    if words[2:3] and words[2].upper() == b"EXPUNGE":
                        exists -= 1
                    elif words[2:3] and words[2].upper() == b"EXISTS" and int(words[1]) > exists:
                        return True
                left = until - time.monotonic()
                if left <= 0:
                    return False
                for key, _ in selector.select(left):
                    if key.fileobj is alarm:
                        alarm.recv(4096)
        return False


def connect(
    settings: ImapSettings,
    context: ssl.SSLContext | None,
    password: Callable[[], str],
    opened: Opened,
) -> Client:
    """A logged-in session.

    Raises:
        ConnectionLost, TlsRefused, AuthenticationFailed, ServerRefused, and what `password` raises.
    """
    secret = password()
    client: Client | None = None
    try:
        client = Client(settings, context, opened)
        if settings.security == "starttls" and context is not None:
            client.secure(context)
        _log_in(client, settings, secret)
        client.capabilities()
    except BaseException as error:
        if client is not None:
            client.hang_up(politely=False)
        if isinstance(error, (IMAPClientError, OSError, ValueError)):
            raise translate(error, settings, connecting=True) from error
        raise
    return client


def _log_in(client: Client, settings: ImapSettings, secret: str) -> None:
    try:
        client.enter(settings.user, secret)
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        # imapclient's LoginError also wraps a connection that dropped while logging in.
        if isinstance(error.__context__, (IMAPClientAbortError, OSError)):
            raise dropped(settings.host) from error
        if _NOT_NOW.search(str(error)):
            raise ConnectionLost(
                f"{settings.host} takes no login right now.", "It is tried again by itself."
            ) from None
        # Without its cause: a server may repeat what it was sent.
        raise AuthenticationFailed(
            f"{settings.host} refused the user name or the password.",
            "Check both; some providers want an app password made on their web page.",
        ) from None


def translate(error: Exception, settings: ImapSettings, *, connecting: bool = False) -> Exception:
    """The project's error for what imapclient or the network raised; others stay as they are."""
    if isinstance(error, TwowayError):
        return error
    if isinstance(error, IMAPClientAbortError):
        cause = error.__context__
        if isinstance(cause, OSError):
            return network_trouble(cause, settings.host, settings.port, connecting=connecting)
        return dropped(settings.host)
    if isinstance(error, OSError):
        return network_trouble(error, settings.host, settings.port, connecting=connecting)
    if isinstance(error, IMAPClientError):
        words = server_words(str(error))
        return ServerRefused(f"{settings.host} said no: {words}.", "Ask the mail provider.")
    if isinstance(error, ValueError):
        return ServerRefused(
            f"{settings.host} gave an answer that makes no sense.", "Ask the mail provider."
        )
    return error


def ends_connection(error: BaseException) -> bool:
    """Whether the connection is of no use after this (translated) error."""
    return not isinstance(error, ServerRefused) if isinstance(error, ChannelError) else True


# ---- folders ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FolderState:
    """What a folder says of itself; equal states mean that nothing was added."""

    uidvalidity: int
    uidnext: int
    """0 when the server does not say."""
    exists: int
    """How many messages it holds."""
    modseq: int = 0
    """HIGHESTMODSEQ (RFC 7162); 0 when the server has none."""


def examine(client: Client, folder: str) -> FolderState:
    """Open a folder for reading only (EXAMINE), so that nothing in it can change through us.

    Raises:
        ServerRefused: there is no such folder, or it cannot be read.
    """
    try:
        said = client.select_folder(folder, readonly=True)
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        raise ServerRefused(
            f"The folder {folder} cannot be opened.",
            "Check its name in the configuration; the server may spell it differently.",
        ) from error
    client.wire.response("EXISTS")
    return _state(said, b"EXISTS")


def status(client: Client, folder: str) -> FolderState | None:
    """What a folder says without being opened; None when the server does not want to say."""
    items = ["UIDVALIDITY", "UIDNEXT", "MESSAGES"]
    if client.has_capability("CONDSTORE"):
        items.append("HIGHESTMODSEQ")
    try:
        return _state(client.folder_status(folder, items), b"MESSAGES")
    except IMAPClientAbortError:
        raise
    except (IMAPClientError, ValueError, TypeError, IndexError):
        return None


def _state(said: dict[bytes, Any], count: bytes) -> FolderState:
    def number(key: bytes) -> int:
        value = said.get(key)
        return value if isinstance(value, int) else 0

    return FolderState(
        number(b"UIDVALIDITY"), number(b"UIDNEXT"), number(count), number(b"HIGHESTMODSEQ")
    )


def _listed(attributes: Any, delimiter: Any, name: Any) -> Listed:
    flags = frozenset(bytes(flag).decode("ascii", "replace").lower() for flag in attributes)
    return Listed(
        str(name) if name is not None else "NIL",
        bytes(delimiter or b"").decode("ascii", "replace").replace("\\\\", "\\"),
        flags,
    )


def _knows_sent(listing: list[Listed]) -> bool:
    return any("\\sent" in folder.attributes for folder in listing)


def _grew(said: list[Any], exists: int) -> bool:
    return any(
        len(entry) > 1 and entry[1] == b"EXISTS" and isinstance(entry[0], int) and entry[0] > exists
        for entry in said
        if isinstance(entry, tuple)
    )


def _quoted(text: str) -> str:
    """An IMAP quoted string (RFC 3501 section 4.3).

    Raises:
        ValueError: it holds what a quoted string cannot.
    """
    if not text.isascii() or any(character in text for character in "\r\n\0"):
        raise ValueError("not for a quoted string")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

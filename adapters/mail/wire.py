"""imaplib with a reader of its own.

imaplib's own reader hides what it has buffered, so that IDLE misses what came together with its
continuation, and it cannot be used again after a time-out. This one shows both what is buffered in
Python and what TLS holds back, and says when the connection has ended.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from collections.abc import Callable
from io import BytesIO

from imapclient import SocketTimeout

from adapters.mail.allocation import let_go_of_large_blocks

LONGEST_LINE = 16_000_000
"""Bytes of one response line; the answer to SEARCH ALL of two million messages fits."""
LARGE = 1_000_000
"""Bytes from which on a literal is gathered without a copy."""

_UNTAGGED = re.compile(rb"\A\* (?:\d+ )?[A-Z-]*[a-z][A-Za-z-]*(?=[ \r])")

Opened = Callable[[socket.socket], None]
"""Told of each socket as it is opened, so that another thread can shut it."""


class Wire(imaplib.IMAP4):
    """One connection; blocking, for one thread."""

    def __init__(
        self,
        host: str,
        port: int,
        timeout: SocketTimeout,
        context: ssl.SSLContext | None,
        opened: Opened,
    ) -> None:
        self._context = context
        self._limits = timeout
        self._opened = opened
        self._unread = bytearray()
        let_go_of_large_blocks()
        super().__init__(host, port, timeout.connect)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        sock = socket.create_connection((self.host, self.port), self._limits.connect)
        self._opened(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._context is not None:
            sock = self._context.wrap_socket(sock, server_hostname=self.host)
            self._opened(sock)
        return sock

    def _pull(self, most: int = 65536) -> None:
        chunk = self.sock.recv(most)
        if not chunk:
            raise self.abort("the connection ended")
        self._unread += chunk

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes."""
        if size >= LARGE:
            return self._read_large(size)
        while len(self._unread) < size:
            self._pull(min(max(size - len(self._unread), 4096), 262_144))
        taken = bytes(self._unread[:size])
        del self._unread[:size]
        return taken

    def _read_large(self, size: int) -> bytes:
        # Its buffer becomes the result: never twice in memory.
        gathered = BytesIO()
        while (left := size - gathered.tell()) > 0:
            if not self._unread:
                self._pull(min(max(left, 4096), 262_144))
            gathered.write(self._unread[:left])
            del self._unread[:left]
        return gathered.getvalue()

    def readline(self) -> bytes:
        """One line, with its end."""
        seen = 0
        while (end := self._unread.find(b"\n", seen)) < 0:
            seen = len(self._unread)
            if seen > LONGEST_LINE:
                raise self.abort("a response line never ends")
            self._pull()
        taken = bytes(self._unread[: end + 1])
        del self._unread[: end + 1]
        # Some servers answer `* List` to LIST, which imaplib takes for a response named `L`.
        return _UNTAGGED.sub(lambda found: found[0].upper(), taken)

    def arrived(self) -> bool:
        """Whether a whole line is here by now; never waits.

        Raises:
            imaplib.IMAP4.abort: the connection has ended.
        """
        if b"\n" in self._unread:
            return True
        self.sock.setblocking(False)
        try:
            while True:
                self._pull()
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        finally:
            self.sock.settimeout(self._limits.read)
        return b"\n" in self._unread

    @property
    def leftover(self) -> bool:
        """Whether bytes lie in the buffer that no response has claimed."""
        return bool(self._unread)

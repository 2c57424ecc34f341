"""A loopback IMAP server: pymap's in-memory backend, with the traps taken out.

What real servers do and pymap 0.36 does not is set right in `demo.mailboxes`: IDLE announces at
once what arrived before it began, a response is sent in one piece, the greeting asks no name
server, and a refused password takes no time.
What stays different from real servers: no CONDSTORE, no SPECIAL-USE, keywords are dropped, and
LOGIN is allowed before STARTTLS because the client is on this machine.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, NamedTuple, Self
from uuid import uuid4

from proxyprotocol.result import ProxyResultLocal
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData
from pymap.context import connection_exit
from pymap.imap.state import ConnectionState
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials.flag import Flag
from pymap.user import UserMetadata

from demo.loop import LoopThread
from demo.mailboxes import Connection, Folders, ServerConfig

Security = Literal["none", "starttls", "tls"]
"""How a server protects the connection: not at all, on request, or from the first byte."""


class Stored(NamedTuple):
    """One message as the server holds it."""

    uid: int
    """Its UID in the folder."""
    flags: tuple[str, ...]
    r"""System flags such as ``\Seen``, sorted."""
    raw: bytes
    """The message, byte for byte."""


class ImapServer:
    """An IMAP server on 127.0.0.1, with a port of the system's choosing.

    A context manager. Every method may be called from any thread while it runs. Users have INBOX
    and Sent; other folders come with `create_folder`.

    Args:
        security: ``none``, ``starttls`` or ``tls`` (from the first byte).
        ssl_context: the server's certificate; required unless security is ``none``.
        thread: a running loop to share with other servers; by default the server has its own.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        security: Security = "none",
        ssl_context: ssl.SSLContext | None = None,
        thread: LoopThread | None = None,
    ) -> None:
        if security != "none" and ssl_context is None:
            raise ValueError(f"security {security!r} needs an ssl_context")
        self.security: Security = security
        self.port = 0
        """The TCP port; 0 until started."""
        self.connections = 0
        """How many connections were opened since the start."""
        self._context = ssl_context
        self.thread = thread or LoopThread("demo-imap")
        self._owns_thread = thread is None
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._config: ServerConfig | None = None
        self._login: Login | None = None

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
        """Add a user with INBOX and Sent, or set the password of one who exists."""
        self.thread.call(self._add_user(user, password))

    def create_folder(self, user: str, name: str) -> None:
        """Add a folder.

        Raises:
            ValueError: there is one of that name.
        """
        self.thread.call(self._create_folder(user, name))

    def deliver(
        self,
        user: str,
        raw: bytes,
        folder: str = "INBOX",
        internal_date: datetime | None = None,
        flags: Iterable[str] = (),
    ) -> int:
        r"""Put a message into a folder, byte for byte, and return its UID.

        Args:
            user: whose.
            raw: RFC 5322 bytes; nothing is added or checked.
            folder: a folder that exists.
            internal_date: aware; by default the moment of delivery.
            flags: system flags such as ``\Seen``.
        """
        return self.thread.call(
            self.deliver_soon(user, raw, folder=folder, internal_date=internal_date, flags=flags)
        )

    def expunge(self, user: str, uids: Iterable[int], folder: str = "INBOX") -> None:
        """Remove messages, as if another client had."""
        self.thread.call(self._expunge(user, list(uids), folder))

    def reset_uidvalidity(self, user: str, folder: str = "INBOX") -> int:
        """Give the folder a new UIDVALIDITY and every message a new UID; return the former.

        As real servers do, the connections that might have the folder selected are closed.
        """
        return self.thread.call(self._reset_uidvalidity(user, folder))

    def uidvalidity(self, user: str, folder: str = "INBOX") -> int:
        """The folder's UIDVALIDITY."""
        return self.thread.call(self._uidvalidity(user, folder))

    def folders(self, user: str) -> list[str]:
        """The names of the user's folders, INBOX first."""
        return ["INBOX", *self._folders(user)._set]

    def messages(self, user: str, folder: str = "INBOX") -> list[Stored]:
        """What the folder holds, by UID."""
        return self.thread.call(self._messages(user, folder))

    def internal_date(self, user: str, uid: int, folder: str = "INBOX") -> datetime:
        """When the server says a message arrived, aware.

        Raises:
            KeyError: there is no such message.
        """
        return self.thread.call(self._internal_date(user, uid, folder))

    def drop_all(self) -> int:
        """Cut every open connection without a word; return how many there were."""
        return self.thread.call(self._drop_all())

    # ---- on the loop -------------------------------------------------------------------------

    async def deliver_soon(
        self,
        user: str,
        raw: bytes,
        *,
        folder: str = "INBOX",
        internal_date: datetime | None = None,
        flags: Iterable[str] = (),
    ) -> int:
        """What `deliver` does, for callers that already run on the server's loop."""
        mailbox = await self._mailbox(user, folder)
        when = internal_date or datetime.now(UTC)
        marks = frozenset(Flag(flag.encode("ascii")) for flag in flags)
        message = await mailbox.append(AppendMessage(raw, when, marks), recent=True)
        return message.uid

    async def _start(self) -> None:
        self._config = ServerConfig(context=self._context, starttls=self.security == "starttls")
        self._config.apply_context()
        self._login = Login(self._config)
        self._server = await asyncio.start_server(
            self._serve,
            self.host,
            0,
            ssl=self._context if self.security == "tls" else None,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._config is None or self._login is None:
            raise RuntimeError("the IMAP server was not started")
        self._config.apply_context()
        self.connections += 1
        self._writers.add(writer)
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        info = SocketInfo.get(writer, ProxyResultLocal(), unique_id=uuid4().bytes)
        try:
            async with AsyncExitStack() as stack:
                connection_exit.set(stack)
                connection = Connection(self._config.commands, self._config, reader, writer, info)
                stack.callback(connection.close)
                await connection.run(ConnectionState(self._login, self._config))
        finally:
            self._writers.discard(writer)
            if task is not None:
                self._tasks.discard(task)
            writer.close()

    async def _stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        await self._drop_all()

    async def _add_user(self, user: str, password: str) -> None:
        if self._config is None or self._login is None:
            raise RuntimeError("the IMAP server was not started")
        known = user in self._login.users_dict
        self._login.users_dict[user] = UserMetadata(self._config, user, password=password)
        if not known:
            first = int(time.time()) + 100_000 * len(self._login.users_dict)
            folders = Folders(first)
            await folders.add_mailbox("Sent")
            self._config.set_cache[user] = (folders, FilterSet())

    async def _create_folder(self, user: str, name: str) -> None:
        await self._folders(user).add_mailbox(name)

    async def _expunge(self, user: str, uids: list[int], folder: str) -> None:
        await (await self._mailbox(user, folder)).delete(uids)

    async def _uidvalidity(self, user: str, folder: str) -> int:
        return (await self._mailbox(user, folder)).uid_validity

    async def _reset_uidvalidity(self, user: str, folder: str) -> int:
        folders = self._folders(user)
        old = await self._mailbox(user, folder)
        new = folders.new_folder()
        new._max_uid = 500
        async for message in old.messages():
            content = bytes(message._content or b"")
            await new.append(AppendMessage(content, message.internal_date, message.permanent_flags))
        folders.put(folder, new)
        await self._drop_all()
        return old.uid_validity

    async def _messages(self, user: str, folder: str) -> list[Stored]:
        mailbox = await self._mailbox(user, folder)
        found: list[Stored] = []
        async for message in mailbox.messages():
            flags = tuple(sorted(str(flag) for flag in message.permanent_flags))
            found.append(Stored(message.uid, flags, bytes(message._content or b"")))
        return found

    async def _internal_date(self, user: str, uid: int, folder: str) -> datetime:
        async for message in (await self._mailbox(user, folder)).messages():
            if message.uid == uid:
                return message.internal_date
        raise KeyError(uid)

    async def _drop_all(self) -> int:
        writers = list(self._writers)
        for writer in writers:
            writer.transport.abort()
        return len(writers)

    def _folders(self, user: str) -> Folders:
        known = self._config.set_cache.get(user) if self._config is not None else None
        if known is None or not isinstance(known[0], Folders):
            raise KeyError(user)
        return known[0]

    async def _mailbox(self, user: str, folder: str) -> MailboxData:
        return await self._folders(user).get_mailbox(folder)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

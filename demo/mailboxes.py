"""pymap 0.36 bent to what real servers do: what stands behind `demo.imap`."""

from __future__ import annotations

import ssl
from argparse import Namespace
from io import BytesIO

from proxyprotocol.noop import ProxyProtocolNoop
from pymap.backend.dict import Config
from pymap.backend.dict.mailbox import MailboxData, MailboxSet
from pymap.concurrent import Event, Subsystem
from pymap.imap import IMAPConnection
from pymap.parsing.response import Response
from pymap.parsing.specials import ObjectId
from pymap.selected import SelectedMailbox
from pysasl.hashing import Cleartext


class Connection(IMAPConnection):
    """A connection that sends each response in one piece.

    pymap writes word by word, each in a packet of its own. Clients that look at the socket while
    they IDLE would find half a line, which real servers do not do to them.
    """

    __slots__ = ()

    async def write_response(self, resp: Response) -> None:
        """Send a response; a client that is gone is noticed when the next command is read."""
        whole = BytesIO()
        await resp.async_write(whole)
        try:
            self.writer.write(whole.getvalue())
            await self.writer.drain()
        except ConnectionError:
            return


class Mailbox(MailboxData):
    """A folder whose IDLE also announces what came in just before IDLE began."""

    async def update_selected(
        self, selected: SelectedMailbox, *, wait_on: Event | None = None
    ) -> SelectedMailbox:
        """Bring a client up to date, waiting for a change only when it has missed none."""
        seen = selected.mod_sequence
        if seen is not None and seen < self._mod_sequences.highest:
            wait_on = None
        return await super().update_selected(selected, wait_on=wait_on)


class Folders(MailboxSet):
    """One user's folders; each new one gets a UIDVALIDITY never used before."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self._last_uid_validity = first
        self._inbox = self.new_folder()

    def new_folder(self) -> Mailbox:
        """An empty folder, not yet in any list."""
        folder = Mailbox(self._content_cache, self._thread_cache)
        self._last_uid_validity += 1
        folder._uid_validity = self._last_uid_validity
        return folder

    async def add_mailbox(self, name: str) -> ObjectId:
        """Add an empty folder.

        Raises:
            ValueError: there is one of that name.
        """
        if name in self._set or name.upper() == "INBOX":
            raise ValueError(name)
        self._set[name] = folder = self.new_folder()
        return folder.mailbox_id

    def put(self, name: str, folder: MailboxData) -> None:
        """Set a folder under a name, in place of the one there."""
        if name.upper() == "INBOX":
            self._inbox = folder
        else:
            self._set[name] = folder


class ServerConfig(Config):
    """pymap's configuration for a server that asks nobody outside."""

    def __init__(self, *, context: ssl.SSLContext | None, starttls: bool) -> None:
        inline = Subsystem.for_asyncio()
        super().__init__(
            Namespace(passlib_cfg=None, proxy_protocol=None),
            demo_data=False,
            demo_user="",
            demo_password="",
            host=None,
            port=0,
            subsystem=inline,
            cpu_subsystem=inline,
            # Without a context pymap reads the system's certificates: 20 ms for nothing.
            ssl_context=context or ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
            tls_enabled=starttls,
            hash_context=Cleartext(),
            invalid_user_sleep=0.0,
            proxy_protocol=ProxyProtocolNoop(),
            reject_dnsbl=False,
        )

    @property
    def greeting(self) -> bytes:
        """What the server says first; pymap's own looks up this machine's name in the DNS."""
        return b"Lakeside mail is ready"

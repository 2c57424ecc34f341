"""The mail channel: a line that is a mailbox, read by IMAP and sent by SMTP.

Two IMAP connections at most: one for reading and waiting, and a short-lived one for what must not
wait behind it (Sent copies, looking for a message, a very large mail). Both are made when needed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from adapters.mail.bulk import Bulk
from adapters.mail.connection import Connection, on_thread
from adapters.mail.folder import choose_sent, folder_name
from adapters.mail.settings import MailSettings
from inbox.channel import (
    Batch,
    Capabilities,
    Census,
    HandingOver,
    RawItem,
    Receipt,
    RemoteId,
    Tally,
    Whereabouts,
)
from inbox.clock import Clock
from inbox.errors import NotSent, ServerRefused, TwowayError
from inbox.gate import Permit
from inbox.line import Line
from inbox.message import Arrival, MessageStatus
from inbox.outgoing import Outgoing

if TYPE_CHECKING:
    import ssl

    from adapters.mail.imap import Client, FolderState
    from adapters.mail.smtp import Envelope

Result = TypeVar("Result")

USER_AGENT = "Twoway"
"""What the User-Agent header of our mail says."""
POLL = 15.0
"""Seconds between two questions where the server has no IDLE."""
SPARE_LASTS = 10.0
"""Seconds that the second connection is kept for whoever needs one next: a login is dear."""
LAST_COPIES = 2.0
"""Seconds that closing waits for Sent copies that are under way."""


class MailChannel:
    """One mailbox as a channel; see `inbox.channel.Channel`.

    Args:
        line: The line it belongs to.
        settings: Its servers.
        clock: The present moment.
        poll: Seconds between two questions where the server has no IDLE.
    """

    def __init__(
        self, line: Line, settings: MailSettings, clock: Clock, *, poll: float = POLL
    ) -> None:
        self._line = line
        self._settings = settings
        self._clock = clock
        self._poll = poll
        self._reader: Connection | None = None
        self._spare_lock = asyncio.Lock()
        self._spare_kept: Connection | None = None
        self._spare_timer: asyncio.TimerHandle | None = None
        self._copies: set[asyncio.Task[None]] = set()
        # What each folder looked like when everything of it had been read, and the cursor then.
        self._seen: dict[str, tuple[str, FolderState]] = {}
        self._since = settings.imap.since
        self._sent: str | None = settings.imap.sent and folder_name(settings.imap.sent)
        self._sent_known = self._sent is not None
        self._size_limit: int | None = None
        self._bulk = Bulk(self.convert)
        self._closed = False
        self._copied: set[str] = set()
        """Message-IDs of copies that are known to lie in Sent; nobody has asked for them yet."""

    @property
    def line(self) -> Line:
        """The line it belongs to."""
        return self._line

    @property
    def capabilities(self) -> Capabilities:
        """What mail can do; the size limit is known once something was sent."""
        return Capabilities(
            subject=True,
            attachments=True,
            copies=True,
            max_bytes=self._size_limit,
            delivery_reports=True,
            proves_itself=True,
            pushes=True,
        )

    @property
    def limited(self) -> bool:
        """Whether the configuration says from which day the mailbox is read."""
        return self._settings.imap.since is not None

    @property
    def since(self) -> date | None:
        """The day the mailbox is read from at present; None: everything is read."""
        return self._since

    def read_from(self, day: date | None) -> None:
        """Read back to this day where that is earlier than what the configuration says."""
        since = self._settings.imap.since
        if since is not None and day is not None:
            since = min(since, day) if day > date.min else None
        if since != self._since:
            self._since = since
            # A folder that looks as it did may still hold what is wanted now.
            self._seen.clear()

    # ---- reading -----------------------------------------------------------------------------

    async def fetch(self, cursors: Mapping[str, str]) -> AsyncIterator[Batch]:
        """Everything new, folder by folder, newest first; nothing on the server changes."""
        sent = await self._sent_folder()
        from adapters.mail.reading import FolderReader

        for place, folder in enumerate(self._folders(sent)):
            cursor = cursors.get(folder)
            seen_cursor, seen_state = self._seen.pop(folder, (None, None))
            reader = FolderReader(
                folder,
                cursor,
                ours=folder == sent,
                oversize=self._settings.oversize,
                clock=self._clock,
                quiet=seen_state if seen_cursor == cursor else None,
                closed=place > 0,
                since=self._since,
            )
            while (batch := await self._read(reader.step)) is not None:
                self._bulk.expect(batch.total - batch.done)
                yield batch
                # Not kept while the next is fetched.
                del batch
            if reader.state is not None:
                self._seen[folder] = (reader.cursor, reader.state)

    def convert(self, raw: RawItem) -> Arrival:
        """Read one mail; pure."""
        from adapters.mail.mime import read_mail

        return read_mail(raw.content, complete=raw.complete)

    async def convert_all(self, raws: Sequence[RawItem]) -> list[Arrival]:
        """Read many mails beside what else goes on."""
        return await self._bulk.read(raws)

    def attachment(self, raw: bytes, part: str) -> bytes:
        """The decoded bytes of one attachment; pure."""
        from adapters.mail.mime import attachment_bytes

        return attachment_bytes(raw, part)

    async def fetch_whole(self, remote: RemoteId) -> RawItem:
        """A very large mail in full; waiting and reading go on meanwhile."""
        sent = await self._sent_folder()
        from adapters.mail.reading import read_whole

        async with self._spare() as spare:
            return await spare.run(
                lambda client: read_whole(
                    client, remote, ours=remote.folder == sent, clock=self._clock
                )
            )

    async def census(self) -> tuple[Census, ...]:
        """Every UID of every folder that is read."""
        folders = self._folders(await self._sent_folder())
        from adapters.mail.reading import count

        since = self._since
        return tuple(
            [await self._read(partial(count, folder=folder, since=since)) for folder in folders]
        )

    async def tally(self) -> tuple[Tally, ...]:
        """How many mails each folder that is read holds."""
        folders = self._folders(await self._sent_folder())
        from adapters.mail.reading import tally

        return tuple(
            [
                # The first folder is the one that is open, which STATUS must not be asked of.
                await self._read(partial(tally, folder=folder, closed=place > 0))
                for place, folder in enumerate(folders)
            ]
        )

    async def wait(self, seconds: float) -> None:
        """Until the first folder changes: by IDLE, or by asking now and then."""
        await self._load()
        from adapters.mail.imap import examine

        folder = self._folders(None)[0]
        now, pushes = await self._read(
            lambda client: (examine(client, folder), client.has_capability("IDLE"))
        )
        seen = self._seen.get(folder)
        if seen is not None and _news(seen[1], now):
            return
        if pushes:
            await self._connection().idle(now.exists, seconds)
            return
        left = seconds
        while left > 0:
            await asyncio.sleep(min(self._poll, left))
            left -= self._poll
            if await self._read(lambda client: client.grown()):
                return

    # ---- sending -----------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing, permit: Permit, handing_over: HandingOver) -> Receipt:
        """Hand one mail to the provider, at most once; then put a copy into Sent."""
        permit.check(outgoing)
        if outgoing.line.id != self._line.id:
            raise NotSent("The message belongs to another line.", "Send it from that line.")
        try:
            envelope, password, context = await on_thread(partial(self._prepare, outgoing))
        except NotSent:
            raise
        except TwowayError as error:
            raise NotSent(error.sentence, error.hint) from error
        from adapters.mail.smtp import submit

        submitted = await submit(
            self._settings.smtp,
            envelope,
            password=password,
            context=context,
            handing_over=handing_over,
        )
        self._size_limit = submitted.size_limit
        # The receipt does not wait for the copy: until it is written down nobody knows it left.
        if self._settings.smtp.save_sent and not self._closed:
            task = asyncio.create_task(self._save_copy(outgoing.message_id, envelope.raw))
            self._copies.add(task)
            task.add_done_callback(self._copies.discard)
        return Receipt(
            status=MessageStatus.SENT,
            at=self._clock(),
            provider_id=submitted.queue_id,
            refused=submitted.refused,
            copy_raw=envelope.raw,
            copy_due=self._settings.smtp.save_sent,
        )

    async def locate(self, outgoing: Outgoing) -> Whereabouts:
        """Look for the Message-ID in Sent and in every folder that is read."""
        folders = self._folders(await self._sent_folder())
        from adapters.mail.imap import examine

        def look(client: Client) -> bool:
            for folder in reversed(folders):
                examine(client, folder)
                if client.with_message_id(outgoing.message_id):
                    return True
            return False

        async with self._spare() as spare:
            found = await spare.run(look)
        if not found:
            return Whereabouts(found=False)
        return Whereabouts(found=True, receipt=Receipt(MessageStatus.SENT, self._clock()))

    async def ensure_copy(self, message_id: str, raw: bytes) -> None:
        """Put the copy of a message that left into Sent, unless it is there."""
        if message_id in self._copied:
            self._copied.discard(message_id)
        elif self._settings.smtp.save_sent:
            await self._copy(message_id, raw)

    async def settle(self) -> None:
        """Wait for the Sent copies that are under way."""
        while self._copies:
            await asyncio.wait(set(self._copies))

    async def close(self) -> None:
        """Let go of every connection; Sent copies under way get a moment."""
        self._closed = True
        await self._bulk.close()
        if self._copies:
            _, late = await asyncio.wait(set(self._copies), timeout=LAST_COPIES)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        kept = (self._reader, self._spare_kept)
        self._reader = self._spare_kept = None
        if self._spare_timer is not None:
            self._spare_timer.cancel()
        for connection in kept:
            if connection is not None:
                await connection.close()

    # ---- connections -------------------------------------------------------------------------

    def _connection(self) -> Connection:
        if self._reader is None or not self._reader.usable:
            self._seen.clear()
            self._reader = self._new_connection("read")
        return self._reader

    def _new_connection(self, purpose: str) -> Connection:
        return Connection(
            self._settings.imap,
            self._settings.password,
            lambda: self._context(self._settings.imap.security),
            name=f"imap-{self._line.id}-{purpose}",
        )

    def _context(self, security: str) -> ssl.SSLContext | None:
        from adapters.mail.trouble import client_context

        return None if security == "none" else client_context(self._settings.tls_cafile)

    async def _read(self, work: Callable[[Client], Result]) -> Result:
        return await self._connection().run(work)

    @asynccontextmanager
    async def _spare(self) -> AsyncIterator[Connection]:
        """The second connection, one caller at a time; it is kept a little for the next."""
        async with self._spare_lock:
            if self._spare_timer is not None:
                self._spare_timer.cancel()
            if self._spare_kept is None or not self._spare_kept.usable:
                self._spare_kept = self._new_connection("spare")
            try:
                yield self._spare_kept
            finally:
                if self._spare_kept is not None:
                    loop = asyncio.get_running_loop()
                    self._spare_timer = loop.call_later(SPARE_LASTS, self._spare_kept.release)

    def _prepare(self, outgoing: Outgoing) -> tuple[Envelope, str | None, ssl.SSLContext | None]:
        """Write the mail and gather what SMTP needs; all of it may block for long."""
        import aiosmtplib  # noqa: F401  # heavy, so not first on the event loop

        from adapters.mail.compose import write_mail
        from adapters.mail.smtp import Envelope

        smtp = self._settings.smtp
        envelope = Envelope(
            sender=outgoing.line.address,
            recipients=tuple(dict.fromkeys(one.value for one in (*outgoing.to, *outgoing.cc))),
            raw=_canonical(write_mail(outgoing, user_agent=USER_AGENT)),
        )
        password = self._settings.password() if smtp.user is not None else None
        return envelope, password, self._context(smtp.security)

    async def _load(self) -> None:
        """Import what talks IMAP away from the event loop: it takes as long as several frames."""
        if "adapters.mail.reading" not in sys.modules:
            await on_thread(partial(import_module, "adapters.mail.reading"))

    # ---- folders -----------------------------------------------------------------------------

    def _folders(self, sent: str | None) -> tuple[str, ...]:
        """The folders to read, each once, the watched one first and Sent last."""
        named = (folder_name(name) for name in self._settings.imap.folders)
        rest = () if sent is None else (sent,)
        return tuple(dict.fromkeys((*named, *rest)))

    async def _sent_folder(self) -> str | None:
        """The folder of what we sent, looked for once; None when there is none."""
        await self._load()
        if not self._sent_known:
            listing = await self._read(lambda client: client.folders())
            self._sent = choose_sent(listing)
            self._sent_known = True
        return self._sent

    async def _save_copy(self, message_id: str, raw: bytes) -> None:
        """Put a copy into Sent right after sending; `ensure_copy` is asked when that fails."""
        with suppress(TwowayError):
            await self._copy(message_id, raw)
            self._copied.add(message_id)

    async def _copy(self, message_id: str, raw: bytes) -> None:
        """Put a copy into Sent, unless the provider or an earlier attempt has done so."""
        await self._load()
        from adapters.mail.imap import examine

        def save(client: Client) -> None:
            sent = self._sent or choose_sent(client.folders())
            if sent is None:
                raise ServerRefused(
                    "The server has no folder of sent messages.",
                    "Make one called Sent, or name it in the configuration (imap.sent).",
                )
            examine(client, sent)
            if not client.with_message_id(message_id):
                client.append(sent, raw, flags=("\\Seen",), msg_time=self._clock())

        async with self._spare() as spare:
            await spare.run(save)


def _news(before: FolderState, now: FolderState) -> bool:
    """Whether something was added between two looks at a folder."""
    return (before.uidvalidity, before.uidnext) != (now.uidvalidity, now.uidnext) or (
        now.exists > before.exists
    )


def _canonical(raw: bytes) -> bytes:
    """Line ends as they travel (RFC 5322 section 2.3), so that the copy is what left."""
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n").split(b"\n")
    return b"\r\n".join(lines) + b"\r\n"

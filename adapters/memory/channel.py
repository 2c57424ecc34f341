"""A channel to a server in memory, for any kind of line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

from adapters.memory.item import (
    portal_name,
    portal_thread,
    read_attachment,
    read_item,
    write_item,
)
from adapters.memory.server import ARRIVED, SENT, MemoryServer, Trouble
from inbox.address import ChannelKind
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
from inbox.errors import ConnectionLost, NotSent, OutcomeUnknown, ServerRefused
from inbox.gate import Permit
from inbox.line import Line
from inbox.message import Arrival, MessageStatus
from inbox.outgoing import Outgoing


class MemoryChannel:
    """See `inbox.channel.Channel`.

    Args:
        line: The line it belongs to; its channel decides what it can do.
        server: Where everything lies.
        clock: The present moment.
        batch: The most items in one batch.
        dials: A phone line makes calls by itself; else they are made by hand.
    """

    def __init__(
        self,
        line: Line,
        server: MemoryServer,
        clock: Clock,
        *,
        batch: int = 50,
        dials: bool = False,
    ) -> None:
        self._line = line
        self._server = server
        self._clock = clock
        self._batch = batch
        self._dials = dials
        self._seen = 0

    @property
    def line(self) -> Line:
        """The line it belongs to."""
        return self._line

    @property
    def capabilities(self) -> Capabilities:
        """What a line of this kind can do."""
        kind = self._line.channel
        rich = kind in {ChannelKind.EMAIL, ChannelKind.PORTAL}
        return Capabilities(
            sends=kind is not ChannelKind.PHONE or self._dials,
            subject=rich,
            attachments=rich,
            copies=kind is ChannelKind.EMAIL,
            max_characters=1600 if kind is ChannelKind.SMS else None,
            delivery_reports=kind is not ChannelKind.PHONE,
            proves_itself=kind is ChannelKind.EMAIL or bool(self._line.test_patient),
            retracts=kind is ChannelKind.PORTAL,
            pushes=True,
        )

    async def fetch(self, cursors: Mapping[str, str]) -> AsyncIterator[Batch]:
        """Everything the cursors do not cover, newest first."""
        self._check()
        self._seen = self._server.folders[ARRIVED].last
        for name in self._server.folders:
            known = json.loads(cursors.get(name, '{"epoch": 0, "done": []}'))
            async for batch in self._fetch_folder(name, known["epoch"], set(known["done"])):
                yield batch

    async def _fetch_folder(self, name: str, epoch: int, done: set[int]) -> AsyncIterator[Batch]:
        fetched = 0
        while True:
            self._check()
            folder = self._server.folders[name]
            if folder.epoch != epoch:
                epoch, done = folder.epoch, set()
            # Asked anew for each batch, so that what arrives meanwhile goes first.
            missing = sorted(folder.items.keys() - done, reverse=True)
            if not missing:
                return
            taken = missing[: self._batch]
            items = tuple(self._item(name, number) for number in taken)
            done |= set(taken)
            fetched += len(taken)
            yield Batch(
                folder=name,
                epoch=str(epoch),
                items=items,
                cursor=json.dumps({"epoch": epoch, "done": sorted(done)}),
                done=fetched,
                total=fetched + len(missing) - len(taken),
            )
            await asyncio.sleep(0)

    def convert(self, raw: RawItem) -> Arrival:
        """Read one item; pure."""
        return read_item(raw.content, self._line.channel)

    def attachment(self, raw: bytes, part: str) -> bytes:
        """The decoded bytes of one attachment; pure."""
        return read_attachment(raw, part)

    async def fetch_whole(self, remote: RemoteId) -> RawItem:
        """The item, if it is still there."""
        self._check()
        folder = self._server.folders.get(remote.folder)
        if folder is None or str(folder.epoch) != remote.epoch:
            raise ServerRefused("This message is no longer on the server.", "")
        if not remote.item.isdigit() or int(remote.item) not in folder.items:
            raise ServerRefused("This message is no longer on the server.", "")
        return self._item(remote.folder, int(remote.item))

    async def census(self) -> tuple[Census, ...]:
        """Every number in every folder."""
        self._check()
        return tuple(
            Census(name, str(folder.epoch), frozenset(map(str, folder.items)))
            for name, folder in self._server.folders.items()
        )

    async def tally(self) -> tuple[Tally, ...]:
        """How many items lie in every folder."""
        self._check()
        return tuple(
            Tally(name, str(folder.epoch), len(folder.items))
            for name, folder in self._server.folders.items()
        )

    async def wait(self, seconds: float) -> None:
        """Until something arrives."""
        self._check()
        if self._server.folders[ARRIVED].last == self._seen:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._server.changed(), seconds)
        self._check()

    async def send(self, outgoing: Outgoing, permit: Permit, handing_over: HandingOver) -> Receipt:
        """Hand one message over, at most once, unless the server was told to fail."""
        permit.check(outgoing)
        everybody = tuple(address.value for address in (*outgoing.to, *outgoing.cc))
        refused = tuple(value for value in everybody if value in self._server.refuses)
        trouble = self._server.next_trouble()
        if self._server.down or trouble is Trouble.LOST_BEFORE:
            raise NotSent("The server does not answer.", "", temporary=True)
        if trouble in {Trouble.REFUSED, Trouble.BUSY, Trouble.SENDER_REFUSED}:
            raise NotSent(
                "The server did not take the message.",
                "",
                temporary=trouble is Trouble.BUSY,
                sender_refused=trouble is Trouble.SENDER_REFUSED,
            )
        if len(refused) == len(everybody):
            raise NotSent("The server refused every recipient.", "", recipients=refused)
        await handing_over()
        if trouble is Trouble.LOST_UNTAKEN:
            raise OutcomeUnknown("The connection broke while the message was handed over.", "")
        raw = self._take(outgoing)
        if trouble is Trouble.LOST_TAKEN:
            raise OutcomeUnknown("The connection broke while the message was handed over.", "")
        number = str(len(self._server.sent))
        if self._line.channel is ChannelKind.PORTAL:
            thread = portal_thread(outgoing)
            number = portal_name(outgoing)
            return Receipt(
                MessageStatus.SENT, self._clock(), number, refused, raw, thread_key=thread
            )
        return Receipt(MessageStatus.SENT, self._clock(), number, refused, raw)

    async def locate(self, outgoing: Outgoing) -> Whereabouts:
        """Look among what was taken."""
        self._check()
        if outgoing.message_id not in {taken.message_id for taken in self._server.sent}:
            return Whereabouts(found=False)
        return Whereabouts(True, Receipt(MessageStatus.SENT, self._clock()))

    async def retract(self, provider_id: str) -> None:
        """Put a later version of a message of a portal there, which says that it is a mistake."""
        self._check()
        folder = self._server.folders[SENT]
        for content, _ in list(folder.items.values()):
            item = json.loads(content)
            if item.get("id") == provider_id and not item.get("retracted"):
                later = {**item, "retracted": True, "version": f"{item.get('version', '')}+"}
                self._server.put(json.dumps(later, sort_keys=True).encode(), self._clock(), SENT)
                return

    async def close(self) -> None:
        """Nothing is open."""

    def _take(self, outgoing: Outgoing) -> bytes:
        raw = write_item(outgoing)
        self._server.sent.append(outgoing)
        self._server.put(raw, self._clock(), SENT)
        # What is addressed to the line itself comes home: this is how it proves itself.
        if {address.key for address in (*outgoing.to, *outgoing.cc)} & self._line.keys:
            self._server.put(raw, self._clock())
        return raw

    def _item(self, folder: str, number: int) -> RawItem:
        kept = self._server.folders[folder]
        content, at = kept.items[number]
        remote = RemoteId(folder, str(kept.epoch), str(number))
        return RawItem(remote, content, at, len(content), ours=folder == SENT)

    def _check(self) -> None:
        if self._server.down:
            raise ConnectionLost("The server does not answer.", "It is tried again by itself.")

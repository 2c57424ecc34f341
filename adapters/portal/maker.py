"""Making raw items of resources, with all that is needed to read them later."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from adapters.portal.connection import Portal
from adapters.portal.context import ContextReader
from adapters.portal.convert import is_ours
from adapters.portal.files import FileReader
from adapters.portal.item import File, size_of, write_item, write_strange
from adapters.portal.listing import MESSAGES, VERSION, version_of
from adapters.portal.page import Record, TooLarge
from adapters.portal.resource import REFERENCE, last_updated, moment, word
from adapters.portal.trouble import Forbidden
from inbox.channel import RawItem, RemoteId
from inbox.clock import Clock
from inbox.errors import ServerRefused

MOST_WHOLE_ANSWER = 150_000_000
"""Bytes of one message that are read when somebody asks for the whole of it."""
_LARGE = 500_000
"""Bytes of files from which on an item is written on a thread."""
_AHEAD = timedelta(minutes=5)
"""How far a sender's clock may be ahead of the server's."""


class Maker:
    """Makes raw items of resources.

    Args:
        portal: The server.
        context: Gives what a message names.
        files: Gives what it points to.
        clock: The present moment, for what has no time.
    """

    def __init__(
        self, portal: Portal, context: ContextReader, files: FileReader, clock: Clock
    ) -> None:
        self.context = context
        """Gives what a message names."""
        self._portal = portal
        self._files = files
        self._base = portal.base
        self._clock = clock

    def now(self) -> datetime:
        """The present moment."""
        return self._clock()

    def strange(self, found: Any, name: str) -> RawItem:
        """Something else than a message as a raw item: as it came."""
        content = write_strange(found)
        at = last_updated(found) or self._clock()
        return RawItem(RemoteId(MESSAGES, self._base, name), content, at, len(content))

    async def item(self, found: Any, name: str, *, last: bool = False, limit: int = 0) -> RawItem:
        """One resource as a raw item.

        Args:
            found: The resource, or whatever the list held.
            name: The item's.
            last: Take whatever can be had now; a person asked for it.
            limit: What it says was not in the list, and is asked for: so many bytes at most.

        Raises:
            ConnectionLost, AuthenticationFailed: try again later.
        """
        remote = RemoteId(MESSAGES, self._base, name)
        if word(found, "resourceType") != MESSAGES:
            return self.strange(found, name)
        left_out: tuple[File, ...] = ()
        if limit:
            found, left_out = await self._asked_for(found, limit)
        context, known = await self.context.of(found, last=last)
        kept, files, whole = await self._files.of(found, last=last)
        files, complete = (*files, *left_out), known and whole and not left_out

        def write() -> tuple[bytes, int]:
            content = write_item(kept, context, files, self._base)
            return content, len(content) if complete else max(len(content), size_of(found))

        large = kept is not found or sum(len(one.content) for one in files) > _LARGE
        content, size = await asyncio.to_thread(write) if large else write()
        return RawItem(
            remote=remote,
            content=content,
            received_at=received_at(found, self._clock),
            size=size,
            complete=complete,
            ours=is_ours(found, context, self._base),
        )

    async def _asked_for(self, listed: Record, limit: int) -> tuple[Record, tuple[File, ...]]:
        """A message that was listed without its words; as listed when it is too large, or gone."""
        try:
            return await self._portal.get(f"{MESSAGES}/{word(listed, 'id', 64)}", limit=limit), ()
        except TooLarge:
            problem = (
                f"The message is larger than {limit // 1_000_000} MB; ask for the whole of it."
            )
        except ServerRefused:
            problem = "What the message says could not be had; ask for the whole of it."
        # It says something, so that it is no header.
        return {**listed, "payload": [{"contentString": ""}]}, (
            File("", "", "", problem=problem, passing=True),
        )


async def read_one(portal: Portal, maker: Maker, remote: RemoteId) -> RawItem:
    """One message in full, with everything that came with it.

    Raises:
        ServerRefused: it is no longer there.
    """
    gone = ServerRefused("This message is no longer in the portal.", "Nothing of it was changed.")
    name, _, version = remote.item.partition("/_history/")
    path = name if "/" in name else f"{MESSAGES}/{name}"
    if remote.folder != MESSAGES or remote.epoch != portal.base or REFERENCE.match(path) is None:
        raise gone
    try:
        found = await portal.get(path, limit=MOST_WHOLE_ANSWER)
        if version and version_of(found) != version:
            if not VERSION.match(version):
                raise gone
            found = await portal.get(f"{path}/_history/{version}", limit=MOST_WHOLE_ANSWER)
    except (Forbidden, TooLarge):
        raise
    except ServerRefused as error:
        raise gone from error
    return await maker.item(found, remote.item, last=True)


def received_at(found: Any, clock: Clock) -> datetime:
    """When a message came: as it says itself, unless that is later than the server knew of it."""
    updated = last_updated(found)
    latest = (updated or clock()) + _AHEAD
    for element in ("received", "sent"):
        told = moment(found.get(element))
        if told is not None and (told.offset or updated is None) and told.at <= latest:
            return told.at
    return updated or clock()

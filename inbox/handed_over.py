"""What was handed over: unknown outcomes are looked up, and copies are put where they belong.

Nothing here sends anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from inbox.channel import Channel, KeepsCopies
from inbox.clock import Clock
from inbox.errors import ChannelError, Stale, StoreError
from inbox.freezing import outgoing_of
from inbox.message import MessageStatus
from inbox.practice import Practice
from inbox.repository import OutboxRow, Repository

_LOOK_AGAIN = (10, 60, 240, 600, 3600, 6 * 3600, 24 * 3600)
"""Seconds between the looks at the provider for one message; then a person has to look."""
_NOBODY_ASKED = timedelta(minutes=1)
"""A line that is down is asked again after this; it does not count as a look."""
_AT_ONCE = 10
_COPY_SOONEST, _COPY_LATEST = timedelta(minutes=5), timedelta(hours=6)


class HandedOver:
    """Sees to messages after the outbox has handed them over."""

    def __init__(
        self,
        repository: Repository,
        practice: Practice,
        channels: Mapping[str, Channel],
        clock: Clock,
    ) -> None:
        """See to rows of `repository`, asking `channels` (by line id)."""
        self._repository = repository
        self._practice = practice
        self._channels = channels
        self._clock = clock

    async def reconcile(self) -> None:
        """Look up messages of unknown outcome at their provider, the longest due first."""
        for row, looks in await self._repository.handed_over.to_look_up(self._clock(), _AT_ONCE):
            asked = await self._locate(row)
            again: datetime | None = self._clock() + _NOBODY_ASKED
            if asked:
                more = _LOOK_AGAIN[looks : looks + 1]
                again = self._clock() + timedelta(seconds=more[0]) if more else None
            await self._repository.handed_over.looked(row.id, looks + asked, again)

    async def copy_due(self) -> None:
        """See to copies of what left that are not in the folder of sent messages yet."""
        for row in await self._repository.handed_over.to_copy(self._clock(), _AT_ONCE):
            why = await self._copy(row)
            if not why:
                await self._repository.handed_over.copied(row.id)
                continue
            now = self._clock()
            waited = now - (row.sent_at or row.created_at)
            again = now + min(max(waited, _COPY_SOONEST), _COPY_LATEST)
            await self._repository.handed_over.not_copied(row.id, why, again)

    async def _locate(self, row: OutboxRow) -> bool:
        """Look a message up; False when nobody could be asked."""
        line = self._practice.line(row.draft.line_id)
        channel = self._channels.get(row.draft.line_id)
        if line is None or channel is None:
            return False
        try:
            where = await channel.locate(
                await outgoing_of(self._repository, self._practice, row, line)
            )
        except (ChannelError, StoreError):
            # Looking again later is the answer to a line that is down.
            return False
        if where.found:
            with suppress(Stale):
                await self._repository.outbox.settle(
                    row.id,
                    MessageStatus.SENT,
                    self._clock(),
                    text="found at the provider: it had left",
                    provider_id=where.receipt.provider_id if where.receipt else "",
                    thread_key=where.receipt.thread_key if where.receipt else "",
                )
        return True

    async def _copy(self, row: OutboxRow) -> str:
        """Put the copy of a row where it belongs; why that failed, empty when it lies there."""
        channel: object = self._channels.get(row.draft.line_id)
        if not isinstance(channel, KeepsCopies):
            return "Its line is no longer set up."
        message = await self._repository.conversations.message(row.message_id)
        if message.raw_id is None:
            return ""
        raw = await self._repository.raw.content(message.raw_id)
        try:
            await channel.ensure_copy(row.rfc_id, raw.content)
        except ChannelError as error:
            return error.sentence
        return ""

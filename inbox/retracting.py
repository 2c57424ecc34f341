"""Retracting: a portal message of ours that was a mistake is marked so where it lies.

The desk asks for it and the back office does it: no screen waits for a server. The message and what
was written of it to the record file stay; both say `entered-in-error` (FHIR R4 event-status).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from inbox.capability import Capabilities
from inbox.channel import Channel, Retracts
from inbox.clock import Clock
from inbox.errors import ChannelError, ServerRefused, TwowayError
from inbox.message import Direction, Message, MessageStatus
from inbox.practice import Practice, StaffMember
from inbox.repository import Repository, Retraction

_LEFT: Final = frozenset({MessageStatus.SENT, MessageStatus.DELIVERED})
_AGAIN: Final = (30, 120, 600, 3600, 6 * 3600)
"""Seconds between the tries; then a person has to ask again."""
_AT_ONCE: Final = 10


class Retracting:
    """Asks for messages to be taken back, as a staff member; reached as `Desk.retracting`."""

    def __init__(
        self,
        repository: Repository,
        clock: Clock,
        member: StaffMember,
        capabilities: Mapping[str, Capabilities],
    ) -> None:
        """Work on `repository` as `member`; `capabilities` by line id."""
        self._repository = repository
        self._clock = clock
        self._member = member
        self._capabilities = capabilities

    def against(self, message: Message) -> TwowayError | None:
        """Why a message cannot be taken back; None when it can be asked for."""
        if message.direction is not Direction.OUTBOUND or message.outbox_id is None:
            return TwowayError(
                "Only what was sent from here can be taken back.",
                "What was written in another program is taken back there.",
            )
        if message.retracted:
            return TwowayError("This message has been taken back already.")
        if message.status is MessageStatus.CANCELLED:
            return TwowayError("This message was taken back before it left.")
        if message.status not in _LEFT:
            return TwowayError(
                "It is not known to have left, so there is nothing to take back.",
                "Look at it in the outbox.",
            )
        known = self._capabilities.get(message.line_id)
        if known is None or not known.retracts:
            medium = message.channel.words if message.channel is not None else "note"
            return TwowayError(
                f"What was sent by {medium} cannot be taken back once it has left.",
                "Write to them that it was a mistake.",
            )
        return None

    async def ask(self, message_id: int) -> Retraction:
        """Have a message taken back; the back office does it at once, and goes on trying.

        Raises:
            NotFound: no such message.
            TwowayError: it cannot be taken back; the sentence says why.
            Stale: it is being taken back already.
        """
        message = await self._repository.conversations.message(message_id)
        problem = self.against(message)
        if problem is not None:
            raise problem
        now = self._clock()
        async with self._repository.batch():
            asked = await self._repository.retractions.ask(
                message_id, message.message_id, self._member.id, now
            )
            await self._repository.audit.add(
                self._member.id,
                "retract",
                now,
                patient_id=message.patient_id or "",
                detail=f"message {message_id}",
            )
        return asked

    async def state(self, message_id: int) -> Retraction | None:
        """How it stands; None: nobody asked for it."""
        return await self._repository.retractions.of(message_id)


class Retractor:
    """Does what the desk asked for: tells the portal that a message was a mistake."""

    def __init__(
        self,
        repository: Repository,
        practice: Practice,
        channels: Mapping[str, Channel],
        clock: Clock,
    ) -> None:
        """Take back messages of `repository` over `channels` (by line id)."""
        self._repository = repository
        self._practice = practice
        self._channels = channels
        self._clock = clock

    async def due(self) -> int:
        """Try what is due; return how many were taken back."""
        done = 0
        for one in await self._repository.retractions.due(self._clock(), _AT_ONCE):
            trouble, final = await self._take_back(one)
            now = self._clock()
            if not trouble:
                member = self._practice.member(one.staff_id)
                who = member.name if member is not None else one.staff_id
                await self._repository.retractions.done(one.message_id, now, f"taken back by {who}")
                done += 1
                continue
            more = () if final else _AGAIN[one.tries : one.tries + 1]
            again = now + timedelta(seconds=more[0]) if more else None
            await self._repository.retractions.not_done(one.message_id, trouble, again)
        return done

    async def _take_back(self, one: Retraction) -> tuple[str, bool]:
        """Tell the portal; why that failed (empty: it did not), and whether it always will."""
        channel: object = self._channels.get(one.line_id)
        if not isinstance(channel, Retracts):
            return "Its line is no longer set up.", True
        try:
            await channel.retract(one.provider_id)
        except ServerRefused as error:
            return error.sentence, True
        except ChannelError as error:
            return error.sentence, False
        return "", True

"""Needs a look: what could not be read, and what a person does about it."""

from __future__ import annotations

from contextlib import suppress

from inbox.clock import Clock
from inbox.closing import Closing, unanswered
from inbox.errors import Held, NotFound, TwowayError
from inbox.message import Nature
from inbox.practice import StaffMember
from inbox.repository import Repository

_LOOKED_THROUGH = 100


class Looking:
    """Sets aside as a staff member; reached as `Desk.looking`.

    Saying whom an unreadable message is about (`Linking`) files it too.
    """

    def __init__(self, repository: Repository, clock: Clock, member: StaffMember) -> None:
        """Work on `repository` as `member`."""
        self._repository = repository
        self._clock = clock
        self._member = member

    async def set_aside(self, conversation_id: int, because: str) -> None:
        """Nobody needs to look at it any more; it stays, with its raw text and the reason.

        The conversation is closed as well when nothing else in it waits on us.

        Raises:
            Held: no reason was given.
            NotFound: no such conversation, or everything in it could be read.
        """
        because = because.strip()
        if not because:
            raise Held("Setting a message aside needs a reason.", "Say why nobody needs it.", ())
        store, now = self._repository, self._clock()
        row = await store.conversations.row(conversation_id)
        if not await store.looks.set_aside(row.id, self._member.id, because, now):
            raise NotFound(
                "Nothing in this conversation needs a look.", "Everything in it could be read."
            )
        await store.audit.add(
            self._member.id, "set aside", now, detail=f"conversation {row.id}: {because}"
        )
        latest = await store.conversations.messages(row.id, limit=_LOOKED_THROUGH)
        if all(one.nature is Nature.UNREADABLE for one in unanswered(latest)):
            # What keeps it open shows in the list; it is closed by hand then.
            with suppress(TwowayError):
                closing = Closing(store, self._clock, self._member)
                await closing.close(row.id, because)

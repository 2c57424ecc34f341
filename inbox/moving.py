"""Moving: conversations put together, parted, single messages moved, and all of it undone.

What a person does here is stronger than what mails name: no arrival puts together again what a
person parted, and what answers a moved message joins it where it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from inbox.clock import Clock
from inbox.errors import NotFound, TwowayError
from inbox.message import Message
from inbox.practice import StaffMember
from inbox.repository import Repository
from inbox.storage.moving import Moved, MovingKind

_AT_ONCE = 500


class Moving:
    """Puts together and parts conversations, under a staff member's name."""

    def __init__(self, repository: Repository, clock: Clock, member: StaffMember) -> None:
        """Work on `repository` as `member`."""
        self._repository = repository
        self._clock = clock
        self._member = member

    async def merge(self, kept_id: int, other_id: int) -> Moved:
        """Put all of another conversation into one; what it holds about nobody follows its patient.

        Raises:
            TwowayError: both are one already.
            NotFound: no such conversation.
        """
        async with self._repository.batch():
            moved = await self._repository.movings.merge(
                kept_id, other_id, self._member.id, self._reason("put together")
            )
            await self._log("merge", f"conversation {moved.from_id} into {moved.to_id}", moved)
        return moved

    async def split(self, conversation_id: int, from_message: int) -> Moved:
        """Part a conversation: a message and all that came after it go to a new one.

        Raises:
            NotFound: the message is not in that conversation.
            TwowayError: it is the first one, or one of them has not left yet.
        """
        row = await self._repository.conversations.row(conversation_id)
        tail: list[Message] = []
        while not any(one.id == from_message for one in tail):
            more = await self._repository.conversations.messages(
                row.id, before=tail[0].id if tail else None, limit=_AT_ONCE
            )
            if not more:
                raise _elsewhere()
            tail = [*more, *tail]
        place = next(at for at, one in enumerate(tail) if one.id == from_message)
        ids = [one.id for one in tail[place:]]
        async with self._repository.batch():
            moved = await self._repository.movings.part(
                row.id, ids, None, MovingKind.SPLIT, self._member.id, self._reason("parted")
            )
            detail = f"conversation {row.id} from message {from_message} to {moved.to_id}"
            await self._log("split", detail, moved)
        return moved

    async def move(self, message_id: int, to_id: int | None) -> Moved:
        """Move one message to another conversation, or to a new one (None).

        What is about the patient of the conversation it leaves is about that of the one it joins;
        its entry in the record file it stood in is marked as entered in error.

        Raises:
            NotFound: no such message or conversation.
            TwowayError: it is there already, is alone there, or has not left yet.
        """
        message = await self._repository.conversations.message(message_id)
        async with self._repository.batch():
            moved = await self._repository.movings.part(
                message.conversation_id,
                [message_id],
                to_id,
                MovingKind.MOVE,
                self._member.id,
                self._reason("moved"),
            )
            where = f"from conversation {moved.from_id} to {moved.to_id}"
            await self._log("move", f"message {message_id} {where}", moved)
        return moved

    async def last(self, conversation_id: int) -> Moved | None:
        """What was done last with a conversation and can be undone, or None."""
        return await self._repository.movings.last(conversation_id)

    async def undo(self, conversation_id: int) -> Moved:
        """Undo what was done last with a conversation; what was done to it besides stays.

        Messages that came since go where the message is that they answer.

        Raises:
            TwowayError: nothing was done with it, or something later comes first.
        """
        async with self._repository.batch():
            last = await self._repository.movings.last(conversation_id)
            if last is None:
                raise TwowayError(
                    "Nothing was put together, parted or moved here.",
                    "`twoway show` lists the messages of the conversation.",
                )
            await self._repository.movings.undo(last.id, self._reason("put back"))
            detail = f"{last.kind.value} {last.id}, conversations {last.from_id} and {last.to_id}"
            await self._log("undo move", detail, last)
        return last

    async def dismiss_suggestion(self, conversation_id: int) -> None:
        """Say that a conversation does not belong to the one it seems to belong to."""
        row = await self._repository.conversations.row(conversation_id)
        if row.suggested_merge is None:
            raise TwowayError("No other conversation is suggested here.")
        await self._repository.movings.dismiss(row.id)
        await self._repository.audit.add(
            self._member.id,
            "dismiss merge",
            self._clock(),
            patient_id=row.patient_id or "",
            detail=f"conversation {row.id}, not {row.suggested_merge}",
        )

    def _reason(self, done: str) -> str:
        return f"{done} by {self._member.name}"

    async def _log(self, action: str, detail: str, moved: Moved) -> None:
        now = self._clock()
        for patient_id in moved.patients or ("",):
            await self._repository.audit.add(
                self._member.id, action, now, patient_id=patient_id, detail=detail
            )


def moved_words(moved: Moved, names: Sequence[str] = ()) -> str:
    """What was done, on one line: `2 messages were moved`."""
    count = f"{moved.messages} message{'s' * (moved.messages != 1)}"
    return {
        MovingKind.MERGE: f"conversation {moved.from_id} was put into {moved.to_id} ({count})",
        MovingKind.SPLIT: f"{count} of {moved.from_id} went to {moved.to_id}",
        MovingKind.MOVE: f"{count} moved from {moved.from_id} to {moved.to_id}",
        MovingKind.LINK: f"{count} linked to somebody else",
    }[moved.kind] + (f" by {', '.join(names)}" if names else "")


def _elsewhere() -> NotFound:
    return NotFound("This message is not in that conversation.", "Look at `twoway show`.")

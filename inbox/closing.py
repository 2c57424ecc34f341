"""Closing a conversation: nothing that waits on us may vanish silently."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Final

from inbox.clock import Clock
from inbox.conversation import ConversationRow
from inbox.errors import Held, NotFound, TwowayError
from inbox.finding import Finding, Severity
from inbox.message import Direction, Message, MessageStatus, Nature
from inbox.patient import Patient
from inbox.practice import StaffMember
from inbox.repository import Repository

DEAD_END: Final = "TW39"
"""The rule that speaks against closing."""
_LOOKED_THROUGH: Final = 100
"""The latest messages that are looked at."""
_UNDELIVERED: Final = frozenset({MessageStatus.FAILED, MessageStatus.UNKNOWN})


class Closing:
    """Closes conversations as a staff member; reached as `Desk.closing`."""

    def __init__(self, repository: Repository, clock: Clock, member: StaffMember) -> None:
        """Work on `repository` as `member`."""
        self._repository = repository
        self._clock = clock
        self._member = member

    async def against(self, row: ConversationRow) -> tuple[Finding, ...]:
        """What speaks against closing a conversation; a reason covers it."""
        found = []
        if row.undelivered:
            found.append("A message of ours was not delivered. Send it again, or another way.")
        messages = await self._repository.conversations.messages(row.id, limit=_LOOKED_THROUGH)
        waiting = unanswered(messages)
        if waiting:
            names = await self._names(row)
            asked = next((one for one in reversed(waiting) if not mere_thanks(one, names)), None)
            if asked is not None:
                found.append(f"{_said(asked)} Answer it first.")
        return tuple(Finding(DEAD_END, Severity.HOLD, reason) for reason in found)

    async def close(self, conversation_id: int, because: str = "") -> None:
        """Close it; a reason for closing it all the same is kept in the audit trail.

        Raises:
            TwowayError: something of it is not in the record file yet (TW33).
            Held: something waits on us (TW39), and no reason was given.
        """
        row = await self._repository.conversations.row(conversation_id)
        if row.unrecorded:
            raise TwowayError(
                "It cannot be closed yet: a message is not in the record file.",
                "It is being written; try again in a moment, or look at `twoway doctor`.",
            )
        found = await self.against(row)
        because = " ".join(because.split())
        if found and not because:
            raise Held(found[0].reason, "Give a reason to close it all the same.", found)
        now = self._clock()
        await self._repository.conversations.set_done(row.id, now)
        await self._repository.audit.add(
            self._member.id,
            "done in spite of a hold" if found else "done",
            now,
            patient_id=row.patient_id or "",
            detail=f"conversation {row.id}" + (f": {because}" if because else ""),
        )

    async def _names(self, row: ConversationRow) -> frozenset[str]:
        """Names that may stand in thanks: “thanks Dana”."""
        people: list[Patient] = []
        if row.patient_id is not None:
            with contextlib.suppress(NotFound):
                people.append(await self._repository.patients.get(row.patient_id))
        names = (self._member.name, row.person, *(person.name for person in people))
        return frozenset(word.casefold() for name in names for word in name.split())


def unanswered(messages: Sequence[Message]) -> tuple[Message, ...]:
    """What arrived from people and wants an answer since we last really answered.

    A note is no answer, and neither is a message of ours that did not arrive or was taken back
    before or after it left, or a call that reached nobody.

    Args:
        messages: Of one conversation, in time order.
    """
    waiting: list[Message] = []
    for message in messages:
        if message.direction is Direction.INBOUND and message.nature.wants_answer:
            waiting.append(message)
        elif (
            message.direction is Direction.OUTBOUND
            and message.status not in {*_UNDELIVERED, MessageStatus.CANCELLED}
            and not message.retracted
            and (message.call is None or message.call.answers)
        ):
            waiting.clear()
    return tuple(waiting)


def mere_thanks(message: Message, names: frozenset[str]) -> bool:
    """Whether nothing in a message asks for anything: “ok thanks”. “Yes” may answer a question."""
    from inbox.signals.heard import Heard
    from inbox.signals.waiting import thanks

    if message.nature is Nature.UNREADABLE or message.partial:
        return False
    heard = Heard(message.text, files=len(message.attachments), names=names)
    # A rule gives the words for the list, or nothing.
    return bool(thanks(heard))


def _said(message: Message) -> str:
    if message.nature is Nature.UNREADABLE:
        return "A message that could not be read has not been looked after."
    asks = "?" in message.text
    return f"Their last {'question' if asks else 'message'} has not been answered."

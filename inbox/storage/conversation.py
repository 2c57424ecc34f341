"""The storage contract of conversations and their messages."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from inbox.conversation import (
    ConversationRow,
    Counts,
    ListState,
    Page,
    PageKey,
    SearchKey,
    SearchPage,
)
from inbox.message import Message

if TYPE_CHECKING:
    from inbox.search.present import Present
    from inbox.search.query import Query


class ConversationStore(Protocol):
    """Conversations and their messages."""

    async def page(
        self,
        state: ListState,
        now: datetime,
        *,
        after: PageKey | None = None,
        limit: int = 50,
        assigned_to: str = "",
    ) -> Page:
        """Part of the list, newest first; snoozed ones only under SNOOZED and ALL.

        Emergencies that nobody looked after stand above the first part of every list, whatever it
        holds and whoever they are assigned to.
        """
        ...

    async def counts(self, now: datetime, overdue_since: datetime | None = None) -> Counts:
        """How many are in each state, each counted up to COUNT_LIMIT.

        People are overdue who have waited since `overdue_since` or longer, each counted once; with
        None nobody is.
        """
        ...

    async def row(self, conversation_id: int) -> ConversationRow:
        """One row. A merged conversation's id leads to the one it was merged into.

        Raises:
            NotFound.
        """
        ...

    async def of_patient(self, patient_id: str, limit: int) -> list[ConversationRow]:
        """A patient's conversations, newest first."""
        ...

    async def messages(
        self, conversation_id: int, *, before: int | None = None, limit: int = 100
    ) -> list[Message]:
        """The latest messages in time order (oldest first), or those before message `before`."""
        ...

    async def message(self, message_id: int) -> Message:
        """One message. Raises NotFound."""
        ...

    async def newest_inbound(self, conversation_id: int) -> Message | None:
        """The newest inbound message of a nature that wants an answer, or None."""
        ...

    async def line_use(self, conversation_id: int) -> tuple[list[str], list[str]]:
        """Line ids this conversation received on, and was answered from; the latest first."""
        ...

    async def add_note(self, conversation_id: int, staff_id: str, text: str, now: datetime) -> int:
        """Add a note; return the message's id."""
        ...

    async def assign(self, conversation_id: int, staff_id: str) -> None:
        """Give it to a staff member; an empty id gives it to nobody."""
        ...

    async def snooze(self, conversation_id: int, until: datetime | None) -> None:
        """Hide it until a moment or until something arrives; None wakes it."""
        ...

    async def set_done(self, conversation_id: int, now: datetime | None) -> None:
        """Close it; None opens it again. It opens by itself when something arrives."""
        ...

    async def mark_seen(self, conversation_id: int, message_id: int) -> None:
        """Somebody saw it up to this message."""
        ...

    async def link(self, conversation_id: int, patient_id: str | None, reason: str) -> None:
        """Say whom it is about.

        Its messages follow that are about nobody yet, or about the patient it was linked to; those
        are marked as entered in error in the record file they stood in. With None the messages
        stay as they are.
        """
        ...

    async def link_message(self, message_id: int, patient_id: str, reason: str) -> None:
        """Say that one message is about another patient; the record files follow.

        Raises:
            NotFound: no such message.
        """
        ...


class SearchStore(Protocol):
    """Full-text search over the visible text, subjects, names, addresses and attachment names."""

    async def find(
        self, asked: Query, present: Present, *, after: SearchKey | None = None, limit: int = 50
    ) -> SearchPage:
        """Conversations with a message that matches, the newest match first.

        One part costs the same however much is stored; what it did not come to is behind `next`.
        Never an error for what a person typed.
        """
        ...

"""Conversations as the list shows them: one matter with one person, its state derived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from inbox.address import ChannelKind
from inbox.message import Direction
from inbox.number import number_words


class ConversationState(StrEnum):
    """What a conversation waits for; derived from its messages, never stored."""

    NEEDS_REPLY = "needs-reply"
    """The last word that wants an answer is theirs."""
    WAITING = "waiting"
    """The last word is ours."""
    DONE = "done"
    """Closed, and nothing new came since."""


class ListState(StrEnum):
    """What the list can be narrowed to (`twoway list --state`)."""

    NEEDS_REPLY = "needs-reply"
    WAITING = "waiting"
    PROMISED = "promised"
    UNDELIVERED = "undelivered"
    DONE = "done"
    UNKNOWN = "unknown"
    """Nobody knows yet whom it is about."""
    SNOOZED = "snoozed"
    NEEDS_LOOK = "needs-a-look"
    """Something in it could not be read, and nobody has said yet what becomes of it."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One row of the list."""

    id: int
    state: ConversationState
    patient_id: str | None
    patient_name: str
    """Empty while nobody knows whom it is about."""
    person: str
    """Who is at the other end, as they call themselves; the proxy, when a proxy writes."""
    person_address: str
    subject: str
    snippet: str
    """The beginning of the last message's visible text, on one line."""
    channels: tuple[ChannelKind, ...]
    """Channels used, the last one first."""
    line_id: str
    """The line used last."""
    last_message_at: datetime
    """Aware, UTC."""
    last_direction: Direction
    waiting_since: datetime | None
    """Since when they wait for us: the oldest message of theirs without an answer, on any line and
    in any conversation of theirs, or the answer they had since. None: nothing waits here."""
    unread: bool
    undelivered: bool
    """A message of ours failed or its outcome is unknown."""
    assigned_to: str = ""
    """Id of a staff member, or empty."""
    snoozed_until: datetime | None = None
    done_at: datetime | None = None
    messages: int = 0
    """How many messages it has; 0 when the reader did not ask for it."""
    suggested_merge: int | None = None
    """A conversation this one may belong to (somebody quoted an id of it)."""
    needs_look: bool = False
    """It holds a message that could not be read, and nobody has dealt with it yet."""
    unrecorded: bool = False
    """A communication of it is not in the record file yet."""
    leaves_at: datetime | None = None
    """When the next message of ours that waits for its time leaves; None when none does."""
    urgent: bool = False
    """It sounds like an emergency, and nobody has said yet that they looked after it."""
    signals: tuple[str, ...] = ()
    """Inbound rules with something to decide; `opted-out`; `IN09` when mere thanks waits."""

    @property
    def title(self) -> str:
        """Whom to show: the patient, else the person, else the address."""
        return self.patient_name or self.person or number_words(self.person_address) or "Unknown"


@dataclass(frozen=True, slots=True)
class PageKey:
    """Where a page ends; the next one begins behind it."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list, newest first."""

    rows: tuple[ConversationRow, ...]
    next: PageKey | None
    """Hand it in to go on; None at the end."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many conversations are in each state, counted up to `COUNT_LIMIT`."""

    needs_reply: int = 0
    overdue: int = 0
    """People who have waited longer than the practice wants, each once."""
    waiting: int = 0
    promised: int = 0
    """Those with a promise that somebody still has to see to."""
    undelivered: int = 0
    unknown: int = 0
    snoozed: int = 0
    needs_look: int = 0


COUNT_LIMIT = 1000
"""Counting stops here, so that its cost does not grow with the mailbox; the screen shows `999+`."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One conversation that a search found."""

    row: ConversationRow
    message_id: int
    """The message that matched best."""
    snippet: str
    """Some words around the match, on one line; matches between U+E000 and U+E001."""


@dataclass(frozen=True, slots=True)
class SearchKey:
    """Where a part of what a search found ends; the next one begins behind it."""

    before: int
    """What is newer was looked at: the storage's own number."""
    shown: frozenset[int]
    """Conversations that were found already."""
    at: datetime
    """How far back it was looked (aware, UTC)."""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Part of what a search found, the newest match first."""

    hits: tuple[SearchHit, ...]
    next: SearchKey | None
    """Hand it in to look further, also when nothing was found so far; None at the end."""
    unread: tuple[str, ...] = ()
    """Pieces of the search that look like conditions and are none."""

"""Promises: what we told a patient we would do, who does it, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

DUE_SOON: Final = timedelta(minutes=10)
"""How long before an answer is due its owner is reminded."""
EVERYBODYS_AFTER: Final = timedelta(minutes=15)
"""Staffed time after which a broken promise that its owner left alone is everybody's."""


class PromiseKind(StrEnum):
    """What was promised."""

    HERE = "here"
    """Somebody is there until then and looks at what the patient writes."""
    ANSWER = "answer"
    """We call or write by then."""

    @property
    def words(self) -> str:
        """What stands before the time: `here until`, `answer by`."""
        return "here until" if self is PromiseKind.HERE else "answer by"


class PromiseState(StrEnum):
    """How a promise stands; derived from the conversation and the clock."""

    OPEN = "open"
    CALLED_ON = "called on"
    """Somebody is there, and the patient wrote: an answer is due now."""
    BROKEN = "broken"
    """The time is over and the answer was not given."""
    KEPT = "kept"
    """A real answer was given; for HERE: to all they asked, until the time was over."""
    OVER = "over"
    """Somebody was there and nobody asked for anything."""
    WITHDRAWN = "withdrawn"
    """A person closed it, with a reason."""
    UNSAID = "unsaid"
    """The message that makes it never left."""

    @property
    def is_live(self) -> bool:
        """Whether somebody still has to see to it."""
        return self in {PromiseState.OPEN, PromiseState.CALLED_ON, PromiseState.BROKEN}


@dataclass(frozen=True, slots=True)
class Said:
    """A promise found in a text."""

    kind: PromiseKind
    said: str
    """The words."""
    due: datetime
    """Aware; over already when the words name a time that is past."""


@dataclass(frozen=True, slots=True)
class DraftPromise:
    """A promise that a draft makes when it leaves."""

    kind: PromiseKind
    said: str
    """The words of the text that make it; empty when it was set by hand."""
    due: datetime
    """Aware."""
    owner: str = ""
    """Id of the staff member who keeps it; empty for the writer."""


@dataclass(frozen=True, slots=True)
class NewPromise:
    """A promise to be kept in mind."""

    conversation_id: int | None
    """None for the conversation of the message that makes it."""
    patient_id: str | None
    owner: str
    """Id of the staff member who keeps it."""
    kind: PromiseKind
    said: str
    due: datetime
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise as it stands."""

    id: int
    conversation_id: int
    patient_id: str | None
    owner: str
    kind: PromiseKind
    said: str
    due: datetime
    made_at: datetime
    """When the message that makes it left; until then, when it was queued."""
    asked_at: datetime | None = None
    """When they asked last, on any channel, after it was made (for HERE: while somebody was there);
    while a question is open, that question. Mere thanks asks for nothing."""
    answered_at: datetime | None = None
    """When we really answered: a message that left, or a call that reached them, after it was made
    (for HERE: after all they asked)."""
    wrote_at: datetime | None = None
    """When they wrote last after it was made (for HERE: while somebody was there), mere thanks
    included."""
    withdrawn_at: datetime | None = None
    withdrawn_because: str = ""
    unsaid: bool = False
    """The message that makes it was taken back, or failed before it left."""
    everybodys_at: datetime | None = None
    """When it became everybody's, since its owner left it alone."""
    outbox_id: int | None = None
    """The message that makes it; None when it was set by hand."""
    person: str = ""
    """To whom it was made, as the list shows them."""

    def state(self, now: datetime) -> PromiseState:
        """How it stands at `now`.

        A message left on a voicemail, a bounced message and one of unknown outcome are no answers.
        """
        if self.withdrawn_at is not None:
            return PromiseState.WITHDRAWN
        if self.unsaid:
            return PromiseState.UNSAID
        if self.kind is PromiseKind.HERE and (self.asked_at is None or self.answered_at):
            # Whatever they asked so far: while the time runs, they may ask more.
            over = PromiseState.OVER if self.asked_at is None else PromiseState.KEPT
            return PromiseState.OPEN if now < self.due else over
        if self.answered_at is not None:
            return PromiseState.KEPT
        if now >= self.due:
            return PromiseState.BROKEN
        return PromiseState.CALLED_ON if self.kind is PromiseKind.HERE else PromiseState.OPEN

    @property
    def has_news(self) -> bool:
        """Whether they wrote something, be it thanks, after the last real answer."""
        return self.wrote_at is not None and (
            self.answered_at is None or self.wrote_at > self.answered_at
        )

    def is_due_soon(self, now: datetime) -> bool:
        """Whether its owner is to be reminded: an answer is due within minutes."""
        state = self.state(now)
        owed = self.kind is PromiseKind.ANSWER and state is PromiseState.OPEN
        return (owed or state is PromiseState.CALLED_ON) and self.due - now <= DUE_SOON

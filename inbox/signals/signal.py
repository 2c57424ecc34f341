"""Signals: what an arrival says between its lines, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

URGENT: Final = "IN01"
OPT_OUT: Final = "IN02"
ASKS_TO_STOP: Final = "IN03"
WRONG_PERSON: Final = "IN04"
OPT_IN: Final = "IN07"
THANKS: Final = "IN09"
"""Ids of the rules whose signals are kept; they stand here so that a list needs no pattern."""
ORDER: Final = (URGENT, WRONG_PERSON, OPT_OUT, ASKS_TO_STOP, OPT_IN)
"""What a person decides, the most pressing first."""


class SignalState(StrEnum):
    """What became of a signal."""

    PROPOSED = "proposed"
    """A person has to decide."""
    APPLIED = "applied"
    """What it asks for was done: by a person, or at once where the rule says so."""
    DISMISSED = "dismissed"
    """A person said that it is nothing."""
    NOTED = "noted"
    """It is shown, and there is nothing to decide."""


BY_PATIENT: Final = "patient"
"""Who applied a signal that took effect at once."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A signal before it is stored."""

    rule: str
    """`IN03`."""
    state: SignalState
    words: str
    """What was said that made the rule fire; short, on one line."""
    by: str = ""
    """`patient` when it took effect at once."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One rule's word on one stored message."""

    message_id: int
    conversation_id: int
    rule: str
    state: SignalState
    words: str
    at: datetime
    """When the state was reached (aware, UTC)."""
    by: str = ""
    """Staff id of who decided, `patient` when it took effect at once, or empty."""

    @property
    def open(self) -> bool:
        """Whether a person has to decide."""
        return self.state is SignalState.PROPOSED

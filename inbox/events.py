"""Events: what changed, told to whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ChangeKind(StrEnum):
    """What sort of thing changed."""

    CONVERSATION = "conversation"
    """A conversation or one of its messages; `subject_id` is the conversation's id."""
    OUTBOX = "outbox"
    """An outbox row; `subject_id` is its id."""
    PATIENT = "patient"
    """A patient; `subject_id` is empty for an import of many."""
    LINE = "line"
    """A line's health, proof or completeness; `subject_id` is the line's id."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change, in this process or another on the same data folder."""

    seq: int
    """Grows with every change."""
    kind: ChangeKind
    subject_id: str

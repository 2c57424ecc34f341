"""The moment a search is asked at, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo


@dataclass(frozen=True, slots=True)
class Present:
    """What the storage needs to know of the moment and of the practice's hours."""

    now: datetime
    """Aware."""
    zone: tzinfo
    """The practice's: its days begin at midnight there."""
    overdue: Mapping[str, datetime] = field(default_factory=dict)
    """By id of the line: who has waited there since then or longer is overdue. The empty id is
    every other line; without it nobody is. Needed only where it is asked for."""

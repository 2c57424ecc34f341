"""The storage contract of what is known of the lines."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from inbox.line import LineHealth
from inbox.reply_path import Evidence


class LineStore(Protocol):
    """What is known of the practice's lines."""

    async def add_evidence(self, evidence: Evidence) -> None:
        """Keep evidence; INBOUND is kept at most once a minute and line."""
        ...

    async def evidence(self) -> list[Evidence]:
        """The newest evidence of each line and kind."""
        ...

    async def reading_from(self, line_id: str) -> date | None:
        """Back to which day somebody asked to read a line; None: nobody did."""
        ...

    async def read_from(self, line_id: str, day: date | None) -> None:
        """Keep back to which day a line is to be read; None forgets it."""
        ...

    async def save_health(self, health: LineHealth) -> None:
        """Keep how a line is doing, for every process on the folder."""
        ...

    async def health(self) -> dict[str, LineHealth]:
        """How each line is doing, by line id."""
        ...

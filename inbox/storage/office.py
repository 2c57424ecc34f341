"""The storage contract of who works on a folder, and who did what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol


class LeaseStore(Protocol):
    """Who does the work of a folder when several processes have it open."""

    async def acquire(self, name: str, holder: str, now: datetime, lasts: timedelta) -> bool:
        """Take or renew a lease; False when somebody alive has it."""
        ...

    async def release(self, holder: str) -> None:
        """Give back every lease of a holder."""
        ...

    async def alive(self, now: datetime) -> set[str]:
        """Holders whose lease has not run out and whose process, on this machine, is running."""
        ...


class AuditStore(Protocol):
    """Who did what, append-only (45 CFR 164.312(b)); reads of a patient's data included."""

    async def add(
        self, staff_id: str, action: str, now: datetime, *, patient_id: str = "", detail: str = ""
    ) -> None:
        """Keep one action; `detail` holds ids and reasons, never message text."""
        ...

    async def latest(
        self, limit: int, patient_id: str = ""
    ) -> list[tuple[datetime, str, str, str]]:
        """(when, staff id, action, detail), newest first."""
        ...

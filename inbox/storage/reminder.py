"""The storage contract of reminders: what was told, and how often somebody was written to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inbox.address import Address, ChannelKind


@dataclass(frozen=True, slots=True)
class ReminderKey:
    """What must not be told twice."""

    patient_id: str
    moment: str
    """`Appointment.moment`."""
    template: str
    """The template's family."""


@dataclass(frozen=True, slots=True)
class Told:
    """A reminder that was queued, and was neither taken back nor failed."""

    at: datetime
    outbox_id: int


@dataclass(frozen=True, slots=True)
class Reached:
    """How often addresses were written to lately; of several, the one that got most."""

    automatic_today: int = 0
    """Messages made by lists since the day began."""
    automatic_week: int = 0
    """The same within seven days."""
    first_contact: bool = False
    """At least one of them got nothing on the channel for ninety days."""


class ReminderStore(Protocol):
    """Which appointment was told to whom."""

    async def told(self, key: ReminderKey) -> Told | None:
        """When it was told, or None: never, taken back, or not delivered."""
        ...

    async def keep(self, key: ReminderKey, outbox_id: int, now: datetime) -> None:
        """Keep that it is told by this outbox row; in one `batch()` with queueing it."""
        ...

    async def reached(
        self,
        addresses: Collection[Address],
        channel: ChannelKind,
        *,
        today: datetime,
        now: datetime,
        before: int | None = None,
    ) -> Reached:
        """How often these addresses were written to.

        Args:
            addresses: Whom the draft goes to.
            channel: What counts as contact is a message on this channel.
            today: When the present day began.
            now: The present moment.
            before: The draft's own outbox row; only what was queued before it counts.
        """
        ...

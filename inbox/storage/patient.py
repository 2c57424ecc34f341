"""The storage contract of patients."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inbox.address import Address
from inbox.patient import Patient, PointHealth


@dataclass(frozen=True, slots=True)
class FormChange:
    """One field of a patient or their privacy form that changed."""

    at: datetime
    by: str
    """Staff id."""
    how: str
    """On which way: `screen`, `command`, `import clinic.csv`."""
    field: str
    """`voicemail`, `contact ann@example.com`; see `inbox.difference`."""
    old: str
    """As text; empty: there was none."""
    new: str


@dataclass(frozen=True, slots=True)
class SharedPoint:
    """Another patient who is reached at an address of this one."""

    address: Address
    """As this patient has it."""
    patient_id: str
    name: str
    proxy: str = ""
    """Relation of the proxy of the other patient whose address it is; empty: their own."""


class PatientStore(Protocol):
    """Patients, contact points, proxies, privacy forms."""

    async def get(self, patient_id: str) -> Patient:
        """One patient. Raises NotFound."""
        ...

    async def by_address(self, address: Address) -> list[Patient]:
        """Everybody this address belongs to, as their own or through a proxy, by name."""
        ...

    async def by_alias(self, aliases: Collection[str]) -> list[Patient]:
        """Everybody whom other systems call one of these, by name.

        Args:
            aliases: Identifiers (`system|value`) and references (`Patient/12`, or whole URLs).
        """
        ...

    async def formerly(self, address: Address, at: datetime) -> frozenset[str]:
        """Ids of patients whose address it was, and who have had it marked as old by `at`."""
        ...

    async def find(self, text: str, limit: int) -> list[Patient]:
        """Patients by beginnings of names, by address or id; all when `text` is empty."""
        ...

    async def save(self, patients: Collection[Patient]) -> None:
        """Add or change patients, all or none."""
        ...

    async def unite(self, old: Patient, both: Patient, staff_id: str, now: datetime) -> None:
        """Store `both` in the place of two patients; the id of `old` finds them as well.

        Whatever is about `old` is about `both` from now on. `old` is kept as they were, unseen.
        """
        ...

    async def former_ids(self, patient_id: str) -> list[str]:
        """The ids a patient had before, whose record files go on in theirs."""
        ...

    async def shared(self, patient_id: str, limit: int) -> list[SharedPoint]:
        """Other patients who are reached at one of this patient's own addresses, by name."""
        ...

    async def add_changes(self, patient_id: str, changes: Sequence[FormChange]) -> None:
        """Keep what changed of a patient; it can never be taken back."""
        ...

    async def changes(self, patient_id: str, limit: int) -> list[FormChange]:
        """What changed of a patient, newest first."""
        ...

    async def mark_point(self, address: Address, health: PointHealth, reason: str) -> None:
        """Say whether an address is known to work, wherever it is stored."""
        ...

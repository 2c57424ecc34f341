"""The storage contract of patients."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from inbox.address import Address
from inbox.patient import Patient, PointHealth


class PatientStore(Protocol):
    """Patients, contact points, proxies, privacy forms."""

    async def get(self, patient_id: str) -> Patient:
        """One patient. Raises NotFound."""
        ...

    async def by_address(self, address: Address) -> list[Patient]:
        """Everybody this address belongs to, as their own or through a proxy, by name."""
        ...

    async def find(self, text: str, limit: int) -> list[Patient]:
        """Patients by beginnings of names, by address or id; all when `text` is empty."""
        ...

    async def save(self, patients: Collection[Patient]) -> None:
        """Add or change patients, all or none."""
        ...

    async def mark_point(self, address: Address, health: PointHealth, reason: str) -> None:
        """Say whether an address is known to work, wherever it is stored."""
        ...

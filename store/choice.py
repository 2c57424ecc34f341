"""The table `address_choice`: whom a shared address was said to be about."""

from __future__ import annotations

from typing import Final

from inbox.address import Address
from inbox.storage.signal import AddressChoice
from store.transaction import Transactions, Writing
from store.values import Parameters, moment, stamp, storable

OF: Final = """
SELECT patient_id, always, staff_id, at FROM address_choice WHERE key = :key AND system = :system
"""
_REMEMBER: Final = """
INSERT INTO address_choice (key, system, patient_id, always, staff_id, at)
VALUES (:key, :system, :patient_id, :always, :staff_id, :at)
ON CONFLICT DO UPDATE SET patient_id = excluded.patient_id, always = excluded.always,
    staff_id = excluded.staff_id, at = excluded.at
"""


class ChoiceTable:
    """Implements `inbox.repository.ChoiceStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def of(self, address: Address) -> AddressChoice | None:
        """What was said last about this address, or None."""
        row = await self._do.read(lambda db: db.execute(OF, _named(address)).fetchone())
        if row is None:
            return None
        return AddressChoice(
            row["patient_id"], bool(row["always"]), row["staff_id"], moment(row["at"])
        )

    async def remember(self, address: Address, choice: AddressChoice) -> None:
        """Keep what was said, in the place of what was said before."""
        values = {
            **_named(address),
            "patient_id": choice.patient_id,
            "always": choice.always,
            "staff_id": choice.by,
            "at": stamp(choice.at),
        }

        def write(writing: Writing) -> None:
            writing.db.execute(_REMEMBER, values)

        await self._do.write(write)


def _named(address: Address) -> Parameters:
    return {"key": storable(address.key), "system": address.system.value}

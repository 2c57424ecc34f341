"""The table `reminder`: which appointment was told to whom, and how often somebody was."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from inbox.address import Address, ChannelKind
from inbox.storage.reminder import Reached, ReminderKey, Told
from store.transaction import Transactions
from store.values import moment, pack_list, stamp, storable

TOLD: Final = """
SELECT r.told_at, r.outbox_id FROM reminder AS r JOIN outbox AS o ON o.id = r.outbox_id
WHERE r.patient_id = :patient_id AND r.moment = :moment AND r.template = :template
    AND o.status NOT IN ('cancelled', 'failed')
"""
_KEEP: Final = """
INSERT INTO reminder (patient_id, moment, template, outbox_id, told_at)
VALUES (:patient_id, :moment, :template, :outbox_id, :now)
ON CONFLICT DO UPDATE SET outbox_id = excluded.outbox_id, told_at = excluded.told_at
"""
AUTOMATIC: Final = """
SELECT r.key, r.created_at FROM outbox_recipient AS r JOIN outbox AS o ON o.id = r.outbox_id
WHERE r.key IN (SELECT value FROM json_each(:keys)) AND r.created_at >= :since
    AND r.outbox_id < :before AND o.status NOT IN ('cancelled', 'failed')
    AND json_extract(o.draft, '$.automatic') = 1
ORDER BY r.created_at DESC LIMIT 500
"""
CONTACTED: Final = """
SELECT DISTINCT k.value FROM json_each(:keys) AS k WHERE EXISTS (
    SELECT 1 FROM outbox_recipient AS r JOIN outbox AS o ON o.id = r.outbox_id
    WHERE r.key = k.value AND r.created_at >= :since AND r.outbox_id < :before
        AND o.status NOT IN ('cancelled', 'failed')
        AND json_extract(o.draft, '$.channel') = :channel)
"""
_LATEST: Final = 2**63 - 1
_WEEK: Final = timedelta(days=7)
_CONTACT_LASTS: Final = timedelta(days=90)


class ReminderTable:
    """Implements `inbox.repository.ReminderStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def told(self, key: ReminderKey) -> Told | None:
        """When it was told, or None: never, taken back, or not delivered."""
        row = await self._do.read(lambda db: db.execute(TOLD, _values(key)).fetchone())
        return None if row is None else Told(moment(row["told_at"]), row["outbox_id"])

    async def keep(self, key: ReminderKey, outbox_id: int, now: datetime) -> None:
        """Keep that it is told by this outbox row; in one `batch()` with queueing it."""
        values = {**_values(key), "outbox_id": outbox_id, "now": stamp(now)}
        await self._do.write(lambda writing: writing.db.execute(_KEEP, values))

    async def reached(
        self,
        addresses: Collection[Address],
        channel: ChannelKind,
        *,
        today: datetime,
        now: datetime,
        before: int | None = None,
    ) -> Reached:
        """How often these addresses were written to, cancelled and failed messages left out."""
        keys = {storable(address.key) for address in addresses}
        values = {
            "keys": pack_list(sorted(keys)),
            "before": _LATEST if before is None else before,
            "channel": channel.value,
        }
        day, week = stamp(today), stamp(min(today, now - _WEEK))
        quarter = stamp(now - _CONTACT_LASTS)

        def read(db: sqlite3.Connection) -> Reached:
            rows = db.execute(AUTOMATIC, {**values, "since": week}).fetchall()
            known = db.execute(CONTACTED, {**values, "since": quarter}).fetchall()
            return Reached(
                automatic_today=_most(row["key"] for row in rows if row["created_at"] >= day),
                automatic_week=_most(row["key"] for row in rows),
                first_contact=len(known) < len(keys),
            )

        return await self._do.read(read)


def _most(keys: Iterable[str]) -> int:
    return max(Counter(keys).values(), default=0)


def _values(key: ReminderKey) -> dict[str, str]:
    return {
        "patient_id": storable(key.patient_id),
        "moment": key.moment,
        "template": key.template,
    }

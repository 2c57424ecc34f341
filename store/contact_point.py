"""The table `contact_point`: ways to reach patients and their proxies."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from inbox.address import Address, AddressSystem
from inbox.events import ChangeKind
from inbox.patient import ContactPoint, PointHealth, PointUse
from inbox.storage.patient import SharedPoint
from store.transaction import Writing
from store.values import stamp, storable

OWN: Final = -1
"""Number of the proxy for points that are the patient's own."""

_OF: Final = """
SELECT proxy, system, value, "use", rank, health, health_reason FROM contact_point
WHERE patient_id = :patient_id ORDER BY proxy, ordinal
"""
_ADD: Final = """
INSERT INTO contact_point
    (patient_id, proxy, ordinal, system, value, key, "use", rank, health, health_reason)
VALUES
    (:patient_id, :proxy, :ordinal, :system, :value, :key, :use, :rank, :health, :health_reason)
"""
_FORGET: Final = "DELETE FROM contact_point WHERE patient_id = :patient_id"
_MARK: Final = """
UPDATE contact_point SET health = :health, health_reason = :reason
WHERE key = :key AND system = :system AND (health <> :health OR health_reason <> :reason)
"""
_HOLDERS: Final = """
SELECT DISTINCT patient_id FROM contact_point WHERE key = :key AND system = :system LIMIT 50
"""
# An import may have brought it in as old already: then nobody noted a day.
FORMERLY: Final = """
SELECT DISTINCT p.patient_id FROM contact_point AS p
WHERE p.key = :key AND p.system = :system AND p."use" = 'old' AND NOT EXISTS (
    SELECT 1 FROM contact_point AS t WHERE t.key = :key AND t.system = :system
        AND t."use" <> 'old' AND t.patient_id = p.patient_id)
AND coalesce((SELECT f.at FROM form_change AS f WHERE f.patient_id = p.patient_id
        AND f.field = 'contact ' || p.value AND f.new GLOB 'old*'
    ORDER BY f.id DESC LIMIT 1), :at) <= :at
LIMIT 50
"""
SHARED: Final = """
SELECT mine.system, mine.value, p.id, p.given, p.family,
    min(coalesce(x.relation, '')) AS relation
FROM contact_point AS mine
JOIN contact_point AS theirs ON theirs.key = mine.key AND theirs.system = mine.system
JOIN patient AS p ON p.id = theirs.patient_id
LEFT JOIN proxy AS x ON x.patient_id = theirs.patient_id AND x.ordinal = theirs.proxy
WHERE mine.patient_id = :patient_id AND mine.proxy = -1 AND mine."use" <> 'old'
    AND theirs.patient_id <> :patient_id AND theirs."use" <> 'old'
GROUP BY mine.ordinal, p.id
ORDER BY p.family, p.given, p.id, mine.ordinal LIMIT :limit
"""


def of_patient(db: sqlite3.Connection, patient_id: str) -> dict[int, list[ContactPoint]]:
    """The points of a patient by number of the proxy, `OWN` for the patient's own."""
    points: dict[int, list[ContactPoint]] = {}
    for row in db.execute(_OF, {"patient_id": patient_id}):
        points.setdefault(row["proxy"], []).append(
            ContactPoint(
                AddressSystem(row["system"]),
                row["value"],
                PointUse(row["use"]),
                row["rank"],
                PointHealth(row["health"]),
                row["health_reason"],
            )
        )
    return points


def formerly(db: sqlite3.Connection, address: Address, at: datetime) -> frozenset[str]:
    """Ids of patients whose address it was, and who have had it marked as old by `at`."""
    values = {"key": storable(address.key), "system": address.system.value, "at": stamp(at)}
    return frozenset(row["patient_id"] for row in db.execute(FORMERLY, values))


def shared(db: sqlite3.Connection, patient_id: str, limit: int) -> list[SharedPoint]:
    """Other patients who are reached at one of this patient's own addresses, by name."""
    return [
        SharedPoint(
            Address(AddressSystem(row["system"]), row["value"]),
            row["id"],
            f"{row['given']} {row['family']}".strip(),
            row["relation"],
        )
        for row in db.execute(SHARED, {"patient_id": patient_id, "limit": limit})
    ]


def replace(
    db: sqlite3.Connection, patient_id: str, points: Sequence[tuple[int, ContactPoint]]
) -> None:
    """Store the points of a patient in the place of the earlier ones."""
    db.execute(_FORGET, {"patient_id": patient_id})
    db.executemany(
        _ADD,
        [
            {
                "patient_id": patient_id,
                "proxy": proxy,
                "ordinal": ordinal,
                "system": point.system.value,
                "value": storable(point.value),
                "key": storable(point.address.key),
                "use": point.use.value,
                "rank": point.rank,
                "health": point.health.value,
                "health_reason": storable(point.health_reason),
            }
            for ordinal, (proxy, point) in enumerate(points)
        ],
    )


def mark(writing: Writing, address: Address, health: PointHealth, reason: str) -> None:
    """Say whether an address works, wherever it is stored."""
    values = {"key": storable(address.key), "system": address.system.value}
    marked = {**values, "health": health.value, "reason": storable(reason)}
    if writing.db.execute(_MARK, marked).rowcount:
        tell_holders(writing, address)


def tell_holders(writing: Writing, address: Address) -> None:
    """Say that everybody an address belongs to changed."""
    values = {"key": storable(address.key), "system": address.system.value}
    for row in writing.db.execute(_HOLDERS, values).fetchall():
        writing.tell(ChangeKind.PATIENT, row["patient_id"])

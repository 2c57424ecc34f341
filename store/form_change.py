"""The table `form_change`: what of a patient was changed, by whom; append-only by triggers."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from inbox.storage.patient import FormChange
from store.values import moment, stamp, storable

_ADD: Final = """
INSERT INTO form_change (patient_id, at, staff_id, method, field, old, new)
VALUES (:patient_id, :at, :staff_id, :method, :field, :old, :new)
"""
OF_PATIENT: Final = """
SELECT at, staff_id, method, field, old, new FROM form_change
WHERE patient_id IN (
    SELECT :patient_id UNION ALL
    SELECT old_id FROM patient_alias WHERE into_id = :patient_id)
ORDER BY id DESC LIMIT :limit
"""


def add(db: sqlite3.Connection, patient_id: str, changes: Sequence[FormChange]) -> None:
    """Keep changes of a patient."""
    db.executemany(
        _ADD,
        [
            {
                "patient_id": patient_id,
                "at": stamp(one.at),
                "staff_id": storable(one.by),
                "method": storable(one.how),
                "field": storable(one.field),
                "old": storable(one.old),
                "new": storable(one.new),
            }
            for one in changes
        ],
    )


def of_patient(db: sqlite3.Connection, patient_id: str, limit: int) -> list[FormChange]:
    """What changed of a patient, newest first."""
    return [
        FormChange(
            moment(row["at"]), row["staff_id"], row["method"], row["field"], row["old"], row["new"]
        )
        for row in db.execute(OF_PATIENT, {"patient_id": patient_id, "limit": limit})
    ]

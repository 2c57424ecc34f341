"""The tables `patient`, `proxy` and `privacy_form`."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final

from inbox.address import Address, AddressSystem, address_key
from inbox.errors import NotFound
from inbox.events import ChangeKind
from inbox.patient import (
    ContactPoint,
    Patient,
    PointHealth,
    PrivacyForm,
    Proxy,
)
from inbox.storage.patient import FormChange, SharedPoint
from store import contact_point, form_change, patient_alias, structure
from store.transaction import Transactions, Writing
from store.values import pack_list, storable

_READ: Final = """
SELECT p.given, p.family, p.details, f.form
FROM patient AS p JOIN privacy_form AS f ON f.patient_id = p.id WHERE p.id = :id
"""
_PROXIES: Final = """
SELECT ordinal, name, relation, until FROM proxy WHERE patient_id = :id ORDER BY ordinal
"""
BY_ADDRESS: Final = """
SELECT id FROM patient WHERE id IN (
    SELECT patient_id FROM contact_point WHERE key = :key AND system = :system AND "use" <> 'old')
ORDER BY family, given, id LIMIT 50
"""
BY_ALIAS: Final = """
SELECT id FROM patient WHERE id IN (
    SELECT patient_id FROM patient_identifier WHERE key IN (SELECT value FROM json_each(:aliases)))
ORDER BY family, given, id LIMIT 50
"""
_ADD_ALIAS: Final = """
INSERT INTO patient_identifier (key, patient_id) VALUES (:key, :id) ON CONFLICT DO NOTHING
"""
_ALL: Final = "SELECT id FROM patient ORDER BY family, given, id LIMIT :limit"
_BY_KEY: Final = """
SELECT DISTINCT patient_id FROM contact_point WHERE key >= :key AND key < :end LIMIT :limit
"""
_BY_ID: Final = "SELECT id FROM patient WHERE id >= :id AND id < :end ORDER BY id LIMIT :limit"
_SAVE: Final = """
INSERT INTO patient (id, given, family, details) VALUES (:id, :given, :family, :details)
ON CONFLICT DO UPDATE SET given = excluded.given, family = excluded.family,
    details = excluded.details
"""
_SAVE_FORM: Final = """
INSERT INTO privacy_form (patient_id, form) VALUES (:id, :form)
ON CONFLICT DO UPDATE SET form = excluded.form
"""
_ELSEWHERE: Final = frozenset({"id", "given", "family", "points", "proxies", "form"})
"""Fields of a patient with a column or a table of their own."""
_FORGET: Final = (
    "DELETE FROM patient_name WHERE patient_id = :id",
    "DELETE FROM proxy WHERE patient_id = :id",
    "DELETE FROM patient_identifier WHERE patient_id = :id",
)
_ADD_PROXY: Final = """
INSERT INTO proxy (patient_id, ordinal, name, relation, until)
VALUES (:id, :ordinal, :name, :relation, :until)
"""
_ADD_WORD: Final = """
INSERT INTO patient_name (word, patient_id) VALUES (:word, :id) ON CONFLICT DO NOTHING
"""
_END: Final = "\U0010ffff"


class PatientTable:
    """Implements `inbox.repository.PatientStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def get(self, patient_id: str) -> Patient:
        """One patient. Raises NotFound."""
        return await self._do.read(lambda db: read(db, patient_id))

    async def by_address(self, address: Address) -> list[Patient]:
        """Everybody this address belongs to, as their own or through a proxy, by name."""
        values = {"key": storable(address.key), "system": address.system.value}

        def find(db: sqlite3.Connection) -> list[Patient]:
            return [read(db, row["id"]) for row in db.execute(BY_ADDRESS, values).fetchall()]

        return await self._do.read(find, settled=False)

    async def formerly(self, address: Address, at: datetime) -> frozenset[str]:
        """Ids of patients whose address it was, and who have had it marked as old by `at`."""
        return await self._do.read(
            lambda db: contact_point.formerly(db, address, at), settled=False
        )

    async def by_alias(self, aliases: Collection[str]) -> list[Patient]:
        """Everybody whom other systems call one of these, by name."""
        if not aliases:
            return []
        values = {"aliases": pack_list(storable(one) for one in sorted(aliases)[:100])}

        def find(db: sqlite3.Connection) -> list[Patient]:
            return [read(db, row["id"]) for row in db.execute(BY_ALIAS, values).fetchall()]

        return await self._do.read(find)

    async def find(self, text: str, limit: int) -> list[Patient]:
        """Patients by the beginnings of names, an address or an id; all when `text` is empty."""

        def find(db: sqlite3.Connection) -> list[Patient]:
            return [read(db, patient_id) for patient_id in _find(db, text.strip(), limit)]

        return await self._do.read(find)

    async def save(self, patients: Collection[Patient]) -> None:
        """Add or change patients, all or none."""

        def write(writing: Writing) -> None:
            for patient in patients:
                _save(writing.db, patient)
            if len(patients) == 1:
                writing.tell(ChangeKind.PATIENT, next(iter(patients)).id)
            elif patients:
                writing.tell(ChangeKind.PATIENT)

        await self._do.write(write)

    async def unite(self, old: Patient, both: Patient, staff_id: str, now: datetime) -> None:
        """Store `both` in the place of two patients; see the contract."""

        def write(writing: Writing) -> None:
            _save(writing.db, both)
            patient_alias.unite(writing, old, both, staff_id, now)
            for patient_id in (old.id, both.id):
                writing.tell(ChangeKind.PATIENT, patient_id)

        await self._do.write(write)

    async def former_ids(self, patient_id: str) -> list[str]:
        """The ids a patient had before, whose record files go on in theirs."""
        return await self._do.read(lambda db: patient_alias.former_ids(db, patient_id))

    async def shared(self, patient_id: str, limit: int) -> list[SharedPoint]:
        """Other patients who are reached at one of this patient's own addresses, by name."""
        return await self._do.read(lambda db: contact_point.shared(db, patient_id, limit))

    async def add_changes(self, patient_id: str, changes: Sequence[FormChange]) -> None:
        """Keep what changed of a patient; it can never be taken back."""
        await self._do.write(lambda writing: form_change.add(writing.db, patient_id, changes))

    async def changes(self, patient_id: str, limit: int) -> list[FormChange]:
        """What changed of a patient, newest first."""
        return await self._do.read(lambda db: form_change.of_patient(db, patient_id, limit))

    async def mark_point(self, address: Address, health: PointHealth, reason: str) -> None:
        """Say whether an address is known to work, wherever it is stored."""
        await self._do.write(lambda writing: contact_point.mark(writing, address, health, reason))


def folded(text: str) -> list[str]:
    """The words of a text without regard to case and accents."""
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)
    )
    spaced = "".join(char if char.isalnum() else " " for char in plain)
    return spaced.casefold().split()


def read(db: sqlite3.Connection, patient_id: str) -> Patient:
    """One patient with contact points, proxies and privacy form. Raises NotFound."""
    row = db.execute(_READ, {"id": patient_id}).fetchone()
    if row is None:
        present = patient_alias.present_id(db, patient_id)
        if present != patient_id:
            return read(db, present)
        raise NotFound("There is no such patient.", "Look for them with `twoway patients list`.")
    points = contact_point.of_patient(db, patient_id)
    return structure.unpack(
        Patient,
        row["details"],
        id=patient_id,
        given=row["given"],
        family=row["family"],
        points=tuple(points.get(contact_point.OWN, ())),
        proxies=tuple(
            Proxy(
                proxy["name"],
                proxy["relation"],
                tuple(points.get(proxy["ordinal"], ())),
                _date(proxy["until"]),
            )
            for proxy in db.execute(_PROXIES, {"id": patient_id})
        ),
        form=structure.unpack(PrivacyForm, row["form"]),
    )


def _find(db: sqlite3.Connection, text: str, limit: int) -> list[str]:
    if not text:
        return [row["id"] for row in db.execute(_ALL, {"limit": limit})]
    text = storable(text)
    found = [
        row["id"] for row in db.execute(_BY_ID, {"id": text, "end": text + _END, "limit": limit})
    ]
    values = {"id": text, "end": text + _END, "limit": limit}
    found += [row["id"] for row in db.execute(patient_alias.BY_BEGINNING, values)]
    keys = {address_key(system, text) for system in AddressSystem} - {"", "+"}
    for key in sorted(keys):
        values = {"key": key, "end": key + _END, "limit": limit}
        found += [row["patient_id"] for row in db.execute(_BY_KEY, values)]
    found += _named(db, text, limit)
    return list(dict.fromkeys(found))[:limit]


def _named(db: sqlite3.Connection, text: str, limit: int) -> list[str]:
    """Ids of patients with a name that begins with each of the words, by name."""
    words = folded(text)
    if not words:
        return []
    each = " INTERSECT ".join(
        f"SELECT patient_id FROM patient_name "  # noqa: S608 - only numbered names
        f"WHERE word >= :w{n} AND word < :e{n}"
        for n in range(len(words[:8]))
    )
    values: dict[str, str | int] = {"limit": limit}
    for n, word in enumerate(words[:8]):
        values |= {f"w{n}": word, f"e{n}": word + _END}
    statement = (
        f"SELECT id FROM patient WHERE id IN ({each}) "  # noqa: S608 - only numbered names
        "ORDER BY family, given, id LIMIT :limit"
    )
    return [row["id"] for row in db.execute(statement, values)]


def _save(db: sqlite3.Connection, patient: Patient) -> None:
    key = {"id": patient.id}
    db.execute(
        _SAVE,
        {
            **key,
            "given": storable(patient.given),
            "family": storable(patient.family),
            "details": structure.pack(patient, without=_ELSEWHERE),
        },
    )
    db.execute(_SAVE_FORM, {**key, "form": structure.pack(patient.form)})
    for statement in _FORGET:
        db.execute(statement, key)
    words = set(folded(f"{patient.given} {patient.family}"))
    db.executemany(_ADD_WORD, [{**key, "word": word} for word in words])
    aliases = {storable(one) for one in (*patient.sources, *patient.identifiers) if one}
    db.executemany(_ADD_ALIAS, [{**key, "key": alias} for alias in aliases])
    points: list[tuple[int, ContactPoint]] = [(contact_point.OWN, p) for p in patient.points]
    for ordinal, proxy in enumerate(patient.proxies):
        values = {
            **key,
            "ordinal": ordinal,
            "name": storable(proxy.name),
            "relation": storable(proxy.relation),
            "until": _text(proxy.until),
        }
        db.execute(_ADD_PROXY, values)
        points += [(ordinal, point) for point in proxy.points]
    contact_point.replace(db, patient.id, points)


def _date(stored: str | None) -> date | None:
    return None if stored is None else date.fromisoformat(stored)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()

"""The table `promise`: what was told to patients, and who keeps it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from inbox.errors import NotFound, Stale
from inbox.promise import NewPromise, Promise, PromiseKind, PromiseState
from store import promise_state
from store.conversation import resolve
from store.transaction import Transactions, Writing
from store.values import Parameters, moment, stamp, storable

_FIRST: Final = 2**62
_COLUMNS: Final = """
    p.id, p.conversation_id, p.patient_id, p.owner, p.kind, p.said, p.due, p.made_at, p.asked_at,
    p.answered_at, p.wrote_at, p.withdrawn_at, p.withdrawn_because, p.unsaid, p.everybodys_at,
    p.outbox_id,
    c.person, c.person_address, trim(coalesce(t.given, '') || ' ' || coalesce(t.family, '')) AS name
"""
_JOINED: Final = """
    JOIN conversation AS c ON c.id = p.conversation_id LEFT JOIN patient AS t ON t.id = p.patient_id
"""
_ADD: Final = """
INSERT INTO promise (conversation_id, outbox_id, owner, kind, said, due, made_at, stands)
VALUES (:conversation_id, :outbox_id, :owner, :kind, :said, :due, :made_at, 1)
"""
_ONE: Final = f"SELECT {_COLUMNS} FROM promise AS p {_JOINED} WHERE p.id = :id"  # noqa: S608 - constants
LIVE: Final = f"""
SELECT {_COLUMNS} FROM ({promise_state.LIVE}) AS live
CROSS JOIN promise AS p ON p.id = live.id {_JOINED} ORDER BY live.due, live.id
"""  # noqa: S608 - constants
LATEST: Final = f"""
SELECT {_COLUMNS} FROM promise AS p {_JOINED}
WHERE p.id < :before ORDER BY p.id DESC LIMIT :limit
"""  # noqa: S608 - constants
OF_CONVERSATION: Final = f"""
SELECT {_COLUMNS} FROM promise AS p {_JOINED}
WHERE p.conversation_id = :id ORDER BY p.made_at DESC, p.id DESC LIMIT :limit
"""  # noqa: S608 - constants
_OF_OUTBOX: Final = f"""
SELECT {_COLUMNS} FROM promise AS p {_JOINED} WHERE p.outbox_id = :id ORDER BY p.id
"""  # noqa: S608 - constants
ENDED: Final = f"""
SELECT {_COLUMNS} FROM promise AS p INDEXED BY promise_kept {_JOINED}
WHERE p.answered_at IS NOT NULL AND p.audited <> 'kept' AND p.withdrawn_at IS NULL
    AND p.unsaid = 0 AND (p.kind = 'answer' OR p.due <= :now)
UNION ALL
SELECT {_COLUMNS} FROM promise AS p INDEXED BY promise_standing {_JOINED}
WHERE p.stands > 0 AND p.stands = 2 AND p.due <= :now AND p.audited = ''
LIMIT :limit
"""  # noqa: S608 - constants
_AUDITED: Final = "UPDATE promise SET audited = :state WHERE id = :id AND audited <> :state"
_WITHDRAW: Final = """
UPDATE promise SET withdrawn_at = :now, withdrawn_by = :staff_id, withdrawn_because = :because,
    stands = 0
WHERE id = :id AND stands > 0
"""
_EVERYBODYS: Final = """
UPDATE promise SET everybodys_at = :now WHERE id = :id AND everybodys_at IS NULL AND stands > 0
"""
_GIVE_BACK: Final = """
UPDATE conversation SET assigned_to = '' WHERE id = :id AND assigned_to = :owner
"""


class PromiseTable:
    """Implements `inbox.repository.PromiseStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def add(self, new: NewPromise) -> Promise:
        """Keep a promise that no message of the outbox makes. Raises NotFound."""

        def write(writing: Writing) -> Promise:
            target = resolve(writing.db, new.conversation_id or 0)
            (promise_id,) = add(writing, [new], target, None)
            return read(writing.db, promise_id)

        return await self._do.write(write)

    async def get(self, promise_id: int) -> Promise:
        """One promise. Raises NotFound."""
        return await self._do.read(lambda db: read(db, promise_id))

    async def live(self, now: datetime, limit: int = 200) -> list[Promise]:
        """Those that are OPEN, CALLED_ON or BROKEN at `now`, the soonest due first."""
        return await self._list(LIVE, {"now": stamp(now), "limit": limit})

    async def latest(self, limit: int, before: int | None = None) -> list[Promise]:
        """All, the newest first; those before promise `before`."""
        values = {"limit": limit, "before": _FIRST if before is None else before}
        return await self._list(LATEST, values)

    async def of_conversation(self, conversation_id: int, limit: int = 50) -> list[Promise]:
        """Those made in a conversation, the newest first."""

        def found(db: sqlite3.Connection) -> list[Promise]:
            values = {"id": resolve(db, conversation_id), "limit": limit}
            return [_from_row(row) for row in db.execute(OF_CONVERSATION, values)]

        return await self._do.read(found)

    async def of_outbox(self, outbox_id: int) -> list[Promise]:
        """Those that a message makes, in its order."""
        return await self._list(_OF_OUTBOX, {"id": outbox_id})

    async def withdraw(
        self, promise_id: int, now: datetime, staff_id: str, because: str
    ) -> Promise:
        """Close a promise that still stands.

        Raises:
            NotFound: there is none.
            Stale: it was kept, taken back or withdrawn before.
        """

        def write(writing: Writing) -> Promise:
            values = {
                "id": promise_id,
                "now": stamp(now),
                "staff_id": staff_id,
                "because": storable(because),
            }
            before = read(writing.db, promise_id)
            if not writing.db.execute(_WITHDRAW, values).rowcount:
                raise Stale(
                    f"This promise is {before.state(now).value} already.",
                    "There is nothing left to withdraw.",
                )
            writing.tell_conversation(before.conversation_id)
            return read(writing.db, promise_id)

        return await self._do.write(write)

    async def make_everybodys(self, promise_id: int, now: datetime) -> bool:
        """Take it, and its conversation, from its owner; False when somebody did so before."""

        def write(writing: Writing) -> bool:
            values: Parameters = {"id": promise_id, "now": stamp(now)}
            if not writing.db.execute(_EVERYBODYS, values).rowcount:
                return False
            promise = read(writing.db, promise_id)
            values = {"id": promise.conversation_id, "owner": promise.owner}
            writing.db.execute(_GIVE_BACK, values)
            writing.tell_conversation(promise.conversation_id)
            return True

        return await self._do.write(write)

    async def ended(self, now: datetime, limit: int = 50) -> list[Promise]:
        """Those that were kept or broken since the audit was last told."""
        return await self._list(ENDED, {"now": stamp(now), "limit": limit})

    async def mark_audited(self, promise_id: int, state: PromiseState) -> bool:
        """The audit is told of this end; False when somebody told it before."""
        values = {"id": promise_id, "state": state.value}
        return await self._do.write(
            lambda writing: bool(writing.db.execute(_AUDITED, values).rowcount)
        )

    async def _list(self, statement: str, values: Parameters) -> list[Promise]:
        rows = await self._do.read(lambda db: db.execute(statement, values).fetchall())
        return [_from_row(row) for row in rows]


def add(
    writing: Writing,
    promises: Sequence[NewPromise],
    conversation_id: int,
    outbox_id: int | None,
) -> list[int]:
    """Keep promises inside a transaction; return their ids."""
    ids = [
        writing.db.execute(
            _ADD,
            {
                "conversation_id": conversation_id,
                "outbox_id": outbox_id,
                "owner": new.owner,
                "kind": new.kind.value,
                "said": storable(new.said),
                "due": stamp(new.due),
                "made_at": stamp(new.made_at),
            },
        ).lastrowid
        or 0
        for new in promises
    ]
    if ids:
        promise_state.refresh(writing.db, conversation_id)
        writing.tell_conversation(conversation_id)
    return ids


def read(db: sqlite3.Connection, promise_id: int) -> Promise:
    """One promise. Raises NotFound."""
    row = db.execute(_ONE, {"id": promise_id}).fetchone()
    if row is None:
        raise NotFound("There is no such promise.", "`twoway promises` lists them.")
    return _from_row(row)


def _from_row(row: sqlite3.Row) -> Promise:
    return Promise(
        id=row["id"],
        conversation_id=row["conversation_id"],
        patient_id=row["patient_id"],
        owner=row["owner"],
        kind=PromiseKind(row["kind"]),
        said=row["said"],
        due=moment(row["due"]),
        made_at=moment(row["made_at"]),
        asked_at=moment(row["asked_at"]),
        answered_at=moment(row["answered_at"]),
        wrote_at=moment(row["wrote_at"]),
        withdrawn_at=moment(row["withdrawn_at"]),
        withdrawn_because=row["withdrawn_because"],
        unsaid=bool(row["unsaid"]),
        everybodys_at=moment(row["everybodys_at"]),
        outbox_id=row["outbox_id"],
        person=row["name"] or row["person"] or row["person_address"] or "Unknown",
    )

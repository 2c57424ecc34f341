"""The table `outbox`, of what was handed over: looking it up, and its copy for other programs."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from inbox.events import ChangeKind
from inbox.storage.handed_over import Uncopied
from inbox.storage.outbox import OutboxRow
from store import outbox
from store.transaction import Transactions, Writing
from store.values import stamp, storable

TO_LOOK_UP: Final = f"""
SELECT {outbox.COLUMNS}, o.looks FROM outbox AS o
WHERE o.status = 'unknown' AND o.look_at <= :now ORDER BY o.look_at, o.id LIMIT :limit
"""  # noqa: S608 - constants
_LOOKED: Final = "UPDATE outbox SET looks = :looks, look_at = :again_at WHERE id = :id"
TO_COPY: Final = f"""
SELECT {outbox.COLUMNS} FROM outbox AS o
WHERE o.copy_at <= :now ORDER BY o.copy_at, o.id LIMIT :limit
"""  # noqa: S608 - constants
_COPIED: Final = """
UPDATE outbox SET copy_at = NULL, copy_trouble = '' WHERE id = :id
"""
_NOT_COPIED: Final = """
UPDATE outbox SET copy_at = :again_at, copy_trouble = :why WHERE id = :id
"""
UNCOPIED: Final = """
SELECT m.line_id, count(*) AS count, u.copy_trouble AS why
FROM (SELECT message_id, copy_trouble, id FROM outbox WHERE copy_trouble <> ''
    ORDER BY id DESC LIMIT 100) AS u
JOIN message AS m ON m.id = u.message_id
GROUP BY m.line_id HAVING max(u.id) ORDER BY m.line_id
"""


class HandedOverTable:
    """Implements `inbox.repository.HandedOverStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def to_look_up(self, now: datetime, limit: int) -> list[tuple[OutboxRow, int]]:
        """UNKNOWN rows that are due for a look, the longest due first, and the looks so far."""
        values = {"now": stamp(now), "limit": limit}
        rows = await self._do.read(lambda db: db.execute(TO_LOOK_UP, values).fetchall())
        return [(outbox.from_row(row), row["looks"]) for row in rows]

    async def looked(self, outbox_id: int, looks: int, again_at: datetime | None) -> None:
        """Keep how often a row was looked up, and when it is again; None: not by itself."""
        values = {"id": outbox_id, "looks": looks, "again_at": stamp(again_at)}
        await self._do.write(lambda writing: writing.db.execute(_LOOKED, values))

    async def to_copy(self, now: datetime, limit: int) -> list[OutboxRow]:
        """Rows that left and whose copy is due for a look, the longest due first."""
        values = {"now": stamp(now), "limit": limit}
        rows = await self._do.read(lambda db: db.execute(TO_COPY, values).fetchall())
        return [outbox.from_row(row) for row in rows]

    async def copied(self, outbox_id: int) -> None:
        """The copy of a row lies in the folder of sent messages."""
        await self._write(_COPIED, {"id": outbox_id})

    async def not_copied(self, outbox_id: int, why: str, again_at: datetime | None) -> None:
        """It does not, for this reason; it is tried again then. None: not by itself."""
        values = {"id": outbox_id, "why": storable(why), "again_at": stamp(again_at)}
        await self._write(_NOT_COPIED, values)

    async def uncopied(self) -> list[Uncopied]:
        """The lines whose copies failed so far; one that was not tried yet has not failed."""
        rows = await self._do.read(lambda db: db.execute(UNCOPIED).fetchall())
        return [Uncopied(row["line_id"], row["count"], row["why"]) for row in rows]

    async def _write(self, statement: str, values: dict[str, object]) -> None:
        def write(writing: Writing) -> None:
            line_id = outbox.read(writing.db, int(str(values["id"]))).draft.line_id
            writing.db.execute(statement, values)
            writing.tell(ChangeKind.LINE, line_id)

        await self._do.write(write)

"""The table `message_signal`: what arrivals say between their lines, and what became of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from inbox.address import Address
from inbox.errors import Stale
from inbox.signals.signal import Sign, Signal, SignalState
from store.conversation import resolve
from store.state import refresh
from store.transaction import Transactions, Writing
from store.values import moment, stamp, storable

_COLUMNS: Final = "message_id, rule, conversation_id, state, words, at, staff_id"
OF_CONVERSATION: Final = f"""
SELECT {_COLUMNS} FROM message_signal
WHERE conversation_id = :id AND state <> 'noted' ORDER BY message_id DESC LIMIT 200
"""  # noqa: S608 - constants
URGENT: Final = f"""
SELECT {_COLUMNS} FROM message_signal INDEXED BY message_signal_urgent
WHERE rule = 'IN01' AND state = 'proposed' ORDER BY message_id LIMIT 50
"""  # noqa: S608 - constants
OPEN_AT: Final = """
SELECT s.key, s.rule FROM json_each(:addresses) AS asked
CROSS JOIN message_signal AS s ON s.key = json_extract(asked.value, '$[1]')
    AND s.system = json_extract(asked.value, '$[0]') AND s.state = 'proposed'
GROUP BY s.key, s.rule
"""
# What a person decided, or what took effect, is never proposed anew.
_FORGET: Final = """
DELETE FROM message_signal WHERE message_id = :message_id AND state IN ('proposed', 'noted')
"""
_ADD: Final = """
INSERT INTO message_signal
    (message_id, rule, conversation_id, system, key, state, words, at, staff_id)
VALUES
    (:message_id, :rule, :conversation_id, :system, :key, :state, :words, :at, :staff_id)
ON CONFLICT DO NOTHING
"""
_DECIDE: Final = f"""
UPDATE message_signal SET state = :state, staff_id = :staff_id, at = :at
WHERE conversation_id = :id AND rule = :rule AND state = 'proposed'
    AND (:only IS NULL OR message_id IN (SELECT value FROM json_each(:only)))
RETURNING {_COLUMNS}
"""  # noqa: S608 - constants
_BEGIN: Final = """
INSERT INTO line_start (line_id, began_at) VALUES (:line_id, :now) ON CONFLICT DO NOTHING
"""
_BEGAN: Final = "SELECT began_at FROM line_start WHERE line_id = :line_id"


class SignalTable:
    """Implements `inbox.repository.SignalStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def of_conversation(self, conversation_id: int) -> list[Signal]:
        """The signals of a conversation, oldest first; at most the newest 200."""

        def read(db: sqlite3.Connection) -> list[sqlite3.Row]:
            return db.execute(OF_CONVERSATION, {"id": resolve(db, conversation_id)}).fetchall()

        return [_signal(row) for row in reversed(await self._do.read(read))]

    async def urgent(self) -> list[Signal]:
        """Emergencies that nobody has looked after yet, oldest first; at most 50."""
        rows = await self._do.read(lambda db: db.execute(URGENT).fetchall())
        return [_signal(row) for row in rows]

    async def open_at(self, addresses: Collection[Address]) -> Mapping[str, frozenset[str]]:
        """Rules with an open signal from each of these addresses, by the address's key."""
        wanted = [[address.system.value, storable(address.key)] for address in addresses]
        values = {"addresses": json.dumps(wanted)}
        found: dict[str, frozenset[str]] = {}
        for row in await self._do.read(lambda db: db.execute(OPEN_AT, values).fetchall()):
            found[row["key"]] = found.get(row["key"], frozenset()) | {row["rule"]}
        return found

    async def decide(
        self,
        conversation_id: int,
        rule: str,
        state: SignalState,
        staff_id: str,
        now: datetime,
        only: Collection[int] | None = None,
    ) -> list[Signal]:
        """A person decides every open signal of a rule in a conversation; what was decided."""

        def write(writing: Writing) -> list[Signal]:
            target = resolve(writing.db, conversation_id)
            values = {"id": target, "rule": rule, "state": state.value}
            decided = writing.db.execute(
                _DECIDE,
                {
                    **values,
                    "staff_id": staff_id,
                    "at": stamp(now),
                    "only": None if only is None else json.dumps(list(only)),
                },
            ).fetchall()
            if not decided:
                raise Stale(
                    "Nothing of the kind is open in this conversation any more.",
                    "Look again: somebody may have decided it just now.",
                )
            refresh(writing.db, target)
            writing.tell_conversation(target)
            return [_signal(row) for row in decided]

        return await self._do.write(write)

    async def line_began(self, line_id: str, now: datetime) -> datetime:
        """When a line was read for the first time; `now` when this is it."""

        def write(writing: Writing) -> int:
            writing.db.execute(_BEGIN, {"line_id": line_id, "now": stamp(now)})
            return int(writing.db.execute(_BEGAN, {"line_id": line_id}).fetchone()[0])

        return moment(await self._do.write(write))


def add(
    db: sqlite3.Connection,
    message_id: int,
    conversation_id: int,
    signs: Sequence[Sign],
    sender: Address | None,
    at: datetime,
    *,
    again: bool = False,
) -> frozenset[str]:
    """Keep what was heard in a message; return the rules that are new.

    Args:
        db: Inside a transaction; the caller derives the conversation's state anew.
        message_id: The message.
        conversation_id: Where it is.
        signs: What was heard.
        sender: Whose address it came from.
        at: When it arrived.
        again: It was heard before, perhaps in a part of it only.
    """
    if again:
        db.execute(_FORGET, {"message_id": message_id})
    new = set()
    for sign in signs:
        values = {
            "message_id": message_id,
            "rule": sign.rule,
            "conversation_id": conversation_id,
            "system": sender.system.value if sender else "",
            "key": storable(sender.key) if sender else "",
            "state": sign.state.value,
            "words": storable(sign.words),
            "at": stamp(at),
            "staff_id": sign.by,
        }
        if db.execute(_ADD, values).rowcount:
            new.add(sign.rule)
    return frozenset(new)


def _signal(row: sqlite3.Row) -> Signal:
    return Signal(
        message_id=row["message_id"],
        conversation_id=row["conversation_id"],
        rule=row["rule"],
        state=SignalState(row["state"]),
        words=row["words"],
        at=moment(row["at"]),
        by=row["staff_id"],
    )

"""The table `consent`: what was said about writing to an address; append-only by triggers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.patient import Consent
from inbox.storage.consent import ConsentEntry, ConsentKey
from store import contact_point
from store.transaction import Transactions, Writing
from store.values import Parameters, moment, stamp, storable

_ADD: Final = """
INSERT INTO consent
    (system, key, value, channel, consent, explicit, at, staff_id, method, message_id, warned_on,
     warning)
VALUES
    (:system, :key, :value, :channel, :consent, :explicit, :at,
     :staff_id, :method, :message_id, :warned_on, :warning)
ON CONFLICT DO NOTHING
"""
_SKEW: Final = timedelta(minutes=1)
"""How far two clocks may differ."""
# One step into the index for each address and channel, however much was said about it.
CURRENT: Final = """
WITH wanted (system, key) AS (
    SELECT DISTINCT json_extract(value, '$[0]'), json_extract(value, '$[1]')
    FROM json_each(:addresses)),
channel (name) AS (VALUES ('email'), ('sms'), ('phone'), ('portal'))
SELECT c.* FROM wanted AS w CROSS JOIN channel AS k CROSS JOIN consent AS c ON c.id = (
    SELECT n.id FROM consent AS n
    WHERE n.key = w.key AND n.system = w.system AND n.channel = k.name
    ORDER BY n.explicit DESC, n.at DESC, n.id DESC LIMIT 1)
"""
HISTORY: Final = """
SELECT * FROM consent WHERE key = :key AND system = :system ORDER BY at DESC, id DESC
"""


class ConsentTable:
    """Implements `inbox.repository.ConsentStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def add(self, entries: Sequence[ConsentEntry]) -> None:
        """Keep what was said; a message that said so already says nothing new.

        Nobody can have accepted tomorrow: such an acceptance outdoes no opt-out, ever.
        """

        def write(writing: Writing) -> None:
            for entry in entries:
                writing.db.execute(_ADD, _values(entry, writing.clock()))
                contact_point.tell_holders(writing, entry.address)

        await self._do.write(write)

    async def current(self, addresses: Collection[Address]) -> Mapping[ConsentKey, ConsentEntry]:
        """What was said last about each address and channel; those nobody spoke of are missing."""
        wanted = [[address.system.value, storable(address.key)] for address in addresses]
        values = {"addresses": json.dumps(wanted)}
        found = await self._do.read(lambda db: db.execute(CURRENT, values).fetchall())
        return {(row["key"], ChannelKind(row["channel"])): _entry(row) for row in found}

    async def history(self, address: Address) -> list[ConsentEntry]:
        """All that was said about an address, newest first."""
        values = {"key": storable(address.key), "system": address.system.value}
        found = await self._do.read(lambda db: db.execute(HISTORY, values).fetchall())
        return [_entry(row) for row in found]


def _values(entry: ConsentEntry, now: datetime) -> Parameters:
    at = min(entry.at, now) if entry.at <= now + _SKEW else entry.at
    accepted = entry.consent is Consent.ACCEPTED and at <= now
    return {
        "explicit": accepted or entry.consent is Consent.DECLINED,
        "system": entry.address.system.value,
        "key": storable(entry.address.key),
        "value": storable(entry.address.value),
        "channel": entry.channel.value,
        "consent": entry.consent.value,
        "at": stamp(at),
        "staff_id": storable(entry.by),
        "method": storable(entry.method),
        "message_id": entry.message_id,
        "warned_on": None if entry.warned_on is None else entry.warned_on.isoformat(),
        "warning": storable(entry.warning),
    }


def _entry(row: sqlite3.Row) -> ConsentEntry:
    return ConsentEntry(
        address=Address(AddressSystem(row["system"]), row["value"]),
        channel=ChannelKind(row["channel"]),
        consent=Consent(row["consent"]),
        at=moment(row["at"]),
        by=row["staff_id"],
        method=row["method"],
        message_id=row["message_id"],
        warned_on=None if row["warned_on"] is None else date.fromisoformat(row["warned_on"]),
        warning=row["warning"],
    )

"""The table `lease`: who does the work of a folder when several processes have it open."""

from __future__ import annotations

import os
import socket
import sqlite3
from datetime import datetime, timedelta
from typing import Final

from store.transaction import Transactions, Writing
from store.values import stamp

_HOLDER: Final = "SELECT holder, pid, host, until FROM lease WHERE name = :name"
_TAKE: Final = """
INSERT INTO lease (name, holder, pid, host, until) VALUES (:name, :holder, :pid, :host, :until)
ON CONFLICT DO UPDATE SET holder = excluded.holder, pid = excluded.pid, host = excluded.host,
    until = excluded.until
"""
_RELEASE: Final = "DELETE FROM lease WHERE holder = :holder"
_ALIVE: Final = "SELECT holder, pid, host, until FROM lease WHERE until > :now"


class LeaseTable:
    """Implements `inbox.repository.LeaseStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions
        self._host = socket.gethostname()

    async def acquire(self, name: str, holder: str, now: datetime, lasts: timedelta) -> bool:
        """Take or renew a lease; False when somebody alive has it."""
        values = {
            "name": name,
            "holder": holder,
            "pid": os.getpid(),
            "host": self._host,
            "until": stamp(now + lasts),
        }

        def write(writing: Writing) -> bool:
            row = writing.db.execute(_HOLDER, {"name": name}).fetchone()
            if row is not None and row["holder"] != holder and self._is_alive(row, stamp(now)):
                return False
            writing.db.execute(_TAKE, values)
            return True

        return await self._do.write(write)

    async def release(self, holder: str) -> None:
        """Give back every lease of a holder."""
        await self._do.write(lambda writing: writing.db.execute(_RELEASE, {"holder": holder}))

    async def alive(self, now: datetime) -> set[str]:
        """Holders whose lease has not run out and whose process, on this machine, is running."""

        def read(db: sqlite3.Connection) -> list[sqlite3.Row]:
            return db.execute(_ALIVE, {"now": stamp(now)}).fetchall()

        rows = await self._do.read(read)
        return {row["holder"] for row in rows if self._is_alive(row, stamp(now))}

    def _is_alive(self, row: sqlite3.Row, now: int) -> bool:
        if row["until"] <= now:
            return False
        # Of a process on another machine only the lease itself tells.
        return row["host"] != self._host or _runs(row["pid"])


def _runs(pid: int) -> bool:
    """Whether a process of this machine is running."""
    if os.name != "posix":
        # There os.kill(pid, 0) would end the process instead of asking for it.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

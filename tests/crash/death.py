"""Where a process can die: each step is counted, and at one of them it kills itself.

Installed in the victim's process alone. Steps are what makes a difference to what is kept: right
before and right after each commit, and each write and sync of a record file. `WIRES` counts each
time something is said to a server too, `STATEMENTS` every SQL statement of the writer.
"""

from __future__ import annotations

import imaplib
import itertools
import os
import signal
import sqlite3
import threading
from asyncio import selector_events
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from store import connection, record_file, transaction

STEPS = "steps"
WIRES = "wires"
STATEMENTS = "statements"
TORN = "torn"
"""Like steps, but only writes to record files count, and half of the line reaches the file."""


class Death:
    """Counts the steps of a run; at the one it was told, it ends the process with SIGKILL."""

    def __init__(self, kind: str, at: int) -> None:
        """Die at step `at`; 0 only counts."""
        self.kind = kind
        self.at = at
        self.armed = True
        self.names: list[str] = []
        """What each step was."""
        self._next = itertools.count(1)
        # Steps come from several threads; a step is counted and died at in one piece.
        self._lock = threading.Lock()

    def step(self, name: str, before: Callable[[], object] | None = None) -> None:
        """Pass one step, or do `before` and die at it."""
        if not self.armed:
            return
        with self._lock:
            number = next(self._next)
            self.names.append(name)
            if number == self.at:
                if before is not None:
                    before()
                os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Put the steps in their places; there is no way back in this process."""
        self._watch_database()
        self._watch_record_files()
        if self.kind == WIRES:
            self._watch_wires()

    def _watch_database(self) -> None:
        real_connect, real_commit = connection.connect, transaction._commit

        def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            made = real_connect(*args, **kwargs)
            if kwargs.get("writer"):
                made.set_trace_callback(self._statement)
            return made

        def commit(db: sqlite3.Connection, writing: transaction.Writing) -> Any:
            done: Any = real_commit(db, writing)
            if self.kind in {STEPS, WIRES}:
                self.step("committed")
            return done

        _put(connection, "connect", connect)
        _put(transaction, "_commit", commit)

    def _statement(self, statement: str) -> None:
        if self.kind == STATEMENTS or (self.kind in {STEPS, WIRES} and statement == "COMMIT"):
            self.step(statement.split(None, 1)[0])

    def _watch_record_files(self) -> None:
        def write(descriptor: int, line: bytes) -> int:
            if self.kind == TORN:
                self.step("write", lambda: os.write(descriptor, line[: len(line) // 2]))
            else:
                self.step("write")
            return os.write(descriptor, line)

        def sync(descriptor: int) -> None:
            if self.kind != TORN:
                self.step("fsync")
            os.fsync(descriptor)

        watched = {**vars(os), "write": write, "fsync": sync}
        _put(record_file, "os", SimpleNamespace(**watched))

    def _watch_wires(self) -> None:
        transport = selector_events._SelectorSocketTransport  # type: ignore[attr-defined]  # private
        real_write, real_send = transport.write, imaplib.IMAP4.send

        def write(sock: Any, data: bytes) -> None:
            self.step("smtp")
            real_write(sock, data)

        def send(client: imaplib.IMAP4, data: Any) -> None:
            self.step("imap")
            real_send(client, data)

        _put(transport, "write", write)
        _put(imaplib.IMAP4, "send", send)


def _put(owner: Any, name: str, value: object) -> None:
    setattr(owner, name, value)

"""A terminal in memory that runs a program and says when what was on its screen.

Stamps are taken where the bytes arrive (`benchmarks.reader`); the emulator runs afterwards, when
the program pauses, so that it takes no processor time from it in the middle of a paint.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pyte

from benchmarks.reader import HEADER

_QUIET: Final = 0.03
"""Seconds without output after which a paint is taken as complete."""
_PAUSE: Final = 0.005
"""Seconds without output after which the emulator may take its time."""
_MOST_HELD: Final = 200
_KEY_SECONDS: Final = 2.0
_QUIT_SECONDS: Final = 5.0

# What pyte 0.8 does not know and would print as text.
_UNKNOWN: Final = re.compile(
    rb"\x1b\[[<=>][0-9;:]*[ -/]*[@-~]"
    rb"|\x1b\[\??[0-9;:]*[ -/]+[@-~]"
    rb"|\x1b\[\?[0-9;]*[unW]"
    rb"|\x1b\[[0-9;]*t"
    rb"|\x1b[P_^X][^\x1b]*\x1b\\"
    rb"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
)
_UNFINISHED: Final = re.compile(rb"\x1b(?:\[[<=>?]?[0-9;:]*[ -/]*|[P_^X\]][^\x07\x1b]*\x1b?)?$")
_ASKS_FOR_SYNCHRONIZED: Final = b"\x1b[?2026$p"
_HAS_SYNCHRONIZED: Final = b"\x1b[?2026;2$y"


class CannotMeasure(RuntimeError):
    """The program did not do what it was to be timed at."""


@dataclass(frozen=True, slots=True)
class Start:
    """How long a program took to come up, in milliseconds from its start."""

    first_paint: float
    """Until the first visible character."""
    ready: float
    """Until the pattern was on the screen."""


@dataclass(frozen=True, slots=True)
class Painted:
    """How long a key took, in milliseconds from writing it."""

    first: float
    """Until the first change of the screen."""
    whole: float
    """Until the last change before a pause."""
    size: int
    """Bytes that the program sent for it."""


@dataclass(frozen=True, slots=True)
class _Piece:
    at: int
    data: bytes


class _Screen(pyte.Screen):
    """A screen that answers when it is asked what it is."""

    def __init__(self, columns: int, rows: int, answer: Callable[[bytes], None]) -> None:
        self._answer = answer
        super().__init__(columns, rows)

    def write_process_input(self, data: str) -> None:
        """Send an answer to the program."""
        self._answer(data.encode())


class Terminal:
    """A program on a terminal of its own; a context manager.

    Args:
        command: The program and its words.
        columns: Width of the screen.
        rows: Height of the screen.
        environment: Its whole environment, to which TERM and the like are added.
        quit_key: The key that ends it; without one it is ended by a signal.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        columns: int,
        rows: int,
        environment: Mapping[str, str],
        quit_key: str = "",
    ) -> None:
        self._command = [str(word) for word in command]
        self._size = (rows, columns)
        self._environment = {
            **environment, "TERM": "xterm-256color", "COLORTERM": "truecolor",
        }  # fmt: skip
        self._quit_key = quit_key
        self._screen = _Screen(columns, rows, self._write)
        self._stream = pyte.ByteStream(self._screen)
        self._rows: dict[int, dict[int, Any]] = {}
        self._unread = b""
        self._unfinished = b""
        self._master = -1
        self._ended = False

    def __enter__(self) -> Self:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *self._size, 0, 0))
        reader = Path(__file__).with_name("reader.py")
        self._reader = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-I", "-S", reader],
            stdin=self._master,
            stdout=subprocess.PIPE,
            pipesize=1 << 20,
        )
        assert self._reader.stdout is not None  # noqa: S101 - a pipe was asked for
        self._pieces = self._reader.stdout.fileno()
        if self._piece(10) is None:
            raise CannotMeasure("the reader of the terminal did not start")
        self._began = time.monotonic_ns()
        self._program = subprocess.Popen(  # noqa: S603 - the program that is measured
            self._command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=self._environment,
            start_new_session=True,
        )
        os.close(slave)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._quit_key and kind is None:
            self._write(self._quit_key.encode())
        else:
            self._signal(signal.SIGTERM)
        until = time.monotonic() + _QUIT_SECONDS
        # A program that nobody reads from cannot end.
        while self._program.poll() is None and time.monotonic() < until:
            self._piece(0.02)
        if self._program.poll() is None:
            self._signal(signal.SIGKILL)
            self._program.wait()
        os.close(self._master)
        self._reader.kill()
        self._reader.wait()
        if self._reader.stdout is not None:
            self._reader.stdout.close()

    # ------------------------------------------------------------ measuring

    def start(self, pattern: str, seconds: float = 60.0) -> Start:
        """Wait until `pattern` (a regular expression) is on the screen.

        Raises:
            CannotMeasure: the program ended, or it took longer than `seconds`.
        """
        wanted = re.compile(pattern, re.MULTILINE)
        first_paint = None
        for piece in self._until(time.monotonic() + seconds):
            if self._feed(piece):
                text = self.text()
                if first_paint is None and text.strip():
                    first_paint = self._since(self._began, piece.at)
                if first_paint is not None and wanted.search(text):
                    return Start(first_paint, self._since(self._began, piece.at))
        raise CannotMeasure(f"{pattern!r} did not come up; the screen was:\n{self.text()}")

    def key(self, key: str, *, from_row: int = 0) -> Painted | None:
        """Press a key and see the screen change.

        Args:
            key: What the terminal sends for it.
            from_row: Changes above this row are no answer to it: clocks live there.

        Returns:
            How long it took; None when nothing changed.
        """
        self.settle()
        size, first, last = 0, None, None
        pressed = time.monotonic_ns()
        self._write(key.encode())
        for piece in self._until(time.monotonic() + _KEY_SECONDS):
            size += len(piece.data)
            if self._feed(piece, from_row=from_row):
                first = first or piece.at
                last = piece.at
            if first is not None and not self._waiting(_QUIET):
                break
        if first is None or last is None:
            return None
        return Painted(self._since(pressed, first), self._since(pressed, last), size)

    def settle(self, quiet: float = _QUIET) -> None:
        """Wait until the program has said nothing for `quiet` seconds."""
        while (piece := self._piece(quiet)) is not None:
            self._feed(piece)

    def text(self) -> str:
        """The screen, line by line."""
        return "\n".join(self._screen.display)

    # ------------------------------------------------------------ inside

    def _until(self, deadline: float) -> Iterator[_Piece]:
        """Pieces in their order, handed out when the program pauses."""
        while not self._ended and (left := deadline - time.monotonic()) > 0:
            held = [self._piece(left)]
            while held[-1] is not None and len(held) < _MOST_HELD:
                held.append(self._piece(_PAUSE))
            yield from (piece for piece in held if piece is not None)

    def _piece(self, seconds: float) -> _Piece | None:
        deadline = time.monotonic() + seconds
        while True:
            if len(self._unread) >= HEADER.size:
                at, length = HEADER.unpack_from(self._unread)
                end = HEADER.size + length
                if len(self._unread) >= end:
                    data, self._unread = self._unread[HEADER.size : end], self._unread[end:]
                    return _Piece(at, data)
            if not self._waiting(max(0.0, deadline - time.monotonic())):
                return None
            data = os.read(self._pieces, 1 << 20)
            self._ended = not data
            if self._ended:
                return None
            self._unread += data

    def _waiting(self, seconds: float) -> bool:
        if self._unread:
            return True
        return not self._ended and bool(select.select([self._pieces], [], [], seconds)[0])

    def _feed(self, piece: _Piece, *, from_row: int = 0) -> bool:
        """Put a piece on the screen; whether a cell from `from_row` on became another."""
        data = self._unfinished + piece.data
        if _ASKS_FOR_SYNCHRONIZED in data:
            self._write(_HAS_SYNCHRONIZED)
        cut = _UNFINISHED.search(data)
        at = len(data) if cut is None else cut.start()
        data, self._unfinished = data[:at], data[at:]
        self._stream.feed(_UNKNOWN.sub(b"", data))
        changed = False
        for row in self._screen.dirty:
            cells = dict(self._screen.buffer[row])
            if self._rows.get(row, {}) != cells:
                self._rows[row] = cells
                changed = changed or row >= from_row
        self._screen.dirty.clear()
        return changed

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(self._master, data)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._program.pid, number)

    @staticmethod
    def _since(begun: int, at: int) -> float:
        return (at - begun) / 1e6

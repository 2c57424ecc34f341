"""The record file of one patient: append-only lines, chained, on the disk before they count.

The folder is named by a hash of the patient's id, so that no name on the disk tells whose it is.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from inbox.errors import StoreError
from inbox.record import FIRST, ChainReport, Resource, chain, line_hash, verify_chain
from store.trouble import told_in_words

if sys.platform != "win32":
    import fcntl

NAME: Final = "communications.ndjson"
Identity = tuple[str, str, str]
"""What makes an entry this one: uuid of the message, the state and the version it tells of."""
# Windows would turn line feeds into two bytes.
_BYTES: Final = getattr(os, "O_BINARY", 0)
LOCK_SECONDS: Final = 10.0
"""How long to wait for another process that writes the same file."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a record file as the database remembers it."""

    sequence: int = 0
    """Number of the last line; 0 for an empty file."""
    hash: str = FIRST
    """Its hash."""
    bytes: int = 0
    """Length of the file up to its end."""


class RecordFile:
    """One patient's file."""

    def __init__(self, records: Path, patient_id: str) -> None:
        """Stand for the file of `patient_id` under the folder `records`; nothing is made yet."""
        self.folder = (
            records / hashlib.sha256(patient_id.encode("utf-8", "replace")).hexdigest()[:32]
        )
        self.path = self.folder / NAME

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the file against every other process; blocks, so call it in a worker thread.

        Raises:
            StoreError: another process keeps it, or the folder cannot be written.
        """
        with told_in_words():
            self._make_folder()
            descriptor = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            _lock(descriptor)
            yield
        finally:
            os.close(descriptor)

    def append(self, head: Head, resources: Sequence[Resource]) -> tuple[Head, set[Identity]]:
        """Write entries behind `head`; return the new end and what was found there already.

        The lock must be held. All of them are written, or none.

        Lines behind `head` are there when a crash came between this file and the database: they are
        taken as they are, and an entry among them is not written again. A torn last line is moved
        into a file beside.

        Raises:
            StoreError: the file cannot be written, or is shorter than the database remembers.
        """
        with told_in_words():
            fresh = not self.path.exists()
            flags = os.O_CREAT | os.O_RDWR | os.O_APPEND | _BYTES
            descriptor = os.open(self.path, flags, 0o600)
            try:
                head, adopted = self._adopt(descriptor, head)
                lines, end = [], head
                for resource in resources:
                    if _identity(resource) not in adopted:
                        lines.append(chain(resource, end.sequence + 1, end.hash))
                        end = _behind(end, lines[-1])
                if lines:
                    _write(descriptor, b"\n".join(lines) + b"\n", head.bytes)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if fresh:
                _sync_folder(self.folder)
        return end, adopted

    def lines(self) -> list[bytes]:
        """The whole lines of the file, without line feeds; a torn last line counts as one."""
        with told_in_words():
            try:
                content = self.path.read_bytes()
            except FileNotFoundError:
                return []
        lines = content.split(b"\n")
        return lines[:-1] if not lines[-1] else lines

    def entries(self) -> list[Resource]:
        """Every entry that can be read, in order."""
        found = []
        for line in self.lines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def verify(self, head: Head) -> ChainReport:
        """Check the chain, and the end against what the database remembers."""
        lines = self.lines()
        report = verify_chain(lines)
        problems = list(report.problems)
        if report.entries < head.sequence:
            problems.append(
                f"The file has {report.entries} lines, and {head.sequence} were written."
            )
        elif head.sequence and line_hash(lines[head.sequence - 1]) != head.hash:
            problems.append(f"Line {head.sequence} is not the one that was written.")
        if report.entries > head.sequence:
            more = report.entries - head.sequence
            problems.append(f"The file has {more} lines more than the database remembers.")
        return ChainReport(report.entries, report.last, tuple(problems))

    def _adopt(self, descriptor: int, head: Head) -> tuple[Head, set[Identity]]:
        """Take over what stands behind `head`; return the true end and the entries found there."""
        size = os.fstat(descriptor).st_size
        if size < head.bytes:
            raise StoreError(
                "A record file is shorter than what was written to it.",
                "Run `twoway record verify`, and put the file back from a backup.",
            )
        adopted: set[Identity] = set()
        os.lseek(descriptor, head.bytes, os.SEEK_SET)
        behind = _read(descriptor, size - head.bytes)
        while behind:
            line, feed, rest = behind.partition(b"\n")
            if not feed:
                self._set_aside(descriptor, line, head.bytes)
                break
            adopted.add(_identity_of(line))
            head = _behind(head, line)
            behind = rest
        return head, adopted

    def _set_aside(self, descriptor: int, torn: bytes, end: int) -> None:
        """Move a torn line into `.torn`, durably, before it is cut off."""
        beside = os.open(
            self.path.with_suffix(".torn"),
            os.O_CREAT | os.O_WRONLY | os.O_APPEND | _BYTES,
            0o600,
        )
        try:
            os.write(beside, torn + b"\n")
            os.fsync(beside)
        finally:
            os.close(beside)
        os.ftruncate(descriptor, end)

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync_folder(self.folder.parent)


def _behind(head: Head, line: bytes) -> Head:
    """The end once this line (without its line feed) follows."""
    return Head(head.sequence + 1, line_hash(line), head.bytes + len(line) + 1)


def _read(descriptor: int, length: int) -> bytes:
    """Exactly this many bytes from here on, fewer only at the end of the file."""
    pieces = []
    while length > 0 and (piece := os.read(descriptor, length)):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def _write(descriptor: int, lines: bytes, end: int) -> None:
    """Write all of it, or leave the file as it was."""
    try:
        written = os.write(descriptor, lines)
        while written < len(lines):
            written += os.write(descriptor, lines[written:])
    except OSError:
        os.ftruncate(descriptor, end)
        raise


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        return  # there the lease alone keeps one process at a time
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                return  # a file system without locks
            if time.monotonic() > until:
                raise StoreError(
                    "Another program keeps a record file locked.",
                    "Close other programs that use the data folder and try again.",
                ) from error
            time.sleep(0.01)
        else:
            return


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _identity(resource: Resource) -> Identity:
    """What makes an entry this one: the message, the state and the version it tells of."""
    said = {
        str(found.get("url", "")).rpartition("/")[2]: str(found.get("valueString", ""))
        for found in reversed(resource.get("extension", []))
    }
    delivery = said.get("delivery", str(resource.get("status", "")))
    return str(resource.get("id", "")), delivery, said.get("version", "")


def _identity_of(line: bytes) -> Identity:
    try:
        found: Any = json.loads(line)
        return _identity(found)
    except (ValueError, AttributeError, TypeError):
        return "", "", ""

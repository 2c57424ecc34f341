"""The data folder: what lies where, for the owner's eyes only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inbox.errors import StoreError
from store.trouble import told_in_words

_PRIVATE: Final = 0o700


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The paths of one data folder; no name in it tells anything of a patient."""

    path: Path

    @property
    def database(self) -> Path:
        """The database file."""
        return self.path / "twoway.db"

    @property
    def records(self) -> Path:
        """One folder a patient, with the record file."""
        return self.path / "records"

    @property
    def backups(self) -> Path:
        """Copies of the database made before its schema changed."""
        return self.path / "backups"


def prepare(path: Path) -> DataFolder:
    """Make the folder and what belongs into it, readable by the owner only.

    Raises:
        StoreError: it cannot be made, or nothing can be written in it.
    """
    folder = DataFolder(path)
    with told_in_words():
        for part in (folder.path, folder.records, folder.backups):
            if not part.is_dir():
                part.mkdir(parents=True, mode=_PRIVATE, exist_ok=True)
        if not os.access(folder.path, os.W_OK | os.X_OK):
            raise StoreError(
                "The data folder cannot be written to.",
                "Check that you own the folder and that the disk is not mounted read-only.",
            )
        if os.name == "posix" and folder.path.stat().st_mode & 0o077:
            folder.path.chmod(_PRIVATE)
        # SQLite gives its -wal and -shm files the permissions of the database file.
        descriptor = os.open(folder.database, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            if os.name == "posix" and os.fstat(descriptor).st_mode & 0o077:
                os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    return folder

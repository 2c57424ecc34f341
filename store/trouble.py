"""Trouble with the disk, put into words: no exception of sqlite3 or the system leaves the store."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from inbox.errors import StoreError

_WORDS = {
    sqlite3.SQLITE_FULL: (
        "The disk is full, so nothing more can be stored.",
        "Free some space on the disk of the data folder; nothing stored so far is lost.",
    ),
    sqlite3.SQLITE_READONLY: (
        "The data folder cannot be written to.",
        "Check that you own the folder and that the disk is not mounted read-only.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The database in the data folder cannot be opened.",
        "Check that the folder exists, that you own it and that it can be written to.",
    ),
    sqlite3.SQLITE_BUSY: (
        "Another program kept the database locked for too long.",
        "Close other programs that use the data folder (a backup, a second Twoway) and try again.",
    ),
    sqlite3.SQLITE_NOTADB: (
        "The file twoway.db in the data folder is not a database.",
        "Move it away and put back the newest file from the folder `backups`.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "The database is damaged.",
        "Keep a copy of the data folder and put back the newest file from the folder `backups`.",
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk of the data folder reported an error.",
        "Check the disk; keep a copy of the data folder before anything else.",
    ),
}
_SAME = {
    sqlite3.SQLITE_PERM: sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_AUTH: sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_LOCKED: sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_PROTOCOL: sqlite3.SQLITE_BUSY,
}
_SYSTEM = {
    errno.ENOSPC: sqlite3.SQLITE_FULL,
    errno.EDQUOT: sqlite3.SQLITE_FULL,
    errno.EROFS: sqlite3.SQLITE_READONLY,
    errno.EACCES: sqlite3.SQLITE_READONLY,
    errno.EPERM: sqlite3.SQLITE_READONLY,
    errno.EIO: sqlite3.SQLITE_IOERR,
}


def in_words(error: Exception) -> StoreError:
    """The StoreError for an error of sqlite3 or of the system.

    It names the kind of error and never a value, so that no patient data can get into it.
    """
    if isinstance(error, StoreError):
        return error
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        name = getattr(error, "sqlite_errorname", None) or type(error).__name__
        primary = (code or 0) & 0xFF
    else:
        number = getattr(error, "errno", None) or 0
        name = errno.errorcode.get(number, type(error).__name__)
        primary = _SYSTEM.get(number, 0)
    sentence, hint = _WORDS.get(
        _SAME.get(primary, primary),
        (
            f"The data folder could not be read or written ({name}).",
            "Try again; if it stays, keep a copy of the data folder and ask for help.",
        ),
    )
    return StoreError(sentence, hint)


@contextmanager
def told_in_words() -> Iterator[None]:
    """Turn errors of sqlite3 and of the system into StoreErrors."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise in_words(error) from error


def closed() -> StoreError:
    """The error for work that comes after `close()`."""
    return StoreError("The data folder has been closed.", "Open Twoway again.")

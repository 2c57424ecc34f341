"""Files that a person names: reading them, and writing new ones for their eyes."""

from __future__ import annotations

import os
from pathlib import Path

from inbox.errors import TwowayError


def read_bytes(name: str) -> bytes:
    """A file the user named.

    Raises:
        TwowayError: it cannot be read.
    """
    try:
        return Path(name).expanduser().read_bytes()
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "there is no such file"
        raise TwowayError(f"{name} cannot be read: {why}.", "Check its name.") from None


def write_new(name: str, content: bytes) -> Path:
    """Write a file for the owner's eyes, never over one that is there.

    Raises:
        TwowayError: it is there already, or cannot be written.
    """
    try:
        path = Path(name).expanduser()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except FileExistsError:
        raise TwowayError(f"{name} is there already.", "Choose another name.") from None
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "there is no such folder"
        raise TwowayError(f"{name} cannot be written: {why}.", "Check it.") from None
    return path

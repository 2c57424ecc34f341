"""Giving memory back: what a large mail took is the system's again as soon as it is let go."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_LARGE: Final = 2 << 20
"""Bytes from which on a block of memory stands by itself."""


def let_go_of_large_blocks() -> None:
    """Keep the C library from holding on to large blocks, in all of this process.

    glibc raises the size from which on a block is given back when one is (mallopt(3)), up to 32 MB,
    and keeps holes of that size for each thread. Elsewhere this does nothing.
    """
    if sys.platform == "linux":
        # Another C library than glibc may not know it.
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)

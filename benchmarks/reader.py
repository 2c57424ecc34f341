"""Reads a terminal and stamps what arrives: `python reader.py`, with the terminal as input.

A process of its own, so that the time that an emulator takes delays neither the program that is
measured nor a stamp. Each piece goes to standard output behind `HEADER`.
"""

from __future__ import annotations

import os
import signal
import struct
import time
from typing import Final

HEADER: Final = struct.Struct("=qI")
"""Nanoseconds of the monotonic clock, which all processes share, and how many bytes follow."""
_LARGEST: Final = 1 << 16


def main() -> None:
    """Pass on what arrives until the terminal closes."""
    # Ctrl+C ends the one who measures, who then ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.write(1, HEADER.pack(time.monotonic_ns(), 0))
    while True:
        try:
            data = os.read(0, _LARGEST)
        except OSError:
            # EIO: the program at the other end has closed its side.
            return
        if not data:
            return
        rest = memoryview(HEADER.pack(time.monotonic_ns(), len(data)) + data)
        while rest:
            rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    main()

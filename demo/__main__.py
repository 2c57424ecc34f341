"""Run the sample practice's outside world as a process of its own: ``python -m demo``.

Prints one JSON document on one line when it is ready, and ends when its standard input is closed,
when it is told to (SIGTERM, SIGINT), or when the process that started it is gone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence

from demo.lakeside import ACCOUNTS, Lakeside

WATCH_SECONDS = 0.5
"""How often the process looks whether its parent is still there."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to end; returns the exit status."""
    options = _options(arguments)
    over = threading.Event()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, lambda *_: over.set())
    parent = os.getppid()
    threading.Thread(target=_read_to_end, args=(over,), name="demo-stdin", daemon=True).start()
    with Lakeside(seed=options.seed, quick=options.quick, quiet=options.quiet) as practice:
        ready = {
            **practice.ports,
            "host": practice.world.imap.host,
            "password": practice.password,
            "accounts": ACCOUNTS,
        }
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()
        while not over.wait(WATCH_SECONDS):
            # A parent killed without a word leaves its children to somebody else.
            if os.getppid() != parent:
                break
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m demo", description="The sample practice's servers and patients."
    )
    parser.add_argument("--seed", type=int, default=1, help="repeat the same delays and ids")
    parser.add_argument("--quick", action="store_true", help="patients answer at once")
    parser.add_argument("--quiet", action="store_true", help="nothing comes unasked")
    return parser.parse_args(arguments)


def _read_to_end(over: threading.Event) -> None:
    # os.read and not sys.stdin: a thread inside a buffered read would hang the interpreter's end.
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    over.set()


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks`: measure, and print a table of ratios."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks import first_sync, gate, keys, pages, portal, start, sync, texts
from benchmarks.figures import Chapter, table
from benchmarks.practice import FOLDERS

_FEW: Final = 2
"""Runs of what takes minutes."""
_DESCRIPTION: Final = """\
Measures Twoway and prints ratios to something bare that is measured beside it. Nothing fails for
being slow: a benchmark fails only when it cannot run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts that are named, else all."""
    options = _parser().parse_args(arguments)
    began = time.monotonic()
    _say(
        f"Python {platform.python_version()}, {platform.machine()}, "
        f"{os.cpu_count()} processors, load {_load()}"
    )
    with tempfile.TemporaryDirectory(prefix="twoway-bench-") as scratch:
        for chapter in _chapters(options, Path(scratch)):
            _say("", *table(chapter))
    _say("", f"{time.monotonic() - began:.0f} s, load now {_load()}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=_DESCRIPTION)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"{', '.join(_PARTS)}; else all of them"
    )
    parser.add_argument("--messages", type=int, default=100_000, help="stored messages (100000)")
    parser.add_argument("--mails", type=int, default=1_000, help="mails of the first sync (1000)")
    parser.add_argument("--texts", type=int, default=10_000, help="texts to sync (10000)")
    parser.add_argument(
        "--communications", type=int, default=10_000, help="of the portal's first sync (10000)"
    )
    parser.add_argument(
        "--mailbox", type=int, default=10_000, help="mails of the sync beside mbsync (10000)"
    )
    parser.add_argument("--runs", type=int, default=5, help="times each thing is measured (5)")
    parser.add_argument("--keys", type=int, default=60, help="times each key is pressed (60)")
    parser.add_argument("--folders", type=Path, default=FOLDERS, help="where seeded mail is kept")
    return parser


def _start(options: argparse.Namespace, scratch: Path) -> Chapter:
    return start.measure(options.messages, options.runs, options.folders, scratch)


def _keys(options: argparse.Namespace, scratch: Path) -> Chapter:
    return keys.measure(options.messages, options.keys, options.folders, scratch)


def _pages(options: argparse.Namespace, scratch: Path) -> Chapter:
    del scratch
    sizes = sorted({max(100, options.messages // part) for part in (100, 10, 1)})
    return pages.measure(sizes, options.runs * 4, options.folders)


def _gate(options: argparse.Namespace, scratch: Path) -> Chapter:
    del scratch
    return gate.measure(options.runs)


def _sync(options: argparse.Namespace, scratch: Path) -> Chapter:
    return sync.measure(options.mails, options.folders, scratch)


def _texts(options: argparse.Namespace, scratch: Path) -> Chapter:
    return texts.measure(options.texts, options.runs, options.folders, scratch)


def _portal(options: argparse.Namespace, scratch: Path) -> Chapter:
    return portal.measure(options.communications, options.folders, scratch)


def _first_sync(options: argparse.Namespace, scratch: Path) -> Chapter:
    return first_sync.measure(options.mailbox, min(options.runs, _FEW), scratch)


_PARTS: Final[dict[str, Callable[[argparse.Namespace, Path], Chapter]]] = {
    "start": _start,
    "keys": _keys,
    "pages": _pages,
    "gate": _gate,
    "sync": _sync,
    "texts": _texts,
    "portal": _portal,
    "first-sync": _first_sync,
}


def _chapters(options: argparse.Namespace, scratch: Path) -> Iterator[Chapter]:
    unknown = [part for part in options.parts if part not in _PARTS]
    if unknown:
        raise SystemExit(f"There is no part {', '.join(unknown)}; there are {', '.join(_PARTS)}.")
    for name in options.parts or _PARTS:
        folder = scratch / name
        folder.mkdir()
        yield _PARTS[name](options, folder)


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

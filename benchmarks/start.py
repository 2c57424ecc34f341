"""How long until the list can be used, beside a bare app's first paint in the same minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks import bare_app as bare
from benchmarks.figures import Chapter, Row, Sample
from benchmarks.practice import bare_app, configuration_file, data_folder, environment, twoway
from benchmarks.terminal import Start, Terminal

SIZES: Final = ((120, 36), (80, 24))
"""Columns and rows: wide, and the smallest that is supported."""
LISTED: Final = "^▌"
"""The mark of the conversation under the cursor: the list is there."""
QUIT: Final = "\x11"
"""Ctrl+Q, which ends both programs."""
AIM: Final = 2.0


def measure(messages: int, runs: int, among: Path, home: Path) -> Chapter:
    """Start both programs in turn, `runs` times each after one that fills the disk's cache.

    Args:
        messages: How many are stored.
        runs: How often.
        among: Where seeded folders are kept.
        home: An empty folder, the home of what is started.
    """
    ours = twoway(data_folder(messages, among), configuration_file(among))
    rows: list[Row] = []
    for size in SIZES:
        bare_starts, starts = [], []
        for _ in range(runs + 1):
            bare_starts.append(_start(bare_app(), bare.READY, size, home))
            starts.append(_start(ours, LISTED, size, home))
        rows += _rows(size, messages, bare_starts[1:], starts[1:])
    return Chapter("Start", tuple(rows))


def _start(command: list[str | Path], pattern: str, size: tuple[int, int], home: Path) -> Start:
    columns, rows = size
    with Terminal(
        command, columns=columns, rows=rows, environment=environment(home), quit_key=QUIT
    ) as terminal:
        return terminal.start(pattern)


def _rows(
    size: tuple[int, int], messages: int, bare_starts: list[Start], starts: list[Start]
) -> list[Row]:
    where = f"{size[0]}x{size[1]}"
    blank = Sample(tuple(start.first_paint for start in bare_starts))
    first = Sample(tuple(start.first_paint for start in starts))
    listed = Sample(tuple(start.ready for start in starts))
    ratio = listed.beside(blank)
    return [
        Row(f"bare app, first paint, {where}", blank),
        Row(f"first paint, {where}", first, first.beside(blank), "the bare app's"),
        Row(
            f"usable list of {messages:,} messages, {where}",
            listed,
            ratio,
            "the bare app's first paint",
            f"{AIM} or less",
            ratio <= AIM,
        ),
    ]

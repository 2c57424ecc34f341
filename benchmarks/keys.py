"""How long from a key to the changed screen, in a long list."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks import bare_app as bare
from benchmarks.figures import Chapter, Row, Sample
from benchmarks.practice import bare_app, configuration_file, data_folder, environment, twoway
from benchmarks.start import LISTED, QUIT, SIZES
from benchmarks.terminal import CannotMeasure, Painted, Terminal

AIM: Final = 16.0
"""Milliseconds: one frame of sixty a second."""
_BARS: Final = 4
"""Rows at the top that change by themselves."""
_PAGE_DOWN: Final = "\x1b[6~"


def measure(messages: int, keys: int, among: Path, home: Path) -> Chapter:
    """Press keys in the list, and in the bare app for comparison.

    Args:
        messages: How many are stored.
        keys: How many times each key is pressed.
        among: Where seeded folders are kept.
        home: An empty folder, the home of what is started.
    """
    ours = twoway(data_folder(messages, among), configuration_file(among))
    rows: list[Row] = []
    for size in SIZES:
        with _terminal(bare_app(), size, home) as terminal:
            terminal.start(bare.READY)
            blank = _press(terminal, "j", keys, 0)
        rows.append(_row(f"bare app, a label, {size[0]}x{size[1]}", blank))
        with _terminal(ours, size, home) as terminal:
            terminal.start(LISTED)
            # The lines connect, in vain, and say so: that is no answer to a key.
            terminal.settle(0.5)
            down = _press(terminal, "j", keys, _BARS)
            page = _press(terminal, _PAGE_DOWN, max(1, keys // 4), _BARS)
        for what, painted in (("next row", down), ("next page", page)):
            rows.append(_row(f"{what}, {messages:,} messages, {size[0]}x{size[1]}", painted, blank))
    return Chapter(
        "Key to paint",
        tuple(rows),
        ("until the last byte of the paint arrived; p95 holds the reads of further rows",),
    )


def _terminal(command: list[str | Path], size: tuple[int, int], home: Path) -> Terminal:
    columns, rows = size
    return Terminal(
        command, columns=columns, rows=rows, environment=environment(home), quit_key=QUIT
    )


def _press(terminal: Terminal, key: str, times: int, from_row: int) -> list[Painted]:
    """Press until it has been measured so many times, or the list has ended."""
    seen: list[Painted] = []
    while len(seen) < times and (painted := terminal.key(key, from_row=from_row)) is not None:
        seen.append(painted)
    if not seen:
        raise CannotMeasure(f"the key {key!r} changed nothing; the screen was:\n{terminal.text()}")
    return seen


def _row(what: str, painted: list[Painted], blank: list[Painted] | None = None) -> Row:
    sample = Sample(tuple(one.whole for one in painted))
    size = Sample(tuple(float(one.size) for one in painted)).median
    if blank is None:
        return Row(what, sample, remark=f"{size:,.0f} bytes")
    return Row(
        what,
        sample,
        sample.to(Sample(tuple(one.whole for one in blank))),
        "the bare app's",
        f"under {AIM:.0f} ms",
        sample.median < AIM,
        f"{size:,.0f} bytes",
    )

"""The terminal in memory sees what a person would, when it is there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.bare_app import READY
from benchmarks.practice import bare_app, environment
from benchmarks.terminal import CannotMeasure, Terminal

SLOW = """
import sys, termios, time, tty
tty.setraw(0)
print("begun", end="", flush=True)
time.sleep(0.3)
print("\\r\\nready", end="", flush=True)
while (key := sys.stdin.read(1)) != "q":
    if key == "x":
        continue
    print(f"\\x1b[1;1H{key}", end="", flush=True)
    time.sleep(0.01)
    print(f"\\x1b[>7u\\x1b[?1$p\\x1b[3;1H{key}", end="", flush=True)
"""


def terminal(home: Path, script: str, quit_key: str = "q") -> Terminal:
    command: list[str | Path] = [sys.executable, "-c", script]
    return Terminal(command, columns=20, rows=5, environment=environment(home), quit_key=quit_key)


def test_tells_the_first_paint_from_the_pattern(tmp_path: Path) -> None:
    with terminal(tmp_path, SLOW) as program:
        start = program.start("^ready")
    assert 0 < start.first_paint <= start.ready - 250


def test_times_a_key_to_its_first_and_its_last_change(tmp_path: Path) -> None:
    with terminal(tmp_path, SLOW) as program:
        program.start("^ready")
        painted = program.key("k")
        shown = program.text()
    assert painted is not None
    assert 0 < painted.first <= painted.whole - 9
    assert painted.size == len("\x1b[1;1Hk\x1b[>7u\x1b[?1$p\x1b[3;1Hk")
    assert shown.split() == ["kegun", "ready", "k"]


def test_a_change_above_the_rows_that_count_is_no_answer(tmp_path: Path) -> None:
    with terminal(tmp_path, SLOW) as program:
        program.start("^ready")
        whole = program.key("a")
        lower = program.key("b", from_row=2)
    assert whole is not None
    assert lower is not None
    assert lower.first == lower.whole
    assert whole.first < whole.whole


def test_a_key_that_changes_nothing_gives_none(tmp_path: Path) -> None:
    with terminal(tmp_path, SLOW) as program:
        program.start("^ready")
        assert program.key("x") is None


def test_a_program_that_ends_early_is_told_with_its_screen(tmp_path: Path) -> None:
    with (
        pytest.raises(CannotMeasure, match="oh no"),
        terminal(tmp_path, "print('oh no')") as program,
    ):
        program.start("^ready")


def test_the_bare_app_comes_up_and_counts_keys(tmp_path: Path) -> None:
    with Terminal(
        bare_app(), columns=80, rows=24, environment=environment(tmp_path), quit_key="\x11"
    ) as program:
        start = program.start(READY)
        painted = program.key("j")
        assert "keys: 1" in program.text()
    assert start.first_paint > 0
    assert painted is not None

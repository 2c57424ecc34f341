"""The sample practice starts, works both ways, and leaves nothing behind."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

DEMO = [sys.executable, "-m", "tui.cli", "demo", "--smoke"]


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders go, to see what stays."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def test_the_smoke_run_uses_the_practice_both_ways(
    scratch: Path, fresh_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "practice.toml").write_text("this is not even TOML")
    monkeypatch.setenv("TWOWAY_CONFIG", str(own))
    monkeypatch.setenv("TWOWAY_DATA", str(own / "data"))
    done = subprocess.run(DEMO, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("demo ok: ")
    for seen in (
        "5 lines proven, 2 lines found that nobody can answer",
        "1 reply answered in its conversation",
        "1 text answered where it began by e-mail",
        "a voicemail with its recording",
        "an opted-out number blocked",
    ):
        assert seen in done.stdout
    assert "throws away what patients text back" in done.stderr
    assert list(scratch.iterdir()) == []
    assert list(fresh_home.iterdir()) == []
    assert [path.name for path in own.iterdir()] == ["practice.toml"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_however_it_ends_its_servers_end_with_it(scratch: Path, number: signal.Signals) -> None:
    if number is signal.SIGINT:
        # Tests that run in the background of a shell ignore it, and so would what they start.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(DEMO, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        while "Reading the mail" not in (line := process.stderr.readline()):
            assert line, "it ended too early"
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        process.send_signal(number)
        status = process.wait(15)
        rest = process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    if number is signal.SIGKILL:
        return  # nobody is left who could tidy the folder up
    assert status in {128 + signal.SIGTERM, 128 + signal.SIGINT}
    assert "Traceback" not in rest
    assert list(scratch.iterdir()) == []


def test_a_kept_folder_stays_and_must_be_new(scratch: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "mine").write_text("mine")
    done = subprocess.run(
        [*DEMO, "--keep", str(kept)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "is not empty" in done.stderr
    assert (kept / "mine").read_text() == "mine"


def test_the_variable_of_the_demo_is_put_back(scratch: Path, tmp_path: Path) -> None:
    from tui.demonstration import sample_practice

    os.environ.pop("TWOWAY_DEMO_PASSWORD", None)
    said: list[str] = []
    begun = time.monotonic()
    with sample_practice(str(tmp_path / "kept"), quiet=True, tell=said.append) as sample:
        assert os.environ["TWOWAY_DEMO_PASSWORD"]
        assert sample.configuration.practice.member("dana")
    assert "TWOWAY_DEMO_PASSWORD" not in os.environ
    assert (tmp_path / "kept" / "practice.toml").exists()
    assert said[0] == "Starting the sample practice…"
    # What it says of the folder that is left is a command that works.
    _, _, command = said[1].partition(": twoway ")
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", *shlex.split(command), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
    assert time.monotonic() - begun < 30

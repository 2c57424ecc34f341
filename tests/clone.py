"""The clone these tests run in: its files, its packages and its lists of versions."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("inbox", "adapters", "store", "tui", "demo", "sample_data")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that belongs to the clone, committed or about to be, as an absolute path."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip("this is no git clone, so nobody can say which files belong to it")
    names = listing.stdout.decode().split("\0")
    return tuple(path for name in names if name and (path := ROOT / name).is_file())


def python_files(*folders: str) -> list[Path]:
    """The Python files of these top-level folders; without names, of the packages and tests."""
    wanted = folders or (*PACKAGES, "tests")
    return [
        path
        for path in tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in wanted
    ]


def short(path: Path) -> str:
    """The path as the repository knows it, with forward slashes."""
    return path.relative_to(ROOT).as_posix()


def locked(path: Path) -> dict[str, str]:
    """Each requirement's exact version; fails on a line that has no hash."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(
            r"([a-z0-9-]+)==([\w.+!]+)(?: ; [^\\]+?)?((?:\s+--hash=sha256:[0-9a-f]{64})+)\s*", line
        )
        assert match, f"{path.name}: {line[:80]}"
        found[match[1]] = match[2]
    return found

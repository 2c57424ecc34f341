"""The wheel is what people get: it holds the six packages, all of their data, and it works.

It is installed into an empty environment beside nothing but the runtime set of constraints.txt,
so a package that only the tests have, or a data file that only the clone has, is missed here.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clone import PACKAGES, ROOT, locked, short, tracked

VERSION = "0.1.0"


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment that holds the wheel and its runtime dependencies, and nothing else."""

    folder: Path

    def run(self, program: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run one of its programs in `cwd`, with an empty home below it."""
        home = cwd / "home"
        home.mkdir(exist_ok=True)
        env = {
            "HOME": str(home),
            "PATH": os.defpath,
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
        }
        return subprocess.run(
            [str(self.folder / "bin" / program), *words],
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run(
        [*build, str(ROOT)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)],
        capture_output=True,
        timeout=120,
        check=True,
    )
    [site] = folder.glob("lib/python*/site-packages")
    # Further down the path than the wheel's own packages; .pth files in there are not read, so
    # the clone that this environment is installed from stays out of sight.
    runtime = tmp_path_factory.mktemp("runtime")
    link_runtime_set(runtime)
    (site / "runtime.pth").write_text(f"{runtime}\n", encoding="utf-8")
    return Installed(folder)


def link_runtime_set(into: Path) -> None:
    """Link the files of every distribution of constraints.txt into one folder."""
    for name in locked(ROOT / "constraints.txt"):
        try:
            dist = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            assert name == "tzdata", f"{name} is in constraints.txt but not installed"
            continue
        for top in {file.parts[0] for file in dist.files or ()} - {"..", "__pycache__"}:
            link = into / top
            if not link.exists():
                link.symlink_to(str(dist.locate_file(top)))


def test_wheel_holds_the_six_packages_and_nothing_else(wheel: Path) -> None:
    assert wheel.name == f"twoway-{VERSION}-py3-none-any.whl"
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {*PACKAGES, f"twoway-{VERSION}.dist-info"}


def test_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    held = {n for n in zipfile.ZipFile(wheel).namelist() if n.partition("/")[0] in PACKAGES}
    names = {short(path) for path in tracked()}
    assert held == {name for name in names if name.partition("/")[0] in PACKAGES}
    assert {f"{package}/py.typed" for package in PACKAGES} <= held


def test_wheel_tells_what_it_is(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    metadata = archive.read(f"twoway-{VERSION}.dist-info/METADATA").decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert f"twoway-{VERSION}.dist-info/licenses/LICENSE" in archive.namelist()
    entry_points = archive.read(f"twoway-{VERSION}.dist-info/entry_points.txt").decode()
    assert "twoway = tui.cli:main" in entry_points


def test_packages_come_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    code = f"import {', '.join(PACKAGES)}; print(*(p.__file__ for p in ({', '.join(PACKAGES)})))"
    done = installed.run("python", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    files = done.stdout.split()
    assert len(files) == len(PACKAGES)
    assert all(file.startswith(f"{installed.folder}{os.sep}") for file in files)


@pytest.mark.parametrize("missing", ["pytest", "tests", "hypothesis"])
def test_the_tools_of_the_tests_are_out_of_reach(
    installed: Installed, tmp_path: Path, missing: str
) -> None:
    done = installed.run("python", "-c", f"import {missing}", cwd=tmp_path)
    assert "ModuleNotFoundError" in done.stderr


def test_version(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("twoway", "--version", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert VERSION in done.stdout


def test_demo_runs_without_the_clone(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("twoway", "demo", "--smoke", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = re.search(r"^demo ok: (\d+) conversations", done.stdout, re.MULTILINE)
    assert told, done.stdout
    assert int(told[1]) >= 60
    # The demo leaves nothing behind, neither where it was started nor at home.
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

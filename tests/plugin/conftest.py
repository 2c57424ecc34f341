"""Packages as somebody else would write them, built and installed without the network."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.clone import ROOT

PAGE = ROOT / "docs" / "adapters.md"
_FILE = re.compile(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_of_the_page() -> dict[str, str]:
    """The files that the page on adapters shows, by name."""
    return dict(_FILE.findall(PAGE.read_text("utf-8")))


def install(files: dict[str, str], folder: Path) -> Path:
    """Build the package that these files make and install it; give where it lies."""
    source, target = folder / "source", folder / "site"
    source.mkdir()
    for name, content in files.items():
        (source / name).write_text(content, "utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-index", "--no-deps", "--no-build-isolation", "--target", str(target)),
            str(source),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the package of the page is installed."""
    return install(files_of_the_page(), tmp_path_factory.mktemp("folder-portal"))


@pytest.fixture(scope="session")
def example(site: Path) -> ModuleType:
    """The module of the page, as it was installed."""
    path = site / "twoway_folder_portal.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

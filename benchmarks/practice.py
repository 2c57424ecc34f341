"""The practice that is measured: its configuration, and data folders full of mail."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import tests.store.seed
from store import migration
from tests.store.seed import seed

ROOT: Final = Path(__file__).parent.parent
FOLDERS: Final = ROOT / ".bench"
"""Where seeded folders are kept from one run to the next."""

# Nobody listens on port 9, so a connection is refused at once and costs nothing.
CONFIGURATION: Final = """\
[practice]
name = "Lakeside Family Practice"
timezone = "America/Chicago"
country = "US"

[hours]
mon = "08:00-12:00, 13:00-17:00"
tue = "08:00-12:00, 13:00-17:00"
wed = "08:00-12:00, 13:00-17:00"

[[staff]]
id = "dana"
name = "Dana Reyes"

[[line]]
id = "front-desk"
channel = "email"
address = "frontdesk@lakeside.example"
name = "Lakeside front desk"
imap = { host = "127.0.0.1", port = 9, security = "none", user = "frontdesk", sent = "Sent" }
smtp = { host = "127.0.0.1", port = 9, security = "none", user = "frontdesk" }
password = { env = "TWOWAY_BENCH_PASSWORD" }
"""


def data_folder(messages: int, among: Path = FOLDERS) -> Path:
    """A data folder with so many messages; made when there is none of this schema yet."""
    _prepare(among)
    folder = among / f"{messages}-{_shape()}"
    if not folder.exists():
        for old in among.glob(f"{messages}-*"):
            shutil.rmtree(old)
        half = among / f"half-{os.getpid()}"
        seed(half, messages)
        half.rename(folder)
    return folder


def configuration_file(among: Path = FOLDERS) -> Path:
    """The configuration of the practice, written into a file."""
    _prepare(among)
    path = among / "practice.toml"
    path.write_text(CONFIGURATION, encoding="utf-8")
    return path


def twoway(folder: Path, configuration: Path) -> list[str | Path]:
    """The command that opens the inbox on a data folder."""
    program = Path(sys.executable).with_name("twoway")
    begin: list[str | Path] = [program] if program.exists() else [sys.executable, "-m", "tui.cli"]
    return [*begin, "--config", configuration, "--data", folder]


def bare_app() -> list[str | Path]:
    """The command that opens the bare app."""
    return [sys.executable, Path(__file__).with_name("bare_app.py")]


def environment(home: Path) -> dict[str, str]:
    """What a measured program sees: nothing of the person who measures."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {
        "LANG": "C.UTF-8",
        **kept,
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "TWOWAY_BENCH_PASSWORD": "closed",
    }


def _prepare(among: Path) -> None:
    among.mkdir(parents=True, exist_ok=True)
    # What git does not have to be told of, nobody commits by mistake.
    with suppress(FileExistsError), (among / ".gitignore").open("x", encoding="utf-8") as file:
        file.write("*\n")


def _shape() -> str:
    """Names the schema and the seed: a folder of another one is made anew."""
    source = Path(tests.store.seed.__file__).read_text(encoding="utf-8")
    steps = "".join(step.sql for step in migration.shipped())
    return hashlib.sha256((source + steps).encode()).hexdigest()[:12]

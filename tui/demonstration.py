"""The sample practice: servers in a process of their own, everything in a folder that goes away.

Nothing of the user's own configuration or data is looked at or touched.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from inbox.errors import TwowayError
from tui.config.reading import Configuration, read_configuration
from tui.importing.taking import plan_import, take
from tui.wiring import PracticeOffice, open_office

STAFF = "dana"
"""Who you are in the sample practice."""
BANNER = "Sample practice: nothing leaves this machine"
"""What stands at the top of the screen."""
WHAT_TO_TRY = (
    "You are Dana at the desk of a practice",
    "that does not exist. Try:",
    "r  answer by mail, text, portal (F6);",
    "   read the lines below; F9; they answer",
    "c  call Harold back: his voicemail waits",
    "L  the lines: two that nobody can answer",
    "R  reminders;  /  search;  ?  every key",
    "ctrl+q  quit: all of it is gone",
)
"""What a newcomer is told."""
_PASSWORD = "TWOWAY_DEMO_PASSWORD"  # noqa: S105 - the name of a variable
_PORTS = ("imap_port", "smtp_port", "twilio_port", "portal_port")
_READY_SECONDS = 30.0
_ROUND_TRIP = timedelta(minutes=1)
"""The servers are on this machine: whoever tries it sees soon that nobody reads a line."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A running sample practice."""

    configuration: Configuration
    data: Path

    async def open(self) -> PracticeOffice:
        """Open its office, with the sample patients in it."""
        from demo.sample import patients

        office = await open_office(
            self.configuration, self.data, STAFF, round_trip_may_take=_ROUND_TRIP
        )
        try:
            content = json.dumps(patients()).encode("utf-8")
            await take(office.desk, await plan_import(office.desk, content, "patients.json"))
        except BaseException:
            await office.close()
            raise
        return office


@contextmanager
def sample_practice(
    keep: str = "",
    *,
    quiet: bool = False,
    screen: bool = False,
    tell: Callable[[str], None],
) -> Iterator[Sample]:
    """Start the sample practice; it and its folder are gone afterwards.

    Args:
        keep: A folder to use and to leave behind instead.
        quiet: Nobody writes, texts or calls unasked.
        screen: The screen follows; what it needs is loaded while the servers start.
        tell: Gets a sentence on what is going on.

    Raises:
        TwowayError: the servers did not start, or the folder cannot be used.
    """
    tell("Starting the sample practice…")
    folder = _folder(keep)
    process: subprocess.Popen[bytes] | None = None
    before = os.environ.get(_PASSWORD)
    try:
        process = _start(["--quiet"] if quiet else [])
        if screen:
            # The servers load there while the screen loads here.
            import_module("tui.app")
        ready = _ready_line(process)
        os.environ[_PASSWORD] = str(ready["password"])
        from demo.sample import appointments_csv, practice_toml

        path = folder / "practice.toml"
        ports = {name: int(ready[name]) for name in _PORTS}
        path.write_text(practice_toml(ports), encoding="utf-8")
        listed = appointments_csv(datetime.now(UTC))
        (folder / "appointments.csv").write_text(listed, encoding="utf-8")
        yield Sample(read_configuration(path), folder / "data")
    finally:
        if before is None:
            os.environ.pop(_PASSWORD, None)
        else:
            os.environ[_PASSWORD] = before
        if process is not None:
            _stop(process)
        if keep:
            where = (
                f"--config {shlex.quote(str(folder))} --data {shlex.quote(str(folder / 'data'))}"
            )
            tell(f"Kept, to look at without its servers: twoway {where} --as {STAFF} list")
        else:
            shutil.rmtree(folder, ignore_errors=True)


# ---------------------------------------------------------------- the process


def _folder(keep: str) -> Path:
    if not keep:
        return Path(tempfile.mkdtemp(prefix="twoway-demo-"))
    folder = Path(keep).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise TwowayError(f"{folder} is not empty.", "Name a new folder for --keep.")
    except OSError as error:
        raise TwowayError(f"{folder} cannot be used: {error.strerror}.", "") from None
    return folder


def _start(arguments: list[str]) -> subprocess.Popen[bytes]:
    """The servers' process; it ends when its standard input closes, so with us in any case."""
    return subprocess.Popen(  # noqa: S603 - our own package in our own Python
        [sys.executable, "-m", "demo", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        # Ctrl-C in the terminal is for us; the servers go when we are done with them.
        start_new_session=True,
    )


def _ready_line(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    lines: list[bytes] = []
    stdout = process.stdout
    if stdout is None:
        raise TwowayError("The sample practice has no way to say that it is ready.")
    reading = threading.Thread(target=lambda: lines.append(stdout.readline()), daemon=True)
    reading.start()
    reading.join(_READY_SECONDS)
    try:
        ready: dict[str, Any] = json.loads(lines[0])
    except (IndexError, ValueError):
        raise TwowayError(
            "The sample practice's servers did not start.",
            f"Run `{Path(sys.executable).name} -m demo` to see why.",
        ) from None
    return ready


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
    if process.stdout is not None:
        process.stdout.close()

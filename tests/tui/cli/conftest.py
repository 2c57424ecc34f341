"""The real commands against the sample practice's real servers on this machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.lakeside import Lakeside
from tests.clock import FakeClock
from tui.cli import main

PATIENTS = Path(__file__).parents[3] / "sample_data" / "patients.json"


@dataclass(frozen=True, slots=True)
class Printed:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Type = Callable[..., Printed]
"""Types one command: `type_("list", "--json")`."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A sample practice that was read and proven once; each test works on a copy."""

    lakeside: Lakeside
    folder: Path
    clock: FakeClock
    phones: bool = False

    @property
    def toml(self) -> str:
        """The configuration without the lines that nobody can answer."""
        text = self.lakeside.practice_toml
        mail, rest = text.split("# The address the old reminder system")
        return mail + (rest[rest.index(_PHONES) : rest.index(_DEAD)] if self.phones else "")


_PHONES = "# The number patients text"
_DEAD = "# The number the old reminder system"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The practice with its mail."""
    with furnished(tmp_path_factory.mktemp("desk")) as made:
        yield made


@contextmanager
def furnished(folder: Path, *, phones: bool = False) -> Iterator[Desk]:
    """A practice that knows its patients and whose lines are proven."""
    clock = FakeClock()
    with (
        Lakeside(quick=True, quiet=True, clock=clock) as lakeside,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TWOWAY_DEMO_PASSWORD", lakeside.password)
        made = Desk(lakeside, folder, clock, phones)
        (folder / "practice.toml").write_text(made.toml)
        where = ["--config", str(folder), "--data", str(folder / "data"), "--as", "dana"]
        assert main([*where, "patients", "import", str(PATIENTS)], clock) == 0
        assert main([*where, "doctor", "--prove"], clock) == 0
        yield made
    assert lakeside.world.thread.failures == []


@pytest.fixture
def type_(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Type:
    """Types commands at a copy of the desk, as Dana, with everything said by variables."""
    shutil.copytree(desk.folder, tmp_path / "desk")
    monkeypatch.setenv("TWOWAY_CONFIG", str(tmp_path / "desk"))
    monkeypatch.setenv("TWOWAY_DATA", str(tmp_path / "desk" / "data"))
    monkeypatch.setenv("TWOWAY_STAFF", "dana")
    monkeypatch.setenv("TWOWAY_DEMO_PASSWORD", desk.lakeside.password)
    monkeypatch.setenv("TWOWAY_TRACEBACK", "1")
    capsys.readouterr()

    def run(*arguments: str | int) -> Printed:
        status = main([str(argument) for argument in arguments], desk.clock)
        out, err = capsys.readouterr()
        return Printed(status, out, err)

    return run


@pytest.fixture
def rosa(type_: Type) -> int:
    """The number of Rosa's open conversation."""
    rows = type_("list", "--json").json
    return int(next(row["id"] for row in rows if row["patient"] == "rosa-jimenez"))

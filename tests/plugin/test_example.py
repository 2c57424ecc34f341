"""The example of the page on adapters: installed as a package, it is a channel like any other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clone import ROOT
from tests.plugin.conftest import PAGE, files_of_the_page

PRACTICE = """\
[practice]
name = "Lakeside Family Practice"
timezone = "America/Chicago"

[hours]
mon = "00:00-23:59"

[[staff]]
id = "dana"
name = "Dana Reyes"

[[line]]
id = "shelf"
channel = "portal"
adapter = "folder-portal"
address = "lakeside"
options = { folder = "shelf" }
"""
QUESTION = {
    "id": "q-1", "thread": "t-1", "from": "rosa", "to": "lakeside",
    "subject": "Thursday's visit", "text": "Can I move Thursday's visit?",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Practice:
    """A practice whose portal is a folder, in an empty place."""

    folder: Path
    site: Path
    home: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `twoway` in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "tui.cli", *words],
            cwd=self.folder,
            env={
                "HOME": str(self.home),
                "PATH": os.defpath,
                "LANG": "C.UTF-8",
                "PYTHONPATH": f"{ROOT}{os.pathsep}{self.site}",
                "TWOWAY_CONFIG": str(self.folder),
                "TWOWAY_DATA": str(self.folder / "data"),
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def told(self, *words: str) -> Any:
        """What `twoway` prints as JSON; it must have worked."""
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def practice(tmp_path: Path, site: Path, fresh_home: Path) -> Practice:
    for name in ("inbox", "sent"):
        (tmp_path / "shelf" / name).mkdir(parents=True)
    (tmp_path / "practice.toml").write_text(PRACTICE, "utf-8")
    return Practice(tmp_path, site, fresh_home)


def test_it_is_short() -> None:
    files = files_of_the_page()
    assert set(files) == {"pyproject.toml", "twoway_folder_portal.py"}
    lines = [line for content in files.values() for line in content.splitlines()]
    assert len(lines) < 100
    assert max(map(len, lines)) <= 100
    assert 'adapter = "folder-portal"' in PAGE.read_text("utf-8")


def test_a_question_in_the_folder_is_read_and_answered_there(practice: Practice) -> None:
    shelf = practice.folder / "shelf"
    (shelf / "inbox" / "1.json").write_text(json.dumps(QUESTION), "utf-8")
    (shelf / "inbox" / "2.json").write_text("{broken", "utf-8")
    [line] = practice.told("sync", "--once")
    counted = {"server": 2, "stored": 1, "quarantined": 1, "missing": 0}
    assert {name: line["completeness"][name] for name in counted} == counted
    rows = practice.told("list", "--state", "all")
    [row] = [row for row in rows if row["subject"] == "Thursday's visit"]
    assert row["channels"] == ["portal"]
    sent = practice.told(
        "reply", str(row["id"]), "--text", "Friday at 9 is free. Write here, we read it daily.",
        "--wait",
    )  # fmt: skip
    assert (sent["state"], sent["line"]) == ("sent", "shelf")
    # What the adapter says of itself counts: nothing had to be overridden.
    assert [one["rule"] for one in sent["findings"] if one["severity"] != "info"] == []
    [answer] = [json.loads(path.read_text("utf-8")) for path in (shelf / "sent").iterdir()]
    assert answer["text"].startswith("Friday at 9 is free.")
    assert (answer["from"], answer["to"], answer["thread"]) == ("lakeside", "rosa", "t-1")
    # What we sent comes back from the folder, and is known.
    practice.told("sync", "--once")
    shown = practice.told("show", str(row["id"]))
    assert [one["direction"] for one in shown["messages"]] == ["inbound", "outbound"]


def test_what_is_not_installed_is_told_with_what_is(practice: Practice) -> None:
    path = practice.folder / "practice.toml"
    path.write_text(PRACTICE.replace('"folder-portal"', '"folder-portel"'), "utf-8")
    done = practice.run("sync", "--once")
    assert done.returncode == 1
    assert "“folder-portel”, which “shelf” needs, is not installed" in done.stderr
    assert "Did you mean “folder-portal”? Installed: folder-portal." in done.stderr
    assert "Traceback" not in done.stderr


def test_what_it_refuses_is_trouble_of_its_line(practice: Practice) -> None:
    path = practice.folder / "practice.toml"
    path.write_text(PRACTICE.replace('{ folder = "shelf" }', "{ folder = 7 }"), "utf-8")
    done = practice.run("doctor", "--json")
    assert done.returncode == 1
    [line] = json.loads(done.stdout)
    assert line["problem"] == "It is not said which folder."
    assert line["hint"] == 'options = { folder = "…" }'
    assert not line["sends"]
    assert not line["receives"]


def test_a_folder_that_is_gone_is_a_lost_connection(practice: Practice) -> None:
    practice.told("sync", "--once")
    (practice.folder / "shelf").rename(practice.folder / "elsewhere")
    done = practice.run("sync", "--once")
    assert done.returncode == 1
    assert "“folder-portal” failed while reading (FileNotFoundError)" in done.stderr
    (practice.folder / "elsewhere").rename(practice.folder / "shelf")
    practice.told("sync", "--once")

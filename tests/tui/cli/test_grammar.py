"""How the command line begins and ends: options, exit statuses, nothing on screen but sentences."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.cli.conftest import Desk, Type
from tests.tui.config.sample import WHOLE
from tui.cli import _handler, main
from tui.grammar import build_parser


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from parsers(inner)


def test_every_command_has_its_handler_and_its_help() -> None:
    names = {parser.get_default("handler") for parser in parsers(build_parser())} - {None}
    assert len(names) >= 25
    for name in names:
        assert callable(_handler(name))
    for parser in parsers(build_parser()):
        assert "--config" in parser.format_help()


def test_options_stand_before_or_after_the_command(type_: Type, tmp_path: Path) -> None:
    assert type_("--json", "list", "--limit", 1).json == type_("list", "--limit", 1, "--json").json
    for arguments in (
        ("--as", "bob", "patients", "list"),
        ("patients", "--as", "bob", "list"),
        ("patients", "list", "--as", "bob"),
    ):
        printed = type_(*arguments)
        assert printed.status == 1
        assert "dana, lee" in printed.err


def test_without_a_configuration_the_way_on_is_named(
    capsys: pytest.CaptureFixture[str], fresh_home: Path
) -> None:
    for arguments in ([], ["list"], ["doctor"]):
        assert main(arguments) == 1
        _, err = capsys.readouterr()
        assert str(fresh_home / "config" / "twoway" / "practice.toml") in err
        assert "twoway setup" in err
        assert "twoway demo" in err
    assert list(fresh_home.iterdir()) == []


def test_the_inbox_needs_a_terminal(type_: Type) -> None:
    printed = type_()
    assert printed.status == 1
    assert "needs a terminal" in printed.err


def test_who_you_are_must_be_said_when_several_work_here(
    type_: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWOWAY_STAFF")
    printed = type_("list")
    assert printed.status == 1
    assert "dana, lee" in printed.err
    assert "TWOWAY_STAFF" in printed.err


@pytest.mark.parametrize(
    "arguments",
    [["fly"], ["show"], ["show", "x"], ["list", "--state", "lost"], ["reply", "1"], ["lis"],
     ["list", "--limit", "0"], ["patients"], ["record", "export", "x"], ["list", "--sta", "all"]],
)  # fmt: skip
def test_wrong_usage_ends_with_two(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "usage:" in capsys.readouterr().err


def test_every_problem_of_the_configuration_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "practice.toml"
    path.write_text(WHOLE.replace("port = 993", "prot = 993").replace('"US"', '"USA"'))
    assert main(["list", "--config", str(path)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "twoway: practice.toml, line 35: line[1].imap.prot is not a known key.",
        "  Did you mean “port”? Known keys here: host, user, port, security, folders, sent, since.",
    ]


def test_a_data_folder_that_cannot_be_used(type_: Type, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    printed = type_("list", "--data", tmp_path / "file" / "data")
    assert printed.status == 1
    assert printed.err.startswith("twoway: ")
    assert "Traceback" not in printed.err


def test_an_unknown_error_shows_its_kind_and_not_its_words(
    type_: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise ValueError("Rosa Jimenez")

    monkeypatch.delenv("TWOWAY_TRACEBACK")
    monkeypatch.setattr("tui.commandline.reading.conversations", fail)
    printed = type_("list")
    assert printed.status == 1
    assert "ValueError" in printed.err
    assert "Rosa" not in printed.err


def test_keys_lists_every_command_with_the_practices_own_keys(
    type_: Type, desk: Desk, tmp_path: Path
) -> None:
    from tui.commands import COMMANDS

    rows = type_("keys", "--json").json
    assert [row["id"] for row in rows] == [one.id for one in COMMANDS]
    own = tmp_path / "own.toml"
    own.write_text(desk.toml + '[keys]\nreply = "R"\n')
    rows = type_("keys", "--config", own, "--json").json
    assert next(row["keys"] for row in rows if row["id"] == "reply") == ["R"]


def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **more}
    )


def test_the_version() -> None:
    printed = run(sys.executable, "-m", "tui.cli", "--version")
    assert (printed.returncode, printed.stdout[:7]) == (0, "twoway ")


def test_a_reader_that_goes_away_is_no_error(type_: Type) -> None:
    type_("list")
    command = f"{sys.executable} -m tui.cli list --state all --json --limit 500 | head -n 1"
    printed = run("sh", "-c", command)
    assert printed.stdout == "[\n"
    assert printed.stderr == ""


def test_knowing_the_grammar_needs_nothing_heavy() -> None:
    code = (
        "import sys; import tui.cli; import tui.grammar; tui.grammar.build_parser(); "
        "print([name for name in ('textual', 'rich', 'asyncio', 'sqlite3', 'imapclient', "
        "'aiosmtplib', 'tomlkit', 'tomllib', 'zoneinfo', 'email') if name in sys.modules])"
    )
    assert run(sys.executable, "-c", code).stdout.strip() == "[]"


def test_a_command_loads_neither_the_screen_nor_a_vendor(type_: Type) -> None:
    type_("list")
    code = (
        "import sys; from tui.cli import main; main(['list', '--limit', '1', '--json']); "
        "print([name for name in ('textual', 'rich', 'imapclient', 'aiosmtplib', 'tomlkit') "
        "if name in sys.modules], file=sys.stderr)"
    )
    assert run(sys.executable, "-c", code).stderr.strip() == "[]"

"""The house keeps its shape: sizes, names, floors, and nothing that does not belong in it."""

from __future__ import annotations

import ast
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clone import PACKAGES, ROOT, locked, python_files, short, tracked

FILE_AIM, FILE_LIMIT = 400, 600
FUNCTION_AIM, FUNCTION_LIMIT = 60, 120

NAMELESS = {"utils", "util", "helpers", "helper", "common", "manager", "base", "core", "misc"}

# What inbox may not import although Python ships it: everything that reaches disk or network.
REACHING_OUT = {
    "ftplib", "glob", "http", "imaplib", "os", "pathlib", "poplib", "select", "selectors",
    "shutil", "signal", "smtplib", "socket", "socketserver", "sqlite3", "ssl", "subprocess",
    "tempfile", "threading", "webbrowser",
}  # fmt: skip


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each imported module with its line, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module


def sizes() -> tuple[dict[str, int], dict[str, int]]:
    """Lines of each file, and of each function (`path:line name`)."""
    files: dict[str, int] = {}
    functions: dict[str, int] = {}
    for path in python_files():
        files[short(path)] = len(path.read_text(encoding="utf-8").splitlines())
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                functions[f"{short(path)}:{node.lineno} {node.name}"] = length
    return files, functions


def test_files_and_functions_stay_small(request: pytest.FixtureRequest) -> None:
    files, functions = sizes()
    over_aim = [(n, f"{n:4} lines  {name}") for name, n in files.items() if n > FILE_AIM]
    over_aim += [(n, f"{n:4} lines  {name}") for name, n in functions.items() if n > FUNCTION_AIM]
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if over_aim and reporter is not None:
        reporter.write_line(
            f"\nOver the aim of {FILE_AIM} lines a file, {FUNCTION_AIM} a function:"
        )
        for _, line in sorted(over_aim, reverse=True):
            reporter.write_line(f"  {line}")
    assert not {name: n for name, n in files.items() if n > FILE_LIMIT}
    assert not {name: n for name, n in functions.items() if n > FUNCTION_LIMIT}


def test_modules_are_named_after_what_they_hold() -> None:
    names = {path.relative_to(ROOT).with_suffix("") for path in python_files()}
    named = {part for name in names for part in name.parts}
    assert not named & NAMELESS


def test_inbox_needs_only_the_quiet_part_of_the_standard_library() -> None:
    allowed = (sys.stdlib_module_names - REACHING_OUT) | {"inbox"}
    wrong = [
        f"{short(path)}:{line} imports {module}"
        for path in python_files("inbox")
        for line, module in imports(parsed(path))
        if module.partition(".")[0] not in allowed
    ]
    assert not wrong


def test_only_the_wiring_puts_the_parts_together() -> None:
    wrong = [
        f"{short(path)}:{line} imports {module}"
        for path in python_files("tui")
        # The wiring makes the office, and beside it the channels.
        if path not in {ROOT / "tui" / "wiring.py", ROOT / "tui" / "channels.py"}
        for line, module in imports(parsed(path))
        if module.partition(".")[0] in {"adapters", "store"}
    ]
    assert not wrong


def test_only_tui_knows_the_screen() -> None:
    wrong = [
        f"{short(path)}:{line} imports {module}"
        for path in python_files(*(set(PACKAGES) - {"tui"}))
        for line, module in imports(parsed(path))
        if module.partition(".")[0] in {"textual", "rich"}
    ]
    assert not wrong


def test_the_box_knows_nobody() -> None:
    wrong = [
        f"{short(path)}:{line} imports {module}"
        for path in python_files("demo", "sample_data")
        for line, module in imports(parsed(path))
        if module.partition(".")[0] in {"inbox", "adapters", "store", "tui", "tests"}
    ]
    assert not wrong


def test_no_package_needs_the_tests() -> None:
    wrong = [
        f"{short(path)}:{line} imports {module}"
        for path in python_files(*PACKAGES)
        for line, module in imports(parsed(path))
        if module.partition(".")[0] in {"tests", "pytest", "hypothesis"}
    ]
    assert not wrong


def test_the_wheel_is_told_to_hold_the_six_packages_and_no_tests() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel == {"packages": list(PACKAGES)}


FOREIGN = {
    "the address of a package registry": re.compile(
        r"https?://[\w.-]*(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org)"
        r"|--(?:extra-)?index-url\b"
    ),
    "a path of one machine": re.compile(
        r"(?<![\w./-])/(?:work|root|home/[a-z]\w*|Users/[A-Za-z]\w*)/"
    ),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "an access token": re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|xox[abp]-[\w-]{20,}|AKIA[A-Z0-9]{16}|sk-[\w-]{30,})\b"
    ),
    "a Twilio account": re.compile(r"\b(?:AC|SK)(?![a-f0-9]*0{12})[a-f0-9]{32}\b"),
}
"""What no file of the repository may hold, this one excepted."""


def test_no_file_tells_of_a_machine_or_holds_a_secret() -> None:
    wrong = []
    for path in set(tracked()) - {Path(__file__)}:
        text = path.read_bytes().decode("utf-8", errors="replace")
        for what, pattern in FOREIGN.items():
            found = pattern.search(text)
            if found:
                line = text.count("\n", 0, found.start()) + 1
                wrong.append(f"{short(path)}:{line} holds {what}")
    assert not wrong


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("the address of a package registry", "https://" + "pypi" + ".org/simple"),
        ("a path of one machine", "see /home/dana/twoway"),
        ("a private key", "-----BEGIN EC PRIVATE KEY-----"),
        ("an access token", "ghp_" + "a1" * 18),
        ("a Twilio account", "AC" + "1234567890abcdef" * 2),
    ],
)
def test_the_patterns_for_foreign_things_find_them(what: str, text: str) -> None:
    assert FOREIGN[what].search(text)


def test_every_ignore_has_a_reason() -> None:
    bare = re.compile(
        r"#\s*noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?\s*$"
        r"|#\s*type:\s*ignore(?:\[[\w, -]+\])?\s*$"
        r"|#\s*noqa(?!:)|#\s*type:\s*ignore(?!\[)"
        r"|#\s*pragma: no cover\s*$"
    )
    wrong = []
    for path in python_files():
        with path.open("rb") as source:
            wrong += [
                f"{short(path)}:{token.start[0]} {token.string}"
                for token in tokenize.tokenize(source.readline)
                if token.type == tokenize.COMMENT and bare.search(token.string)
            ]
    assert not wrong


def test_the_lists_of_packages_agree_and_carry_hashes() -> None:
    runtime, dev = (locked(ROOT / name) for name in ("constraints.txt", "constraints-dev.txt"))
    assert runtime.items() <= dev.items()
    assert {"textual", "imapclient", "aiosmtplib", "hatchling"} <= runtime.keys()
    assert "pytest" not in runtime

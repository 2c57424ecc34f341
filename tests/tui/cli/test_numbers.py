"""`doctor` on lines that are numbers: what it asks, what it says, what it advises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.twilio.lakeside import DEAD
from tests.tui.cli.conftest import Desk, Type, furnished


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The practice with its mail and its telephones."""
    with furnished(tmp_path_factory.mktemp("numbers"), phones=True) as made:
        yield made


def test_numbers_are_proven_step_by_step(type_: Type, desk: Desk) -> None:
    printed = type_("doctor", "--prove")
    assert printed.status == 0, printed.err
    assert "texts: Asking about (555) 010-7788." in printed.err
    assert "texts: All is set up (" in printed.err
    assert "main-phone: Asking about (555) 010-7700." in printed.err


def test_what_is_known_of_a_number_is_told(type_: Type, desk: Desk) -> None:
    lines = {line["line"]: line for line in type_("doctor", "--json").json}
    for name in ("texts", "main-phone"):
        assert lines[name]["proof"]["state"] == "proven", lines[name]
        assert (lines[name]["sends"], lines[name]["receives"]) == (True, True)


def test_a_dead_messaging_service_is_named_with_the_way_out(
    type_: Type, desk: Desk, tmp_path: Path
) -> None:
    dead = desk.toml.replace("+15550107788", DEAD)
    assert dead != desk.toml
    (tmp_path / "dead.toml").write_text(dead, encoding="utf-8")
    printed = type_("doctor", "--json", "--config", tmp_path / "dead.toml")
    assert printed.status == 1
    lines = {line["line"]: line for line in printed.json}
    assert lines["texts"]["proof"]["state"] == "failed"
    assert "throws away" in lines["texts"]["problem"]
    assert "Messaging" in lines["texts"]["problem"]
    assert "webhook" in lines["texts"]["hint"]

"""`twoway lint`: the rules for scripts and checks, on a machine that has a configuration only."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.clock import FakeClock
from tests.tui.config.sample import WHOLE
from tui.cli import main

MORNING = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
"""A Wednesday, 10:00 in Chicago."""
Lint = Callable[..., tuple[int, Any]]


@pytest.fixture
def lint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Lint:
    """Lints a text at a practice that never connected to anything."""
    week = "".join(f'{day} = "08:00-12:00, 13:00-17:00"\n' for day in ("tue", "wed", "thu"))
    (tmp_path / "practice.toml").write_text(WHOLE.replace('fri = "08', week + 'fri = "08'))

    def run(channel: str, text: str, *more: str) -> tuple[int, Any]:
        where = ["--config", str(tmp_path), "--data", str(tmp_path / "data"), "--as", "dana"]
        status = main(
            [*where, "lint", "--channel", channel, "--text", text, "--json", *more],
            FakeClock(MORNING),
        )
        return status, json.loads(capsys.readouterr().out)

    return run


def found(document: Any) -> set[tuple[str, str]]:
    return {(one["rule"], one["severity"]) for one in document["findings"]}


def test_the_call_back_at_1704(lint: Lint) -> None:
    text = "Lakeside: we need to move your visit. Please call the office."
    status, said = lint("sms", text, "--at", "2026-03-04T17:04")
    assert status == 4
    assert ("TW04", "block") in found(said)
    assert said["at"] == "2026-03-04T17:04:00-06:00"
    assert said["verdict"] == "block"
    status, said = lint("sms", text, "--at", "2026-03-04T09:00")
    assert status == 3
    assert ("TW05", "hold") in found(said)
    status, said = lint(
        "sms", "Lakeside: we need to move your visit. Reply with a time.", "--at", "17:04"
    )
    assert (status, said["verdict"]) == (0, "allow")


def test_words_that_nobody_can_answer(lint: Lint) -> None:
    status, said = lint("email", "Please do not reply to this e-mail.")
    assert status == 4
    assert ("TW06", "block") in found(said)


def test_the_portal_detour(lint: Lint) -> None:
    text = "Reminder: your flu shot is due. Log in to the portal to read it, or reply here."
    status, said = lint("email", text)
    assert status == 3
    assert ("TW07", "hold") in found(said)


def test_a_voicemail_needs_a_way_to_answer(lint: Lint) -> None:
    left = ("--outcome", "left message")
    status, said = lint("phone", "This is Dana at Lakeside.", *left)
    assert status == 4
    assert ("TW11", "block") in found(said)
    status, said = lint("phone", "My direct line is 555-0101.", *left, "--way", "direct line")
    assert status == 0, said


def test_the_answering_service_that_takes_no_messages(lint: Lint, tmp_path: Path) -> None:
    left = ("--outcome", "left message", "--way", "answering service")
    status, said = lint("phone", "Tell the service you called.", *left, "--heads-up-sent")
    assert status == 0, said
    status, said = lint("phone", "Tell the service you called.", *left)
    assert ("TW13", "block") in found(said)
    assert status == 4
    text = WHOLE.replace("takes_messages = true", "takes_messages = false")
    assert text != WHOLE
    (tmp_path / "practice.toml").write_text(text)
    status, said = lint("phone", "Tell the service you called.", *left, "--heads-up-sent")
    assert status == 4
    assert ("TW13", "block") in found(said)


def test_a_line_that_is_named_is_looked_at_as_it_is_now(lint: Lint) -> None:
    status, said = lint("email", "Tuesday at nine is fine.", "--line", "front-desk")
    assert status in {3, 4}
    assert found(said) & {("TW01", "block"), ("TW01", "hold"), ("TW03", "hold")}
    assert said["line"] == "front-desk"


def test_the_words_alone_need_no_line(lint: Lint) -> None:
    status, said = lint("portal", "Tuesday at nine is fine.")
    assert (status, said["line"], said["from"], said["findings"]) == (0, None, None, [])


def test_a_text_says_in_how_many_parts_it_is_sent(lint: Lint) -> None:
    _, said = lint("sms", "We\u2019re open")
    assert said["size"] == {
        "characters": 10,
        "texts": 1,
        "characters_each": 70,
        "because": "\u2019",
    }
    assert lint("email", "Hello")[1]["size"] is None

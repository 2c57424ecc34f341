"""Calls from the command line: the plan, the log with each way to answer, the heads-up."""

from __future__ import annotations

import email
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from tests.tui.cli.conftest import Desk, Type

MANUAL = """
[[line]]
id = "main-phone"
channel = "phone"
number = "+15550107700"
provider = "manual"
"""
SERVICE = "desk@riverbend-pt.example"
"""A desk that somebody reads."""
TO_BE_TOLD = f'heads_up = {{ channel = "email", to = "{SERVICE}" }}'
ROSA = "rosa-jimenez"


@pytest.fixture
def phone(type_: Type, tmp_path: Path) -> Path:
    """A telephone that is dialled by hand; the service is told by e-mail. The configuration."""
    assert type_("sync", "--once").status == 0
    path = tmp_path / "desk" / "practice.toml"
    text = path.read_text(encoding="utf-8")
    (line,) = [one for one in text.splitlines() if one.startswith("heads_up")]
    path.write_text(text.replace(line, TO_BE_TOLD) + MANUAL, encoding="utf-8")
    return path


def calls(type_: Type, conversation: int) -> list[dict[str, Any]]:
    """The calls of a conversation."""
    shown = type_("show", conversation, "--json").json
    return [one["call"] for one in shown["messages"] if one["call"] is not None]


def test_the_plan_says_what_is_to_be_known(type_: Type, rosa: int, phone: Path) -> None:
    printed = type_("call", rosa, "--json")
    assert printed.status == 0
    plan = printed.json
    assert plan["conversation"] == rosa
    assert (plan["patient"], plan["line"], plan["dials"]) == (ROSA, "main-phone", False)
    assert plan["number"].startswith("+1555")
    assert plan["direct_line"] == "+15550107701"
    assert {one["way"] for one in plan["ways"]} == {
        "direct line", "here until", "answering service", "information",
    }  # fmt: skip
    assert "(555) 010-7701" in plan["script"]
    told = type_("call", ROSA).out
    assert "Voicemail: " in told
    assert "dial by hand" in told


def test_a_message_needs_a_way_to_answer(type_: Type, rosa: int, phone: Path) -> None:
    printed = type_("call", "log", rosa, "--outcome", "left message", "--json")
    assert printed.status == 4
    assert printed.json["state"] == "blocked"
    assert [one["rule"] for one in printed.json["findings"]] == ["TW11"]
    assert calls(type_, rosa) == []
    kept = type_("call", "log", rosa, "--outcome", "left message", "--way", "direct line", "--json")
    assert kept.status == 0
    assert kept.json["finished"]
    assert "(555) 010-7701" in kept.json["text"]
    (call,) = calls(type_, rosa)
    assert (call["outcome"], call["ways"]) == ("left message", ["direct line"])
    (row,) = [one for one in type_("list", "--json").json if one["id"] == rosa]
    assert row["state"] == "needs-reply"


def test_here_until_is_watched(type_: Type, rosa: int, phone: Path) -> None:
    base = ("call", "log", rosa, "--outcome", "left message", "--way", "here until")
    assert "Until when" in type_(*base).err
    asked = type_(*base, "--until", "20min")
    assert asked.status == 1
    assert "Which e-mail or portal line" in asked.err
    printed = type_(*base, "--until", "20min", "--watch", "front-desk", "--text", "Hi.", "--json")
    assert printed.status == 0
    (promise,) = printed.json["promises"]
    assert promise["owner"] == "dana"
    assert "frontdesk@lakeside.example" in printed.json["text"]
    promised = type_("promises", "--json").json
    assert promise["id"] in {one["id"] for one in promised}


def test_the_service_is_told_by_a_real_message(
    type_: Type, rosa: int, phone: Path, desk: Desk
) -> None:
    printed = type_(
        "call", "log", rosa, "--outcome", "left message", "--way", "answering service",
        "--text", "Hello Rosa, this is Dana.", "--because", "the service asked for it", "--json",
    )  # fmt: skip
    assert printed.status == 0, printed.err
    assert not printed.json["finished"]
    assert printed.json["heads_up"]["to"] == [SERVICE]
    shut = type_("done", rosa, "--because", "enough")
    assert shut.status == 1
    assert "has not been told" in shut.err
    undelivered = type_("list", "--state", "undelivered", "--json").json
    assert rosa in {one["id"] for one in undelivered}
    assert type_("sync", "--once").status == 0
    (call,) = calls(type_, rosa)
    assert (call["heads_up"], call["finished"]) == ("sent", True)
    raw = desk.lakeside.world.inbox(SERVICE)[-1]
    mail = email.message_from_bytes(raw, policy=default)
    assert mail["From"].endswith("<frontdesk@lakeside.example>")
    assert "Rosa" not in raw.decode("utf-8", "replace")
    nothing = type_("call", "tell", rosa)
    assert nothing.status == 1
    assert "No heads-up is missing" in nothing.err


def test_a_service_that_takes_no_messages_is_refused(type_: Type, rosa: int, phone: Path) -> None:
    text = phone.read_text(encoding="utf-8")
    phone.write_text(text.replace("takes_messages = true", "takes_messages = false"))
    printed = type_("call", "log", rosa, "--outcome", "left message", "--way", "answering service")
    assert printed.status == 4
    assert "takes no messages" in printed.err
    assert calls(type_, rosa) == []


def test_who_was_reached_was_answered(type_: Type, rosa: int, phone: Path) -> None:
    assert "what was agreed" in type_("call", "log", rosa, "--outcome", "reached").err
    printed = type_("call", "log", rosa, "--outcome", "reached", "--text", "Friday at nine.")
    assert printed.status == 0
    waiting = type_("list", "--state", "waiting", "--json").json
    assert rosa in {one["id"] for one in waiting}
    entries = type_("record", "show", ROSA, "--json")
    assert "Friday at nine." in entries.out


def test_what_cannot_be_done_says_why(type_: Type, rosa: int, phone: Path) -> None:
    for words, status, said in (
        (("call", "log", rosa), 1, "how the call ended"),
        (("call", "log"), 1, "which call"),
        (("call", "hum", rosa), 1, "nothing to do with a call"),
        (("call", rosa, "--number", "abc"), 1, "no phone number"),
        (("call", rosa, "--dial"), 1, "by hand"),
        (("call", "nobody-at-all"), 1, "no such patient"),
        (("call", 999_999), 1, ""),
    ):
        printed = type_(*words)
        assert printed.status == status, words
        assert said in printed.err


def test_without_a_phone_line_it_says_what_to_add(type_: Type, rosa: int) -> None:
    printed = type_("call", rosa)
    assert printed.status == 1
    assert "no phone line" in printed.err
    assert "manual" in printed.err


@pytest.mark.parametrize("more", [(), ("--offline",)])
def test_a_line_by_hand_is_well_and_nothing_is_claimed_of_it(
    type_: Type, phone: Path, more: tuple[str, ...]
) -> None:
    printed = type_("doctor", *more, "--json")
    [line] = [one for one in printed.json if one["line"] == "main-phone"]
    assert (line["ok"], line["by_hand"], line["problem"]) == (True, True, None)
    told = type_("doctor", *more).out
    said = told[told.index("main-phone") :].splitlines()[:2]
    assert "(555) 010-7700" in said[0]
    assert said[1].strip().startswith("by hand: whoever calls it rings on the desk")
    assert "proven" not in said[1]


def test_how_a_call_ended_is_told(type_: Type, rosa: int, phone: Path) -> None:
    assert type_("call", "log", rosa, "--outcome", "busy").status == 0
    shown = type_("show", rosa).out
    assert "· busy" in shown
    # Numbers as people write them; the JSON has them as machines do.
    assert "from (555) 010-7700 to " in shown
    assert "+1555" not in shown

"""Promises by command: found in the words, set by hand, withdrawn, kept."""

from __future__ import annotations

from datetime import datetime

from tests.tui.cli.conftest import Desk, Type

HERE = "Thursday at ten is fine. I'm here until 11:30 if anything is unclear."


def test_a_broken_promise_is_told_with_every_list(type_: Type, rosa: int, desk: Desk) -> None:
    assert type_("promises", "add", rosa, "--until", "20min", "--kind", "answer").status == 0
    desk.clock.advance(minutes=45)
    assert "! Promises broken: 1." in type_("list", "--state", "all").out
    [broken] = type_("promises", "--state", "broken", "--json").json
    assert broken["minutes_left"] == -25
    assert "! answer by" in type_("promises").out
    assert type_("sync", "--once").status == 0
    [everybodys] = type_("promises", "--json").json
    assert everybodys["everybodys_at"]
    actions = [entry["action"] for entry in type_("audit", "--json").json]
    assert {"promise broken", "promise is everybody's"} <= set(actions)


def test_a_promise_is_set_by_hand_and_withdrawn_with_a_reason(type_: Type, rosa: int) -> None:
    made = type_("promises", "add", rosa, "--until", "2h", "--kind", "answer", "--json")
    assert made.status == 0
    number = made.json["id"]
    assert made.json["minutes_left"] == 120
    assert type_("promises", "withdraw", number).status == 2
    closed = type_("promises", "withdraw", number, "--because", "she called", "--json")
    assert (closed.json["state"], closed.json["withdrawn_because"]) == ("withdrawn", "she called")
    again = type_("promises", "withdraw", number, "--because", "she called")
    assert again.status == 1
    assert "withdrawn already" in again.err
    assert type_("promises", "add", rosa, "--until", "soon").status == 1
    assert "Nothing is promised" in type_("promises").out


def test_options_add_a_promise_or_say_that_words_are_none(type_: Type, rosa: int) -> None:
    # The clock of these tests goes on: read the lines, so that they are known to be read.
    assert type_("sync", "--once").status == 0
    printed = type_(
        "reply", rosa, "--text", "It is done today.", "--promise", "answer 2h", "--json"
    )
    [promise] = printed.json["promises"]
    assert (promise["kind"], promise["said"], promise["minutes_left"]) == ("answer", None, 120)
    declined = type_("reply", rosa, "--text", HERE, "--no-promise", "--json")
    assert declined.json["promises"] == []
    assert "no promise" in [entry["action"] for entry in type_("audit", "--json").json]
    assert type_("undo", printed.json["outbox_id"]).status == 0
    assert type_("promises", "--json").json == []
    # What is wanted is sought first, and counted then.
    assert type_("promises", "add", rosa, "--until", "2h").status == 0
    [unsaid] = type_("promises", "--state", "unsaid", "--limit", "1", "--json").json
    assert unsaid["id"] == promise["id"]


def test_a_promise_is_watched_until_the_patient_was_answered(
    type_: Type, rosa: int, desk: Desk
) -> None:
    printed = type_("reply", rosa, "--text", HERE, "--wait", "--json")
    assert printed.status == 0
    [promise] = printed.json["promises"]
    assert (promise["kind"], promise["said"], promise["owner"], promise["state"]) == (
        "here",
        "I'm here until 11:30",
        "dana",
        "open",
    )
    assert datetime.fromisoformat(promise["due"]).strftime("%H:%M %z") == "11:30 -0600"
    refused = type_("done", rosa)
    assert refused.status == 1
    assert "you promised: here until 11:30" in refused.err
    [row] = type_("list", "--state", "promised", "--json").json
    assert (row["id"], row["promise"]["id"]) == (rosa, promise["id"])
    assert [one["id"] for one in type_("show", rosa, "--json").json["promises"]] == [promise["id"]]
    assert "you promised: here until 11:30" in type_("list", "--state", "promised").out
    # The patient of the sample practice answers by herself.
    desk.clock.advance(minutes=2)
    assert type_("sync", "--once").status == 0
    [called_on] = type_("promises", "--json").json
    assert called_on["state"] == "called-on"
    assert "they wrote" in type_("promises", "--mine").out
    desk.clock.advance(minutes=1)
    assert type_("reply", rosa, "--text", "You are welcome.", "--wait").status == 0
    [running] = type_("promises", "--json").json
    assert running["state"] == "open"
    # The clock is that of all tests here: this one comes last.
    desk.clock.advance(hours=3)
    assert type_("promises", "--json").json == []
    [kept] = type_("promises", "--state", "kept", "--json").json
    assert kept["id"] == promise["id"]
    actions = [entry["action"] for entry in type_("audit", "--json").json]
    assert "promise" in actions

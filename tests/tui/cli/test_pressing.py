"""By command: what messages ask for between their lines, and whom they are about."""

from __future__ import annotations

from typing import Any

from tests.tui.cli.conftest import Desk, Type


def _mail(desk: Desk, type_: Type, id_: str, sender: str, text: str) -> Any:
    """Let a mail arrive; its row of the list."""
    to = "frontdesk@lakeside.example"
    raw = f"From: {sender}\r\nTo: {to}\r\nSubject: {id_}\r\nMessage-ID: <{id_}>\r\n\r\n{text}\r\n"
    desk.lakeside.world.send(sender, [to], raw.encode())
    assert type_("sync", "--once").status == 0
    rows = type_("list", "--state", "all", "--limit", "500", "--json").json
    return next(row for row in rows if row["subject"] == id_)


def test_an_emergency_is_on_top_until_it_is_looked_after(desk: Desk, type_: Type) -> None:
    row = _mail(desk, type_, "crisis@x", "stranger@mail.example", "My mother can't breathe")
    assert (row["urgent"], row["signals"]) == (True, ["IN01"])
    assert type_("list", "--state", "done", "--limit", "1", "--json").json[0]["id"] == row["id"]
    assert "URGENT" in type_("list").out.splitlines()[0]
    shown = type_("show", row["id"], "--json").json
    [signal] = shown["messages"][0]["signals"]
    assert (signal["rule"], signal["state"], signal["by"]) == ("IN01", "proposed", None)
    assert "call them / 911" in type_("show", row["id"]).out

    accepted = type_("accept", row["id"], "--json")

    assert (accepted.status, accepted.json["urgent"]) == (0, False)
    [signal] = type_("show", row["id"], "--json").json["messages"][0]["signals"]
    assert (signal["state"], signal["by"]) == ("applied", "dana")
    audit = type_("audit", "--json").json
    assert "look after an emergency" in {entry["action"] for entry in audit}
    again = type_("accept", row["id"])
    assert (again.status, again.err.count("\n")) == (1, 2)


def test_asking_to_stop_by_mail_blocks_mail_once_accepted(desk: Desk, type_: Type) -> None:
    row = _mail(desk, type_, "stop@x", "stranger2@mail.example", "Please don't email me anymore")
    assert row["signals"] == ["IN03"]
    assert "To stop e-mail to them: twoway accept" in type_("show", row["id"]).out

    assert type_("accept", row["id"], "--rule", "IN03").status == 0

    assert type_("show", row["id"], "--json").json["opted_out"] == ["email"]
    refused = type_("reply", row["id"], "--text", "Good bye then, just write back if needed.")
    assert refused.status == 4
    assert "TW19" in refused.err + refused.out


def test_what_is_nothing_is_dismissed(desk: Desk, type_: Type) -> None:
    row = _mail(desk, type_, "wrong@x", "stranger3@mail.example", "I think I am the wrong person")
    assert row["signals"] == ["IN04"]

    assert type_("dismiss", row["id"], "--json").json["signals"] == []

    shown = type_("show", row["id"], "--json").json["messages"][0]
    assert [one["state"] for one in shown["signals"]] == ["dismissed"]


def test_one_message_can_be_about_somebody_else(type_: Type, rosa: int) -> None:
    message = type_("show", rosa, "--json").json["messages"][-1]
    other = next(
        one["id"] for one in type_("patients", "list", "--json").json if one["id"] != "rosa-jimenez"
    )

    assert type_("link", rosa, other, "--message", message["id"]).status == 0

    shown = type_("show", rosa, "--json").json
    assert shown["patient"] == "rosa-jimenez"
    assert shown["messages"][-1]["about"] == other
    record = type_("record", "show", "rosa-jimenez", "--json").json
    assert "entered-in-error" in {one["status"] for one in record["entries"]}
    assert type_("record", "verify").status == 0
    assert type_("link", rosa, other, "--message", 999999).status == 1
    assert type_("link", rosa, "nobody", "--message", message["id"]).status == 1


def test_a_confidential_answer_says_so(type_: Type, rosa: int) -> None:
    sent = type_(
        "reply", rosa, "--text", "Thursday is fine, just write back here.", "--confidential",
        "--because", "she asked for it", "--json",
    )  # fmt: skip
    assert sent.status == 0

    last = type_("show", rosa, "--json").json["messages"][-1]
    assert last["confidential"]
    assert "for the patient alone" in type_("show", rosa).out

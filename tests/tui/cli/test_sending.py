"""Sending from the command line: same gate, same outbox, real servers at the other end."""

from __future__ import annotations

import email
import json
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from pathlib import Path

import pytest

from tests.tui.cli.conftest import Desk, Printed, Type

ROSA = "rosa.jimenez@mail.example"


def newest_mail(desk: Desk, address: str) -> EmailMessage:
    raw = desk.lakeside.world.inbox(address)[-1]
    return email.message_from_bytes(raw, EmailMessage, policy=default)


def rules(printed: Printed) -> list[tuple[str, str]]:
    return [(one["rule"], one["severity"]) for one in printed.json["findings"]]


def test_a_reply_leaves_and_its_answer_comes_home(type_: Type, rosa: int, desk: Desk) -> None:
    before = type_("show", rosa, "--json").json
    printed = type_("reply", rosa, "--text", "Does Friday at 9 suit you?", "--wait", "--json")
    assert printed.status == 0
    sent = printed.json
    assert sent["state"] == "sent"
    assert (sent["channel"], sent["line"]) == ("email", "front-desk")
    assert sent["from"] == "frontdesk@lakeside.example"
    assert sent["proof"]["state"] == "proven"
    assert set(sent["proof"]) == {"state", "at", "how"}
    assert isinstance(sent["outbox_id"], int)
    mail = newest_mail(desk, ROSA)
    asked = before["messages"][-1]["message_id"]
    assert parseaddr(mail["From"])[1] == "frontdesk@lakeside.example"
    assert mail["Reply-To"] is None or "frontdesk@lakeside.example" in mail["Reply-To"]
    assert mail["In-Reply-To"] == f"<{asked}>"
    assert f"<{asked}>" in mail["References"]
    assert "Does Friday at 9" in mail.get_content()
    assert type_("sync", "--once").status == 0
    after = type_("show", rosa, "--json").json
    known = {message["id"] for message in before["messages"]}
    new = [message for message in after["messages"] if message["id"] not in known]
    assert sorted(message["direction"] for message in new) == ["inbound", "outbound"]
    assert all(message["recorded"] for message in after["messages"])


def test_a_queued_reply_can_be_taken_back(type_: Type, rosa: int) -> None:
    queued = type_("reply", rosa, "--text", "One moment.", "--json")
    assert queued.status == 0
    assert queued.json["state"] == "queued"
    number = queued.json["outbox_id"]
    waiting = type_("outbox", "--json").json
    assert [(row["id"], row["state"], row["to"]) for row in waiting] == [(number, "queued", [ROSA])]
    undone = type_("undo", number, "--json")
    assert undone.json == {"outbox_id": number, "state": "cancelled"}
    again = type_("undo", number)
    assert again.status == 1
    assert "too late" in again.err
    # What was taken back is kept as a draft, and a reply does not throw it away silently.
    refused = type_("reply", rosa, "--text", "Another.")
    assert refused.status == 1
    assert "--drop-draft" in refused.err
    assert type_("reply", rosa, "--text", "Another.", "--drop-draft").status == 0


def test_sync_sends_what_is_queued(type_: Type, rosa: int) -> None:
    assert type_("sync", "--once").status == 0
    number = type_("reply", rosa, "--text", "One moment, please.", "--json").json["outbox_id"]
    assert type_("sync", "--once").status == 0
    assert number not in [row["id"] for row in type_("outbox", "--json").json]


def test_a_blocked_reply_ends_with_four_and_nothing_is_queued(type_: Type, rosa: int) -> None:
    printed = type_("reply", rosa, "--text", "Please do not reply to this e-mail.", "--json")
    assert printed.status == 4
    assert printed.json["state"] == "blocked"
    assert printed.json["outbox_id"] is None
    assert ("TW06", "block") in rules(printed)
    assert printed.err.startswith("twoway: ")
    reasoned = type_("reply", rosa, "--text", "Please do not reply.", "--because", "I must")
    assert reasoned.status == 4
    assert type_("outbox", "--json").json == []


def test_a_held_reply_ends_with_three_and_leaves_with_a_reason(type_: Type, rosa: int) -> None:
    # Before the first of them; ids follow the order in which the mail was read.
    unread = min(one["id"] for one in type_("show", rosa, "--json").json["messages"]) - 1
    held = type_("reply", rosa, "--text", "See you then.", "--seen", unread, "--json")
    assert held.status == 3
    assert held.json["state"] == "held"
    assert "hold" in {severity for _, severity in rules(held)}
    assert "--because" in held.err
    given = type_(
        "reply", rosa, "--text", "See you then.", "--seen", unread, "--because", "read it", "--json"
    )
    assert given.status == 0
    assert given.json["state"] == "queued"
    assert type_("outbox", "--json").json[0]["because"] == "read it"


def test_a_line_nobody_can_answer_is_blocked(
    type_: Type, rosa: int, desk: Desk, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.toml"
    whole.write_text(desk.lakeside.practice_toml)
    printed = type_(
        "reply", rosa, "--text", "Hello.", "--line", "reminders", "--config", whole, "--json"
    )
    assert printed.status == 4
    assert ("TW01", "block") in rules(printed)
    assert printed.json["from"] == "noreply@lakeside.example"
    unknown = type_("reply", rosa, "--text", "Hello.", "--line", "fax")
    assert unknown.status == 1
    assert "front-desk" in unknown.err


def test_a_new_message_with_a_file_reaches_the_patient(
    type_: Type, desk: Desk, tmp_path: Path
) -> None:
    form = tmp_path / "form – 1.pdf"
    form.write_bytes(b"%PDF-1.7 " + bytes(range(256)) * 40)
    printed = type_(
        "send", "--to", "rosa-jimenez", "--channel", "email", "--subject", "Your form",
        "--text", "Here is the form.", "--attach", form, "--wait", "--json",
    )  # fmt: skip
    assert printed.status == 0
    mail = newest_mail(desk, ROSA)
    assert mail["Subject"] == "Your form"
    files = list(mail.iter_attachments())
    assert [file.get_filename() for file in files] == [form.name]
    assert files[0].get_content() == form.read_bytes()
    assert type_("show", printed.json["conversation"], "--json").json["patient"] == "rosa-jimenez"


@pytest.mark.parametrize(
    ("to", "channel", "said"),
    [
        ("nobody-at-all", "email", "no such patient"),
        ("jimenez", "email", "Several patients"),
        ("rosa@", "email", "not an address"),
        ("+15550107811", "email", "phone number"),
    ],
)
def test_whom_it_goes_to_is_never_guessed(type_: Type, to: str, channel: str, said: str) -> None:
    printed = type_("send", "--to", to, "--channel", channel, "--text", "Hello.")
    assert printed.status == 1
    assert said in printed.err


def test_text_can_come_from_standard_input(
    type_: Type, rosa: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "text"
    path.write_text("Première ligne\nzweite Zeile\n", encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        monkeypatch.setattr("sys.stdin", file)
        assert type_("reply", rosa, "--text", "-").status == 0
    assert "zweite Zeile" in type_("show", rosa).out
    empty = type_("reply", rosa, "--text", " ")
    assert empty.status == 1
    missing = type_("reply", rosa, "--text", "x", "--attach", tmp_path / "none")
    assert missing.status == 1
    assert "No such file" in missing.err


def test_lint_says_what_the_gate_says_and_sends_nothing(type_: Type) -> None:
    good = type_("lint", "--channel", "email", "--to", "rosa-jimenez", "--text", "Hi.", "--json")
    assert good.status == 0
    assert good.json["verdict"] == "allow"
    assert good.json["from"]
    bad = type_("lint", "--channel", "email", "--text", "Do not reply to this message.", "--json")
    assert bad.status == 4
    assert ("TW06", "block") in rules(bad)
    later = type_(
        "lint", "--channel", "email", "--to", "rosa-jimenez", "--text", "Hi.",
        "--at", "2026-03-02T09:20", "--json",
    )  # fmt: skip
    assert (later.status, rules(later)) == (0, [("TW45", "info")])
    assert later.json["at"] == "2026-03-02T09:20:00-06:00"
    assert later.json["proof"]["state"] == "proven"
    alone = type_("lint", "--channel", "sms", "--text", "Hi.", "--at", "2026-06-01", "--json")
    assert (alone.status, alone.json["line"]) == (0, None)
    assert type_("outbox", "--json").json == []


def test_the_record_shows_verifies_and_goes_out(type_: Type, rosa: int, tmp_path: Path) -> None:
    type_("note", rosa, "--text", "Called the daughter.")
    shown = type_("record", "show", "rosa-jimenez", "--json").json
    assert all(entry["resourceType"] == "Communication" for entry in shown["entries"])
    whole = type_("record", "verify", "--json")
    assert whole.status == 0
    assert all(file["whole"] for file in whole.json["files"])
    assert whole.json["waiting"] == 0
    bundle = json.loads(type_("record", "export", "rosa-jimenez", "--format", "fhir").out)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    versions = [(one["fullUrl"], one["resource"]["meta"]["versionId"]) for one in bundle["entry"]]
    assert len(versions) == len(set(versions)) == len(shown["entries"])
    text = type_("record", "export", "rosa-jimenez", "--format", "text").out
    assert "Called the daughter." in text
    assert "Rosa Jimenez, born 1961-04-12" in text
    target = tmp_path / "rosa.json"
    assert (
        type_("record", "export", "rosa-jimenez", "--format", "fhir", "--output", target).status
        == 0
    )
    assert target.stat().st_mode & 0o077 == 0


def test_the_export_is_valid_fhir(type_: Type) -> None:
    from fhir.resources.R4B.bundle import Bundle

    out = type_("record", "export", "rosa-jimenez", "--format", "fhir").out
    assert Bundle.model_validate_json(out).entry


def test_a_changed_record_file_is_found(type_: Type, tmp_path: Path) -> None:
    assert type_("record", "verify", "rosa-jimenez").status == 0
    spoiled = 0
    for path in (tmp_path / "desk" / "data" / "records").rglob("*.ndjson"):
        content = path.read_bytes()
        path.write_bytes(content.replace(b"daughter", b"neighbor"))
        spoiled += content != path.read_bytes()
    assert spoiled
    printed = type_("record", "verify", "--json")
    assert printed.status == 1
    assert [file["whole"] for file in printed.json["files"]].count(False) == spoiled
    assert "changed outside Twoway" in printed.err


def test_tending_a_conversation(type_: Type, rosa: int) -> None:
    assert type_("assign", rosa, "lee", "--json").json["assigned_to"] == "lee"
    assert type_("list", "--mine", "--as", "lee", "--json").json[0]["id"] == rosa
    assert type_("assign", rosa, "bob").status == 1
    assert type_("assign", rosa, "nobody", "--json").json["assigned_to"] is None
    snoozed = type_("snooze", rosa, "2h", "--json").json
    assert snoozed["snoozed_until"] == "2026-03-02T11:00:00-06:00"
    assert rosa not in [row["id"] for row in type_("list", "--json").json]
    assert type_("snooze", rosa, "now", "--json").json["snoozed_until"] is None
    assert type_("snooze", rosa, "soon").status == 1
    held = type_("done", rosa)
    assert held.status == 3
    assert "question has not been answered" in held.err
    assert type_("done", rosa, "--because", "She called.", "--json").json["state"] == "done"
    assert type_("reopen", rosa, "--json").json["state"] == "needs-reply"
    assert type_("link", rosa, "omar-haddad", "--json").json["patient"] == "omar-haddad"
    assert type_("link", rosa, "nobody", "--json").json["patient"] is None
    assert type_("note", 99_999, "--text", "x").status == 1

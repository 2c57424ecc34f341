"""Looking: the JSON shapes that programs rely on, and lines that people read."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from tests.tui.cli.conftest import Desk, Type

OFFSET = re.compile(r"-06:00$")

LIST = {
    "id": int,
    "patient": str | None,
    "person": str | None,
    "state": str,
    "channels": list,
    "subject": str,
    "last_message_at": str,
    "waiting_minutes": int | None,
    "unread": bool,
}
MESSAGE = {
    "id": int,
    "direction": str,
    "channel": str | None,
    "line": str | None,
    "from": str | None,
    "to": list,
    "at": str,
    "subject": str,
    "text": str,
    "status": str,
    "attachments": list,
    "about": str | None,
}


def test_list_has_the_promised_fields(type_: Type) -> None:
    printed = type_("list", "--state", "all", "--limit", "500", "--json")
    assert printed.status == 0
    assert printed.err == ""
    rows = printed.json
    assert len(rows) >= 60
    for row in rows:
        for name, kind in LIST.items():
            assert isinstance(row[name], kind), name
        assert OFFSET.search(row["last_message_at"])
    times = [datetime.fromisoformat(row["last_message_at"]) for row in rows]
    assert times == sorted(times, reverse=True)
    waiting = [row for row in rows if row["state"] == "needs-reply"]
    assert waiting
    assert all(row["waiting_minutes"] >= 0 for row in waiting)
    assert any(row["waiting_minutes"] is None for row in rows)


@pytest.mark.parametrize(
    "state", ["needs-reply", "waiting", "promised", "undelivered", "done", "unknown", "all"]
)
def test_every_state_of_the_list_is_understood(type_: Type, state: str) -> None:
    printed = type_("list", "--state", state, "--limit", 5, "--json")
    assert printed.status == 0
    assert len(printed.json) <= 5


def test_a_limit_above_one_page_gives_them_all_once(type_: Type) -> None:
    ids = [row["id"] for row in type_("list", "--state", "all", "--limit", 400, "--json").json]
    assert len(ids) == len(set(ids))


def test_show_has_the_promised_fields(type_: Type, rosa: int) -> None:
    shown = type_("show", rosa, "--json").json
    assert shown["id"] == rosa
    assert shown["patient"] == "rosa-jimenez"
    assert shown["state"] == "needs-reply"
    message = shown["messages"][-1]
    for name, kind in MESSAGE.items():
        assert isinstance(message[name], kind), name
    assert message["from"] == "rosa.jimenez@mail.example"
    assert message["to"] == ["frontdesk@lakeside.example"]
    assert message["direction"] == "inbound"
    assert message["line"] == "front-desk"
    assert message["about"] == "rosa-jimenez"
    assert OFFSET.search(message["at"])


def test_show_for_people(type_: Type, rosa: int) -> None:
    printed = type_("show", rosa)
    assert "Rosa Jimenez <rosa.jimenez@mail.example>" in printed.out
    assert "needs-reply" in printed.out


def test_looking_does_not_mark_as_read_unless_asked(type_: Type, rosa: int) -> None:
    assert type_("show", rosa, "--json").json["unread"] is True
    assert type_("show", rosa, "--mark-seen", "--json").json["unread"] is True
    assert type_("show", rosa, "--json").json["unread"] is False


def test_search_finds_words_of_the_text(type_: Type, rosa: int) -> None:
    hits = type_("search", "daughter", "car", "--json").json
    assert rosa in [hit["id"] for hit in hits]
    assert all("\ue000" not in hit["snippet"] for hit in hits)
    assert all(hit["matches"] for hit in hits)
    nothing = type_("search", "zyzzyva")
    assert (nothing.status, nothing.out) == (0, "Nothing was found.\n")


def test_search_takes_conditions_as_the_screen_does(type_: Type, rosa: int) -> None:
    def found(*query: str) -> list[int]:
        return [hit["id"] for hit in type_("search", *query, "--json").json]

    everything = found("is:needs-reply", "--limit", "500")
    assert rosa in everything
    assert rosa in found("daughter", "from:rosa", "channel:email")
    assert rosa not in found("-daughter")
    assert rosa not in found("from:rosa", "-daughter")
    assert found("daughter", "before:1971") == []
    assert len(found("is:needs-reply", "--limit", "2")) == 2
    few = type_("search", "is:needs-reply", "is:odd", "--limit", "1")
    assert "Looked for as words: is:odd" in few.out
    more = type_("search", "is:needs-reply", "--limit", "1")
    assert "There is more: --limit 2 shows it." in more.out


def test_an_unknown_number_is_a_sentence_and_a_hint(type_: Type) -> None:
    printed = type_("show", 99_999)
    assert printed.status == 1
    assert printed.out == ""
    sentence, hint = printed.err.splitlines()
    assert sentence.startswith("twoway: ")
    assert hint.startswith("  ")


def with_attachment(type_: Type) -> tuple[int, str]:
    """A message with an attachment: its id and the attachment's name."""
    for row in type_("list", "--state", "all", "--limit", 200, "--json").json:
        for message in type_("show", row["id"], "--json").json["messages"]:
            if message["attachments"] and message["direction"] == "inbound":
                return int(message["id"]), str(message["attachments"][0]["name"])
    raise AssertionError("the sample has no attachment")


def test_an_attachment_is_saved_once_and_never_over_another_file(
    type_: Type, tmp_path: Path
) -> None:
    message, name = with_attachment(type_)
    target = tmp_path / "saved"
    saved = type_("save", message, name, "--output", target, "--json").json
    assert target.stat().st_size == saved["size"] > 0
    assert target.stat().st_mode & 0o077 == 0
    again = type_("save", message, "1", "--output", target)
    assert again.status == 1
    assert "already" in again.err
    missing = type_("save", message, "none.pdf")
    assert missing.status == 1
    assert name in missing.err


def test_raw_gives_the_very_bytes(type_: Type, rosa: int) -> None:
    message = type_("show", rosa, "--json").json["messages"][-1]["id"]
    printed = type_("raw", message)
    assert "Message-ID:" in printed.out
    assert type_("raw", message, "--json").json["complete"] is True


def test_what_others_wrote_cannot_act_on_the_terminal(type_: Type, desk: Desk) -> None:
    subject = "=?utf-8?B?G10wO2hhY2tlZAcbWzMxbXJlZOKAriBldmls?="
    raw = (
        "From: Mallory <mallory@evil.example>\r\nTo: frontdesk@lakeside.example\r\n"
        f"Subject: {subject}\r\nMessage-ID: <{id(subject)}@evil.example>\r\n"
        'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
        "\x1b[2J\x1b]52;c;aGFjaw==\x07 zap \u202e gnp.exe \x9b31m\r\n"
    )
    desk.lakeside.world.imap.deliver("frontdesk", raw.encode())
    assert type_("sync", "--once").status == 0
    row = next(
        row for row in type_("list", "--json").json if row["address"] == "mallory@evil.example"
    )
    for arguments in (
        ("list",),
        ("show", row["id"]),
        ("search", "zap"),
        ("show", row["id"], "--json"),
    ):
        printed = type_(*arguments).out
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", printed)


def test_the_audit_says_who_looked(type_: Type, rosa: int) -> None:
    type_("show", rosa)
    entries = type_("audit", "--patient", "rosa-jimenez", "--json").json
    assert (entries[0]["staff"], entries[0]["action"]) == ("dana", "open")
    assert OFFSET.search(entries[0]["at"])


def test_patients_are_listed_and_shown(type_: Type) -> None:
    rows = type_("patients", "list", "jimenez", "--json").json
    assert [row["id"] for row in rows] == ["luis-jimenez", "rosa-jimenez"]
    rosa = type_("patients", "show", "rosa-jimenez", "--json").json
    assert rosa["privacy_form"]["sms"] == "accepted"
    assert rosa["conversations"]
    several = type_("patients", "show", "jimenez")
    assert several.status == 1
    assert "rosa-jimenez" in several.err


def test_an_import_with_a_mistake_changes_nothing(type_: Type, tmp_path: Path) -> None:
    path = tmp_path / "patients.csv"
    path.write_text("id,first,last,email\n1,Ann,Lee,ann@example.com\n2,Bo,Ng,bo-example.com\n")
    printed = type_("patients", "import", path)
    assert printed.status == 1
    assert printed.out == "Row 3, email: is not an e-mail address.\n"
    assert "Nothing was taken" in printed.err
    assert "bo-example" not in printed.out + printed.err
    assert type_("patients", "show", "1").status == 1
    path.write_text(path.read_text().replace("bo-ex", "bo@ex"))
    assert type_("patients", "import", path, "--dry-run", "--json").json["added"] == 2
    assert type_("patients", "show", "1").status == 1
    assert type_("patients", "import", path, "--json").json["added"] == 2
    assert type_("patients", "show", "1").status == 0

"""Nothing is missing, and the command line says so; what could not be read is dealt with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.tui.cli.conftest import Desk, Type

USER = "frontdesk"


def _front_desk(documents: list[dict[str, object]]) -> dict[str, object]:
    return next(one for one in documents if one["line"] == "front-desk")


def _lose(data: Path, count: int) -> None:
    """Forget where some messages of the front desk came from, as if they had never come."""
    with closing(sqlite3.connect(data / "twoway.db", isolation_level=None)) as db:
        db.execute(
            "DELETE FROM location WHERE line_id = 'front-desk' AND folder = 'INBOX' AND item IN ("
            "SELECT item FROM location WHERE line_id = 'front-desk' AND folder = 'INBOX' LIMIT ?)",
            [count],
        )


def test_the_doctor_counts_each_folder_and_says_when_it_was_compared(type_: Type) -> None:
    for line in type_("doctor", "--json").json:
        count = line["completeness"]
        assert {"INBOX", "Sent"} == {folder["folder"] for folder in count["folders"]}
        assert sum(folder["stored"] for folder in count["folders"]) == count["stored"]
        assert count["missing"] == 0
        assert count["checked_at"].endswith("-06:00")
    printed = type_("doctor")
    assert printed.out.count("every item compared") == 4
    assert "index and all" in printed.out


def test_what_is_missing_is_fetched_and_nothing_is_there_twice(type_: Type, tmp_path: Path) -> None:
    before = type_("list", "--state", "all", "--json").json
    _lose(tmp_path / "desk" / "data", 3)
    printed = type_("sync", "--fetch-missing", "--json")
    assert printed.status == 0
    count = _front_desk(printed.json)["completeness"]
    assert isinstance(count, dict)
    assert count["missing"] == 0
    assert count["server"] == count["stored"]
    assert type_("list", "--state", "all", "--json").json == before


def test_a_mailbox_is_read_from_a_day_on_and_back_to_its_beginning(
    type_: Type, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = tmp_path / "since.toml"
    today = desk.clock().date().isoformat()
    toml.write_text(desk.toml.replace('sent = "Sent" }', f'sent = "Sent", since = {today} }}', 1))
    monkeypatch.setenv("TWOWAY_CONFIG", str(toml))
    monkeypatch.setenv("TWOWAY_DATA", str(tmp_path / "fresh"))
    desk.lakeside.world.imap.deliver(
        USER,
        b"From: a@example.com\r\nTo: frontdesk@lakeside.example\r\nSubject: Old\r\n\r\nOld\r\n",
        internal_date=desk.clock().replace(year=2020),
    )
    for _ in range(2):
        count = _front_desk(type_("sync", "--once", "--json").json)["completeness"]
        assert isinstance(count, dict)
        assert (count["missing"], count["server"]) == (0, count["stored"] + count["older"])
    wrong = type_("sync", "--since", "yesterweek")
    assert wrong.status != 0
    assert "is not a day" in wrong.err
    printed = type_("sync", "--since", "beginning", "--json")
    assert printed.status == 0
    count = _front_desk(printed.json)["completeness"]
    assert isinstance(count, dict)
    assert (count["missing"], count["older"]) == (0, 0)
    rows = type_("list", "--state", "all", "--limit", 500, "--json").json
    assert "Old" in {row["subject"] for row in rows}


def test_what_could_not_be_read_is_listed_set_aside_and_read_again(type_: Type, desk: Desk) -> None:
    assert type_("list", "--state", "needs-a-look", "--json").json == []
    uid = desk.lakeside.world.imap.deliver(USER, b"nothing of a mail is in here")
    assert type_("sync", "--once").status == 0
    (row,) = type_("list", "--state", "needs-a-look", "--json").json
    assert row["needs_look"] is True
    (message,) = type_("show", row["id"], "--json").json["messages"]
    assert message["nature"] == "unreadable"
    assert "nothing of a mail" in type_("raw", message["id"]).out
    assert type_("look", row["id"], "--read-again").status == 0
    assert len(type_("list", "--state", "needs-a-look", "--json").json) == 1
    assert type_("look", row["id"], "--set-aside", " ").status == 3
    assert type_("look", row["id"], "--set-aside", "a broken fax").status == 0
    assert type_("list", "--state", "needs-a-look", "--json").json == []
    (message,) = type_("show", row["id"], "--json").json["messages"]
    assert message["set_aside"] == "a broken fax"
    assert message["deleted_on_server"] is False
    # It is deleted on the server: here it stays.
    desk.lakeside.world.imap.expunge(USER, [uid])
    assert type_("sync", "--once").status == 0
    (message,) = type_("show", row["id"], "--json").json["messages"]
    assert message["deleted_on_server"] is True
    assert "nothing of a mail" in type_("raw", message["id"]).out

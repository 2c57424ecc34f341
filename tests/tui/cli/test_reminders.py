"""Reminders and templates from the command line, against the sample practice's real servers."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest

from tests.tui.cli.conftest import Desk, Printed, Type
from tests.tui.cli.test_sending import newest_mail


@pytest.fixture
def appointments(desk: Desk, tmp_path: Path) -> Path:
    """A list with a good row, one that is held, two that nobody can use."""
    path = tmp_path / "appointments.csv"
    day = f"{desk.clock() + timedelta(days=7):%Y-%m-%d}"
    path.write_text(
        "MRN;Patient;Date;Time;Location;Type\n"
        f"omar-haddad;Omar Haddad;{day};2:30 PM;12 Shore Road;Visit\n"
        f"rosa-jimenez;;{day};9:00;12 Shore Road;Visit\n"
        f";Nobody Known;{day};9:00;;Visit\n"
        f"omar-haddad;;{day};half past;;Visit\n"
        "ellen-parker;;;;;Flu shot\n"
        f"omar-haddad;Omar Haddad;{day};2:30 PM;12 Shore Road;Visit\n",
        encoding="cp1252",
    )
    return path


def states(printed: Printed) -> dict[int, str]:
    return {row["row"]: row["state"] for row in printed.json["rows"]}


def test_a_list_is_looked_at_and_nothing_leaves(type_: Type, appointments: Path) -> None:
    printed = type_("remind", appointments, "--json")
    for options in ((), ("--dry-run", "--all")):
        printed = type_("remind", appointments, *options, "--json")
        assert printed.status == 1
        assert states(printed) == {
            2: "ready", 3: "ready", 4: "not understood", 5: "not understood", 6: "ready",
            7: "not understood",
        }  # fmt: skip
        assert printed.json["dry_run"] is True
    assert type_("outbox", "--json").json == []
    rows = {row["row"]: row for row in printed.json["rows"]}
    assert rows[2]["template"] == "appointment-reminder"
    assert " at 2:30 PM\n    12 Shore Road" in rows[2]["text"]
    assert rows[6]["template"] == "flu-shot"
    assert "https://" in rows[6]["text"]
    assert rows[4]["reason"] == "Row 4, “Patient” is no patient's name."
    assert rows[7]["reason"] == "Row 7, “MRN” says the same as row 2."


def test_all_that_may_leave_leaves_by_mail_and_is_told_once(
    type_: Type, appointments: Path, desk: Desk, tmp_path: Path
) -> None:
    kept = tmp_path / "report.csv"
    printed = type_("remind", appointments, "--all", "--report", kept)
    assert printed.status == 1
    assert "Sent by e-mail 3, not understood 3." in printed.out
    assert type_("sync", "--once").status == 0
    mail = newest_mail(desk, "omar.haddad@post.example")
    assert mail["Subject"].startswith("Your visit on ")
    assert "Hello Omar," in mail.get_content()
    assert "frontdesk@lakeside.example" in mail["From"]
    rows = list(csv.DictReader(io.StringIO(kept.read_text("utf-8"))))
    assert [row["state"] for row in rows].count("sent") == 3
    assert rows[0]["patient"] == "omar-haddad"

    again = type_("remind", appointments, "--all")
    assert "told already 3" in again.out.lower()
    assert "Told already on " in again.out
    assert type_("outbox", "--json").json == []


def test_only_some_rows(type_: Type, appointments: Path) -> None:
    printed = type_("remind", appointments, "--only", "2,6", "--json")
    assert printed.status == 0
    assert states(printed) == {2: "sent", 6: "sent"}
    assert len(type_("outbox", "--json").json) == 2
    rest = type_("remind", appointments, "--only", "2-3", "--json")
    assert states(rest) == {2: "told already", 3: "sent"}
    assert type_("remind", appointments, "--only", "99").status == 1
    assert type_("remind", appointments, "--only", "two").status == 1


def test_what_is_held_needs_a_reason(type_: Type, appointments: Path, desk: Desk) -> None:
    assert type_("remind", appointments, "--only", "2").status == 0
    day = f"{desk.clock() + timedelta(days=9):%Y-%m-%d}"
    appointments.write_text(f"mrn,date,time\nomar-haddad,{day},10:00\n")
    held = type_("remind", appointments, "--all", "--json")
    assert held.status == 3
    assert states(held) == {2: "held"}
    assert [one["rule"] for one in held.json["rows"][0]["findings"]] == ["TW28"]
    sent = type_("remind", appointments, "--all", "--because", "two visits", "--json")
    assert (sent.status, states(sent)) == (0, {2: "sent"})


def test_what_is_blocked_names_the_way_out(type_: Type, appointments: Path, desk: Desk) -> None:
    day = f"{desk.clock() + timedelta(days=9):%Y-%m-%d}"
    appointments.write_text(f"mrn,date,time\nharold-finch,{day},10:00\n")
    blocked = type_("remind", appointments, "--all", "--because", "I must", "--json")
    assert blocked.status == 4
    (row,) = blocked.json["rows"]
    assert (row["state"], row["outbox_id"]) == ("blocked", None)
    assert row["way_out"]


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"a,b\n1,2\n"])
def test_what_is_no_list_ends_with_one_sentence(
    type_: Type, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    printed = type_("remind", path, "--all")
    assert printed.status == 1
    assert printed.err.startswith("twoway: ")
    assert type_("remind", tmp_path / "missing.csv").status == 1


# ---------------------------------------------------------------- templates


def test_the_shipped_templates_are_used_until_the_practice_has_its_own(
    type_: Type, tmp_path: Path
) -> None:
    folder = tmp_path / "desk" / "templates"
    listed = type_("templates", "list", "--json")
    assert listed.status == 0
    assert listed.json["shipped"] is True
    assert len(listed.json["templates"]) == 8
    copied = type_("templates", "copy", "--json").json
    assert (len(copied["written"]), copied["kept"]) == (8, [])
    (folder / "flu-shot.txt").write_text("my own words")
    (folder / "call-back.txt").unlink()
    again = type_("templates", "copy", "--json").json
    assert (again["written"], len(again["kept"])) == (["call-back.txt"], 7)
    assert (folder / "flu-shot.txt").read_text() == "my own words"


def test_a_bad_template_is_told_and_the_others_work(type_: Type, tmp_path: Path) -> None:
    type_("templates", "copy")
    folder = tmp_path / "desk" / "templates"
    head = "title: T\ncategory: general\nchannels: email\nsubject: S\n\n"
    (folder / "one.txt").write_text(head + "Hi\n{patient.frist_name}")
    (folder / "two.txt").write_bytes(b"\x00\x01")
    (folder / "three.txt").write_bytes((head + "Grüße {my.name}").encode("cp1252"))
    (folder / "four.txt").write_text(head + "Please do not reply to this message.")
    listed = type_("templates", "list", "--json")
    assert listed.status == 1
    assert [one["file"] for one in listed.json["bad"]] == ["one.txt", "two.txt"]
    assert "one.txt, line 7, column 1" in listed.json["bad"][0]["problem"]
    assert "{patient.first_name}" in listed.json["bad"][0]["hint"]
    never = [one["name"] for one in listed.json["templates"] if one["never"]]
    assert never == ["four"]
    assert type_("templates", "show", "three").out.startswith("Subject: S\n\nGrüße Dana")
    assert type_("templates", "show", "one").status == 1
    told = type_("doctor", "--offline")
    assert "template four: Can only be sent against the rules" in told.out
    assert "one.txt, line 7, column 1" in told.err


def test_a_template_is_shown_filled_in(type_: Type) -> None:
    shown = type_("templates", "show", "appointment-reminder", "--to", "omar-haddad", "--json")
    assert shown.status == 0
    assert shown.json["text"].startswith("Hello Omar,")
    assert shown.json["gaps"] == []
    fields = type_("templates", "fields", "--json").json
    assert {"field": "my.name", "meaning": "Your name"} in fields


def test_a_long_list_says_how_far_it_is(type_: Type, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("mrn,type\n" + "".join(f"nobody-{n},flu\n" for n in range(250)))
    printed = type_("remind", path)
    assert [line for line in printed.err.splitlines() if "rows" in line] == [
        "100 of 250 rows.",
        "200 of 250 rows.",
    ]
    assert "Not understood 250." in printed.out

"""Merging, splitting, moving and undoing as plain commands; patients that are one."""

from __future__ import annotations

import json
from pathlib import Path

from tests.tui.cli.conftest import Type


def _shown(type_: Type, conversation: int) -> list[int]:
    return [one["id"] for one in type_("show", conversation, "--json").json["messages"]]


def test_merge_and_undo(type_: Type) -> None:
    one, other = (row["id"] for row in type_("list", "--json").json[:2])
    before = {id_: _shown(type_, id_) for id_ in (one, other)}

    done = type_("merge", one, other, "--json")

    assert done.status == 0
    assert (done.json["kind"], done.json["from"], done.json["to"]) == ("merge", other, one)
    assert sorted(_shown(type_, other)) == sorted(before[one] + before[other])
    undone = type_("undo-move", one)
    assert "Undone: Conversation" in undone.out
    assert {id_: _shown(type_, id_) for id_ in (one, other)} == before
    again = type_("undo-move", one)
    assert again.status == 1
    assert "Nothing was put together" in again.err


def test_split_move_and_back(type_: Type) -> None:
    one, other = (row["id"] for row in type_("list", "--json").json[:2])
    assert type_("note", one, "--text", "A note").status == 0
    first, *_, note = _shown(type_, one)

    parted = type_("split", one, "--from", note, "--json").json
    assert (parted["kind"], parted["messages"]) == ("split", 1)
    assert _shown(type_, parted["to"]) == [note]
    assert type_("undo-move", one).status == 0
    assert note in _shown(type_, one)

    moved = type_("move", note, "--to", other, "--json").json
    assert (moved["kind"], moved["to"]) == ("move", other)
    assert note in _shown(type_, other)
    assert type_("undo-move", other).status == 0
    new = type_("move", note, "--to", "new", "--json").json["to"]
    assert _shown(type_, new) == [note]

    assert type_("move", note, "--to", "elsewhere").status == 2
    assert type_("split", one, "--from", 99999).status == 1
    assert "Nothing would stay" in type_("split", one, "--from", first).err
    assert "No other conversation is suggested" in type_("merge", one).err


def test_patients_become_one_by_command(type_: Type, rosa: int) -> None:
    made = type_("patients", "merge", "rosa-jimenez", "into", "omar-haddad", "--json")
    assert made.status == 0, made.err
    ids = {one["id"] for one in type_("patients", "list", "--json").json}
    assert made.json["former_ids"] == ["rosa-jimenez"]
    assert "rosa-jimenez" not in ids
    assert type_("patients", "show", "rosa-jimenez", "--json").json["id"] == "omar-haddad"
    assert type_("show", rosa, "--json").json["patient"] == "omar-haddad"
    verified = type_("record", "verify", "omar-haddad", "--json").json
    assert [file["patient"] for file in verified["files"]] == ["rosa-jimenez", "omar-haddad"]
    assert all(file["whole"] for file in verified["files"])
    shown = type_("record", "show", "omar-haddad", "--json").json["entries"]
    assert any("goes on" in str(entry.get("note")) for entry in shown)
    assert type_("patients", "merge", "rosa-jimenez", "into", "omar-haddad").status == 1


def _resource(number: str, given: str, **more: object) -> dict[str, object]:
    name = [{"given": [given], "family": "Quist"}]
    return {
        "resourceType": "Patient", "id": number, "name": name, "birthDate": "1970-01-02", **more,
    }  # fmt: skip


def test_an_import_says_who_was_replaced(type_: Type, tmp_path: Path) -> None:
    file = tmp_path / "patients.json"

    def take(*resources: dict[str, object], more: tuple[str, ...] = ()) -> dict[str, object]:
        bundle = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": one} for one in resources],
        }
        file.write_text(json.dumps(bundle), "utf-8")
        told = type_("patients", "import", file, "--yes", "--json", *more)
        assert told.status == 0, told.err
        document: dict[str, object] = told.json
        return document

    take(_resource("771", "Nora"), _resource("772", "Norah"))
    link = [{"other": {"reference": "Patient/772"}, "type": "replaced-by"}]
    gone = _resource("771", "Nora", active=False, link=link)

    assert take(gone, more=("--dry-run",))["merged"] == [{"old": "771", "into": "772"}]
    assert type_("patients", "show", "771", "--json").json["id"] == "771"
    assert take(gone)["merged"] == [{"old": "771", "into": "772"}]
    assert type_("patients", "show", "771", "--json").json["id"] == "772"
    assert take(gone)["merged"] == []

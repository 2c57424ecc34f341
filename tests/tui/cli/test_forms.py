"""Privacy forms by command, against the sample practice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.cli.conftest import Type


def test_a_form_is_shown_whole(type_: Type) -> None:
    shown = type_("patients", "form", "rosa-jimenez", "--json").json
    assert shown["privacy_form"]["voicemail"] == "detailed"
    assert shown["privacy_form"]["sms_warned"] == {"on": "2026-02-02", "version": "2"}
    assert shown["privacy_form"]["confidants"][1] == {
        "name": "Elena Ruiz",
        "relation": "neighbor",
        "detail": False,
    }
    assert shown["shared_with"] == [{"address": "+15550107811", "patient": "luis-jimenez"}]
    assert shown["changed"] == []
    words = type_("patients", "form", "rosa-jimenez").out
    assert "details allowed" in words
    assert "Luis Jimenez (spouse); Elena Ruiz (neighbor): call-back only" in words


def test_a_change_is_kept_with_its_history(type_: Type) -> None:
    done = type_(
        *("patients", "form", "omar-haddad", "--set", "voicemail=detailed"),
        *("--set", "voicemail_on=(555) 010-7814", "--set", "best_time=after six"),
        *("--add-contact", "omar@work.example", "--mark-old", "omar.haddad@post.example"),
        *("--add-proxy", "Lina Haddad; wife; 555-010-7899; 2027-01-01", "--json"),
    )
    assert done.status == 0
    assert {one["field"]: one["new"] for one in done.json["changed"]} == {
        "voicemail": "detailed",
        "voicemail_on": "+15550107814",
        "best_time": "after six",
        "contact omar.haddad@post.example": "old, 1",
        "contact omar@work.example": "home, 3",
        "proxy Lina Haddad": "wife, until 2027-01-01, +15550107899 (home, 1)",
    }
    history = type_("patients", "history", "omar-haddad", "--json").json
    assert {(one["by"], one["how"]) for one in history[:6]} == {("dana", "command")}
    assert history[-1]["field"] == "patient"
    assert history[-1]["how"] == "import patients.json"
    type_("patients", "form", "omar-haddad", "--mark-works", "omar.haddad@post.example")
    type_("patients", "form", "omar-haddad", "--end-proxy", "lina haddad=2026-01-02")
    latest = type_("patients", "history", "omar-haddad", "--limit", "1")
    assert "proxy Lina Haddad: wife, until 2027-01-01" in latest.out
    assert "until 2026-01-02" in latest.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "voicemail=none", "--set", "voicemail_on=+15550107814"), "no voicemail"),
        (("--set", "voicemail=loud"), "must be one of: unknown (not asked); none"),
        (("--set", "shoe_size=43"), "no answer “shoe_size”"),
        (("--set", "form_date=2062-01-01"), "lies ahead"),
        (("--set", "confidential=12"), "confidential must be one of their contact points"),
        (("--add-contact", "12"), "not a phone number"),
        (("--mark-old", "nobody@example.com"), "no such contact point"),
        (("--end-proxy", "Nobody=2026-01-02"), "no such proxy"),
        (("--end-proxy", "Nobody"), "NAME=DATE"),
        (("--add-proxy", "Lina"), "NAME; RELATION"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    type_: Type, arguments: tuple[str, ...], words: str
) -> None:
    before = type_("patients", "form", "omar-haddad", "--json").json
    refused = type_("patients", "form", "omar-haddad", *arguments)
    assert refused.status == 1
    assert words in refused.err
    assert type_("patients", "form", "omar-haddad", "--json").json == before


def test_an_opt_out_holds_for_the_number(type_: Type) -> None:
    said = type_(
        *("patients", "consent", "(555) 010-7811", "--channel", "sms", "--consent", "declined"),
        *("--how", "on the phone", "--json"),
    ).json
    assert (said["address"], said["by"], said["how"]) == ("+15550107811", "dana", "on the phone")
    for patient in ("rosa-jimenez", "luis-jimenez"):
        consents = type_("patients", "form", patient, "--json").json["consents"]
        assert [(one["channel"], one["consent"]) for one in consents] == [("sms", "declined")]
        newest = type_("patients", "history", patient, "--json").json[0]
        assert newest["field"] == "consent sms +15550107811"
    wrong = type_(
        *("patients", "consent", "rosa@mail.example", "--channel", "sms", "--consent", "declined"),
        *("--how", "on the phone"),
    )
    assert wrong.status == 1


def test_an_import_says_first_what_it_would_change(type_: Type, tmp_path: Path) -> None:
    file = tmp_path / "clinic.csv"
    file.write_text("id;first;last;texting;shoe\nomar-haddad;Omar;Haddad;no;43\nx1;New;One;;\n")
    preview = type_("patients", "import", file, "--dry-run", "--json").json
    assert (preview["added"], preview["changed"], preview["taken"]) == (1, 1, False)
    assert preview["ignored"] == ["shoe"]
    omar, new = preview["patients"]
    assert omar["changes"] == [{"field": "sms", "old": "accepted", "new": "declined"}]
    assert (omar["will"], new["will"]) == ("change", "add")
    words = type_("patients", "import", file, "--dry-run").out
    assert "change  omar-haddad  sms: “accepted” → “declined”" in words
    assert type_("patients", "import", file).status == 0
    type_("patients", "form", "omar-haddad", "--set", "sms=unknown")
    kept = type_("patients", "import", file)
    assert "keep    omar-haddad  sms: dana set it to “unknown”" in kept.out
    undone = type_("patients", "import", file, "--overwrite")
    assert "UNDO    omar-haddad  sms: dana set it to “unknown”" in undone.out
    assert (
        type_("patients", "form", "omar-haddad", "--json").json["privacy_form"]["sms"] == "declined"
    )


def test_bad_rows_stop_the_import_or_are_left_out(type_: Type, tmp_path: Path) -> None:
    file = tmp_path / "clinic.csv"
    file.write_text("id,first,last,cell\nx1,New,One,555-010-7890\nx2,New,Two,12\n")
    refused = type_("patients", "import", file)
    assert refused.status == 1
    assert "Row 3, cell: is not a phone number" in refused.out
    assert "--skip-bad" in refused.err
    assert type_("patients", "import", file, "--dry-run", "--json").json["refused"] is True
    assert type_("patients", "list", "x1", "--json").json == []
    taken = type_("patients", "import", file, "--skip-bad", "--json").json
    assert (taken["refused"], taken["added"], taken["left_out"]) == (False, 1, 1)
    assert [one["id"] for one in type_("patients", "list", "x", "--json").json] == ["x1"]

"""The portal by command: answered, blocked, told of, taken back; and what doctor says of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.lakeside import Lakeside
from tests.clock import FakeClock
from tests.tui.cli.conftest import PATIENTS, Printed, Type
from tui.cli import main

_LINES = ("front-desk", "texts", "portal")


@dataclass(frozen=True, slots=True)
class PortalDesk:
    """A practice with a portal, read and proven once; each test works on a copy."""

    lakeside: Lakeside
    folder: Path
    clock: FakeClock


@pytest.fixture(scope="module")
def portal_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalDesk]:
    clock, folder = FakeClock(), tmp_path_factory.mktemp("portal")
    with (
        Lakeside(quick=True, quiet=True, clock=clock) as lakeside,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TWOWAY_DEMO_PASSWORD", lakeside.password)
        head, *lines = lakeside.practice_toml.split("[[line]]\n")
        wanted = [one for one in lines if any(f'id = "{name}"' in one for name in _LINES)]
        (folder / "practice.toml").write_text("[[line]]\n".join([head, *wanted]))
        where = ["--config", str(folder), "--data", str(folder / "data"), "--as", "dana"]
        assert main([*where, "patients", "import", str(PATIENTS)], clock) == 0
        assert main([*where, "doctor", "--prove"], clock) == 0
        yield PortalDesk(lakeside, folder, clock)
    assert lakeside.world.thread.failures == []


@pytest.fixture
def type_(
    portal_desk: PortalDesk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Type:
    shutil.copytree(portal_desk.folder, tmp_path / "desk")
    monkeypatch.setenv("TWOWAY_CONFIG", str(tmp_path / "desk"))
    monkeypatch.setenv("TWOWAY_DATA", str(tmp_path / "desk" / "data"))
    monkeypatch.setenv("TWOWAY_STAFF", "dana")
    monkeypatch.setenv("TWOWAY_DEMO_PASSWORD", portal_desk.lakeside.password)
    monkeypatch.setenv("TWOWAY_TRACEBACK", "1")
    capsys.readouterr()

    def run(*arguments: str | int) -> Printed:
        status = main([str(argument) for argument in arguments], portal_desk.clock)
        out, err = capsys.readouterr()
        return Printed(status, out, err)

    return run


def conversation(type_: Type, patient: str) -> int:
    rows = type_("list", "--state", "all", "--limit", 200, "--json").json
    ours = (row for row in rows if row["patient"] == patient and row["channels"][:1] == ["portal"])
    return int(next(ours)["id"])


def line(printed: Printed, name: str) -> Any:
    return next(one for one in printed.json if one["line"] == name)


def test_doctor_says_whether_patients_can_answer(type_: Type) -> None:
    portal = line(type_("doctor", "--json"), "portal")
    assert portal["ok"]
    assert portal["patients_can_answer"] == "yes"
    assert (portal["proof"]["state"], portal["proof"]["how"]) == ("proven", "round trip")
    assert portal["completeness"]["missing"] == 0
    assert line(type_("doctor", "--json"), "texts")["patients_can_answer"] is None
    said = type_("doctor", "--offline").out
    assert "patients can answer: yes (The portal takes answers from patients.)" in said


@pytest.mark.parametrize(
    ("word", "said", "advice"),
    [
        ("no", "patients can answer: no", "Nothing leaves from here"),
        ("unknown", "patients can answer: unknown", 'replies = "yes" or replies = "no"'),
    ],
)
def test_doctor_says_what_to_do_where_they_cannot(
    type_: Type, tmp_path: Path, word: str, said: str, advice: str
) -> None:
    path = tmp_path / "desk" / "practice.toml"
    text = path.read_text().replace('replies = "yes"', f'replies = "{word}"')
    path.write_text(text.replace('test_patient = "Patient/p1000"\n', ""))
    # What the test patient's answer proved would say yes by itself.
    shutil.rmtree(tmp_path / "desk" / "data")
    assert type_("patients", "import", PATIENTS, "--yes").status == 0
    printed = type_("doctor", "--prove")
    assert said in printed.out
    assert advice in printed.out
    assert "replies proven" in printed.out.split("portal  portal  Lakeside portal")[1]
    assert "thread" not in printed.out
    assert "cannot be proven by a round trip" in printed.err


def test_a_portal_nobody_wrote_in_is_proven_by_somebody(type_: Type, tmp_path: Path) -> None:
    path = tmp_path / "desk" / "practice.toml"
    text = path.read_text().replace('test_patient = "Patient/p1000"\n', "")
    path.write_text(
        text.replace('name = "Lakeside portal"', 'name = "P"\npatient_query = "sent=gt2099"')
    )
    shutil.rmtree(tmp_path / "desk" / "data")
    printed = type_("doctor", "--json")
    portal = line(printed, "portal")
    assert portal["problem"] == "It is not proven that answers arrive."
    assert "test_patient" in portal["hint"]


def test_a_question_is_answered_in_its_thread(type_: Type, portal_desk: PortalDesk) -> None:
    number = conversation(type_, "hannah-krueger")
    printed = type_(
        "reply", number, "--text", "Better with juice than with milk. Write back here.",
        "--wait", "--json",
    )  # fmt: skip
    assert printed.status == 0, printed.err
    assert printed.json["channel"] == "portal"
    assert (printed.json["notice"], printed.json["notice_problem"]) == (None, None)
    assert type_("sync", "--once").status == 0
    shown = type_("show", number, "--json").json["messages"]
    assert [one["text"] for one in shown][-1] == "With orange juice, then. Thanks a lot!"
    assert shown[-1]["from"] == "Patient/p1058"
    assert not shown[-1]["retracted"]


def test_a_proxy_is_named_with_what_she_is(type_: Type) -> None:
    shown = type_("show", conversation(type_, "noah-parker")).out
    assert "from Ellen Parker (mother) to " in shown


def test_a_thread_that_takes_no_answers_is_blocked(type_: Type) -> None:
    number = conversation(type_, "grace-okonkwo")
    printed = type_("reply", number, "--text", "Yes. Just answer here.", "--because", "x", "--json")
    assert printed.status == 4
    [finding] = [one for one in printed.json["findings"] if one["rule"] == "TW10"]
    assert finding["severity"] == "block"
    assert "e-mail" in finding["fix"]


def test_a_notice_goes_beside_a_result(
    type_: Type, portal_desk: PortalDesk, tmp_path: Path
) -> None:
    path = tmp_path / "result.pdf"
    path.write_bytes(b"%PDF-1.4 made up")
    printed = type_(
        "send", "--to", "rosa-jimenez", "--channel", "portal", "--subject", "Your blood count",
        "--text", "The page is attached. Answer here or to our text.", "--attach", path,
        "--notice", "--wait", "--json",
    )  # fmt: skip
    assert printed.status == 0, printed.err
    notice = printed.json["notice"]
    assert (notice["state"], notice["channel"], notice["to"]) == ("sent", "sms", ["+15550107811"])
    assert "a document waits for you in our patient portal" in notice["text"]
    assert "blood" not in notice["text"]
    again = type_("reply", printed.json["conversation"], "--channel", "email",
                  "--text", "Hello. Answer this e-mail.", "--notice")  # fmt: skip
    assert again.status == 1
    assert "A notice goes with a portal message only." in again.err


def test_nobody_reads_what_the_portal_calls_things(type_: Type) -> None:
    found = type_("search", "Olivia").out
    assert "Your cholesterol result" in found
    assert "Olivia Brandt <Patient" not in found
    id_ = conversation(type_, "olivia-brandt")
    printed = type_("reply", id_, "--text", "Try the oats. Write back here.", "--wait")
    assert f"conversation {id_}, outbox" in printed.out
    assert "from Lakeside portal (" in printed.out
    shown = type_("show", id_).out
    assert "from Lakeside portal to Olivia Brandt" in shown
    for word in ("http", "Patient/", "Organization/", "(delivered)", "(sent)"):
        assert word not in shown
    refused = type_("send", "--to", "omar-haddad", "--channel", "portal", "--text", "Hello Omar.")
    assert refused.status == 1
    assert "Patient omar-haddad has no portal account that is known here." in refused.err


def test_a_better_way_is_told_by_lint(type_: Type) -> None:
    ask = ("lint", "--to", "olivia-brandt", "--text", "Your lab result is in. Answer here.")
    printed = type_(*ask, "--channel", "email", "--json")
    assert printed.json["suggestion"]["channel"] == "portal"
    assert "safer in the portal" in type_(*ask, "--channel", "email").out
    assert type_(*ask, "--channel", "portal", "--json").json["suggestion"] is None
    alone = type_("lint", "--channel", "email", "--text", "Your lab result is in.", "--json")
    assert alone.json["suggestion"] is None


def sent(type_: Type) -> tuple[int, int]:
    """A conversation and a message of ours in it that has left."""
    number = conversation(type_, "ruth-abrams")
    printed = type_("reply", number, "--text", "Four times. Write back here.", "--wait", "--json")
    assert printed.status == 0, printed.err
    return number, printed.json["message"]


def test_a_message_is_taken_back(type_: Type, portal_desk: PortalDesk) -> None:
    number, message = sent(type_)
    printed = type_("retract", message, "--wait", "--json")
    assert printed.status == 0, printed.err
    assert printed.json["state"] == "retracted"
    held = portal_desk.lakeside.portal.server.holdings.resource(printed.json["provider_id"])
    assert held["status"] == "entered-in-error"
    assert "retracted: entered in error" in type_("show", number).out
    shown = type_("show", number, "--json").json["messages"]
    assert [one["id"] for one in shown if one["retracted"]] == [message]
    again = type_("retract", message)
    assert again.status == 1
    assert "has been taken back already" in again.err


def test_what_cannot_be_taken_back_now_is_tried_again(type_: Type, portal_desk: PortalDesk) -> None:
    _, message = sent(type_)
    assert type_("retract", message).out.startswith("An open Twoway takes it back")
    server = portal_desk.lakeside.portal.server
    server.drop()
    try:
        printed = type_("sync", "--once")
        assert printed.status == 1
    finally:
        server.restore()
    portal_desk.clock.advance(minutes=5)
    assert type_("sync", "--once").status == 0
    shown = type_("show", conversation(type_, "ruth-abrams"), "--json").json["messages"]
    assert message in [one["id"] for one in shown if one["retracted"]]


def test_theirs_is_not_ours_to_take_back(type_: Type) -> None:
    shown = type_("show", conversation(type_, "olivia-brandt"), "--json").json["messages"]
    printed = type_("retract", shown[-1]["id"])
    assert printed.status == 1
    assert "Only what was sent from here" in printed.err

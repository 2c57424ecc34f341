"""Texts and calls by command, against the sample practice's telephone on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.twilio.account import Account
from demo.twilio.fault import Fault
from demo.twilio.lakeside import TEXTS
from tests.tui.cli.conftest import Desk, Printed, Type, furnished
from tui.channels import twilio_settings
from tui.config.reading import read_configuration
from tui.config.tables import SmsTable

ROSA, JOSE, BEN, TAMIKA = "+15550107811", "+15550107830", "+15550107846", "+15550107862"
WALTER, STRANGER = "+15550107842", "+15550107899"
SENDING = r"/Messages\.json$"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The practice with the lines that can be answered: mail, texts and calls."""
    folder = tmp_path_factory.mktemp("phones")
    with furnished(folder, phones=True) as made:
        yield made


@pytest.fixture
def account(desk: Desk) -> Iterator[Account]:
    """The practice's account at Twilio."""
    server = desk.lakeside.telephone.server
    yield server.account
    server.faults.clear()


def sent_to(account: Account, number: str) -> list[str]:
    """The words that left for a number."""
    return [
        one.body for one in account.texts if one.direction == "outbound-api" and one.to == number
    ]


def read(type_: Type, desk: Desk, *more: str) -> Printed:
    """Read every line, a little later."""
    desk.clock.advance(seconds=11)
    return type_("sync", "--once", *more)


def messages(type_: Type, conversation: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = type_("show", conversation, "--json").json["messages"]
    return found


def conversation_of(type_: Type, patient: str, channel: str) -> int:
    rows = type_("list", "--state", "all", "--limit", 200, "--json").json
    return int(
        next(row["id"] for row in rows if row["patient"] == patient and channel in row["channels"])
    )


def test_a_text_answers_a_mail_and_is_answered_where_it_began(
    type_: Type, rosa: int, desk: Desk
) -> None:
    before = messages(type_, rosa)
    assert {one["channel"] for one in before} == {"email"}
    printed = type_(
        "reply", rosa, "--channel", "sms", "--text", "Hello Rosa, Friday at 9:00 is free. Shall I?",
        "--wait", "--json",
    )  # fmt: skip
    assert printed.status == 0, printed.err
    assert (printed.json["channel"], printed.json["line"]) == ("sms", "texts")
    assert printed.json["from"] == TEXTS
    assert read(type_, desk).status == 0
    new = messages(type_, rosa)[len(before) :]
    assert [(one["direction"], one["channel"]) for one in new] == [
        ("outbound", "sms"),
        ("inbound", "sms"),
    ]
    assert new[0]["status"] == "delivered"
    assert new[1]["text"] == "Perfect, see you then 🙂 Should I come fasting?"
    assert all(one["recorded"] for one in new)


def test_who_texts_stop_gets_no_more_texts_and_is_offered_mail(
    type_: Type, desk: Desk, account: Account
) -> None:
    words = ("--text", "Your statement was corrected, Ben. Write back if it is not.")
    first = type_("send", "--to", "ben-sutter", "--channel", "sms", *words, "--wait", "--json")
    assert first.status == 0, first.err
    assert (BEN, TEXTS) in account.opted_out
    assert read(type_, desk).status == 0
    left = sent_to(account, BEN)
    again = type_("send", "--to", "ben-sutter", "--channel", "sms", *words, "--json")
    assert again.status == 4
    assert again.json["state"] == "blocked"
    assert "e-mail" in again.err
    assert sent_to(account, BEN) == left
    # Nor is there a way around it.
    reasoned = type_("send", "--to", "ben-sutter", "--channel", "sms", *words, "--because", "so")
    assert reasoned.status == 4
    mail = type_("send", "--to", "ben-sutter", "--channel", "email", *words, "--wait", "--json")
    assert (mail.status, mail.json["state"]) == (0, "sent")


def test_a_landline_refuses_a_text_and_is_remembered(
    type_: Type, desk: Desk, account: Account
) -> None:
    words = ("--text", "Your list is ready, Walter. Write back with questions.", "--because", "so")
    first = type_(
        "send", "--to", "walter-lindqvist", "--channel", "sms", *words, "--wait", "--json"
    )
    assert (first.status, first.json["state"]) == (1, "failed"), first.out
    assert "landline" in first.out + first.err
    assert "Call them" in first.out + first.err
    assert sent_to(account, WALTER) == []
    assert read(type_, desk).status == 0
    asked = [one for one in desk.lakeside.telephone.server.seen if one.form.get("To") == WALTER]
    again = type_("send", "--to", "walter-lindqvist", "--channel", "sms", *words[:2], "--json")
    assert again.status in {3, 4}
    [known] = [one for one in again.json["findings"] if one["rule"] == "TW23"]
    assert "landline" in known["reason"]
    assert known["fix"] == "Call (555) 010-7842 instead"
    told = type_("send", "--to", "walter-lindqvist", "--channel", "sms", *words[:2])
    assert f"twoway call walter-lindqvist --number {WALTER} calls them instead." in told.out
    assert type_("call", "walter-lindqvist", "--number", WALTER).status == 0
    now = [one for one in desk.lakeside.telephone.server.seen if one.form.get("To") == WALTER]
    assert now == asked


def test_a_text_of_a_stranger_is_kept(type_: Type, desk: Desk, account: Account) -> None:
    account.receive(STRANGER, TEXTS, "Is Dr. Osei taking new patients?")
    assert read(type_, desk).status == 0
    unknown = type_("list", "--state", "unknown", "--limit", 200, "--json").json
    [row] = [one for one in unknown if one["person"] == STRANGER]
    assert row["patient"] is None
    [message] = messages(type_, row["id"])
    assert message["from"] == STRANGER
    assert message["text"] == "Is Dr. Osei taking new patients?"


def test_a_text_that_is_too_long_does_not_leave(type_: Type, account: Account) -> None:
    left = sent_to(account, JOSE)
    printed = type_("send", "--to", "jose-pena", "--channel", "sms", "--text", "a" * 1700, "--json")
    assert printed.status == 4
    assert "1,600" in printed.err
    assert sent_to(account, JOSE) == left


def test_an_unknown_outcome_is_looked_up_and_nothing_leaves_twice(
    type_: Type, desk: Desk, account: Account
) -> None:
    desk.lakeside.telephone.server.fail(Fault("drop", "POST", SENDING, accept=True))
    words = "José, ayunas no hace falta. ¿Alguna pregunta? Escriba aquí."
    printed = type_(
        "send", "--to", "jose-pena", "--channel", "sms", "--text", words, "--wait", "--json"
    )
    assert printed.json["state"] == "unknown"
    assert printed.status == 1
    assert sent_to(account, JOSE).count(words) == 1
    assert read(type_, desk).status == 0
    conversation = printed.json["conversation"]
    [ours] = [one for one in messages(type_, conversation) if one["text"] == words]
    assert ours["status"] in {"sent", "delivered"}
    assert read(type_, desk).status == 0
    assert sent_to(account, JOSE).count(words) == 1


def test_the_doctor_finds_the_service_that_throws_answers_away(
    type_: Type, desk: Desk, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.toml"
    whole.write_text(desk.lakeside.practice_toml)
    printed = type_("doctor", "--config", whole, "--json")
    assert printed.status == 1
    lines = {line["line"]: line for line in printed.json}
    assert lines["texts"]["ok"]
    assert lines["main-phone"]["ok"]
    dead = lines["old-texts"]
    assert not dead["ok"]
    assert dead["proof"]["state"] == "failed"
    assert dead["receives"] is False
    assert dead["hint"]
    told = type_("doctor", "--config", whole).out
    assert "NOT  old-texts  text  (555) 010-7766" in told
    assert "+1555" not in told
    assert "Messaging Service throws away" in str(dead)
    refused = type_(
        "send", "--to", "jose-pena", "--channel", "sms", "--text", "Hello, write back any time.",
        "--line", "old-texts", "--config", whole, "--json",
    )  # fmt: skip
    assert refused.status == 4


def test_a_voicemail_is_there_with_its_words_and_its_sound(
    type_: Type, desk: Desk, tmp_path: Path
) -> None:
    assert read(type_, desk).status == 0
    harold = conversation_of(type_, "harold-finch", "phone")
    [voicemail] = [one for one in messages(type_, harold) if one["channel"] == "phone"]
    assert voicemail["direction"] == "inbound"
    assert "Harold Finch speaking" in voicemail["text"]
    [sound] = voicemail["attachments"]
    kept = tmp_path / "voicemail"
    saved = type_("save", voicemail["id"], "1", "--output", kept)
    assert saved.status == 0, saved.err
    content = kept.read_bytes()
    assert len(content) > 10_000
    assert sound["name"].endswith((".mp3", ".wav"))
    assert content.startswith((b"RIFF", b"\xff\xfb", b"ID3"))
    waiting = [row["id"] for row in type_("list", "--limit", 200, "--json").json]
    assert harold in waiting
    assert conversation_of(type_, "walter-lindqvist", "phone") in waiting


def test_a_wrong_token_stops_the_telephone_and_not_the_mail(
    type_: Type, desk: Desk, account: Account
) -> None:
    known = dict(account.secrets)
    account.secrets[account.sid] = "another"
    try:
        printed = read(type_, desk, "--json")
        if any("does not answer" in str(line["problem"]) for line in printed.json):
            # A busy machine may not answer in time; that is another trouble, and passes.
            printed = read(type_, desk, "--json")
    finally:
        account.secrets.update(known)
    assert printed.status == 1
    lines = {line["line"]: line for line in printed.json}
    assert lines["front-desk"]["problem"] is None
    assert "Twilio did not accept" in lines["texts"]["problem"]


def test_a_server_of_this_machine_is_asked_more_often_than_twilio(
    desk: Desk, tmp_path: Path
) -> None:
    far = tmp_path / "far.toml"
    far.write_text(re.sub(r'base_url = "http://[^"]*"', "", desk.toml))
    near = tmp_path / "near.toml"
    near.write_text(desk.toml)
    polls = []
    for path in (near, far):
        configuration = read_configuration(path)
        table = configuration.lines["texts"]
        assert isinstance(table, SmsTable)
        polls.append(twilio_settings(configuration, table).poll)
    assert polls == [2.0, 15.0]

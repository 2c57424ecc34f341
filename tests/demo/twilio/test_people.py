"""People with telephones answer what reaches them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from importlib.resources import files

import pytest

from demo.twilio.lakeside import (
    EVENTS,
    MAIN,
    PEOPLE,
    ROSA,
    STRANGER,
    TAMIKA,
    TEXTS,
    WALTER,
    Telephone,
)
from demo.twilio.people import Event, Holder, Holders, Reply
from demo.twilio.problem import Problem
from demo.twilio.server import TwilioServer
from tests.clock import FakeClock

ANN, BOB, CAL = "+15550100111", "+15550100112", "+15550100113"
ANY = re.compile(".")


def until(true: Callable[[], bool]) -> None:
    """Wait for what happens on the server's loop."""
    ends = time.monotonic() + 5
    while not true():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.01)


def inbound(server: TwilioServer) -> list[tuple[str, str]]:
    return [(one.sender, one.body) for one in server.account.texts if one.direction == "inbound"]


def test_they_text_back_call_and_opt_out(server: TwilioServer) -> None:
    people = (
        Holder(ANN, replies=(Reply(re.compile("Thursday"), "Fine"), Reply(ANY, "Who?")), turns=2),
        Holder(BOB, replies=(Reply(ANY, "Call me back."),), calls=True),
        Holder(CAL, replies=(Reply(ANY, "STOP"),)),
    )
    holders = Holders(server, people, voice=MAIN, delay=(0, 0))
    holders.move_in()
    for number in (ANN, BOB, CAL):
        server.account.send(number, TEXTS, "Thursday at 9:00")
    until(lambda: holders.answered == 3)
    assert sorted(inbound(server)) == [(ANN, "Fine"), (CAL, "STOP")]
    (call,) = server.account.calls
    assert (call.sender, call.to) == (BOB, MAIN)
    assert [one.text for one in server.account.transcriptions] == ["Call me back."]
    assert server.account.opted_out == {(CAL, TEXTS)}
    server.account.send(ANN, TEXTS, "Thursday!")
    until(lambda: holders.answered == 4)
    server.account.send(ANN, TEXTS, "Thursday?")
    time.sleep(0.1)
    assert holders.answered == 4


def test_some_cannot_be_texted(server: TwilioServer) -> None:
    Holders(server, (Holder(ANN, replies=(Reply(ANY, "x"),), fails_with=30003),)).move_in()
    server.account.send(ANN, TEXTS, "hello")
    time.sleep(0.05)
    assert inbound(server) == []


def test_some_things_come_unasked(server: TwilioServer) -> None:
    events = (Event(0, ANN, TEXTS, "Hello?"), Event(0.01, BOB, MAIN, "Me again.", call=True))
    Holders(server, (), events=events).begin()
    until(lambda: bool(server.account.calls))
    assert inbound(server) == [(ANN, "Hello?")]


def test_the_sample_people_are_plainly_made_up_and_known(server: TwilioServer) -> None:
    del server
    patients = json.loads((files("sample_data") / "patients.json").read_text("utf-8"))
    known = {
        point["value"]
        for patient in patients
        for point in patient["contact"]
        if point["system"] == "phone"
    }
    assert {one.number for one in PEOPLE} <= known
    senders = {one.sender for one in EVENTS} | {one.number for one in PEOPLE}
    assert all(re.fullmatch(r"\+155501\d{5}", number) for number in senders)
    assert senders - known == {STRANGER}


def test_the_practice_on_the_telephone(clock: FakeClock) -> None:
    with Telephone(clock=clock, quick=True, quiet=True) as telephone:
        account = telephone.server.account
        assert len(account.texts) == 3
        assert len(account.recordings) == 1
        assert [one.status(clock()) for one in account.calls if one.parent is None] == [
            "completed"
        ] * 3
        account.send(ROSA, TEXTS, "How about Friday at 9:00?")
        account.send(TAMIKA, TEXTS, "Your visit is on Friday.")
        until(lambda: telephone.holders.answered == 1)
        assert (ROSA, "Perfect, see you then 🙂") in inbound(telephone.server)
        with pytest.raises(Problem):
            account.send(WALTER, TEXTS, "Your visit is on Friday.")
    assert telephone.server.thread.failures == []

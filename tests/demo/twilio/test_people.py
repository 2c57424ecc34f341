"""People with telephones answer what reaches them."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable

import pytest

from demo.twilio.lakeside import DEAD, MAIN, TEXTS, Telephone
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


ROSA, BEN, DALE = "+15550107811", "+15550107846", "+15550107860"
WALTER, TAMIKA = "+15550107842", "+15550107862"


def test_the_practice_on_the_telephone(clock: FakeClock) -> None:
    with Telephone(clock=clock, quick=True, quiet=True) as telephone:
        account = telephone.server.account
        assert sum(one.direction == "inbound" for one in account.texts) == 4
        assert len(account.recordings) == 1
        whole = [one for one in account.calls if one.parent is None]
        assert [one.status(clock()) for one in whole] == ["completed"] * 3
        assert account.opted_out == {(TAMIKA, TEXTS)}
        account.send(ROSA, TEXTS, "How about Friday at 9:00?")
        account.send(DALE, TEXTS, "Your visit is on Friday.")
        until(lambda: telephone.holders.answered == 1)
        assert (ROSA, "Perfect, see you then 🙂 Should I come fasting?") in inbound(
            telephone.server
        )
        for number, code in ((WALTER, 21614), (TAMIKA, 21610)):
            with pytest.raises(Problem) as caught:
                account.send(number, TEXTS, "Your visit is on Friday.")
            assert caught.value.code == code
        account.send(BEN, TEXTS, "Your statement was corrected.")
        until(lambda: (BEN, TEXTS) in account.opted_out)
        assert account.receive(ROSA, DEAD, "Is anybody there?") is None
    assert telephone.server.thread.failures == []


def test_the_picture_of_the_sample_is_one(clock: FakeClock) -> None:
    with Telephone(clock=clock, quiet=True) as telephone:
        [file] = [file for text in telephone.server.account.texts for file in text.files]
    assert file.content_type == "image/png"
    assert file.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert file.content.endswith(b"IEND\xaeB`\x82")


def test_whoever_connects_before_it_is_there_waits() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as early:
        early.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        with Telephone(quiet=True, listener=listener) as telephone:
            assert telephone.server.port == port
            assert early.recv(12) == b"HTTP/1.1 401"


def test_the_token_is_the_practices_own() -> None:
    telephone = Telephone(quiet=True, token="of-this-test")
    assert set(telephone.server.account.secrets.values()) == {"of-this-test"}

"""Every inbound rule hears what it must and nothing else."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.message import Arrival, MessageKind, Nature
from inbox.signals.heard import Heard
from inbox.signals.machine import nature_of
from inbox.signals.opting import unwanted_channel
from inbox.signals.rules import INBOUND_RULES, listen
from inbox.signals.signal import SignalState
from tests.inbox.signal_examples import EXAMPLES

_BY_ID = {rule.id: rule for rule in INBOUND_RULES}
_FIRES = [(id_, one) for id_, examples in EXAMPLES.items() for one in examples.fires]
_SILENT = [(id_, one) for id_, examples in EXAMPLES.items() for one in examples.silent]


@pytest.mark.parametrize(("id_", "heard"), _FIRES)
def test_rule_fires(id_: str, heard: Heard) -> None:
    assert _BY_ID[id_](heard)


@pytest.mark.parametrize(("id_", "heard"), _SILENT)
def test_rule_keeps_silent(id_: str, heard: Heard) -> None:
    assert _BY_ID[id_](heard) == ""


def test_every_rule_has_both_kinds_of_examples_and_help() -> None:
    assert set(_BY_ID) == set(EXAMPLES)
    assert all(examples.fires and examples.silent for examples in EXAMPLES.values())
    assert all(len(rule.help) > 40 for rule in INBOUND_RULES)


@pytest.mark.parametrize(
    "nature", [Nature.BULK, Nature.AUTO_REPLY, Nature.BOUNCE, Nature.RECEIPT, Nature.PROBE]
)
def test_nothing_is_heard_in_what_a_machine_wrote(nature: Nature) -> None:
    assert listen(Heard("I want to die. Wrong number. STOP texting me", nature=nature)) == ()


def test_a_yes_is_an_ordinary_answer() -> None:
    assert listen(Heard("Yes")) == ()


def test_thanks_is_noted_and_a_stop_is_proposed() -> None:
    assert [(one.rule, one.state) for one in listen(Heard("ok thanks"))] == [
        ("IN09", SignalState.NOTED)
    ]
    assert [(one.rule, one.state) for one in listen(Heard("Stop"))] == [
        ("IN02", SignalState.PROPOSED)
    ]


@pytest.mark.parametrize(
    ("words", "arrived", "meant"),
    [
        ("stop texting me", ChannelKind.EMAIL, ChannelKind.SMS),
        ("don't email me", ChannelKind.SMS, ChannelKind.EMAIL),
        ("take me off", ChannelKind.SMS, ChannelKind.SMS),
        ("no more texts or emails", ChannelKind.EMAIL, ChannelKind.EMAIL),
    ],
)
def test_the_channel_they_mean(words: str, arrived: ChannelKind, meant: ChannelKind) -> None:
    assert unwanted_channel(words, arrived) is meant


@pytest.mark.parametrize(
    ("sender", "text", "nature"),
    [
        ("72975", "Your code is 123456", Nature.BULK),
        ("+15550107811", "I'm driving with Do Not Disturb While Driving on.", Nature.AUTO_REPLY),
        ("+15550107811", "I'm driving to you now", Nature.PERSONAL),
        ("+15550107811", "Can I come?", Nature.PERSONAL),
    ],
)
def test_machines_that_text(sender: str, text: str, nature: Nature) -> None:
    arrival = Arrival(
        ChannelKind.SMS, MessageKind.TEXT, Address(AddressSystem.PHONE, sender), text=text
    )

    assert nature_of(arrival) is nature


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=400))
def test_no_text_makes_a_rule_raise(text: str) -> None:
    for rule in INBOUND_RULES:
        rule(Heard(text))
    listen(Heard(text))


@pytest.mark.parametrize(
    "piece", ["no ", "stop ", "can't ", "a b ", "want to ", "ok ", "wrong number of ", "side of x "]
)
def test_no_text_makes_the_rules_slow(piece: str) -> None:
    heard = Heard(piece * (200_000 // len(piece)))
    began = time.perf_counter()

    listen(heard)

    assert time.perf_counter() - began < 0.5

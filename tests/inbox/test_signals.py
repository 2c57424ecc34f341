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
        (
            "+15550107811",
            (
                "I’m driving with Do Not Disturb While Driving turned on. I’ll see your message"
                " when I get where I’m going."
            ),
            Nature.AUTO_REPLY,
        ),
        (
            "+15550107811",
            (
                "I'm driving with Focus turned on. I'll see your message when I get where I'm"
                " going.\n(I'm not receiving notifications. If this is urgent, reply “urgent” to"
                " send a notification through with your original message.)"
            ),
            Nature.AUTO_REPLY,
        ),
        (
            "+15550107811",
            "I'm driving right now. I'll get back to you later.",
            Nature.AUTO_REPLY,
        ),
        ("+15550107811", "Auto-reply: I am away until Monday", Nature.AUTO_REPLY),
        ("+15550107811", "Auto-reply: I can't breathe", Nature.PERSONAL),
        (
            "+15550107811",
            "I'm driving with Focus turned on. I have chest pain",
            Nature.PERSONAL,
        ),
        (
            "+15550107811",
            "I am driving my husband to the ER, he can't breathe",
            Nature.PERSONAL,
        ),
        ("+15550107811", "I'm driving right now and I have chest pain", Nature.PERSONAL),
        ("+15550107811", "I am driving over now, is that ok?", Nature.PERSONAL),
        ("+15550107811", "I'm driving and can be there at 3, ok?", Nature.PERSONAL),
        ("+15550107811", "This is an automobile accident, I have chest pain", Nature.PERSONAL),
        ("+15550107811", "This is an automated message? I need help", Nature.PERSONAL),
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


_PIECES = (
    "no ", "stop ", "can't ", "I can't can't ", "a b ", "a\n", "want to ", "ok ",
    "wrong number of ",
    "side of x ", "my my chest ", "do not reply to ", "took 30 ", "no chest pain or ", "call\t\t\t",
    "is not Bob's ", "there's no Ann ", "i not stop it ", "’", "İ",
)  # fmt: skip


@pytest.mark.parametrize("piece", _PIECES)
def test_no_text_makes_the_rules_slow(piece: str) -> None:
    heard = Heard(piece * (200_000 // len(piece)))
    listen(Heard("x"))

    def seconds() -> float:
        began = time.process_time()
        listen(heard)
        return time.process_time() - began

    # About 5 ms; the limit is for a machine that has other things to do.
    assert min(seconds() for _ in range(5)) < 0.025


def test_both_ends_of_a_very_long_text_are_heard() -> None:
    noise = "she can not say no to cake " * 8_000
    for text in ("chest pain " + noise, noise + " chest pain"):
        assert [one.rule for one in listen(Heard(text))] == ["IN01"]


@pytest.mark.parametrize("words", ["I Can’t  breathe", "İ have CHEST\nPAIN"])
def test_words_are_shown_as_they_were_written(words: str) -> None:
    [sign] = listen(Heard(words))
    assert sign.words in {"Can't breathe", "CHEST PAIN"}

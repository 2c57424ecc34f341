"""Signals in a receptionist's words."""

from __future__ import annotations

from typing import Final

from inbox.address import ChannelKind
from inbox.signals.opting import unwanted_channel
from inbox.signals.signal import (
    ASKS_TO_STOP,
    BY_PATIENT,
    OPT_IN,
    OPT_OUT,
    URGENT,
    WRONG_PERSON,
    Signal,
    SignalState,
)

EMERGENCY: Final = "Sounds like an emergency: call them / 911"
_PROPOSED: Final = {
    URGENT: f"URGENT {EMERGENCY}",
    OPT_OUT: "Asks to stop {channel}",
    ASKS_TO_STOP: "May be asking us to stop {channel}",
    WRONG_PERSON: "May be the wrong person: do not say the patient's name",
    OPT_IN: "Wants {channel} again",
}
_APPLIED: Final = {
    URGENT: "Emergency, looked after",
    OPT_OUT: "Opted out of {channel}",
    ASKS_TO_STOP: "Opted out of {channel}",
    WRONG_PERSON: "Wrong person: the address is no longer theirs",
    OPT_IN: "Takes {channel} again",
}
_DISMISSED: Final = {
    URGENT: "No emergency",
    OPT_OUT: "Did not opt out",
    ASKS_TO_STOP: "Did not opt out",
    WRONG_PERSON: "It is the right person",
    OPT_IN: "Still opted out",
}
_ACTS: Final = {
    URGENT: "looked after",
    OPT_OUT: "stop {channel} to them",
    ASKS_TO_STOP: "stop {channel} to them",
    WRONG_PERSON: "the address is no longer theirs",
    OPT_IN: "they may get {channel} again",
}


def signal_words(signal: Signal, arrived: ChannelKind | None, who: str = "") -> str:
    """One signal as a line: `May be asking us to stop texts (“please stop texting me”)`.

    Args:
        signal: The signal.
        arrived: The channel of its message.
        who: Who decided, by name.
    """
    words = {
        SignalState.PROPOSED: _PROPOSED,
        SignalState.APPLIED: _APPLIED,
        SignalState.DISMISSED: _DISMISSED,
    }.get(signal.state, {}).get(signal.rule, "")
    said = f" (“{signal.words}”)" if signal.words else ""
    by = f", says {who}" if who and signal.by != BY_PATIENT else ""
    return f"{_filled(words, signal, arrived)}{said if signal.open else ''}{by}"


def act_words(signal: Signal, arrived: ChannelKind | None) -> str:
    """What deciding for a signal does: `stop texts to them`."""
    return _filled(_ACTS.get(signal.rule, ""), signal, arrived)


def _filled(words: str, signal: Signal, arrived: ChannelKind | None) -> str:
    channel = arrived or ChannelKind.SMS
    if signal.rule == ASKS_TO_STOP:
        channel = unwanted_channel(signal.words, channel)
    return words.replace("{channel}", channel.plural)

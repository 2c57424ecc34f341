"""Marks: what a conversation shows beside its messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inbox.address import ChannelKind
from inbox.signals.signal import Signal


@dataclass(frozen=True, slots=True)
class Marks:
    """What a conversation shows beside its messages."""

    signals: tuple[Signal, ...] = ()
    """What they say between their lines, oldest first."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of patients, by id, whom single messages are about instead."""
    opted_out: tuple[ChannelKind, ...] = ()
    """Channels on which the other end's address is not to be written to."""

    def of(self, message_id: int) -> tuple[Signal, ...]:
        """The signals of one message."""
        return tuple(one for one in self.signals if one.message_id == message_id)

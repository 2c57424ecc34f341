"""Inspection: what the provider of a number says of it, which is evidence for its reply path."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the set-up of a number."""

    sentence: str
    hint: str
    deaf: bool
    """Answers to the number are lost; otherwise it only sends badly, or not at all."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found out about a number."""

    at: datetime
    problems: tuple[Problem, ...] = ()
    """The worst first."""
    service: str = ""
    """The name of the Messaging Service it belongs to, if any."""
    registered: bool | None = None
    """Whether its 10DLC campaign is verified; None where nobody could say."""
    checked: tuple[str, ...] = ()
    """What was looked at, in words; empty when the provider did not let us look."""
    how: str = "number checked"
    """What kind of evidence it is, in words."""

    @property
    def deaf_because(self) -> str:
        """Why answers are lost, or empty."""
        return next((one.sentence for one in self.problems if one.deaf), "")


@runtime_checkable
class Inspects(Protocol):
    """A channel whose provider can be asked whether answers to the line's number arrive."""

    @property
    def inspection(self) -> Inspection | None:
        """What it said last; None when it was not asked yet."""
        ...

    async def inspect(self) -> Inspection:
        """Ask it now.

        Raises:
            ConnectionLost, AuthenticationFailed, ServerRefused.
        """
        ...

"""What an inbound rule is: one small function with an id, whose docstring is its help text."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from inbox.signals.heard import Heard

Check = Callable[[Heard], str]
"""Gives the words that made it fire, or an empty string."""


@dataclass(frozen=True, slots=True)
class InboundRule:
    """A rule for what arrives; call it with what was heard."""

    id: str
    """`IN01`."""
    title: str
    """A few words for lists."""
    help: str
    """What it listens for and what follows, from the function's docstring."""
    check: Check

    def __call__(self, heard: Heard) -> str:
        """The words that made it fire, or an empty string."""
        return self.check(heard)


def inbound_rule(id_: str, title: str) -> Callable[[Check], InboundRule]:
    """Make a rule of a function.

    Raises:
        ValueError: the function has no docstring, so it would have no help text.
    """

    def make(check: Check) -> InboundRule:
        words = inspect.getdoc(check)
        if not words:
            raise ValueError(f"{id_} has no help text")
        return InboundRule(id_, title, words, check)

    return make

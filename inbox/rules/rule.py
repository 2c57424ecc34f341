"""What a rule is: one small function with an id, whose docstring is its help text."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from inbox.finding import Finding
from inbox.situation import Situation

Check = Callable[[Situation], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the gate; call it with a situation."""

    id: str
    """`TW01`."""
    title: str
    """A few words for lists."""
    core: bool
    """It guards the core promise: it can only be made heavier (`inbox.policy`)."""
    help: str
    """Why it exists and how to answer it, from the function's docstring."""
    check: Check
    law: str = ""
    """What stands behind it, e.g. `47 CFR 64.1200(c)(1)`: it cannot become lighter than a warning.
    """

    def __call__(self, situation: Situation) -> Iterator[Finding]:
        """What the rule finds."""
        return self.check(situation)


def rule(id_: str, title: str, *, core: bool = False, law: str = "") -> Callable[[Check], Rule]:
    """Make a rule of a function.

    Raises:
        ValueError: the function has no docstring, so it would have no help text.
    """

    def make(check: Check) -> Rule:
        words = inspect.getdoc(check)
        if not words:
            raise ValueError(f"{id_} has no help text")
        return Rule(id_, title, core, words, check, law)

    return make

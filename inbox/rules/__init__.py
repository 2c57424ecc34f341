"""The rules of the gate, one small function each."""

from __future__ import annotations

from typing import Final

from inbox.rules import (
    access,
    calling,
    content,
    doubt,
    privacy,
    promising,
    recipient,
    reminding,
    sender,
    texting,
    timing,
)
from inbox.rules.rule import Rule

_MODULES: Final = (
    access,
    calling,
    content,
    doubt,
    privacy,
    promising,
    recipient,
    reminding,
    sender,
    texting,
    timing,
)

RULES: Final[tuple[Rule, ...]] = tuple(
    sorted(
        (
            found
            for module in _MODULES
            for found in vars(module).values()
            if isinstance(found, Rule)
        ),
        key=lambda rule: rule.id,
    )
)
"""Every rule, by id."""

__all__ = ["RULES", "Rule"]

"""What a practice thinks of the rules: some lighter, some heavier, some off, within limits.

A core rule guards the promise that every message can be answered and reaches the right person: it
can only be made heavier. A rule that the law stands behind cannot become lighter than a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from inbox.finding import Finding, Severity

OFF: Final = "off"
SETTINGS: Final = (OFF, *(severity.value for severity in reversed(Severity)))
"""What can be said of a rule, from the lightest: `off`, `info`, `warn`, `hold`, `block`."""


class Limited(Protocol):
    """What limits the settings of a rule (`inbox.rules.Rule`)."""

    @property
    def id(self) -> str:
        """`TW01`."""
        ...

    @property
    def core(self) -> bool:
        """It can only be made heavier."""
        ...

    @property
    def law(self) -> str:
        """What stands behind it, or empty."""
        ...


@dataclass(frozen=True, slots=True)
class RulePolicy:
    """The practice's own settings; a rule that is not named stays as it is."""

    settings: Mapping[str, Severity | None] = field(default_factory=dict)
    """By rule id; None is off. Made by `policy_of`, which keeps the limits."""

    def applied(self, findings: Iterable[Finding], core: frozenset[str]) -> Iterator[Finding]:
        """The findings as the practice wants them.

        Args:
            findings: What the rules said.
            core: Ids of the rules that no setting makes lighter, however it came about.
        """
        for finding in findings:
            if finding.rule not in self.settings:
                yield finding
                continue
            wanted = self.settings[finding.rule]
            kept = finding.firm or finding.rule in core
            if wanted is not None and not (kept and wanted.rank > finding.severity.rank):
                yield replace(finding, severity=wanted)
            elif kept:
                yield finding


@dataclass(frozen=True, slots=True)
class Unsettable:
    """A setting that cannot be."""

    rule: str
    what: str
    """What is wrong with it, to follow the rule's id: `is core and cannot be turned off`."""
    hint: str


def allowed(rule: Limited) -> tuple[str, ...]:
    """What can be said of a rule, from the lightest."""
    if rule.core:
        return (Severity.BLOCK.value,)
    return SETTINGS[SETTINGS.index(Severity.WARN.value) :] if rule.law else SETTINGS


def unsettable(said: Mapping[str, str], rules: Iterable[Limited]) -> Iterator[Unsettable]:
    """Everything in the practice's settings that cannot be, in their order.

    Args:
        said: Rule id and one of `SETTINGS`.
        rules: The rules there are.
    """
    known = {rule.id: rule for rule in rules}
    for id_, setting in said.items():
        rule = known.get(id_)
        if rule is None:
            yield Unsettable(id_, "is not the id of a rule", _nearest(id_, known))
        elif setting not in SETTINGS:
            words = ", ".join(f'"{one}"' for one in allowed(rule))
            yield Unsettable(id_, "has a value that is not known", f"Expected one of {words}.")
        elif setting not in allowed(rule):
            words = ", ".join(f'"{one}"' for one in allowed(rule))
            limit = (
                "guards the core promise and can only be made heavier"
                if rule.core
                else f"has the law behind it ({rule.law}) and cannot be made lighter than a warning"
            )
            yield Unsettable(id_, limit, f"Expected {words}, or leave it out.")


def policy_of(said: Mapping[str, str], rules: Iterable[Limited]) -> RulePolicy:
    """The policy of settings, without those that cannot be (`unsettable` tells them)."""
    rules = tuple(rules)
    wrong = {one.rule for one in unsettable(said, rules)}
    return RulePolicy(
        {
            id_: None if setting == OFF else Severity(setting)
            for id_, setting in said.items()
            if id_ not in wrong
        }
    )


def _nearest(word: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(word.strip().upper(), list(known), n=1, cutoff=0.5)
    meant = f"Did you mean “{close[0]}”? " if close else ""
    return f"{meant}docs/rules.md lists them."

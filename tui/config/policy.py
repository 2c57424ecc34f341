"""The `[rules]` table: what the practice thinks of the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from inbox.policy import RulePolicy, policy_of, unsettable
from tui.config.strict import Problem


def check_rules(said: Mapping[str, str]) -> Iterator[Problem]:
    """Everything in the table that cannot be."""
    if said:
        # Most practices set nothing, and then nobody waits for the rules to be loaded.
        from inbox.rules import RULES

        for wrong in unsettable(said, RULES):
            yield Problem(("rules", wrong.rule), wrong.what, wrong.hint)


def rule_policy(said: Mapping[str, str]) -> RulePolicy:
    """The policy of a table that was checked."""
    if not said:
        return RulePolicy()
    from inbox.rules import RULES

    return policy_of(said, RULES)

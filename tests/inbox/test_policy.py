"""The practice's own settings of the rules hold everywhere, within their limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inbox.errors import Held
from inbox.finding import Finding, Severity
from inbox.gate import Gate
from inbox.policy import SETTINGS, RulePolicy, allowed, policy_of, unsettable
from inbox.rules import RULES
from inbox.situation import Situation
from tests.inbox.making import draft, outgoing, practice, situation

GATE = Gate(RULES)
_BY_ID = {rule.id: rule for rule in RULES}
VAGUE = "Please call us about your appointment, or just reply here."
SHORT = "The form is at https://bit.ly/3abcd for you."


def _with(text: str, **said: str) -> Situation:
    return situation(draft(text), practice=practice(policy=policy_of(said, RULES)))


def _severities(one: Situation) -> dict[str, Severity]:
    return {finding.rule: finding.severity for finding in GATE.examine(one).findings}


def test_a_rule_that_is_off_says_nothing() -> None:
    assert _severities(_with(VAGUE)) == {"TW38": Severity.INFO}
    assert _severities(_with(VAGUE, TW38="off")) == {}


@pytest.mark.parametrize("setting", ["info", "warn", "hold", "block"])
def test_a_rule_weighs_what_the_practice_says(setting: str) -> None:
    assert _severities(_with(SHORT, TW24=setting)) == {"TW24": Severity(setting)}


def test_a_rule_that_was_made_to_hold_needs_a_reason() -> None:
    one = _with(SHORT, TW24="hold")
    leaving = replace(outgoing(), text=one.draft.text)

    with pytest.raises(Held):
        GATE.permit(one, leaving)
    assert GATE.permit(one, leaving, because="It is ours.").because == "It is ours."


@pytest.mark.parametrize("id_", [rule.id for rule in RULES if rule.core])
def test_a_core_rule_can_only_be_made_heavier(id_: str) -> None:
    for setting in SETTINGS[:-1]:
        [wrong] = unsettable({id_: setting}, RULES)
        assert "core promise" in wrong.what
    assert list(unsettable({id_: "block"}, RULES)) == []


@pytest.mark.parametrize("id_", [rule.id for rule in RULES if rule.law])
def test_what_the_law_stands_behind_is_at_least_a_warning(id_: str) -> None:
    for setting in ("off", "info"):
        [wrong] = unsettable({id_: setting}, RULES)
        assert _BY_ID[id_].law in wrong.what
    assert allowed(_BY_ID[id_]) == ("warn", "hold", "block")


def test_no_settings_whatever_lighten_a_core_rule() -> None:
    smuggled = RulePolicy({rule.id: None for rule in RULES if rule.core})
    one = situation(plan=None, practice=practice(policy=smuggled))

    assert _severities(one)["TW01"] is Severity.BLOCK
    lighter = replace(one, practice=practice(policy=RulePolicy({"TW01": Severity.INFO})))
    assert _severities(lighter)["TW01"] is Severity.BLOCK


def test_what_cannot_leave_at_all_stays_blocked() -> None:
    nobody = situation(
        draft(to=()), recipients=(), practice=practice(policy=policy_of({"TW23": "off"}, RULES))
    )
    empty = _with("  ", TW34="info")

    assert _severities(nobody)["TW23"] is Severity.BLOCK
    assert _severities(empty)["TW34"] is Severity.BLOCK


def test_unknown_rules_and_values_are_told_with_the_nearest() -> None:
    found = list(unsettable({"tw38": "off", "TW3": "off", "TW24": "loud"}, RULES))

    assert [one.rule for one in found] == ["tw38", "TW3", "TW24"]
    assert "“TW38”" in found[0].hint
    assert '"hold"' in found[2].hint
    assert policy_of({"tw38": "off", "TW24": "loud"}, RULES) == RulePolicy()


def test_findings_of_other_rules_stay_as_they_are() -> None:
    said = (Finding("TW40", Severity.WARN, "Is it right?"),)

    assert tuple(policy_of({"TW38": "off"}, RULES).applied(said, frozenset())) == said

"""Every rule fires where it must and keeps silent where it must."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.finding import Finding, Severity
from inbox.rules import RULES
from inbox.situation import Situation
from tests.inbox.making import draft, situation
from tests.inbox.rule_examples import EXAMPLES

_BY_ID = {rule.id: rule for rule in RULES}
_FIRES = [
    pytest.param(id_, severity, one, id=f"{id_}-{number}")
    for id_, examples in EXAMPLES.items()
    for number, (severity, one) in enumerate(examples.fires)
]
_SILENT = [
    pytest.param(id_, one, id=f"{id_}-{number}")
    for id_, examples in EXAMPLES.items()
    for number, one in enumerate(examples.silent)
]


def _found(id_: str, one: Situation) -> list[Finding]:
    return list(_BY_ID[id_](one))


@pytest.mark.parametrize(("id_", "severity", "one"), _FIRES)
def test_rule_fires(id_: str, severity: Severity, one: Situation) -> None:
    found = _found(id_, one)

    assert severity == found[0].severity
    assert {id_} == {finding.rule for finding in found}
    assert all(finding.reason.endswith((".", "!", "?")) for finding in found)


@pytest.mark.parametrize(("id_", "one"), _SILENT)
def test_rule_keeps_silent(id_: str, one: Situation) -> None:
    assert _found(id_, one) == []


def test_every_rule_has_both_kinds_of_examples() -> None:
    assert set(_BY_ID) == set(EXAMPLES)
    assert all(examples.fires and examples.silent for examples in EXAMPLES.values())


def test_ids_are_unique_and_help_is_written() -> None:
    assert len(RULES) == len(_BY_ID)
    assert all(len(rule.help) > 40 for rule in RULES)


def test_nothing_speaks_against_a_good_answer() -> None:
    assert [finding for rule in RULES for finding in rule(situation())] == []


def test_the_fix_of_a_no_reply_sentence_takes_out_that_sentence_only() -> None:
    text = "Your visit is on Friday at ten. Please do not reply to this email. See you then!"

    [finding] = _found("TW06", situation(draft(text)))

    assert finding.fix is not None
    assert finding.fix.text == "Your visit is on Friday at ten. See you then!"
    assert _found("TW06", situation(draft(finding.fix.text))) == []


def test_the_fix_of_a_failed_line_is_a_proven_one() -> None:
    [(_, failed), *_] = [pair for pair in EXAMPLES["TW01"].fires if pair[1].plan is not None]

    [finding] = _found("TW01", failed)

    assert finding.fix is not None
    assert finding.fix.line_id == "nurse"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_no_text_makes_a_rule_raise(text: str) -> None:
    for rule in RULES:
        list(rule(situation(draft(text, subject=text))))

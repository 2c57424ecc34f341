"""Every rule fires where it must and keeps silent where it must."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.finding import Finding, Severity
from inbox.patient import Consent, ContactPoint, PointHealth, PointUse
from inbox.rules import RULES
from inbox.situation import Recipient, Situation
from tests.inbox.making import ANN, FRONT_DESK, PORTAL, TEXTS, draft, practice, situation, text
from tests.inbox.rule_examples import EXAMPLES as USUAL
from tests.inbox.rule_examples_hard import HARD
from tests.inbox.rule_examples_words import (
    ASKS_FOR_NO_CALL,
    ASKS_TO_CALL,
    WANTS_ANSWERS,
    WANTS_NO_ANSWER,
)
from tests.inbox.rule_scenes import LATE, Examples

EXAMPLES = {
    id_: Examples(
        (*one.fires, *(HARD[id_].fires if id_ in HARD else ())),
        (*one.silent, *(HARD[id_].silent if id_ in HARD else ())),
    )
    for id_, one in USUAL.items()
}
_ENOUGH = 3
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


@pytest.mark.parametrize("said", ASKS_TO_CALL)
def test_words_that_ask_for_a_call(said: str) -> None:
    assert [one.severity for one in _found("TW04", text(said, now=LATE))] == [Severity.BLOCK]


@pytest.mark.parametrize("said", ASKS_FOR_NO_CALL)
def test_words_that_ask_for_no_call(said: str) -> None:
    assert _found("TW04", text(said, now=LATE)) == []


@pytest.mark.parametrize("said", WANTS_NO_ANSWER)
def test_words_that_want_no_answer(said: str) -> None:
    assert [one.severity for one in _found("TW06", text(said))] == [Severity.BLOCK]


@pytest.mark.parametrize("said", WANTS_ANSWERS)
def test_words_that_want_an_answer(said: str) -> None:
    assert _found("TW06", text(said)) == []


def test_a_number_in_the_signature_of_an_email_asks_for_nothing() -> None:
    signed = "Hello Ann, Friday is fine.\n\nDana Reyes\nLakeside\nTel. (555) 010-7700\n"

    letter = replace(situation(draft(signed)), now=LATE, practice=text("").practice)
    assert _found("TW04", letter) == []
    assert _found("TW04", text(signed, now=LATE)) != []


def test_every_rule_has_both_kinds_of_examples() -> None:
    assert set(_BY_ID) == set(EXAMPLES)
    assert set(HARD) <= set(USUAL)
    few = [id_ for id_, one in EXAMPLES.items() if min(len(one.fires), len(one.silent)) < _ENOUGH]
    assert few == []


def test_a_fix_of_the_words_answers_what_was_found() -> None:
    fixed = 0
    for id_, examples in EXAMPLES.items():
        for _, one in examples.fires:
            before = _found(id_, one)[0]
            for fix in before.fixes:
                changes = {
                    name: getattr(fix, name)
                    for name in ("text", "subject", "attachments", "send_at", "seen_message_id")
                    if getattr(fix, name) is not None
                }
                if changes:
                    after = replace(one, draft=replace(one.draft, **changes))
                    assert before not in _found(id_, after), (id_, fix.label)
                    fixed += 1
    assert fixed > 30


def test_another_way_is_one_the_patient_allows() -> None:
    portal = ContactPoint(AddressSystem.PORTAL, "Patient/ann")
    form = replace(ANN.form, email=Consent.DECLINED, sms=Consent.DECLINED)
    ann = replace(ANN, form=form, points=(*ANN.points, portal))
    people = (Recipient(email("ann@example.com"), (ann,), ANN.points[0]),)
    ours = practice(lines=(FRONT_DESK, TEXTS, PORTAL))

    [declined] = _found("TW19", situation(patient=ann, recipients=people, practice=ours))
    assert declined.fix is not None
    assert (declined.fix.channel, declined.fix.to) == (
        ChannelKind.PORTAL,
        (Address(AddressSystem.PORTAL, "Patient/ann", "Ann Lee"),),
    )
    assert declined.others == ()
    nowhere = replace(ann, points=ANN.points)
    [stuck] = _found("TW19", situation(patient=nowhere, recipients=people, practice=ours))
    assert stuck.fixes == ()


def test_a_bad_contact_point_offers_the_others_by_rank() -> None:
    bad = ContactPoint(AddressSystem.EMAIL, "ann@example.com", health=PointHealth.BAD)
    points = (
        bad,
        ContactPoint(AddressSystem.EMAIL, "third@example.com", rank=3),
        ContactPoint(AddressSystem.EMAIL, "second@example.com", rank=2),
        ContactPoint(AddressSystem.EMAIL, "old@example.com", use=PointUse.OLD),
        ContactPoint(AddressSystem.EMAIL, "noreply@example.com"),
    )
    ann = replace(ANN, points=points)
    one = situation(patient=ann, recipients=(Recipient(bad.address, (ann,), bad),))

    [finding] = _found("TW23", one)
    assert [fix.label for fix in finding.fixes] == [
        "Write to second@example.com",
        "Write to third@example.com",
    ]
    confidential = replace(ann, form=replace(ann.form, confidential=bad.address))
    [finding] = _found("TW23", replace(one, patient=confidential))
    assert finding.fixes == ()


def test_the_way_out_of_a_confidential_channel_is_that_address_alone() -> None:
    wanted = email("private@example.com")
    ann = replace(ANN, form=replace(ANN.form, confidential=wanted))
    one = situation(draft(cc=(email("ben@example.com"),)), patient=ann)

    [finding] = _found("TW21", one)
    assert finding.fix is not None
    assert (finding.fix.to, finding.fix.cc) == ((wanted,), ())


def test_a_slip_in_a_number_is_mended_to_the_number_that_was_meant() -> None:
    for slip in ("555-010-7710", "555-010-7770"):
        [finding] = _found("TW40", situation(draft(f"Please call {slip} today.")))
        offered = [fix.text for fix in finding.fixes]
        assert "Please call (555) 010-7790 today." in offered
    [swapped] = _found("TW40", situation(draft("My direct line is 555-010-7710.")))
    assert "My direct line is (555) 010-7701." in [fix.text for fix in swapped.fixes]
    [strange] = _found("TW40", situation(draft("Call 555-019-9999 please.")))
    assert strange.fix is None


def test_what_blocks_names_the_way_out() -> None:
    """With a key, or in words: a second sentence, or one that says what to do."""
    for id_, examples in EXAMPLES.items():
        for severity, one in examples.fires:
            # Where there is no line at all, the choice of the line has said why.
            if severity is Severity.BLOCK and one.plan is not None:
                [blocking, *_] = [
                    found for found in _found(id_, one) if found.severity is Severity.BLOCK
                ]
                sentences = [part for part in blocking.reason.split(". ") if part]
                assert blocking.fixes or len(sentences) > 1 or ":" in blocking.reason, blocking


def test_ids_are_unique_and_help_is_written() -> None:
    assert len(RULES) == len(_BY_ID)
    assert all(len(rule.help) > 40 for rule in RULES)


def test_nothing_speaks_against_a_good_answer() -> None:
    assert [finding for rule in RULES for finding in rule(situation())] == []


def test_the_fix_of_a_no_reply_sentence_takes_out_that_sentence_only() -> None:
    said = "Your visit is on Friday at ten. Please do not reply to this email. See you then!"

    [finding] = _found("TW06", situation(draft(said)))

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
def test_no_text_makes_a_rule_raise(said: str) -> None:
    for rule in RULES:
        list(rule(situation(draft(said, subject=said))))

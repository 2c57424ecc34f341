"""Nothing leaves without a permit, and a permit is good for one message."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.address import email
from inbox.errors import Blocked, Held, Refused
from inbox.gate import Gate, Permit
from inbox.patient import Consent
from inbox.reply_path import Plan, ProofState
from inbox.rules import RULES
from inbox.situation import Recipient
from tests.inbox.making import ANN, FRONT_DESK, NOW, draft, outgoing, proof, situation

GATE = Gate(RULES)


def test_a_good_answer_gets_a_permit_for_exactly_itself() -> None:
    permit = GATE.permit(situation(), outgoing())

    permit.check(outgoing())
    for other in (
        replace(outgoing(), text="Something else"),
        replace(outgoing(), to=(email("ben@example.com"),)),
        replace(outgoing(), cc=(email("ben@example.com"),)),
        replace(outgoing(), subject="Other"),
        replace(outgoing(), message_id="2@lakeside.example"),
        replace(outgoing(), line=replace(FRONT_DESK, address="x@lakeside.example")),
    ):
        with pytest.raises(Blocked):
            permit.check(other)


def test_nobody_else_makes_permits() -> None:
    with pytest.raises(TypeError):
        Permit(object(), outgoing().digest(), (), "", "dana", NOW)


def test_a_permit_is_refused_for_a_message_that_is_not_the_draft() -> None:
    with pytest.raises(Blocked):
        GATE.permit(situation(), replace(outgoing(), text="Not what was checked"))


def test_a_held_draft_needs_a_reason() -> None:
    held = situation(newest_inbound_id=8)

    with pytest.raises(Held) as error:
        GATE.permit(held, outgoing())
    permit = GATE.permit(held, outgoing(), because="I have read it, the answer stands.")

    assert [finding.rule for finding in error.value.findings] == ["TW31"]
    assert permit.because == "I have read it, the answer stands."
    assert [finding.rule for finding in permit.findings] == ["TW31"]


def test_a_reason_covers_only_what_its_writer_saw() -> None:
    both = situation(newest_inbound_id=8, health=None)

    with pytest.raises(Held):
        GATE.permit(both, outgoing(), because="Seen.", overridden=frozenset({"TW31"}))
    GATE.permit(both, outgoing(), because="Seen.", overridden=frozenset({"TW31", "TW03"}))


def test_a_blocked_draft_leaves_with_no_reason_whatever() -> None:
    with pytest.raises(Blocked):
        GATE.permit(situation(plan=None), outgoing(), because="I want to.")


def test_a_round_trip_goes_from_a_line_to_itself_only() -> None:
    probe = replace(outgoing(), to=(FRONT_DESK.as_address,), probe_token="t")

    GATE.permit_probe(probe, NOW).check(probe)
    with pytest.raises(Blocked):
        GATE.permit_probe(replace(probe, to=(email("ann@example.com"),)), NOW)
    with pytest.raises(Blocked):
        GATE.permit_probe(replace(probe, cc=(email("ann@example.com"),)), NOW)
    with pytest.raises(Blocked):
        GATE.permit_probe(replace(probe, probe_token=""), NOW)


@settings(max_examples=200, deadline=None)
@given(
    state=st.sampled_from(ProofState),
    consent=st.sampled_from(Consent),
    confidential=st.sampled_from(["", "ann@example.com", "private@example.com"]),
    because=st.sampled_from(["", "A reason."]),
    polled=st.booleans(),
)
def test_no_combination_sends_what_the_core_rules_forbid(
    state: ProofState, consent: Consent, confidential: str, because: str, polled: bool
) -> None:
    form = replace(
        ANN.form, email=consent, confidential=email(confidential) if confidential else None
    )
    ann = replace(ANN, form=form)
    plain = situation(
        patient=ann,
        recipients=(Recipient(email("ann@example.com"), (ann,), ann.points[0]),),
        plan=Plan(FRONT_DESK, proof(state=state), "they wrote to it"),
    )
    try:
        GATE.permit(
            plain if polled else replace(plain, health=None), outgoing(draft()), because=because
        )
    except Refused:
        return
    assert consent is not Consent.DECLINED
    assert confidential != "private@example.com"
    assert state not in {ProofState.FAILED, ProofState.UNVERIFIED}
    assert state is ProofState.PROVEN or because
    assert polled or because

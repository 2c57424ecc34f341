"""Lines prove themselves, proofs expire, and no sender is chosen silently."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from inbox.address import ChannelKind, is_no_reply
from inbox.errors import NoReplyPath
from inbox.line import Line
from inbox.message import Received
from inbox.reply_path import (
    Evidence,
    EvidenceKind,
    Proof,
    ProofState,
    SenderFacts,
    choose_sender,
    derive_proof,
    judge_round_trip,
)
from tests.inbox.making import FRONT_DESK, NO_REPLY, NOW, NURSE, proof

K = EvidenceKind


def seen(kind: EvidenceKind, days_ago: float, detail: str = "x") -> Evidence:
    return Evidence("front-desk", kind, NOW - timedelta(days=days_ago), detail)


@pytest.mark.parametrize(
    ("evidence", "state"),
    [
        ([], ProofState.UNVERIFIED),
        ([seen(K.PROBE_SENT, 0.001)], ProofState.PROVING),
        ([seen(K.PROBE_SENT, 1), seen(K.ROUND_TRIP, 0.9)], ProofState.PROVEN),
        ([seen(K.INBOUND, 29)], ProofState.PROVEN),
        ([seen(K.INBOUND, 31)], ProofState.STALE),
        ([seen(K.ROUND_TRIP, 31), seen(K.INBOUND, 1)], ProofState.PROVEN),
        ([seen(K.INBOUND, 31), seen(K.PROBE_SENT, 0.001)], ProofState.PROVING),
        ([seen(K.INBOUND, 1), seen(K.PROBE_SENT, 0.001)], ProofState.PROVEN),
        ([seen(K.INBOUND, 2), seen(K.PROBE_LOST, 1)], ProofState.FAILED),
        ([seen(K.PROBE_LOST, 2), seen(K.INBOUND, 1)], ProofState.PROVEN),
        ([seen(K.SENDER_REFUSED, 2), seen(K.INBOUND, 1)], ProofState.FAILED),
        ([seen(K.SENDER_REFUSED, 2), seen(K.ROUND_TRIP, 1)], ProofState.PROVEN),
        ([seen(K.PROBE_CHANGED, 2), seen(K.INBOUND, 1)], ProofState.FAILED),
        ([seen(K.ROUND_TRIP, 2), seen(K.PROBE_CHANGED, 1)], ProofState.FAILED),
        ([seen(K.SENDER_REFUSED, 40), seen(K.ROUND_TRIP, 35)], ProofState.STALE),
    ],
)
def test_the_state_follows_from_the_evidence(evidence: list[Evidence], state: ProofState) -> None:
    assert derive_proof("front-desk", evidence, NOW).state is state
    assert derive_proof("front-desk", evidence[::-1], NOW).state is state
    assert derive_proof("nurse", evidence, NOW).state is ProofState.UNVERIFIED


AS_SENT = Received(
    "frontdesk@lakeside.example", "frontdesk@lakeside.example", "frontdesk@lakeside.example"
)


@pytest.mark.parametrize(
    ("received", "kind"),
    [
        (AS_SENT, K.ROUND_TRIP),
        (replace(AS_SENT, return_path=None), K.ROUND_TRIP),
        (replace(AS_SENT, reply_to=""), K.ROUND_TRIP),
        (replace(AS_SENT, from_="FrontDesk@Lakeside.example"), K.ROUND_TRIP),
        (replace(AS_SENT, from_="owner@lakeside.example"), K.PROBE_CHANGED),
        (replace(AS_SENT, reply_to="owner@lakeside.example"), K.PROBE_CHANGED),
        (replace(AS_SENT, return_path="owner@lakeside.example"), K.PROBE_CHANGED),
        (replace(AS_SENT, return_path=""), K.PROBE_CHANGED),
        (replace(AS_SENT, from_=""), K.PROBE_CHANGED),
    ],
)
def test_a_round_trip_is_compared_as_received(received: Received, kind: EvidenceKind) -> None:
    assert judge_round_trip(FRONT_DESK, received, NOW).kind is kind


def facts(**changes: object) -> SenderFacts:
    plain = SenderFacts(
        channel=ChannelKind.EMAIL,
        lines=(FRONT_DESK, NURSE, NO_REPLY),
        proofs={"front-desk": proof(), "nurse": proof(NURSE)},
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # names come from the tests


def test_a_reply_goes_from_the_line_they_wrote_to() -> None:
    plan = choose_sender(facts(received_on=("nurse", "front-desk")))

    assert plan.line == NURSE
    assert plan.alternatives == (FRONT_DESK,)


@pytest.mark.parametrize("state", [s for s in ProofState if s is not ProofState.PROVEN])
def test_a_line_that_is_not_proven_is_not_replaced_silently(state: ProofState) -> None:
    proofs = {"front-desk": proof(), "nurse": proof(NURSE, state)}

    plan = choose_sender(facts(received_on=("nurse",), proofs=proofs))

    assert plan.line == NURSE
    assert not plan.proven
    assert plan.alternatives == (FRONT_DESK,)


def test_a_line_that_is_gone_is_told_and_proposals_are_made() -> None:
    with pytest.raises(NoReplyPath) as error:
        choose_sender(facts(received_on=("old-desk", "nurse")))

    assert "old-desk" in error.value.sentence
    assert "nurse@lakeside.example" in error.value.hint


def test_a_first_message_goes_from_the_first_proven_line() -> None:
    first = choose_sender(facts())
    second = choose_sender(facts(proofs={"nurse": proof(NURSE)}))

    assert first.line == FRONT_DESK
    assert second.line == NURSE
    assert second.reason == "the only proven line"


def test_there_is_no_default_sender() -> None:
    with pytest.raises(NoReplyPath):
        choose_sender(facts(proofs={}))
    with pytest.raises(NoReplyPath):
        choose_sender(facts(lines=()))
    with pytest.raises(NoReplyPath):
        choose_sender(facts(channel=ChannelKind.SMS))
    with pytest.raises(NoReplyPath):
        choose_sender(facts(wanted="nobody"))


def test_the_choice_of_a_person_wins() -> None:
    plan = choose_sender(facts(wanted="front-desk", received_on=("nurse",)))

    assert plan.line == FRONT_DESK
    assert plan.reason == "chosen by hand"


def test_the_order_of_the_configuration_does_not_matter_for_a_reply() -> None:
    lines: tuple[Line, ...] = (NO_REPLY, NURSE, FRONT_DESK)

    assert choose_sender(facts(lines=lines, received_on=("front-desk",))).line == FRONT_DESK


@pytest.mark.parametrize(
    "address",
    [
        "noreply@a.example",
        "no-reply@a.example",
        "No_Reply@a.example",
        "donotreply@a.example",
        "do-not-reply@a.example",
        "do_not_respond@a.example",
        "noreply-billing@a.example",
        "noreply+12@a.example",
        "nepasrepondre@a.example",
        "mailer-daemon@a.example",
        "bounces+7@a.example",
    ],
)
def test_no_reply_addresses_are_known(address: str) -> None:
    assert is_no_reply(address)


@pytest.mark.parametrize(
    "address",
    [
        "norah.eply@a.example",
        "front.desk@noreply.example",
        "reply@a.example",
        "nora@a.example",
        "noreen@a.example",
        "noreplyman.smith@a.example",
        "knoreply",
    ],
)
def test_people_are_not_taken_for_no_reply_addresses(address: str) -> None:
    assert not is_no_reply(address)


def test_a_proof_says_when_it_was_seen() -> None:
    found = derive_proof("front-desk", [seen(K.INBOUND, 3)], NOW)

    assert found == Proof(
        "front-desk", ProofState.PROVEN, NOW - timedelta(days=3), "message received"
    )
    assert isinstance(found.at, datetime)

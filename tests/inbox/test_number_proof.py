"""How a number becomes proven: its provider's word, being read, and what arrives on it."""

from __future__ import annotations

from datetime import timedelta

from inbox.inspection import Inspection, Problem
from inbox.proving import Prover
from inbox.reply_path import Evidence, EvidenceKind, Proof, ProofState, derive_proof
from tests.inbox.conftest import House
from tests.inbox.making import FRONT_DESK, NOW

LINE = FRONT_DESK.id
LOST = Problem("The service throws answers away.", "Set it up.", deaf=True)
UNREGISTERED = Problem("The number is not registered.", "Register it.", deaf=False)


def proof(*seen: tuple[EvidenceKind, float], hours: float = 0, detail: str = "") -> Proof:
    """What evidence of so many hours ago says."""
    evidence = [Evidence(LINE, kind, NOW - timedelta(hours=ago), detail) for kind, ago in seen]
    return derive_proof(LINE, evidence, NOW + timedelta(hours=hours))


def test_a_number_that_is_set_up_is_proven_for_a_week() -> None:
    said = "number checked: the number's own set-up"
    found = proof((EvidenceKind.SET_UP, 1), detail=said)
    assert (found.state, found.how) == (ProofState.PROVEN, "number checked")
    assert proof((EvidenceKind.SET_UP, 24 * 8)).state is ProofState.STALE


def test_what_arrives_renews_it() -> None:
    found = proof((EvidenceKind.SET_UP, 24 * 8), (EvidenceKind.INBOUND, 24 * 7.5))
    assert (found.state, found.how) == (ProofState.PROVEN, "message received")


def test_lost_answers_outweigh_what_arrived_before_and_after() -> None:
    assert proof((EvidenceKind.DEAF, 5), (EvidenceKind.INBOUND, 6)).state is ProofState.FAILED
    assert proof((EvidenceKind.DEAF, 5), (EvidenceKind.INBOUND, 1)).state is ProofState.FAILED
    assert proof((EvidenceKind.DEAF, 5), (EvidenceKind.SET_UP, 1)).state is ProofState.PROVEN
    assert proof((EvidenceKind.DEAF, 5), (EvidenceKind.ROUND_TRIP, 1)).state is ProofState.PROVEN
    assert proof((EvidenceKind.DEAF, 1), (EvidenceKind.SET_UP, 5)).state is ProofState.FAILED


def test_a_refused_number_is_answered_by_its_set_up() -> None:
    refused = (EvidenceKind.SENDER_REFUSED, 5)
    assert proof(refused, (EvidenceKind.INBOUND, 1)).state is ProofState.FAILED
    assert proof(refused, (EvidenceKind.SET_UP, 1)).state is ProofState.PROVEN


async def test_the_word_of_the_provider_is_kept_and_not_over_and_over(house: House) -> None:
    prover = Prover(house.repository, house.outbox, house.clock)

    async def said(*problems: Problem, checked: tuple[str, ...] = ("the number",)) -> Proof:
        inspection = Inspection(house.clock(), problems, checked=checked)
        await prover.inspected(FRONT_DESK, inspection)
        return await prover.proof(FRONT_DESK)

    assert (await said(checked=())).state is ProofState.UNVERIFIED
    first = await said()
    assert first.state is ProofState.PROVEN
    house.clock.advance(minutes=10)
    assert (await said()).at == first.at
    house.clock.advance(minutes=10)
    failed = await said(LOST)
    assert (failed.state, failed.how) == (ProofState.FAILED, "the service throws answers away")
    house.clock.advance(minutes=10)
    again = await said()
    assert (again.state, again.at) == (ProofState.PROVEN, house.clock())
    house.clock.advance(minutes=10)
    assert (await said(UNREGISTERED)).state is ProofState.FAILED
    house.clock.advance(minutes=10)
    assert (await said()).state is ProofState.PROVEN

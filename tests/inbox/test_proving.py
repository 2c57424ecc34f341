"""Proofs are renewed before they expire, and a line that has none proves itself first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.memory.server import Trouble
from inbox.conversation import ListState
from inbox.errors import Blocked, ChannelError, Held
from inbox.line import LineHealth, LineState
from inbox.message import MessageStatus
from inbox.proving import Prover
from inbox.reply_path import PROOF_LASTS, Evidence, EvidenceKind, ProofState
from tests.inbox.conftest import House
from tests.inbox.making import FRONT_DESK, NOW


def prover(house: House) -> Prover:
    return Prover(house.repository, house.outbox, house.clock)


async def tend(house: House) -> None:
    """What the open app does every half minute, with a line that was read just now."""
    health = LineHealth(FRONT_DESK.id, LineState.READY, house.clock())
    await prover(house).tend(FRONT_DESK, health)


async def proven(house: House, at: datetime, kind: EvidenceKind = EvidenceKind.ROUND_TRIP) -> None:
    await house.repository.lines.add_evidence(Evidence(FRONT_DESK.id, kind, at, "as sent"))


async def state(house: House) -> ProofState:
    return (await prover(house).proof(FRONT_DESK)).state


def probes(house: House) -> int:
    return sum(bool(sent.probe_token) for sent in house.servers["front-desk"].sent)


@pytest.mark.parametrize(
    ("days", "sent"), [(0, 0), (19.9, 0), (20.1, 1), (29.9, 1), (30.1, 1), (400, 1)]
)
async def test_a_proof_is_renewed_well_before_it_expires(
    house: House, days: float, sent: int
) -> None:
    await proven(house, NOW - timedelta(days=days))
    await tend(house)
    await tend(house)
    assert probes(house) == sent


@pytest.mark.parametrize(
    ("closes", "opens"),
    [
        ("2027-01-15T17:00", "2027-01-19T08:00"),  # Martin Luther King Day
        ("2026-11-25T12:00", "2026-11-30T08:00"),  # Thanksgiving
        ("2026-12-23T17:00", "2027-01-02T08:00"),  # Christmas to New Year
    ],
)
@pytest.mark.parametrize("age", [0, 10, 19, 20, 21, 29])
async def test_no_line_is_stale_when_the_practice_opens_again(
    house: House, closes: str, opens: str, age: int
) -> None:
    closed, opened = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (closes, opens))
    house.clock.advance(closed - house.clock())
    await proven(house, closed - timedelta(days=age))
    await tend(house)
    await house.sync()
    house.clock.advance(opened - house.clock())
    assert await state(house) is ProofState.PROVEN


async def test_what_patients_write_renews_the_proof_for_nothing(house: House) -> None:
    await proven(house, NOW)
    for number in range(10):
        house.clock.advance(days=9)
        await house.arrive("ann@example.com", f"Hello again, {number}")
        await tend(house)
    assert await state(house) is ProofState.PROVEN
    assert probes(house) == 0


async def test_a_stale_line_proves_itself_before_anybody_can_send(house: House) -> None:
    await house.arrive("ann@example.com", "Can I come?", id="1@example.com")
    [row] = await house.rows()
    house.clock.advance(PROOF_LASTS + timedelta(days=1))
    draft = replace(await house.desk.reply_draft(row.id), text="Yes, at ten.")
    assert await state(house) is ProofState.STALE
    with pytest.raises((Held, Blocked)):
        await house.desk.send(draft)
    await tend(house)
    assert await state(house) is ProofState.PROVING
    with pytest.raises((Held, Blocked)):
        await house.desk.send(draft)
    await house.sync()
    assert await state(house) is ProofState.PROVEN
    await house.desk.send(draft)


async def test_a_lost_test_message_fails_the_line_and_is_tried_again_soon(house: House) -> None:
    await proven(house, NOW - timedelta(days=25))
    await tend(house)
    assert probes(house) == 1
    house.clock.advance(minutes=11)
    health = LineHealth(FRONT_DESK.id, LineState.READY, house.clock())
    house.clock.advance(minutes=11)
    health = replace(health, last_poll_at=house.clock())
    await prover(house).tend(FRONT_DESK, health)
    assert await state(house) is ProofState.FAILED
    await tend(house)
    assert probes(house) == 1
    house.clock.advance(hours=1)
    await tend(house)
    assert probes(house) == 2
    await house.sync()
    assert await state(house) is ProofState.PROVEN


async def test_asking_again_does_not_put_off_the_moment_at_which_it_is_lost(house: House) -> None:
    soon = Prover(house.repository, house.outbox, house.clock, timedelta(minutes=1))
    said: list[str] = []
    for _ in range(3):
        await soon.prove(FRONT_DESK, said.append, lambda: None, patience=0.01)
        house.clock.advance(seconds=25)
    assert probes(house) == 1
    assert "on its way already" in said[-2]

    health = LineHealth(FRONT_DESK.id, LineState.READY, house.clock())
    await soon.tend(FRONT_DESK, health)

    assert await state(house) is ProofState.FAILED
    await soon.prove(FRONT_DESK, said.append, lambda: None, patience=0.01)
    assert probes(house) == 2


@pytest.mark.parametrize("trouble", [Trouble.BUSY, Trouble.LOST_UNTAKEN])
async def test_a_test_message_that_may_not_have_left_fails_no_line(
    house: House, trouble: Trouble
) -> None:
    await proven(house, NOW - timedelta(days=25))
    house.servers["front-desk"].fail(trouble)
    with pytest.raises(ChannelError):
        await tend(house)
    for _ in range(3):
        assert await state(house) is ProofState.PROVEN
        house.clock.advance(minutes=11)
        await tend(house)
        await house.sync()
    assert probes(house) == 1


async def test_what_waits_when_its_line_fails_does_not_leave_and_says_why(house: House) -> None:
    await house.arrive("ann@example.com", "Can I come?", id="1@example.com")
    [row] = await house.rows()
    draft = replace(await house.desk.reply_draft(row.id), text="Yes, at ten.")
    queued = await house.desk.send(draft)
    house.clock.advance(seconds=2)
    await house.repository.lines.add_evidence(
        Evidence(FRONT_DESK.id, EvidenceKind.SENDER_REFUSED, house.clock(), "the sender is refused")
    )
    house.clock.advance(seconds=10)
    await house.outbox.deliver_due()
    after = await house.repository.outbox.get(queued.id)
    assert after.status is MessageStatus.FAILED
    assert after.status_text.startswith("Not sent: ")
    assert (await house.rows(ListState.UNDELIVERED))[0].undelivered
    assert house.servers["front-desk"].sent == []


async def test_a_reason_lets_it_wait_for_the_proof_and_no_longer(house: House) -> None:
    await house.arrive("ann@example.com", "Is Thursday ok?", id="1@example.com")
    house.clock.advance(days=31)
    await house.sync()
    (row,) = await house.rows()
    assert await state(house) is ProofState.STALE
    sent = await house.answer(row.id, "Thursday is fine.", "She waits for it.")
    assert sent.status is MessageStatus.QUEUED
    assert "until frontdesk@lakeside.example is proven" in sent.status_text
    assert house.servers["front-desk"].sent == []
    await house.arrive("somebody@example.com", "Hello", id="2@example.com")
    assert await state(house) is ProofState.PROVEN
    house.clock.advance(minutes=2)
    await house.sync()
    await house.outbox.deliver_due()
    assert (await house.repository.outbox.get(sent.id)).status is MessageStatus.SENT

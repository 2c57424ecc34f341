"""Proving: lines prove that they receive, and renew the proof before it expires."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from inbox.clock import Clock
from inbox.inspection import Inspection, Inspects
from inbox.line import Line, LineHealth
from inbox.number import number_words
from inbox.outbox import Outbox
from inbox.reply_path import (
    PROOF_LASTS,
    ROUND_TRIP_MAY_TAKE,
    TEST_PATIENT_MAY_TAKE,
    Evidence,
    EvidenceKind,
    Proof,
    ProofState,
    derive_proof,
)
from inbox.repository import Repository

RENEW_BEFORE = timedelta(days=10)
"""A proof is renewed when it has this long left: as long as a practice closes over the holidays."""
_PROBE_AT_MOST_EVERY = timedelta(hours=12)
_SAID = frozenset({EvidenceKind.SET_UP, EvidenceKind.DEAF, EvidenceKind.SENDER_REFUSED})
_SAID_AGAIN = timedelta(hours=1)
"""The same word on a number is kept again after this."""
_AGAIN_AFTER_LOSS = timedelta(hours=1)
"""A line whose test message was lost blocks sending: it is tried again sooner."""

_WAITS = {
    False: "Waiting for it to arrive.",
    True: "It proves the line once somebody answers it in the portal as the test patient.",
}

Step = Callable[[str], None]
"""Is told each step of a round trip, one sentence each."""


class Prover:
    """Sends round trips and judges the ones that never came home."""

    def __init__(
        self,
        repository: Repository,
        outbox: Outbox,
        clock: Clock,
        may_take: timedelta = ROUND_TRIP_MAY_TAKE,
    ) -> None:
        """Prove lines of `repository` by messages through `outbox`, lost after `may_take`."""
        self._may_take = may_take
        self._repository = repository
        self._outbox = outbox
        self._clock = clock

    async def proof(self, line: Line) -> Proof:
        """What is known of a line right now."""
        evidence = await self._repository.lines.evidence()
        return derive_proof(line.id, evidence, self._clock())

    async def inspected(self, line: Line, inspection: Inspection | None) -> None:
        """Keep what the provider of a number said of it as evidence; the line has just been read.

        A number that is set up to receive is proven by that and by being read. One whose answers
        are lost has failed, whatever arrived on it before.
        """
        if inspection is None or not (inspection.checked or inspection.problems):
            return
        evidence = await self._repository.lines.evidence()
        newest = {seen.kind: seen.at for seen in evidence if seen.line_id == line.id}
        found = _evidence_of(line, inspection)
        last = newest.get(found.kind)
        others = [at for kind, at in newest.items() if kind in _SAID and kind is not found.kind]
        outdone = last is not None and any(at > last for at in others)
        if last is not None and found.at - last < _SAID_AGAIN and not outdone:
            return
        if last is None or found.at > last:
            await self._repository.lines.add_evidence(found)

    async def prove_number(
        self,
        line: Line,
        channel: Inspects,
        step: Step,
        look: Callable[[], object],
        by: Line | None,
        *,
        patience: float = 60.0,
    ) -> Proof:
        """Prove a number: its provider is asked, it is read, and a text goes there if one can.

        Args:
            line: The line.
            channel: Its channel.
            step: Is told what happens.
            look: Makes the line be read now.
            by: Another number of the practice that can text it; None: there is none.
            patience: Seconds to wait for that text.

        Raises:
            ChannelError: the provider could not be asked, or the text could not be sent.
        """
        step(f"Asking about {number_words(line.address)}.")
        inspection = await channel.inspect()
        for problem in inspection.problems:
            step(f"{problem.sentence} {problem.hint}")
        if inspection.checked and not inspection.problems:
            step(f"All is set up ({', '.join(inspection.checked)}).")
        elif not inspection.problems:
            step("The provider does not let us look at its set-up.")
        await _done(look())
        await self.inspected(line, inspection)
        if by is None or inspection.problems:
            return await self.proof(line)
        return await self.prove(line, step, look, patience=patience, by=by)

    async def prove(
        self,
        line: Line,
        step: Step,
        look: Callable[[], object],
        *,
        patience: float = 60.0,
        by: Line | None = None,
    ) -> Proof:
        """Send a round trip and wait until it is home.

        While one is under way no other is sent: whoever asks again does not put off the moment at
        which it counts as lost.

        Args:
            line: The line.
            step: Is told what happens.
            look: Makes the line be read now; called about once a second.
            patience: Seconds to wait. A round trip that is not home by then may still come: the
                line is `proving` until it does or until it is judged lost.
            by: Another line of the practice to send it from; None: it goes from the line to itself.

        Raises:
            ChannelError: it could not be sent.
        """
        sent_at = self._clock()
        under_way = _under_way(await self._newest(line.id))
        if under_way is not None and sent_at - under_way.at <= self._lasts(line):
            sent_at = under_way.at
            step(f"A test message is on its way already. {_WAITS[bool(line.test_patient)]}")
        else:
            step(_sending(line, by))
            await self._outbox.send_probe(line, by)
            step(f"The provider took it. {_WAITS[bool(line.test_patient)]}")
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while loop.time() < until:
            await _done(look())
            seen = await self._answer(line.id, sent_at_or_later=sent_at)
            if seen is not None:
                step(f"It arrived: {seen.detail}.")
                return await self.proof(line)
            await asyncio.sleep(0.2)
        step("It has not arrived yet.")
        return await self.proof(line)

    async def tend(self, line: Line, health: LineHealth) -> None:
        """Keep a line's proof fresh: judge a lost round trip, begin one where it is time.

        Raises:
            ChannelError: a round trip could not be sent.
        """
        now = self._clock()
        newest = await self._newest(line.id)
        probe, pending = newest.get(EvidenceKind.PROBE_SENT), _under_way(newest)
        unanswered = pending is not None and bool(line.test_patient)
        if pending is not None and unanswered and now - pending.at <= TEST_PATIENT_MAY_TAKE:
            return
        if pending is not None and not unanswered:
            read = health.last_poll_at
            # A line that was not read meanwhile cannot have seen it.
            if now - pending.at > self._may_take and read and read - pending.at > self._may_take:
                await self._repository.lines.add_evidence(
                    Evidence(
                        line.id, EvidenceKind.PROBE_LOST, now, "our test message never came back"
                    )
                )
            return
        proof = derive_proof(line.id, newest.values(), now)
        wanted = (
            proof.state in {ProofState.UNVERIFIED, ProofState.STALE}
            or (unanswered and proof.state is ProofState.PROVING)
            or (
                proof.state is ProofState.PROVEN
                and proof.at is not None
                and now - proof.at > PROOF_LASTS - RENEW_BEFORE
            )
        )
        lost = proof.state is ProofState.FAILED and proof.at == getattr(
            newest.get(EvidenceKind.PROBE_LOST), "at", None
        )
        pause = _AGAIN_AFTER_LOSS if lost else _PROBE_AT_MOST_EVERY
        if probe is not None and not probe.detail:
            # It never left, so nobody was bothered by it.
            pause = ROUND_TRIP_MAY_TAKE
        if (wanted or lost) and (probe is None or now - probe.at > pause):
            await self._outbox.send_probe(line)

    def _lasts(self, line: Line) -> timedelta:
        """How long a test message of a line may be under way."""
        return TEST_PATIENT_MAY_TAKE if line.test_patient else self._may_take

    async def _newest(self, line_id: str) -> dict[EvidenceKind, Evidence]:
        """The newest evidence of a line, by kind."""
        evidence = await self._repository.lines.evidence()
        return {seen.kind: seen for seen in evidence if seen.line_id == line_id}

    async def _answer(self, line_id: str, *, sent_at_or_later: datetime) -> Evidence | None:
        for seen in await self._repository.lines.evidence():
            if (
                seen.line_id == line_id
                and seen.kind in {EvidenceKind.ROUND_TRIP, EvidenceKind.PROBE_CHANGED}
                and seen.at >= sent_at_or_later
            ):
                return seen
        return None


def _sending(line: Line, by: Line | None) -> str:
    if line.test_patient:
        return f"Sending a test message to the test patient, {line.test_patient}."
    if by is not None:
        return (
            f"Sending a test message from {number_words(by.address)} to"
            f" {number_words(line.address)}."
        )
    return f"Sending a test message from {line.address} to itself."


def _under_way(newest: Mapping[EvidenceKind, Evidence]) -> Evidence | None:
    """The round trip that left and of which nobody knows yet what became of it."""
    sent = newest.get(EvidenceKind.PROBE_SENT)
    ends = (
        EvidenceKind.ROUND_TRIP,
        EvidenceKind.PROBE_CHANGED,
        EvidenceKind.PROBE_LOST,
        EvidenceKind.SENDER_REFUSED,
    )
    if sent is None or not sent.detail:
        return None
    over = any(kind in newest and newest[kind].at >= sent.at for kind in ends)
    return None if over else sent


def _evidence_of(line: Line, inspection: Inspection) -> Evidence:
    worst = next(iter(inspection.problems), None)
    if worst is None:
        detail = f"{inspection.how}: {', '.join(inspection.checked)}"
        return Evidence(line.id, EvidenceKind.SET_UP, inspection.at, detail)
    kind = EvidenceKind.DEAF if worst.deaf else EvidenceKind.SENDER_REFUSED
    words = worst.sentence.rstrip(".")
    return Evidence(line.id, kind, inspection.at, words[:1].lower() + words[1:])


async def _done(looked: object) -> None:
    if asyncio.iscoroutine(looked):
        await looked

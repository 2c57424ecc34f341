"""The reply path: which line a message leaves from, and the evidence that answers come home.

A line proves itself by evidence: a round trip that came back as it left, or real inbound traffic
addressed to it. The state is derived from the evidence and the clock, never stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from inbox.address import ChannelKind
from inbox.errors import NoReplyPath
from inbox.line import Line
from inbox.message import Received

PROOF_LASTS = timedelta(days=30)
"""A proof older than this is stale: providers, aliases and mailboxes change."""
SET_UP_LASTS = timedelta(days=7)
"""A number's set-up is looked at several times a day; anybody may change it in a console."""
ROUND_TRIP_MAY_TAKE = timedelta(minutes=10)
"""A round trip that is not home by then, although the line was read, has failed."""
TEST_PATIENT_MAY_TAKE = timedelta(days=3)
"""How long a portal's test message waits for the test patient's answer. Somebody has to log in and
write it, so that nobody did so by then says nothing of the line: the message is sent again."""


class ProofState(StrEnum):
    """How sure it is that a line receives."""

    UNVERIFIED = "unverified"
    PROVING = "proving"
    PROVEN = "proven"
    STALE = "stale"
    FAILED = "failed"


class EvidenceKind(StrEnum):
    """What was seen."""

    PROBE_SENT = "probe-sent"
    ROUND_TRIP = "round-trip"
    """Our own message came back, and From, Reply-To and the envelope sender were ours."""
    INBOUND = "inbound"
    """Somebody else's message, addressed to the line, arrived on it."""
    PROBE_CHANGED = "probe-changed"
    """Our own message came back with another sender than we gave it."""
    PROBE_LOST = "probe-lost"
    """Our own message did not come back in time, although the line was being read."""
    SENDER_REFUSED = "sender-refused"
    """The provider refused the line's address as a sender."""
    SET_UP = "set-up"
    """The provider says that what is sent to the line's number is kept for us, and we have just
    read all there was."""
    DEAF = "deaf"
    """The provider says that answers to the line's number are lost."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was seen of a line."""

    line_id: str
    kind: EvidenceKind
    at: datetime
    """When (aware, UTC)."""
    detail: str = ""
    """What exactly, in words; for PROBE_SENT the token, empty when it could not be sent."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the evidence says of a line at one moment."""

    line_id: str
    state: ProofState
    at: datetime | None = None
    """When the deciding evidence was seen; None when there is none."""
    how: str = ""
    """`round trip`, `mail received`, or what went wrong."""


_HOW = {
    EvidenceKind.ROUND_TRIP: "round trip",
    EvidenceKind.INBOUND: "message received",
    EvidenceKind.SET_UP: "number checked",
}
_LASTS = {EvidenceKind.SET_UP: SET_UP_LASTS}
_FAILURES = {
    EvidenceKind.PROBE_CHANGED,
    EvidenceKind.PROBE_LOST,
    EvidenceKind.SENDER_REFUSED,
    EvidenceKind.DEAF,
}


def derive_proof(line_id: str, evidence: Iterable[Evidence], now: datetime) -> Proof:
    """What the evidence of one line says at `now`.

    The newest evidence of each kind is enough. A failure stands until a newer success answers it:
    after a refused or rewritten sender only a round trip does, or for a number the provider's word
    that all is set up; after a lost round trip, inbound traffic does too, since it shows that the
    line receives.
    """
    newest: dict[EvidenceKind, Evidence] = {}
    for seen in evidence:
        if seen.line_id == line_id and (seen.kind not in newest or seen.at >= newest[seen.kind].at):
            newest[seen.kind] = seen
    successes = [newest[kind] for kind in _HOW if kind in newest]
    failure = max(
        (
            newest[kind]
            for kind in _FAILURES
            if kind in newest and not _answered(newest[kind], newest)
        ),
        key=lambda seen: seen.at,
        default=None,
    )
    if failure is not None:
        return Proof(line_id, ProofState.FAILED, failure.at, failure.detail)
    holding = (seen for seen in successes if now - seen.at <= _LASTS.get(seen.kind, PROOF_LASTS))
    proven = max(holding, key=lambda seen: seen.at, default=None)
    if proven is not None:
        return Proof(line_id, ProofState.PROVEN, proven.at, _how(proven))
    success = max(successes, key=lambda seen: seen.at, default=None)
    probe = newest.get(EvidenceKind.PROBE_SENT)
    if probe is not None and probe.detail and (success is None or probe.at > success.at):
        return Proof(line_id, ProofState.PROVING, probe.at, "a test message is on its way")
    if success is not None:
        return Proof(line_id, ProofState.STALE, success.at, _how(success))
    return Proof(line_id, ProofState.UNVERIFIED)


def _how(seen: Evidence) -> str:
    """How a success was seen; of a number's set-up, the beginning of the evidence says it."""
    told = seen.detail.partition(":")[0] if seen.kind is EvidenceKind.SET_UP else ""
    return told or _HOW[seen.kind]


def _answered(failure: Evidence, newest: Mapping[EvidenceKind, Evidence]) -> bool:
    """Whether a newer success speaks against a failure."""
    answers = [EvidenceKind.ROUND_TRIP]
    if failure.kind in {EvidenceKind.DEAF, EvidenceKind.SENDER_REFUSED}:
        answers.append(EvidenceKind.SET_UP)
    if failure.kind is EvidenceKind.PROBE_LOST:
        answers.append(EvidenceKind.INBOUND)
    return any(kind in newest and newest[kind].at > failure.at for kind in answers)


def judge_second_number(line: Line, received: Received, at: datetime) -> Evidence:
    """What a round trip says that went from another number of the practice to a line.

    That it arrived proves that the line receives; its sender is the other number.
    """
    return Evidence(line.id, EvidenceKind.ROUND_TRIP, at, f"a text from {received.from_} arrived")


def judge_round_trip(line: Line, received: Received, at: datetime) -> Evidence:
    """What a round trip that came home says: every address as received must be the line's own.

    From, Reply-To (when there is one) and the envelope sender (when the server records it) are
    compared; a provider that rewrites one of them sends answers or bounces elsewhere.
    """
    own = line.keys
    wrong = []
    if received.from_.casefold() not in own:
        wrong.append(f"From became {received.from_ or 'empty'}")
    if received.reply_to and received.reply_to.casefold() not in own:
        wrong.append(f"Reply-To became {received.reply_to}")
    if received.return_path is not None and received.return_path.casefold() not in own:
        wrong.append(f"the envelope sender became {received.return_path or 'empty'}")
    if wrong:
        detail = "the provider changed the sender: " + ", ".join(wrong)
        return Evidence(line.id, EvidenceKind.PROBE_CHANGED, at, detail)
    compared = "From, Reply-To" + (", envelope" if received.return_path is not None else "")
    return Evidence(line.id, EvidenceKind.ROUND_TRIP, at, f"{compared} as sent")


def answers_probe(
    line: Line, probe: Evidence | None, named: Sequence[str], at: datetime
) -> Evidence | None:
    """What an answer of a portal's test patient says; None when it answers no test message.

    Args:
        line: The portal.
        probe: The test message that went out last; its detail is the token and the names that the
            portal gave it. None: none did.
        named: The portal's names of the thread it is in, and of what it answers.
        at: When it arrived.
    """
    known = probe.detail.split()[1:] if probe is not None else []
    if not set(known) & {name for name in named if name}:
        return None
    return Evidence(line.id, EvidenceKind.ROUND_TRIP, at, "the test patient's answer arrived")


@dataclass(frozen=True, slots=True)
class SenderFacts:
    """All that the choice of sender looks at."""

    channel: ChannelKind
    lines: tuple[Line, ...]
    """Every line of the practice, in the order of the configuration."""
    proofs: Mapping[str, Proof]
    """By line id."""
    received_on: tuple[str, ...] = ()
    """Ids of the lines this conversation received on, the latest first."""
    sent_from: tuple[str, ...] = ()
    """Ids of the lines we sent from to this person, the latest first."""
    wanted: str = ""
    """Id of the line a person chose by hand."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which line a message would leave from, why, and how sure it is that answers come home."""

    line: Line
    proof: Proof
    reason: str
    """Why this line: `they wrote to it`."""
    alternatives: tuple[Line, ...] = ()
    """Other lines of the channel that are proven, for a person to choose."""

    @property
    def proven(self) -> bool:
        """Whether answers are known to come home."""
        return self.proof.state is ProofState.PROVEN


def choose_sender(facts: SenderFacts) -> Plan:
    """Choose the line a message leaves from. A pure function; there is no default sender.

    A line chosen by hand wins; then the line they wrote to last, whatever its proof (the gate
    judges it, nothing else takes its place silently); then the line we last wrote to them from;
    then, for a first message, the first proven line of the channel in the order of the
    configuration.

    Raises:
        NoReplyPath: the channel has no line, the line they wrote to is no longer set up, or a first
            message has no proven line to leave from.
    """
    lines = {line.id: line for line in facts.lines if line.channel is facts.channel}
    proven = [
        line
        for line in lines.values()
        if facts.proofs.get(line.id, Proof(line.id, ProofState.UNVERIFIED)).state
        is ProofState.PROVEN
    ]
    if not lines:
        raise NoReplyPath(
            f"The practice has no {facts.channel.words} line.",
            "Add one to the configuration, or answer another way.",
        )
    for ids, reason in (
        ((facts.wanted,) if facts.wanted else (), "chosen by hand"),
        (facts.received_on[:1], "they wrote to it"),
        (facts.sent_from[:1], "we wrote to them from it"),
    ):
        for line_id in ids:
            line = lines.get(line_id)
            if line is None:
                raise NoReplyPath(
                    f"The line “{line_id}” ({reason}) is not set up for {facts.channel.words}.",
                    _propose(proven),
                )
            return _plan(line, reason, facts.proofs, proven)
    if not proven:
        raise NoReplyPath(
            f"No {facts.channel.words} line is proven to receive answers.",
            "Run `twoway doctor --prove` and look at what it says.",
        )
    reason = "the only proven line" if len(proven) == 1 else "the first proven line"
    return _plan(proven[0], reason, facts.proofs, proven)


def _plan(line: Line, reason: str, proofs: Mapping[str, Proof], proven: list[Line]) -> Plan:
    proof = proofs.get(line.id, Proof(line.id, ProofState.UNVERIFIED))
    return Plan(line, proof, reason, tuple(other for other in proven if other.id != line.id))


def _propose(proven: list[Line]) -> str:
    if not proven:
        return "No other line of this channel is proven either."
    return "Choose by hand: " + ", ".join(line.address for line in proven) + "."

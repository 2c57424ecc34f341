"""The gate: the one place that says allow, hold or block before anything leaves.

Only the gate makes a `Permit`, only a permit opens a channel's `send`, and a permit is good for
exactly the message it was made for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, final

from inbox.errors import Blocked, Held
from inbox.finding import Finding, Severity, by_severity
from inbox.line import Line
from inbox.outgoing import Outgoing
from inbox.reply_path import ProofState
from inbox.situation import Situation

Rule = Callable[[Situation], Iterable[Finding]]
"""A rule looks at a situation and yields what it finds; it never raises and never does I/O."""

_SEAL: Final = object()


@final
class Permit:
    """Leave to send one message, made by the gate alone."""

    __slots__ = ("_digest", "at", "because", "by", "findings")

    def __init__(
        self,
        seal: object,
        digest: str,
        findings: tuple[Finding, ...],
        because: str,
        by: str,
        at: datetime,
    ) -> None:
        """Refuse to be made by anybody but the gate.

        Raises:
            TypeError: the seal is not the gate's.
        """
        if seal is not _SEAL:
            raise TypeError("Only the gate makes permits.")
        self._digest = digest
        self.findings = findings
        """What was found and let through."""
        self.because = because
        """The reason given for what was held, or empty."""
        self.by = by
        """Id of the staff member who gave it."""
        self.at = at
        """When (aware, UTC)."""

    def check(self, outgoing: Outgoing) -> None:
        """Make sure that the permit is for this very message.

        Raises:
            Blocked: it was made for another one.
        """
        if outgoing.digest() != self._digest:
            raise Blocked(
                "The message is not the one that was checked before sending.",
                "Open it again and send it once more.",
                self.findings,
            )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of a draft."""

    findings: tuple[Finding, ...]
    """The most severe first."""

    @property
    def severity(self) -> Severity | None:
        """The most severe finding's, or None when there is none."""
        return self.findings[0].severity if self.findings else None

    @property
    def blocked(self) -> bool:
        """Whether nobody can send it as it is."""
        return self.severity is Severity.BLOCK

    @property
    def held(self) -> bool:
        """Whether sending needs a reason."""
        return self.severity is Severity.HOLD

    def holding(self) -> frozenset[str]:
        """Ids of the rules that hold it."""
        return frozenset(
            finding.rule for finding in self.findings if finding.severity is Severity.HOLD
        )


class Gate:
    """Runs the rules and makes permits."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Take the rules to run, in any order; they are looked at when a draft first is."""
        self._given = rules
        self._known: tuple[Rule, ...] | None = None
        self._core: frozenset[str] = frozenset()

    def examine(self, situation: Situation) -> Verdict:
        """What every rule says, the most severe first. Pure and quick: run at each key.

        The practice's own settings (`Practice.policy`) hold here, and so wherever a draft is
        looked at: on the screen, in commands, and when the outbox asks again.
        """
        findings = [finding for rule in self._rules() for finding in rule(situation)]
        policy = situation.practice.policy
        return Verdict(by_severity(tuple(policy.applied(findings, self._core))))

    def _rules(self) -> tuple[Rule, ...]:
        if self._known is None:
            self._known = tuple(self._given)
            self._core = frozenset(
                str(getattr(rule, "id", "")) for rule in self._known if getattr(rule, "core", False)
            )
        return self._known

    def permit(
        self,
        situation: Situation,
        outgoing: Outgoing,
        *,
        because: str = "",
        overridden: frozenset[str] | None = None,
    ) -> Permit:
        """Examine a draft and make the permit for the message it became.

        Args:
            situation: The facts as they are now.
            outgoing: The very message that is to leave.
            because: The reason a person gave for sending in spite of a hold.
            overridden: The holding rules that the person saw when they gave the reason; a rule that
                holds now and is not among them holds again. None: they see the findings right now.

        Raises:
            Blocked: a rule blocks, or the draft is not what is to leave.
            Held: a rule holds and no reason covers it, or the line is not proven right now, which
                no reason covers.
        """
        verdict = self.examine(situation)
        if verdict.blocked:
            first = verdict.findings[0]
            raise Blocked(first.reason, _way_out(first), verdict.findings)
        draft = situation.draft
        same = (
            outgoing.text == draft.text
            and outgoing.line.id == draft.line_id
            and [address.key for address in (*outgoing.to, *outgoing.cc)]
            == [address.key for address in draft.recipients]
        )
        if not same:
            raise Blocked(
                "The message is not the draft that was checked.",
                "Open it again and send it once more.",
                verdict.findings,
            )
        uncovered = (
            verdict.holding()
            if not because.strip()
            else verdict.holding() - (verdict.holding() if overridden is None else overridden)
        )
        if uncovered:
            first = next(finding for finding in verdict.findings if finding.rule in uncovered)
            raise Held(first.reason, "Give a reason to send it all the same.", verdict.findings)
        if situation.plan is None or situation.plan.proof.state is not ProofState.PROVEN:
            # A reason lets it wait for the proof; nothing makes up for the proof itself.
            raise Held(
                f"It waits until {outgoing.line.address} is proven to receive replies.",
                "The lines screen and `twoway doctor --prove` show what is missing.",
                verdict.findings,
            )
        return Permit(
            _SEAL, outgoing.digest(), verdict.findings, because, situation.staff_id, situation.now
        )

    def permit_probe(self, outgoing: Outgoing, now: datetime, proves: Line | None = None) -> Permit:
        """The permit for a line's round trip, which goes to that line and to nobody else.

        Args:
            outgoing: The test message.
            now: Aware.
            proves: The line it goes to, when that is another one of the practice: a number cannot
                text itself. None: it goes from the line to itself.

        Raises:
            Blocked: it is not one.
        """
        to = outgoing.line if proves is None else proves
        keys = [address.key for address in (*outgoing.to, *outgoing.cc)]
        # A portal cannot write to itself: there it is a patient who is nobody, and answers.
        wanted = to.test_patient or to.as_address.key
        if not outgoing.probe_token or keys != [wanted]:
            raise Blocked("A test message goes from a line to itself only.", "", ())
        return Permit(_SEAL, outgoing.digest(), (), "", "", now)


def _way_out(finding: Finding) -> str:
    return finding.fix.label + "." if finding.fix else ""

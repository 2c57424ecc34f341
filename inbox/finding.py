"""A finding: one rule's word on a draft, with the way out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from inbox.address import Address, ChannelKind
from inbox.outgoing import DraftAttachment


class Severity(StrEnum):
    """How much a finding weighs."""

    BLOCK = "block"
    """It cannot leave like this; only the fix helps."""
    HOLD = "hold"
    """A person may send it all the same, with a reason that is kept."""
    WARN = "warn"
    """Worth a look before sending."""
    INFO = "info"
    """Good to know."""

    @property
    def rank(self) -> int:
        """0 is the most severe."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Fix:
    """A way out that one key applies: the fields of the draft that it sets."""

    label: str
    """What the key does: `Take the sentence out`."""
    text: str | None = None
    subject: str | None = None
    line_id: str | None = None
    channel: ChannelKind | None = None
    seen_message_id: int | None = None
    """The writer has read the conversation up to this message."""
    send_at: datetime | None = None
    """Let it leave at this moment."""
    to: tuple[Address, ...] | None = None
    cc: tuple[Address, ...] | None = None
    attachments: tuple[DraftAttachment, ...] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's word on a draft."""

    rule: str
    """Id of the rule, e.g. `TW04`."""
    severity: Severity
    reason: str
    """One or two sentences in a receptionist's words."""
    fix: Fix | None = None
    """The likeliest way out, when a key can apply it."""
    others: tuple[Fix, ...] = ()
    """Further ways out."""
    firm: bool = False
    """It cannot leave like this at all, whatever the practice thinks of the rule."""

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """Every way out that a key can apply, the likeliest first."""
        return (self.fix, *self.others) if self.fix is not None else self.others


def asks_whom(finding: Finding) -> bool:
    """Whether its way out is to choose the patient, which is a person's to do."""
    return finding.fix is None and "hoose whom it is about" in finding.reason


def by_severity(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings, the most severe first, then by rule."""
    return tuple(sorted(findings, key=lambda finding: (finding.severity.rank, finding.rule)))

"""What became of a list of reminders: one outcome a row, the counts, and a CSV to keep."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from inbox.address import ChannelKind
from inbox.appointment import RowTrouble
from inbox.errors import Held, TwowayError
from inbox.finding import Finding
from inbox.reminding import Reminder, ReminderState
from inbox.storage.outbox import OutboxRow


class Became(StrEnum):
    """How a row stands."""

    QUEUED = "sent"
    """It is in the outbox."""
    READY = "ready"
    """It may leave, and nobody has sent it yet."""
    HELD = "held"
    BLOCKED = "blocked"
    TOLD = "told already"
    SKIPPED = "skipped"
    NOT_UNDERSTOOD = "not understood"


_OF_STATE: Final = {
    ReminderState.READY: Became.READY,
    ReminderState.HELD: Became.HELD,
    ReminderState.BLOCKED: Became.BLOCKED,
    ReminderState.TOLD: Became.TOLD,
}
_COLUMNS: Final = (
    "row", "patient", "state", "channel", "to", "template", "appointment", "reason", "way out",
    "outbox",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row."""

    row: int
    state: Became
    patient_id: str = ""
    channel: ChannelKind | None = None
    to: str = ""
    template: str = ""
    appointment: str = ""
    """`Appointment.moment`."""
    column: str = ""
    """What cannot be used of a row that was not understood."""
    reason: str = ""
    way_out: str = ""
    outbox_id: int | None = None
    subject: str = ""
    text: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def words(self) -> str:
        """As one line."""
        parts = [f"row {self.row}", self.state.value]
        parts += [self.patient_id] if self.patient_id else []
        parts += [f"by {self.channel.words} to {self.to}"] if self.channel else []
        parts += [f"outbox {self.outbox_id}"] if self.outbox_id else []
        why = " ".join(one for one in (self.reason, self.way_out) if one)
        return ", ".join(parts) + (f": {why}" if why else "")


def outcome_of(found: Reminder | RowTrouble) -> Outcome:
    """How a row stands before anything is sent."""
    if isinstance(found, RowTrouble):
        return Outcome(found.row, Became.NOT_UNDERSTOOD, column=found.column, reason=found.words)
    draft = found.draft
    return Outcome(
        row=found.row.row,
        state=_OF_STATE[found.state],
        patient_id=found.patient.id,
        channel=draft.channel if draft else None,
        to=draft.to[0].value if draft else "",
        template=found.template.name,
        appointment=found.row.appointment.moment,
        reason=found.reason,
        way_out=found.way_out,
        subject=draft.subject if draft else "",
        text=draft.text if draft else "",
        findings=found.verdict.findings,
    )


def queued(reminder: Reminder, row: OutboxRow) -> Outcome:
    """It is in the outbox."""
    plain = outcome_of(reminder)
    return replace(plain, state=Became.QUEUED, outbox_id=row.id, reason=row.because, way_out="")


def refused(reminder: Reminder, error: TwowayError) -> Outcome:
    """It was not queued after all: something changed since it was looked at."""
    state = Became.HELD if isinstance(error, Held) else Became.BLOCKED
    return replace(outcome_of(reminder), state=state, reason=error.sentence, way_out=error.hint)


class Report:
    """The outcomes of a list, one for each row."""

    def __init__(self, outcomes: Iterable[Outcome] = ()) -> None:
        """Begin with these."""
        self._by_row = {one.row: one for one in outcomes}

    def add(self, outcome: Outcome) -> None:
        """Say what became of a row; a later word replaces an earlier one."""
        self._by_row[outcome.row] = outcome

    def of(self, row: int) -> Outcome:
        """How a row stands.

        Raises:
            KeyError: nothing was said of it.
        """
        return self._by_row[row]

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """By row."""
        return tuple(self._by_row[row] for row in sorted(self._by_row))

    def count(self, state: Became) -> int:
        """How many rows stand like this."""
        return sum(1 for one in self._by_row.values() if one.state is state)

    def counts(self) -> dict[str, int]:
        """How many rows stand in each way, for programs."""
        return {state.value.replace(" ", "_"): self.count(state) for state in Became}

    def summary(self) -> str:
        """One line: `Sent by e-mail 12, by text 9, held 2, not understood 3.`."""
        sent = Counter(
            one.channel.words
            for one in self._by_row.values()
            if one.state is Became.QUEUED and one.channel
        )
        parts = [f"by {words} {number}" for words, number in sorted(sent.items())]
        if parts:
            parts[0] = f"sent {parts[0]}"
        parts += [
            f"{state.value} {self.count(state)}"
            for state in Became
            if state is not Became.QUEUED and self.count(state)
        ]
        words = ", ".join(parts) or "nothing in the list"
        return words[0].upper() + words[1:] + "."

    def csv(self) -> bytes:
        """All rows as CSV (UTF-8), to keep or to work through."""
        text = io.StringIO(newline="")
        rows = csv.writer(text)
        rows.writerow(_COLUMNS)
        for one in self.outcomes:
            channel = one.channel.value if one.channel else ""
            cells = (
                one.row, one.patient_id, one.state.value, channel, one.to, one.template,
                one.appointment, one.reason, one.way_out, one.outbox_id or "",
            )  # fmt: skip
            rows.writerow([_harmless(str(cell)) for cell in cells])
        return text.getvalue().encode("utf-8")


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; phone numbers stay numbers."""
    risky = cell[:1] in {"=", "@", "\t", "\r"} or (
        cell[:1] in {"+", "-"} and not cell[1:].isdecimal()
    )
    return f"'{cell}" if risky else cell

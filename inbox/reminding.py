"""Reminding: rows of a list become messages to patients, one by one, each through the gate.

Nothing here sends: `Reminding.send` hands the draft to the desk like any other.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final, Protocol

from inbox.address import Address, ChannelKind
from inbox.appointment import AppointmentRow, RowTrouble
from inbox.clock import Clock
from inbox.errors import NotFound, Stale
from inbox.finding import Finding, Severity
from inbox.gate import Verdict
from inbox.outgoing import Category, Draft
from inbox.patient import Patient
from inbox.practice import Practice
from inbox.reminder_choice import family, lacking, name_words, ways
from inbox.repository import Repository
from inbox.situation import Situation
from inbox.storage.outbox import OutboxRow
from inbox.storage.reminder import ReminderKey, Told
from inbox.template import Shelf, Template
from inbox.templating import Templating

_UNDATED_LASTS: Final = timedelta(days=180)
"""What has no day (a flu shot) may be told again after that."""
_SAME_NAME: Final = 20
_ABOUT_THE_CHANNEL: Final = frozenset(
    {"TW01", "TW02", "TW03", "TW10", "TW15", "TW19", "TW20", "TW21", "TW22", "TW23"}
)
"""Rules that another channel may satisfy; all others speak of the message itself."""


class ReminderState(StrEnum):
    """What would become of a reminder."""

    READY = "ready"
    HELD = "held"
    """It leaves with a reason only."""
    BLOCKED = "blocked"
    TOLD = "told already"


@dataclass(frozen=True, slots=True)
class Reminder:
    """One row of the list as a message."""

    row: AppointmentRow
    patient: Patient
    template: Template
    draft: Draft | None
    """None when there is no way to write to them."""
    verdict: Verdict
    from_words: str
    """Which line it leaves from, and why answers come home."""
    state: ReminderState
    reason: str = ""
    """Why it is not ready, in one sentence."""
    way_out: str = ""
    """What to do about it."""

    @property
    def key(self) -> ReminderKey:
        """What must not be told twice."""
        moment = self.row.appointment.moment
        return ReminderKey(self.patient.id, moment, self.template.family)


class Judged(Protocol):
    """A draft with what the gate says of it (`inbox.desk.Preview`)."""

    @property
    def draft(self) -> Draft:
        """With the line it would leave from."""
        ...

    @property
    def from_words(self) -> str:
        """That line, in words."""
        ...

    @property
    def verdict(self) -> Verdict:
        """What the rules say."""
        ...


class Counter(Protocol):
    """What reminding needs of the desk (`inbox.desk.Desk`); it sends in no other way."""

    repository: Repository
    practice: Practice
    clock: Clock

    @property
    def templating(self) -> Templating:
        """The templates."""
        ...

    async def situation(self, draft: Draft) -> Situation:
        """All facts about a draft."""
        ...

    def judge(self, situation: Situation, draft: Draft) -> Judged:
        """What the gate says."""
        ...

    async def send(self, draft: Draft, because: str = "") -> OutboxRow:
        """Queue a draft."""
        ...


class Reminding:
    """Turns lists into reminders, on behalf of a desk."""

    def __init__(self, desk: Counter) -> None:
        """Work with the desk's practice, templates, gate and outbox."""
        self._desk = desk

    async def reminders(
        self, rows: Iterable[AppointmentRow], shelf: Shelf, name: str = ""
    ) -> AsyncGenerator[Reminder | RowTrouble, None]:
        """What each row would become, one by one.

        Args:
            rows: What was read from the list.
            shelf: The templates.
            name: The template for every row; empty chooses by each row's kind.

        Raises:
            NotFound: no template has this name.
        """
        if name and shelf.named(name) is None:
            await self._desk.templating.named(name)
        seen: dict[ReminderKey, int] = {}
        for row in rows:
            found = await self.reminder(row, shelf, name)
            if isinstance(found, Reminder):
                first = seen.setdefault(found.key, row.row)
                if first != row.row:
                    column = row.column("patient_id" if row.patient_id else "name")
                    found = RowTrouble(row.row, column, f"says the same as row {first}")
            yield found

    async def reminder(
        self, row: AppointmentRow, shelf: Shelf, name: str = ""
    ) -> Reminder | RowTrouble:
        """What one row would become; a trouble when patient or template are not certain."""
        patient = await self._patient(row)
        if isinstance(patient, RowTrouble):
            return patient
        templates = family(shelf, name, row.appointment)
        if not templates:
            return RowTrouble(row.row, row.column("kind"), "has no template; name one")
        trouble = lacking(row, templates[0])
        if trouble is not None:
            return trouble
        told = await self._told(
            ReminderKey(patient.id, row.appointment.moment, templates[0].family)
        )
        if told is not None:
            day = told.at.astimezone(self._desk.practice.timezone)
            said = f"Told already on {day:%Y-%m-%d at %H:%M} (outbox {told.outbox_id})."
            state = ReminderState.TOLD
            return Reminder(row, patient, templates[0], None, Verdict(()), "", state, said)
        return await self._best(row, patient, templates)

    async def send(self, reminder: Reminder, because: str = "") -> OutboxRow:
        """Queue a reminder as the desk queues any message, and keep that it was told.

        Raises:
            Blocked, Held: as for `Desk.send`.
            Stale: it was told meanwhile.
        """
        if reminder.draft is None:
            raise Stale(reminder.reason, reminder.way_out)
        stores = self._desk.repository
        # One transaction: two people with the same list tell each appointment once.
        async with stores.batch():
            if await self._told(reminder.key) is not None:
                raise Stale("This appointment was told meanwhile.", "Look at the outbox.")
            row = await self._desk.send(reminder.draft, because)
            await stores.reminders.keep(reminder.key, row.id, self._desk.clock())
        return row

    async def reworded(self, reminder: Reminder, text: str) -> Reminder:
        """The same reminder in other words, looked at again."""
        if reminder.draft is None:
            return reminder
        draft = replace(reminder.draft, text=text)
        return await self._looked_at(reminder.row, reminder.patient, reminder.template, draft)

    # ------------------------------------------------------------ whom

    async def _patient(self, row: AppointmentRow) -> Patient | RowTrouble:
        """The patient a row names: by id, else by name; what else it says must agree."""
        stores = self._desk.repository
        if row.patient_id:
            column = row.column("patient_id")
            try:
                patient = await stores.patients.get(row.patient_id)
            except NotFound:
                return RowTrouble(row.row, column, "is no patient's id")
            if row.name and name_words(row.name) != name_words(patient.name):
                return RowTrouble(row.row, row.column("name"), "is not the name of that patient")
            if row.birth_date is not None and patient.birth_date not in {None, row.birth_date}:
                what = "is not the birth date of that patient"
                return RowTrouble(row.row, row.column("birth_date"), what)
            return patient
        column = row.column("name")
        found = await stores.patients.find(row.name, _SAME_NAME)
        named = [one for one in found if name_words(one.name) == name_words(row.name)]
        if row.birth_date is not None:
            born = [one for one in named if one.birth_date == row.birth_date]
            if not born and named:
                what = "is not the birth date of a patient of this name"
                return RowTrouble(row.row, row.column("birth_date"), what)
            named = born
        if len(named) == 1:
            return named[0]
        if named or len(found) == _SAME_NAME:
            what = "is the name of several patients; add the id or the birth date"
            return RowTrouble(row.row, column, what)
        return RowTrouble(row.row, column, "is no patient's name")

    async def _told(self, key: ReminderKey) -> Told | None:
        told = await self._desk.repository.reminders.told(key)
        if told is not None and not key.moment and self._desk.clock() - told.at > _UNDATED_LASTS:
            return None
        return told

    # ------------------------------------------------------------ by which way

    async def _best(
        self, row: AppointmentRow, patient: Patient, templates: tuple[Template, ...]
    ) -> Reminder:
        """The first way, in the order the patient prefers, that is open; else the least bad."""
        judged: list[Reminder] = []
        today = self._desk.clock().astimezone(self._desk.practice.timezone).date()
        for channel, address in ways(patient, today):
            template = next((one for one in templates if channel in one.channels), None)
            if template is None or not any(
                line.channel is channel for line in self._desk.practice.lines
            ):
                continue
            judged.append(await self._judge(row, patient, template, channel, address))
            findings = judged[-1].verdict.findings
            if not any(one.rule in _ABOUT_THE_CHANNEL for one in _against(findings)):
                return judged[-1]
        if judged:
            return min(judged, key=lambda one: one.state is ReminderState.BLOCKED)
        state, reason = ReminderState.BLOCKED, "There is no way to write to this patient."
        way_out = _no_way(patient, templates, self._desk.practice)
        return Reminder(row, patient, templates[0], None, Verdict(()), "", state, reason, way_out)

    async def _judge(
        self,
        row: AppointmentRow,
        patient: Patient,
        template: Template,
        channel: ChannelKind,
        address: Address,
    ) -> Reminder:
        desk = self._desk
        filled = desk.templating.fill(template, patient, row.appointment)
        draft = Draft(
            channel=channel,
            line_id="",
            to=(address,),
            text=filled.text,
            subject=filled.subject if channel is not ChannelKind.SMS else "",
            patient_id=patient.id,
            begun_at=desk.clock(),
            category=Category.REMINDER,
            automatic=True,
        )
        return await self._looked_at(row, patient, template, draft)

    async def _looked_at(
        self, row: AppointmentRow, patient: Patient, template: Template, draft: Draft
    ) -> Reminder:
        desk = self._desk
        preview = desk.judge(await desk.situation(draft), draft)
        verdict = preview.verdict
        first = next(_against(verdict.findings), None)
        state = ReminderState.READY
        if first is not None:
            state = ReminderState.BLOCKED if verdict.blocked else ReminderState.HELD
        return Reminder(
            row,
            patient,
            template,
            preview.draft,
            verdict,
            preview.from_words,
            state,
            first.reason if first else "",
            _way_out(first, state) if first else "",
        )


def _against(findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """What blocks or holds."""
    return (one for one in findings if one.severity in {Severity.BLOCK, Severity.HOLD})


def _way_out(finding: Finding, state: ReminderState) -> str:
    if state is ReminderState.HELD:
        return "Give a reason to send it all the same."
    if finding.rule == "TW34" and "{scheduling_url}" in finding.reason:
        return "Set scheduling_url in the configuration, or take it out of the template."
    if finding.rule == "TW34":
        return "Fill it in: in the list, in the template, or in the composer."
    return f"{finding.fix.label}." if finding.fix else "Or call them."


def _no_way(patient: Patient, templates: tuple[Template, ...], practice: Practice) -> str:
    if patient.form.confidential is not None:
        return f"Tell them at {patient.form.confidential.value}, which is the only way they allow."
    lines = {line.channel for line in practice.lines}
    written = {kind.words for one in templates for kind in one.channels if kind in lines}
    if not written:
        return "Write a template for a channel of yours, or call them."
    return f"Add an address for {' or '.join(sorted(written))} to the patient, or call them."

"""Looking at templates before anybody sends them: which could only leave against the rules, when.

Each template is filled in for a plausible patient and shown to the gate on each of its channels, in
each class of hours that the practice has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from inbox.address import Address, ChannelKind
from inbox.filling import Occasion, fill, sample_appointment
from inbox.finding import Finding, Severity
from inbox.gate import Gate
from inbox.hours import Hours
from inbox.outgoing import Category, Draft
from inbox.patient import Consent, ContactPoint, Patient, PrivacyForm
from inbox.practice import Practice
from inbox.situation import Recipient, Situation
from inbox.template import Template
from inbox.wording import on_a_good_line

_SOON: Final = timedelta(minutes=10)
"""Before closing: less than the half hour within which a message is read."""
_LATER: Final = timedelta(hours=1)
_YEAR: Final = 366
_ADDRESSES: Final = {
    ChannelKind.EMAIL: "ann.lee@example.com",
    ChannelKind.SMS: "+15550107811",
    ChannelKind.PHONE: "+15550107811",
    ChannelKind.PORTAL: "Patient/1",
}


class HourClass(StrEnum):
    """Times that differ in who answers the phones while a message is read."""

    OPEN = "while open"
    CLOSING = "in the last half hour"
    LUNCH = "at lunch"
    CLOSED = "when closed"
    HOLIDAY = "on a holiday"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A template that would not simply leave."""

    channel: ChannelKind
    hours: HourClass
    finding: Finding


@dataclass(frozen=True, slots=True)
class LintReport:
    """What the rules say of a template."""

    template: Template
    tried: tuple[tuple[ChannelKind, HourClass], ...]
    refusals: tuple[Refusal, ...]
    """What is blocked or held, at most one for each channel and class of hours."""
    remarks: tuple[Finding, ...]
    """What is worth a look, one for each rule."""

    @property
    def never(self) -> bool:
        """Whether it could only be sent against the rules."""
        return bool(self.tried) and len(self.refusals) == len(self.tried)

    @property
    def words(self) -> str:
        """When it cannot be sent and why, in one sentence; empty when nothing speaks against it."""
        if not self.refusals:
            return ""
        first = self.refusals[0].finding
        because = f"{first.reason} ({first.rule})"
        if self.never:
            return f"Can only be sent against the rules: {because}"
        channels = tuple(dict.fromkeys(channel for channel, _ in self.tried))
        when = {channel: self._when(channel) for channel in channels}
        if len(set(when.values())) == 1:
            return f"Cannot be sent {when[channels[0]]}: {because}"
        parts = [f"{hours} by {channel.words}" for channel, hours in when.items() if hours]
        return f"Cannot be sent {'; '.join(parts)}: {because}"

    def _when(self, channel: ChannelKind) -> str:
        """When it is refused on a channel, in words; empty when never."""
        refused = [one.hours.value for one in self.refusals if one.channel is channel]
        tried = sum(1 for kind, _ in self.tried if kind is channel)
        return "at any time" if len(refused) == tried else " or ".join(refused)


def hour_classes(hours: Hours, now: datetime) -> Mapping[HourClass, datetime]:
    """A coming moment of each class of hours that the practice has; aware, UTC."""
    found: dict[HourClass, datetime] = {}
    today = now.astimezone(hours.zone).date()
    for ahead in range(1, _YEAR):
        day = today + timedelta(days=ahead)
        for kind, moment in _classes_of(hours, day, now):
            if moment > now:
                found.setdefault(kind, moment)
        if len(found) == len(HourClass):
            break
    if not found:
        found[HourClass.CLOSED] = now
    return {kind: found[kind] for kind in HourClass if kind in found}


def lint(
    template: Template,
    practice: Practice,
    gate: Gate,
    now: datetime,
    staff_id: str,
    moments: Mapping[HourClass, datetime] | None = None,
) -> LintReport:
    """Show a template to the gate on each channel in each class of hours.

    Args:
        template: Which one.
        practice: Whose hours, lines and staff count.
        gate: The rules.
        now: Aware.
        staff_id: Who would send it.
        moments: What `hour_classes` gave, when several templates are looked at.
    """
    tried: list[tuple[ChannelKind, HourClass]] = []
    refusals: list[Refusal] = []
    remarks: dict[str, Finding] = {}
    given = hour_classes(practice.phone_hours, now) if moments is None else moments
    for channel in template.channels:
        for kind, moment in given.items():
            tried.append((channel, kind))
            verdict = gate.examine(_situation(template, channel, practice, moment, staff_id))
            if verdict.blocked or verdict.held:
                refusals.append(Refusal(channel, kind, verdict.findings[0]))
            for finding in verdict.findings:
                if finding.severity is Severity.WARN:
                    remarks.setdefault(finding.rule, finding)
    return LintReport(template, tuple(tried), tuple(refusals), tuple(remarks.values()))


def _classes_of(hours: Hours, day: date, now: datetime) -> Iterator[tuple[HourClass, datetime]]:
    spans, usual = hours.spans(day), hours.week[day.weekday()]
    if not spans:
        if usual:
            yield HourClass.HOLIDAY, _at(hours, datetime.combine(day, usual[0].start), now) + _LATER
        return
    starts = [_at(hours, datetime.combine(day, span.start), now) for span in spans]
    ends = [hours.open_until(start) or start for start in starts]
    for start, end in zip(starts, ends, strict=True):
        if end - start > _LATER:
            yield HourClass.OPEN, start + (end - start) / 2
    if ends[-1] - starts[-1] > _SOON:
        yield HourClass.CLOSING, ends[-1] - _SOON
    if len(spans) > 1 and starts[1] > ends[0]:
        yield HourClass.LUNCH, ends[0] + (starts[1] - ends[0]) / 2
    if not hours.is_open(ends[-1] + _LATER):
        yield HourClass.CLOSED, ends[-1] + _LATER


def _at(hours: Hours, wall: datetime, now: datetime) -> datetime:
    """A wall-clock time of the practice as a moment in UTC."""
    return wall.replace(tzinfo=hours.zone or now.tzinfo).astimezone(UTC)


def _situation(
    template: Template, channel: ChannelKind, practice: Practice, now: datetime, staff_id: str
) -> Situation:
    """A patient who agreed to everything, on a line that is proven and read."""
    address = Address(channel.system, _ADDRESSES[channel], "Ann Lee")
    point = ContactPoint(channel.system, address.value)
    form = PrivacyForm(sms=Consent.ACCEPTED, email=Consent.ACCEPTED, portal=Consent.ACCEPTED)
    patient = Patient("sample", "Ann", "Lee", points=(point,), form=form)
    filled = fill(
        template,
        Occasion(
            practice, now, practice.member(staff_id), patient, sample_appointment(now, practice)
        ),
    )
    reminder = template.category is Category.REMINDER
    draft = Draft(
        channel=channel,
        line_id="",
        to=(address,),
        text=filled.text,
        subject=filled.subject if channel is ChannelKind.EMAIL else "",
        conversation_id=None if reminder else 1,
        patient_id=patient.id,
        begun_at=now,
        seen_message_id=0 if reminder else 1,
        category=template.category,
        automatic=reminder,
    )
    situation = on_a_good_line(
        draft,
        practice,
        now,
        staff_id,
        patient=patient,
        recipients=(Recipient(address, (patient,), point, Consent.ACCEPTED),),
    )
    return replace(situation, newest_inbound_at=None if reminder else now - _SOON)

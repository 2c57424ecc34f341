"""The neutral notice: that something waits in the portal, told where they look.

It names the practice, says in neutral words what waits, and how to answer without logging in. It
says nothing of anybody's health. It is sent only where a person chose so, goes through the gate
like every message, and leaves after the portal message it goes with, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from inbox.address import Address, ChannelKind
from inbox.clock import Clock
from inbox.errors import Blocked, Held, NoReplyPath
from inbox.filling import day_words, time_words
from inbox.gate import Gate, Verdict
from inbox.line import Line
from inbox.outgoing import Category, Draft
from inbox.patient import ContactPoint, Patient
from inbox.practice import Practice
from inbox.repository import OutboxRow
from inbox.rules.ways import AGREED, working_points
from inbox.situation import Situation

_DIRECT: Final = (ChannelKind.SMS, ChannelKind.EMAIL)
"""Where a notice may go, the quicker way first; whom they prefer comes before."""
_WHAT: Final = {
    Category.GENERAL: "a message",
    Category.REMINDER: "a message",
    Category.RESULT: "a document",
    Category.BILLING: "a bill",
    Category.AFTER_HOURS: "a message",
}
_HOW_TO_STOP: Final = "TW27"
"""The rule that wants the first text to a number to say how texts are stopped."""
_MEDIA: Final = {ChannelKind.SMS: "text", ChannelKind.EMAIL: "e-mail"}


@dataclass(frozen=True, slots=True)
class Notice:
    """The notice that would go with a portal message."""

    draft: Draft | None
    """None: there is none; `why_not` says why."""
    why_not: str = ""
    """One sentence."""
    verdict: Verdict | None = None
    """What the gate says of it right now."""

    @property
    def leaves(self) -> bool:
        """Whether it would be queued: the gate neither blocks nor holds it."""
        verdict = self.verdict
        return self.draft is not None and not (verdict and (verdict.blocked or verdict.held))


@dataclass(frozen=True, slots=True)
class Sent:
    """A portal message that was queued, and its notice."""

    row: OutboxRow
    notice: OutboxRow | None = None
    why_not: str = ""
    """Why there is no notice, in one sentence; empty when there is one."""


class Counter(Protocol):
    """What noticing needs of the desk (`inbox.desk.Desk`)."""

    practice: Practice
    clock: Clock

    async def situation(self, draft: Draft) -> Situation:
        """All facts about a draft."""
        ...

    async def send(
        self, draft: Draft, because: str = "", *, undo: bool = True, after: int | None = None
    ) -> OutboxRow:
        """Queue a draft."""
        ...


class Noticing:
    """Sends portal messages with a notice beside them; reached as `Desk.noticing`."""

    def __init__(self, desk: Counter, gate: Gate) -> None:
        """Work for `desk`; `gate` says what may leave."""
        self._desk = desk
        self._gate = gate

    async def plan(self, situation: Situation) -> Notice:
        """The notice that would go with a portal message, as things stand.

        Args:
            situation: Of the portal message.
        """
        draft, patient = situation.draft, situation.patient
        if draft.channel is not ChannelKind.PORTAL:
            return Notice(None, "A notice goes with a portal message only.")
        if patient is None:
            return Notice(None, "There is no notice: nobody knows yet whom it is about.")
        if patient.form.confidential is not None:
            return Notice(
                None, "There is no notice: they asked to be written to at one place only."
            )
        for channel, to in ways_to_tell(draft, patient, self._desk.clock(), self._desk.practice):
            found = await self._for(situation, channel, to)
            if found is not None:
                return found
        return Notice(None, "There is no notice: they agreed to no text and no e-mail.")

    async def send(self, draft: Draft, because: str = "", *, undo: bool = True) -> Sent:
        """Queue a portal message, and its notice right after it.

        What holds the notice keeps the message from nothing: it leaves alone, and why is said.

        Args:
            draft: The portal message.
            because: The reason for sending it in spite of what holds it; none covers the notice.
            undo: False leaves no time to take them back.

        Raises:
            Blocked, Held: as `Desk.send` does, for the portal message; then nothing is queued.
        """
        row = await self._desk.send(draft, because, undo=undo)
        kept = replace(row.draft, conversation_id=row.conversation_id)
        notice = await self.plan(await self._desk.situation(kept))
        if notice.draft is None:
            return Sent(row, None, notice.why_not)
        try:
            beside = await self._desk.send(notice.draft, undo=undo, after=row.id)
        except (Blocked, Held, NoReplyPath) as error:
            return Sent(row, None, f"There is no notice: {error.sentence}")
        return Sent(row, beside)

    async def _for(self, situation: Situation, channel: ChannelKind, to: Address) -> Notice | None:
        """The notice by one way; None where no line of ours leads there or they did not agree."""
        message = situation.draft
        bare = Draft(
            channel=channel,
            line_id="",
            to=(to,),
            text="",
            conversation_id=message.conversation_id,
            patient_id=message.patient_id,
            begun_at=self._desk.clock(),
            seen_message_id=max(message.seen_message_id, situation.newest_inbound_id),
            confidential=message.confidential,
            send_at=message.send_at,
        )
        facts = await self._desk.situation(bare)
        if facts.plan is None or any(one.consent not in AGREED for one in facts.recipients):
            return None
        practice = self._desk.practice
        text = notice_words(message, channel, practice, facts.plan.line, facts.leaves_at)
        subject = f"A message from {practice.name}" if channel is ChannelKind.EMAIL else ""
        draft = replace(facts.draft, text=text, subject=subject)
        verdict = self._gate.examine(replace(facts, draft=draft))
        stop = next((one for one in verdict.findings if one.rule == _HOW_TO_STOP and one.fix), None)
        if stop is not None and stop.fix is not None and stop.fix.text is not None:
            draft = replace(draft, text=stop.fix.text)
            verdict = self._gate.examine(replace(facts, draft=draft))
        return Notice(draft, verdict=verdict)


def notice_words(
    message: Draft, channel: ChannelKind, practice: Practice, line: Line, leaves_at: datetime
) -> str:
    """What a notice says: nothing that anybody beside them may not read.

    Args:
        message: The portal message; only its category and whether files go with it count.
        channel: The notice's own.
        practice: For its name and hours.
        line: The line that the notice leaves from, and that answers come to.
        leaves_at: When it leaves (aware).
    """
    what = "a document" if message.attachments else _WHAT[message.category]
    return (
        f"{practice.name}: {what} waits for you in our patient portal."
        f" You need not log in to answer: reply to this {_MEDIA[channel]}"
        f" and the front desk sees it {_seen(practice, line, leaves_at)}."
    )


def ways_to_tell(
    message: Draft, patient: Patient, now: datetime, practice: Practice
) -> list[tuple[ChannelKind, Address]]:
    """The direct ways to whoever reads the portal message, the one they prefer first.

    A proxy who reads it is told at their own address, and the patient's preference is not theirs.
    """
    day = now.astimezone(practice.timezone).date()
    keys = {address.key for address in message.to}
    proxy = next(
        (
            one
            for one in patient.proxies_on(day)
            if any(point.address.key in keys for point in one.points)
        ),
        None,
    )
    own = any(point.address.key in keys for point in patient.points)
    ours = {line.channel for line in practice.lines}
    preferred = patient.preferred_channel if proxy is None or own else None
    found = []
    for channel in sorted(_DIRECT, key=lambda one: one is not preferred):
        if channel not in ours:
            continue
        if proxy is None or own:
            points: Sequence[ContactPoint] = working_points(patient, channel.system)
            name = patient.name
        else:
            # Not the child's phone for what was written to the mother.
            points = working_points(replace(patient, points=proxy.points), channel.system)
            name = proxy.name
        if points:
            found.append((channel, Address(points[0].system, points[0].value, name)))
    return found


def _seen(practice: Practice, line: Line, leaves_at: datetime) -> str:
    """Until when an answer is seen, as patients read it: `by 5:00 PM`."""
    hours, country = practice.hours_of(line.id), practice.country
    today = leaves_at.astimezone(practice.timezone).date()
    closes = hours.closes_at(leaves_at)
    if closes is not None:
        return f"by {time_words(closes.astimezone(practice.timezone), country)}"
    opens = hours.next_opening(leaves_at)
    if opens is None:
        return "when we open again"
    local = opens.astimezone(practice.timezone)
    ahead = (local.date() - today).days
    near = {0: "today", 1: "tomorrow"}.get(ahead, f"on {local:%A}" if ahead < 7 else "")
    day = near or f"on {day_words(local.date(), today, country)}"
    return f"{day} from {time_words(local, country)}"

"""Planning a call: all that is to be known before it is made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.call_plan import (
    OF_THE_LINE,
    CallNumber,
    CallPlan,
    choose_number,
    numbers_of,
    watchable_lines,
    ways_of,
)
from inbox.call_script import (
    direct_words,
    heads_up_words,
    here_words,
    likely_until,
    may_tell_words,
    voicemail_script,
)
from inbox.channel import Capabilities
from inbox.clock import Clock
from inbox.consent import voicemail_at
from inbox.errors import NotFound
from inbox.finding import Finding
from inbox.gate import Gate, Verdict
from inbox.keeping import Promises
from inbox.line import Line
from inbox.message import Direction, Message, MessageKind
from inbox.number import number_words
from inbox.outgoing import Call, Draft
from inbox.patient import Patient, VoicemailConsent
from inbox.practice import Practice, StaffMember
from inbox.repository import Repository
from inbox.rules.leaving import places
from inbox.situation import Situation

_LOOKED_THROUGH: Final = 50


class Telephone(Protocol):
    """What calling needs of the desk (`inbox.desk.Desk`)."""

    repository: Repository
    practice: Practice
    member: StaffMember
    clock: Clock
    promises: Promises

    async def situation(self, draft: Draft) -> Situation:
        """All facts about a draft."""
        ...

    async def proven_lines(self) -> frozenset[str]:
        """Ids of the lines that are known to receive."""
        ...

    def capabilities(self, line_id: str) -> Capabilities:
        """What the channel of a line can do."""
        ...


class CallPlanning:
    """Gathers what a caller has to know; pure facts, nothing is changed."""

    def __init__(self, desk: Telephone, gate: Gate) -> None:
        """Plan on behalf of `desk`."""
        self._desk = desk
        self._gate = gate
        self._repository = desk.repository
        self._practice = desk.practice

    async def prepare(self, about: int | str, number: str = "") -> CallPlan:
        """All that is to be known before calling somebody.

        Args:
            about: A conversation, or a patient's id.
            number: The one to call (E.164); empty: the one that was dialled already and whose call
                nobody has spoken of yet, else the likeliest one.

        Raises:
            NotFound: no such conversation or patient, no number to call, or no phone line.
        """
        draft, patient, called = await self._begun(about)
        number = number or await self._dialled(draft)
        now = self._desk.clock()
        today = now.astimezone(self._practice.timezone).date()
        known = numbers_of(patient, today) if patient is not None else []
        wanted = Address(AddressSystem.PHONE, number, draft.subject) if number else None
        chosen, others = choose_number(known, wanted, called)
        if chosen is None:
            raise NotFound(
                "No number is known to call.",
                "Give one, or add it to the patient's contact points.",
            )
        line, used = await self._line(draft)
        person = patient.name if patient is not None else draft.subject
        to = replace(chosen.address, name=person or chosen.address.name)
        draft = replace(draft, to=(to,), line_id=line.id, line_chosen=True, subject="", call=Call())
        proven = await self._desk.proven_lines()
        watchable = watchable_lines(self._practice, proven, patient, used)
        return await self._planned(draft, patient, chosen, others, line, watchable)

    async def _begun(self, about: int | str) -> tuple[Draft, Patient | None, Address | None]:
        """A draft without a number; its subject is whom it is to, while nobody is chosen."""
        now = self._desk.clock()
        if isinstance(about, str):
            patient = await self._repository.patients.get(about)
            return (
                Draft(ChannelKind.PHONE, "", (), "", patient_id=about, begun_at=now),
                patient,
                None,
            )
        row = await self._repository.conversations.row(about)
        newest = await self._repository.conversations.messages(row.id, limit=_LOOKED_THROUGH)
        found: Patient | None = None
        if row.patient_id is not None:
            with suppress(NotFound):
                found = await self._repository.patients.get(row.patient_id)
        answered = next((one for one in reversed(newest) if _called_us(one)), None)
        called = answered.sender if answered is not None else None
        if called is None and found is None and row.person_address.startswith("+"):
            called = Address(AddressSystem.PHONE, row.person_address, row.person)
        draft = Draft(
            ChannelKind.PHONE,
            "",
            (),
            "",
            subject=row.title,
            conversation_id=row.id,
            answers=answered.id if answered is not None else None,
            patient_id=row.patient_id,
            begun_at=now,
            seen_message_id=max((one.id for one in newest), default=0),
            confidential=any(one.confidential for one in newest),
        )
        return draft, found, called

    async def _dialled(self, draft: Draft) -> str:
        """The number of the call that waits for its log; empty when none does."""
        if draft.conversation_id is None:
            return ""
        waiting = await self._repository.calls.unfinished(draft.conversation_id)
        rows = (one.row for one in waiting if one.heads_up is None)
        return next((row.draft.to[0].value for row in rows if row.draft.to), "")

    async def _line(self, draft: Draft) -> tuple[Line, list[str]]:
        """The number of ours they see, and the lines the conversation has used.

        Raises:
            NotFound: the practice has no phone line.
        """
        lines = [one for one in self._practice.lines if one.channel is ChannelKind.PHONE]
        if not lines:
            raise NotFound(
                "The practice has no phone line, so no call can be logged.",
                'Add its main number: a [[line]] with channel = "phone" and provider = "manual".',
            )
        used: list[str] = []
        if draft.conversation_id is not None:
            received, sent = await self._repository.conversations.line_use(draft.conversation_id)
            used = [*received, *sent]
        return next((one for one in lines if one.id in used), lines[0]), used

    async def _planned(
        self,
        draft: Draft,
        patient: Patient | None,
        number: CallNumber,
        others: tuple[CallNumber, ...],
        line: Line,
        watchable: tuple[Line, ...],
    ) -> CallPlan:
        practice, caller, now = self._practice, self._desk.member, self._desk.clock()
        until = likely_until(now, practice)
        voicemail = voicemail_at(patient, (number.address,))
        situation = await self._desk.situation(draft)
        dials = self._desk.capabilities(line.id).sends and bool(caller.direct_line)
        script = self._script(situation, voicemail, until, watchable)
        draft = replace(draft, text=script)
        situation = replace(situation, draft=replace(draft, line_id=line.id))
        phones_until = practice.hours.open_until(now)
        left = int((phones_until - now).total_seconds() // 60) if phones_until else 0
        return CallPlan(
            draft=draft,
            situation=situation,
            person=draft.to[0].name or number_words(draft.to[0].value),
            patient=patient,
            number=number,
            others=others,
            line=line,
            dials=dials,
            voicemail=voicemail,
            may_tell=may_tell_words(patient),
            quiet=not practice.quiet.allows(now, places(situation)),
            phones_until=phones_until,
            minutes_left=left,
            caller=caller,
            script=script,
            until=until,
            watchable=watchable,
            ways=ways_of(practice, caller, patient, number, watchable),
            heads_up=heads_up_words(practice, caller, patient, now),
            findings=without(self._gate.examine(situation), () if dials else OF_THE_LINE),
            kept=await self._repository.drafts.load(key_of(draft), self._desk.member.id),
        )

    def _script(
        self,
        situation: Situation,
        voicemail: VoicemailConsent,
        until: datetime,
        watchable: Sequence[Line],
    ) -> str:
        """What to say to a voicemail: as much as the form allows, and a way to answer."""
        practice, caller = self._practice, self._desk.member
        ways = [direct_words(caller)] if caller.direct_line else []
        closed = not practice.hours.is_open(situation.now)
        if not ways or closed:
            ways += [here_words(until, watchable[0], practice)] if watchable else []
        way = " ".join(ways)
        said = voicemail_script(practice, caller, situation.patient, voicemail, way)
        draft = replace(situation.draft, text=said)
        found = self._gate.examine(replace(situation, draft=draft)).findings
        if any(one.rule == "TW17" for one in found):
            # The practice's own name says what it is about: “Lakeside Cancer Center”.
            return voicemail_script(
                practice, caller, situation.patient, voicemail, way, named=False
            )
        return said


def _called_us(message: Message) -> bool:
    return message.direction is Direction.INBOUND and message.kind in {
        MessageKind.CALL,
        MessageKind.VOICEMAIL,
    }


def without(verdict: Verdict, left_out: Collection[str]) -> tuple[Finding, ...]:
    """What the gate says, without some rules."""
    return tuple(one for one in verdict.findings if one.rule not in left_out)


def key_of(draft: Draft) -> str:
    """The key a log that is being filled in is kept under; never that of a written answer."""
    if draft.conversation_id is not None:
        return f"call-c{draft.conversation_id}"
    return f"call-p{draft.patient_id or ''}"

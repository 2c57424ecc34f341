"""Calling: what is to be known before a call, dialling it, and keeping what became of it.

A call is a message of its conversation, through the outbox like any other: dialled from here it is
sent with a permit; made by hand it is a row that was settled when it was made. A message that was
left is kept only with a way to answer it, and a log whose heads-up has not left is not finished.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from inbox.address import Address, ChannelKind
from inbox.call_plan import OF_THE_LINE, OF_THE_LOG, CallPlan, completed, said_too_little
from inbox.call_planning import CallPlanning, Telephone, key_of, without
from inbox.drafting import Drafting
from inbox.errors import Blocked, Held, NotFound, TwowayError
from inbox.finding import Finding, Severity
from inbox.gate import Gate, Verdict
from inbox.message import MessageStatus
from inbox.number import number_words
from inbox.outgoing import Call, Draft, WayBack
from inbox.patient import Patient
from inbox.repository import OutboxRow
from inbox.situation import Situation
from inbox.storage.call import OpenCall
from inbox.storage.outbox import NewOutbox

_MAY_RING: Final = timedelta(minutes=10)
"""How long a call that was dialled, and not logged yet, may still be going on."""
_RINGS: Final = frozenset(
    {MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.UNKNOWN}
)


class Calling:
    """What a staff member does on the telephone, under their own name; `Desk.calling`."""

    def __init__(self, desk: Telephone, gate: Gate, drafting: Drafting) -> None:
        """Call on behalf of `desk`."""
        self._desk = desk
        self._gate = gate
        self._drafting = drafting
        self._repository = desk.repository
        self._practice = desk.practice
        self._planning = CallPlanning(desk, gate)

    # ------------------------------------------------------------ before the call

    async def prepare(self, about: int | str, number: str = "") -> CallPlan:
        """All that is to be known before calling somebody.

        Args:
            about: A conversation, or a patient's id.
            number: The one to call (E.164); empty: the one that was dialled already and whose call
                nobody has spoken of yet, else the likeliest one.

        Raises:
            NotFound: no such conversation or patient, no number to call, or no phone line.
        """
        return await self._planning.prepare(about, number)

    # ------------------------------------------------------------ the call

    async def dial(self, plan: CallPlan, because: str = "") -> OutboxRow:
        """Ring the caller's own phone, then theirs. It leaves like every message, and at once.

        Raises:
            Blocked, Held: as for `Desk.send`.
            TwowayError: calls on this line are made by hand, or their phone is ringing already.
        """
        if not plan.dials:
            raise TwowayError(
                f"Calls from {number_words(plan.line.address)} are made by hand.",
                f"Dial {number_words(plan.number.address.value)} on your phone, then log the call.",
            )
        await self._check_ringing(plan)
        situation = await self._desk.situation(replace(plan.draft, call=Call()))
        verdict = self._gate.examine(situation)
        new = await self._checked(situation, verdict, because, self._desk.clock())
        row = await self._repository.outbox.enqueue(new)
        await self._audit("call", row)
        return row

    # ------------------------------------------------------------ after it

    def against(self, plan: CallPlan, draft: Draft) -> tuple[Finding, ...]:
        """What speaks against keeping a log as it is; pure, to be asked at every key."""
        draft = completed(draft, plan, self._practice)
        situation = replace(plan.situation, draft=draft, now=self._desk.clock())
        return tuple(
            one for one in self._gate.examine(situation).findings if one.rule in OF_THE_LOG
        )

    def promised_words(self, plan: CallPlan, draft: Draft) -> str:
        """What a log promises by its words and its ways; empty when nothing. Pure."""
        draft = completed(draft, plan, self._practice)
        situation = replace(plan.situation, draft=draft, now=self._desk.clock())
        found = self._gate.examine(situation).findings
        return next((one.reason for one in found if one.rule == "TW14"), "")

    def completed(self, plan: CallPlan, draft: Draft) -> Draft:
        """The log with the words of the chosen ways in it."""
        return completed(draft, plan, self._practice)

    async def log(self, plan: CallPlan, draft: Draft, because: str = "") -> OutboxRow:
        """Keep what became of a call; its heads-up is queued, its promise is watched.

        Args:
            plan: What was known before the call.
            draft: The call with its outcome; `outbox_id` names the row it was dialled by, if any.
            because: The reason for a heads-up that is held.

        Raises:
            Blocked: there is no way to answer, or the form does not allow what was left.
            Held: the heads-up is held.
            TwowayError: something is missing, or another number was dialled.
            Stale: it was logged already.
        """
        await self._check_number(draft)
        draft = self._promised(completed(draft, plan, self._practice))
        found = self.against(plan, draft)
        if found and found[0].severity is Severity.BLOCK:
            raise Blocked(found[0].reason, found[0].fix.label if found[0].fix else "", found)
        missing = said_too_little(draft, plan)
        if missing:
            raise TwowayError(missing, "Then save it again.")
        call, now = draft.call or Call(), self._desk.clock()
        heads_up = None
        if WayBack.SERVICE in call.ways and not call.heads_up_sent:
            heads_up = await self._heads_up(call.heads_up, because)
        situation = await self._desk.situation(replace(draft, outbox_id=None))
        verdict = self._gate.examine(situation)
        new = await self._drafting.outbox_row(
            situation, Verdict(without(verdict, () if plan.dials else OF_THE_LINE)), because,
            now=now, not_before=now,
        )  # fmt: skip
        status = MessageStatus.DELIVERED if call.answers else MessageStatus.SENT
        async with self._repository.batch():
            row = await self._repository.calls.log(
                replace(new, status=status), dialled=draft.outbox_id, heads_up=heads_up
            )
            await self._repository.drafts.delete(key_of(draft), self._desk.member.id)
            await self._audit("log call", row, f", {call.outcome.value if call.outcome else ''}")
            await self._desk.promises.sent(row)
        return row

    async def _check_ringing(self, plan: CallPlan) -> None:
        """Let no phone ring twice because two people, or two windows, call the same number.

        Raises:
            TwowayError: it was dialled a moment ago, and nobody said how that call ended.
        """
        to = plan.number.address
        rows = await self._repository.outbox.recent_to((to,), self._desk.clock() - _MAY_RING)
        for row in rows:
            call = row.draft.call
            if call is not None and call.outcome is None and row.status in _RINGS:
                raise TwowayError(
                    f"{number_words(to.value)} was dialled already: nobody said how that ended.",
                    "Log that call first; then it can be dialled again.",
                )

    async def _check_number(self, draft: Draft) -> None:
        """Let the log of a dialled call be that of the number that was dialled.

        The form allows one thing at one number and another at the next, and a number is marked as
        wrong by what is logged of it.

        Raises:
            TwowayError: another number was dialled.
        """
        if draft.outbox_id is None:
            return
        row = await self._repository.outbox.get(draft.outbox_id)
        dialled = next(iter(row.draft.to), None)
        if dialled is not None and dialled.key not in {one.key for one in draft.to}:
            raise TwowayError(
                f"{number_words(dialled.value)} was dialled, and nobody said how that call ended.",
                "Log that call first.",
            )

    def _promised(self, draft: Draft) -> Draft:
        """The log with all it promises, each once."""
        draft = self._desk.promises.confirmed(draft)
        spoken = {
            (one.kind, one.due.replace(second=0, microsecond=0))
            for one in draft.promises
            if one.said
        }
        return replace(
            draft,
            promises=tuple(
                one
                for one in draft.promises
                if one.said or (one.kind, one.due.replace(second=0, microsecond=0)) not in spoken
            ),
        )

    # ------------------------------------------------------------ the answering service

    async def tell_service(self, call: OpenCall, text: str, because: str = "") -> OutboxRow:
        """Send another heads-up for a call whose first one did not leave.

        Raises:
            Blocked, Held: the gate objects to it.
            Stale: the service has been told meanwhile.
        """
        row = await self._repository.calls.tell_again(
            call.row.id, await self._heads_up(text, because)
        )
        await self._audit("tell the answering service", row, f" for outbox {call.row.id}")
        return row

    async def unfinished(self, conversation_id: int) -> list[OpenCall]:
        """Calls of a conversation whose log is not finished, the latest first."""
        return await self._repository.calls.unfinished(conversation_id)

    async def check_closing(self, conversation_id: int) -> None:
        """Let no conversation be closed while the log of a call is not finished.

        Raises:
            TwowayError: one is not.
        """
        for one in await self.unfinished(conversation_id):
            if one.heads_up is None:
                raise TwowayError(
                    "It cannot be closed: nobody said how a call ended.",
                    "Say it with c, or `twoway call log`.",
                )
            raise TwowayError(
                "It cannot be closed: the answering service has not been told yet.",
                "Look at the outbox, or send the heads-up again with c.",
            )

    async def _heads_up(self, text: str, because: str) -> NewOutbox:
        """The message to the answering service, checked like any other.

        Raises:
            Blocked, Held: the gate objects to it.
            TwowayError: nothing says how the service is told.
        """
        service = self._practice.answering_service
        channel = service.heads_up_channel if service is not None else None
        if service is None or channel in {None, ChannelKind.PHONE}:
            raise TwowayError(
                "Nothing says how the answering service is told in writing.",
                "Name its text number or e-mail address under heads_up, or choose another way.",
            )
        to = Address(channel.system, service.heads_up_to, "Answering service")
        now = self._desk.clock()
        told_in = await self._repository.calls.told_in(to)
        newest = 0
        if told_in is not None:
            last = await self._repository.conversations.messages(told_in, limit=1)
            newest = max((one.id for one in last), default=0)
        draft = Draft(
            channel,
            "",
            (to,),
            text.strip(),
            subject=f"{self._practice.name}: a call may come back"
            if channel is ChannelKind.EMAIL
            else "",
            conversation_id=told_in,
            begun_at=now,
            seen_message_id=newest,
        )
        situation = await self._desk.situation(draft)
        return await self._checked(situation, self._gate.examine(situation), because, now)

    # ------------------------------------------------------------ what was filled in so far

    async def keep(self, draft: Draft) -> None:
        """Keep a log that is being filled in safe from crashes."""
        await self._repository.drafts.save(
            key_of(draft), self._desk.member.id, draft, self._desk.clock()
        )

    async def drop(self, draft: Draft) -> None:
        """Forget a log that is not to be kept."""
        await self._repository.drafts.delete(key_of(draft), self._desk.member.id)

    async def not_theirs(self, plan: CallPlan) -> Patient:
        """Mark the number as no longer the patient's, and say so in a note.

        Raises:
            NotFound: it is none of theirs, or nobody knows whom it is about.
            Stale: the patient changed meanwhile.
        """
        from inbox.forms import Forms
        from inbox.reaching import mark_old

        desk, number = self._desk, plan.number.address.value
        if plan.patient is None:
            raise NotFound("Nobody knows whose number this is.", "Link the conversation first.")
        patient = await self._repository.patients.get(plan.patient.id)
        changed = mark_old(patient, number)
        forms = Forms(self._repository, self._practice, desk.clock, desk.member)
        async with self._repository.batch():
            await forms.take([(changed, patient)], "wrong number, on the phone")
            if plan.draft.conversation_id is not None:
                await self._repository.conversations.add_note(
                    plan.draft.conversation_id,
                    desk.member.id,
                    f"Wrong number: {number_words(number)} is no longer theirs. Ask the patient for"
                    " their new number another way.",
                    desk.clock(),
                )
        return changed

    # ------------------------------------------------------------ inside

    async def _checked(
        self, situation: Situation, verdict: Verdict, because: str, now: datetime
    ) -> NewOutbox:
        """The row of a checked draft.

        Raises:
            Blocked, Held.
        """
        if verdict.blocked or situation.plan is None:
            first = verdict.findings[0] if verdict.findings else None
            raise Blocked(
                first.reason if first else situation.plan_problem,
                f"{first.fix.label}." if first and first.fix else "",
                verdict.findings,
            )
        if verdict.held and not because.strip():
            raise Held(
                verdict.findings[0].reason,
                "Give a reason to send it all the same.",
                verdict.findings,
            )
        return await self._drafting.outbox_row(
            situation, verdict, because.strip(), now=now, not_before=now
        )

    async def _audit(self, action: str, row: OutboxRow, more: str = "") -> None:
        await self._repository.audit.add(
            self._desk.member.id,
            action if not row.because else f"{action} in spite of a hold",
            self._desk.clock(),
            patient_id=row.draft.patient_id or "",
            detail=f"outbox {row.id}{more}" + (f": {row.because}" if row.because else ""),
        )

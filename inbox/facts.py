"""Gathering the facts: which line a draft would leave from and all that the rules look at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.atlas import places_of
from inbox.capability import Capabilities
from inbox.consent import consent_for, wrote_first
from inbox.errors import NoReplyPath, NotFound
from inbox.message import Message, MessageStatus
from inbox.outgoing import Draft
from inbox.patient import Consent, Patient
from inbox.practice import Practice
from inbox.quiet import Place
from inbox.reply_path import Plan, Proof, SenderFacts, choose_sender, derive_proof
from inbox.repository import Repository
from inbox.situation import Earlier, Recipient, Situation
from inbox.storage.reminder import Reached

if TYPE_CHECKING:
    from inbox.portal_reply import ReplyWord

_RECENT = timedelta(minutes=10)
_MOST_RECIPIENTS = 50
"""More recipients than a person writes to by hand are not looked up one by one."""


class Facts:
    """Reads from the repository what the pure rules need."""

    def __init__(
        self,
        repository: Repository,
        practice: Practice,
        capabilities: Callable[[str], Capabilities | None] | None = None,
    ) -> None:
        """Read from `repository` on behalf of `practice`.

        `capabilities` tells what the channel of a line can do right now, None when it is not known.
        """
        self._repository = repository
        self._practice = practice
        self._capabilities = capabilities or _unknown

    async def proofs(self, now: datetime) -> dict[str, Proof]:
        """What is known of every line's reply path, by line id."""
        evidence = await self._repository.lines.evidence()
        return {line.id: derive_proof(line.id, evidence, now) for line in self._practice.lines}

    async def plan(self, draft: Draft, now: datetime) -> Plan:
        """The line a draft leaves from.

        Raises:
            NoReplyPath: there is none; nothing else takes its place.
        """
        received, sent = await self._line_use(draft)
        channel_lines = {line.id for line in self._practice.lines if line.channel is draft.channel}
        known = {line.id: line.channel for line in self._practice.lines}
        return choose_sender(
            SenderFacts(
                channel=draft.channel,
                lines=self._practice.lines,
                proofs=await self.proofs(now),
                # A line of another channel says nothing here; a line that is gone must be told.
                received_on=tuple(
                    id_ for id_ in received if id_ in channel_lines or id_ not in known
                ),
                sent_from=tuple(id_ for id_ in sent if id_ in channel_lines),
                wanted=draft.line_id if draft.line_chosen else "",
            )
        )

    async def situation(self, draft: Draft, now: datetime, staff_id: str) -> Situation:
        """Everything the rules look at, as it is now, with the draft's line set by the plan.

        A row that is queued keeps its line: for it (`draft.outbox_id`) the plan is that line.
        Whom the draft is about is what its conversation says now, whatever was true when it was
        begun.
        """
        await self.holidays(now)
        draft = replace(draft, patient_id=await self.about(draft))
        if draft.outbox_id is not None:
            draft = replace(draft, line_chosen=True)
        plan, problem = None, ""
        try:
            plan = await self.plan(draft, now)
        except NoReplyPath as error:
            problem = str(error)
        if plan is not None:
            draft = replace(draft, line_id=plan.line.id)
        health = await self._repository.lines.health()
        newest = (
            await self._repository.conversations.newest_inbound(draft.conversation_id)
            if draft.conversation_id is not None
            else None
        )
        reached = await self._reached(draft, now)
        capabilities = self._capabilities(plan.line.id) if plan else None
        word = await self._reply_word(draft, plan, capabilities, now)
        return Situation(
            draft=draft,
            practice=self._practice,
            now=now,
            staff_id=staff_id,
            plan=plan,
            plan_problem=problem,
            health=health.get(plan.line.id) if plan else None,
            patient=await self._patient(draft.patient_id),
            recipients=await self._recipients(draft, now, newest),
            newest_inbound_id=newest.id if newest else 0,
            newest_inbound_at=newest.at if newest else None,
            newest_about=await self._somebody_else(draft, newest),
            earlier=await self._earlier(draft, now),
            capabilities=capabilities,
            can_reply=word.can_reply if word else None,
            reply_words=word.words if word else "",
            automatic_today=reached.automatic_today,
            automatic_week=reached.automatic_week,
            first_contact=reached.first_contact,
        )

    async def _reply_word(
        self, draft: Draft, plan: Plan | None, capabilities: Capabilities | None, now: datetime
    ) -> ReplyWord | None:
        """Whether they can answer; asked of the portal alone, every other line takes answers."""
        if plan is None or draft.channel is not ChannelKind.PORTAL:
            return None
        from inbox.portal_reply import reply_word

        return await reply_word(self._repository, draft, plan.line.id, capabilities, now)

    async def _somebody_else(self, draft: Draft, newest: Message | None) -> Patient | None:
        """Whom a proxy asked about last, in a thread that began about another patient."""
        if newest is None or newest.channel is not ChannelKind.PORTAL or draft.patient_id is None:
            return None
        if newest.patient_id == draft.patient_id:
            return None
        return await self._patient(newest.patient_id)

    async def about(self, draft: Draft) -> str | None:
        """Whom a draft is about by now: as its queued message or its conversation says."""
        conversations = self._repository.conversations
        if draft.outbox_id is not None:
            row = await self._repository.outbox.get(draft.outbox_id)
            return (await conversations.message(row.message_id)).patient_id
        if draft.conversation_id is not None:
            return (await conversations.row(draft.conversation_id)).patient_id
        return draft.patient_id

    async def _reached(self, draft: Draft, now: datetime) -> Reached:
        """How often they were written to; asked only where a rule looks at it."""
        if not draft.automatic and draft.channel is not ChannelKind.SMS:
            return Reached()
        local = now.astimezone(self._practice.timezone)
        return await self._repository.reminders.reached(
            draft.recipients[:_MOST_RECIPIENTS],
            draft.channel,
            today=local.replace(hour=0, minute=0, second=0, microsecond=0),
            now=now,
            before=draft.outbox_id,
        )

    async def holidays(self, now: datetime) -> None:
        """Make sure that the holidays around `now` are known before a rule asks for them.

        Raises:
            ConfigurationError: the configuration names no country or holiday that is known.
        """
        hours = self._practice.hours
        if not hours.known(now):
            await asyncio.to_thread(hours.closures.prepare, now.astimezone(hours.zone).date())

    async def _line_use(self, draft: Draft) -> tuple[list[str], list[str]]:
        if draft.conversation_id is None:
            return [], []
        return await self._repository.conversations.line_use(draft.conversation_id)

    async def _patient(self, patient_id: str | None) -> Patient | None:
        if patient_id is None:
            return None
        try:
            return await self._repository.patients.get(patient_id)
        except NotFound:
            return None

    async def _recipients(
        self, draft: Draft, now: datetime, newest: Message | None
    ) -> tuple[Recipient, ...]:
        today = now.astimezone(self._practice.timezone).date()
        about = await self._patient(draft.patient_id)
        found = []
        shown = draft.recipients[:_MOST_RECIPIENTS]
        said = await self._repository.consents.current(shown)
        doubts = await self._repository.signals.open_at(shown)
        for address in shown:
            patients = [
                patient
                for patient in await self._repository.patients.by_address(address)
                if patient.point_at(address, today) is not None
            ]
            if address.system is AddressSystem.PORTAL:
                patients = await self._called(address, draft.line_id, patients)
            # An address that is no longer theirs belongs to nobody, but that it was theirs counts.
            holders = [*patients, *([about] if about is not None else [])]
            points = (patient.point_at(address, today) for patient in holders)
            entry = said.get((address.key, draft.channel))
            consent = consent_for(
                draft.channel, entry, patients, draft.patient_id, self._practice.timezone
            )
            wrote = wrote_first(address, draft.channel, newest)
            if consent is Consent.UNKNOWN and wrote:
                consent = Consent.IMPLIED
            found.append(
                Recipient(
                    address,
                    tuple(patients),
                    next((point for point in points if point is not None), None),
                    consent,
                    await self._places(address, patients),
                    proxies_share=any(
                        point.address.key == address.key
                        for patient in patients
                        for proxy in patient.proxies_on(today)
                        for point in proxy.points
                    ),
                    wrote_at=newest.at if wrote and newest is not None else None,
                    doubts=doubts.get(address.key, frozenset()),
                )
            )
        return tuple(found)

    async def _called(self, address: Address, line_id: str, known: list[Patient]) -> list[Patient]:
        """Those of a portal's account, and those whom the portal is known to call so."""
        from inbox.matching import is_called

        line = self._practice.line(line_id)
        server = line.address.rstrip("/") if line is not None else ""
        aliases = [address.value, f"{server}/{address.value}"]
        called = [
            one
            for one in await self._repository.patients.by_alias(aliases)
            if is_called(one, address.value, server)
        ]
        return list({one.id: one for one in (*known, *called)}.values())

    async def _places(self, address: Address, patients: list[Patient]) -> tuple[Place, ...]:
        if address.system is not AddressSystem.PHONE:
            return ()
        # The first number takes a moment: what is known of numbers is large.
        return await asyncio.to_thread(
            places_of, address, patients, self._practice.atlas, self._practice.place
        )

    async def _earlier(self, draft: Draft, now: datetime) -> tuple[Earlier, ...]:
        addresses: tuple[Address, ...] = draft.recipients[:_MOST_RECIPIENTS]
        rows = await self._repository.outbox.recent_to(addresses, now - _RECENT)
        return tuple(
            Earlier(row.id, row.created_at, row.status, _same(row.draft, draft))
            for row in rows
            if row.id != draft.outbox_id and row.status is not MessageStatus.CANCELLED
        )


def _unknown(_: str) -> Capabilities | None:
    """Nobody says what lines can do."""


def _same(one: Draft, other: Draft) -> bool:
    return one.text.split() == other.text.split() and {a.key for a in one.recipients} == {
        a.key for a in other.recipients
    }

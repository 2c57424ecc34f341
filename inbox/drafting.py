"""Drafting: whom an answer goes to, what it answers, and what the outbox keeps of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from inbox.address import Address, ChannelKind
from inbox.conversation import ConversationRow
from inbox.errors import Blocked, NotFound
from inbox.finding import Severity
from inbox.gate import Verdict
from inbox.message import Direction, Message
from inbox.outgoing import Draft
from inbox.patient import Consent, Patient, PointHealth, PointUse, Proxy
from inbox.practice import Practice
from inbox.promise import NewPromise
from inbox.repository import NewOutbox, Repository
from inbox.situation import Situation
from inbox.words import proof_words

_LOOKED_THROUGH: Final = 50
"""How many of the latest messages are looked through for the one to answer."""
_MOST_REFERENCES: Final = 40
_WRITTEN: Final = (ChannelKind.SMS, ChannelKind.EMAIL, ChannelKind.PORTAL)
"""Channels that carry words; who called is most likely to have a telephone at hand."""

_NEWS: Final = "TW31"
"""The rule that holds when they wrote again."""


def answered_for(situation: Situation, holding: frozenset[str]) -> tuple[Draft, frozenset[str]]:
    """The draft as a person lets it go, and the holding rules that their reason is good for.

    A reason for answering in spite of newer words covers the words that were there, not what is
    written after that.
    """
    draft = situation.draft
    if _NEWS in holding:
        draft = replace(draft, covered_message_id=situation.newest_inbound_id)
    return draft, holding - {_NEWS}


class Drafting:
    """Makes drafts, and turns a checked draft into an outbox row."""

    def __init__(self, repository: Repository, practice: Practice) -> None:
        """Read from `repository` on behalf of `practice`."""
        self._repository = repository
        self._practice = practice

    async def reply(
        self, conversation_id: int, channel: ChannelKind | None, now: datetime
    ) -> Draft:
        """A draft that answers a conversation, without a line yet.

        It goes to whoever wrote last: their Reply-To, else their From (RFC 5322 section 3.6.2),
        never to ourselves. Cc is kept empty: a practice answers the person. Without a channel it
        goes the way they were spoken to last; whoever called is written to.

        Raises:
            NotFound: no such conversation, or nobody to answer on that channel.
        """
        row = await self._repository.conversations.row(conversation_id)
        newest = await self._repository.conversations.messages(row.id, limit=_LOOKED_THROUGH)
        channel = channel or await self._in_writing(row, newest, now)
        answered = _to_answer(newest, channel)
        to = self._answer_to(answered) if answered else ()
        if not to:
            to = await self._known_address(row, channel, newest, now)
        if not to:
            raise NotFound(
                f"There is nobody to answer by {channel.words} here.",
                "Choose another channel, or add a contact point to the patient.",
            )
        return Draft(
            channel=channel,
            line_id="",
            to=to,
            text="",
            subject=_reply_subject(_subject(answered, row)),
            conversation_id=row.id,
            answers=answered.id if answered else None,
            patient_id=row.patient_id,
            begun_at=now,
            seen_message_id=max((message.id for message in newest), default=0),
            confidential=any(message.confidential for message in newest),
        )

    async def begin(
        self, to: Address, channel: ChannelKind, patient_id: str | None, now: datetime
    ) -> Draft:
        """A draft that begins a conversation, without a line yet."""
        if patient_id is None:
            today = now.astimezone(self._practice.timezone).date()
            patients = [
                patient
                for patient in await self._repository.patients.by_address(to)
                if patient.point_at(to, today) is not None
            ]
            patient_id = patients[0].id if len(patients) == 1 else None
        return Draft(
            channel=channel,
            line_id="",
            to=(to,),
            text="",
            patient_id=patient_id,
            begun_at=now,
        )

    async def outbox_row(
        self,
        situation: Situation,
        verdict: Verdict,
        because: str,
        *,
        now: datetime,
        not_before: datetime,
        after: int | None = None,
    ) -> NewOutbox:
        """What the outbox keeps: the draft, its line, its Message-ID, the proof it relies on.

        Raises:
            Blocked: there is no line to leave from.
        """
        plan = situation.plan
        draft, overridden = answered_for(situation, verdict.holding())
        if plan is None:
            raise Blocked(situation.plan_problem, "", verdict.findings)
        answered = (
            await self._repository.conversations.message(draft.answers) if draft.answers else None
        )
        in_reply_to, thread_key = answered.message_id if answered else "", ""
        if ChannelKind.PORTAL in {draft.channel, answered.channel if answered else None}:
            # What the portal calls a message says nothing anywhere else, nor there what others do.
            answered, (in_reply_to, thread_key) = None, await self._in_portal(draft, plan.line.id)
        name = uuid.uuid4()
        domain = plan.line.address.rpartition("@")[2]
        if plan.line.channel is ChannelKind.PORTAL:
            domain = ""
        return NewOutbox(
            uuid=str(name),
            draft=draft,
            line_address=plan.line.address,
            rfc_id=f"{name.hex}@{domain or 'twoway.invalid'}",
            in_reply_to=in_reply_to,
            references=_references(answered),
            staff_id=situation.staff_id,
            because=because,
            overridden=overridden,
            findings=tuple(
                f"{finding.rule} {finding.severity.value}: {finding.reason}"
                for finding in verdict.findings
                if finding.severity is not Severity.INFO
            ),
            proof=proof_words(plan.proof, now),
            created_at=now,
            not_before=not_before,
            person=draft.to[0].name if draft.to else "",
            thread_key=thread_key,
            after=after,
            promises=tuple(
                NewPromise(
                    draft.conversation_id,
                    draft.patient_id,
                    one.owner or situation.staff_id,
                    one.kind,
                    one.said,
                    one.due,
                    now,
                )
                for one in draft.promises
            ),
        )

    async def _in_writing(
        self, row: ConversationRow, newest: Sequence[Message], now: datetime
    ) -> ChannelKind:
        """The channel of their last word; after a call the likeliest one that carries words.

        Raises:
            NotFound: they can be reached by telephone only.
        """
        last = row.channels[0] if row.channels else ChannelKind.EMAIL
        if last is not ChannelKind.PHONE:
            return last
        patient = await self._repository.patients.get(row.patient_id) if row.patient_id else None
        ours = {line.channel for line in self._practice.lines}
        liked = patient.preferred_channel if patient is not None else None
        known: list[ChannelKind] = []
        for kind in sorted(_WRITTEN, key=lambda one: one is not liked):
            to = await self._known_address(row, kind, newest, now) if kind in ours else ()
            if not to:
                continue
            known.append(kind)
            said = (await self._repository.consents.current(to)).get((to[0].key, kind))
            no = said is not None and said.consent is Consent.DECLINED
            if patient is not None:
                points = [one for one in patient.points if one.address.key == to[0].key]
                no = no or patient.form.consent(kind) is Consent.DECLINED
                no = no or any(one.health is PointHealth.BAD for one in points)
            if not no:
                return kind
        if not known:
            raise NotFound("They can be reached by telephone only.", "Call them: c.")
        # What speaks against it is said by the gate, with the ways out.
        return known[0]

    async def _in_portal(self, draft: Draft, line_id: str) -> tuple[str, str]:
        """What a draft answers and the thread it continues, as the portal names them."""
        if draft.channel is not ChannelKind.PORTAL:
            return "", ""
        from inbox.portal_reply import continued

        thread = await continued(self._repository, replace(draft, outbox_id=None), line_id)
        return thread.answers, thread.thread_key

    def _answer_to(self, answered: Message) -> tuple[Address, ...]:
        if answered.direction is Direction.OUTBOUND:
            return answered.to
        own = self._practice.own_keys
        reply_to = tuple(address for address in answered.reply_to if address.key not in own)
        if reply_to:
            return reply_to
        sender = answered.sender
        if sender is None or sender.key in own:
            return ()
        # Who has no name of their own in the portal cannot be written to by it.
        nameless = answered.channel is ChannelKind.PORTAL and "/" not in sender.value
        return () if nameless else (sender,)

    async def _known_address(
        self,
        row: ConversationRow,
        channel: ChannelKind,
        newest: Sequence[Message],
        now: datetime,
    ) -> tuple[Address, ...]:
        """Where whoever wrote can be reached on a channel: a proxy at their own, else the patient.

        Empty when nothing is known.
        """
        if row.patient_id is not None:
            patient = await self._repository.patients.get(row.patient_id)
            today = now.astimezone(self._practice.timezone).date()
            holders = [(patient.name, patient.points)]
            proxy = _proxy_who_wrote(patient, newest)
            if proxy is not None and not proxy.ended_by(today):
                holders.insert(0, (proxy.name, proxy.points))
            for name, points in holders:
                for point in sorted(points, key=lambda point: point.rank):
                    if point.system is channel.system and point.use is not PointUse.OLD:
                        return (Address(point.system, point.value, name),)
            if channel is ChannelKind.PORTAL:
                from inbox.portal_thread import references_of

                for line in self._practice.lines:
                    known = references_of(line, patient) if line.channel is channel else ()
                    if known:
                        return (Address(channel.system, known[0], patient.name),)
        if row.person_address and row.channels and row.channels[0].system is channel.system:
            return (Address(channel.system, row.person_address, row.person),)
        return ()


def _proxy_who_wrote(patient: Patient, newest: Sequence[Message]) -> Proxy | None:
    """The proxy from whose own address the last word of theirs came."""
    inbound = (one for one in reversed(newest) if one.direction is Direction.INBOUND)
    sender = next((one.sender for one in inbound if one.sender is not None), None)
    if sender is None or any(point.address.key == sender.key for point in patient.points):
        return None
    return next(
        (
            proxy
            for proxy in patient.proxies
            if any(point.address.key == sender.key for point in proxy.points)
        ),
        None,
    )


def _to_answer(newest: Sequence[Message], channel: ChannelKind) -> Message | None:
    """The latest message of a person on this channel, else the latest message on it."""
    there = [message for message in reversed(newest) if message.channel is channel]
    asked = (
        message
        for message in there
        if message.direction is Direction.INBOUND and message.nature.wants_answer
    )
    return next(asked, there[0] if there else None)


def _subject(answered: Message | None, row: ConversationRow) -> str:
    """The subject that is answered; in the portal the thread has it, and its messages need none."""
    if answered is None:
        return row.subject
    return answered.subject or (row.subject if answered.channel is ChannelKind.PORTAL else "")


def _reply_subject(subject: str) -> str:
    plain = subject.strip()
    while plain[:3].casefold() in {"re:", "aw:", "sv:"}:
        plain = plain[3:].strip()
    return f"Re: {plain}" if plain else ""


def _references(answered: Message | None) -> tuple[str, ...]:
    """References of an answer (RFC 5322 section 3.6.4): the parent's chain, then the parent."""
    if answered is None or not answered.message_id:
        return ()
    chain = answered.references or (answered.in_reply_to if len(answered.in_reply_to) == 1 else ())
    whole = tuple(dict.fromkeys((*chain, answered.message_id)))
    # The first id names the conversation; the last ones name the branch.
    return whole if len(whole) <= _MOST_REFERENCES else (whole[0], *whole[1 - _MOST_REFERENCES :])

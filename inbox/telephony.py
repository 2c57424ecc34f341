"""Filing of texts and calls: the pair of numbers they belong to, and what is told of ours."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from inbox.address import Address, AddressSystem, ChannelKind, address_key
from inbox.delivery import stopped_entry
from inbox.listening import Listening
from inbox.matching import Match, match
from inbox.message import (
    Arrival,
    DeliveryReport,
    Direction,
    Effect,
    FailedRecipient,
    Message,
    MessageKind,
    Nature,
)
from inbox.pairing import PairUse, about_by_answer, join_pair, pair_key
from inbox.patient import Patient
from inbox.practice import Practice
from inbox.reply_path import Evidence, EvidenceKind
from inbox.repository import Filed, Filing, Repository
from inbox.thread import other_end

_SAME_CALL: Final = timedelta(minutes=15)
"""How far apart the log of a call and the call as the provider lists it may begin."""
_CALLS: Final = frozenset({MessageKind.CALL, MessageKind.VOICEMAIL})


class Telephony:
    """Files what came and went over lines that are numbers."""

    def __init__(self, repository: Repository, practice: Practice, listening: Listening) -> None:
        """File into `repository` on behalf of `practice`."""
        self._repository = repository
        self._practice = practice
        self._listening = listening

    async def file(self, filing: Filing, own: frozenset[str]) -> None:
        """File one text, call, or word on a text of ours."""
        arrival = self._named(filing.arrival)
        other = other_end(arrival, filing.direction, own)
        line = self._practice.line(filing.line_id)
        pair = pair_key(line.as_address, other) if line is not None and other is not None else ""
        filing = replace(filing, arrival=replace(arrival, thread_key=pair))
        told = arrival.report if filing.direction is Direction.OUTBOUND else None
        if arrival.nature is Nature.BOUNCE and told is not None:
            # A word on a text of ours is no message of a conversation.
            filing = replace(filing, visible=False)
        else:
            filing = await self._known(filing, pair) or await self._place(filing, other, pair)
        fresh = await self._listening.is_fresh(filing.line_id, filing.at)
        if told is not None and fresh:
            filing = replace(filing, bad_points=_dead(told))
        filed = await self._repository.filing.file(filing)
        if told is not None:
            await self._stopped(told, filing, filed)
        if told is not None and fresh:
            await self._muted(told, filing)
        if filing.signs:
            await self._listening.heed(filing, filed)

    def _named(self, arrival: Arrival) -> Arrival:
        """The same, with the answering service by its name: no provider tells whose a number is."""
        service, sender = self._practice.answering_service, arrival.sender
        if service is None or sender is None or sender.name:
            return arrival
        numbers = {address_key(AddressSystem.PHONE, service.number)}
        if service.heads_up_channel is not ChannelKind.EMAIL:
            numbers.add(address_key(AddressSystem.PHONE, service.heads_up_to))
        if sender.key not in numbers:
            return arrival
        return replace(arrival, sender=replace(sender, name="Answering service"))

    async def _known(self, filing: Filing, pair: str) -> Filing | None:
        """What stands for this text or call already; None: nothing does.

        Ours is known by the name its provider gave it; while that has not reached us, by its words.
        """
        arrival, sid = filing.arrival, filing.arrival.message_id
        if not sid:
            return None
        if filing.direction is Direction.OUTBOUND:
            ours = await self._repository.filing.with_provider_id(sid)
            if ours is None and pair:
                about = await self._repository.filing.unsettled_on(pair)
                ours = next((one for one in about if _is_same(one, arrival, filing.at)), None)
            if ours is not None:
                return replace(filing, visible=False, echo_of=ours.id, provider_id=sid)
        for stored in await self._repository.filing.with_message_id(sid, filing.line_id):
            if stored.raw_id == filing.raw_id:
                continue
            before, now = stored.ending, arrival.ending
            if arrival.kind in _CALLS and before is not None and now in before.outdone_by:
                # More was learned of the call meanwhile: its recording came up.
                placed = await self._place(filing, stored.sender, pair)
                return replace(placed, replaces=stored.id)
            return replace(filing, visible=False, echo_of=stored.id)
        return None

    async def _place(self, filing: Filing, other: Address | None, pair: str) -> Filing:
        """Find whom it is about, and the conversation it joins."""
        at = filing.at
        candidates = await self._repository.patients.by_address(other) if other else []
        uses = await self._repository.filing.on_pair(pair, at) if pair else []
        joined, about, found = await self._matched(filing, other, candidates, uses)
        if joined is None and found.patient_id is not None and pair:
            waiting = await self._repository.filing.waiting_on(found.patient_id)
            joined = waiting[0] if len(waiting) == 1 else None
        reason = "answers what we wrote" if about else found.reason
        return replace(
            filing,
            conversations=() if joined is None else (joined,),
            patient_id=found.patient_id,
            match_reason=reason if found.patient_id else found.reason,
            signs=await self._listening.signs(filing, candidates),
        )

    async def _matched(
        self,
        filing: Filing,
        other: Address | None,
        candidates: Sequence[Patient],
        uses: Sequence[PairUse],
    ) -> tuple[int | None, str | None, Match]:
        """The conversation of the pair, whom it answers where several share it, whom it is about.

        Nobody is guessed: what comes from a number that several share and answers nothing goes to a
        conversation that is about nobody yet.
        """
        at, ids = filing.at, {patient.id for patient in candidates}
        day = at.astimezone(self._practice.timezone).date()
        if len(ids) > 1 and other is not None:
            about = about_by_answer(uses, at, ids)
            remembered = await self._repository.choices.of(other)
            found = match(other, candidates, about, day, remembered)
            joined = join_pair(uses, at, {found.patient_id})
            return joined, about, found
        former = frozenset[str]()
        if not ids and other is not None and filing.direction is Direction.INBOUND:
            former = await self._repository.patients.formerly(other, at)
            # Whoever has the number now takes no part in what was said to the one before.
            uses = [use for use in uses if use.patient_id is None or use.patient_id not in former]
        joined = join_pair(uses, at, {None, *ids} if ids else None)
        about = next(
            (use.patient_id for use in uses if use.conversation_id == joined and use.patient_id),
            None,
        )
        return joined, None, match(other, candidates, about, day, None, former=bool(former))

    async def _stopped(self, report: DeliveryReport, filing: Filing, filed: Filed) -> None:
        """Keep that somebody told the carrier to stop texts from us."""
        entries = [
            stopped_entry(address, filing.at, filed.message_id)
            for address, _ in _with(report, Effect.STOPPED)
            if not self._listening.took_back(address, filing.at)
        ]
        if entries:
            await self._repository.consents.add(entries)

    async def _muted(self, report: DeliveryReport, filing: Filing) -> None:
        """Keep that the carriers do not take the line's own number as a sender."""
        for _, word in _with(report, Effect.MUTE):
            why = f"the carriers refuse this sender: {word.diagnostic}"
            await self._repository.lines.add_evidence(
                Evidence(filing.line_id, EvidenceKind.SENDER_REFUSED, filing.at, why)
            )


def _dead(report: DeliveryReport) -> tuple[tuple[Address, str], ...]:
    return tuple((address, word.diagnostic) for address, word in _with(report, Effect.DEAD))


def _with(report: DeliveryReport, effect: Effect) -> list[tuple[Address, FailedRecipient]]:
    system = ChannelKind.SMS.system
    return [
        (Address(system, word.address), word)
        for word in report.recipients
        if word.effect is effect and word.address
    ]


def _is_same(ours: Message, arrival: Arrival, at: datetime) -> bool:
    """Whether what a provider lists is a message of ours whose name we do not know yet."""
    if arrival.kind in _CALLS:
        return ours.kind in _CALLS and abs(at - ours.at) <= _SAME_CALL
    return ours.kind is arrival.kind and _words(ours.text) == _words(arrival.text)


def _words(text: str) -> str:
    # Carriers put plain characters in the place of fancy ones ("smart encoding").
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in plain if char.isalnum()) or "".join(plain.split())

"""Filing of portal messages: their own threads, whom they are about, and their later versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from inbox.address import Address
from inbox.listening import Listening
from inbox.matching import Match, is_called, match, match_identifiers
from inbox.message import Direction, Message, Nature
from inbox.patient import Patient
from inbox.portal_thread import join_thread
from inbox.practice import Practice
from inbox.reply_path import Evidence, EvidenceKind, answers_probe
from inbox.repository import Filing, Repository, ThreadMember
from inbox.thread import other_end

PROXY: Final = "RelatedPerson/"
"""How the reference of somebody who writes for a patient begins (FHIR R4 RelatedPerson)."""
_JUST_AFTER: Final = timedelta(milliseconds=1)


class Portal:
    """Files what came and went through a portal."""

    def __init__(self, repository: Repository, practice: Practice, listening: Listening) -> None:
        """File into `repository` on behalf of `practice`."""
        self._repository = repository
        self._practice = practice
        self._listening = listening

    async def file(self, filing: Filing) -> None:
        """File one message, a later version of one, or what names a thread."""
        arrival = filing.arrival
        if arrival.retracted:
            arrival = replace(arrival, nature=Nature.RETRACTED)
            filing = replace(filing, arrival=arrival)
        if await self._proves(filing):
            await self._repository.filing.file(replace(filing, visible=False))
            return
        stored = await self._stored(filing)
        if arrival.nature is Nature.THREAD and stored is None:
            filing = replace(filing, visible=False)
        else:
            filing = await self._version(filing, stored)
        filed = await self._repository.filing.file(filing)
        if filing.signs:
            await self._listening.heed(filing, filed)
        await self._note(filing)

    async def _stored(self, filing: Filing) -> Message | None:
        """The message that stands for this one already; ours is known by the name we gave it."""
        arrival, portal = filing.arrival, self._repository.portal
        if filing.direction is Direction.OUTBOUND and arrival.own_uuid:
            ours = await portal.ours(filing.line_id, arrival.own_uuid)
            if ours is not None:
                return ours
        if not arrival.message_id:
            return None
        return await portal.known(filing.line_id, arrival.message_id)

    async def _version(self, filing: Filing, stored: Message | None) -> Filing:
        """Where it goes: to a conversation, or in the place of an earlier version of itself."""
        if stored is None:
            return await self._placed(filing)
        again = stored.raw_id == filing.raw_id
        if stored.outbox_id is not None or not (again or _is_later(filing, stored)):
            return replace(filing, visible=False, echo_of=stored.id)
        placed = await self._placed(filing)
        placed = replace(placed, at=min(placed.at, stored.at))
        return placed if again else replace(placed, replaces=stored.id)

    async def _placed(self, filing: Filing) -> Filing:
        """Find the conversation it joins, and whom it is about."""
        arrival = filing.arrival
        keys = [arrival.thread_key, arrival.message_id, *arrival.in_reply_to]
        parents = [*arrival.in_reply_to, arrival.thread_key]
        members = [
            one
            for one in await self._repository.portal.members(
                filing.line_id,
                [key for key in keys if key],
                arrival.message_id,
                [name for name in parents if name],
            )
            if one.provider_id != arrival.message_id
        ]
        joined = join_thread(arrival, members)
        together = [one for one in members if one.conversation_id in joined]
        candidates, found = await self._matched(filing, together)
        return replace(
            filing,
            at=_after_what_it_answers(filing, members),
            conversations=joined,
            patient_id=found.patient_id,
            match_reason=found.reason,
            signs=await self._listening.signs(filing, candidates),
        )

    async def _matched(
        self, filing: Filing, together: Sequence[ThreadMember]
    ) -> tuple[Sequence[Patient], Match]:
        """Everybody it may be about, and whom it is about.

        What the portal calls the patient counts first, then its reference, then the proxy who
        wrote, then whom the rest of the thread is about.
        """
        arrival, patients = filing.arrival, self._repository.patients
        day = filing.at.astimezone(self._practice.timezone).date()
        chosen = next((one.patient_id for one in together if one.chosen), None)
        other = other_end(arrival, filing.direction, frozenset())
        named = await patients.by_alias(arrival.identifiers)
        found = match_identifiers(arrival.identifiers, named, chosen, other, day)
        if found is not None:
            return named, found
        about = chosen or next((one.patient_id for one in together if one.patient_id), None)
        subject = arrival.about or other
        tried = [subject]
        if other is not None and other.value.startswith(PROXY):
            tried.append(other)
        for address in tried:
            candidates = await self._called(filing.line_id, address)
            if address is not None and candidates:
                remembered = None
                if len(candidates) > 1:
                    remembered = await self._repository.choices.of(address)
                return candidates, match(address, candidates, about, day, remembered)
        return (), match(subject, (), about, day)

    async def _called(self, line_id: str, address: Address | None) -> list[Patient]:
        """Everybody whom a reference of the portal means."""
        if address is None:
            return []
        line = self._practice.line(line_id)
        server = line.address.rstrip("/") if line is not None else ""
        found = {one.id: one for one in await self._repository.patients.by_address(address)}
        called = await self._repository.patients.by_alias(
            [address.value, f"{server}/{address.value}"]
        )
        found |= {one.id: one for one in called if is_called(one, address.value, server)}
        return list(found.values())

    async def _proves(self, filing: Filing) -> bool:
        """Whether it is the test patient's answer to our test message; then it is evidence."""
        arrival, line = filing.arrival, self._practice.line(filing.line_id)
        if line is None or not line.test_patient or filing.direction is not Direction.INBOUND:
            return False
        if arrival.sender is None or arrival.sender.value != line.test_patient:
            return False
        probe = next(
            (
                seen
                for seen in await self._repository.lines.evidence()
                if seen.line_id == line.id and seen.kind is EvidenceKind.PROBE_SENT
            ),
            None,
        )
        found = answers_probe(line, probe, (arrival.thread_key, *arrival.in_reply_to), filing.at)
        if found is None:
            return False
        await self._repository.lines.add_evidence(found)
        return True

    async def _note(self, filing: Filing) -> None:
        """What patients wrote in a portal is evidence that what they write there arrives."""
        if filing.direction is Direction.INBOUND and filing.arrival.nature is Nature.PERSONAL:
            evidence = Evidence(filing.line_id, EvidenceKind.INBOUND, filing.at)
            await self._repository.lines.add_evidence(evidence)


def _is_later(filing: Filing, stored: Message) -> bool:
    """Whether it is a later version than the stored one; where no server says, as it was fetched.

    What was taken back stays so.
    """
    arrival = filing.arrival
    mine = (arrival.version, arrival.retracted, filing.raw_id)
    return mine > (stored.version, stored.retracted, stored.raw_id or 0)


def _after_what_it_answers(filing: Filing, members: Sequence[ThreadMember]) -> datetime:
    """What answers a message of ours came later, whatever the two clocks say."""
    if filing.direction is not Direction.INBOUND:
        return filing.at
    named = frozenset(filing.arrival.in_reply_to)
    sent = (one.at for one in members if one.ours and one.provider_id in named)
    return max([filing.at, *(moment + _JUST_AFTER for moment in sent)])

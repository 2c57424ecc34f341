"""Linking: whom a conversation or a single message is about, asked once and remembered."""

from __future__ import annotations

from dataclasses import dataclass

from inbox.address import Address, AddressSystem
from inbox.clock import Clock
from inbox.conversation import ConversationRow
from inbox.errors import NotFound
from inbox.matching import likeliest
from inbox.message import Direction
from inbox.patient import Patient
from inbox.practice import StaffMember
from inbox.repository import AddressChoice, Repository
from inbox.storage.moving import Moved

_NOT_BY_ADDRESS = ("chosen by", "as this conversation", "answers what we wrote", "moved by", "put ")
"""How reasons begin that say nothing of the address."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Whom a conversation may be about, by the address of the other end."""

    patients: tuple[Patient, ...] = ()
    """The likeliest first."""
    likeliest: Patient | None = None
    address: Address | None = None

    @property
    def shared(self) -> bool:
        """Whether several patients have the address, so that a choice is worth remembering."""
        return len(self.patients) > 1


@dataclass(frozen=True, slots=True)
class Alike:
    """What was matched as a conversation was: from the same address, for the same reason."""

    messages: tuple[int, ...] = ()
    """Ids of messages in other conversations."""
    conversations: int = 0
    address: Address | None = None
    reason: str = ""


def alike_words(alike: Alike) -> str:
    """How many were matched alike: `3 messages in 2 other conversations were matched alike`."""
    count, where = len(alike.messages), alike.conversations
    return (
        f"{count} message{'s' * (count != 1)} in {where} other conversation{'s' * (where != 1)}"
        f" {'were' if count != 1 else 'was'} matched alike ({alike.reason})"
    )


class Linking:
    """Says whom conversations and messages are about, under a staff member's name."""

    def __init__(self, repository: Repository, clock: Clock, member: StaffMember) -> None:
        """Work on `repository` as `member`."""
        self._repository = repository
        self._clock = clock
        self._member = member

    async def candidates(self, row: ConversationRow, text: str = "") -> Candidates:
        """Everybody the other end's address belongs to.

        Args:
            row: The conversation.
            text: What was written last; a name in it tells most.
        """
        if not row.person_address:
            return Candidates()
        system = row.channels[0].system if row.channels else AddressSystem.EMAIL
        address = Address(system, row.person_address, row.person)
        patients = await self._repository.patients.by_address(address)
        if system is AddressSystem.PORTAL:
            patients = await self._named(row, patients)
        if len(patients) < 2:
            return Candidates(tuple(patients), patients[0] if patients else None, address)
        remembered = await self._repository.choices.of(address)
        first = likeliest(address, patients, remembered, text)
        ordered = sorted(patients, key=lambda one: first is None or one.id != first.id)
        return Candidates(tuple(ordered), first, address)

    async def _named(self, row: ConversationRow, known: list[Patient]) -> list[Patient]:
        """Those of a portal's address, and those who bear an identifier that came with it."""
        newest = await self._repository.conversations.newest_inbound(row.id)
        if newest is None:
            return known
        named = await self._repository.patients.by_alias(newest.identifiers)
        return list({one.id: one for one in (*known, *named)}.values())

    async def link(
        self, conversation_id: int, patient_id: str | None, *, always: bool = False
    ) -> None:
        """Say whom a conversation is about; None: nobody we know.

        Its messages that are about nobody yet, or about the one it was linked to before, follow.
        What was written to another patient's record file by that is marked there as entered in
        error. Of an address that several share the choice is remembered.

        Args:
            conversation_id: The conversation.
            patient_id: Whom it is about.
            always: Link what comes from this address by itself from now on.
        """
        row = await self._repository.conversations.row(conversation_id)
        candidates = await self.candidates(row)
        reason = f"chosen by {self._member.name}" if patient_id else ""
        async with self._repository.batch():
            await self._repository.conversations.link(row.id, patient_id, reason)
            among = candidates.shared and patient_id in {one.id for one in candidates.patients}
            if among and patient_id is not None and candidates.address is not None:
                choice = AddressChoice(patient_id, always, self._member.id, self._clock())
                await self._repository.choices.remember(candidates.address, choice)
            more = ", always for this address" * (among and always)
            await self._log(f"conversation {row.id}{more}", patient_id or "")

    async def alike(self, row: ConversationRow) -> Alike:
        """What else was matched as this conversation was; ask before it is linked anew."""
        for message in await self._repository.conversations.messages(row.id):
            reason, sender = message.match_reason, message.sender
            if message.direction is not Direction.INBOUND or sender is None:
                continue
            if message.patient_id != row.patient_id or reason.startswith(_NOT_BY_ADDRESS):
                continue
            found = await self._repository.movings.siblings(
                sender, message.patient_id, reason, row.id
            )
            ids = tuple(one.message_id for one in found)
            return Alike(ids, len({one.conversation_id for one in found}), sender, reason)
        return Alike()

    async def link_alike(self, conversation_id: int, alike: Alike, patient_id: str) -> Moved:
        """Link in one step what was matched alike; undone from this conversation.

        Raises:
            NotFound: no such patient, or there is nothing.
        """
        reason = f"chosen by {self._member.name} for all from this address"
        async with self._repository.batch():
            moved = await self._repository.movings.relink(
                conversation_id, alike.messages, patient_id, self._member.id, reason
            )
            detail = f"{alike.conversations} conversations, as conversation {conversation_id}"
            await self._log(detail, patient_id)
        return moved

    async def link_message(self, message_id: int, patient_id: str) -> None:
        """Say that one message is about another patient than its conversation.

        It goes to that patient's record file; where it stood in another's, it is marked there as
        entered in error.

        Raises:
            NotFound: no such message or patient.
        """
        await self._repository.patients.get(patient_id)
        reason = f"chosen by {self._member.name} for this message"
        await self._repository.conversations.link_message(message_id, patient_id, reason)
        await self._log(f"message {message_id}", patient_id)

    async def names(self, ids: frozenset[str]) -> dict[str, str]:
        """Names of patients by id; who is not stored any more is left out."""
        found = {}
        for id_ in sorted(ids)[:20]:
            try:
                found[id_] = (await self._repository.patients.get(id_)).name
            except NotFound:
                continue
        return found

    async def _log(self, detail: str, patient_id: str) -> None:
        await self._repository.audit.add(
            self._member.id, "link", self._clock(), patient_id=patient_id, detail=detail
        )

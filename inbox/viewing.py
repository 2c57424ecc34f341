"""Opening a conversation: all that stands beside its messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inbox.address import Address, ChannelKind
from inbox.clock import Clock
from inbox.conversation import ConversationRow
from inbox.errors import NotFound
from inbox.linking import Linking
from inbox.marks import Marks
from inbox.message import Message
from inbox.patient import Consent, Patient
from inbox.practice import StaffMember
from inbox.repository import ConsentEntry, ConsentKey, Repository
from inbox.storage.patient import SharedPoint
from inbox.view import ConversationView


class Viewing:
    """Gathers what is shown of one conversation."""

    def __init__(
        self, repository: Repository, clock: Clock, member: StaffMember, linking: Linking
    ) -> None:
        """Look as `member`, whose looking is kept in the audit."""
        self._repository = repository
        self._clock = clock
        self._member = member
        self._linking = linking

    async def open(self, conversation_id: int, limit: int) -> ConversationView:
        """A conversation with its latest messages and its patient. Looking is kept in the audit.

        Raises:
            NotFound.
        """
        stores = self._repository
        row = await stores.conversations.row(conversation_id)
        messages = await stores.conversations.messages(row.id, limit=limit + 1)
        patient, others = None, []
        candidates: list[Patient] = []
        shared: list[SharedPoint] = []
        consents: Mapping[ConsentKey, ConsentEntry] = {}
        if row.patient_id is not None:
            patient = await self._patient(row.patient_id)
            shared = await stores.patients.shared(row.patient_id, 20)
            if patient is not None:
                consents = await stores.consents.current(patient.addresses)
            others = await stores.conversations.of_patient(row.patient_id, 20)
            await stores.audit.add(
                self._member.id,
                "open",
                self._clock(),
                patient_id=row.patient_id,
                detail=f"conversation {row.id}",
            )
        else:
            said = messages[-1].text if messages else ""
            candidates = list((await self._linking.candidates(row, said)).patients)
        return ConversationView(
            row=row,
            messages=tuple(messages[-limit:]),
            more=len(messages) > limit,
            patient=patient,
            others=tuple(other for other in others if other.id != row.id),
            candidates=tuple(candidates),
            shared=tuple(shared),
            consents=consents,
            marks=await self.marks(row, messages[-limit:]),
        )

    async def marks(self, row: ConversationRow, messages: Sequence[Message]) -> Marks:
        """What is shown beside the messages of a conversation."""
        others = {one.patient_id for one in messages if one.patient_id} - {row.patient_id}
        opted_out: tuple[ChannelKind, ...] = ()
        if row.person_address and row.channels:
            address = Address(row.channels[0].system, row.person_address)
            said = await self._repository.consents.current([address])
            declined = (key for key, one in said.items() if one.consent is Consent.DECLINED)
            opted_out = tuple(channel for _, channel in declined)
        return Marks(
            signals=tuple(await self._repository.signals.of_conversation(row.id)),
            names=await self._linking.names(frozenset(one for one in others if one)),
            opted_out=opted_out,
        )

    async def _patient(self, patient_id: str) -> Patient | None:
        try:
            return await self._repository.patients.get(patient_id)
        except NotFound:
            return None

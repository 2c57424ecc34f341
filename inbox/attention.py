"""Attention: what arrivals ask for between their lines, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from inbox.address import Address, ChannelKind
from inbox.clock import Clock
from inbox.errors import TwowayError
from inbox.message import Message
from inbox.patient import Consent, Patient, PointUse
from inbox.practice import Practice, StaffMember
from inbox.repository import ConsentEntry, Repository
from inbox.signals.opting import unwanted_channel
from inbox.signals.signal import (
    ASKS_TO_STOP,
    OPT_IN,
    OPT_OUT,
    ORDER,
    URGENT,
    WRONG_PERSON,
    Signal,
    SignalState,
)

_ACTIONS: Final = {
    URGENT: "look after an emergency",
    OPT_OUT: "keep an opt-out",
    ASKS_TO_STOP: "keep an opt-out",
    WRONG_PERSON: "confirm a wrong person",
    OPT_IN: "lift an opt-out",
}
"""What the audit says; with `dismiss:` before it when it was nothing."""


class _Unknown(TwowayError):
    """It is not known which address a signal is about."""


class Attention:
    """What a staff member decides about signals, under their own name."""

    def __init__(
        self, repository: Repository, practice: Practice, clock: Clock, member: StaffMember
    ) -> None:
        """Work on `repository` as `member`."""
        self._repository = repository
        self._practice = practice
        self._clock = clock
        self._member = member

    async def of(self, conversation_id: int) -> list[Signal]:
        """The signals of a conversation, oldest first."""
        return await self._repository.signals.of_conversation(conversation_id)

    async def urgent(self) -> list[Signal]:
        """Emergencies that nobody has looked after yet, oldest first."""
        return await self._repository.signals.urgent()

    async def accept(self, conversation_id: int, rule: str = "") -> list[Signal]:
        """Do what the most pressing open signal asks for, and all of its rule; what was decided.

        An emergency counts as looked after; each opt-out is kept with the address and the channel
        of its own message; a wrong person's address is marked as no longer the patient's, and a
        note says what to check. What cannot be done, because no address is known, stays open.

        Args:
            conversation_id: The conversation.
            rule: Decide this one (`IN03`) instead of the most pressing.

        Raises:
            TwowayError: nothing is open there, or it is not known whom it is about.
        """
        async with self._repository.batch():
            signal = await self._open(conversation_id, rule)
            done = await self._carry_out(conversation_id, signal.rule)
            return await self._decide(conversation_id, signal.rule, SignalState.APPLIED, done)

    async def dismiss(self, conversation_id: int, rule: str = "") -> list[Signal]:
        """Say that the most pressing open signal, or the one of `rule`, is nothing.

        Raises:
            TwowayError: nothing is open there.
        """
        async with self._repository.batch():
            signal = await self._open(conversation_id, rule)
            return await self._decide(conversation_id, signal.rule, SignalState.DISMISSED)

    async def _open(self, conversation_id: int, rule: str) -> Signal:
        found = most_pressing(
            [one for one in await self.of(conversation_id) if not rule or one.rule == rule]
        )
        if found is None:
            raise TwowayError(
                "Nothing in this conversation waits for such a decision.",
                "`twoway show` lists the signals of each message.",
            )
        return found

    async def _carry_out(self, conversation_id: int, rule: str) -> list[int]:
        """Do what each open signal of a rule asks for; ids of the messages it was done for.

        Raises:
            TwowayError: it could be done for none of them.
        """
        done: list[int] = []
        marked: set[str] = set()
        trouble: TwowayError | None = None
        for signal in await self.of(conversation_id):
            if not signal.open or signal.rule != rule:
                continue
            message = await self._repository.conversations.message(signal.message_id)
            try:
                if rule in {OPT_OUT, ASKS_TO_STOP}:
                    await self._opt_out(signal, message)
                elif rule == OPT_IN:
                    await self._opt_in(message)
                elif rule == WRONG_PERSON and not (message.sender and message.sender.key in marked):
                    await self._no_longer_theirs(conversation_id, message)
                    marked |= {message.sender.key} if message.sender else set()
            except _Unknown as error:
                trouble = error
                continue
            done.append(signal.message_id)
        if trouble is not None and not done:
            raise trouble
        return done

    async def _decide(
        self, conversation_id: int, rule: str, state: SignalState, only: Sequence[int] | None = None
    ) -> list[Signal]:
        now = self._clock()
        decided = await self._repository.signals.decide(
            conversation_id, rule, state, self._member.id, now, only
        )
        message = await self._repository.conversations.message(decided[0].message_id)
        dismissed = "dismiss: " * (state is SignalState.DISMISSED)
        await self._repository.audit.add(
            self._member.id,
            f"{dismissed}{_ACTIONS[rule]}",
            now,
            patient_id=message.patient_id or "",
            detail=f"conversation {message.conversation_id}, {rule}, "
            + ", ".join(f"message {one.message_id}" for one in decided),
        )
        return decided

    async def _opt_out(self, signal: Signal, message: Message) -> None:
        arrived = message.channel or ChannelKind.SMS
        channel = arrived
        if signal.rule == ASKS_TO_STOP:
            channel = unwanted_channel(signal.words, arrived)
        addresses = [message.sender] if message.sender is not None else []
        if channel.system is not arrived.system:
            addresses = await self._addresses(message, channel)
        if not addresses:
            raise _Unknown(
                f"No address is known that {channel.words} messages could be stopped for.",
                "Say first whom it is about, or dismiss it.",
            )
        await self._consent(addresses, channel, Consent.DECLINED, message, "asked us to stop")

    async def _opt_in(self, message: Message) -> None:
        if message.sender is not None and message.channel is not None:
            await self._consent(
                [message.sender], message.channel, Consent.ACCEPTED, message, "asked for it again"
            )

    async def _consent(
        self,
        addresses: Sequence[Address],
        channel: ChannelKind,
        consent: Consent,
        message: Message,
        method: str,
    ) -> None:
        await self._repository.consents.add(
            [
                ConsentEntry(
                    address=address,
                    channel=channel,
                    consent=consent,
                    at=message.at,
                    by=self._member.id,
                    method=f"{method}, by {(message.channel or channel).words}",
                    message_id=message.id,
                )
                for address in addresses
            ]
        )

    async def _addresses(self, message: Message, channel: ChannelKind) -> list[Address]:
        """The patient's own addresses of another kind than they wrote from."""
        if message.patient_id is None:
            return []
        patient = await self._repository.patients.get(message.patient_id)
        return [point.address for point in patient.points if point.system is channel.system]

    async def _no_longer_theirs(self, conversation_id: int, message: Message) -> None:
        row = await self._repository.conversations.row(conversation_id)
        patient_id = message.patient_id or row.patient_id
        address = message.sender
        if patient_id is None or address is None:
            raise _Unknown(
                "It is not known whose address this is supposed to be.",
                "Say first whom the conversation is about (l), then confirm it.",
            )
        patient = await self._repository.patients.get(patient_id)
        await self._mark_old(patient, address)
        day = message.at.astimezone(self._practice.timezone).date().isoformat()
        await self._repository.conversations.add_note(
            row.id,
            self._member.id,
            f"Wrong person: on {day} whoever reads {address.value} said so. The address is marked"
            " as no longer the patient's and nothing is sent to it without a reason.\n"
            "To check: what was sent there since the patient last answered from it. If it said"
            " anything of the patient's health, tell the privacy officer today"
            " (45 CFR 164.402). Ask the patient for their new address another way.",
            self._clock(),
        )

    async def _mark_old(self, patient: Patient, address: Address) -> None:
        """Mark the address as old wherever this patient has it; their other points stay."""
        from inbox.forms import Forms

        changed = replace(
            patient,
            points=tuple(
                replace(one, use=PointUse.OLD) if one.address.key == address.key else one
                for one in patient.points
            ),
            proxies=tuple(
                replace(
                    proxy,
                    points=tuple(
                        replace(one, use=PointUse.OLD) if one.address.key == address.key else one
                        for one in proxy.points
                    ),
                )
                for proxy in patient.proxies
            ),
        )
        # Taken as it is: that a form agrees to texts for which no number is left must stop nobody.
        forms = Forms(self._repository, self._practice, self._clock, self._member)
        await forms.take([(changed, patient)], "wrong person")


def most_pressing(signals: Sequence[Signal]) -> Signal | None:
    """The open signal to decide first, the newest of its rule; None when nothing is open."""
    waiting = [one for one in signals if one.open and one.rule in ORDER]
    return min(reversed(waiting), key=lambda signal: ORDER.index(signal.rule), default=None)

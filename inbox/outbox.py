r"""The outbox: the only caller of a channel's `send`.

    queued -> sending -> sent -> delivered
      ^          |         \-> failed (a bounce)
      |          |-> failed     certain: it did not leave
      |          \-> unknown    it may have left; reconciled, and only a person sends it again
      \- a passing reason: tried again later, with the same Message-ID

The intent is durable before the first byte, and the point of no return is durable before it is
passed.
"""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.capability import Capabilities
from inbox.channel import Channel, Receipt
from inbox.clock import Clock
from inbox.delivery import stopped_entry
from inbox.errors import (
    ChannelError,
    Held,
    NotSent,
    OutcomeUnknown,
    Refused,
    Stale,
    StoreError,
    TwowayError,
)
from inbox.facts import Facts
from inbox.finding import Severity
from inbox.freezing import outgoing_of
from inbox.gate import Gate, Permit
from inbox.line import Line
from inbox.message import MessageStatus
from inbox.outgoing import Outgoing
from inbox.patient import PointHealth
from inbox.practice import Practice
from inbox.reply_path import Evidence, EvidenceKind
from inbox.repository import OutboxRow, Repository

_RETRY_AFTER = (60, 300, 900, 3600, 3 * 3600)
"""Seconds before each further attempt after a passing reason; then it fails for a person to see."""
_GIVEN_UP = "It was tried several times. Send it again, or reach them another way."
_PASSING = frozenset({"TW01", "TW03"})
"""Rules that hold for a passing reason: the line is read, or proven, again soon."""
_PROVES = "This message proves that replies to this address arrive. Nobody needs to answer it.\n"
_ASKS_TEST_PATIENT = (
    "This message proves that answers from the portal arrive."
    " Please answer it as the test patient, with any word.\n"
)
_COPIED_WITHIN = timedelta(minutes=1)
"""A copy for the folder of sent messages that is not there by then is seen to."""


class Outbox:
    """Sends what is due."""

    def __init__(
        self,
        repository: Repository,
        practice: Practice,
        gate: Gate,
        channels: Mapping[str, Channel],
        clock: Clock,
        holder: str,
    ) -> None:
        """Send from `repository` over `channels` (by line id), claiming rows as `holder`."""
        self._repository = repository
        self._practice = practice
        self._gate = gate
        self._channels = channels
        self._clock = clock
        self._holder = holder
        self._facts = Facts(repository, practice, self._capabilities)
        self._in_hand: set[int] = set()
        """Rows that this process is sending right now."""
        self._unwritten: dict[int, Callable[[], Awaitable[object]]] = {}
        """Writes what became of a row, by row id: the disk did not take it so far."""
        self._claiming = asyncio.Lock()

    async def deliver_due(self) -> int:
        """Send everything that is due now; return how many rows were handled.

        Raises:
            StoreError: the disk is in the way. What became of a message that had left by then is
            kept, and written by the next call.
        """
        count = 0
        await self.write_down()
        while (row := await self._claim()) is not None:
            try:
                await self._deliver(row)
            finally:
                self._in_hand.discard(row.id)
            count += 1
        return count

    async def write_down(self) -> None:
        """Write what became of messages while the disk took nothing.

        Raises:
            StoreError: it still takes nothing.
        """
        for row_id, write in list(self._unwritten.items()):
            with suppress(Stale):
                await write()
            self._unwritten.pop(row_id, None)

    async def recover(self) -> int:
        """Take up what a process that is gone left behind; return how many rows.

        What this process began and left off, because it lost its lease, is taken up as well. A row
        that had begun to be handed over is of unknown outcome; any other is queued again.
        """
        alive = await self._repository.leases.alive(self._clock()) - {self._holder}
        async with self._claiming:
            left = [
                (row, began)
                for row, began in await self._repository.outbox.orphans(alive)
                if row.id not in self._in_hand and row.id not in self._unwritten
            ]
        for row, began in left:
            if began:
                await self._unknown(row, "Twoway stopped while it was being sent.")
            else:
                now = self._clock()
                await self._settle(row, MessageStatus.QUEUED, now, retry_at=now)
        return len(left)

    async def send_probe(self, line: Line, by: Line | None = None) -> str:
        """Send a line's round trip: from itself to itself, or `by` another line to it.

        Returns its token.

        Raises:
            ChannelError: it could not be sent; when the sender was refused, that is kept as
            evidence.
            NotFound, Blocked: the line has no channel, or the message is not a round trip.
        """
        sender = by or line
        channel = self._channels[sender.id]
        to = line.as_address
        if line.test_patient:
            to = Address(AddressSystem.PORTAL, line.test_patient, "Test patient")
        token, now = secrets.token_hex(16), self._clock()
        name = uuid.uuid4()
        outgoing = Outgoing(
            outbox_id=0,
            uuid=str(name),
            line=sender,
            to=(to,),
            subject="Twoway test message",
            text=_ASKS_TEST_PATIENT if line.test_patient else _PROVES,
            message_id=f"{name.hex}@{sender.address.rpartition('@')[2] or 'twoway.invalid'}",
            created_at=now,
            probe_token=token,
        )
        permit = self._gate.permit_probe(outgoing, now, by and line)
        await self._repository.lines.add_evidence(
            Evidence(line.id, EvidenceKind.PROBE_SENT, now, token)
        )
        try:
            receipt = await channel.send(outgoing, permit, _nothing)
        except ChannelError as error:
            # It never left, or nobody knows whether it did: a line must not fail for that.
            await self._repository.lines.add_evidence(
                Evidence(line.id, EvidenceKind.PROBE_SENT, self._clock(), "")
            )
            if isinstance(error, NotSent) and (error.sender_refused or error.recipients):
                await self._sender_refused(sender.id, error)
            raise
        if line.test_patient:
            names = " ".join(name for name in (receipt.provider_id, receipt.thread_key) if name)
            await self._repository.lines.add_evidence(
                Evidence(line.id, EvidenceKind.PROBE_SENT, self._clock(), f"{token} {names}")
            )
        return token

    def _capabilities(self, line_id: str) -> Capabilities | None:
        channel = self._channels.get(line_id)
        return channel.capabilities if channel is not None else None

    async def _claim(self) -> OutboxRow | None:
        async with self._claiming:
            row = await self._repository.outbox.claim(self._clock(), self._holder)
            if row is not None:
                self._in_hand.add(row.id)
            return row

    async def _deliver(self, row: OutboxRow) -> None:
        line = self._practice.line(row.draft.line_id)
        channel = self._channels.get(row.draft.line_id)
        if line is None or channel is None or line.address != row.line_address:
            await self._failed(
                row,
                f"The line it was to leave from ({row.line_address}) is no longer set up.",
                "Write it again from another line.",
            )
            return
        made = await self._permitted(row, line)
        if made is None:
            return
        outgoing, permit = made
        handed = False

        async def handing_over() -> None:
            nonlocal handed
            handed = True
            await self._repository.outbox.handing_over(row.id, self._holder)

        try:
            receipt = await channel.send(outgoing, permit, handing_over)
        except NotSent as error:
            await self._not_sent(row, error)
        except OutcomeUnknown as error:
            await self._unknown(row, error.sentence)
        except Stale:
            # Somebody else has taken the row over; they will say what became of it.
            return
        except TwowayError as error:
            # Every other error comes before anything was handed over.
            await self._not_sent(row, NotSent(error.sentence, error.hint, temporary=True))
        except Exception as error:  # noqa: BLE001 - one message must not end the work of all lines
            said = f"Twoway could not send it ({type(error).__name__})."
            if handed:
                await self._unknown(row, said)
            else:
                await self._failed(row, said, "Write it again, with fewer unusual characters.")
        else:
            await self._sent(row, receipt)

    async def _permitted(self, row: OutboxRow, line: Line) -> tuple[Outgoing, Permit] | None:
        """The message and its permit; None when the gate objects, which is kept with the row."""
        try:
            outgoing = await outgoing_of(self._repository, self._practice, row, line)
            situation = await self._facts.situation(
                replace(row.draft, outbox_id=row.id), self._clock(), row.staff_id
            )
            if row.draft.patient_id not in {None, situation.draft.patient_id}:
                await self._failed(
                    row,
                    "Not sent: the conversation was linked to somebody else after it was written.",
                    "Make sure that the words are for them, and send it again.",
                )
                return None
            permit = self._gate.permit(
                situation, outgoing, because=row.because, overridden=row.overridden
            )
        except Held as error:
            passing = {one.rule for one in error.findings if one.severity is Severity.HOLD}
            if passing - row.overridden <= _PASSING:
                # What cannot be sent because the line is down is not to be blamed for it.
                await self._not_sent(row, NotSent(error.sentence, error.hint, temporary=True))
            else:
                await self._failed(row, f"Not sent: {error.sentence}", error.hint)
            return None
        except Refused as error:
            await self._failed(row, f"Not sent: {error.sentence}", error.hint or "Look and decide.")
            return None
        except StoreError as error:
            await self._failed(row, error.sentence, error.hint)
            return None
        return outgoing, permit

    async def _sent(self, row: OutboxRow, receipt: Receipt) -> None:
        now = self._clock()
        refused = ", ".join(receipt.refused)
        await self._settle(
            row,
            MessageStatus.FAILED if refused else receipt.status,
            now,
            text=f"not taken for {refused}" if refused else "",
            provider_id=receipt.provider_id or "taken",
            thread_key=receipt.thread_key,
            hint="It reached the others. Write to whom it did not reach separately."
            if refused
            else "",
            copy_raw=receipt.copy_raw,
            copy_at=now + _COPIED_WITHIN if receipt.copy_due else None,
        )

    async def _not_sent(self, row: OutboxRow, error: NotSent) -> None:
        now = self._clock()
        # A phone that rings by itself an hour later surprises both ends.
        again = error.temporary and row.draft.channel is not ChannelKind.PHONE
        # First of all the row itself: on a full disk nothing else may come between.
        if again and row.attempts <= len(_RETRY_AFTER):
            wait = timedelta(seconds=_RETRY_AFTER[max(0, row.attempts - 1)])
            ours = await self._settle(
                row,
                MessageStatus.QUEUED,
                now,
                text=error.sentence,
                hint=error.hint,
                retry_at=now + wait,
            )
        else:
            # What was tried often enough is not tried again, whatever the error promises.
            ours = await self._failed(row, error.sentence, _GIVEN_UP if again else error.hint)
        if not ours:
            # Another process took it over meanwhile and says what becomes of it.
            return
        if error.stopped:
            entries = [stopped_entry(one, now) for one in row.draft.recipients]
            await self._repository.consents.add(entries)
        if error.sender_refused:
            await self._sender_refused(row.draft.line_id, error)
        elif not error.temporary:
            for address in row.draft.recipients:
                if address.value in error.recipients:
                    await self._repository.patients.mark_point(
                        address, PointHealth.BAD, error.sentence
                    )

    async def _failed(self, row: OutboxRow, text: str, hint: str) -> bool:
        return await self._settle(row, MessageStatus.FAILED, self._clock(), text=text, hint=hint)

    async def _unknown(self, row: OutboxRow, text: str) -> bool:
        return await self._settle(
            row,
            MessageStatus.UNKNOWN,
            self._clock(),
            text=text,
            hint="It may have left. Twoway looks it up; only a person sends it again.",
        )

    async def _settle(
        self,
        row: OutboxRow,
        status: MessageStatus,
        now: datetime,
        *,
        text: str = "",
        hint: str = "",
        provider_id: str = "",
        retry_at: datetime | None = None,
        copy_raw: bytes | None = None,
        copy_at: datetime | None = None,
        thread_key: str = "",
    ) -> bool:
        """Write what became of a claimed row; False when others know better meanwhile.

        Raises:
            StoreError: the disk does not take it. It is kept, and written as soon as it does.
        """
        write = self._unwritten[row.id] = partial(
            self._repository.outbox.settle,
            row.id,
            status,
            now,
            text=text,
            hint=hint,
            provider_id=provider_id,
            retry_at=retry_at,
            copy_raw=copy_raw,
            copy_at=copy_at,
            thread_key=thread_key,
            claimed=row,
        )
        counted = True
        try:
            await write()
        except Stale:
            counted = False
        self._unwritten.pop(row.id, None)
        return counted

    async def _sender_refused(self, line_id: str, error: NotSent) -> None:
        await self._repository.lines.add_evidence(
            Evidence(
                line_id,
                EvidenceKind.SENDER_REFUSED,
                self._clock(),
                f"the provider refused this sender: {error.sentence}",
            )
        )


async def _nothing() -> None:
    """A round trip has no row of its own whose state could be made durable."""

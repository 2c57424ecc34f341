"""Filing: what an arrival is, whom it is about, and where it belongs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.arriving import addressed_to, direction_of, same_message, same_words, when
from inbox.bounce import is_unknown_address, status_change
from inbox.channel import Channel, RawItem, ReadsAside
from inbox.clock import Clock
from inbox.errors import ConfigurationError, StoreError
from inbox.line import Line
from inbox.listening import Listening
from inbox.matching import match
from inbox.message import (
    Arrival,
    Direction,
    MessageKind,
    MessageStatus,
    Nature,
)
from inbox.pairing import PAIRED
from inbox.patient import Patient
from inbox.plain import plain_text
from inbox.portal import Portal
from inbox.practice import Practice
from inbox.reply_path import Evidence, EvidenceKind, judge_round_trip, judge_second_number
from inbox.repository import Filing, Relative, Repository, StatusChange, StoredRaw
from inbox.signals.machine import nature_of
from inbox.telephony import Telephony
from inbox.thread import behind, join, named, open_ends, other_end

_AT_ONCE = 80
"""Raw items that are read and filed in one transaction: others who write wait as long."""
_AT_FIRST = 20
"""Raw items that are filed before the others are: the list begins to fill."""
_LARGE = 4_000_000
"""Bytes of raw items beside which no others are held in memory."""
_RAW_SHOWN = 20_000
_JUST_AFTER = timedelta(milliseconds=1)


class Filer:
    """Turns stored raw items into messages of conversations. One at a time per data folder."""

    def __init__(self, repository: Repository, practice: Practice, clock: Clock) -> None:
        """File into `repository` on behalf of `practice`."""
        self._repository = repository
        self._practice = practice
        self._clock = clock
        self._listening = Listening(repository, practice, clock)
        self._telephony = Telephony(repository, practice, self._listening)
        self._portal = Portal(repository, practice, self._listening)
        self._holders: dict[tuple[AddressSystem, str], list[Patient]] = {}
        """Who an address belongs to, as far as the present transaction asked."""

    async def drain(self, channel: Channel) -> int:
        """File every raw item of a line that is not filed yet; return how many there were.

        The next ones are read while the last are filed. May be interrupted at any point: what is
        not filed yet is filed by the next call.
        """
        count = 0
        line_id = channel.line.id
        await self._listening.begin(line_id)
        waiting = await self._repository.raw.unfiled(line_id, min(_AT_FIRST, _AT_ONCE))
        reading = asyncio.create_task(_read_all(channel, waiting))
        try:
            while waiting:
                pairs = list(zip(waiting, await reading, strict=True))
                under_way = [stored.raw_id for stored in waiting]
                waiting = []
                if sum(len(stored.item.content) for stored, _ in pairs) < _LARGE:
                    waiting = await self._repository.raw.unfiled(line_id, _AT_ONCE, under_way)
                reading = asyncio.create_task(_read_all(channel, waiting))
                await self._file_together(channel, pairs)
                count += len(under_way)
                del pairs
                if not waiting:
                    # What came while the last ones were filed, or was too large to wait beside.
                    waiting = await self._repository.raw.unfiled(line_id, _AT_ONCE)
                    await reading
                    reading = asyncio.create_task(_read_all(channel, waiting))
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        return count

    async def _file_together(
        self, channel: Channel, pairs: Sequence[tuple[StoredRaw, Arrival]]
    ) -> None:
        """File items in one transaction; should one of them be in the way, each by itself."""
        try:
            await self._repository.at_once(partial(self._file_all, channel, pairs))
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - one item that cannot be filed must not stop the others
            await self._file_singly(channel, pairs)

    async def _file_singly(
        self, channel: Channel, pairs: Sequence[tuple[StoredRaw, Arrival]]
    ) -> None:
        """File items one by one; the one that cannot be filed is kept as unreadable."""
        for pair in pairs:
            stored = pair[0]
            try:
                await self._repository.at_once(partial(self._file_all, channel, [pair]))
            except StoreError:
                raise
            except Exception:  # noqa: BLE001 - nothing inbound is dropped, whatever is in it
                await self._repository.filing.file(
                    Filing(
                        raw_id=stored.raw_id,
                        line_id=channel.line.id,
                        arrival=_unreadable(channel, stored.item),
                        direction=Direction.INBOUND,
                        status=MessageStatus.RECEIVED,
                        at=stored.item.received_at,
                        quarantined=True,
                    )
                )

    async def _file_all(self, channel: Channel, pairs: Sequence[tuple[StoredRaw, Arrival]]) -> None:
        """File items; awaits nothing but the repository (`Repository.at_once`)."""
        # Nobody else writes meanwhile, so what was looked up holds until the end.
        self._holders.clear()
        own = self._practice.own_keys | channel.line.keys
        reached: datetime | None = None
        for stored, arrival in pairs:
            if await self._file(channel, stored, arrival, own):
                at = stored.item.received_at
                reached = at if reached is None else max(reached, at)
        if reached is not None:
            # What others sent to the line is evidence that it receives; only the newest counts.
            evidence = Evidence(channel.line.id, EvidenceKind.INBOUND, reached)
            await self._repository.lines.add_evidence(evidence)

    async def _file(
        self, channel: Channel, stored: StoredRaw, arrival: Arrival, own: frozenset[str]
    ) -> bool:
        """File one item; return whether it shows that the line receives."""
        line = channel.line
        direction, arrival = direction_of(arrival, stored.item, own)
        nature = nature_of(arrival)
        if nature is not arrival.nature:
            arrival = replace(arrival, nature=nature)
        if arrival.nature is Nature.PROBE:
            arrival = await self._probe(line, stored, arrival)
        filing = Filing(
            raw_id=stored.raw_id,
            line_id=line.id,
            arrival=arrival,
            direction=direction,
            status=MessageStatus.RECEIVED if direction is Direction.INBOUND else MessageStatus.SENT,
            at=when(arrival, direction, stored.item, self._clock()),
            quarantined=arrival.nature is Nature.UNREADABLE,
            partial=not stored.item.complete,
        )
        if arrival.nature is Nature.PROBE:
            await self._repository.filing.file(replace(filing, visible=False))
            return False
        reaches = direction is Direction.INBOUND and addressed_to(line, arrival)
        if line.channel in PAIRED:
            await self._telephony.file(filing, own)
            return reaches
        if line.channel is ChannelKind.PORTAL:
            await self._portal.file(filing)
            return False
        echo = await self._echo_of(line, direction, arrival, own)
        if echo is not None:
            await self._repository.filing.file(replace(filing, visible=False, echo_of=echo))
            return False
        filing = await self._place(filing, own)
        filed = await self._repository.filing.file(filing)
        if filing.signs:
            await self._listening.heed(filing, filed)
        if direction is Direction.OUTBOUND and filed.conversation_id is not None:
            await self._late_reports(channel, arrival.message_id, filed.conversation_id)
        return reaches

    async def _held_by(self, other: Address | None) -> list[Patient]:
        """Everybody an address belongs to."""
        if other is None:
            return []
        asked = (other.system, other.key)
        known = self._holders.get(asked)
        if known is None:
            known = await self._repository.patients.by_address(other)
            self._holders[asked] = known
        return known

    async def _place(self, filing: Filing, own: frozenset[str]) -> Filing:
        """Find the conversation and the patient, and what the arrival says of messages of ours."""
        arrival, direction = filing.arrival, filing.direction
        ids = named(arrival)
        relatives: list[Relative] = []
        if ids or arrival.message_id:
            relatives = await self._repository.filing.relatives(arrival.message_id, ids)
        at = filing.at
        if direction is Direction.INBOUND:
            at = await self._after_what_it_answers(at, ids, relatives)
        siblings: list[Relative] = []
        ends = open_ends(arrival, direction, relatives, own)
        if ends:
            people = behind(arrival, direction, own)
            siblings = await self._repository.filing.siblings(ends, people, arrival.list_id)
        other = other_end(arrival, direction, own)
        candidates = await self._held_by(other)
        former = await self._former(filing, other, (*relatives, *siblings), candidates)
        joining = join(arrival, direction, relatives, own, siblings, former)
        about = next(
            (
                relative.patient_id
                for relative in (*relatives, *siblings)
                if relative.conversation_id in joining.conversations and relative.patient_id
            ),
            None,
        )
        day = filing.at.astimezone(self._practice.timezone).date()
        remembered = None
        if other is not None and len(candidates) > 1:
            remembered = await self._repository.choices.of(other)
        found = match(other, candidates, about, day, remembered, former=bool(former))
        changes: tuple[StatusChange, ...] = ()
        dead: tuple[tuple[Address, str], ...] = ()
        if arrival.nature is Nature.BOUNCE and arrival.report is not None:
            changes, dead = await self._bounced(arrival)
            self._holders.clear()
        return replace(
            filing,
            at=at,
            conversations=joining.conversations,
            suggested_merge=joining.suggested,
            patient_id=found.patient_id,
            match_reason=found.reason,
            changes=changes,
            bad_points=dead,
            signs=await self._listening.signs(filing, candidates),
        )

    async def _former(
        self,
        filing: Filing,
        other: Address | None,
        relatives: Sequence[Relative],
        holders: Sequence[Patient],
    ) -> frozenset[str]:
        """Patients of what it answers whose address this no longer is: somebody else writes now."""
        about = frozenset(one.patient_id for one in relatives if one.patient_id)
        if filing.direction is not Direction.INBOUND or other is None:
            return frozenset()
        if not about - {patient.id for patient in holders}:
            return frozenset()
        return about & await self._repository.patients.formerly(other, filing.at)

    async def _after_what_it_answers(
        self, at: datetime, named: Sequence[str], relatives: Sequence[Relative]
    ) -> datetime:
        """What follows a message of ours came later, whatever the two clocks say.

        A mail server's clock may be behind ours, and INTERNALDATE counts whole seconds (RFC 3501
        section 2.3.3), so an answer or a bounce can bear an earlier time than what it speaks of.
        Taken at its word, it would count as answered already.
        """
        ours = {one.rfc_id for one in relatives if one.direction is Direction.OUTBOUND}
        nearest = next((id_ for id_ in named if id_ in ours), None)
        if nearest is None:
            return at
        stored = await self._repository.filing.with_message_id(nearest)
        sent = (one.at for one in stored if one.direction is Direction.OUTBOUND)
        return max([at, *(moment + _JUST_AFTER for moment in sent)])

    async def _probe(self, line: Line, stored: StoredRaw, arrival: Arrival) -> Arrival:
        """A round trip of ours that came home is evidence.

        Anything else that claims to be one is an ordinary message: the mark must not hide mail.
        """
        if stored.item.ours and line.channel is ChannelKind.PORTAL:
            # A later version of one sent long ago; its sender is told by the server.
            return arrival
        token = arrival.received.probe_token
        sent = {
            seen.detail.partition(" ")[0]: seen.line_id
            for seen in await self._repository.lines.evidence()
            if seen.kind is EvidenceKind.PROBE_SENT
        }
        if token not in sent:
            return replace(arrival, nature=Nature.PERSONAL)
        if stored.item.ours:
            return arrival
        probed = self._practice.line(sent[token])
        if probed is not None and (probed.channel not in PAIRED or probed.id == line.id):
            judge = judge_second_number if probed.channel in PAIRED else judge_round_trip
            evidence = judge(probed, arrival.received, self._clock())
            await self._repository.lines.add_evidence(evidence)
        return arrival

    async def _echo_of(
        self, line: Line, direction: Direction, arrival: Arrival, own: frozenset[str]
    ) -> int | None:
        """The stored message this is another copy of, or None.

        Ours from the Sent folder, or one that was delivered to two of our lines. Equal ids are
        not enough: the words must be equal too.
        """
        if not arrival.message_id:
            return None
        for stored in await self._repository.filing.with_message_id(arrival.message_id):
            ours = stored.direction is Direction.OUTBOUND
            mine = arrival.sender is not None and arrival.sender.key in own
            if ours and mine and same_words(stored, arrival):
                return stored.id
            twice = stored.direction is Direction.INBOUND and direction is Direction.INBOUND
            if twice and stored.line_id != line.id and same_message(stored, arrival):
                return stored.id
        return None

    async def _late_reports(self, channel: Channel, message_id: str, conversation_id: int) -> None:
        """Let delivery reports that were filed before the copy of what they speak of say it now."""
        if not message_id:
            return
        for relative in await self._repository.filing.relatives(message_id, ()):
            if relative.direction is not Direction.INBOUND or message_id in relative.parents:
                continue
            told = await self._repository.conversations.message(relative.message_id)
            if told.nature is not Nature.BOUNCE or told.raw_id is None:
                continue
            item = await self._repository.raw.content(told.raw_id)
            report = _read(channel, item)
            changes, dead = await self._bounced(report)
            self._holders.clear()
            await self._repository.filing.file(
                Filing(
                    raw_id=told.raw_id,
                    line_id=told.line_id,
                    arrival=report,
                    direction=Direction.INBOUND,
                    status=MessageStatus.RECEIVED,
                    at=told.at,
                    conversations=(conversation_id,),
                    match_reason=told.match_reason,
                    changes=changes,
                    bad_points=dead,
                )
            )

    async def _bounced(
        self, arrival: Arrival
    ) -> tuple[tuple[StatusChange, ...], tuple[tuple[Address, str], ...]]:
        report = arrival.report
        if report is None or not report.original_message_id:
            return (), ()
        stored = await self._repository.filing.with_message_id(report.original_message_id)
        changes, dead = [], []
        for message in stored:
            if message.direction is not Direction.OUTBOUND:
                continue
            keys = {address.key: address for address in (*message.to, *message.cc)}
            if len(keys) == 1 and len(report.recipients) == 1:
                # Their mailbox passes mail on; the report names where it stopped.
                only, told = next(iter(keys)), report.recipients[0]
                if told.address.casefold() != only:
                    change = status_change(message, told)
                    changes += [change] if change is not None else []
                    continue
            for recipient in report.recipients:
                address = keys.get(recipient.address.casefold())
                if address is None:
                    continue
                change = status_change(message, recipient)
                if change is not None:
                    changes.append(change)
                if recipient.permanent and is_unknown_address(recipient):
                    dead.append((address, change.text if change else "unknown address"))
        return tuple(changes), tuple(dead)


async def _read_all(channel: Channel, waiting: Sequence[StoredRaw]) -> list[Arrival]:
    """Reading mail is work for the processor; the screen must not wait for it."""
    items = [stored.item for stored in waiting]
    asked: object = channel
    if isinstance(asked, ReadsAside):
        return await asked.convert_all(items)
    return await asyncio.to_thread(lambda: [_read(channel, item) for item in items])


def _read(channel: Channel, item: RawItem) -> Arrival:
    """Convert one raw item. Should the adapter fail, the raw text is what is shown."""
    try:
        return channel.convert(item)
    except ConfigurationError:
        # There is no adapter for it right now: it stays unfiled until there is one.
        raise
    except Exception:  # noqa: BLE001 - nothing inbound is dropped, whatever the adapter does
        return _unreadable(channel, item)


def _unreadable(channel: Channel, item: RawItem) -> Arrival:
    text = plain_text(item.content[:_RAW_SHOWN].decode("utf-8", "replace"))
    kind = {
        ChannelKind.EMAIL: MessageKind.EMAIL,
        ChannelKind.SMS: MessageKind.TEXT,
        ChannelKind.PHONE: MessageKind.CALL,
        ChannelKind.PORTAL: MessageKind.PORTAL,
    }[channel.line.channel]
    return Arrival(
        channel=channel.line.channel,
        kind=kind,
        sender=None,
        text=text,
        whole=text,
        nature=Nature.UNREADABLE,
        defects=("It could not be read; this is its raw text.",),
    )

"""Reading the calls of one number.

The list of the whole account is read and not that of the number, because a call that was passed on
has a leg that does not bear the number, and only the leg says whether somebody answered.

What a call was is told once it is over and clear. A recording comes up after its call, so what
looks like a missed call may turn into a voicemail within a quarter of an hour; then it is told
again, under its SID and the new ending.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta

from adapters.phone.call import Ending, Recorded, ending_of, is_over, write_call
from adapters.phone.callcursor import CallCursor, Open
from adapters.phone.connection import Page, Record, Twilio, moment
from adapters.phone.cursor import OVERLAP
from adapters.phone.patience import Patience
from adapters.phone.recording import Recordings
from inbox.channel import Batch, RawItem, RemoteId
from inbox.clock import Clock
from inbox.errors import ServerRefused

CALLS = "calls"
"""The folder of the calls of a number, in both directions."""
PAGE = 1000
GLANCE = 50
BATCH_ITEMS = 50
"""Calls in one batch at most: each may have a recording."""
GRACE = timedelta(minutes=2)
"""How long a call nobody answered is kept back, in case its recording is about to come."""
RECHECK = timedelta(minutes=15)
"""How long after its end a missed call may still turn into a voicemail."""
TRANSCRIBED_WITHIN = timedelta(minutes=3)
"""How long after its end a voicemail is kept back for its transcription."""
NEVER_ENDS = timedelta(hours=25)
"""After this a call that is still going on is told all the same."""
SOUND_KEPT = timedelta(days=30)
"""Older recordings are not fetched by the first reading; a person can ask for each."""


class CallReader:
    """One run through the calls of a number.

    Args:
        twilio: The account.
        number: The line's number.
        cursor: What has been fetched; changed as the run goes on.
        clock: The present moment.
        patience: How long recordings that cannot be had hold back their calls.
    """

    def __init__(
        self, twilio: Twilio, number: str, cursor: CallCursor, clock: Clock, patience: Patience
    ) -> None:
        self._twilio = twilio
        self._number = number
        self.cursor = cursor
        """What has been fetched."""
        self._clock = clock
        self._recordings = Recordings(twilio, patience)
        self._legs: dict[str, dict[str, Record]] = {}
        self._met: set[str] = set()
        self._done = 0
        self._before = cursor.dump()
        self._bounds = cursor.bounds
        self._newest: datetime | None = None

    async def read(self, *, sweep: bool) -> AsyncIterator[Batch]:
        """Every batch of this run.

        Args:
            sweep: Look through the whole overlap, not only at what is on top.
        """
        if self.cursor.top is not None or self.cursor.whole:
            found: list[Record] = []
            async for page in self._sweep() if sweep else self._glance():
                found += self._learn(page.records)
            found += await self._still_open()
            async for batch in self._tell(found):
                yield batch
            self._reach()
        if not self.cursor.whole:
            async for batch in self._walk():
                yield batch
        if self.cursor.dump() != self._before:
            yield self._batch((), 0)

    async def news(self) -> bool:
        """Whether there is anything to tell; one request, and a few for each open call."""
        if self.cursor.open:
            return True
        page = await self._ask({"PageSize": str(GLANCE)})
        return any(
            self._is_call(one)
            and str(one.get("sid")) not in self.cursor.seen
            and not self._bounds.hold(_at(one))
            for one in page.records
        )

    # ---- what there is to tell ---------------------------------------------------------------

    async def _glance(self) -> AsyncIterator[Page]:
        top = self.cursor.top or datetime.max.replace(tzinfo=UTC)
        page = await self._ask({"PageSize": str(GLANCE)})
        while True:
            known = any(
                _at(one) < top or str(one.get("sid")) in self.cursor.seen for one in page.records
            )
            yield page
            if known or not page.next:
                return
            page = await self._twilio.page(page.next, "calls")

    async def _sweep(self) -> AsyncIterator[Page]:
        params = {"PageSize": str(PAGE)}
        if self.cursor.top is not None:
            params["StartTime>"] = _day(self.cursor.top - OVERLAP)
        # What is queued or ringing has no StartTime yet, so a filter by it would leave it out.
        yield await self._ask({"PageSize": str(GLANCE)})
        async for page in self._twilio.pages(*self._list(), params):
            yield page

    async def _walk(self) -> AsyncIterator[Batch]:
        params = {"PageSize": str(PAGE)}
        if self.cursor.low is not None:
            # A day more, for the legs of calls over midnight.
            params["StartTime<"] = _day(self.cursor.low + timedelta(days=1))
        await self._recordings.since(datetime(2008, 1, 1, tzinfo=UTC))
        async for page in self._twilio.pages(*self._list(), params):
            async for batch in self._tell(self._learn(page.records), walked=True):
                yield batch
        self.cursor.whole, self.cursor.low = True, None
        self._reach()

    def _reach(self) -> None:
        """A look has come to its end; only now is nothing missing below the newest call."""
        if self._newest is not None:
            self.cursor.reach(self._newest)

    def _learn(self, records: Iterable[Record]) -> list[Record]:
        """Note legs, and pick the calls of the number that are not told yet."""
        calls: list[Record] = []
        for record in records:
            sid, parent = record.get("sid"), record.get("parent_call_sid")
            if not isinstance(sid, str) or not sid.isalnum():
                continue
            if self._newest is None or _at(record) > self._newest:
                self._newest = _at(record)
            if isinstance(parent, str) and parent:
                self._legs.setdefault(parent, {})[sid] = record
            elif self._is_call(record) and sid not in self._met:
                self._met.add(sid)
                known = sid in self.cursor.seen or self._bounds.hold(_at(record))
                if not known or sid in self.cursor.open:
                    calls.append(record)
        return calls

    async def _still_open(self) -> list[Record]:
        """Calls of which more may be learned and that no page showed."""
        calls: list[Record] = []
        for sid in list(self.cursor.open):
            if sid in self._met:
                continue
            self._met.add(sid)
            try:
                call = await self._twilio.get(f"{self._twilio.root}/Calls/{sid}.json")
            except ServerRefused:
                del self.cursor.open[sid]
                continue
            self._legs[sid] = await legs_of(self._twilio, sid)
            calls.append(call)
        return calls

    def _is_call(self, record: Record) -> bool:
        end = "to" if record.get("direction") == "inbound" else "from"
        return record.get(end) == self._number and not record.get("parent_call_sid")

    # ---- telling -----------------------------------------------------------------------------

    async def _tell(self, calls: list[Record], *, walked: bool = False) -> AsyncIterator[Batch]:
        if calls:
            await self._recordings.since(min(_at(one) for one in calls))
        items: list[RawItem] = []
        for place, call in enumerate(calls):
            item = await self._settle(call)
            if walked:
                self.cursor.low = _at(call)
                self.cursor.reach(_at(call))
            if item is not None:
                items.append(item)
            if len(items) >= BATCH_ITEMS:
                yield self._batch(tuple(items), len(calls) - place - 1)
                items = []
        if items:
            yield self._batch(tuple(items), 0)

    async def _settle(self, call: Record) -> RawItem | None:
        """Tell a call, or keep it back, or say that there is nothing new about it."""
        sid, at = str(call["sid"]), _at(call)
        legs = list(self._legs.get(sid, {}).values())
        recordings = self._recordings.of(sid)
        ending = ending_of(call, legs, recordings)
        now = self._clock() + self._twilio.skew
        since = now - (moment(call.get("end_time")) or at)
        before = self.cursor.open.get(sid, Open(at))
        words: dict[str, str] = {}
        waits = False
        if ending is Ending.GOES_ON:
            waits = now - at < NEVER_ENDS
        elif ending in {Ending.MISSED, Ending.ABANDONED}:
            waits = since < GRACE
        elif ending is Ending.VOICEMAIL:
            for recording in recordings:
                said, coming = await self._recordings.words(recording)
                words[str(recording.get("sid"))] = said
                waits |= coming and since < TRANSCRIBED_WITHIN
        if waits:
            self.cursor.open[sid] = before
            return None
        told, self.cursor.seen[sid] = before.told, at
        if ending in {Ending.MISSED, Ending.ABANDONED} and since < RECHECK:
            self.cursor.open[sid] = Open(at, ending.value)
        else:
            self.cursor.open.pop(sid, None)
        if told == ending.value:
            return None
        sounds = now - at < SOUND_KEPT
        name = f"{sid}:{ending.value}" if told else sid
        recorded = [
            await self._recordings.sound(one, words.get(str(one.get("sid")), ""))
            if sounds
            else Recorded(one, problem="The recording is old; ask for the whole of it.", later=True)
            for one in recordings
        ]
        return _item(self._twilio, name, call, legs, recorded)

    def _batch(self, items: tuple[RawItem, ...], left: int) -> Batch:
        self._done += len(items)
        self._before = self.cursor.dump()
        return Batch(
            folder=CALLS,
            epoch=self.cursor.account,
            items=items,
            cursor=self._before,
            done=self._done,
            total=self._done + left,
        )

    def _list(self) -> tuple[str, str]:
        return f"{self._twilio.root}/Calls.json", "calls"

    async def _ask(self, params: dict[str, str]) -> Page:
        return await self._twilio.page(*self._list(), params)


async def read_one_call(twilio: Twilio, remote: RemoteId) -> RawItem:
    """One call with its legs, recordings and transcriptions.

    Raises:
        ServerRefused: it is no longer there.
    """
    gone = ServerRefused(
        "This call is no longer at Twilio.", "Twilio keeps calls for about 13 months."
    )
    sid = remote.item.partition(":")[0]
    if remote.folder != CALLS or remote.epoch != twilio.settings.account_sid or not sid.isalnum():
        raise gone
    try:
        call = await twilio.get(f"{twilio.root}/Calls/{sid}.json")
    except ServerRefused as error:
        raise gone from error
    legs = list((await legs_of(twilio, sid)).values())
    # A person asked for it: what can be had now is taken.
    recordings = Recordings(twilio, Patience(1))
    await recordings.load(sid)
    recorded = [
        await recordings.sound(one, (await recordings.words(one))[0]) for one in recordings.of(sid)
    ]
    return _item(twilio, remote.item, call, legs, recorded)


async def call_sids(
    twilio: Twilio, number: str, since: datetime | None = None
) -> dict[str, tuple[datetime, bool]]:
    """Every call of a number, or those `since` that day: when it began, and whether it is over."""
    found: dict[str, tuple[datetime, bool]] = {}
    for end in ("To", "From"):
        params = {end: number, "PageSize": str(PAGE)}
        if since is not None:
            params["StartTime>"] = _day(since)
        async for page in twilio.pages(f"{twilio.root}/Calls.json", "calls", params):
            for record in page.records:
                inbound = record.get("direction") == "inbound"
                if record.get("parent_call_sid") or inbound is not (end == "To"):
                    continue
                found[str(record.get("sid"))] = (_at(record), is_over(record))
    return found


async def legs_of(twilio: Twilio, sid: str) -> dict[str, Record]:
    """The legs a call led to, by SID."""
    params = {"ParentCallSid": sid, "PageSize": "50"}
    page = await twilio.page(f"{twilio.root}/Calls.json", "calls", params)
    return {str(one.get("sid")): one for one in page.records}


def _item(
    twilio: Twilio,
    name: str,
    call: Record,
    legs: list[Record],
    recorded: list[Recorded],
) -> RawItem:
    content = write_call(call, legs, recorded)
    at = _at(call)
    return RawItem(
        remote=RemoteId(CALLS, twilio.settings.account_sid, name),
        content=content,
        received_at=at - twilio.skew if abs(twilio.skew) >= timedelta(seconds=30) else at,
        size=len(content),
        complete=not any(one.later for one in recorded),
        ours=call.get("direction") != "inbound",
    )


def _at(record: Record) -> datetime:
    at = moment(record.get("date_created")) or moment(record.get("start_time"))
    return at or datetime(2008, 1, 1, tzinfo=UTC)


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()

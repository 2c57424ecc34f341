"""The voice channel: the calls of a number of a Twilio account, polled, and click-to-call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from adapters.phone.call import is_over, read_call, read_sound
from adapters.phone.callcursor import CallCursor, parse_call_cursor
from adapters.phone.callfolder import (
    CALLS,
    CallReader,
    call_sids,
    legs_of,
    read_one_call,
)
from adapters.phone.connection import Twilio, moment
from adapters.phone.cursor import OVERLAP
from adapters.phone.handing import Claimed, hand_over, sid_of
from adapters.phone.number import inspect_number, shape_problem
from adapters.phone.patience import Patience
from adapters.phone.settings import TwilioSettings
from adapters.phone.trouble import sending_trouble
from inbox.channel import (
    Batch,
    Capabilities,
    Census,
    HandingOver,
    RawItem,
    Receipt,
    RemoteId,
    Whereabouts,
)
from inbox.clock import Clock
from inbox.errors import (
    AuthenticationFailed,
    ConnectionLost,
    NotSent,
    ServerRefused,
)
from inbox.gate import Permit
from inbox.inspection import Inspection
from inbox.line import Line
from inbox.message import Arrival, MessageStatus
from inbox.outgoing import Outgoing

SWEEP_EVERY = timedelta(minutes=10)
"""How often the whole overlap is looked through for what lists show late."""
FULL_CENSUS_EVERY = timedelta(hours=24)
"""How often all calls are counted; in between, those of the overlap."""
INSPECT_EVERY = timedelta(hours=6)
"""How often the set-up of the number is looked at."""
LOOK_BACK = timedelta(minutes=5)
"""How long before it was asked for a call of unknown outcome is looked for."""
RINGS = 25
"""Seconds the patient's phone rings."""


class VoiceChannel:
    """The calls of one number as a channel; see `inbox.channel.Channel`.

    Args:
        line: The line it belongs to; its address is the number, as E.164.
        settings: The account.
        clock: The present moment.
        desk: The number that rings first when a call is made from here, as E.164; empty: calls are
            made by hand.
        direct: The direct lines of the staff, which ring in the desk's place.
        claimed: Tells whether a SID belongs to another call of ours.
        twilio: The connection to share with other lines of the account; else one of its own.
    """

    def __init__(
        self,
        line: Line,
        settings: TwilioSettings,
        clock: Clock,
        *,
        desk: str = "",
        direct: Collection[str] = (),
        claimed: Claimed | None = None,
        twilio: Twilio | None = None,
    ) -> None:
        self._line = line
        self._settings = settings
        self._clock = clock
        self._desk = desk
        self._desks = frozenset({desk, *direct})
        self._claimed = claimed
        self.twilio = twilio or Twilio(settings, clock)
        """The connection."""
        self._shape = shape_problem(line.address)
        self._inspection: Inspection | None = None
        self._cursor: CallCursor | None = None
        self._swept: datetime | None = None
        self._patience = Patience()
        self._held: dict[str, tuple[datetime, bool]] = {}
        self._counted: datetime | None = None

    @property
    def line(self) -> Line:
        """The line it belongs to."""
        return self._line

    @property
    def capabilities(self) -> Capabilities:
        """What calls can do; whether anybody picks up is known once the number was inspected."""
        deaf = self._shape.sentence if self._shape else ""
        if not deaf and self._inspection is not None:
            deaf = self._inspection.deaf_because
        return Capabilities(deaf_because=deaf)

    @property
    def inspection(self) -> Inspection | None:
        """What the account said of the number last; None when it was not asked yet."""
        return self._inspection

    async def inspect(self) -> Inspection:
        """Ask the account about the number: does it take calls, and does anything pick up?

        Raises:
            ConnectionLost, AuthenticationFailed, ServerRefused.
        """
        self._inspection = await inspect_number(
            self.twilio, self._line.address, self._clock, voice=True
        )
        return self._inspection

    # ---- reading -----------------------------------------------------------------------------

    async def fetch(self, cursors: Mapping[str, str]) -> AsyncIterator[Batch]:
        """Calls that are over and not told yet, newest first."""
        now = self._clock()
        cursor = parse_call_cursor(cursors.get(CALLS), self._settings.account_sid)
        swept, self._swept = self._swept, None
        sweep = swept is None or not timedelta(0) <= now - swept < SWEEP_EVERY
        reader = self._reader(cursor)
        async for batch in reader.read(sweep=sweep):
            yield batch
        self._cursor = cursor
        self._swept = now if sweep else swept
        await self._inspect_if_due(now)

    def convert(self, raw: RawItem) -> Arrival:
        """Read one call; pure."""
        return read_call(raw.content, self._desks)

    def attachment(self, raw: bytes, part: str) -> bytes:
        """The sound of one recording; pure."""
        return read_sound(raw, part)

    async def fetch_whole(self, remote: RemoteId) -> RawItem:
        """A call with everything that was recorded of it."""
        return await read_one_call(self.twilio, remote)

    async def census(self) -> tuple[Census, ...]:
        """Every call of the number that has been told or should have been.

        One that is going on, or kept back because its recording may come, does not count yet. All
        are listed once a day; in between only those of the overlap are listed anew, and the older
        ones are taken to be there still.
        """
        now = self._clock()
        await self._count(now)
        known = self._cursor
        floor = None if known is None or known.top is None else known.top - OVERLAP
        items = {
            sid
            for sid, (at, over) in self._held.items()
            if over and (known is None or sid in known.seen or (floor is not None and at < floor))
        }
        return (Census(CALLS, self._settings.account_sid, frozenset(items)),)

    async def _count(self, now: datetime) -> None:
        """List the calls that are to be counted."""
        last, held = self._counted, self._held
        if last is None or not held or not timedelta(0) <= now - last < FULL_CENSUS_EVERY:
            self._held = await call_sids(self.twilio, self._line.address)
            self._counted = now
            return
        newest = max(at for at, _ in held.values())
        day = (newest - OVERLAP).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        listed = await call_sids(self.twilio, self._line.address, since=day)
        self._held = {sid: one for sid, one in held.items() if one[0] < day} | listed

    async def wait(self, seconds: float) -> None:
        """Look now and then; return when there is news."""
        left = seconds
        while left > 0:
            step = min(self._settings.poll, left)
            await asyncio.sleep(step)
            left -= step
            known = self._cursor
            if left > 0 and known is not None and await self._reader(known).news():
                return

    # ---- calling -----------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing, permit: Permit, handing_over: HandingOver) -> Receipt:
        """Call the caller's own phone, else the desk's, and the patient once it was picked up."""
        desk = outgoing.ring_first or self._desk
        return await self.call(outgoing, permit, handing_over, desk)

    async def call(
        self, outgoing: Outgoing, permit: Permit, handing_over: HandingOver, desk: str
    ) -> Receipt:
        """Ring a phone of ours, then the patient's, showing them the line's own number.

        Args:
            outgoing: The call; its text is the script, and nothing of it is spoken by a machine.
            permit: The gate's word on it.
            handing_over: Awaited right before it is asked for.
            desk: The phone of ours that rings first, as E.164.

        Raises:
            NotSent: certain that nothing rang. A call is never tried again by itself.
            OutcomeUnknown: it may be ringing.
        """
        permit.check(outgoing)
        form = self._form(outgoing, desk)
        said = await hand_over(self.twilio, "Calls", form, handing_over, thing="call", again=False)
        if not 200 <= said.status < 300:
            raise _never_again(sending_trouble(said.status, said.code, outgoing.to[0].value))
        sid = sid_of(said, "call")
        return Receipt(status=MessageStatus.SENT, at=self._clock(), provider_id=sid)

    async def locate(self, outgoing: Outgoing) -> Whereabouts:
        """Look for a call from here that led to the patient, or that still rings the desk."""
        desk = outgoing.ring_first or self._desk
        params = {"From": self._line.address, "PageSize": "50"}
        if desk:
            params["To"] = desk
        page = await self.twilio.page(f"{self.twilio.root}/Calls.json", "calls", params)
        floor = outgoing.created_at + self.twilio.skew - LOOK_BACK
        wanted = {address.key for address in outgoing.to}
        for record in page.records:
            at = moment(record.get("date_created"))
            if at is None or at < floor or record.get("direction") != "outbound-api":
                continue
            sid = str(record.get("sid"))
            if self._claimed is not None and await self._claimed(sid):
                # An earlier call to the same patient is not this one.
                continue
            legs = await legs_of(self.twilio, sid)
            reached = any(str(leg.get("to")) in wanted for leg in legs.values())
            if reached or (not legs and not is_over(record)):
                return Whereabouts(True, Receipt(MessageStatus.SENT, at, sid))
        return Whereabouts(found=False)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.twilio.close()

    def _reader(self, cursor: CallCursor) -> CallReader:
        return CallReader(self.twilio, self._line.address, cursor, self._clock, self._patience)

    async def _inspect_if_due(self, now: datetime) -> None:
        last = self._inspection
        if last is not None and timedelta(0) <= now - last.at < INSPECT_EVERY:
            return
        try:
            await self.inspect()
        except ConnectionLost:
            # The calls were read; the number is looked at next time.
            return
        except (AuthenticationFailed, ServerRefused):
            # A restricted API key may read calls and not the set-up of numbers.
            self._inspection = Inspection(now)

    def _form(self, outgoing: Outgoing, desk: str) -> dict[str, str]:
        if outgoing.line.id != self._line.id or outgoing.line.address != self._line.address:
            raise NotSent("The call belongs to another line.", "Make it from that line.")
        if self._shape is not None:
            raise NotSent(self._shape.sentence, self._shape.hint, sender_refused=True)
        if not desk:
            raise NotSent(
                "There is no phone here to ring first.",
                "Dial by hand and log the call, or set a direct line for the staff member.",
            )
        numbers = {address.key for address in outgoing.to}
        if len(numbers) != 1:
            raise NotSent("A call goes to one number.", "Call each by itself.")
        (number,) = numbers
        if not number.startswith("+"):
            raise NotSent(
                "Their number has no country code.",
                "Write it as +15550100101.",
                recipients=(outgoing.to[0].value,),
            )
        return {"To": desk, "From": self._line.address, "Twiml": _twiml(number, self._line)}


def _twiml(number: str, line: Line) -> str:
    """What is done once the desk has picked up.

    The machine names nobody: it may be talking to a voicemail of ours. The patient is shown the
    line's own number, which is the one they can call back.
    """
    return (
        "<Response><Say>Connecting your call.</Say>"
        f'<Dial callerId={quoteattr(line.address)} answerOnBridge="true" timeout="{RINGS}">'
        f"<Number>{escape(number)}</Number></Dial></Response>"
    )


def _never_again(error: Exception) -> Exception:
    """A call is not tried again by itself, whatever the reason."""
    if isinstance(error, NotSent) and error.temporary:
        return NotSent("The call was not made.", "Dial by hand, or try again.")
    return error

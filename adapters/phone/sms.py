"""The text channel: a line that is a number of a Twilio account, polled."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

from adapters.phone.connection import Record, Twilio, moment
from adapters.phone.cursor import OVERLAP, Cursor, parse_cursor
from adapters.phone.folder import RECEIVED, SENT, FolderReader, read_one, sids
from adapters.phone.handing import Claimed, hand_over, sid_of
from adapters.phone.item import PROBE, read_attachment, read_text
from adapters.phone.media import MediaReader
from adapters.phone.number import inspect_number, shape_problem
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

MOST_CHARACTERS = 1600
"""The longest text Twilio takes."""
SWEEP_EVERY = timedelta(minutes=10)
"""How often the whole overlap is looked through for what lists show late."""
SENT_EVERY = timedelta(minutes=5)
"""How often what left from the number is listed while no text of ours is on its way."""
FOLLOW_EVERY = timedelta(seconds=10)
"""How often it is listed while one is."""
FOLLOWED_CLOSELY = timedelta(minutes=10)
"""How long one is: many networks never say that a text arrived."""
INSPECT_EVERY = timedelta(hours=6)
"""How often the set-up of the number is looked at."""
FULL_CENSUS_EVERY = timedelta(hours=24)
"""How often all texts are counted; in between, those of the overlap."""
LOOK_BACK = timedelta(minutes=5)
"""How long before it was written a text of unknown outcome is looked for."""


class SmsChannel:
    """One number as a channel; see `inbox.channel.Channel`.

    Args:
        line: The line it belongs to; its address is the number, as E.164.
        settings: The account.
        clock: The present moment.
        claimed: Tells whether a SID belongs to another message of ours; without it only what this
            channel itself has sent is known.
        twilio: The connection to share with other lines of the account; else one of its own.
    """

    def __init__(
        self,
        line: Line,
        settings: TwilioSettings,
        clock: Clock,
        *,
        claimed: Claimed | None = None,
        twilio: Twilio | None = None,
    ) -> None:
        self._line = line
        self._settings = settings
        self._clock = clock
        self._claimed = claimed
        self.twilio = twilio or Twilio(settings, clock)
        """The connection."""
        self._media = MediaReader(self.twilio)
        self._shape = shape_problem(line.address)
        self._inspection: Inspection | None = None
        self._cursors: dict[str, Cursor] = {}
        self._texts: dict[str, str | None] = {}
        self._swept: dict[str, datetime] = {}
        self._listed_sent: datetime | None = None
        self._sent_since = False
        self._held: dict[str, dict[str, datetime]] = {}
        self._counted: datetime | None = None
        self._own: dict[str, str] = {}

    @property
    def line(self) -> Line:
        """The line it belongs to."""
        return self._line

    @property
    def capabilities(self) -> Capabilities:
        """What texts can do; whether answers arrive is known once the number was inspected."""
        deaf = self._shape.sentence if self._shape else ""
        if not deaf and self._inspection is not None:
            deaf = self._inspection.deaf_because
        return Capabilities(
            max_characters=MOST_CHARACTERS, delivery_reports=True, deaf_because=deaf
        )

    @property
    def inspection(self) -> Inspection | None:
        """What the account said of the number last; None when it was not asked yet."""
        return self._inspection

    async def inspect(self) -> Inspection:
        """Ask the account about the number: can it be texted, and where do answers go?

        Raises:
            ConnectionLost, AuthenticationFailed, ServerRefused.
        """
        self._inspection = await inspect_number(self.twilio, self._line.address, self._clock)
        return self._inspection

    # ---- reading -----------------------------------------------------------------------------

    async def fetch(self, cursors: Mapping[str, str]) -> AsyncIterator[Batch]:
        """Everything new in both directions, newest first, and what became of texts of ours."""
        now = self._clock()
        for folder in self._due(cursors, now):
            cursor = self._cursor(folder, cursors.get(folder))
            last = cursors.get(folder)
            reader = self._reader(folder, cursor)
            swept = self._swept.pop(folder, None)
            sweep = swept is None or now - swept >= SWEEP_EVERY or now < swept
            async for batch in reader.read(sweep=sweep):
                last = batch.cursor
                yield batch
            self._cursors[folder], self._texts[folder] = cursor, last
            if not reader.missed:
                self._swept[folder] = now if sweep or swept is None else swept
            if folder == SENT:
                self._listed_sent, self._sent_since = now, False
        await self._inspect_if_due(now)

    def convert(self, raw: RawItem) -> Arrival:
        """Read one text; pure."""
        return read_text(raw.content)

    def attachment(self, raw: bytes, part: str) -> bytes:
        """The bytes of one file that came with a text; pure."""
        return read_attachment(raw, part)

    async def fetch_whole(self, remote: RemoteId) -> RawItem:
        """A text with everything that came with it."""
        return await read_one(self.twilio, remote, self._media, self._clock)

    async def census(self) -> tuple[Census, ...]:
        """Every SID in both directions.

        All are counted once a day; in between only those of the overlap are listed anew, and the
        older ones are taken to be there still.
        """
        now = self._clock()
        full = self._counted is None or not 0 <= _hours(now - self._counted) < _hours(
            FULL_CENSUS_EVERY
        )
        for folder in (RECEIVED, SENT):
            self._held[folder] = await self._count(folder, full=full)
        if full:
            self._counted = now
        account = self._settings.account_sid
        return tuple(
            Census(one, account, frozenset(held), whole=full) for one, held in self._held.items()
        )

    async def wait(self, seconds: float) -> None:
        """Look now and then; return when there is news."""
        left = seconds
        while left > 0:
            step = min(self._settings.poll, left)
            await asyncio.sleep(step)
            left -= step
            if left > 0 and await self._news():
                return

    # ---- sending -----------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing, permit: Permit, handing_over: HandingOver) -> Receipt:
        """Hand one text to Twilio, at most once, always from the line's own number."""
        permit.check(outgoing)
        form = self._form(outgoing)
        said = await hand_over(
            self.twilio, "Messages", form, handing_over, thing="text", again=True
        )
        if not 200 <= said.status < 300:
            raise sending_trouble(said.status, said.code, outgoing.to[0].value)
        sid = sid_of(said, "text")
        self._own[sid] = outgoing.message_id
        self._sent_since = True
        return Receipt(status=MessageStatus.SENT, at=self._clock(), provider_id=sid)

    async def locate(self, outgoing: Outgoing) -> Whereabouts:
        """Look for a text to the same number with the same words; sends nothing."""
        form = self._form(outgoing)
        params = {"To": form["To"], "From": form["From"], "PageSize": "100"}
        url = f"{self.twilio.root}/Messages.json"
        async for page in self.twilio.pages(url, "messages", params):
            # By Twilio's clock, which is known since it answered.
            floor = outgoing.created_at + self.twilio.skew - LOOK_BACK
            for record in page.records:
                at = moment(record.get("date_created"))
                if at is not None and at < floor:
                    return Whereabouts(found=False)
                if _same(record, form["Body"]) and not await self._is_other(record, outgoing):
                    sid = str(record.get("sid"))
                    self._own[sid] = outgoing.message_id
                    receipt = Receipt(MessageStatus.SENT, at or self._clock(), sid)
                    return Whereabouts(True, receipt)
        return Whereabouts(found=False)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.twilio.close()

    # ---- parts of reading --------------------------------------------------------------------

    def _due(self, cursors: Mapping[str, str], now: datetime) -> tuple[str, ...]:
        """The folders to read now: what came, and now and then what left."""
        before = self._listed_sent
        if before is None or SENT not in cursors or self._sent_since or now < before:
            return (RECEIVED, SENT)
        wait = FOLLOW_EVERY if self._on_its_way(now) else SENT_EVERY
        return (RECEIVED, SENT) if now - before >= wait else (RECEIVED,)

    def _cursor(self, folder: str, text: str | None) -> Cursor:
        """The stored cursor; read anew only if it is not the one that was given out last.

        A run that fails leaves its cursor half moved, so it is forgotten until the run has ended.
        """
        known, last = self._cursors.pop(folder, None), self._texts.pop(folder, None)
        if known is not None and last is not None and text == last:
            return known
        return parse_cursor(text, self._settings.account_sid)

    def _reader(self, folder: str, cursor: Cursor) -> FolderReader:
        return FolderReader(
            self.twilio, folder, self._line.address, cursor, self._media, self._clock
        )

    async def _news(self) -> bool:
        received = self._cursors.get(RECEIVED)
        if received is not None and await self._reader(RECEIVED, received).news():
            return True
        sent = self._cursors.get(SENT)
        if sent is None or not (self._sent_since or self._on_its_way(self._clock())):
            return False
        return await self._reader(SENT, sent).news()

    def _on_its_way(self, now: datetime) -> bool:
        """Whether a text of ours left so lately that its end is worth asking for all the time."""
        known = self._cursors.get(SENT)
        latest = now + self.twilio.skew - FOLLOWED_CLOSELY
        return known is not None and any(at > latest for at in known.open.values())

    async def _count(self, folder: str, *, full: bool) -> dict[str, datetime]:
        held = self._held.get(folder, {})
        if full or not held:
            return await sids(self.twilio, folder, self._line.address)
        newest = max(held.values())
        day = (newest - OVERLAP).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        older = {sid: at for sid, at in held.items() if at < day}
        return older | await sids(self.twilio, folder, self._line.address, since=day)

    async def _inspect_if_due(self, now: datetime) -> None:
        last = self._inspection
        if last is not None and timedelta(0) <= now - last.at < INSPECT_EVERY:
            return
        try:
            await self.inspect()
        except ConnectionLost:
            # The texts were read; the number is looked at next time.
            return
        except (AuthenticationFailed, ServerRefused):
            # A restricted API key may read texts and not the set-up of numbers.
            self._inspection = Inspection(now)

    # ---- parts of sending --------------------------------------------------------------------

    def _form(self, outgoing: Outgoing) -> dict[str, str]:
        """What is handed over: From is the line's number and nothing else.

        A Messaging Service would choose a sender by itself.
        """
        if outgoing.line.id != self._line.id or outgoing.line.address != self._line.address:
            raise NotSent("The text belongs to another line.", "Send it from that line.")
        if self._shape is not None:
            raise NotSent(self._shape.sentence, self._shape.hint, sender_refused=True)
        if outgoing.attachments:
            raise NotSent("A text carries no files.", "Send them by e-mail or portal.")
        numbers = {address.key for address in (*outgoing.to, *outgoing.cc)}
        if len(numbers) != 1 or not outgoing.to:
            raise NotSent("A text goes to one number at a time.", "Write to each by itself.")
        (number,) = numbers
        if not number.startswith("+"):
            raise NotSent(
                "Their number has no country code.",
                "Write it as +15550100101.",
                recipients=(outgoing.to[0].value,),
            )
        body = outgoing.text
        if outgoing.probe_token:
            body = f"{PROBE} {outgoing.probe_token}"
        if not body.strip():
            raise NotSent("The text is empty.", "Write something.")
        if len(body) > MOST_CHARACTERS:
            raise NotSent("The text is longer than 1,600 characters.", "Shorten it.")
        form = {"To": number, "From": self._line.address, "Body": body}
        if self._settings.validity is not None:
            form["ValidityPeriod"] = str(self._settings.validity)
        return form

    async def _is_other(self, record: Record, outgoing: Outgoing) -> bool:
        """Whether a text that reads the same is another message of ours."""
        sid = str(record.get("sid"))
        if sid in self._own:
            return self._own[sid] != outgoing.message_id
        return self._claimed is not None and await self._claimed(sid)


def _same(record: Record, body: str) -> bool:
    """Whether a listed text of ours has these words.

    Blanks and the forms of characters may be changed on the way (smart encoding).
    """
    if record.get("direction") == "inbound":
        return False
    return _plain(str(record.get("body") or "")) == _plain(body)


_ALIKE = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-"})


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).replace("…", "...").translate(_ALIKE)
    return re.sub(r"\s+", " ", text).strip()


def _hours(span: timedelta) -> float:
    return span.total_seconds() / 3600

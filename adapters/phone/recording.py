"""Recordings and what a machine understood of them."""

from __future__ import annotations

from datetime import UTC, datetime

from adapters.phone.call import Recorded, is_voicemail, seconds_of
from adapters.phone.connection import Record, Twilio
from adapters.phone.patience import Patience
from adapters.phone.trouble import kept_back, reading_trouble
from inbox.errors import AuthenticationFailed, ConnectionLost, ServerRefused

MOST_BYTES = 20_000_000
"""Bytes of one recording that are fetched at most."""
TRANSCRIBABLE = range(2, 121)
"""Seconds that a recording may last for a machine to write it down (13617 otherwise)."""


class Recordings:
    """The recordings of an account, as far as calls ask for them.

    The list is read once for each run and from the earliest day that matters.
    """

    def __init__(self, twilio: Twilio, patience: Patience) -> None:
        """Read from the account of `twilio`; what fails holds its call as `patience` says."""
        self._twilio = twilio
        self._patience = patience
        self._by_call: dict[str, list[Record]] = {}
        self._since: datetime | None = None

    async def since(self, day: datetime) -> None:
        """List what was recorded from a day on, unless that is known already."""
        day = day.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if self._since is not None and self._since <= day:
            return
        self._since, self._by_call = day, {}
        url = f"{self._twilio.root}/Recordings.json"
        params = {"DateCreated>": day.date().isoformat(), "PageSize": "1000"}
        seen: set[str] = set()
        async for page in self._twilio.pages(url, "recordings", params):
            for record in page.records:
                sid = str(record.get("sid"))
                if sid not in seen and _is_done(record):
                    seen.add(sid)
                    self._by_call.setdefault(str(record.get("call_sid")), []).append(record)

    async def load(self, call_sid: str) -> None:
        """List what was recorded of one call."""
        url = f"{self._twilio.root}/Recordings.json"
        page = await self._twilio.page(url, "recordings", {"CallSid": call_sid, "PageSize": "50"})
        self._by_call[call_sid] = [one for one in page.records if _is_done(one)]

    def of(self, call_sid: str) -> list[Record]:
        """The messages left on one call, the oldest first."""
        return [one for one in reversed(self._by_call.get(call_sid, ())) if is_voicemail(one)]

    async def words(self, recording: Record) -> tuple[str, bool]:
        """What a machine understood, and whether it may still come.

        Raises:
            ConnectionLost: try again later.
        """
        if seconds_of(recording) not in TRANSCRIBABLE:
            return "", False
        name = f"{recording.get('sid')}/Transcriptions"
        try:
            page = await self._twilio.page(
                f"{self._twilio.root}/Recordings/{name}.json", "transcriptions", {"PageSize": "20"}
            )
        except ServerRefused:
            return "", False
        except (ConnectionLost, AuthenticationFailed) as error:
            if not self._patience.is_over(name):
                raise kept_back("call", error) from error
            return "", False
        self._patience.forget(name)
        done = [one for one in page.records if one.get("status") == "completed"]
        said = next((str(one["transcription_text"]) for one in done if _text(one)), "")
        return said, not done and any(one.get("status") == "in-progress" for one in page.records)

    async def sound(self, recording: Record, said: str) -> Recorded:
        """A recording with its sound.

        Raises:
            ConnectionLost: try again later.
        """
        name = str(recording.get("sid"))
        try:
            recorded = await self._fetched(recording, said)
        except (ConnectionLost, AuthenticationFailed) as error:
            if not self._patience.is_over(name):
                raise kept_back("call", error) from error
            problem = "The recording could not be fetched; ask for the whole of it."
            recorded = Recorded(recording, problem=problem, said=said, later=True)
        self._patience.forget(name)
        return recorded

    async def _fetched(self, recording: Record, said: str) -> Recorded:
        url = f"{self._twilio.root}/Recordings/{recording.get('sid')}.mp3"
        try:
            file = await self._twilio.download(url, MOST_BYTES)
        except ServerRefused as error:
            return Recorded(recording, problem=error.sentence, said=said)
        if file.too_large:
            problem = "The recording is too long to be kept; listen to it in Twilio's console."
            return Recorded(recording, problem=problem, said=said)
        if file.status in {404, 410}:
            problem = "The recording is no longer at Twilio."
            return Recorded(recording, problem=problem, said=said)
        if not 200 <= file.status < 300:
            trouble = reading_trouble(file.status, 0)
            if isinstance(trouble, AuthenticationFailed | ConnectionLost):
                raise trouble
            return Recorded(recording, problem=trouble.sentence, said=said)
        return Recorded(recording, sound=file.content, said=said)


def _is_done(recording: Record) -> bool:
    return recording.get("status") is None or str(recording["status"]) == "completed"


def _text(transcription: Record) -> bool:
    text = transcription.get("transcription_text")
    return isinstance(text, str) and text.strip() not in {"", "(blank)"}

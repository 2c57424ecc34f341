"""The connection to one Twilio account: questions, texts to send, files to fetch.

The official client is imported when the first question is asked, on a thread: it takes as long as
several frames. Lists are read through its raw requests and not its typed ones, because those drop
every field they do not know, and fail on a page that has one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from adapters.phone.settings import API, TwilioSettings
from adapters.phone.trouble import lost, reading_trouble, strange_answer
from inbox.clock import Clock
from inbox.errors import AuthenticationFailed, ServerRefused

if TYPE_CHECKING:
    from adapters.phone.client import Download, Transport

_YEARS = range(2000, 2200)
"""A time out of these is no time, and sums with it would have no end."""

MESSAGING = "https://messaging.twilio.com/v1"
"""Where Messaging Services live."""

Record = dict[str, Any]
"""One JSON object of the API."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    records: tuple[Record, ...]
    next: str
    """The URL of the next page, empty on the last."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer to something that was handed over."""

    status: int
    record: Record
    """Empty when the answer was no JSON object."""

    @property
    def code(self) -> int:
        """Twilio's own error code; 0 when there is none."""
        return _code(self.record)


class Twilio:
    """One account, for reading and sending; may be shared by the channels of its lines."""

    def __init__(self, settings: TwilioSettings, clock: Clock) -> None:
        """Reach the account of `settings`; nothing is opened yet."""
        self.settings = settings
        """The account."""
        self.requests = 0
        """How many requests were made so far."""
        self.skew = timedelta(0)
        """How far Twilio's clock is ahead of ours, by its last answer."""
        self._clock = clock
        self._opening = asyncio.Lock()
        self._transport: Transport | None = None
        self._client: Any = None
        self._auth = ("", "")

    @property
    def root(self) -> str:
        """What the URLs of all resources of the account begin with."""
        return f"{API}/2010-04-01/Accounts/{self.settings.account_sid}"

    async def get(self, url: str, params: Mapping[str, str] | None = None) -> Record:
        """One resource.

        Raises:
            ConnectionLost, AuthenticationFailed, ServerRefused.
        """
        response = await self._request("GET", url, params=params)
        if not 200 <= response.status_code < 300:
            error = reading_trouble(response.status_code, _code(_record(response.text)))
            if isinstance(error, AuthenticationFailed):
                await self.close()
            raise error
        record = _record(response.text)
        if not record:
            raise strange_answer()
        return record

    async def page(self, url: str, key: str, params: Mapping[str, str] | None = None) -> Page:
        """One page of a list whose items are called `key`. Raises as `get` does."""
        record = await self.get(url, params)
        items = record.get(key)
        if not isinstance(items, list):
            raise strange_answer()
        return Page(tuple(one for one in items if isinstance(one, dict)), _next(record))

    async def pages(
        self, url: str, key: str, params: Mapping[str, str] | None = None
    ) -> AsyncIterator[Page]:
        """Every page of a list; a chain of pages that comes back to itself ends."""
        seen: set[str] = set()
        page = await self.page(url, key, params)
        yield page
        while page.next and page.next not in seen:
            seen.add(page.next)
            page = await self.page(page.next, key)
            yield page

    async def hand_over(self, url: str, form: Mapping[str, str]) -> Said:
        """POST, once.

        Raises:
            NotConnected: nothing has left.
            ConnectionLost: no answer came; it may have been taken.
        """
        response = await self._request("POST", url, form=form, plain=True)
        if response.status_code == 401:
            # The secret may be another one by the time of the next attempt.
            await self.close()
        return Said(response.status_code, _record(response.text))

    async def download(self, url: str, limit: int) -> Download:
        """A file, of at most `limit` bytes. Raises ConnectionLost, ServerRefused."""
        transport = await self.open()
        from adapters.phone.client import NotConnected

        self.requests += 1
        try:
            return await transport.download(url, self._auth, limit)
        except NotConnected as error:
            raise lost(str(error)) from error

    async def open(self) -> Transport:
        """Import the client and ask for the secret, if that is not done yet.

        Raises:
            TwowayError: the secret cannot be had.
        """
        async with self._opening:
            if self._transport is None:
                secret = await asyncio.to_thread(self._prepare)
                from adapters.phone.client import Transport, new_client

                self._auth = (self.settings.user or self.settings.account_sid, secret)
                self._transport = Transport(self.settings)
                self._client = new_client(self.settings, secret, self._transport)
            return self._transport

    async def close(self) -> None:
        """Let go of the connections and forget the secret; it may be used again afterwards."""
        transport, self._transport, self._client = self._transport, None, None
        self._auth = ("", "")
        if transport is not None:
            await transport.close()

    def _prepare(self) -> str:
        import adapters.phone.client  # noqa: F401  # heavy, so not first on the event loop

        return self.settings.secret()

    async def _request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        plain: bool = False,
    ) -> Any:
        await self.open()
        from adapters.phone.client import NotConnected

        self.requests += 1
        try:
            response = await self._client.request_async(method, url, params=params, data=form)
        except NotConnected as error:
            if plain:
                raise
            raise lost(str(error)) from error
        self._learn_skew(response.headers.get("Date", ""))
        return response

    def _learn_skew(self, date: str) -> None:
        with suppress(ValueError, TypeError):
            self.skew = parsedate_to_datetime(date).astimezone(UTC) - self._clock()


def moment(value: object) -> datetime | None:
    """A time as the API writes it (RFC 2822 or ISO 8601), in UTC; None when there is none."""
    if not isinstance(value, str):
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        with suppress(ValueError, TypeError, OverflowError):
            at = read(value)
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
            return at if at.year in _YEARS else None
    return None


def _record(text: str) -> Record:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _code(record: Record) -> int:
    code = record.get("code")
    return code if isinstance(code, int) else 0


def _next(record: Record) -> str:
    below = record.get("next_page_uri")
    if isinstance(below, str) and below:
        if not below.startswith("/"):
            raise ServerRefused("Twilio's answer leads to a host that is none of Twilio's.", "")
        return API + below
    meta = record.get("meta")
    url = meta.get("next_page_url") if isinstance(meta, dict) else None
    return url if isinstance(url, str) else ""

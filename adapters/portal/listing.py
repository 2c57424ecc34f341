"""The list of messages, page by page, on servers that each do it in their own way.

Links to the next page are followed where there are any. They are not trusted to be all: entries
move between pages while somebody writes, and some servers have no links. Where the total says that
more is there, or nothing says anything, the list is asked for again by time and by offset, until
that brings nothing new.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.portal.connection import MOST_PAGE, Portal
from adapters.portal.item import digest
from adapters.portal.page import Page, Record, TooLarge
from adapters.portal.resource import REFERENCE, instant, last_updated, moment, word
from adapters.portal.status import is_draft
from adapters.portal.trouble import Forbidden
from inbox.errors import ServerRefused

MESSAGES = "Communication"
MOST_PAGES = 5000
"""Pages of one list that are read at most."""
MOST_LARGE = 64_000_000
"""Bytes of a page that are read at most when a smaller limit was not enough."""
_SLIM = "id,meta,status,sent"
"""What a message is counted by."""
_BARE = f"{_SLIM},identifier,sender,recipient,subject,topic,partOf,inResponseTo,received"
"""What tells who wrote to whom, without what was said."""
_FRUITLESS = 3
"""Pages without anything new after which links are not followed any more."""

VERSION = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")

Pair = tuple[str, str]


@dataclass(slots=True)
class Habits:
    """What was learned of a server; forgotten with the channel."""

    count: int
    """Messages asked for on a page."""
    limit: int = MOST_PAGE
    """Bytes of a page that are read at most."""
    sorts: bool = True
    """It takes `_sort`."""
    stamped: bool = True
    """It takes `_lastUpdated`."""
    slim: bool = True
    """It takes `_elements`."""
    bare: bool = False
    """Some message alone is too large for a page: what messages say is asked for one by one."""
    links: bool = False
    """It has linked a page to the next."""

    @property
    def shrunk(self) -> bool:
        """Whether some page was too large."""
        return self.limit == MOST_LARGE

    def shrink(self) -> bool:
        """A page was too large: ask for less on each. False: it cannot be less."""
        if self.count == 1 and self.shrunk:
            tried, self.bare = self.bare, True
            return self.slim and not tried
        self.count, self.limit = max(1, self.count // 10), MOST_LARGE
        return True


class Listing:
    """One way through the list.

    Args:
        portal: The server.
        habits: What is known of it.
        floor: Nothing before is wanted.
        ceiling: Nothing after is wanted.
        by: What it is sorted by, `_lastUpdated` or `sent`.
        slim: Only ids and versions are wanted.
    """

    def __init__(
        self,
        portal: Portal,
        habits: Habits,
        *,
        floor: datetime | None = None,
        ceiling: datetime | None = None,
        by: str = "_lastUpdated",
        slim: bool = False,
    ) -> None:
        self._portal = portal
        self._habits = habits
        self._floor = floor
        self._ceiling = ceiling
        self._by = by
        self._slim = slim
        self._listed: set[str] = set()
        self._messages = 0
        self._clean = False
        self._last: datetime | None = None
        self._highest: datetime | None = None
        self.total: int | None = None
        """How many there are, if the server says so."""
        self.ordered = True
        """So far they came newest first."""
        self.failed: Record | None = None
        """The word of the server that it could not list everything."""

    async def pages(self) -> AsyncGenerator[Page, None]:
        """Every page, some perhaps more than once.

        Raises:
            TooLarge: a page is larger than the limit.
            ConnectionLost, AuthenticationFailed, ServerRefused.
        """
        first = await self._first()
        self.total = first.total
        self._note(first)
        yield first
        if not first.found:
            return
        async for page in self._linked(first):
            yield page
        if self._is_all(clean=self._clean):
            return
        edge = _Edge(first, self._habits)
        for way in (self._by_time(edge, "_lastUpdated"), self._by_offset(first)):
            fresh = False
            async for page, new in way:
                fresh |= new
                yield page
            if self._is_all(clean=fresh):
                return
        async for page, _ in self._by_time(_Edge(first, self._habits, "sent"), "sent"):
            yield page

    # ---- ways --------------------------------------------------------------------------------

    async def _first(self) -> Page:
        """The first page; without what a strict server does not know."""
        while True:
            try:
                return await self._page(self._params())
            except Forbidden:
                raise
            except ServerRefused as error:
                if not self._give_up_something(error):
                    raise

    async def _linked(self, first: Page) -> AsyncIterator[Page]:
        """What the links lead to."""
        followed: set[str] = set()
        page, fruitless = first, 0
        while page.next and len(followed) < MOST_PAGES and fruitless < _FRUITLESS:
            url = self._portal.resolve(page.next)
            if not url or url in followed:
                return
            followed.add(url)
            try:
                page = await self._portal.page(url, limit=self._habits.limit)
            except Forbidden:
                raise
            except ServerRefused as error:
                if isinstance(error, TooLarge):
                    raise
                # The search is no longer there; it is begun anew by other means.
                return
            self._habits.links = True
            fruitless = 0 if self._note(page) else fruitless + 1
            yield page
        # The end of the links is the end of the list on a server that has links at all.
        self._clean = not page.next and self._habits.links

    async def _by_time(self, edge: _Edge, element: str) -> AsyncIterator[tuple[Page, bool]]:
        """Again and again from the last time that came, inclusive; an offset for equal times."""
        skip = 0
        for _ in range(MOST_PAGES):
            if edge.at is None:
                return
            bound = (element, f"{edge.prefix}{instant(edge.at)}")
            params = [*self._params(but=edge.prefix if element == self._by else ""), bound]
            page = await self._try([*params, ("_offset", str(skip))] if skip else params)
            if page is None or not page.found:
                return
            new, moved = self._note(page), edge.move(page)
            yield page, new
            if not moved and not new and skip:
                return
            skip = 0 if moved else _beyond(skip, page)

    async def _by_offset(self, first: Page) -> AsyncIterator[tuple[Page, bool]]:
        skip = _beyond(0, first)
        for _ in range(MOST_PAGES):
            page = await self._try([*self._params(), ("_offset", str(skip))])
            if page is None or not page.found or not self._note(page):
                return
            yield page, True
            skip = _beyond(skip, page)

    async def _try(self, params: list[Pair]) -> Page | None:
        """A page by a way that the server may not know."""
        try:
            return await self._page(params)
        except Forbidden:
            raise
        except ServerRefused as error:
            if isinstance(error, TooLarge):
                raise
            return None

    # ---- parts -------------------------------------------------------------------------------

    async def _page(self, params: list[Pair]) -> Page:
        return await self._portal.page(MESSAGES, params, limit=self._habits.limit)

    def _params(self, but: str = "") -> list[Pair]:
        params = [*self._portal.settings.query, ("_count", str(self._habits.count))]
        if self._habits.sorts:
            params.append(("_sort", f"-{self._by}"))
        if self._habits.stamped:
            bounds = (("ge", self._floor), ("le", self._ceiling))
            params += [
                ("_lastUpdated", f"{prefix}{instant(at)}")
                for prefix, at in bounds
                if at is not None and prefix != but
            ]
        if self._habits.slim and (self._slim or self._habits.bare):
            params.append(("_elements", _SLIM if self._slim else _BARE))
        return params

    def _give_up_something(self, error: ServerRefused) -> bool:
        habits = self._habits
        if isinstance(error, TooLarge):
            return False
        if habits.slim and (self._slim or habits.bare):
            habits.slim = False
        elif habits.sorts:
            habits.sorts = False
        elif habits.stamped and (self._floor is not None or self._ceiling is not None):
            habits.stamped = False
        else:
            return False
        return True

    def _note(self, page: Page) -> bool:
        """Take down what a page holds; whether anything of it is new."""
        self.failed = self.failed or page.failed
        stamps = [at for one in page.found if (at := last_updated(one)) is not None]
        if self._highest is None and stamps:
            self._highest = max(stamps)
        fresh = False
        for one in page.found:
            name = name_of_entry(one)
            if name in self._listed:
                continue
            self._listed.add(name)
            self._messages += word(one, "resourceType") == MESSAGES
            fresh = True
            self._check_order(last_updated(one))
        return fresh

    def _check_order(self, at: datetime | None) -> None:
        if at is None:
            self.ordered = False
        elif self._highest is not None and at > self._highest:
            # It was changed meanwhile, and is still shown at its old place.
            return
        elif self._last is not None and at > self._last:
            self.ordered = False
        else:
            self._last = at

    def _is_all(self, *, clean: bool) -> bool:
        return clean if self.total is None else self._messages >= self.total


def _beyond(offset: int, page: Page) -> int:
    """Where the next page begins: one entry before, in case one goes away meanwhile."""
    return offset + max(1, len(page.found) - 1)


class _Edge:
    """The end of what has been listed, by time."""

    def __init__(self, page: Page, habits: Habits, element: str = "") -> None:
        self._element = element
        times = self._times(page)
        rising = len(times) > 1 and times == sorted(times) and times[0] != times[-1]
        self.prefix = "ge" if rising else "le"
        self.at: datetime | None = None
        if habits.stamped or element:
            self.move(page)

    def move(self, page: Page) -> bool:
        """Go to the end of another page; whether that is further on."""
        times = self._times(page)
        if not times:
            return False
        at = max(times) if self.prefix == "ge" else min(times)
        further = self.at is None or (at > self.at if self.prefix == "ge" else at < self.at)
        if further:
            self.at = at
        return further

    def _times(self, page: Page) -> list[datetime]:
        if not self._element:
            return [at for one in page.found if (at := last_updated(one)) is not None]
        found = (moment(one.get(self._element)) for one in page.found if isinstance(one, dict))
        return [one.at for one in found if one is not None]


def name_of_entry(found: Any) -> str:
    """The name of something in a list: its id, with its type when it is no Communication."""
    kind, id_ = word(found, "resourceType", 64), word(found, "id", 64)
    if REFERENCE.match(f"{kind}/{id_}") is None:
        return f"?{digest(found)}"
    return id_ if kind == MESSAGES else f"{kind}/{id_}"


def version_of(found: Any) -> str:
    """The version of something in a list; where the server has none, one by its content."""
    meta = found.get("meta") if isinstance(found, dict) else None
    told = word(meta, "versionId", 64)
    return told if VERSION.match(told) else f"h{digest(found)}"


async def names(
    portal: Portal, habits: Habits, since: datetime | None = None, *, loose: bool = False
) -> dict[str, datetime | None]:
    """The id of every message with its `lastUpdated`, or of what was changed `since`."""
    found: dict[str, datetime | None] = {}
    by = "sent" if loose else "_lastUpdated"
    listing = Listing(portal, habits, floor=since, by=by, slim=True)
    async for page in listing.pages():
        for one in page.found:
            if not is_draft(one):
                found[name_of_entry(one)] = last_updated(one)
    return found

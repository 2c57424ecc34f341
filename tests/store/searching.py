"""What is found, asked the way the desk asks."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from inbox.conversation import SearchHit, SearchKey, SearchPage
from inbox.repository import Repository
from inbox.search.present import Present
from inbox.search.query import parse
from inbox.search.scope import Named, Scope
from tests.clock import START

ZONE = ZoneInfo("America/Chicago")


async def find(
    repository: Repository,
    text: str,
    limit: int = 50,
    after: SearchKey | None = None,
    now: datetime = START,
) -> SearchPage:
    """One part; who has waited for four hours is overdue."""
    present = Present(now, ZONE, {"": now - timedelta(hours=4)})
    asked = parse(text, scope(now))
    return await repository.searches.find(asked, present, after=after, limit=limit)


async def hits(repository: Repository, text: str) -> list[SearchHit]:
    """All that is found."""
    page = await find(repository, text)
    found = [*page.hits]
    while page.next is not None:
        page = await find(repository, text, after=page.next)
        found += page.hits
    return found


def scope(now: datetime = START) -> Scope:
    """Dana's desk, with one line."""
    line = Named("front-desk", ("Lakeside front desk",))
    return Scope(now.astimezone(ZONE).date(), lines=(line,), me="dana")

"""Searching: what a person typed, looked for in what is stored, and what they may type next."""

from __future__ import annotations

import asyncio
from datetime import datetime

from inbox.age import overdue_since
from inbox.clock import Clock
from inbox.conversation import SearchKey, SearchPage
from inbox.practice import Practice, StaffMember
from inbox.repository import Repository
from inbox.search.completing import Completion, Completions, completions
from inbox.search.present import Present
from inbox.search.query import Is, Query, parse
from inbox.search.scope import Scope, scope_of

_NAMES = 8
"""Names of patients that are offered at most."""


class Searching:
    """Search as one staff member types it."""

    def __init__(
        self, repository: Repository, practice: Practice, clock: Clock, member: StaffMember
    ) -> None:
        """Search in `repository`; `member` is `me`."""
        self._repository = repository
        self._practice = practice
        self._clock = clock
        self._member = member

    async def find(self, text: str, limit: int = 50, after: SearchKey | None = None) -> SearchPage:
        """Conversations that match what a person typed, the newest match first.

        Args:
            text: Anything at all; it is never an error.
            limit: So many conversations at most.
            after: Where an earlier part ended.
        """
        asked = parse(text, self._scope())
        page = await self._repository.searches.find(
            asked, await self._present(asked), after=after, limit=limit
        )
        return SearchPage(page.hits, page.next, asked.unread)

    async def complete(self, text: str, cursor: int) -> Completions:
        """What the piece at the cursor can become; empty when there is nothing to offer."""
        offered = completions(text, cursor, self._scope())
        if not offered.names_of:
            return offered
        found = await self._repository.patients.find(offered.names_of, _NAMES)
        names = tuple(Completion.of_name(offered.before, one.name) for one in found)
        return offered.with_names(names)

    def _scope(self) -> Scope:
        today = self._clock().astimezone(self._practice.timezone).date()
        return scope_of(self._practice, today, self._member.id)

    async def _present(self, asked: Query) -> Present:
        now, practice = self._clock(), self._practice
        overdue: dict[str, datetime] = {}
        if Is.OVERDUE in asked.states | asked.not_states and practice.answer_within is not None:
            if practice.hours.known(now):
                overdue = self._overdue(now)
            else:
                # Holidays that are not known yet take a while to find.
                overdue = await asyncio.to_thread(self._overdue, now)
        return Present(now, practice.timezone, overdue)

    def _overdue(self, now: datetime) -> dict[str, datetime]:
        within = self._practice.answer_within
        if within is None:
            return {}
        hours = {"": self._practice.hours, **self._practice.line_hours}
        return {line: overdue_since(now, own, within) for line, own in hours.items()}

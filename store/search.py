"""Search, for the contract; what does the work is imported when somebody searches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbox.conversation import SearchKey, SearchPage
from store.transaction import Transactions

if TYPE_CHECKING:
    from inbox.search.present import Present
    from inbox.search.query import Query


class SearchTable:
    """Implements `inbox.repository.SearchStore`."""

    def __init__(self, transactions: Transactions) -> None:
        """Work through `transactions`."""
        self._do = transactions

    async def find(
        self, asked: Query, present: Present, *, after: SearchKey | None = None, limit: int = 50
    ) -> SearchPage:
        """Conversations with a message that matches, the newest match first."""
        from store.search_page import find

        if asked.is_empty or limit < 1:
            return SearchPage((), None)
        return await self._do.read(lambda db: find(db, asked, present, after, limit))

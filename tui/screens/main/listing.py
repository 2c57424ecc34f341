"""Filling the list: a window of pages that moves with the cursor and never grows beyond a limit."""

from __future__ import annotations

from textual.widgets import Static

from inbox.conversation import COUNT_LIMIT, ConversationRow, ListState, PageKey
from inbox.desk import Desk
from tui.commands import command, shown_key
from tui.widgets.conversation_list import ConversationList
from tui.widgets.state_tabs import StateTabs

PAGE = 60
"""Rows a page."""
WINDOW = 8
"""Pages held at once; beyond, the far end is let go and read again when it is needed."""

EMPTY: dict[ListState, tuple[str, ...]] = {
    ListState.NEEDS_REPLY: (
        "Nobody waits for an answer.", "", "2 shows what we wait for · w writes to somebody",
    ),
    ListState.WAITING: ("We wait for nobody.", "", "1 shows what needs a reply"),
    ListState.PROMISED: (
        "Nothing is promised.", "", "What a message promises is found when it is sent.",
    ),
    ListState.UNDELIVERED: ("Everything was delivered.", "", "1 shows what needs a reply"),
    ListState.UNKNOWN: ("Everybody is known.", "", "1 shows what needs a reply"),
    ListState.SNOOZED: ("Nothing is asleep.", "", "s on a conversation hides it for a while"),
    ListState.NEEDS_LOOK: ("Everything could be read.", "", "1 shows what needs a reply"),
    ListState.ALL: ("No message has arrived yet.", "", "L shows how the lines are doing"),
    ListState.DONE: ("Nothing is closed.", "", "e closes a conversation"),
}  # fmt: skip


class Listing:
    """Which rows the list holds."""

    def __init__(self, desk: Desk, rows: ConversationList, tabs: StateTabs) -> None:
        """Fill `rows` and `tabs` from `desk`."""
        self._desk = desk
        self._rows = rows
        self._tabs = tabs
        self.state = ListState.NEEDS_REPLY
        self.mine = False
        self._starts: list[PageKey | None] = [None]
        """Where each page known so far begins."""
        self._first = 0
        """The first page in the window."""
        self._pages: list[tuple[ConversationRow, ...]] = []
        self._loading = False
        self.on_top: tuple[ConversationRow, ...] = ()
        """What stands above every list, whatever it holds: broken promises."""

    async def show(self, state: ListState, *, mine: bool | None = None) -> None:
        """Show another list from its top."""
        self.state = state
        self.mine = self.mine if mine is None else mine
        self._tabs.state, self._tabs.mine = state, self.mine
        self._starts, self._first = [None], 0
        self._pages = [await self._read(0)]
        await self._put(keep=False)
        await self._say_mine()

    async def refresh(self) -> None:
        """Read the window again; the cursor stays on its conversation."""
        held = max(1, len(self._pages))
        pages = []
        for number in range(self._first, self._first + held):
            if number >= len(self._starts):
                break
            pages.append(await self._read(number))
        self._pages = pages
        await self._put(keep=True)

    async def further(self) -> None:
        """Read the next page, when there is one."""
        number = self._first + len(self._pages)
        if self._loading or number >= len(self._starts):
            return
        self._loading = True
        try:
            page = await self._read(number)
            self._pages = [*self._pages, page]
            if len(self._pages) > WINDOW:
                self._pages = self._pages[1:]
                self._first += 1
            await self._put(keep=True)
        finally:
            self._loading = False

    async def back(self) -> None:
        """Read the page before the window, when there is one."""
        if self._loading or self._first == 0:
            return
        self._loading = True
        try:
            self._first -= 1
            page = await self._read(self._first)
            self._pages = [page, *self._pages][:WINDOW]
            await self._put(keep=True)
        finally:
            self._loading = False

    async def counts(self) -> None:
        """Count again."""
        self._tabs.counts = await self._desk.counts()
        await self._say_mine()

    async def _say_mine(self) -> None:
        """Say above the list that others are left out, and how many."""
        parent = self._rows.screen
        found = parent.query("#mine").results(Static)
        line = next(found, None)
        if line is None:
            if not self.mine:
                return
            line = Static("", id="mine", markup=False)
            await parent.query_one("#left").mount(line, before=self._rows)
        line.display = self.mine
        others = self._others()
        counted = f": {others} other{'s' * (others != 1)}" if others else ""
        line.update(f"Only yours are shown{counted}; {self._mine_key()} shows all")

    def _mine_key(self) -> str:
        keymap = getattr(self._rows.app, "keys_changed", {})
        return shown_key(command("mine-only"), keymap)

    def _others(self) -> int:
        """How many of this list are not the member's; 0 when that is not counted."""
        name = self.state.value.replace("-", "_")
        total = getattr(self._tabs.counts, name, 0)
        ended = self._first + len(self._pages) >= len(self._starts)
        if self.state is ListState.PROMISED or total >= COUNT_LIMIT or self._first or not ended:
            return 0
        me = self._desk.member.id
        mine = {row.id for page in self._pages for row in page if row.assigned_to == me}
        return max(0, int(total) - len(mine))

    async def _read(self, number: int) -> tuple[ConversationRow, ...]:
        page = await self._desk.page(
            self.state, after=self._starts[number], limit=PAGE, mine=self.mine
        )
        # What follows this page may have changed with it.
        del self._starts[number + 1 :]
        if page.next is not None:
            self._starts.append(page.next)
        return page.rows

    async def _put(self, *, keep: bool) -> None:
        drafts = await self._desk.repository.drafts.conversations(self._desk.member.id)
        unique = {row.id: row for page in self._pages for row in page}
        if self._first == 0:
            top = {row.id: row for row in unique.values() if row.urgent}
            top |= {row.id: unique.get(row.id, row) for row in self.on_top}
            unique = {**top, **{id_: row for id_, row in unique.items() if id_ not in top}}
        self._rows.replace(
            tuple(unique.values()),
            frozenset(drafts),
            keep=keep,
            empty=self._nothing(),
            above=self._first > 0,
            below=self._first + len(self._pages) < len(self._starts),
        )

    def _nothing(self) -> tuple[str, ...]:
        """What an empty list says."""
        if not self.mine:
            return EMPTY[self.state]
        return "Nothing of yours is in this list.", "", f"{self._mine_key()} shows all"

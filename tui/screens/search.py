"""Search while typing; a conversation a result."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from inbox.conversation import SearchHit, SearchKey
from inbox.desk import Desk
from inbox.search.completing import Completions
from tui.commands import Place
from tui.screens.telling import guarded
from tui.widgets.cells import one_line
from tui.widgets.key_bar import KeyBar
from tui.widgets.row_words import time_words
from tui.widgets.status_bar import StatusBar, TroubleBar, trouble_words

_WAIT = 0.12
"""Seconds of quiet before the search begins."""
_NEAR_END = 5
"""More is fetched when so many rows are left below the marked one."""
_PAGE = 50
_ENOUGH = 10
"""With so many more there is something to look at."""
_PARTS = 20
"""So many parts are fetched for fewer."""
_EMPTY = "from:  to:  patient:  about:  is:unread  has:attachment  on:monday  -word"
_START = "Type what you remember: it is looked for in texts, subjects, names, files."


@dataclass(frozen=True, slots=True)
class _Taken:
    """A completion that was put in; the next Tab takes the one behind it."""

    text: str
    """What was typed."""
    offered: Completions
    at: int
    result: str


class SearchScreen(Screen[int | None]):
    """Gives the conversation to open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "command('back')", "Back", id="back"),
        Binding("tab", "command('complete-search')", "Complete", id="complete-search"),
        Binding("shift+tab", "complete(-1)", "Complete otherwise"),
        Binding("down", "step(1)", "Down"),
        Binding("up", "step(-1)", "Up"),
        Binding("pagedown", "step(8)", "Page down"),
        Binding("pageup", "step(-8)", "Page up"),
    ]

    def __init__(self, desk: Desk) -> None:
        """Search with `desk`."""
        super().__init__()
        self._desk = desk
        self._hits: list[SearchHit] = []
        self._next: SearchKey | None = None
        self._found_for = ""
        self._unread: tuple[str, ...] = ()
        self._taken: _Taken | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Field, what it can become, results."""
        yield StatusBar(self._desk.practice, self._desk.clock)
        yield TroubleBar()
        yield Input(placeholder="Words, a name, an address …", id="query", compact=True)
        yield Static(_EMPTY, id="ways", markup=False)
        yield Static(_START, id="found", markup=False)
        yield OptionList(id="cards", markup=False)
        yield KeyBar({}, Place.SEARCH)

    def on_mount(self) -> None:
        """The field keeps the focus."""
        self.query_one("#cards", OptionList).can_focus = False
        self.query_one("#query", Input).focus()
        self.run_worker(guarded(self.app, self._status()))

    async def _status(self) -> None:
        views = await self._desk.lines()
        self.query_one(StatusBar).lines = tuple(views)
        self.query_one(TroubleBar).words = trouble_words(views)

    # ------------------------------------------------------------ results

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search once the typing pauses."""
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_WAIT, self._soon)
        self.run_worker(guarded(self.app, self._offer()), exclusive=True, group="offer")

    def _soon(self) -> None:
        self._work(self._look())

    def _work(self, look: Awaitable[None]) -> None:
        self.run_worker(guarded(self.app, look), exclusive=True, group="search")

    async def _look(self) -> None:
        text = self.query_one("#query", Input).value.strip()
        self._hits, self._next, self._unread, self._found_for = [], None, (), text
        cards = self.query_one("#cards", OptionList)
        cards.clear_options()
        if text:
            await self._more()
        self._tell()

    async def _more(self) -> None:
        """Fetch the next part; where little was found, look further back."""
        cards = self.query_one("#cards", OptionList)
        before, parts = len(self._hits), 0
        while True:
            page = await self._desk.searching.find(self._found_for, _PAGE, self._next)
            self._hits += page.hits
            self._next, self._unread = page.next, page.unread
            cards.add_options(Option(self._card(hit)) for hit in page.hits)
            if cards.highlighted is None and self._hits:
                cards.highlighted = 0
            self._tell()
            parts += 1
            gained = len(self._hits) - before
            if self._next is None or gained >= _ENOUGH or (gained and parts >= _PARTS):
                return

    def _tell(self) -> None:
        number, more = len(self._hits), self._next
        words = f"{number}{'+' * (more is not None)} conversations"
        if not self._found_for:
            words = _START
        elif not number and more is not None:
            day = more.at.astimezone(self._desk.practice.timezone)
            words = f"Nothing found back to {day:%Y-%m-%d}; looking further …"
        elif not number:
            words = "Nothing found. Fewer or shorter words find more."
        elif number == 1 and more is None:
            words = "1 conversation"
        if self._unread:
            words += f" · looked for as words: {one_line(' '.join(self._unread), 60)}"
        self.query_one("#found", Static).update(words)

    def _card(self, hit: SearchHit) -> Content:
        row = hit.row
        when = time_words(row.last_message_at, self._desk.clock(), self._desk.practice)
        channel = row.channels[0].words if row.channels else "note"
        return Content.assemble(
            (one_line(row.title, 60), "bold"),
            (f"  {channel} {when}  ", "$quiet"),
            one_line(row.subject, 120),
            "\n  ",
            *snippet_spans(hit.snippet),
        )

    def action_step(self, step: int) -> None:
        """Move in the results while the field keeps the focus."""
        cards = self.query_one("#cards", OptionList)
        if self._hits:
            at = max(0, min((cards.highlighted or 0) + step, len(self._hits) - 1))
            cards.highlighted = at
            if self._next is not None and at >= len(self._hits) - _NEAR_END:
                self._work(self._more())

    # ------------------------------------------------------------ completing

    async def _offer(self) -> None:
        """Show what the piece at the cursor can become."""
        field = self.query_one("#query", Input)
        taken = self._taken
        if taken is not None and taken.result == field.value:
            self._show_ways(taken.offered, taken.at)
            return
        self._taken = None
        offered = await self._desk.searching.complete(field.value, field.cursor_position)
        self._show_ways(offered, None)

    def _show_ways(self, offered: Completions, at: int | None) -> None:
        spans: list[tuple[str, str]] = []
        # The one that was taken is in sight, however many stand before it.
        first = max(0, (at or 0) - 2)
        for number, way in enumerate(offered.ways[first:], first):
            style = "bold $accent" if number == at else "$foreground"
            spans += [("  ", ""), (one_line(way.value, 40), style)]
        if spans:
            spans[0] = ("Tab " + "… " * (first > 0), "$quiet")
        elif offered.hint:
            spans = [(offered.hint, "$quiet")]
        elif not self.query_one("#query", Input).value:
            spans = [(_EMPTY, "$quiet")]
        self.query_one("#ways", Static).update(Content.assemble(*spans))

    async def _complete(self, step: int) -> None:
        field = self.query_one("#query", Input)
        taken = self._taken
        if taken is not None and taken.result == field.value:
            text, offered = taken.text, taken.offered
            at = (taken.at + step) % len(offered.ways)
        else:
            text = field.value
            offered = await self._desk.searching.complete(text, field.cursor_position)
            at = 0 if step > 0 else len(offered.ways) - 1
        if not offered.ways or field.value not in {text, taken.result if taken else text}:
            return
        result, cursor = offered.applied(text, offered.ways[at])
        # With one way only there is nothing to go on to: the next Tab asks what follows.
        self._taken = _Taken(text, offered, at, result) if len(offered.ways) > 1 else None
        field.value, field.cursor_position = result, cursor

    def action_complete(self, step: int) -> None:
        """Take the next, or the one before, of what the piece at the cursor can become."""
        self.run_worker(guarded(self.app, self._complete(step)), exclusive=True, group="complete")

    # ------------------------------------------------------------ opening

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter opens the marked result."""
        event.stop()
        self.action_command("open-row")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click opens a result."""
        event.stop()
        self.dismiss(self._hits[event.option_index].row.id)

    def action_command(self, command_id: str) -> None:
        """Carry out a command of this screen."""
        at = self.query_one("#cards", OptionList).highlighted
        if command_id == "back":
            self.dismiss(None)
        elif command_id == "complete-search":
            self.action_complete(1)
        elif command_id == "open-row" and at is not None and at < len(self._hits):
            self.dismiss(self._hits[at].row.id)

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        self.action_command(event.command_id)


def snippet_spans(snippet: str) -> list[tuple[str, str]]:
    """A snippet with its matches, which stand between U+E000 and U+E001, made visible."""
    spans: list[tuple[str, str]] = []
    for number, part in enumerate(snippet.split("\ue000")):
        match, ended, rest = part.partition("\ue001")
        if number and ended:
            spans += [(one_line(match), "bold underline $accent"), (_blanks(rest), "")]
        else:
            spans.append((_blanks(part.replace("\ue001", "")), ""))
    return [span for span in spans if span[0]]


def _blanks(text: str) -> str:
    """One safe line that keeps the blanks at its ends."""
    inner = one_line(text.strip(), 400)
    left = " " if text[:1].isspace() else ""
    right = " " if inner and text[-1:].isspace() else ""
    return f"{left}{inner}{right}" if inner else left

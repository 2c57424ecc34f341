"""Search while typing; a conversation a result."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from inbox.conversation import SearchHit
from inbox.desk import Desk
from tui.commands import Place
from tui.screens.telling import guarded
from tui.widgets.cells import one_line
from tui.widgets.key_bar import KeyBar
from tui.widgets.row_words import time_words
from tui.widgets.status_bar import StatusBar, TroubleBar, trouble_words

_WAIT = 0.12
"""Seconds of quiet before the search begins."""


class SearchScreen(Screen[int | None]):
    """Gives the conversation to open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "command('back')", "Back", id="back"),
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
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Field, results."""
        yield StatusBar(self._desk.practice, self._desk.clock)
        yield TroubleBar()
        yield Input(placeholder="Words, a name, an address …", id="query", compact=True)
        yield Static("", id="found", markup=False)
        yield OptionList(id="cards", markup=False)
        yield KeyBar({}, Place.SEARCH)

    def on_mount(self) -> None:
        """The field keeps the focus."""
        self.query_one("#cards", OptionList).can_focus = False
        self.query_one("#query", Input).focus()
        self._tell(None)
        self.run_worker(guarded(self.app, self._status()))

    async def _status(self) -> None:
        views = await self._desk.lines()
        self.query_one(StatusBar).lines = tuple(views)
        self.query_one(TroubleBar).words = trouble_words(views)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search once the typing pauses."""
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_WAIT, self._soon)

    def _soon(self) -> None:
        self.run_worker(guarded(self.app, self._look()), exclusive=True, group="search")

    async def _look(self) -> None:
        query = self.query_one("#query", Input).value.strip()
        self._hits = await self._desk.search(query) if query else []
        cards = self.query_one("#cards", OptionList)
        cards.clear_options()
        cards.add_options(Option(self._card(hit)) for hit in self._hits)
        cards.highlighted = 0 if self._hits else None
        self._tell(len(self._hits) if query else None)

    def _tell(self, found: int | None) -> None:
        if found is None:
            words = "Type what you remember: it is looked for in texts, subjects, names, files."
        elif not found:
            words = "Nothing found. Fewer or shorter words find more."
        else:
            words = f"{found} conversation{'s' if found != 1 else ''}"
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
            at = (cards.highlighted or 0) + step
            cards.highlighted = max(0, min(at, len(self._hits) - 1))

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

"""What has not been delivered: why, and the way on."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from inbox.message import MessageStatus
from inbox.repository import OutboxRow
from inbox.words import ago_words, clock_words, leaves_words, left_from_words
from tui.commands import Place, bindings_at
from tui.office import Office
from tui.screens.sending import send_or_ask
from tui.screens.telling import guarded, tell
from tui.widgets.cells import one_line
from tui.widgets.key_bar import KeyBar
from tui.widgets.status_bar import StatusBar, TroubleBar, trouble_words

_MOST = 200
_WORDS = {
    MessageStatus.QUEUED: ("· queued", "$accent"),
    MessageStatus.SENDING: ("… sending", "$accent"),
    MessageStatus.FAILED: ("✗ not delivered", "bold $error"),
    MessageStatus.UNKNOWN: ("? may or may not have left", "bold $warning"),
}


class OutboxScreen(Screen[int | None]):
    """A card a message; gives the conversation to open."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.OUTBOX)]

    def __init__(self, office: Office) -> None:
        """Show the outbox of `office`."""
        super().__init__()
        self._office = office
        self._rows: list[OutboxRow] | None = None

    def compose(self) -> ComposeResult:
        """Bars around the cards."""
        desk = self._office.desk
        yield StatusBar(desk.practice, desk.clock)
        yield TroubleBar()
        yield Static("Outbox: what is on its way or did not arrive", classes="head", markup=False)
        yield OptionList(id="cards", markup=False)
        yield Static("", id="nothing", markup=False)
        yield KeyBar({}, Place.OUTBOX)

    def on_mount(self) -> None:
        """Look, and look again each second."""
        self.query_one("#cards", OptionList).focus()
        self._look()
        self.set_interval(1, self._look)

    def _look(self) -> None:
        self.run_worker(guarded(self.app, self._show()), exclusive=True, group="look")

    async def _show(self) -> None:
        desk = self._office.desk
        rows = await desk.repository.outbox.open_rows(_MOST)
        views = await desk.lines()
        self.query_one(StatusBar).lines = tuple(views)
        self.query_one(TroubleBar).words = trouble_words(views)
        if rows == self._rows:
            return
        self._rows = rows
        cards = self.query_one("#cards", OptionList)
        at = cards.highlighted or 0
        cards.clear_options()
        cards.add_options(Option(self._card(row)) for row in rows)
        cards.highlighted = min(at, len(rows) - 1) if rows else None
        cards.display = bool(rows)
        nothing = self.query_one("#nothing", Static)
        nothing.display = not rows
        nothing.update("" if rows else "\n  Nothing waits to leave.")

    def _card(self, row: OutboxRow) -> Content:
        desk = self._office.desk
        now = desk.clock()
        words, style = _WORDS.get(row.status, (row.status.value, ""))
        leaves = leaves_words(row.leaves_at, now, desk.practice)
        if leaves:
            words = f"· {leaves}"
        to = ", ".join(one_line(address.name or address.place, 60) for address in row.draft.to)
        line = left_from_words(desk.practice, row.draft.line_id, row.line_address)
        spans: list[tuple[str, str]] = [
            (words, style),
            (f"  to {to}", "bold"),
            (f"  {one_line(row.draft.subject, 80)}  {ago_words(row.created_at, now)}", ""),
            (f"\n  From {one_line(line)} · {one_line(row.proof)}", "$quiet"),
        ]
        why = " ".join(part for part in (row.status_text, row.hint) if part)
        if why:
            spans.append((f"\n  {one_line(why)}", "$warning"))
        if row.automatic_retry:
            again = clock_words(row.not_before, now, desk.practice)
            spans.append((f"\n  Tried again by itself at {again}.", "$quiet"))
        if row.status is MessageStatus.UNKNOWN:
            told = "Ask them before you send it again: they may have it already."
            spans.append((f"\n  {told}", "$accent"))
        spans.append(("\n", ""))
        return Content.assemble(*spans)

    def action_command(self, command_id: str) -> None:
        """Carry out a command of this screen."""
        cards = self.query_one("#cards", OptionList)
        rows, at = self._rows or [], cards.highlighted
        row = rows[at] if at is not None and at < len(rows) else None
        if command_id == "back":
            self.dismiss(None)
        elif command_id == "open-row" and row is not None:
            self.dismiss(row.conversation_id)
        elif command_id == "retry" and row is not None:
            self.run_worker(guarded(self.app, self._retry(row)))
        elif command_id == "undo-send" and row is not None:
            self.run_worker(guarded(self.app, self._take_back(row)))
        elif command_id in {"move-down", "page-down"}:
            cards.action_cursor_down()
        elif command_id in {"move-up", "page-up"}:
            cards.action_cursor_up()
        elif command_id == "go-top":
            cards.action_first()
        elif command_id == "go-bottom":
            cards.action_last()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click opens the conversation."""
        event.stop()
        self.action_command("open-row")

    async def _retry(self, row: OutboxRow) -> None:
        desk = self._office.desk
        again = await send_or_ask(self, lambda because: desk.retry(row.id, because))
        if again is not None:
            self._office.wake()
            tell(self.app, "It is tried again.")
            await self._show()

    async def _take_back(self, row: OutboxRow) -> None:
        if await self._office.desk.undo(row.id) is None:
            tell(self.app, "Too late: it has left, or is not waiting.", trouble=True)
        else:
            tell(self.app, "Taken back; its text is your draft again.")
        await self._show()

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        if event.command_id == "help":
            self.app.run_worker(self.app.run_action("command('help')"))
        else:
            self.action_command(event.command_id)

"""The main screen: where the panes are, which one has the focus, and who carries out a command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from tui.commands import Place, bindings_at, command, shown_key
from tui.screens.telling import guarded, tell
from tui.widgets.conversation_list import ConversationList
from tui.widgets.key_bar import KeyBar
from tui.widgets.messages_view import MessagesView
from tui.widgets.patient_panel import PatientPanel
from tui.widgets.state_tabs import TABS, StateTabs
from tui.widgets.status_bar import StatusBar, TroubleBar
from tui.widgets.undo_bar import UndoBar

if TYPE_CHECKING:
    from inbox.clock import Clock
    from inbox.conversation import ConversationRow
    from inbox.practice import Practice
    from inbox.repository import OutboxRow
    from tui.office import Office
    from tui.screens.main.work import Work
    from tui.widgets.composer import Composer

WIDE = 120
"""Columns from which list, conversation and patient stand side by side."""
_MOVES = {
    "move-down", "move-up", "page-down", "page-up", "go-top", "go-bottom", "next-message",
    "previous-message",
}  # fmt: skip


class MainScreen(Screen[None]):
    """The inbox."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.MAIN)]
    AUTO_FOCUS = "#list"

    def __init__(
        self,
        practice: Practice,
        clock: Clock,
        keymap: Mapping[str, str],
        banner: str = "",
        try_first: tuple[str, ...] = (),
    ) -> None:
        """Show the inbox of `practice`; services come later, with `begin`."""
        super().__init__()
        self._practice = practice
        self._clock = clock
        self._keymap = keymap
        self._banner = banner
        self._try_first = try_first
        self._work: Work | None = None
        self._pane = "list"
        self._composing = False
        self._roomy = False
        self._arranged: set[str] = set()

    def compose(self) -> ComposeResult:
        """Bars around three panes."""
        ids = ("undo-send", "link", "privacy-form")
        keys = {one: shown_key(command(one), self._keymap) for one in ids}
        yield StatusBar(self._practice, self._clock, id_="status")
        yield TroubleBar(id="trouble")
        banner = Static(self._banner, id="banner", markup=False)
        banner.display = bool(self._banner)
        yield banner
        yield StateTabs(id="tabs")
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield ConversationList(self._practice, self._clock, id_="list")
                card = Static("\n".join(self._try_first), id="card", markup=False)
                card.display = False
                yield card
            with Vertical(id="middle"):
                yield Static("", id="heading", markup=False)
                yield MessagesView(self._practice, self._clock, id_="messages")
            with VerticalScroll(id="side", can_focus=False):
                yield PatientPanel(
                    self._practice,
                    self._clock,
                    keys["link"],
                    form_key=keys["privacy-form"],
                    id_="patient",
                )
        yield UndoBar(self._clock, keys["undo-send"], id_="undo")
        yield KeyBar(self._keymap, id_="keys")

    def on_mount(self) -> None:
        """Greet; count the minutes."""
        self.query_one("#heading").display = False
        self._arrange()
        self.set_interval(30, self._forget_times)

    # ------------------------------------------------------------ services

    async def begin(self, office: Office) -> None:
        """The office is open: show the first list."""
        from tui.screens.main.work import Work

        self._work = Work(self, self, office, shown_key(command("open-alert"), self._keymap))
        await self._work.begin()

    @property
    def work(self) -> Work | None:
        """What carries out commands; None until the office is open."""
        return self._work

    # ------------------------------------------------------------ panes

    @property
    def wide(self) -> bool:
        """Whether the panes stand side by side."""
        return self.size.width >= WIDE

    @property
    def pane(self) -> str:
        """The pane a narrow terminal shows: `list`, `conversation`, `patient`."""
        return self._pane

    def show_pane(self, pane: str) -> None:
        """Bring a pane to the front (narrow) and give it the focus."""
        self._pane = pane
        self._arrange()
        if pane == "list":
            self._settle()
            self.query_one(ConversationList).focus()
        elif pane == "conversation" and not self._composing:
            self.query_one(MessagesView).focus()
        elif pane == "conversation":
            self.query_one("#composer-text").focus()

    def _settle(self) -> None:
        """The list alone is in sight: some row is marked."""
        reading = self._work.reading if self._work is not None else None
        alone = not self.wide and self._pane == "list"
        if alone or reading is None or reading.view is None:
            self.query_one(ConversationList).settle()

    def toggle_patient(self) -> None:
        """Show or hide the patient panel."""
        if self.wide:
            side = self.query_one("#side")
            side.set_class(not side.has_class("-away"), "-away")
        elif self._pane == "patient":
            self.show_pane("conversation")
        elif self._work is not None and self._work.reading.view is not None:
            self.show_pane("patient")

    def on_resize(self) -> None:
        """Another layout may fit now."""
        self._settle()
        self._arrange()

    def _arrange(self) -> None:
        # Letters are commands there: nobody may get there unawares in the middle of a word.
        writing = self._composing and (self.wide or self._pane == "conversation")
        for pane in (self.query_one(ConversationList), self.query_one(MessagesView)):
            pane.can_focus = not writing
        wanted = {f"-at-{self._pane}", "-wide" if self.wide else "-narrow"}
        if self.size.height < 30:
            wanted.add("-low")
        if self._composing:
            wanted.add("-composing")
        if self._composing and self._roomy:
            wanted.add("-roomy")
        if wanted == self._arranged:
            return
        # All at once: each change of classes styles the whole screen anew.
        self.set_classes(wanted)
        self._arranged = wanted
        self.query_one("#card").display = bool(self._try_first) and not self.wide
        self._welcome()

    def _welcome(self) -> None:
        messages = self.query_one(MessagesView)
        if messages.messages:
            return
        said = ("", "Enter opens a conversation, r answers it.", "", *self._try_first)
        messages.clear(said)

    # ------------------------------------------------------------ the composer's room

    async def composer(self) -> Composer:
        """The composer, mounted when it is first needed: the first paint is sooner without."""
        from tui.widgets.composer import Composer

        found = self.query(Composer)
        if found:
            return found.first()
        ids = (
            "choose-channel",
            "choose-patient",
            "confidential",
            "choose-time",
            "fix",
            "other-fix",
            "notice",
            "plain-characters",
            "send",
            "take-suggestion",
        )
        keys = {one: shown_key(command(one), self._keymap) for one in ids}
        composer = Composer(keys, id_="composer")
        composer.display = False
        await self.query_one("#middle").mount(composer)
        return composer

    def show_composer(self, *, shown: bool) -> None:
        """Make room for the composer, or take it away."""
        from tui.widgets.composer import Composer

        self._composing = shown
        for composer in self.query(Composer):
            composer.display = shown
            if shown:
                composer.focus_first()
        self._roomy = False
        if shown:
            self._pane = "conversation"
            self._arrange()
        else:
            self.show_pane(self._pane)

    async def sent(self, row: OutboxRow) -> None:
        """Something was queued: whoever has sent one knows what to try."""
        self._try_first = ()
        self.query_one("#card").display = False
        if self._work is not None:
            await self._work.sent(row)

    async def call(self, about: int | str, number: str) -> None:
        """Open the call screen in the place of the composer."""
        if self._work is not None:
            await self._work.call(about, number)

    # ------------------------------------------------------------ commands

    def action_command(self, command_id: str) -> None:
        """Carry out a command of the table."""
        if command_id in _MOVES:
            self._move(command_id)
        elif command_id == "back":
            self._back()
        elif command_id == "patient-panel":
            self.toggle_patient()
        elif command_id == "whole-pane":
            self._roomy = not self._roomy
            self._arrange()
        elif self._work is None:
            tell(self.app, "One moment: the inbox is still opening.")
        else:
            self.run(self._work.handler(command_id))

    def run(self, handler: Callable[[], Awaitable[object] | None]) -> None:
        """Call a handler; what it does in the background is guarded."""
        done = handler()
        if done is not None:
            self.run_worker(guarded(self.app, done), group="command")

    def _move(self, command_id: str) -> None:
        if isinstance(self.focused, MessagesView):
            self.focused.move(command_id)
        else:
            self.query_one(ConversationList).move(command_id)

    def on_screen_suspend(self) -> None:
        """What was told here would lie over the next screen."""
        self.app.clear_notifications()

    def _back(self) -> None:
        self.app.clear_notifications()
        if self._pane == "patient":
            self.show_pane("conversation")
        else:
            self.show_pane("list")

    def go_to_tab(self, step: int) -> None:
        """Show the list beside the one that is shown."""
        states = [state for state, _, _ in TABS]
        at = states.index(self.query_one(StateTabs).state)
        self.choose_tab(states[(at + step) % len(states)].value)

    def choose_tab(self, state: str) -> None:
        """Show the list of a state."""
        if self._work is not None:
            self.show_pane("list")
            self.run(self._work.tab(state))

    # ------------------------------------------------------------ what widgets say

    def on_conversation_list_opened(self, event: ConversationList.Opened) -> None:
        """A row was clicked."""
        row: ConversationRow = event.row
        if self._work is not None:
            work = self._work
            self.run(lambda: work.open(row.id))

    def on_conversation_list_near_end(self) -> None:
        """More rows may be needed."""
        if self._work is not None:
            self.run(self._work.listing.further)

    def on_conversation_list_near_top(self) -> None:
        """Rows above may be needed."""
        if self._work is not None:
            self.run(self._work.listing.back)

    def on_messages_view_near_top(self) -> None:
        """Earlier messages may be needed."""
        self.action_command("earlier")

    def on_messages_view_clicked(self, event: MessagesView.Clicked) -> None:
        """A hint or a file was clicked."""
        self.action_command(event.command_id)

    def on_emergency_bar_pressed(self) -> None:
        """The alarm was clicked."""
        if self._work is not None:
            self.run(self._work.emergencies.open_next)

    def on_state_tabs_chosen(self, event: StateTabs.Chosen) -> None:
        """A tab was clicked."""
        self.choose_tab(event.state.value)

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        if event.command_id == "help":
            self.app.run_worker(self.app.run_action("command('help')"))
        elif event.command_id == "keep-draft":
            self.action_command("keep-draft")
        else:
            self.action_command(event.command_id)

    def on_composer_edited(self) -> None:
        """A letter was typed."""
        if self._work is not None:
            self._work.writing.edited()

    def on_draft_text_slash(self) -> None:
        """`/` on an empty line asks for a template."""
        if self._composing:
            self.action_command("template")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The footer shows the keys of the place with the focus."""
        place = Place.COMPOSER if self._composing else Place.CONVERSATION
        if isinstance(event.widget, ConversationList):
            place = Place.LIST
            self._pane = "list"
        elif isinstance(event.widget, MessagesView):
            place = Place.CONVERSATION
            self._pane = "conversation"
        self.query_one(KeyBar).place = place
        self._arrange()

    def _forget_times(self) -> None:
        self.query_one(ConversationList).forget_times()
        if self._work is not None:
            self._work.reading.forget_times()

    def recent(self, row: ConversationRow) -> bool:
        """Whether its last message is fresh enough to speak of."""
        return self._clock() - row.last_message_at < timedelta(minutes=10)

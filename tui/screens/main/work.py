"""Carrying out commands: each id of the table leads to one function here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from textual.screen import Screen
from textual.widgets import Static

from inbox.conversation import ConversationRow, ListState
from inbox.message import Message
from inbox.outgoing import Draft
from inbox.repository import OutboxRow
from inbox.view import ConversationView
from inbox.words import leaves_words
from tui.office import Office
from tui.screens.linking import choose_patient
from tui.screens.main.emergencies import Emergencies
from tui.screens.main.keeping import Keeping
from tui.screens.main.listing import Listing
from tui.screens.main.marked import MarkedMessage
from tui.screens.main.reading import Reading
from tui.screens.main.room import Room
from tui.screens.main.tending import Tending
from tui.screens.main.watching import Watching
from tui.screens.main.writing import Writing
from tui.screens.telling import guarded, tell
from tui.widgets.conversation_list import ConversationList
from tui.widgets.messages_view import MessagesView
from tui.widgets.patient_panel import PatientPanel
from tui.widgets.state_tabs import StateTabs
from tui.widgets.undo_bar import UndoBar

_TEMPLATES_AFTER = 4.0
"""Seconds after the first list, when nobody waits for anything any more."""

Handler = Callable[[], Awaitable[object] | None]


class Work:
    """The services behind the main screen, and what its commands do with them."""

    def __init__(
        self, screen: Screen[Any], room: Room, office: Office, alert_key: str = ""
    ) -> None:
        """Work with `office` in `room`, which is on `screen`; `alert_key` opens an alert."""
        self._screen = screen
        self._room = room
        self._office = office
        desk = self._desk = office.desk
        self._list = screen.query_one(ConversationList)
        self._messages = screen.query_one(MessagesView)
        self._undo = screen.query_one(UndoBar)
        self.listing = Listing(desk, self._list, screen.query_one(StateTabs))
        self.reading = Reading(
            desk,
            self._messages,
            screen.query_one("#heading", Static),
            screen.query_one(PatientPanel),
        )
        self.writing = Writing(desk, screen, room)
        self.tending = Tending(desk, screen)
        self._marked = MarkedMessage(screen, self._messages, office)
        self.keeping = Keeping(desk, screen, self.listing, self.reading, self.open, alert_key)
        self.emergencies = Emergencies(desk, screen, self.open, alert_key)
        self.watching = Watching(
            desk,
            screen,
            room,
            self.listing,
            self.reading,
            self.writing,
            self.keeping,
            self.emergencies,
        )
        self._list.shown = self._shown
        self._handlers = self._table()

    async def begin(self) -> None:
        """Show the first list, then keep everything as it is now."""
        await self.listing.show(ListState.NEEDS_REPLY)
        await self.listing.counts()
        await self.keeping.refresh()
        await self.listing.refresh()
        await self.watching.lines()
        self.keeping.start()
        await self.emergencies.refresh()
        self.emergencies.start()
        self.watching.start()
        self._screen.set_timer(_TEMPLATES_AFTER, self._look_at_templates)

    def _look_at_templates(self) -> None:
        from tui.screens.templates import tell_troubles

        told = guarded(self._screen.app, tell_troubles(self._screen.app, self._desk))
        self._screen.run_worker(told, group="templates")

    def handler(self, command_id: str) -> Handler:
        """What carries out a command."""
        return self._handlers[command_id]

    def _table(self) -> dict[str, Handler]:
        writing, tending, messages = self.writing, self.tending, self._messages
        marked = self._marked
        tabs = {f"show-{state.value}": self.tab(state.value) for state in ListState}
        return {
            **tabs,
            "open": self._open_marked,
            "reply": self.reply,
            "call": self._on_row(self._call),
            "write": self._write,
            "note": self._on_row(tending.note),
            "assign": self._on_row(tending.assign),
            "snooze": self._on_row(tending.snooze),
            "done": self._on_row(tending.done),
            "reopen": self._on_row(tending.reopen),
            "set-aside": self._on_row(tending.set_aside),
            "read-again": self._on_row(self._read_again),
            "link": self._on_row(self._link),
            "link-message": self._link_message,
            "merge": self._on_row(self._merge),
            "split": lambda: self._on_message("split"),
            "move-message": lambda: self._on_message("move"),
            "undo-move": self._on_row(self._undo_move),
            "privacy-form": self._on_row(self._form),
            "accept": self._on_row(self._accept),
            "dismiss": self._on_row(tending.dismiss),
            "confidential": writing.confidential,
            "take-suggestion": writing.take_suggestion,
            "notice": writing.notice,
            "promise": self._on_row(self._promise),
            "promise-by-hand": writing.promise,
            "next-unread": self._next_unread,
            "next-conversation": lambda: self._step(1),
            "previous-conversation": lambda: self._step(-1),
            "next-tab": lambda: self._room.go_to_tab(1),
            "previous-tab": lambda: self._room.go_to_tab(-1),
            "mine-only": self._mine_only,
            "refresh": self.refresh,
            "undo-send": self._take_back,
            "search": self._search,
            "lines": self._lines,
            "outbox": self._outbox,
            "reminders": self._reminders,
            "earlier": self.reading.earlier,
            "whole-text": marked.whole_text,
            "headers": lambda: messages.toggle(details=True),
            "raw": marked.raw,
            "copy-message": marked.copy,
            "save-attachment": marked.save_file,
            "open-attachment": marked.open_file,
            "fetch-whole": marked.fetch_whole,
            "retract": self._retract,
            "send": writing.send,
            "fix": self._fix,
            "other-fix": writing.other_fix,
            "choose-time": writing.choose_time,
            "choose-line": writing.choose_line,
            "choose-channel": writing.choose_channel,
            "attach": writing.attach,
            "plain-characters": writing.plain_characters,
            "template": writing.template,
            "editor": self._editor,
            "choose-patient": self._about,
            "discard": self._discard,
            "keep-draft": self._keep_draft,
        }

    # ------------------------------------------------------------ which conversation

    def tab(self, state: str) -> Handler:
        """Shows the list of a state."""
        return lambda: self._show_list(ListState(state), mine=self.listing.mine)

    async def _show_list(self, state: ListState, *, mine: bool) -> None:
        """Show a list and nothing beside it: no command may reach whom another list showed."""
        if self.writing.draft is not None:
            await self._keep_draft()
        self.reading.close()
        self._room.show_pane("list")
        await self.listing.show(state, mine=mine)

    async def _mine_only(self) -> None:
        await self._show_list(self.listing.state, mine=not self.listing.mine)

    def _shown(self) -> int | None:
        """The conversation that stands beside the list, or in front of it."""
        in_sight = self._room.wide or self._room.pane != "list"
        return self.reading.conversation_id if in_sight else None

    def _row(self) -> ConversationRow | None:
        """The conversation a command speaks of: the open one, or the marked one in the list."""
        view = self.reading.view
        if view is not None and (not self._list.has_focus or self._list.selected is None):
            return view.row
        return self._list.selected

    def _on_row(self, work: Callable[[ConversationRow], Awaitable[None]]) -> Handler:
        async def run() -> None:
            row = self._row()
            if row is None:
                tell(self._screen.app, "No conversation is chosen.")
                return
            await work(row)
            await self.refresh()

        return run

    async def open(self, conversation_id: int) -> ConversationView:
        """Open a conversation."""
        if self.writing.draft is not None:
            await self._keep_draft()
        view = await self.reading.open(conversation_id)
        self.keeping.acknowledge(view.row.id)
        self._mark(view.row.id)
        self._room.show_pane("conversation")
        return view

    def _mark(self, conversation_id: int) -> None:
        """Mark the shown conversation in the list, or none when it does not stand there."""
        if not self._list.select_id(conversation_id):
            self._list.let_go()

    async def _open_marked(self) -> None:
        if self._list.selected is not None:
            await self.open(self._list.selected.id)
        elif self.reading.view is not None:
            self._room.show_pane("conversation")

    async def refresh(self) -> None:
        """Read everything again."""
        await self.listing.refresh()
        await self.listing.counts()
        await self.reading.refresh(seen=False)
        await self.watching.lines()

    async def _next_unread(self) -> None:
        rows, at = self._list.rows, self._list.selected
        start = rows.index(at) + 1 if at in rows else 0
        row = next((one for one in (*rows[start:], *rows[:start]) if one.unread), None)
        if row is None:
            tell(self._screen.app, "Nothing unread in this list.")
            return
        self._list.select_id(row.id)
        await self.open(row.id)

    async def _step(self, step: int) -> None:
        self._list.move("move-down" if step > 0 else "move-up")
        if self._list.selected is not None:
            await self.open(self._list.selected.id)

    async def _form(self, row: ConversationRow) -> None:
        if row.patient_id is None:
            tell(self._screen.app, "No patient is chosen.", "Link the conversation first.")
            return
        from tui.screens.form import FormScreen

        view = await self._desk.forms.open(row.patient_id)
        keymap = getattr(self._screen.app, "keys_changed", {})
        await self._screen.app.push_screen_wait(FormScreen(self._desk, view, keymap))

    async def _call(self, row: ConversationRow) -> None:
        await self.call(row.id, marked=None if self._list.has_focus else self._messages.marked)

    async def call(
        self, about: int | str, number: str = "", *, marked: Message | None = None
    ) -> None:
        """Open the call screen for a conversation or a patient's id."""
        from tui.screens.call import call_person

        called = await call_person(self._screen, self._office, about, marked, number)
        if called is not None:
            await self.open(called)
            self._screen.call_after_refresh(self._messages.move, "go-bottom")

    async def _link(self, row: ConversationRow) -> None:
        await self.tending.link(row)

    async def _link_message(self) -> None:
        marked, view = self._marked.message(), self.reading.view
        if marked is not None and view is not None:
            await self.tending.link_message(view.row, marked)
            await self.refresh()

    async def _merge(self, row: ConversationRow) -> None:
        from tui.screens.main.moving import merge

        await self._show(await merge(self._screen, self._desk, row))

    async def _accept(self, row: ConversationRow) -> None:
        await self._show(await self.tending.accept(row))

    async def _undo_move(self, row: ConversationRow) -> None:
        from tui.screens.main.moving import undo

        await self._show(await undo(self._screen, self._desk, row))

    async def _on_message(self, what: str) -> None:
        """Part the open conversation at the marked message, or move that."""
        from tui.screens.main import moving

        marked, view = self._marked.message(), self.reading.view
        if marked is None or view is None:
            return
        act = moving.split if what == "split" else moving.move
        if await act(self._screen, self._desk, view.row, marked):
            # Whom it may be about can be another question now.
            await self.open(view.row.id)
            await self.refresh()

    async def _show(self, conversation_id: int | None) -> None:
        """Show what is left of two conversations, where one of them is shown."""
        if conversation_id is not None and self.reading.view is not None:
            await self.open(conversation_id)

    async def _promise(self, row: ConversationRow) -> None:
        from tui.screens.main.promising import tend_promises

        await tend_promises(self._screen, self._desk, row)

    # ------------------------------------------------------------ writing

    async def reply(self) -> None:
        """Answer the open or the marked conversation."""
        row = self._row()
        if row is None:
            tell(self._screen.app, "No conversation is chosen.")
            return
        if self.reading.conversation_id != row.id:
            await self.reading.open(row.id)
            self._mark(row.id)
        await self.writing.reply(row)

    async def _write(self) -> None:
        await self.writing.write_new()
        self._nobody_beside()

    def _nobody_beside(self) -> None:
        """A new message belongs to no conversation: none is shown beside it."""
        draft = self.writing.draft
        if draft is not None and draft.conversation_id is None:
            self.reading.close()
            self._list.let_go()

    async def _keep_draft(self) -> None:
        draft = self.writing.draft
        if await self.writing.keep():
            again = "w" if draft is not None and draft.conversation_id is None else "r"
            tell(self._screen.app, f"The draft is kept; {again} goes on with it.")
            await self.listing.refresh()
        if self.reading.view is None:
            self._room.show_pane("list")

    async def _fix(self) -> None:
        await (self._about() if self.writing.wants_patient else self.writing.fix())

    async def _discard(self) -> None:
        await self.writing.discard()
        # Its mark in the list goes with it.
        await self.listing.refresh()
        if self.writing.draft is None and self.reading.view is None:
            self._room.show_pane("list")

    async def _about(self) -> None:
        """Link the conversation that is being answered, or the new message, to a patient."""
        draft = self.writing.draft
        if draft is None:
            return
        if draft.conversation_id is None:
            linked = draft.patient_id is not None
            chosen = await choose_patient(self._screen, self._desk, linked=linked)
            if chosen is not None:
                await self.writing.about(chosen or None)
            return
        view = await self._desk.open(draft.conversation_id)
        await self.tending.link(view.row)
        row = await self._desk.repository.conversations.row(draft.conversation_id)
        await self.writing.about(row.patient_id)
        await self.refresh()

    async def _editor(self) -> None:
        from tui.screens.main.editing import edit

        draft = self.writing.draft
        if draft is not None:
            await self.writing.replace_text(edit(self._screen.app, draft.text))

    async def sent(self, row: OutboxRow) -> None:
        """Something was queued: show it, and that it can be taken back."""
        leaves = leaves_words(row.leaves_at, self._desk.clock(), self._desk.practice)
        if leaves:
            tell(self._screen.app, f"It {leaves}; u takes it back until then.")
        else:
            self._undo.begin(row.id, row.not_before)
        self._office.wake()
        if self.reading.conversation_id == row.conversation_id:
            await self.reading.refresh(seen=True)
        else:
            await self.reading.open(row.conversation_id)
            self._mark(row.conversation_id)
        self._room.show_pane("conversation")
        self._screen.call_after_refresh(self._messages.move, "go-bottom")
        await self.listing.refresh()
        await self.listing.counts()

    async def _take_back(self) -> None:
        outbox_id = self._undo.outbox_id or self._waiting()
        if not outbox_id:
            tell(self._screen.app, "Nothing can be taken back right now.")
            return
        self._undo.end()
        # What is being written is kept first: it may stand in the very same place.
        current = self.writing.draft
        await self.writing.keep()
        draft: Draft | None = await self._desk.undo(outbox_id)
        if draft is None:
            tell(self._screen.app, "Too late: it has left.", trouble=True)
            if current is not None:
                await self.writing.begin(current)
            return
        tell(self._screen.app, "Taken back; nothing was sent.")
        if await self._desk.drafts_below(draft):
            draft = await self._which_first(draft)
        if draft.conversation_id is not None:
            await self.reading.open(draft.conversation_id)
        await self.writing.begin(draft)
        self._nobody_beside()
        await self.listing.refresh()
        await self.listing.counts()
        if self.reading.conversation_id is not None:
            self._mark(self.reading.conversation_id)

    async def _which_first(self, draft: Draft) -> Draft:
        """Something else was begun meanwhile in its place: which one goes on now?"""
        from tui.screens.choose import Choice, Choose

        choices = [
            Choice(False, "The message that was taken back", "the other one comes after it"),
            Choice(True, "What you have begun since", "the one taken back comes after it"),
        ]
        chosen = await self._screen.app.push_screen_wait(
            Choose("Both are kept. Which one do you go on with?", choices)
        )
        if chosen is not None and chosen.value:
            return await self._desk.next_draft(draft) or draft
        return draft

    def _waiting(self) -> int:
        """The outbox row of the marked message, or of the only one here, that has not left yet."""
        marked = self._messages.marked
        if marked is not None and marked.leaves_at is not None:
            return marked.outbox_id or 0
        waiting = [one for one in self._messages.messages if one.leaves_at is not None]
        return waiting[0].outbox_id or 0 if len(waiting) == 1 else 0

    # ------------------------------------------------------------ one message

    async def _retract(self) -> None:
        from tui.screens.main.retracting import retract

        marked = self._marked.message()
        if marked is not None and await retract(self._screen, self._office, marked):
            await self.refresh()

    async def _read_again(self, row: ConversationRow) -> None:
        count = await self._office.read_again(row.id)
        after = await self._desk.repository.conversations.row(row.id)
        if not count:
            tell(self._screen.app, "Everything in it could be read.")
        elif after.needs_look:
            tell(self._screen.app, "It still cannot be read. l files it by hand, z sets it aside.")
        else:
            tell(self._screen.app, "It could be read this time.")

    # ------------------------------------------------------------ other screens

    async def _search(self) -> None:
        from tui.screens.search import SearchScreen

        found = await self._screen.app.push_screen_wait(SearchScreen(self._desk))
        if found is not None:
            await self.open(found)

    def _lines(self) -> None:
        from tui.screens.lines import LinesScreen

        self._screen.app.push_screen(LinesScreen(self._office))

    async def _reminders(self) -> None:
        from tui.screens.appointments import open_reminders

        await open_reminders(self._screen, self._office)
        await self.refresh()

    async def _outbox(self) -> None:
        from tui.screens.outbox import OutboxScreen

        found = await self._screen.app.push_screen_wait(OutboxScreen(self._office))
        if found is not None:
            await self.open(found)

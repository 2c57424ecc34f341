"""The privacy form of one patient: read, changed, kept; and what was changed before, by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from inbox.difference import differences, with_field
from inbox.errors import Stale
from inbox.patient import Patient
from tui.commands import Place, bindings_at
from tui.screens.form_editing import FormEditing
from tui.screens.form_rows import Row, form_rows
from tui.screens.telling import guarded, tell
from tui.widgets.cells import one_line
from tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbox.desk import Desk
    from inbox.forms import FormView

_MOST_PROBLEMS = 2


class FormScreen(Screen[None]):
    """A row an answer; nothing is kept before it is said so."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.FORM)]
    AUTO_FOCUS = "#cards"

    def __init__(self, desk: Desk, view: FormView, keymap: Mapping[str, str]) -> None:
        """Show an opened form of `desk`."""
        super().__init__()
        self._desk = desk
        self._view = view
        self._keymap = keymap
        self._patient = view.patient
        self._rows: list[Row] = []
        self._editing = FormEditing(desk, self)

    @property
    def patient(self) -> Patient:
        """As it was changed so far."""
        return self._patient

    @property
    def unsaved(self) -> bool:
        """There are changes that are not kept."""
        return self._patient != self._view.patient

    def compose(self) -> ComposeResult:
        """Name, rows or history, what is wrong, keys."""
        yield Static(id="form-head", classes="head", markup=False)
        yield OptionList(id="cards", markup=False)
        with VerticalScroll(id="form-history", classes="sheet"):
            yield Static(id="form-changes", markup=False)
        yield Static(id="form-state", markup=False)
        yield KeyBar(self._keymap, Place.FORM)

    def on_mount(self) -> None:
        """Show what there is."""
        self.query_one("#form-history").display = False
        self.run_worker(guarded(self.app, self.show()))

    async def show(self, patient: Patient | None = None) -> None:
        """Show the form, with a change when one is given."""
        if patient is not None:
            self._patient = patient
        desk, name = self._desk, one_line(self._view.patient.name, 50)
        self._rows = form_rows(self._view, self._patient, desk.forms.today, desk.practice.timezone)
        cards = self.query_one("#cards", OptionList)
        at = cards.highlighted
        cards.clear_options()
        cards.add_options(Option(row.words, disabled=row.heading) for row in self._rows)
        cards.highlighted = 1 if at is None else min(at, len(self._rows) - 1)
        mark = " · * not kept yet" if self.unsaved else ""
        self.query_one("#form-head", Static).update(f"Privacy form · {name}{mark}")
        await self._say()

    async def _say(self) -> None:
        """What is wrong, or where the other half is."""
        problems = await self._desk.forms.problems(self._patient)
        spans: list[tuple[str, str]] = [
            (f"✗ {one.sentence} {one.hint}\n", "bold $error") for one in problems[:_MOST_PROBLEMS]
        ]
        more = len(problems) - _MOST_PROBLEMS
        if more > 0:
            spans.append((f"and {more} more\n", "$error"))
        if not spans and self.unsaved:
            count = len(differences(self._view.patient, self._patient))
            spans = [(f"{count} changed, not kept yet: F9 keeps them.", "$warning")]
        self.query_one("#form-state", Static).update(Content.assemble(*spans))

    # ------------------------------------------------------------ commands

    def action_command(self, command_id: str) -> None:
        """Carry out a command of this screen."""
        cards = self.query_one("#cards", OptionList)
        sheet = self.query_one("#form-history", VerticalScroll)
        reading = sheet.display
        moves = {
            "move-down": sheet.scroll_down if reading else cards.action_cursor_down,
            "move-up": sheet.scroll_up if reading else cards.action_cursor_up,
            "page-down": sheet.scroll_page_down if reading else cards.action_page_down,
            "page-up": sheet.scroll_page_up if reading else cards.action_page_up,
            "go-top": sheet.scroll_home if reading else cards.action_first,
            "go-bottom": sheet.scroll_end if reading else cards.action_last,
        }
        if command_id in moves:
            moves[command_id]()
        elif command_id == "back" and reading:
            self._show_history(shown=False)
        else:
            work = {
                "back": self._leave,
                "edit-answer": self._edit,
                "save-form": self._save,
                "form-history": self._history,
            }[command_id]
            self.run_worker(guarded(self.app, work()), group="form")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click changes the row."""
        event.stop()
        self.action_command("edit-answer")

    async def _edit(self) -> None:
        at = self.query_one("#cards", OptionList).highlighted
        if at is None or self._rows[at].heading:
            return
        changed = await self._editing.edit(self._rows[at].subject)
        if changed is not None:
            await self.show(changed)

    async def reread(self) -> None:
        """What was said about an address changed; the changes on the screen stay."""
        fresh = await self._desk.forms.view(self._patient.id)
        if fresh.patient == self._view.patient:
            self._view = fresh
            await self.show()

    async def _save(self) -> bool:
        """Keep the changes; whether nothing is left unsaved."""
        if not self.unsaved:
            tell(self.app, "Nothing was changed.")
            return True
        try:
            changed = await self._desk.forms.save(self._patient, self._view.patient)
        except Stale as error:
            return await self._meet(error)
        self._view = await self._desk.forms.view(self._patient.id)
        await self.show(self._view.patient)
        tell(self.app, f"Kept: {len(changed)} changed.")
        return True

    async def _meet(self, error: Stale) -> bool:
        """Somebody was quicker: the person decides what becomes of their own changes."""
        from tui.screens.choose import Choice, Choose

        choices = [
            Choice("both", "Show theirs, and put my changes onto it", "nothing is kept yet"),
            Choice("theirs", "Show theirs, and throw my changes away"),
            Choice("stay", "Go on looking at mine"),
        ]
        chosen = await self.app.push_screen_wait(Choose(error.sentence, choices))
        if chosen is None or chosen.value == "stay":
            return False
        fresh = await self._desk.forms.view(self._patient.id)
        patient = fresh.patient
        if chosen.value == "both":
            for one in differences(self._view.patient, self._patient):
                patient = with_field(patient, self._patient, one.field)
        self._view = fresh
        await self.show(patient)
        return not self.unsaved

    async def may_leave(self) -> bool:
        """Ask what becomes of changes that are not kept; False: stay."""
        from tui.screens.choose import Choice, Choose

        if not self.unsaved:
            return True
        count = len(differences(self._view.patient, self._patient))
        choices = [
            Choice("keep", "Keep the changes", f"{count} changed"),
            Choice("drop", "Throw the changes away"),
            Choice("stay", "Go on with the form"),
        ]
        title = "The form was changed and is not kept yet."
        chosen = await self.app.push_screen_wait(Choose(title, choices))
        if chosen is None or chosen.value == "stay":
            return False
        return chosen.value == "drop" or bool(await guarded(self.app, self._save()))

    async def _leave(self) -> None:
        if await self.may_leave():
            self.dismiss(None)

    async def _history(self) -> None:
        if self.query_one("#form-history").display:
            self._show_history(shown=False)
            return
        desk = self._desk
        spans: list[tuple[str, str]] = []
        for one in await desk.forms.history(self._patient.id):
            at = one.at.astimezone(desk.practice.timezone)
            member = desk.practice.member(one.by)
            who = member.first_name if member else one.by
            spans += [
                (f"{at:%Y-%m-%d %H:%M}  ", "$quiet"),
                (f"{one_line(who, 30)}", "bold"),
                (f", {one_line(one.how, 60)}\n", "$quiet"),
                (f"  {one_line(one.field, 120)}: ", ""),
                (one_line(one.old, 200) or "nothing", "$quiet"),
                (" → ", "$accent"),
                (f"{one_line(one.new, 200) or 'nothing'}\n", ""),
            ]
        if not spans:
            spans = [("Nothing was changed yet.", "$quiet")]
        self.query_one("#form-changes", Static).update(Content.assemble(*spans))
        self._show_history(shown=True)

    def _show_history(self, *, shown: bool) -> None:
        sheet, cards = self.query_one("#form-history"), self.query_one("#cards")
        sheet.display, cards.display = shown, not shown
        (sheet if shown else cards).focus()
        name = one_line(self._view.patient.name, 50)
        title = f"History of the privacy form · {name}" if shown else f"Privacy form · {name}"
        mark = " · * not kept yet" if self.unsaved else ""
        self.query_one("#form-head", Static).update(title + mark)

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        if event.command_id == "help":
            self.app.run_worker(self.app.run_action("command('help')"))
        else:
            self.action_command(event.command_id)

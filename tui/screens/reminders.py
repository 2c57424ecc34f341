"""Reminders from a list: each one seen before it leaves, one by one or all that may."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from inbox.appointment import AppointmentRow, RowTrouble
from inbox.errors import Refused, Stale
from inbox.finding import Severity
from inbox.reminder_report import Became, Outcome, Report, outcome_of, queued, refused
from inbox.reminding import Reminder
from inbox.template import Shelf
from tui.commands import Place, bindings_at
from tui.importing.appointments import AppointmentList
from tui.office import Office
from tui.screens.ask import AskYes
from tui.screens.sending import send_or_ask
from tui.screens.telling import guarded, tell
from tui.widgets.cells import one_line
from tui.widgets.composer import DraftText
from tui.widgets.key_bar import KeyBar
from tui.widgets.status_bar import StatusBar, TroubleBar, trouble_words

_PAINT_EVERY = 0.1
"""Seconds: a long list is counted faster than anybody can read."""
_SIGNS = {
    Became.READY: ("✓ ready", "$success"),
    Became.QUEUED: ("✓ sent to the outbox", "bold $success"),
    Became.HELD: ("! needs a reason", "bold $warning"),
    Became.BLOCKED: ("✗ cannot leave", "bold $error"),
    Became.TOLD: ("· told already", "$quiet"),
    Became.SKIPPED: ("· skipped", "$quiet"),
    Became.NOT_UNDERSTOOD: ("? not understood", "bold $warning"),
}
_OPEN = {Became.READY, Became.HELD, Became.BLOCKED}
"""What a person may still do something about."""


class RemindersScreen(Screen[None]):
    """One reminder at a time, and how all of them stand."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.REMINDERS)]

    def __init__(
        self, office: Office, file: str, read: AppointmentList, shelf: Shelf, template: str
    ) -> None:
        """Show the reminders of a list.

        Args:
            office: Whose desk sends.
            file: The file's name, for the head.
            read: What was read from it.
            shelf: The templates.
            template: The template for every row; empty chooses by each row's kind.
        """
        super().__init__()
        self._office = office
        self._file = file
        self._read = read
        self._shelf = shelf
        self._template = template
        self._items: list[Reminder | RowTrouble] = []
        self._report = Report()
        self._at = 0
        self._looking = False
        self._sending = False
        self._stop = False

    def compose(self) -> ComposeResult:
        """Bars around one reminder."""
        desk = self._office.desk
        yield StatusBar(desk.practice, desk.clock)
        yield TroubleBar()
        yield Static("", id="reminders-head", classes="head", markup=False)
        yield Static("", id="reminders-count", markup=False)
        with VerticalScroll(id="reminder"):
            yield Static("", id="reminder-words", markup=False)
        yield KeyBar({}, Place.REMINDERS)

    def on_mount(self) -> None:
        """Look at each row."""
        self.query_one("#reminder").focus()
        self._take(self._read.troubles)
        self._show()
        self.run_worker(guarded(self.app, self._look()), group="look")
        self._watch()
        self.set_interval(1, self._watch)

    def _watch(self) -> None:
        """Keep the bars as the lines are."""
        self.run_worker(guarded(self.app, self._lines()), exclusive=True, group="lines")

    async def _lines(self) -> None:
        views = await self._office.desk.lines()
        self.query_one(StatusBar).lines = tuple(views)
        self.query_one(TroubleBar).words = trouble_words(views)

    def _take(self, found: tuple[RowTrouble, ...]) -> None:
        for trouble in found:
            self._items.append(trouble)
            self._report.add(outcome_of(trouble))

    async def _look(self) -> None:
        """What each row would become; the first is shown at once, the others are counted."""
        self._looking = True
        loop = asyncio.get_running_loop()
        painted = 0.0
        reminding = self._office.desk.reminding
        try:
            async with aclosing(
                reminding.reminders(self._read.rows, self._shelf, self._template)
            ) as reminders:
                async for one in reminders:
                    self._items.append(one)
                    self._report.add(outcome_of(one))
                    if loop.time() - painted > _PAINT_EVERY:
                        painted = loop.time()
                        self._show()
        finally:
            self._looking = False
        at = self._items[self._at] if self._items else None
        self._items.sort(key=_row)
        self._at = self._items.index(at) if at is not None else 0
        if at is None or self._outcome(at).state not in _OPEN:
            self._step_to_open()
        self._show()

    # ------------------------------------------------------------ showing

    def _outcome(self, item: Reminder | RowTrouble) -> Outcome:
        return self._report.of(_row(item))

    def _show(self) -> None:
        total, seen = len(self._read.rows) + len(self._read.troubles), len(self._items)
        at = f" · {self._at + 1} of {seen}" if seen else ""
        looking = f" · looking at row {seen} of {total} …" if self._looking else ""
        self.query_one("#reminders-head", Static).update(
            f"Reminders · {one_line(self._file, 40)}{at}{looking}"
        )
        self.query_one("#reminders-count", Static).update(self._report.summary())
        words = self.query_one("#reminder-words", Static)
        if not self._items:
            words.update("" if self._looking else "\n  There is no appointment in the list.")
            return
        words.update(self._card(self._items[self._at]))

    def _card(self, item: Reminder | RowTrouble) -> Content:
        outcome = self._outcome(item)
        sign, style = _SIGNS[outcome.state]
        spans: list[Content | str | tuple[str, str]] = [(sign, style), f"  row {outcome.row}"]
        if isinstance(item, RowTrouble):
            spans += [("\n\n" + one_line(item.words, 300), "bold")]
            spans.append(("\n\nNothing of this row is used. Correct it in the file.", "$quiet"))
            return Content.assemble(*spans)
        spans += [("  " + one_line(item.patient.name, 60), "bold")]
        draft = item.draft
        if draft is not None:
            to = one_line(draft.to[0].value, 80)
            proven = "✓" if item.verdict.severity is not Severity.BLOCK else "!"
            spans.append((f"\nby {draft.channel.words} to {to}", "$quiet"))
            spans.append((f"\n{proven} {one_line(item.from_words, 200)}", "$quiet"))
        why = " ".join(one for one in (outcome.reason, outcome.way_out) if one)
        if why:
            spans.append((f"\n{one_line(why, 400)}", style))
        if draft is not None:
            spans.append((f"\n\n{one_line(draft.subject, 200)}" if draft.subject else "", "bold"))
            spans.append(f"\n\n{draft.text}\n")
            for finding in item.verdict.findings:
                if finding.severity is Severity.WARN:
                    spans.append((f"\n! {one_line(finding.reason, 300)}", "$warning"))
                    spans.append((f"  {finding.rule}", "$quiet"))
        return Content.assemble(*spans)

    # ------------------------------------------------------------ commands

    def action_command(self, command_id: str) -> None:
        """Carry out a command of this screen."""
        if command_id == "back":
            self._back()
        elif command_id == "next-reminder":
            self._step(1)
        elif command_id == "previous-reminder":
            self._step(-1)
        elif command_id == "skip-reminder":
            self._skip()
        elif command_id == "save-report":
            self.run_worker(guarded(self.app, self._save()))
        elif self._sending or self._looking:
            tell(self.app, "One moment: the list is still being worked on.")
        elif command_id == "send-reminder":
            self.run_worker(guarded(self.app, self._send()), group="send")
        elif command_id == "send-all-reminders":
            self.run_worker(guarded(self.app, self._send_all()), group="send")
        elif command_id == "edit-reminder":
            self.run_worker(guarded(self.app, self._edit()), group="send")

    def _back(self) -> None:
        if self._sending:
            self._stop = True
            tell(self.app, "Stopping after this one.")
            return
        ready = self._report.count(Became.READY)
        if self._report.count(Became.QUEUED) and ready:
            hint = "Open the list again for them."
            tell(self.app, f"{ready} that may leave were not sent.", hint)
        self.dismiss(None)

    def _step(self, step: int) -> None:
        if self._items:
            self._at = max(0, min(self._at + step, len(self._items) - 1))
            self.query_one("#reminder").scroll_home(animate=False)
            self._show()

    def _step_to_open(self) -> None:
        """Go on to the next one that somebody may do something about."""
        places = [*range(self._at, len(self._items)), *range(self._at)]
        for at in places:
            if self._outcome(self._items[at]).state in _OPEN:
                self._step(at - self._at)
                return
        self._show()

    def _current(self) -> Reminder | None:
        item = self._items[self._at] if self._items else None
        if not isinstance(item, Reminder) or self._outcome(item).state not in _OPEN:
            tell(self.app, "There is nothing to do with this row.")
            return None
        return item

    def _skip(self) -> None:
        item = self._current()
        if item is not None:
            self._note(Outcome(item.row.row, Became.SKIPPED, item.patient.id))
            self._step_to_open()

    def _note(self, outcome: Outcome) -> None:
        self._report.add(outcome)
        self._show()

    async def _send(self) -> None:
        """Send the one that is shown, with a reason where it is held."""
        item = self._current()
        if item is None:
            return
        reminding = self._office.desk.reminding
        row = await send_or_ask(self, lambda because: reminding.send(item, because))
        if row is not None:
            self._office.wake()
            self._note(queued(item, row))
            self._step_to_open()

    async def _send_all(self) -> None:
        """Send all that may leave, one after the other; Escape stops after the current one."""
        ready = [
            item
            for item in self._items
            if isinstance(item, Reminder) and self._outcome(item).state is Became.READY
        ]
        if not ready:
            tell(self.app, "Nothing in the list may leave as it is.")
            return
        if not await self.app.push_screen_wait(AskToSend(ready)):
            return
        self._sending, self._stop = True, False
        done = 0
        try:
            for item in ready:
                if self._stop:
                    break
                self._at = self._items.index(item)
                self._note(await self._try(item))
                done += 1
        finally:
            self._sending = False
            self._office.wake()
            self._show()
        words = f"Stopped: {done} of {len(ready)}." if self._stop else "All that may leave is sent."
        tell(self.app, words, self._report.summary() + " w saves the report.")
        self._step_to_open()

    async def _try(self, item: Reminder) -> Outcome:
        try:
            return queued(item, await self._office.desk.reminding.send(item))
        except (Refused, Stale) as error:
            return refused(item, error)

    async def _edit(self) -> None:
        """Change the words of the one that is shown; the gate looks at it again."""
        item = self._current()
        if item is None or item.draft is None:
            return
        text = await self.app.push_screen_wait(EditReminder(item.draft.text))
        if text is None:
            return
        changed = await self._office.desk.reminding.reworded(item, text)
        self._items[self._at] = changed
        self._note(outcome_of(changed))

    async def _save(self) -> None:
        """Write the report as CSV."""
        from tui.screens.ask import AskLine

        desk = self._office.desk
        day = f"{desk.clock().astimezone(desk.practice.timezone):%Y-%m-%d}"
        answer = await self.app.push_screen_wait(
            AskLine("Save the report as", value=f"~/reminders-{day}.csv")
        )
        if answer:
            from tui.files import write_new

            path = await asyncio.to_thread(write_new, answer.strip(), self._report.csv())
            tell(self.app, f"Saved as {path}.")

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        if event.command_id == "help":
            self.app.run_worker(self.app.run_action("command('help')"))
        else:
            self.action_command(event.command_id)


class AskToSend(ModalScreen[bool]):
    """Asks whether all of these reminders are to be sent; Enter alone sends nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,enter", "dismiss(False)", "No"),
        Binding("y", "dismiss(True)", "Yes"),
    ]

    def __init__(self, ready: Sequence[Reminder]) -> None:
        """Ask about `ready`."""
        super().__init__()
        self._ready = ready

    def compose(self) -> ComposeResult:
        """How many, by which channels, and how to take one back."""
        channels = Counter(one.draft.channel.words for one in self._ready if one.draft is not None)
        ways = ", ".join(f"by {words} {number}" for words, number in sorted(channels.items()))
        count = len(self._ready)
        what = "1 reminder" if count == 1 else f"{count} reminders"
        with Vertical(classes="box"):
            yield Static(f"Send {what}? {ways}", classes="title", markup=False)
            yield Static(
                "Each waits some seconds in the outbox and can be taken back there until it leaves."
                " Esc stops the rest.",
                markup=False,
            )
            yield Static("y sends them · Enter or n sends nothing", classes="quiet", markup=False)


class EditReminder(ModalScreen[str | None]):
    """The words of one reminder, to be changed; gives them, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("f9,ctrl+s", "accept", "Keep", priority=True),
    ]

    def __init__(self, text: str) -> None:
        """Begin with `text`."""
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """The text."""
        with Vertical(classes="box"):
            yield Static("This reminder only", classes="title", markup=False)
            yield DraftText(
                self._text, id="answer", soft_wrap=True, tab_behavior="focus", compact=True
            )
            yield Static("F9 keeps it · Esc goes back", classes="quiet", markup=False)

    def action_accept(self) -> None:
        """Give the text."""
        text = self.query_one("#answer", DraftText).text.strip()
        if text:
            self.dismiss(text)

    async def action_leave(self) -> None:
        """Give nothing; where the text was changed, ask first."""
        if self.query_one("#answer", DraftText).text.strip() == self._text.strip():
            self.dismiss(None)
            return
        self.run_worker(guarded(self.app, self._ask_to_leave()), exclusive=True)

    async def _ask_to_leave(self) -> None:
        question = AskYes("Leave your changes out?", "Without a yes you go on writing.")
        if await self.app.push_screen_wait(question):
            self.dismiss(None)


def _row(item: Reminder | RowTrouble) -> int:
    row = item.row
    return row.row if isinstance(row, AppointmentRow) else row

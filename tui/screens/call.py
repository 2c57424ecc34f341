"""The call screen: what to know before dialling, and after it what became of the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static, TextArea

from inbox.call_plan import CallPlan
from inbox.message import Direction, Message, MessageKind
from inbox.number import number_words
from inbox.outgoing import Call, CallOutcome, Draft
from tui.commands import Place, bindings_at, commands_at
from tui.screens.call_dialling import Dialling
from tui.screens.call_ways import WAYS, CallWays
from tui.screens.telling import guarded, tell
from tui.widgets.call_facts import (
    OUTCOMES,
    asked,
    facts_of,
    outcome_lines,
    untold,
    ways_lines,
)
from tui.widgets.cells import one_line
from tui.widgets.composer import DraftText
from tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from textual.timer import Timer

    from inbox.repository import OutboxRow
    from inbox.storage.call import OpenCall
    from tui.office import Office

_KEEP_AFTER = 1.0
"""Seconds of quiet after which what was filled in is kept."""


async def call_person(
    screen: Screen[Any],
    office: Office,
    about: int | str,
    marked: Message | None = None,
    number: str = "",
) -> int | None:
    """Open the call screen; the conversation to show when a call was kept.

    Args:
        screen: Over which.
        office: Whose.
        about: Whom to call: a conversation, or a patient's id.
        marked: The message before the person's eyes: a call or voicemail is called back.
        number: The one to call (E.164); empty: the likeliest one.
    """
    calling = office.desk.calling
    if (
        marked is not None
        and marked.direction is Direction.INBOUND
        and marked.kind in {MessageKind.CALL, MessageKind.VOICEMAIL}
        and marked.sender is not None
    ):
        number = marked.sender.value
    waiting = await calling.unfinished(about) if isinstance(about, int) else []
    if waiting and waiting[0].heads_up is None:
        # How that call ended is to be said first, of the number that was dialled.
        number = ""
    plan = await calling.prepare(about, number)
    keymap = getattr(screen.app, "keys_changed", {})
    opened = CallScreen(office, plan, waiting[0] if waiting else None, keymap)
    return await screen.app.push_screen_wait(opened)


class CallScreen(Screen[int | None]):
    """Gives the conversation the call was kept in, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_at(Place.CALL),
        *(one for one in bindings_at(Place.CALL_LOG, priority=True) if one.key != "escape"),
    ]
    AUTO_FOCUS = ""

    def __init__(
        self,
        office: Office,
        plan: CallPlan,
        waiting: OpenCall | None,
        keymap: Mapping[str, str],
    ) -> None:
        """Show `plan`; `waiting` is a call of the conversation whose log is not finished."""
        super().__init__()
        self._office = office
        self._desk = office.desk
        self._plan = plan
        self._waiting = waiting
        self._keymap = keymap
        self._log: Draft | None = None
        self._dialling = Dialling(self._desk, self, self._show)
        if waiting is not None and waiting.heads_up is None:
            self._dialling.row_id = waiting.row.id
        self._ways = CallWays(self._desk, self)
        self._timer: Timer | None = None
        self._busy = False

    def compose(self) -> ComposeResult:
        """Facts, script and outcomes; then what was said, and how they can answer."""
        yield Static(id="call-head", classes="head", markup=False)
        with VerticalScroll(id="call-body", classes="sheet", can_focus=False):
            yield Static(id="call-facts", markup=False)
            yield Static(id="call-ask", markup=False)
            yield DraftText(id="call-text", soft_wrap=True, tab_behavior="focus", compact=True)
            yield Static(id="call-ways", markup=False)
            yield Static("The answering service is told:", id="call-told", markup=False)
            yield DraftText(id="call-heads-up", soft_wrap=True, tab_behavior="focus", compact=True)
        yield Static(id="call-state", markup=False)
        yield KeyBar(self._keymap, Place.CALL, id_="call-keys")

    def on_mount(self) -> None:
        """Show the plan, or go on where the log was left."""
        kept = self._plan.kept
        if self._waiting is not None and self._waiting.heads_up is not None:
            self._begin_telling(self._waiting)
        elif kept is not None and outcome_of(kept) is not None:
            self._dialling.row_id = self._dialling.row_id or kept.outbox_id
            self._fill(kept)
        else:
            self._show()

    # ------------------------------------------------------------ what is shown

    @property
    def log_draft(self) -> Draft | None:
        """The log as it stands in the fields; None before the call ended."""
        if self._log is None:
            return None
        call = self._log.call or Call()
        told = self.query_one("#call-heads-up", DraftText).text
        return replace(
            self._log,
            text=self.query_one("#call-text", DraftText).text,
            outbox_id=self._dialling.row_id,
            call=replace(call, heads_up=told if self._ways.tells(self._log) else ""),
        )

    @property
    def telling(self) -> OpenCall | None:
        """The call whose heads-up is to be sent again; None when a call is to be logged."""
        waiting = self._waiting
        return waiting if waiting is not None and waiting.heads_up is not None else None

    def _show(self) -> None:
        log, plan, width = self._log, self._plan, max(40, self.size.width - 3)
        number = number_words(plan.number.address.value)
        whom = one_line(plan.person, 40)
        head = f"Call {whom}" if whom == number else f"Call {whom} · {number}"
        if self._dialling.words:
            head += f" · {self._dialling.words}"
        self.query_one("#call-head", Static).update(head)
        writing = log is not None or self.telling is not None
        facts = self.query_one("#call-facts", Static)
        facts.display = self.telling is None
        facts.update(facts_of(plan, self._desk.practice, width, brief=writing))
        left = outcome_of(log) is CallOutcome.LEFT_MESSAGE
        told = self.telling is not None or (log is not None and self._ways.tells(log))
        for name, shown in (
            ("#call-text", log is not None),
            ("#call-ways", left),
            ("#call-told", told),
            ("#call-heads-up", told),
        ):
            self.query_one(name).display = shown
        self.query_one("#call-ask", Static).update(self._asked())
        if left and log is not None:
            ways = ways_lines(plan, log, self._desk.practice, width, self._keymap)
            self.query_one("#call-ways", Static).update(ways)
        keys = self.query_one("#call-keys", KeyBar)
        keys.place = Place.CALL_LOG if writing else Place.CALL
        keys.hidden = frozenset() if left else frozenset(WAYS)
        self._say_state()

    def _asked(self) -> Content:
        if self.telling is not None:
            return untold(self.telling.heads_up)
        outcome = outcome_of(self._log)
        if outcome is not None:
            return asked(outcome)
        return outcome_lines(self._keymap, dialled=self._dialling.row_id is not None)

    def _say_state(self) -> None:
        """What is in the way, else what the words promise."""
        state = self.query_one("#call-state", Static)
        log, failed = self.log_draft, self._dialling.failed
        words, style = f"✗ {failed}" if failed else "", "bold $error"
        if log is not None:
            found = self._desk.calling.against(self._plan, log)
            words = f"✗ cannot be saved: {found[0].reason}  {found[0].rule}" if found else ""
            if not found:
                words, style = self._desk.calling.promised_words(self._plan, log), "$quiet"
        state.display = bool(words)
        state.update(Content.styled(words, style))

    def on_resize(self) -> None:
        """The words are broken for a width."""
        if self.is_mounted:
            self._show()

    # ------------------------------------------------------------ filling it in

    def _fill(self, log: Draft) -> None:
        """Put a log into the fields."""
        self._log = log
        for name, text in (
            ("#call-text", log.text),
            ("#call-heads-up", (log.call.heads_up if log.call else "") or self._plan.heads_up),
        ):
            field = self.query_one(name, DraftText)
            if field.text != text:
                field.load_text(text)
                field.move_cursor(field.document.end)
        self._show()
        self.query_one("#call-text", DraftText).focus()

    def _begin_telling(self, waiting: OpenCall) -> None:
        field = self.query_one("#call-heads-up", DraftText)
        field.load_text(waiting.heads_up.draft.text if waiting.heads_up is not None else "")
        field.move_cursor(field.document.end)
        self._show()
        field.focus()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Something was written: judge it, keep it soon."""
        event.stop()
        if self._log is None:
            return
        self._say_state()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_KEEP_AFTER, self._keep_soon)

    def _keep_soon(self) -> None:
        self.run_worker(guarded(self.app, self._keep()), group="keep")

    async def _keep(self) -> None:
        log = self.log_draft
        if log is not None and not self._busy:
            await self._desk.calling.keep(log)

    # ------------------------------------------------------------ commands

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of one half do nothing in the other."""
        if action != "command" or not parameters:
            return True
        writing = self._log is not None or self.telling is not None
        place = Place.CALL_LOG if writing else Place.CALL
        here = {one.id for one in commands_at(place)}
        if outcome_of(self._log) is not CallOutcome.LEFT_MESSAGE:
            here -= set(WAYS)
        return str(parameters[0]) in {*here, "leave-call"}

    def action_command(self, command_id: str) -> None:
        """Carry out a command of this screen."""
        if command_id in OUTCOMES:
            self._ended(OUTCOMES[command_id])
            return
        work: dict[str, Callable[[], Any]] = {
            "dial": self._dial,
            "call-number": self._number,
            "call-about": self._about,
            "leave-call": self._leave,
            "other-outcome": self._leave,
            "save-call": self._save,
        }
        if command_id in work:
            self.run_worker(guarded(self.app, work[command_id]()), group="call")
        elif command_id.startswith("way-") and self._log is not None:
            self.run_worker(guarded(self.app, self._way(command_id)), group="call")

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        if event.command_id == "help":
            self.app.run_worker(self.app.run_action("command('help')"))
        else:
            self.action_command(event.command_id)

    def _ended(self, outcome: CallOutcome) -> None:
        """The call is over."""
        text = self._plan.script if outcome is CallOutcome.LEFT_MESSAGE else ""
        draft = replace(self._plan.draft, text=text, call=Call(outcome))
        self._fill(replace(draft, outbox_id=self._dialling.row_id))
        self._keep_soon()

    async def _dial(self) -> None:
        if await self._dialling.dial(self._plan):
            self._office.wake()

    async def _about(self) -> None:
        """Say which patient it is about; what may be said follows from that."""
        from tui.screens.linking import link_patient

        conversation_id = self._plan.draft.conversation_id
        if conversation_id is None or self._dialling.row_id is not None:
            tell(self.app, "That is settled for this call.", "Say first how it ended: 1 to 5.")
            return
        conversations = self._desk.repository.conversations
        await link_patient(self, self._desk, await conversations.row(conversation_id))
        to = self._plan.number.address
        self._plan = await self._desk.calling.prepare(conversation_id, to.value)
        self._show()

    async def _number(self) -> None:
        from tui.screens.choose import Choice, Choose

        plan = self._plan
        if self._dialling.row_id is not None:
            tell(self.app, "Say first how this call ended: 1 to 5.")
            return
        choices = [Choice(one.address.value, one.words) for one in plan.others]
        if not choices:
            tell(self.app, "No other number of theirs is known.")
            return
        chosen = await self.app.push_screen_wait(Choose("Which number?", choices))
        if chosen is not None:
            about = plan.draft.conversation_id or plan.draft.patient_id or 0
            self._plan = await self._desk.calling.prepare(about, chosen.value)
            self._show()

    async def _way(self, command_id: str) -> None:
        log = self.log_draft
        if log is None or outcome_of(log) is not CallOutcome.LEFT_MESSAGE:
            return
        changed = await self._ways.toggle(self._plan, log, command_id)
        if changed is not None:
            self._fill(changed)
            await self._keep()

    async def _leave(self) -> None:
        await self._keep()
        if self._log is not None and self.telling is None:
            self._log = None
            self.set_focus(None)
            self._show()
            return
        self.dismiss(None)

    async def _save(self) -> None:
        from tui.screens.sending import send_or_ask

        if self._busy:
            return
        self._busy = True
        try:
            row = await send_or_ask(
                self,
                self._attempt,
                "It cannot be saved",
                question="Save it all the same?",
                way_out="The words at the bottom say what is missing.",
            )
        finally:
            self._busy = False
        if row is None:
            return
        self._office.wake()
        if outcome_of(self._log) is CallOutcome.WRONG_NUMBER:
            await self._wrong()
        self.dismiss(self._plan.draft.conversation_id or row.conversation_id)

    async def _attempt(self, because: str) -> OutboxRow:
        calling, log = self._desk.calling, self.log_draft
        if self.telling is not None:
            text = self.query_one("#call-heads-up", DraftText).text
            return await calling.tell_service(self.telling, text, because)
        return await calling.log(self._plan, log or self._plan.draft, because)

    async def _wrong(self) -> None:
        """A number that is not theirs is marked, when the person says so."""
        from tui.screens.ask import AskYes

        plan = self._plan
        known = plan.patient is not None and (plan.number.use or plan.number.whose)
        if not known or plan.number.old:
            return
        number = number_words(plan.number.address.value)
        question = f"Mark {number} as no longer theirs?"
        explain = "It stays in the form as old, and nothing goes there without a reason."
        if await self.app.push_screen_wait(AskYes(question, explain)):
            await self._desk.calling.not_theirs(plan)


def outcome_of(log: Draft | None) -> CallOutcome | None:
    """How the call of a log ended; None before that is known."""
    return log.call.outcome if log is not None and log.call is not None else None

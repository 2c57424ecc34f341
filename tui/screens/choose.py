"""Choose one of several, by typing a part of it or with the arrows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.screens.telling import guarded
from tui.widgets.cells import one_line

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """One thing to choose."""

    value: T
    words: str
    more: str = ""
    """Quieter words behind."""


Find = Callable[[str], Awaitable[Sequence[Choice[T]]]]
"""Gives the choices for what was typed."""


class Choose(ModalScreen[Choice[T] | None]):
    """Shows choices; gives the chosen one, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("down", "step(1)", "Down"),
        Binding("up", "step(-1)", "Up"),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice[T]] = (),
        *,
        find: Find[T] | None = None,
        placeholder: str = "Type to narrow the list",
        marked: int = 0,
    ) -> None:
        """Offer `choices`, or what `find` gives for the text typed."""
        super().__init__()
        self._title = title
        self._all = tuple(choices)
        self._find = find
        self._placeholder = placeholder
        self._marked = marked
        self._shown: list[Choice[T]] = []

    def compose(self) -> ComposeResult:
        """Title, field, list."""
        with Vertical(classes="box"):
            yield Static(self._title, classes="title", markup=False)
            yield Input(placeholder=self._placeholder, id="narrow")
            yield OptionList(id="choices", markup=False)
            yield Static("Enter chooses · Esc goes back", classes="quiet", markup=False)

    def on_mount(self) -> None:
        """Show what there is."""
        self.query_one("#choices", OptionList).can_focus = False
        self.query_one("#narrow", Input).focus()
        self._narrow("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Something was typed."""
        event.stop()
        self._narrow(event.value)

    def _narrow(self, text: str) -> None:
        if self._find is not None:
            self.run_worker(guarded(self.app, self._look_up(text)), exclusive=True)
            return
        wanted = text.casefold().split()
        self._offer(
            [
                choice
                for choice in self._all
                if all(word in f"{choice.words} {choice.more}".casefold() for word in wanted)
            ]
        )

    async def _look_up(self, text: str) -> None:
        if self._find is not None:
            self._offer(list(await self._find(text)))

    def _offer(self, choices: list[Choice[T]]) -> None:
        self._shown = choices
        options = self.query_one("#choices", OptionList)
        options.clear_options()
        options.add_options(
            Option(
                Content.assemble(
                    one_line(choice.words, 100), "  ", (one_line(choice.more, 100), "dim")
                )
            )
            for choice in choices
        )
        if choices:
            options.highlighted = min(self._marked, len(choices) - 1)
        self._marked = 0

    def action_step(self, step: int) -> None:
        """Move in the list while the field keeps the focus."""
        options = self.query_one("#choices", OptionList)
        if self._shown:
            at = options.highlighted or 0
            options.highlighted = max(0, min(at + step, len(self._shown) - 1))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field chooses the marked one."""
        event.stop()
        at = self.query_one("#choices", OptionList).highlighted
        if at is not None and at < len(self._shown):
            self.dismiss(self._shown[at])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click chooses."""
        event.stop()
        self.dismiss(self._shown[event.option_index])

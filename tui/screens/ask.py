"""Small questions over the screen: a line or some lines of text, or a yes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from tui.widgets.composer import DraftText


class AskLine(ModalScreen[str | None]):
    """Asks for one line; gives it, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(
        self,
        question: str,
        explain: Sequence[str] = (),
        *,
        value: str = "",
        required: bool = True,
        suggester: Suggester | None = None,
        empty: str = "Write something first.",
    ) -> None:
        """Ask `question`, with some lines that explain it; `empty` is said of an empty answer."""
        super().__init__()
        self._question = question
        self._explain = explain
        self._value = value
        self._required = required
        self._suggester = suggester
        self._empty = empty

    def compose(self) -> ComposeResult:
        """Question, explanation, field."""
        with Vertical(classes="box"):
            yield Static(self._question, classes="title", markup=False)
            for line in self._explain:
                yield Static(line, markup=False)
            yield Input(self._value, id="answer", suggester=self._suggester)
            yield Static("Enter goes on · Esc goes back", id="foot", classes="quiet", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """An answer was given."""
        event.stop()
        if event.value.strip() or not self._required:
            self.dismiss(event.value)
        else:
            self.query_one("#foot", Static).update(f"{self._empty} Esc goes back.")


class AskText(ModalScreen[str | None]):
    """Asks for some lines of text; gives them, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("f9,ctrl+s", "accept", "Keep"),
    ]

    def __init__(self, title: str, explain: str, *, classes: str = "") -> None:
        """Ask under `title`."""
        super().__init__(classes=classes)
        self._title = title
        self._explain = explain

    def compose(self) -> ComposeResult:
        """Title, text."""
        with Vertical(classes="box"):
            yield Static(self._title, classes="title", markup=False)
            yield Static(self._explain, markup=False)
            yield DraftText(id="answer", soft_wrap=True, tab_behavior="focus", compact=True)
            yield Static("F9 keeps it · Esc goes back", classes="quiet", markup=False)

    def action_accept(self) -> None:
        """Give the text."""
        text = self.query_one("#answer", DraftText).text.strip()
        if text:
            self.dismiss(text)


class AskYes(ModalScreen[bool]):
    """Asks for a yes; Enter is none, since it is pressed without reading."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,enter", "dismiss(False)", "No"),
        Binding("y", "dismiss(True)", "Yes"),
    ]

    def __init__(self, question: str, explain: str = "") -> None:
        """Ask `question`."""
        super().__init__()
        self._question = question
        self._explain = explain

    def compose(self) -> ComposeResult:
        """Question."""
        with Vertical(classes="box"):
            yield Static(self._question, classes="title", markup=False)
            if self._explain:
                yield Static(self._explain, markup=False)
            yield Static("y yes · n, Enter or Esc no", classes="quiet", markup=False)

"""Shown when the data folder cannot be opened: what happened, and what to do."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static


class TroubleScreen(ModalScreen[None]):
    """A sentence and a hint; any key leaves Twoway."""

    def __init__(self, sentence: str, hint: str) -> None:
        """Say `sentence` and `hint`."""
        super().__init__()
        self._sentence = sentence
        self._hint = hint

    def compose(self) -> ComposeResult:
        """The words."""
        with Vertical(classes="box"):
            yield Static("The inbox cannot be opened", classes="title", markup=False)
            yield Static(self._sentence, markup=False)
            yield Static(self._hint, markup=False)
            yield Static("Any key leaves Twoway; nothing changed.", classes="quiet", markup=False)

    def on_key(self, event: events.Key) -> None:
        """Leave, with a status that says so."""
        event.stop()
        self.app.exit(return_code=1)

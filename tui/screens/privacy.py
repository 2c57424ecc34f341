"""Hides everything until a key is pressed, for when somebody leans over the desk."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static


class PrivacyScreen(ModalScreen[None]):
    """Nothing to see; any key or click brings it back."""

    def compose(self) -> ComposeResult:
        """One line."""
        yield Static("Hidden. Press any key.", markup=False)

    def on_key(self, event: events.Key) -> None:
        """The key does nothing else."""
        event.stop()
        event.prevent_default()
        self.dismiss(None)

    def on_click(self) -> None:
        """A click is as good as a key."""
        self.dismiss(None)

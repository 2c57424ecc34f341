"""The least that a Textual app can be: one label that counts the keys. What ours is compared to."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

READY = "keys: 0"
"""What is on the screen when it can be used."""


class BareApp(App[None]):
    """One label."""

    keys = 0

    def compose(self) -> ComposeResult:
        """The label."""
        yield Static(READY)

    def on_key(self) -> None:
        """Count."""
        self.keys += 1
        self.query_one(Static).update(f"keys: {self.keys}")


if __name__ == "__main__":
    BareApp().run()

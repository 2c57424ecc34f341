"""What must not be missed, on top of every screen: who called on a promise of yours."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.widgets.cells import cut


class AlertBar(Widget):
    """One sentence with a name and the key that opens the conversation.

    A name stands on the screen only, never in a title or a notification of the system.
    """

    words: reactive[str] = reactive("")

    class Pressed(Message):
        """A person clicked on it."""

    def __init__(self, key: str) -> None:
        """Name `key`, in words, as the one that opens."""
        super().__init__()
        self._key = key

    def render(self) -> Content:
        """The sentence and the key."""
        more = f"  {self._key} opens " if self._key else ""
        room = max(10, self.size.width - 3 - len(more))
        return Content.assemble(" ! ", (cut(self.words, room), "bold"), (more, "bold"))

    def on_click(self, event: events.Click) -> None:
        """A click is as good as the key."""
        event.stop()
        self.post_message(self.Pressed())

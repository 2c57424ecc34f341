"""What sounds like an emergency, on top of every screen until a person has looked after it."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.widgets.cells import cut


class EmergencyBar(Widget):
    """One sentence without a name, and the key that opens the conversation."""

    count: reactive[int] = reactive(0)

    class Pressed(Message):
        """A person clicked on it."""

    def __init__(self, key: str) -> None:
        """Name `key`, in words, as the one that opens."""
        super().__init__()
        self._key = key

    def render(self) -> Content:
        """How many there are, and the key."""
        words = "1 message sounds like an emergency: call them / 911"
        if self.count > 1:
            words = f"{self.count} messages sound like an emergency: call them / 911"
        more = f"  {self._key} opens it " if self._key else ""
        room = max(10, self.size.width - len(more))
        return Content.assemble((cut(f" URGENT {words}", room), "bold"), (more, "bold"))

    def on_click(self, event: events.Click) -> None:
        """A click is as good as the key."""
        event.stop()
        self.post_message(self.Pressed())

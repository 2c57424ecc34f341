"""The footer: what to press here, at most seven keys, never cut."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.commands import Command, Place, footer_at, shown_key


class KeyBar(Widget):
    """Keys of the place that has the focus."""

    place: reactive[Place] = reactive(Place.LIST)
    hidden: reactive[frozenset[str]] = reactive(frozenset[str]())
    """Ids of commands that do nothing here for now."""

    class Pressed(Message):
        """A person clicked on a key."""

        def __init__(self, command_id: str) -> None:
            self.command_id = command_id
            super().__init__()

    def __init__(
        self, keymap: Mapping[str, str], place: Place = Place.LIST, *, id_: str | None = None
    ) -> None:
        """Show keys after remapping by `keymap`."""
        super().__init__(id=id_)
        self._keymap = keymap
        self.set_reactive(KeyBar.place, place)

    def _shown(self) -> list[tuple[Command, str, str]]:
        found = [
            (one, shown_key(one, self._keymap), one.short or one.title)
            for one in footer_at(self.place)
            if one.id not in self.hidden
        ]
        found = [entry for entry in found if entry[1]]
        room = self.size.width - 1
        # The last one (Help, Back) says where everything else is: it stays.
        while len(found) > 1 and sum(len(key) + len(title) + 3 for _, key, title in found) > room:
            del found[-2]
        return found

    def render(self) -> Content:
        """Key and title, one after the other."""
        spans: list[tuple[str, str]] = [(" ", "")]
        for _, key, title in self._shown():
            spans += [(key, "bold $accent"), (f" {title}  ", "$foreground")]
        return Content.assemble(*spans)

    def on_click(self, event: events.Click) -> None:
        """Run the command under the pointer."""
        at = event.get_content_offset_capture(self).x - 1
        for one, key, title in self._shown():
            width = len(key) + len(title) + 3
            if at < width:
                self.post_message(self.Pressed(one.id))
                return
            at -= width

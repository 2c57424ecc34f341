"""What can be done with one message: the one that is marked."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from inbox.message import Message
from tui.office import Office
from tui.screens.telling import tell
from tui.widgets.message_lines import has_more, too_long
from tui.widgets.messages_view import MessagesView


class MarkedMessage:
    """The marked message of the open conversation, for the commands that need one."""

    def __init__(self, screen: Screen[Any], messages: MessagesView, office: Office) -> None:
        """Work on what is marked in `messages`, on behalf of `office`."""
        self._screen = screen
        self._messages = messages
        self._office = office

    def message(self) -> Message | None:
        """The marked message; None after saying that there is none."""
        marked = self._messages.marked
        if marked is None:
            tell(self._screen.app, "No message is marked.", "Open a conversation first.")
        return marked

    async def whole_text(self) -> None:
        """Show what was folded away, or the reader for what is very long."""
        marked = self.message()
        if marked is None:
            return
        if too_long(marked):
            from tui.screens.reader import Reader

            self._screen.app.push_screen(Reader("The whole text", marked.whole))
        elif has_more(marked):
            self._messages.toggle(whole=True)
        else:
            tell(self._screen.app, "This is the whole text.")

    async def raw(self) -> None:
        """Show it as it arrived."""
        from tui.screens.reader import Reader

        marked = self.message()
        if marked is not None:
            raw = await self._office.desk.raw(marked)
            self._screen.app.push_screen(
                Reader("As it arrived", raw.content.decode("utf-8", "backslashreplace"))
            )

    def copy(self) -> None:
        """Put its text on the clipboard."""
        marked = self.message()
        if marked is not None:
            self._screen.app.copy_to_clipboard(marked.text or marked.whole)
            tell(self._screen.app, "Copied.", "Shift and the mouse copy any part of the screen.")

    async def save_file(self) -> None:
        """Save a file that came with it."""
        from tui.screens.main.attaching import save_attachment

        marked = self.message()
        if marked is not None:
            await save_attachment(self._screen, self._office, marked)

    async def open_file(self) -> None:
        """Save a file that came with it, and open it with the system's program."""
        from tui.screens.main.attaching import save_attachment
        from tui.screens.main.viewing import open_file

        marked = self.message()
        if marked is not None:
            path = await save_attachment(self._screen, self._office, marked)
            if path is not None:
                await open_file(path)

    async def fetch_whole(self) -> None:
        """Fetch the rest of a message of which only the header was fetched."""
        marked = self.message()
        if marked is None:
            return
        if not marked.partial:
            tell(self._screen.app, "All of it is here already.")
            return
        tell(self._screen.app, "Fetching the rest …")
        await self._office.fetch_whole(marked)

"""Where the parts of the inbox stand: what they ask of the main screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from inbox.conversation import ConversationRow
    from inbox.repository import OutboxRow
    from tui.widgets.composer import Composer


class Room(Protocol):
    """The main screen, as those see it who work in it."""

    @property
    def wide(self) -> bool:
        """Whether the panes stand side by side."""
        ...

    @property
    def pane(self) -> str:
        """The pane in front: `list`, `conversation` or `patient`."""
        ...

    async def composer(self) -> Composer:
        """The composer, made when it is first needed."""
        ...

    def show_composer(self, *, shown: bool) -> None:
        """Make room for the composer, or take it away."""
        ...

    def show_pane(self, pane: str) -> None:
        """Bring `list`, `conversation` or `patient` to the front and give it the focus."""
        ...

    def go_to_tab(self, step: int) -> None:
        """Show the list beside the one that is shown."""
        ...

    def recent(self, row: ConversationRow) -> bool:
        """Whether its last message is fresh enough to speak of."""
        ...

    async def call(self, about: int | str, number: str) -> None:
        """Open the call screen for a conversation or a patient's id, at one number."""
        ...

    async def sent(self, row: OutboxRow) -> None:
        """Something was queued."""
        ...

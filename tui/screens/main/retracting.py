"""Taking back a portal message that has left: a question, and what became of it."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from inbox.message import Message
from tui.office import Office
from tui.screens.ask import AskYes
from tui.screens.telling import tell


async def retract(screen: Screen[Any], office: Office, message: Message) -> bool:
    """Ask, and have a message marked as entered in error where it lies.

    Args:
        screen: Over which to ask.
        office: Who does it.
        message: The marked one.

    Returns:
        Whether it was asked for.

    Raises:
        TwowayError: it cannot be taken back; the sentence says why.
    """
    retracting = office.desk.retracting
    problem = retracting.against(message)
    if problem is not None:
        tell(screen.app, problem.sentence, problem.hint)
        return False
    before = await retracting.state(message.id)
    more = "They may have read it; the record says that it was a mistake. It cannot be undone."
    if before is not None and before.trouble:
        more = f"The last try failed: {before.trouble} {more}"
    if not await screen.app.push_screen_wait(AskYes("Take this message back in the portal?", more)):
        return False
    await retracting.ask(message.id)
    office.wake()
    tell(screen.app, "It is being taken back.", "The conversation shows when it is done.")
    return True

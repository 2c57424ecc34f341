"""Sending with a person's word: a reason where the gate holds, the way out where it blocks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from textual.screen import Screen

from inbox.errors import Blocked, Held
from inbox.finding import Severity
from inbox.repository import OutboxRow
from tui.screens.telling import tell

NO_REASON = "Give a reason: it cannot be left empty."
"""Said of an empty reason."""


async def send_or_ask(
    screen: Screen[Any],
    attempt: Callable[[str], Awaitable[OutboxRow]],
    refused: str = "It cannot leave",
    *,
    question: str = "Send it all the same?",
    way_out: str = "Change it as the words under the text say.",
) -> OutboxRow | None:
    """Try to send; ask for a reason where it is held, say why where it is blocked.

    Args:
        screen: Over which to ask.
        attempt: Sends with a reason, which may be empty.
        refused: What is said when it is blocked.
        question: What is asked when it is held.
        way_out: What to do when it is blocked and nothing else says so.
    """
    because = ""
    for _ in range(3):
        try:
            return await attempt(because)
        except Held as held:
            from tui.screens.ask import AskLine

            against = [one for one in held.findings if one.severity is not Severity.INFO]
            explain = [f"! {one.reason}" for one in against[:4]] or [held.sentence]
            asked = AskLine(f"{question} The reason is kept.", explain, empty=NO_REASON)
            answer = await screen.app.push_screen_wait(asked)
            if answer is None or not answer.strip():
                return None
            because = answer
        except Blocked as blocked:
            hint = blocked.hint or way_out
            tell(screen.app, f"{refused}: {blocked.sentence}", hint, trouble=True)
            return None
    return None

"""Sending with a person's word: a reason where the gate holds, the way out where it blocks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from textual.screen import Screen

from inbox.errors import Blocked, Held
from inbox.repository import OutboxRow
from tui.screens.telling import tell

NO_REASON = "Give a reason: it cannot be left empty."
"""Said of an empty reason."""


async def send_or_ask(
    screen: Screen[Any],
    attempt: Callable[[str], Awaitable[OutboxRow]],
    refused: str = "It cannot leave",
) -> OutboxRow | None:
    """Try to send; ask for a reason where it is held, say why where it is blocked.

    Args:
        screen: Over which to ask.
        attempt: Sends with a reason, which may be empty.
        refused: What is said when it is blocked.
    """
    because = ""
    for _ in range(3):
        try:
            return await attempt(because)
        except Held as held:
            from tui.screens.ask import AskLine

            explain = [f"! {finding.reason}" for finding in held.findings[:4]] or [held.sentence]
            asked = AskLine("Send it all the same? The reason is kept.", explain, empty=NO_REASON)
            answer = await screen.app.push_screen_wait(asked)
            if answer is None or not answer.strip():
                return None
            because = answer
        except Blocked as blocked:
            way_out = blocked.hint or "Change it as the words under the text say."
            tell(screen.app, f"{refused}: {blocked.sentence}", way_out, trouble=True)
            return None
    return None

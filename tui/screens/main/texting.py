"""What a text cannot do: carrying files. Who wants to send one is offered another way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.screen import Screen

from inbox.address import ChannelKind
from tui.screens.choose import Choice, Choose
from tui.screens.telling import tell

_CARRIERS = (ChannelKind.EMAIL, ChannelKind.PORTAL)


async def choose_carrier(
    screen: Screen[Any], channel: ChannelKind, known: Sequence[ChannelKind]
) -> ChannelKind | None:
    """Another channel for a message with a file; None when there is none, or it was given up.

    Args:
        screen: Over which to ask.
        channel: The one that carries no files.
        known: Those the person can be reached on.
    """
    said = f"A {channel.words} cannot carry files: send it by e-mail or portal."
    kinds = [kind for kind in known if kind in _CARRIERS and kind is not channel]
    if not kinds:
        tell(screen.app, said, "Neither is known of them; ask for an address.")
        return None
    choices = [Choice(kind, f"By {kind.words}", "the words stay") for kind in kinds]
    chosen = await screen.app.push_screen_wait(Choose(said, choices))
    return chosen.value if chosen is not None else None

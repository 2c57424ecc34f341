"""The contract of an adapter that somebody else has made and installed beside Twoway.

A package registers a callable in the entry point group `twoway.channels`. A line that names it with
`adapter = "…"` gets its channel from it. `docs/adapters.md` shows a whole one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from inbox.channel import Channel
from inbox.clock import Clock
from inbox.line import Line

GROUP = "twoway.channels"
"""The entry point group; the name of an entry point is what `adapter` names."""


@dataclass(frozen=True, slots=True)
class PluginContext:
    """All that an adapter is told; it takes nothing from elsewhere."""

    line: Line
    """The line it works for: its id, channel, address and name."""
    options: Mapping[str, object]
    """`options` of the line as TOML gave them: str, int, float, bool, date, list, dict."""
    secret: Callable[[str], str]
    """Reads the secret that an option names (`token = { env = "NAME" }`), by the option's name.

    To be called when a server asks, from a thread when in an event loop: a command may run. Raises
    AuthenticationFailed when it cannot be had."""
    clock: Clock
    """The present moment; the machine's own clock is not to be asked."""
    folder: str
    """The path of the configuration's folder; what is relative in the options begins there."""


class MakesChannel(Protocol):
    """What an entry point leads to: a class or a function."""

    def __call__(self, context: PluginContext) -> Channel:
        """Make the channel of one line; connects to nothing yet.

        Called in a thread. One entry point may serve several lines, each with a channel of its own.

        Raises:
            ConfigurationError: the options will not do; the line says so and the others go on.
        """
        ...

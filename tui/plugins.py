"""Adapters that others have made: found by their entry points, loaded when a line names one."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from inbox.channel import Channel
from inbox.clock import Clock
from inbox.errors import AuthenticationFailed, ConfigurationError, TwowayError
from inbox.line import Line
from inbox.plugin import GROUP, PluginContext
from tui.config.reading import Configuration
from tui.config.strict import SOURCES_HINT, nearest, read_tables
from tui.config.tables import PluginTable, SecretTable

if TYPE_CHECKING:
    from inbox.plugin import MakesChannel

_METHODS = (
    "fetch", "convert", "attachment", "fetch_whole", "census", "wait", "send", "locate", "close",
)  # fmt: skip
"""What every channel has, besides `line` and `capabilities`."""


def made_by_adapter(
    configuration: Configuration, line: Line, table: PluginTable, clock: Clock
) -> Channel:
    """What the adapter makes for a line; run in a thread.

    Raises:
        ConfigurationError: there is no such adapter, or it fails.
    """
    folder = str(configuration.path.parent)
    secrets = _secrets(configuration, table)
    return _made(table, PluginContext(line, dict(table.options), secrets, clock, folder))


def installed() -> list[str]:
    """The names of all adapters that are installed, in order."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def _made(table: PluginTable, context: PluginContext) -> Channel:
    """What the adapter makes for a line.

    Raises:
        ConfigurationError: there is no such adapter, or it fails.
    """
    name, makes = table.adapter, _load(table)
    try:
        made = makes(context)
    except TwowayError as error:
        raise ConfigurationError(error.sentence, error.hint) from None
    except Exception as error:  # noqa: BLE001 - others wrote it: anything may come
        raise _failed(name, "when it was to make a channel", error) from None
    missing = [method for method in _METHODS if not callable(getattr(made, method, None))]
    if missing:
        raise ConfigurationError(
            f"What the adapter “{name}” made is no channel: it has no {', '.join(missing)}.",
            "Ask whoever made it; inbox/channel.py says what a channel is.",
        )
    return made


def _load(table: PluginTable) -> MakesChannel:
    name = table.adapter
    point = _point(table)
    try:
        makes = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - loading it runs anything
        raise _failed(name, "when it was loaded", error) from None
    if not callable(makes):
        raise ConfigurationError(
            f"The adapter “{name}” cannot be called ({point.value}).", "Ask whoever made it."
        )
    found: MakesChannel = makes
    return found


def _point(table: PluginTable) -> EntryPoint:
    points = list(entry_points(group=GROUP, name=table.adapter))
    if not points:
        known = installed()
        hint = nearest(table.adapter, known, what="Installed") if known else "None is installed."
        raise ConfigurationError(
            f"The adapter “{table.adapter}”, which “{table.id}” needs, is not installed.", hint
        )
    if len({point.value for point in points}) > 1:
        owners = sorted(point.dist.name if point.dist else point.value for point in points)
        raise ConfigurationError(
            f"Several packages bring an adapter “{table.adapter}”: {', '.join(owners)}.",
            "Uninstall all but one.",
        )
    return points[0]


def _failed(name: str, when: str, error: BaseException) -> ConfigurationError:
    tell_error(error)
    return ConfigurationError(
        f"The adapter “{name}” failed {when} ({type(error).__name__}).",
        "Ask whoever made it; TWOWAY_TRACEBACK=1 shows where. Your other lines are not affected.",
    )


def _secrets(configuration: Configuration, table: PluginTable) -> Callable[[str], str]:
    """Reads the secrets that the options name."""

    def read(name: str) -> str:
        named = table.options.get(name)
        source, problems = read_tables(SecretTable, named if isinstance(named, dict) else {})
        if source is None or problems:
            where = f"options.{name} of the line “{table.id}”"
            raise AuthenticationFailed(f"{where} names no secret.", SOURCES_HINT)
        try:
            return configuration.secret(source, table.id).read()
        except ConfigurationError as error:
            raise AuthenticationFailed(error.sentence, error.hint) from None

    return read


def tell_error(error: BaseException) -> None:
    """Show whoever writes an adapter where it fails; nobody else is to read this."""
    if os.environ.get("TWOWAY_TRACEBACK"):
        traceback.print_exception(error, file=sys.stderr)

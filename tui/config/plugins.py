"""Whether the line of a channel that somebody else made can be one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.config.strict import SECRET_NAMES, SOURCES_HINT, Problem
from tui.config.tables import PluginTable

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


def check_plugin(path: tuple[str | int, ...], line: PluginTable) -> Iterator[Problem]:
    """What is wrong before the adapter is looked for; whether it is installed shows later."""
    if not _NAME.match(line.adapter):
        hint = "Letters, digits, - and _; its documentation says which."
        yield Problem((*path, "adapter"), "is not the name of an adapter", hint)
    for key, value in line.options.items():
        if key.lower() in SECRET_NAMES and not isinstance(value, dict):
            what = "may not be written in the file itself"
            yield Problem((*path, "options", key), what, SOURCES_HINT)

"""Completing the name of a file or a folder while it is typed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from textual.suggester import Suggester


class PathSuggester(Suggester):
    """Completes the name of a file or a folder."""

    def __init__(self) -> None:
        """Ask the disk each time: files come and go."""
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first path that begins like `value`."""
        return await asyncio.to_thread(_complete, value)


def _complete(value: str) -> str | None:
    if not value:
        return None
    path = Path(value).expanduser()
    folder, start = (path, "") if value.endswith("/") else (path.parent, path.name)
    try:
        names = sorted(
            entry.name + ("/" if entry.is_dir() else "")
            for entry in os.scandir(folder)
            if entry.name.startswith(start) and (start or not entry.name.startswith("."))
        )
    except OSError:
        return None
    if not names:
        return None
    return value + names[0][len(start) :]

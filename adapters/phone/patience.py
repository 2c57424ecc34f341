"""How long what comes along with an item, a picture or a recording, may hold it back."""

from __future__ import annotations

TRIES = 3
"""How often what cannot be had is asked for before its item is told without it."""


class Patience:
    """Counts what could not be had, by name; shared by the runs of one channel.

    A failure that passes must lose nothing, and one that stays must not hold back what came after.
    """

    def __init__(self, tries: int = TRIES) -> None:
        """Wait for anything at most `tries` times."""
        self._tries = tries
        self._failures: dict[str, int] = {}

    def is_over(self, name: str) -> bool:
        """Count one more failure; whether it was one too many."""
        self._failures[name] = self._failures.get(name, 0) + 1
        return self._failures[name] >= self._tries

    def forget(self, name: str) -> None:
        """It could be had, or its item was told without it."""
        self._failures.pop(name, None)

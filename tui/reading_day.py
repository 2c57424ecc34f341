"""Back to which day a line is read, as people write it."""

from __future__ import annotations

from datetime import date

from inbox.errors import ConfigurationError


def read_day(words: str) -> date:
    """A day like `2025-01-31`; `beginning` is `date.min`.

    Raises:
        ConfigurationError: it is no day.
    """
    words = words.strip().lower()
    if words in {"beginning", "all", "the beginning"}:
        return date.min
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise ConfigurationError(
            f"“{words}” is not a day.", "Write it like 2025-01-31, or: beginning."
        ) from None

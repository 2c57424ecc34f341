"""Times of day as people type them, by either clock."""

from __future__ import annotations

import re
from datetime import time
from typing import Final

EXAMPLES: Final = "5:30 pm, 17:30, 30 min, 1 h"
"""What may be typed where a time ahead is asked for."""
_WALL: Final = re.compile(
    r"^(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?:(?P<half>[ap])\.?m?\.?)?$", re.IGNORECASE
)
_EARLY: Final = 7
"""`5:30` is in the afternoon up to this hour: nobody is at the desk at half past five. `05:30` is
in the morning."""


def typed_time(text: str) -> time | None:
    """`17:30`, `5:30 pm`, `5pm`, `noon`; None when it is no time of day."""
    word = text.strip()
    if word.casefold() == "noon":
        return time(12)
    found = _WALL.match(word)
    if found is None or not (found["minute"] or found["half"]):
        return None
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), found["half"]
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.casefold() == "p" else 0)
    elif len(found["hour"]) == 1 and 0 < hour < _EARLY:
        hour += 12
    return time(hour, minute) if hour < 24 and minute < 60 else None

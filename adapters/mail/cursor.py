"""The cursor of one folder: which UIDs have been fetched under which UIDVALIDITY.

It is a list of intervals and not a single number, because the first sync goes from the newest mail
to the oldest and may be interrupted anywhere. UIDs inside an interval that no longer exist count as
fetched: a UID is never used twice under one UIDVALIDITY (RFC 3501 section 2.3.1.1).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cursor:
    """What has been fetched of one folder."""

    uidvalidity: int
    done: tuple[tuple[int, int], ...] = ()
    """Closed intervals of UIDs, ascending, apart from each other by at least one UID."""

    @property
    def top(self) -> int:
        """The highest UID fetched; 0 when there is none."""
        return self.done[-1][1] if self.done else 0

    @property
    def whole(self) -> bool:
        """Whether nothing below `top` is missing."""
        return not self.done or (len(self.done) == 1 and self.done[0][0] == 1)

    def covers(self, uid: int) -> bool:
        """Whether a UID has been fetched."""
        return any(low <= uid <= high for low, high in self.done)

    def missing(self, uids: Iterable[int]) -> list[int]:
        """Those of `uids` that have not been fetched, the newest first."""
        descending = sorted(set(uids), reverse=True)
        left = list(self.done)
        found: list[int] = []
        for uid in descending:
            while left and left[-1][0] > uid:
                left.pop()
            if not (left and left[-1][1] >= uid):
                found.append(uid)
        return found

    def with_range(self, low: int, high: int) -> Cursor:
        """The cursor once everything from `low` to `high` has been fetched too."""
        if high < low:
            return self
        merged: list[tuple[int, int]] = []
        for first, last in sorted((*self.done, (low, high))):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return Cursor(self.uidvalidity, tuple(merged))

    def dump(self) -> str:
        """The cursor as the store keeps it."""
        kept = {"uidvalidity": self.uidvalidity, "done": self.done}
        return json.dumps(kept, separators=(",", ":"))


def parse_cursor(text: str | None) -> Cursor | None:
    """A stored cursor; None when there is none or it cannot be read, which means from the start.

    Starting over is always safe: what is stored already is recognised by its identity.
    """
    if not text:
        return None
    try:
        kept = json.loads(text)
        cursor = Cursor(int(kept["uidvalidity"]))
        for low, high in kept["done"]:
            cursor = cursor.with_range(int(low), int(high))
    except (ValueError, TypeError, KeyError):
        return None
    return cursor

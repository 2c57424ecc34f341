"""The cursor of the messages of one portal.

Servers commit late, and lists change while they are read. So the cursor is no single point: it
remembers how far `meta.lastUpdated` has come, every message in the overlap behind that with its
version, and how far down an interrupted first reading is. Messages without a `lastUpdated` are
remembered one by one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

OVERLAP = timedelta(minutes=10)
"""How far behind the newest message every look goes."""
SWEPT = timedelta(minutes=40)
"""How far behind it a sweep goes, for what a server shows late."""
SLACK = timedelta(minutes=1)
"""How far around the place of an interrupted reading messages are remembered."""
_EPOCH = datetime.fromtimestamp(0, UTC)
MOST_SEEN = 50_000
"""Messages remembered at most. One that is forgotten is fetched again and known by its id."""


@dataclass(frozen=True, slots=True)
class Known:
    """A message that was fetched."""

    version: str
    at: datetime | None
    """Its `lastUpdated`; None when it has none."""


@dataclass(slots=True)
class Cursor:
    """What has been fetched from one server. Times are the server's own."""

    base: str
    """The server's base; at another one everything begins anew."""
    again: bool = False
    """Begun anew although something may be stored: what is found may be a later version."""
    top: datetime | None = None
    """The newest `lastUpdated`; None when there was none."""
    whole: bool = False
    """Whether the first reading has come to the end."""
    low: datetime | None = None
    """The oldest message of a first reading that has not."""
    loose: bool = False
    """The server's list is in no order by `lastUpdated`: nothing is known by its time."""
    total: int | None = None
    """How many the whole list had when a loose one was last read to its end."""
    seen: dict[str, Known] = field(default_factory=dict)
    """Messages that are not known by their time alone, by id."""

    def reach(self, at: datetime) -> None:
        """Everything up to this time has been listed, as far as lists show it."""
        if self.top is None or at > self.top:
            self.top = at

    def holds(self, at: datetime | None) -> bool:
        """Whether everything of that time is known, remembered or not."""
        if at is None or self.loose or self.top is None or at >= self.top - SWEPT:
            return False
        return self.whole or (self.low is not None and at > self.low + SLACK)

    def dump(self) -> str:
        """The cursor as the store keeps it; forgets what is known by its time."""
        self._forget()
        kept = {
            "base": self.base,
            "again": self.again,
            "top": _stamp(self.top),
            "whole": self.whole,
            "low": _stamp(self.low),
            "loose": self.loose,
            "total": self.total,
            "seen": {name: [one.version, _stamp(one.at)] for name, one in self.seen.items()},
        }
        return json.dumps(kept, separators=(",", ":"), sort_keys=True)

    def _forget(self) -> None:
        kept = {name: one for name, one in self.seen.items() if not self.holds(one.at)}
        if len(kept) > MOST_SEEN:
            first = datetime.min.replace(tzinfo=UTC)
            newest = sorted(kept, key=lambda name: kept[name].at or first, reverse=True)
            kept = {name: kept[name] for name in newest[:MOST_SEEN]}
        self.seen = kept


def parse_cursor(text: str | None, base: str) -> Cursor:
    """A stored cursor; the beginning when there is none, or it is of another server.

    Starting over is always safe: what is stored already is recognised by its id and version.
    """
    if not text:
        return Cursor(base)
    try:
        kept = json.loads(text)
        if kept["base"] != base:
            return Cursor(base)
        return Cursor(
            base=base,
            again=bool(kept["again"]),
            top=_moment(kept["top"]),
            whole=bool(kept["whole"]),
            low=_moment(kept["low"]),
            loose=bool(kept["loose"]),
            total=None if kept["total"] is None else int(kept["total"]),
            seen={
                str(name): Known(str(version), _moment(at))
                for name, (version, at) in kept["seen"].items()
            },
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError):
        return Cursor(base, again=True)


def _stamp(at: datetime | None) -> int | None:
    return None if at is None else (at - _EPOCH) // timedelta(microseconds=1)


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, int):
        raise TypeError("no time")
    return _EPOCH + timedelta(microseconds=value)

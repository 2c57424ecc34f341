"""The cursor of one folder of texts.

Lists come newest first, and what is listed may lag behind by hours. So the cursor is no single
point: it remembers the newest text, the SIDs of everything in the overlap behind it, how far down
an interrupted first reading has come, and which texts of ours are still on their way.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

OVERLAP = timedelta(hours=48)
"""How far behind the newest text a late one is still looked for."""
FOLLOWED = timedelta(hours=72)
"""How long a text of ours is followed; afterwards it counts as sent, without a receipt."""
MOST_SEEN = 20_000
"""SIDs remembered at most. One that is forgotten is fetched again and known by its SID."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A span of time of which nothing needs to be remembered."""

    low: datetime | None
    """None: from the beginning."""
    high: datetime | None
    """None: there is no such span."""

    def hold(self, at: datetime) -> bool:
        """Whether a time lies within."""
        return self.high is not None and at < self.high and (self.low is None or at > self.low)


@dataclass(slots=True)
class Cursor:
    """What has been fetched of one folder. Times are the account's own."""

    account: str
    """The account SID; in another account everything begins anew."""
    top: datetime | None = None
    """The newest text; None when there was none."""
    whole: bool = False
    """Whether the first reading has come to the end."""
    low: datetime | None = None
    """The oldest text of a first reading that has not."""
    seen: dict[str, datetime] = field(default_factory=dict)
    """SIDs around `top` and `low`, with the time of each."""
    open: dict[str, datetime] = field(default_factory=dict)
    """Texts of ours whose end is not known yet, with the time of each."""

    def reach(self, at: datetime) -> None:
        """Everything up to this time has been listed, as far as lists show it."""
        if self.top is None or at > self.top:
            self.top = at

    @property
    def bounds(self) -> Bounds:
        """Between which times everything is known, whether its SID is remembered or not."""
        if self.top is None:
            return Bounds(None, None)
        # A day more, because lists are asked for by the day.
        high = self.top - OVERLAP - timedelta(days=1)
        if self.whole:
            return Bounds(None, high)
        # A day more still: what was written one day may have been sent on the next.
        return (
            Bounds(None, None) if self.low is None else Bounds(self.low + timedelta(days=2), high)
        )

    def dump(self) -> str:
        """The cursor as the store keeps it; forgets what is out of the overlap."""
        self._forget()
        kept = {
            "account": self.account,
            "top": _stamp(self.top),
            "whole": self.whole,
            "low": _stamp(self.low),
            "seen": {sid: _stamp(at) for sid, at in self.seen.items()},
            "open": {sid: _stamp(at) for sid, at in self.open.items()},
        }
        return json.dumps(kept, separators=(",", ":"), sort_keys=True)

    def _forget(self) -> None:
        bounds = self.bounds
        kept = {sid: at for sid, at in self.seen.items() if not bounds.hold(at)}
        if len(kept) > MOST_SEEN:
            newest = sorted(kept, key=lambda sid: kept[sid], reverse=True)[:MOST_SEEN]
            kept = {sid: kept[sid] for sid in newest}
        self.seen = kept


def parse_cursor(text: str | None, account: str) -> Cursor:
    """A stored cursor; the beginning when there is none, or it is of another account.

    Starting over is always safe: what is stored already is recognised by its SID.
    """
    if not text:
        return Cursor(account)
    try:
        kept = json.loads(text)
        if kept["account"] != account:
            return Cursor(account)
        return Cursor(
            account=account,
            top=_moment(kept["top"]),
            whole=bool(kept["whole"]),
            low=_moment(kept["low"]),
            seen={str(sid): _sure(at) for sid, at in kept["seen"].items()},
            open={str(sid): _sure(at) for sid, at in kept["open"].items()},
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError):
        return Cursor(account)


def _stamp(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())


def _moment(value: object) -> datetime | None:
    return None if value is None else _sure(value)


def _sure(value: object) -> datetime:
    if not isinstance(value, int):
        raise TypeError("no time")
    return datetime.fromtimestamp(value, UTC)

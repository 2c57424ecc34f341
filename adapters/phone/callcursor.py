"""The cursor of the calls of one number."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from adapters.phone.cursor import OVERLAP, Bounds


@dataclass(frozen=True, slots=True)
class Open:
    """A call of which more may be learned."""

    at: datetime
    """When it began."""
    told: str = ""
    """The ending that was told of it so far; empty when it was not told at all."""


@dataclass(slots=True)
class CallCursor:
    """What has been fetched. Times are the account's own."""

    account: str
    """The account SID; in another account everything begins anew."""
    top: datetime | None = None
    """The newest call of the account."""
    whole: bool = False
    """Whether the first reading has come to the end."""
    low: datetime | None = None
    """The oldest call of a first reading that has not."""
    seen: dict[str, datetime] = field(default_factory=dict)
    """SIDs around `top` and `low` that were told, with the time of each."""
    open: dict[str, Open] = field(default_factory=dict)
    """Calls of which more may be learned, by SID."""

    def reach(self, at: datetime) -> None:
        """A call of this time was listed."""
        if self.top is None or at > self.top:
            self.top = at

    @property
    def bounds(self) -> Bounds:
        """Between which times everything is known, whether its SID is remembered or not."""
        if self.top is None or (self.low is None and not self.whole):
            return Bounds(None, None)
        # Some days more: lists are asked for by the day, and calls go on over midnight.
        low = None if self.whole or self.low is None else self.low + timedelta(days=2)
        return Bounds(low, self.top - OVERLAP - timedelta(days=1))

    def dump(self) -> str:
        """The cursor as the store keeps it; forgets what is out of the overlap."""
        bounds = self.bounds
        self.seen = {sid: at for sid, at in self.seen.items() if not bounds.hold(at)}
        kept = {
            "account": self.account,
            "top": None if self.top is None else int(self.top.timestamp()),
            "whole": self.whole,
            "low": None if self.low is None else int(self.low.timestamp()),
            "seen": {sid: int(at.timestamp()) for sid, at in self.seen.items()},
            "open": {sid: [int(one.at.timestamp()), one.told] for sid, one in self.open.items()},
        }
        return json.dumps(kept, separators=(",", ":"), sort_keys=True)


def parse_call_cursor(text: str | None, account: str) -> CallCursor:
    """A stored cursor; the beginning when there is none, or it is of another account."""
    if not text:
        return CallCursor(account)
    try:
        kept = json.loads(text)
        if kept["account"] != account:
            return CallCursor(account)
        return CallCursor(
            account=account,
            top=None if kept["top"] is None else _moment(kept["top"]),
            whole=bool(kept["whole"]),
            low=None if kept["low"] is None else _moment(kept["low"]),
            seen={str(sid): _moment(at) for sid, at in kept["seen"].items()},
            open={
                str(sid): Open(_moment(at), str(told)) for sid, (at, told) in kept["open"].items()
            },
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError):
        return CallCursor(account)


def _moment(value: object) -> datetime:
    if not isinstance(value, int):
        raise TypeError("no time")
    return datetime.fromtimestamp(value, UTC)

"""A line: one address of the practice's own on a channel, which sends *and* receives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from inbox.address import Address, ChannelKind


@dataclass(frozen=True, slots=True)
class Line:
    """One address of the practice's own."""

    id: str
    """The id from the configuration, e.g. `front-desk`."""
    channel: ChannelKind
    """The channel it is on."""
    address: str
    """The address patients see and answer to."""
    name: str = ""
    """The name beside the address, e.g. `Lakeside front desk`."""
    also: tuple[str, ...] = ()
    """Further addresses that are known to arrive here (never used as a sender by themselves)."""
    test_patient: str = ""
    """Of a portal: the patient of nobody (`Patient/test`) whose answers prove it; empty: none."""

    @property
    def as_address(self) -> Address:
        """The line as the sender of a message."""
        return Address(self.channel.system, self.address, self.name)

    @property
    def keys(self) -> frozenset[str]:
        """Every form of address that means this line, to compare by."""
        own = (Address(self.channel.system, value).key for value in (self.address, *self.also))
        return frozenset(own)


class LineState(StrEnum):
    """How a line's connection is doing right now."""

    CONNECTING = "connecting"
    READY = "ready"
    SYNCING = "syncing"
    RETRYING = "retrying"
    STOPPED = "stopped"
    """A person has to act first, e.g. the password was refused."""


@dataclass(frozen=True, slots=True)
class FolderCount:
    """Completeness of one folder: server = stored + quarantined, or something is missing."""

    folder: str
    """The server's name of it, e.g. `INBOX`."""
    server: int
    """How many messages the server says it holds."""
    stored: int
    """How many of these are stored here and readable."""
    quarantined: int
    """How many are stored here but could not be read; their raw text is kept."""
    older: int = 0
    """How many are not stored here because they are older than the day the line is read from."""
    checked_at: datetime | None = None
    """When every single item was last compared with the server's list (aware, UTC)."""

    @property
    def missing(self) -> int:
        """How many the server holds, should be here, and are not."""
        return max(0, self.server - self.stored - self.quarantined - self.older)


@dataclass(frozen=True, slots=True)
class LineHealth:
    """What the screen and `doctor` say of a line's connection."""

    line_id: str
    state: LineState
    """How the connection is doing."""
    last_poll_at: datetime | None = None
    """When the server last told us everything it had (aware, UTC)."""
    sentence: str = ""
    """What is wrong, in a receptionist's words; empty when nothing is."""
    hint: str = ""
    """What to do about it."""
    done: int = 0
    """Messages fetched in the running sync."""
    total: int = 0
    """Messages the running sync has to fetch; 0 when none runs."""
    folders: tuple[FolderCount, ...] = field(default=())
    """Completeness per folder, from the last census."""

    @property
    def missing(self) -> int:
        """How many messages are on the server and not here."""
        return sum(folder.missing for folder in self.folders)

    @property
    def checked_at(self) -> datetime | None:
        """When every single message was last compared with the server's; None: never."""
        checked = [folder.checked_at for folder in self.folders]
        return min((at for at in checked if at is not None), default=None) if all(checked) else None

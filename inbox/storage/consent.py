"""The storage contract of consent: what was said about writing to an address, and when."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from inbox.address import Address, ChannelKind
from inbox.patient import Consent


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """What was said once about writing to one address on one channel.

    It belongs to the address, not to a patient: who opts out of texts does so for everybody who
    shares the number (47 CFR 64.1200(a)(10)).
    """

    address: Address
    channel: ChannelKind
    consent: Consent
    at: datetime
    """When it was said (aware)."""
    by: str
    """Who kept it: a staff id, or `patient` or `carrier` when nobody of the practice did."""
    method: str
    """How it was said, in words: `text STOP`, `privacy form`, `import`, `on the phone`."""
    message_id: int | None = None
    """The stored message that says it."""
    warned_on: date | None = None
    """When they were warned that the channel is not private (78 FR 5634)."""
    warning: str = ""
    """Which version of the warning they saw."""


ConsentKey = tuple[str, ChannelKind]
"""Key of the address, channel."""


class ConsentStore(Protocol):
    """What was said about writing to addresses, append-only."""

    async def add(self, entries: Sequence[ConsentEntry]) -> None:
        """Keep what was said."""
        ...

    async def current(self, addresses: Collection[Address]) -> Mapping[ConsentKey, ConsentEntry]:
        """What was said last about each address and channel; those nobody spoke of are missing.

        ACCEPTED and DECLINED are only outdone by each other: somebody who writes again after an
        opt-out has not taken it back. An acceptance that lay ahead when it was kept outdoes no
        opt-out.
        """
        ...

    async def history(self, address: Address) -> list[ConsentEntry]:
        """All that was said about an address, newest first."""
        ...

"""What the portal holds: resources and every version they ever had.

Every method may be called from any thread. Times are the server's own: the clock it was given plus
its skew.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.portal.problem import Problem

Clock = Callable[[], datetime]
"""The current time, aware."""
Resource = dict[str, Any]
"""A FHIR resource as JSON."""


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a resource."""

    name: str
    """`meta.versionId`."""
    at: datetime
    """`meta.lastUpdated`."""
    resource: Resource | None
    """Without the parts of `meta` that the server keeps; None where it was deleted."""
    indexed: datetime
    """From when on searches know of it."""


@dataclass(slots=True)
class Held:
    """One resource."""

    kind: str
    """`Communication`, `Patient`, ..."""
    id: str
    serial: int
    """In which order resources came."""
    versions: list[Version] = field(default_factory=list)
    """Oldest first; never empty."""

    @property
    def now(self) -> Version:
        """Its present state."""
        return self.versions[-1]

    def known(self, at: datetime) -> Version | None:
        """What searches know of it at a time; None for nothing, or that it was deleted."""
        seen = [one for one in self.versions if one.indexed <= at]
        return seen[-1] if seen and self.now.resource is not None else None

    @property
    def reference(self) -> str:
        """`Communication/17`."""
        return f"{self.kind}/{self.id}"

    @property
    def resource(self) -> Resource:
        """Its present content.

        Raises:
            Problem: it was deleted.
        """
        if self.now.resource is None:
            raise Problem("deleted", f"{self.reference} was deleted.")
        return self.now.resource


Listener = Callable[[Held], None]
"""Told of a resource that a client created or changed, on whatever thread took it."""


class Holdings:
    """Everything on one server.

    Args:
        clock: the world's time.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.skew = timedelta(0)
        """How far the server's clock is ahead of the world's."""
        self.index_lag = timedelta(0)
        """How long new and changed resources stay out of searches."""
        self.lock = threading.RLock()
        self._held: dict[str, dict[str, Held]] = {}
        self._serial = itertools.count(1)
        self._listeners: list[Listener] = []

    @property
    def now(self) -> datetime:
        """The server's present moment, in whole milliseconds as it tells them."""
        now = (self.clock() + self.skew).astimezone(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def listen(self, listener: Listener) -> None:
        """Be told of everything that clients create and change."""
        self._listeners.append(listener)

    def tell(self, held: Held) -> None:
        """Tell whoever listens."""
        for listener in self._listeners:
            listener(held)

    def add(
        self,
        resource: Mapping[str, Any],
        *,
        at: datetime | None = None,
        lag: timedelta | None = None,
    ) -> Held:
        """Take a resource in, under its own id or a new one; nobody is told.

        Args:
            resource: as it is to be shown, but for `meta.versionId` and `meta.lastUpdated`.
            at: when it was last updated; by default now.
            lag: how long searches do not find it; by default `index_lag`.
        """
        with self.lock:
            kind, serial = str(resource["resourceType"]), next(self._serial)
            name = str(resource.get("id") or serial)
            indexed = self.now + (self.index_lag if lag is None else lag)
            held = Held(kind, name, serial)
            held.versions.append(Version("1", at or self.now, {**resource, "id": name}, indexed))
            if name in self._held.setdefault(kind, {}):
                raise Problem("conflict", f"There is a {held.reference} already.")
            self._held[kind][name] = held
            return held

    def change(
        self, reference: str, resource: Mapping[str, Any] | None, *, at: datetime | None = None
    ) -> Held:
        """Give a resource a new version, None to delete it; nobody is told.

        Raises:
            Problem: there is no such resource.
        """
        with self.lock:
            held = self.held(reference)
            whole = None if resource is None else {**resource, "id": held.id}
            number = str(int(held.now.name) + 1)
            indexed = self.now + self.index_lag
            held.versions.append(Version(number, at or self.now, whole, indexed))
            return held

    def held(self, reference: str) -> Held:
        """The resource a relative reference names, deleted or not.

        Raises:
            Problem: there is none.
        """
        kind, _, name = reference.partition("/")
        held = self._held.get(kind, {}).get(name)
        if held is None:
            raise Problem("not-found", f"There is no {reference}.")
        return held

    def find(self, reference: str) -> Held | None:
        """The resource a relative reference names, if it is there and not deleted."""
        kind, _, name = reference.partition("/")
        held = self._held.get(kind, {}).get(name)
        return held if held is not None and held.now.resource is not None else None

    def resource(self, reference: str) -> Resource:
        """The present content of a resource.

        Raises:
            Problem: there is none, or it was deleted.
        """
        return self.held(reference).resource

    def all(self, kind: str) -> list[Held]:
        """Everything of a kind that is not deleted, in the order it came."""
        with self.lock:
            return [one for one in self._held.get(kind, {}).values() if one.now.resource]

"""The FHIR world that the portal channel is tested against: a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from adapters.portal.channel import PortalChannel
from adapters.portal.settings import Auth, NoAuth, PortalSettings
from demo.portal.fault import Fault
from demo.portal.moment import instant
from demo.portal.server import PortalServer
from inbox.address import Address, AddressSystem, ChannelKind
from inbox.channel import Batch
from inbox.errors import TwowayError
from inbox.line import Line
from tests.adapters.handle import Failure, Taken
from tests.clock import FakeClock

ROSA = "Patient/rosa"
LUIS = "RelatedPerson/luis"
OFFICE = "Organization/lakeside"
DANA = "Practitioner/dana"
MRN = "https://lakeside.example/fhir/mrn"

# The header of the new thread goes before the message, and is not what the failure is about.
_FAULTS = {
    Failure.REFUSES: Fault("status", "POST", "Communication$", status=422, after=1),
    Failure.LOST_BEFORE: Fault("status", "POST", "Communication$", status=429, after=1),
    Failure.LOST_UNTAKEN: Fault("drop", "POST", "Communication$", after=1),
    Failure.LOST_TAKEN: Fault("drop", "POST", "Communication$", accept=True, after=1),
}


class PortalHandle:
    """A test's hand on a portal with a patient, a proxy and a practice; a context manager."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.server = PortalServer(clock=clock)
        self._step = timedelta(0)
        self.patient = Address(AddressSystem.PORTAL, ROSA, "Rosa Jimenez")
        self.line = Line("portal", ChannelKind.PORTAL, "", "Lakeside portal")

    def __enter__(self) -> Self:
        self.server.start()
        self.line = Line("portal", ChannelKind.PORTAL, self.server.base_url, "Lakeside portal")
        self.add("Patient", "rosa", name="Rosa Jimenez", identifier=[{"system": MRN, "value": "7"}])
        self.add("RelatedPerson", "luis", name="Luis Jimenez", patient={"reference": ROSA})
        self.add("Practitioner", "dana", name="Dana Reyes")
        self.server.holdings.add(
            {"resourceType": "Organization", "id": "lakeside", "name": "Lakeside Family Practice"}
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.stop()
        assert self.server.thread.failures == []

    def settings(self, *, auth: Auth | None = None, **more: Any) -> PortalSettings:
        """Settings that lead to the server."""
        values = {
            "sender": OFFICE,
            "poll": 0.2,
            "connect_timeout": 2.0,
            "read_timeout": 5.0,
            "patience": 0.5,
            **more,
        }
        return PortalSettings(self.server.base_url, auth or NoAuth(), **values)

    def channel(
        self, settings: PortalSettings | None = None, line: Line | None = None
    ) -> PortalChannel:
        """A channel to the server."""
        return PortalChannel(line or self.line, settings or self.settings(), self.clock)

    # ---- what a test does --------------------------------------------------------------------

    def add(self, kind: str, id_: str, *, name: str, **more: Any) -> None:
        """Let there be somebody."""
        given, _, family = name.partition(" ")
        names = [{"use": "official", "family": family, "given": [given]}]
        self.server.holdings.add({"resourceType": kind, "id": id_, "name": names, **more})

    def made(
        self, text: str = "", *, at: datetime | None = None, by: str = ROSA, **more: Any
    ) -> dict[str, Any]:
        """A message as somebody writes it."""
        resource = {
            "resourceType": "Communication",
            "status": "completed",
            "subject": {"reference": ROSA},
            "sender": {"reference": by},
            "recipient": [{"reference": OFFICE if by in {ROSA, LUIS} else ROSA}],
            "sent": instant(at or self.server.holdings.now),
            **({"payload": [{"contentString": text}]} if text else {}),
            **more,
        }
        return {name: value for name, value in resource.items() if value is not None}

    def write(
        self, text: str = "", *, at: datetime | None = None, by: str = ROSA, **more: Any
    ) -> str:
        """Let a message be there; give its id."""
        return self.server.holdings.add(self.made(text, at=at, by=by, **more), at=at).id

    def revise(self, id_: str, **changes: Any) -> None:
        """Let a message be another."""
        name = f"Communication/{id_}"
        self.server.holdings.change(name, {**self.server.holdings.resource(name), **changes})

    def asked(self, what: str = "", method: str = "GET") -> int:
        """How many requests for such a path came in."""
        return sum(what in one.path and one.method == method for one in self.server.seen)

    def posted(self, kind: str = "Communication") -> list[dict[str, Any]]:
        """What was handed over of a kind, whether it was taken or not."""
        path = f"/fhir/{kind}"
        seen = [one for one in self.server.seen if (one.method, one.path) == ("POST", path)]
        return [one.json for one in seen]

    def ours(self) -> list[dict[str, Any]]:
        """Every message of ours that the server has, headers left out."""
        return [
            held.resource
            for held in self.server.holdings.all("Communication")
            if held.resource.get("payload")
            and held.resource.get("sender", {}).get("reference") == OFFICE
        ]

    # ---- tests.adapters.handle.ServerHandle --------------------------------------------------

    def deliver(self, text: str) -> str:
        # The clock stands still, and what came later is to be told by its time.
        self._step += timedelta(milliseconds=1)
        return self.write(text, at=self.server.holdings.now + self._step)

    def put(self, content: bytes) -> str:
        return self.deliver(content.decode("utf-8", "replace") or "?")

    def expunge(self, items: Iterable[str]) -> None:
        for one in items:
            self.server.holdings.change(f"Communication/{one}", None)

    def renumber(self) -> None:
        """There is no such thing: an id is given once."""

    def drop(self) -> None:
        self.server.drop()

    def restore(self) -> None:
        self.server.restore()

    def fail(self, failure: Failure) -> None:
        fault = _FAULTS[failure]
        self.server.fail(
            Fault(fault.kind, fault.method, fault.path, fault.accept, fault.status, after=1)
        )

    def taken(self) -> list[Taken]:
        return [
            Taken(self.line.address, tuple(to["reference"] for to in one["recipient"]), None)
            for one in self.ours()
        ]

    def reveal(self) -> None:
        """What was taken can be found at once."""


async def broken_off(
    channel: PortalChannel, cursors: Mapping[str, str] | None = None
) -> tuple[list[Batch], TwowayError | None]:
    """Every batch of one run until it breaks off, and what it breaks off with."""
    batches: list[Batch] = []
    try:
        async for batch in channel.fetch(cursors or {}):
            batches += [batch]
    except TwowayError as error:
        return batches, error
    return batches, None

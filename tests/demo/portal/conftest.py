"""The loopback portal, and a plain client in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from demo.portal.server import PortalServer
from tests.clock import FakeClock
from tests.demo.portal.client import FhirClient


@pytest.fixture
def server(clock: FakeClock) -> Iterator[PortalServer]:
    """An empty portal on the test's clock."""
    with PortalServer(clock=clock) as made:
        yield made
        thread = made.thread
    assert thread.failures == []


@pytest.fixture
async def client(server: PortalServer) -> AsyncIterator[FhirClient]:
    """Somebody who asks."""
    async with FhirClient(server) as made:
        yield made

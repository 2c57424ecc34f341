"""The FHIR world, for this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.portal.channel import PortalChannel
from tests.adapters.portal.world import PortalHandle
from tests.clock import FakeClock


@pytest.fixture
def world(clock: FakeClock) -> Iterator[PortalHandle]:
    """A portal with a patient, a proxy and a practice."""
    with PortalHandle(clock) as handle:
        yield handle


@pytest.fixture
async def portal(world: PortalHandle) -> AsyncIterator[PortalChannel]:
    """A channel to it."""
    channel = world.channel()
    yield channel
    await channel.close()

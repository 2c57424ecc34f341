"""The FHIR world, for this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.portal.channel import PortalChannel
from adapters.portal.settings import PortalSettings
from tests.adapters.portal.world import PortalHandle
from tests.clock import FakeClock
from tests.fhir.structure import problems, read_definitions


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


Opening = Callable[..., PortalChannel]
"""Makes a channel that is closed after the test: of a handle, with settings."""


@pytest.fixture
async def opened() -> AsyncIterator[Opening]:
    """Makes channels."""
    made: list[PortalChannel] = []

    def make(handle: PortalHandle, settings: PortalSettings | None = None) -> PortalChannel:
        made.append(handle.channel(settings))
        return made[-1]

    yield make
    for channel in made:
        await channel.close()


@pytest.fixture
def check(corpora: Path) -> Callable[[Any], list[str]]:
    """What is wrong with a resource by the official definitions; skips without the corpora."""
    definitions = read_definitions(corpora / "fhir-r4" / "structure")
    return lambda resource: problems(resource, definitions)

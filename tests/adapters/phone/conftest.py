"""The Twilio world, for this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.phone.sms import SmsChannel
from tests.adapters.phone.world import PhoneHandle
from tests.clock import FakeClock


@pytest.fixture
def world(clock: FakeClock) -> Iterator[PhoneHandle]:
    """An account with one text number of ours."""
    with PhoneHandle(clock) as handle:
        yield handle


@pytest.fixture
async def texts(world: PhoneHandle) -> AsyncIterator[SmsChannel]:
    """A channel to it."""
    channel = world.channel()
    yield channel
    await channel.close()

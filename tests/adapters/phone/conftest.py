"""The Twilio world, for this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.phone.sms import SmsChannel
from adapters.phone.voice import VoiceChannel
from tests.adapters.phone.world import PhoneHandle, VoiceHandle
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


@pytest.fixture
def office(clock: FakeClock) -> Iterator[VoiceHandle]:
    """An account with one voice number of ours."""
    with VoiceHandle(clock) as handle:
        yield handle


@pytest.fixture
async def calls(office: VoiceHandle) -> AsyncIterator[VoiceChannel]:
    """A channel to it."""
    channel = office.voice()
    yield channel
    await channel.close()

"""The loopback account, and the official client in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from twilio.rest import Client  # type: ignore[import-untyped]  # ships no types

from adapters.phone.client import Transport, new_client
from adapters.phone.settings import TwilioSettings
from demo.twilio.lakeside import furnish
from demo.twilio.server import ACCOUNT_SID, AUTH_TOKEN, TwilioServer
from tests.clock import FakeClock


@pytest.fixture
def server(clock: FakeClock) -> Iterator[TwilioServer]:
    """The practice's account on the test's clock."""
    with TwilioServer(clock=clock) as made:
        furnish(made.account)
        yield made
        thread = made.thread
    assert thread.failures == []


@pytest.fixture
async def client(server: TwilioServer) -> AsyncIterator[Any]:
    """The official client."""
    settings = TwilioSettings(ACCOUNT_SID, lambda: AUTH_TOKEN, base_url=server.base_url)
    transport = Transport(settings)
    made: Client = new_client(settings, AUTH_TOKEN, transport)
    yield made
    await transport.close()

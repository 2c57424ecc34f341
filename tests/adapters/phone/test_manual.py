"""A desk phone: nothing is read, nothing leaves, and it is proven by the practice's own word."""

from __future__ import annotations

import pytest

from adapters.phone.manual import ManualChannel
from inbox.channel import Channel, RemoteId
from inbox.errors import NotSent, ServerRefused
from inbox.inspection import Inspects
from tests.adapters.handle import collect, make_outgoing, make_permit
from tests.adapters.phone.lakeside import ROSA_JIMENEZ
from tests.adapters.phone.world import VOICE
from tests.clock import FakeClock


@pytest.fixture
def desk_phone(clock: FakeClock) -> ManualChannel:
    return ManualChannel(VOICE, clock)


async def test_there_is_nothing_to_read(desk_phone: ManualChannel) -> None:
    channel: Channel = desk_phone
    assert await collect(channel) == []
    assert await channel.census() == ()
    with pytest.raises(ServerRefused):
        await channel.fetch_whole(RemoteId("calls", "", "CA1"))
    await channel.wait(0)
    await channel.close()


async def test_nothing_leaves_by_itself(desk_phone: ManualChannel) -> None:
    outgoing = make_outgoing(VOICE, ROSA_JIMENEZ.points[1].address, "Script", subject="")

    async def never() -> None:
        raise AssertionError

    with pytest.raises(NotSent) as caught:
        await desk_phone.send(outgoing, make_permit(outgoing), never)
    assert not caught.value.temporary
    assert "hand" in caught.value.sentence
    assert not (await desk_phone.locate(outgoing)).found
    assert not desk_phone.capabilities.sends
    assert desk_phone.capabilities.receives


async def test_the_practice_says_that_it_rings(desk_phone: ManualChannel) -> None:
    assert isinstance(desk_phone, Inspects)
    inspection = await desk_phone.inspect()
    assert (inspection.how, inspection.problems) == ("rings on the desk", ())
    assert inspection.checked

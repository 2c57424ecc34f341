"""Mail that says it is from 1970 or 2099 stands where somebody looks, and is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from inbox.address import ChannelKind, email
from inbox.arriving import when
from inbox.channel import RawItem, RemoteId
from inbox.conversation import ListState
from inbox.message import Arrival, Direction, MessageKind
from tests.inbox.conftest import House
from tests.inbox.making import FRONT_DESK, NOW

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FAR = datetime(2099, 12, 31, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)


def at(
    received: datetime, sent: datetime | None, direction: Direction = Direction.INBOUND
) -> datetime:
    arrival = Arrival(ChannelKind.EMAIL, MessageKind.EMAIL, email("ann@example.com"), sent_at=sent)
    return when(arrival, direction, RawItem(RemoteId("INBOX", "1", "1"), b"", received, 0), NOW)


def test_the_server_s_clock_counts_whatever_the_sender_says() -> None:
    for sent in (EPOCH, FAR, NOW - timedelta(days=9), None):
        assert at(YESTERDAY, sent) == YESTERDAY


@pytest.mark.parametrize("received", [EPOCH, FAR])
def test_where_the_server_s_is_none_the_sender_s_counts(received: datetime) -> None:
    assert at(received, YESTERDAY) == YESTERDAY
    assert at(received, None) == at(received, EPOCH) == at(received, FAR) == NOW


def test_a_clock_that_is_a_little_wrong_is_believed() -> None:
    assert at(NOW + timedelta(days=2), None) == NOW + timedelta(days=2)


def test_a_copy_of_ours_bears_the_time_it_was_sent_at() -> None:
    assert at(NOW, YESTERDAY, Direction.OUTBOUND) == YESTERDAY
    assert at(NOW, EPOCH, Direction.OUTBOUND) == NOW
    assert at(FAR, YESTERDAY, Direction.OUTBOUND) == YESTERDAY


@pytest.mark.parametrize("strange", [EPOCH, FAR])
async def test_it_stands_among_today_s_and_is_found(house: House, strange: datetime) -> None:
    await house.arrive("ann@example.com", "An ordinary question")
    server = house.servers[FRONT_DESK.id]
    number = server.deliver("old@example.com", "Strange xylophone", to=[FRONT_DESK.address])
    folder = server.folders["messages"]
    folder.items[int(number)] = (folder.items[int(number)][0], strange)
    house.clock.advance(minutes=5)
    await house.sync()
    house.clock.advance(minutes=5)
    await house.arrive("ben@example.com", "The newest question")
    rows = await house.rows(ListState.NEEDS_REPLY)
    assert [row.snippet for row in rows] == [
        "The newest question",
        "Strange xylophone",
        "An ordinary question",
    ]
    (found,) = (await house.desk.searching.find("xylophone")).hits
    assert found.row.id == rows[1].id

"""Pages of the portal in a box, on their best behaviour and on their worst."""

from __future__ import annotations

from typing import Any

import pytest

from demo.portal.moment import span
from demo.portal.problem import Problem
from demo.portal.server import PortalServer
from tests.clock import FakeClock
from tests.demo.portal.client import FhirClient, ids_of, next_of

ALL = [str(number) for number in range(1, 24)]


def fill(server: PortalServer, clock: FakeClock) -> None:
    for _ in ALL:
        clock.advance(seconds=1)
        server.holdings.add({"resourceType": "Communication", "status": "completed"})


@pytest.mark.parametrize("size", [1, 5, 23, 24, 5000])
async def test_pages_hold_everything_once(
    server: PortalServer, client: FhirClient, clock: FakeClock, size: int
) -> None:
    fill(server, clock)
    assert await client.all_ids("Communication", ("_count", str(size))) == ALL
    usual = (await client.search("Communication")).json
    assert (len(usual["entry"]), usual["total"]) == (20, 23)
    server.manners.most = 4
    assert len(await client.ids("Communication", ("_count", str(size)))) == min(size, 4)
    assert await client.ids("Communication", ("_count", "0")) == []


async def test_what_comes_meanwhile_does_not_disturb_a_search_that_was_begun(
    server: PortalServer, client: FhirClient, clock: FakeClock
) -> None:
    fill(server, clock)
    server.manners.between = lambda: server.holdings.change(
        "Communication/3", {"resourceType": "Communication", "status": "stopped"}
    )
    found = await client.all_ids("Communication", ("_count", "5"), ("_sort", "_lastUpdated"))
    assert found == ALL


async def test_pages_that_shift_repeat_and_skip(
    server: PortalServer, client: FhirClient, clock: FakeClock
) -> None:
    fill(server, clock)
    server.manners.shift = True
    numbers = iter(("2", "3", "4", "5"))

    def touch() -> None:
        clock.advance(seconds=1)
        server.holdings.change(
            f"Communication/{next(numbers)}", {"resourceType": "Communication", "status": "stopped"}
        )

    server.manners.between = touch
    rising = await client.all_ids("Communication", ("_count", "5"), ("_sort", "_lastUpdated"))
    assert set(ALL) - set(rising)
    numbers = iter(("20", "15", "10", "5"))
    falling = await client.all_ids("Communication", ("_count", "5"), ("_sort", "-_lastUpdated"))
    assert len(falling) > len(set(falling))


@pytest.mark.parametrize(
    ("manner", "expected"),
    [("repeat", [*ALL[:5], *ALL[4:9]]), ("skip", [*ALL[:5], *ALL[6:11]])],
)
async def test_pages_that_begin_elsewhere(
    server: PortalServer,
    client: FhirClient,
    clock: FakeClock,
    manner: str,
    expected: list[str],
) -> None:
    fill(server, clock)
    setattr(server.manners, manner, True)
    first = (await client.search("Communication", ("_count", "5"))).json
    second = (await client.get(next_of(first))).json
    assert ids_of(first) + ids_of(second) == expected


async def test_pages_without_a_way_on(
    server: PortalServer, client: FhirClient, clock: FakeClock
) -> None:
    fill(server, clock)
    query = ("_count", "5")
    server.manners.links = "none"
    assert next_of((await client.search("Communication", query)).json) == ""
    assert await client.ids("Communication", query, ("_offset", "20")) == ALL[20:]
    server.manners.offset = False
    assert await client.ids("Communication", query, ("_offset", "20")) == ALL[:5]
    server.manners.links = "loop"
    page = (await client.search("Communication", query)).json
    assert ids_of((await client.get(next_of(page))).json) == ids_of(page)
    server.manners.links = "far"
    far = next_of((await client.search("Communication", query)).json)
    assert far.startswith("http://localhost:")
    server.manners.links = "relative"
    near = next_of((await client.search("Communication", query)).json)
    assert near.startswith("Communication?")
    assert ids_of((await client.get(near)).json) == ALL[5:10]
    server.manners.forgets = True
    said = await client.get(near)
    assert (said.status, said.code) == (410, "expired")


async def test_bundles_with_odd_things_in_them(server: PortalServer, client: FhirClient) -> None:
    server.holdings.add({"resourceType": "Communication", "status": "completed"})
    manners = server.manners
    manners.warns = manners.hollow = manners.extra = True
    manners.totals = False
    manners.strangers = [{"resourceType": "Flag", "id": "f"}, {"resourceType": "Communication"}]
    page = (await client.search("Communication")).json
    kinds = [one.get("resource", {}).get("resourceType") for one in page["entry"]]
    assert kinds == ["Communication", "Flag", "Communication", "OperationOutcome", None]
    assert page["entry"][3]["search"]["mode"] == "outcome"
    assert "total" not in page
    [extension] = page["entry"][0]["resource"]["extension"]
    assert extension["url"] == "https://vendor.example/fhir/mood"


async def test_a_server_without_stamps(server: PortalServer, client: FhirClient) -> None:
    server.manners.stamps = server.manners.by_stamp = server.manners.versions = False
    for _ in range(2):
        server.holdings.add({"resourceType": "Communication", "status": "completed"})
    query = (("_lastUpdated", "gt2030"), ("_sort", "-_lastUpdated"))
    page = (await client.search("Communication", *query)).json
    assert ids_of(page) == ["1", "2"]
    assert "meta" not in page["entry"][0]["resource"]
    said: dict[str, Any] = (await client.get("metadata")).json
    [kind] = [one for one in said["rest"][0]["resource"] if one["type"] == "Communication"]
    assert "_lastUpdated" not in {one["name"] for one in kind["searchParam"]}
    server.manners.strict = True
    assert (await client.search("Communication", query[0])).code == "not-supported"
    server.manners.strict = False
    server.manners.sorts = False
    assert await client.ids("Communication", ("_sort", "-_id")) == ["1", "2"]


async def test_what_is_new_can_be_late_in_searches(
    server: PortalServer, client: FhirClient, clock: FakeClock
) -> None:
    server.holdings.index_lag = server.guard.lasts
    held = server.holdings.add({"resourceType": "Communication", "status": "completed"})
    assert (await client.get(held.reference)).status == 200
    assert await client.ids("Communication") == []
    clock.advance(minutes=5)
    assert await client.ids("Communication", ("_lastUpdated", "lt2026-03-02T15:01Z")) == ["1"]
    stopped = {"resourceType": "Communication", "status": "stopped"}
    server.holdings.change(held.reference, stopped)
    since = ("_lastUpdated", "ge2026-03-02T15:05:00Z")
    assert await client.ids("Communication", since) == []
    assert await client.ids("Communication", ("status", "completed")) == ["1"]
    clock.advance(minutes=5)
    assert await client.ids("Communication", since) == ["1"]
    assert await client.ids("Communication", ("status", "completed")) == []


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("2026", "2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2026-12", "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2026-02-28", "2026-02-28T00:00:00+00:00", "2026-03-01T00:00:00+00:00"),
        ("2026-02-28T23:59-06:00", "2026-03-01T05:59:00+00:00", "2026-03-01T06:00:00+00:00"),
        ("2026-02-28T10:00:00", "2026-02-28T10:00:00+00:00", "2026-02-28T10:00:01+00:00"),
        ("2026-02-28T10:00:00.5Z", "2026-02-28T10:00:00.500000+00:00", "2026-02-28T10:00:00.6Z"),
    ],
)
def test_what_a_date_covers(written: str, low: str, high: str) -> None:
    found = span(written)
    assert found.low.isoformat() == low
    assert found.high == span(high).low


@pytest.mark.parametrize("written", ["", "now", "2026-13", "2026-02-30", "26-02-01", "9999"])
def test_what_is_no_date(written: str) -> None:
    with pytest.raises(Problem, match="not a date"):
        span(written)

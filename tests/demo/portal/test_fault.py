"""Scripted trouble with the portal in a box."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from demo.portal.fault import Fault
from demo.portal.server import PortalServer
from tests.demo.portal.client import FhirClient

MESSAGE = {"resourceType": "Communication", "status": "completed"}


@pytest.mark.parametrize("accept", [False, True])
async def test_a_connection_is_cut_before_or_after_the_request_is_carried_out(
    server: PortalServer, client: FhirClient, accept: bool
) -> None:
    server.fail(Fault("drop", method="POST", accept=accept))
    with pytest.raises(aiohttp.ClientError):
        await client.create(MESSAGE)
    assert len(server.holdings.all("Communication")) == int(accept)
    assert (await client.create(MESSAGE)).status == 201


async def test_answers_are_replaced(server: PortalServer, client: FhirClient) -> None:
    server.fail(Fault("status", path="/Communication", status=429, retry_after="7"))
    busy = await client.search("Communication")
    assert (busy.status, busy.headers["Retry-After"], busy.code) == (429, "7", "throttled")
    server.fail(Fault("html", status=200))
    page = await client.search("Communication")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html")
    server.fail(Fault("broken", accept=True))
    broken = await client.search("Communication")
    assert broken.headers["Content-Type"] == "application/fhir+json"
    with pytest.raises(json.JSONDecodeError):
        _ = broken.json
    server.fail(Fault("status", status=418))
    assert (await client.search("Communication")).code == "exception"


async def test_trouble_comes_when_it_is_told_to_and_as_often(
    server: PortalServer, client: FhirClient
) -> None:
    server.fail(Fault("status", status=401, path="/Communication", after=1, times=2))
    statuses = [(await client.search("Communication")).status for _ in range(4)]
    assert statuses == [200, 401, 401, 200]
    server.fail(Fault("status", status=503, times=None))
    assert [(await client.search("Patient")).status for _ in range(3)] == [503] * 3
    server.faults.clear()
    assert (await client.search("Patient")).status == 200


async def test_a_request_can_be_left_without_an_answer(
    server: PortalServer, client: FhirClient
) -> None:
    server.fail(Fault("hang"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.search("Patient"), 0.2)


async def test_the_server_goes_away_and_comes_back(
    server: PortalServer, client: FhirClient
) -> None:
    await client.create(MESSAGE)
    server.drop()
    with pytest.raises(aiohttp.ClientError):
        await client.search("Communication")
    server.restore()
    assert await client.ids("Communication") == ["1"]


async def test_requests_are_remembered(server: PortalServer, client: FhirClient) -> None:
    client.token = "t"
    await client.create(MESSAGE, If_None_Exist="identifier=x")
    await client.search("Communication", ("_id", "1"), ("_id", "2"))
    create, search = server.seen
    assert (create.method, create.path, create.json) == ("POST", "/fhir/Communication", MESSAGE)
    assert create.headers["if-none-exist"] == "identifier=x"
    assert create.headers["authorization"] == "Bearer t"
    assert search.query == (("_id", "1"), ("_id", "2"))


async def test_files_lie_here_or_with_somebody_else(
    server: PortalServer, client: FhirClient
) -> None:
    server.files["scan.pdf"] = ("application/pdf", b"%PDF")
    server.guard.asks, server.guard.secrets = "bearer", {"known"}
    near, far = server.file_url("scan.pdf"), server.file_url("scan.pdf", far=True)
    assert (await client.get(near)).status == 401
    assert (await client.get(far)).body == b"%PDF"
    assert server.seen[-1].host.startswith("localhost:")
    client.token = "known"
    assert (await client.get(near)).body == b"%PDF"
    assert (await client.get(server.file_url("none"))).status == 404

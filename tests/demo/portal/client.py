"""A plain FHIR client for the tests: one method per verb, no opinion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from aiohttp import ClientSession
from yarl import URL

from demo.portal.api import JSON
from demo.portal.server import PortalServer


@dataclass(frozen=True, slots=True)
class Said:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """In any case."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The issue type of an OperationOutcome."""
        return str(self.json["issue"][0]["code"])


class FhirClient:
    """Speaks to one server."""

    def __init__(self, server: PortalServer) -> None:
        self._server = server
        self._session = ClientSession()
        self.token = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def ask(
        self, method: str, url: str, content: bytes | None = None, **headers: str
    ) -> Said:
        """`url` may be whole, or relative to the base; `If_Match` is the header If-Match."""
        whole = url if url.startswith("http") else f"{self._server.base_url}/{url}"
        sent = {"Accept": JSON, **{name.replace("_", "-"): one for name, one in headers.items()}}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        async with self._session.request(
            method, URL(whole, encoded=True), data=content, headers=sent
        ) as answer:
            return Said(answer.status, answer.headers, await answer.read())

    async def get(self, url: str, **headers: str) -> Said:
        return await self.ask("GET", url, None, **headers)

    async def send(self, method: str, url: str, resource: Any, **headers: str) -> Said:
        headers.setdefault("Content_Type", JSON)
        return await self.ask(method, url, json.dumps(resource).encode(), **headers)

    async def create(self, resource: dict[str, Any], **headers: str) -> Said:
        return await self.send("POST", str(resource["resourceType"]), resource, **headers)

    async def search(self, kind: str, *query: tuple[str, str]) -> Said:
        return await self.get(f"{kind}?{urlencode(query)}")

    async def ids(self, kind: str, *query: tuple[str, str]) -> list[str]:
        """The ids of one page."""
        return ids_of((await self.search(kind, *query)).json)

    async def all_ids(self, kind: str, *query: tuple[str, str]) -> list[str]:
        """The ids of all pages, following links."""
        page = (await self.search(kind, *query)).json
        found = ids_of(page)
        while following := next_of(page):
            page = (await self.get(following)).json
            found += ids_of(page)
        return found


def ids_of(bundle: Any) -> list[str]:
    return [
        entry["resource"]["id"]
        for entry in bundle.get("entry", [])
        if entry.get("search", {}).get("mode") == "match"
        and entry.get("resource", {}).get("resourceType") != "OperationOutcome"
        and "resource" in entry
    ]


def next_of(bundle: Any) -> str:
    return next((one["url"] for one in bundle["link"] if one["relation"] == "next"), "")

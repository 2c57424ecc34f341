"""Pages of a list: Bundles of type searchset, read without trust in their form.

http://hl7.org/fhir/R4/bundle.html#searchset
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from adapters.portal.trouble import is_severe
from inbox.errors import ConnectionLost, ServerRefused

Record: TypeAlias = dict[str, Any]
"""One JSON object of the server."""


class NoPage(ConnectionLost):
    """An answer that should have been a page is a web page, or no JSON that ends.

    Attributes: `body`, the bytes that came, to be kept for a person to look at.
    """

    def __init__(self, sentence: str, hint: str, body: bytes) -> None:
        """Make the error for these bytes."""
        super().__init__(sentence, hint)
        self.body = body


class TooLarge(ServerRefused):
    """An answer was larger than what is read at once."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    found: tuple[Any, ...]
    """What was found; resources, as a rule."""
    along: tuple[Record, ...]
    """Further resources that came along (`_include`)."""
    outcomes: tuple[Record, ...]
    """What the server has to say about the search (OperationOutcome)."""
    total: int | None
    """How many there are in all, if it says so."""
    next: str
    """The link to the next page as the server wrote it; empty when there is none."""

    @property
    def failed(self) -> Record | None:
        """The word of the server that it could not list everything, if it said so."""
        return next((one for one in self.outcomes if is_severe(one)), None)


def read_page(bundle: Record) -> Page:
    """A Bundle as a page; entries of any form are kept as they are."""
    found: list[Any] = []
    along: list[Record] = []
    outcomes: list[Record] = []
    for entry in _list(bundle.get("entry")):
        resource = entry.get("resource") if isinstance(entry, dict) else entry
        search = entry.get("search") if isinstance(entry, dict) else None
        mode = search.get("mode") if isinstance(search, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "OperationOutcome":
            outcomes.append(resource)
        elif isinstance(resource, dict) and mode == "include":
            along.append(resource)
        else:
            found.append(entry if resource is None else resource)
    total = bundle.get("total")
    return Page(
        tuple(found),
        tuple(along),
        tuple(outcomes),
        total if isinstance(total, int) and total >= 0 else None,
        _next(bundle),
    )


def parse_object(body: bytes) -> Record:
    """A JSON object; empty when the bytes are none."""
    try:
        record = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _next(bundle: Record) -> str:
    for link in _list(bundle.get("link")):
        if isinstance(link, dict) and link.get("relation") == "next":
            url = link.get("url")
            return url if isinstance(url, str) else ""
    return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

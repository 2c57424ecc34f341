"""Bundles, and what leads from one to the next."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from demo.portal.holdings import Held, Resource, Version
from demo.portal.manners import Manners
from demo.portal.moment import instant
from demo.portal.problem import Problem, outcome
from demo.portal.search import Query

_HEARD_OF_BY_NOBODY = {"url": "https://vendor.example/fhir/mood", "valueString": "unheard"}


@dataclass(slots=True)
class Pages:
    """Searches that were begun: whoever follows their links sees what was there at the start."""

    begun: dict[str, list[Held]] = field(default_factory=dict)
    """What each found, by the token in the links."""
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def keep(self, items: list[Held]) -> str:
        """Remember what a search found; returns its token."""
        token = f"search-{next(self._serial)}"
        self.begun[token] = items
        return token


@dataclass(frozen=True, slots=True)
class Listing:
    """A search that is to be answered."""

    kind: str
    query: Query
    items: list[Held]
    """What was found, in order; what a token stands for when one was given."""
    token: str
    """Of a search that was begun; empty for a new one."""


def show(version: Version, manners: Manners) -> Resource:
    """A resource as the server shows it: with what it says about this version.

    Raises:
        Problem: it was deleted.
    """
    if version.resource is None:
        raise Problem("deleted", "The resource was deleted.")
    meta = dict(version.resource.get("meta", {}))
    if manners.versions:
        meta["versionId"] = version.name
    if manners.stamps:
        meta["lastUpdated"] = instant(version.at)
    shown = {**version.resource, "meta": meta}
    if not meta:
        del shown["meta"]
    if manners.extra:
        shown["extension"] = [*shown.get("extension", []), _HEARD_OF_BY_NOBODY]
        shown["_status"] = {"extension": [_HEARD_OF_BY_NOBODY]}
        shown["carbonFootprint"] = {"grams": 3}
    return shown


def bundle(
    listing: Listing,
    pages: Pages,
    manners: Manners,
    base_url: str,
    far_url: str,
    included: Iterable[Held] = (),
) -> Resource:
    """One page of a search (http://hl7.org/fhir/R4/bundle.html).

    Args:
        listing: what was looked for and found.
        pages: where searches are kept.
        manners: how the server behaves.
        base_url: of the server.
        far_url: the same server under another host's name.
        included: what is put in beside what was found on this page.
    """
    asked = dict(listing.query)
    size = min(manners.most, max(0, _number(asked, "_count", manners.usual)))
    start = _start(asked, listing, manners)
    shown = listing.items[start : start + size] if size else []
    more = size > 0 and start + len(shown) < len(listing.items)
    entries: list[Resource] = [
        {
            "fullUrl": f"{base_url}/{held.reference}",
            "resource": _parts(show(held.now, manners), asked, manners),
            "search": {"mode": "match"},
        }
        for held in shown
        # What was deleted since the search was begun.
        if held.now.resource is not None
    ]
    entries += [
        {
            "fullUrl": f"{base_url}/{held.reference}",
            "resource": show(held.now, manners),
            "search": {"mode": "include"},
        }
        for held in included
    ]
    entries += _odd_entries(manners)
    links = [{"relation": "self", "url": f"{base_url}/{listing.kind}?{urlencode(listing.query)}"}]
    if more and manners.links != "none":
        following = _following(listing, pages, manners, size, start + len(shown))
        hosts = {"relative": "", "far": far_url + "/"}
        links.append(
            {
                "relation": "next",
                "url": hosts.get(manners.links, base_url + "/") + following,
            }
        )
    answer: Resource = {"resourceType": "Bundle", "type": "searchset", "link": links}
    if manners.totals:
        answer["total"] = len(listing.items)
    # An empty array is no FHIR.
    if entries:
        answer["entry"] = entries
    if more and manners.between is not None:
        manners.between()
    return answer


def _parts(resource: Resource, asked: dict[str, str], manners: Manners) -> Resource:
    """What was asked for of a resource (http://hl7.org/fhir/R4/search.html#elements)."""
    if not manners.elements or "_elements" not in asked:
        return resource
    wanted = {"resourceType", "id", "meta", *asked["_elements"].split(",")}
    return {name: value for name, value in resource.items() if name in wanted}


def _odd_entries(manners: Manners) -> list[Resource]:
    entries: list[Resource] = [
        {"resource": stranger, "search": {"mode": "match"}} for stranger in manners.strangers
    ]
    if manners.warns:
        words = "One of the systems behind this server did not answer; there may be more."
        warning = outcome("incomplete", words, "warning")
        entries.append({"resource": warning, "search": {"mode": "outcome"}})
    if manners.hollow:
        entries.append({"search": {"mode": "match"}})
    return entries


def _start(asked: dict[str, str], listing: Listing, manners: Manners) -> int:
    if listing.token:
        start = _number(asked, "_getpagesoffset", 0)
    elif manners.offset:
        start = _number(asked, "_offset", 0)
    else:
        start = 0
    if start and manners.repeat:
        start -= 1
    elif start and manners.skip:
        start += 1
    return max(0, start)


def _following(listing: Listing, pages: Pages, manners: Manners, size: int, reached: int) -> str:
    """The next page, relative to the base."""
    if manners.links == "loop":
        return f"{listing.kind}?{urlencode(listing.query)}"
    if manners.shift:
        kept = [(name, value) for name, value in listing.query if name != "_offset"]
        return f"{listing.kind}?{urlencode([*kept, ('_offset', str(reached))])}"
    token = listing.token or pages.keep(listing.items)
    query = {"_getpages": token, "_getpagesoffset": str(reached), "_count": str(size)}
    if manners.elements:
        query |= {name: value for name, value in listing.query if name == "_elements"}
    return f"{listing.kind}?{urlencode(query)}"


def history(versions: Sequence[Version], kind: str, base_url: str, manners: Manners) -> Resource:
    """All versions of one resource, the newest first."""
    entries: list[Resource] = []
    for version in reversed(versions):
        entry: Resource = {"request": {"method": "DELETE", "url": kind}}
        if version.resource is not None:
            name = f"{kind}/{version.resource['id']}"
            entry = {
                "fullUrl": f"{base_url}/{name}",
                "resource": show(version, manners),
                "request": {"method": "PUT", "url": name},
            }
        entries.append({**entry, "response": {"status": "200", "etag": f'W/"{version.name}"'}})
    return {
        "resourceType": "Bundle",
        "type": "history",
        "total": len(entries),
        "entry": entries,
    }


def _number(asked: dict[str, str], name: str, otherwise: int) -> int:
    try:
        return int(asked.get(name, otherwise))
    except ValueError:
        raise Problem("value", f"{name} is no number.") from None

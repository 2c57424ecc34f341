"""What the server does with each request of FHIR's REST API.

http://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from demo.portal.holdings import Held, Holdings, Resource
from demo.portal.manners import Manners
from demo.portal.paging import Listing, Pages, bundle, history, show
from demo.portal.problem import Problem
from demo.portal.search import PARAMETERS, Query, found, in_order, references

JSON = "application/fhir+json"
STATUSES = frozenset(
    {"preparation", "in-progress", "not-done", "on-hold", "stopped", "completed"}
    | {"entered-in-error", "unknown"}
)
"""http://hl7.org/fhir/R4/valueset-event-status.html"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    holdings: Holdings
    pages: Pages
    manners: Manners
    base_url: str
    far_url: str
    """The same server under another host's name."""
    path: str
    """Below the base, with its leading stroke."""
    query: Query
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back."""

    status: int = 200
    json: Resource | None = None
    """A resource; None for anything else."""
    content: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[..., Answer]
"""Takes the request and the parts of its path."""


# ---- reading -------------------------------------------------------------------------------


def read(asked: Asked, kind: str, name: str) -> Answer:
    """One resource as it is now; a Binary in its own format unless FHIR's is asked for."""
    held = asked.holdings.held(f"{kind}/{name}")
    accepted = asked.headers.get("accept", "")
    if kind == "Binary" and "json" not in accepted:
        content = base64.b64decode(held.resource.get("data", ""))
        return Answer(content=content, content_type=held.resource["contentType"])
    return _shown(asked, held)


def read_version(asked: Asked, kind: str, name: str, version: str) -> Answer:
    """One resource as it once was."""
    for one in asked.holdings.held(f"{kind}/{name}").versions:
        if one.name == version:
            return Answer(json=show(one, asked.manners))
    raise Problem("not-found", f"{kind}/{name} has no version {version}.")


def read_history(asked: Asked, kind: str, name: str) -> Answer:
    """Everything one resource ever was."""
    versions = asked.holdings.held(f"{kind}/{name}").versions
    return Answer(json=history(versions, kind, asked.base_url, asked.manners))


def search(asked: Asked, kind: str) -> Answer:
    """A page of what passes a search."""
    return _search(asked, kind, asked.query)


def search_by_form(asked: Asked, kind: str) -> Answer:
    """The same, with the parameters in the body."""
    form = parse_qsl(asked.body.decode("utf-8", "replace"), keep_blank_values=True)
    return _search(asked, kind, [*asked.query, *form])


def _search(asked: Asked, kind: str, query: Query) -> Answer:
    _known(kind)
    manners, given = asked.manners, dict(query)
    token = given.get("_getpages", "")
    if token:
        if token not in asked.pages.begun or manners.forgets:
            raise Problem("expired", "The search is no longer there. Begin again.")
        items = asked.pages.begun[token]
    else:
        items = _found(asked, kind, query)
        sort = given.get("_sort", "") if manners.sorts else ""
        if not manners.by_stamp:
            sort = ",".join(one for one in sort.split(",") if "_lastUpdated" not in one)
        items = in_order(items, sort)
    if given.get("_summary") == "count":
        count = {"resourceType": "Bundle", "type": "searchset", "total": len(items)}
        return Answer(json=count)
    listing = Listing(kind, query, items, token)
    included = _included(asked, kind, query, items)
    page = bundle(listing, asked.pages, manners, asked.base_url, asked.far_url, included)
    return Answer(json=page)


def _found(asked: Asked, kind: str, query: Query, *, late: bool = True) -> list[Held]:
    return found(
        asked.holdings,
        kind,
        query,
        asked.base_url,
        strict=asked.manners.strict,
        unknown={
            name
            for name, known in (
                ("_lastUpdated", asked.manners.by_stamp),
                # A condition on a create is another matter.
                ("identifier", asked.manners.identifies or not late),
            )
            if not known
        },
        late=late,
    )


def _included(asked: Asked, kind: str, query: Query, items: list[Held]) -> list[Held]:
    """What `_include=Communication:sender` adds; all of it on every page, which is allowed."""
    names: dict[str, None] = {}
    for parameter in (value for name, value in query if name == "_include"):
        source, _, name = parameter.partition(":")
        _, path = PARAMETERS[kind].get(name, ("", ""))
        if source == kind and path:
            for held in items:
                names.update(dict.fromkeys(references(held.resource, path, asked.base_url)))
    return [one for one in map(asked.holdings.find, names) if one is not None]


# ---- writing -------------------------------------------------------------------------------


def create(asked: Asked, kind: str) -> Answer:
    """Take a new resource, unless one that answers to `If-None-Exist` is there."""
    _known(kind)
    manners = asked.manners
    if kind in manners.refuses:
        raise Problem("not-supported", f"{kind} cannot be created here.")
    resource = _resource(asked, kind)
    condition = asked.headers.get("if-none-exist", "")
    if condition and manners.conditional == "refused":
        raise Problem("not-supported", "Conditional creates are not supported.", 400)
    if condition and manners.conditional == "honoured":
        there = _found(asked, kind, parse_qsl(condition), late=False)
        if len(there) > 1:
            raise Problem("multiple-matches", "More than one resource answers to that.")
        if there:
            return _shown(asked, there[0], said=True)
    resource.pop("id", None)
    held = asked.holdings.add(resource)
    asked.holdings.tell(held)
    return _shown(asked, held, 201, said=True)


def update(asked: Asked, kind: str, name: str) -> Answer:
    """Give a resource a new state, if `If-Match` names the present one."""
    if not asked.manners.updates:
        raise Problem("not-supported", f"{kind} cannot be changed here.")
    resource = _resource(asked, kind)
    if resource.get("id") != name:
        raise Problem("invalid", "The resource has another id than the address.")
    held = asked.holdings.held(f"{kind}/{name}")
    match = asked.headers.get("if-match", "")
    if asked.manners.must_match and not match:
        raise Problem("required", "Say with If-Match which version this is to follow.", 412)
    if match and match != _tag(held):
        raise Problem("conflict", f"{held.reference} was changed meanwhile.")
    held = asked.holdings.change(held.reference, resource)
    asked.holdings.tell(held)
    return _shown(asked, held, said=True)


def _resource(asked: Asked, kind: str) -> Resource:
    """The resource in a request.

    Raises:
        Problem: there is none, or it is none that can be kept.
    """
    content_type = asked.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "Binary" and content_type not in {JSON, "application/json"}:
        data = base64.b64encode(asked.body).decode()
        return {"resourceType": "Binary", "contentType": content_type, "data": data}
    try:
        resource = json.loads(asked.body)
    except ValueError:
        raise Problem("structure", "The body is not JSON.") from None
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        raise Problem("invalid", f"The body is no {kind}.")
    meta = resource.get("meta", {})
    resource["meta"] = {
        name: one for name, one in meta.items() if name not in {"versionId", "lastUpdated"}
    }
    if not resource["meta"]:
        del resource["meta"]
    _check(resource, kind)
    return resource


def _check(resource: Resource, kind: str) -> None:
    if kind == "Communication" and resource.get("status") not in STATUSES:
        raise Problem("code-invalid", "Communication.status is missing or none of FHIR's.")
    if kind == "DocumentReference" and not resource.get("content"):
        raise Problem("required", "DocumentReference.content is missing.")
    if kind == "Binary":
        try:
            base64.b64decode(resource.get("data", ""), validate=True)
        except (binascii.Error, TypeError):
            raise Problem("value", "Binary.data is not base64.") from None
        if not isinstance(resource.get("contentType"), str):
            raise Problem("required", "Binary.contentType is missing.")


def _shown(asked: Asked, held: Held, status: int = 200, *, said: bool = False) -> Answer:
    """A resource, and where it is; `said`: it is the answer to something that was written."""
    manners, headers = asked.manners, {}
    shown = show(held.now, manners)
    if manners.versions:
        headers["ETag"] = _tag(held)
    if said and not manners.nameless:
        where = f"{asked.base_url}/{held.reference}"
        headers["Location"] = f"{where}/_history/{held.now.name}" if manners.versions else where
    if said and (manners.minimal or "return=minimal" in asked.headers.get("prefer", "")):
        return Answer(status, headers=headers)
    return Answer(status, shown, headers=headers)


def _tag(held: Held) -> str:
    return f'W/"{held.now.name}"'


def _known(kind: str) -> None:
    if kind not in PARAMETERS:
        raise Problem("not-supported", f"Nothing is known of {kind}.", 404)


# ---- the table -----------------------------------------------------------------------------

_KIND = r"/([A-Z][A-Za-z]+)"
_NAME = r"/([A-Za-z0-9.-]{1,64})"

ROUTES: tuple[tuple[str, re.Pattern[str], Handler], ...] = tuple(
    (method, re.compile(pattern + r"\Z"), handler)
    for method, pattern, handler in (
        ("GET", _KIND, search),
        ("POST", _KIND, create),
        ("POST", rf"{_KIND}/_search", search_by_form),
        ("GET", _KIND + _NAME, read),
        ("PUT", _KIND + _NAME, update),
        ("GET", rf"{_KIND}{_NAME}/_history", read_history),
        ("GET", rf"{_KIND}{_NAME}/_history{_NAME}", read_version),
    )
)


def answer(method: str, asked: Asked) -> Answer:
    """Answer a request.

    Raises:
        Problem: it is refused, or there is nothing at this path.
    """
    if len(asked.body) > asked.manners.largest:
        raise Problem("too-long", f"More than {asked.manners.largest} bytes are not taken.")
    elsewhere = False
    for verb, pattern, handler in ROUTES:
        match = pattern.match(asked.path)
        if match is None:
            continue
        if verb == method:
            with asked.holdings.lock:
                return handler(asked, *match.groups())
        elsewhere = True
    if elsewhere:
        raise Problem("not-supported", f"{method} is not supported here.")
    raise Problem("not-found", "There is nothing here.")


def body(said: Answer) -> bytes:
    """The bytes of an answer."""
    return said.content if said.json is None else _written(said.json)


def _written(resource: Any) -> bytes:
    return json.dumps(resource, ensure_ascii=False).encode()
